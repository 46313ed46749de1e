"""Canonical JSON and its SHA-256, so that the same content always gives the same bytes.

Keys sorted, no spaces, UTF-8, dates as ISO 8601. Floats are refused: money is integer cents, and a float printed by another
machine or release could differ. The form agrees with RFC 8785 for the values allowed here.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID


def canonica(valore: Any) -> Any:
    """Return `valore` made only of dict, list, str, int, bool and None.

    Raises:
        TypeError: a float, an instant or any other type is met, or a key is not text.
    """
    if valore is None or isinstance(valore, bool | int):
        return valore
    if isinstance(valore, str):
        return str(valore)
    if type(valore) is date:
        return valore.isoformat()
    if isinstance(valore, UUID):
        return str(valore)
    if isinstance(valore, Mapping):
        if not all(isinstance(chiave, str) for chiave in valore):
            raise TypeError("le chiavi devono essere testo")
        return {str(chiave): canonica(interno) for chiave, interno in valore.items()}
    if isinstance(valore, list | tuple):
        return [canonica(interno) for interno in valore]
    raise TypeError(f"tipo non ammesso nella forma canonica: {type(valore).__name__}")


def byte_canonici(valore: Any) -> bytes:
    """Serialise to canonical bytes."""
    return json.dumps(canonica(valore), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def impronta(valore: Any) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(byte_canonici(valore)).hexdigest()
