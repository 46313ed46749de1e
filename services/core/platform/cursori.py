"""Cursors of keyset pages: opaque, sealed, and good only for the list they came from.

A cursor travels in a URL and may hold the ordering values of a row, so it is encrypted and not merely signed
(AES-256-GCM, NIST SP 800-38D). What it is bound to (operation, operator, incarico, filters) is authenticated with it
and does not travel.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.core.platform.clock import adesso_ms
from services.core.platform.errori import DatiNonValidi

VALIDITA_S = 24 * 3600
"""Seconds after which a cursor is stale."""

LUNGHEZZA_MASSIMA = 1024
"""Characters of a cursor."""

_VERSIONE = b"\x01"
_NONCE = 12

Valore = str | int | date | datetime | UUID | None


@dataclass(frozen=True, slots=True)
class Legame:
    """The list a cursor belongs to. `filtri` are the query parameters that choose the rows, not the page's size."""

    operazione: str
    operatore_id: UUID
    incarico_id: UUID | None
    filtri: Mapping[str, Any] = field(default_factory=dict)

    def impronta(self) -> bytes:
        """Return the canonical bytes of the binding."""
        parti = [self.operazione, str(self.operatore_id), str(self.incarico_id), dict(self.filtri)]
        return json.dumps(parti, sort_keys=True, separators=(",", ":"), default=str).encode()


_LETTORI: dict[type, Callable[[Any], Any]] = {date: date.fromisoformat, datetime: datetime.fromisoformat, UUID: UUID}


def _scrivi(valore: Valore) -> str | int | None:
    if isinstance(valore, date):
        return valore.isoformat()
    return str(valore) if isinstance(valore, UUID) else valore


def _rifiuto() -> DatiNonValidi:
    voce = {"campo": "query.cursore", "motivo": "cursore non valido o scaduto: ripartire dalla prima pagina"}
    return DatiNonValidi("Il cursore non vale per questo elenco.", campi=[voce])


class Cursori:
    """Seals and opens cursors with a key derived from the setting `segreto_cursori`."""

    def __init__(self, segreto: bytes, validita_s: int = VALIDITA_S) -> None:
        if len(segreto) < 32:
            raise ValueError("il segreto dei cursori ha meno di 32 byte")
        self._sigillo = AESGCM(hmac.digest(segreto, b"ambito: cursori, 1", hashlib.sha256))
        self._validita_ms = validita_s * 1000

    def emetti(self, legame: Legame, valori: Sequence[Valore]) -> str:
        """Return the cursor that goes on after the row with ordering values `valori`."""
        dati = json.dumps([adesso_ms(), *map(_scrivi, valori)], separators=(",", ":")).encode()
        nonce = os.urandom(_NONCE)
        sigillato = self._sigillo.encrypt(nonce, dati, legame.impronta())
        return base64.urlsafe_b64encode(_VERSIONE + nonce + sigillato).rstrip(b"=").decode()

    def leggi(self, cursore: str, legame: Legame, tipi: Sequence[type]) -> tuple[Any, ...]:
        """Return the ordering values, as `tipi` (str, int, date, datetime, UUID).

        Raises:
            DatiNonValidi: forged, of another list or caller, or older than the validity.
        """
        try:
            grezzo = base64.b64decode(cursore + "=" * (-len(cursore) % 4), altchars=b"-_", validate=True)
            dati = self._sigillo.decrypt(grezzo[1 : 1 + _NONCE], grezzo[1 + _NONCE :], legame.impronta())
        except (binascii.Error, ValueError, InvalidTag):
            raise _rifiuto() from None
        emesso_ms, *valori = json.loads(dati)
        if grezzo[:1] != _VERSIONE or len(valori) != len(tipi) or not 0 <= adesso_ms() - emesso_ms <= self._validita_ms:
            raise _rifiuto()
        return tuple(v if v is None else _LETTORI.get(t, t)(v) for v, t in zip(valori, tipi, strict=True))
