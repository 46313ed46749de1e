"""JSON that comes from outside, read without the parser's leniencies (RFC 8259 §4 leaves repeated names undefined)."""

import json
import math
from typing import Never


def _senza_doppioni(coppie: list[tuple[str, object]]) -> dict[str, object]:
    oggetto = dict(coppie)
    if len(oggetto) != len(coppie):
        raise ValueError("nome ripetuto in un oggetto JSON")
    return oggetto


def _non_finito(_: str) -> Never:
    raise ValueError("numero non finito in JSON")


def _decimale(testo: str) -> float:
    valore = float(testo)
    if math.isinf(valore):  # 1e999 is a number of JSON and none of ours: no column could hold it
        raise ValueError("numero fuori misura in JSON")
    return valore


def leggi_json(dati: bytes) -> object:
    """Parse UTF-8 JSON, refusing repeated names, NaN and Infinity, and nesting deeper than the interpreter bears.

    A number too large for a double is refused with Infinity, which it would become.

    Raises:
        ValueError: `dati` is not such a document; the message never quotes it.
    """
    try:
        return json.loads(
            dati.decode("utf-8"), object_pairs_hook=_senza_doppioni, parse_constant=_non_finito, parse_float=_decimale
        )
    except (ValueError, RecursionError):
        raise ValueError("JSON non valido") from None


def leggi_oggetto(dati: bytes) -> dict[str, object]:
    """Parse a JSON object as `leggi_json` does.

    Raises:
        ValueError: not JSON, or not an object.
    """
    valore = leggi_json(dati)
    if not isinstance(valore, dict):
        raise ValueError("atteso un oggetto JSON")  # noqa: TRY004  # bad input, not a bad call
    return valore
