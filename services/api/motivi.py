"""Why a field was refused, in Italian, from pydantic's error types. The refused value is never repeated.

Names are repeated only when they belong to the schema: a caller may put anything in the name of a field, a codice
fiscale included, and problem texts end in screens, tickets and logs.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

TIPO_NOSTRO = "ambito"
"""Error type of the validators of ours (`services.api.schemas.base.rifiuta`): their text is shown as it is."""

MASSIMO_CAMPI = 50
"""At most this many refused fields are listed in one problem."""

GENERICO = "valore non valido"
NON_PREVISTO = "contiene un campo non previsto"

_INTERO = "deve essere un numero intero"
_NUMERO = "deve essere un numero"
_TESTO = "deve essere un testo"
_DATA = "deve essere una data nel formato AAAA-MM-GG"
_ISTANTE = "deve essere data e ora con fuso orario (RFC 3339)"
_ORA = "deve essere un'ora"
_OGGETTO = "deve essere un oggetto"
_ELENCO = "deve essere un elenco"
_UUID = "deve essere un identificativo UUID"
_INDIRIZZO = "deve essere un indirizzo (URL) ammesso"
_ALTERNATIVA = "il tipo indicato non è tra quelli ammessi"

_MOTIVI: dict[str, str] = {
    "missing": "obbligatorio",
    "extra_forbidden": "campo non previsto",
    "none_required": "deve essere assente",
    "greater_than": "deve essere maggiore di {gt}",
    "greater_than_equal": "non deve essere minore di {ge}",
    "less_than": "deve essere minore di {lt}",
    "less_than_equal": "non deve essere maggiore di {le}",
    "multiple_of": "deve essere multiplo di {multiple_of}",
    "finite_number": "deve essere un numero finito",
    "too_short": "servono almeno {min_length} elementi",
    "too_long": "sono ammessi al massimo {max_length} elementi",
    "string_too_short": "servono almeno {min_length} caratteri",
    "string_too_long": "sono ammessi al massimo {max_length} caratteri",
    "string_pattern_mismatch": "il formato non è quello ammesso",
    "string_unicode": "contiene caratteri non ammessi",
    "string_type": _TESTO,
    "enum": "valore non ammesso; ammessi: {expected}",
    "literal_error": "valore non ammesso; ammessi: {expected}",
    "bool_type": "deve essere vero o falso",
    "bool_parsing": "deve essere vero o falso",
    "int_type": _INTERO,
    "int_parsing": _INTERO,
    "int_parsing_size": "numero troppo grande",
    "int_from_float": _INTERO,
    "float_type": _NUMERO,
    "float_parsing": _NUMERO,
    "decimal_type": _NUMERO,
    "decimal_parsing": _NUMERO,
    "decimal_max_digits": "sono ammesse al massimo {max_digits} cifre",
    "decimal_max_places": "sono ammessi al massimo {decimal_places} decimali",
    "decimal_whole_digits": "sono ammesse al massimo {whole_digits} cifre intere",
    "date_type": _DATA,
    "date_parsing": _DATA,
    "date_from_datetime_parsing": _DATA,
    "date_from_datetime_inexact": _DATA,
    "date_past": "deve essere una data passata",
    "date_future": "deve essere una data futura",
    "datetime_type": _ISTANTE,
    "datetime_parsing": _ISTANTE,
    "datetime_from_date_parsing": _ISTANTE,
    "datetime_object_invalid": _ISTANTE,
    "datetime_past": "deve essere un istante passato",
    "datetime_future": "deve essere un istante futuro",
    "timezone_aware": _ISTANTE,
    "timezone_offset": _ISTANTE,
    "time_type": _ORA,
    "time_parsing": _ORA,
    "list_type": _ELENCO,
    "set_type": _ELENCO,
    "tuple_type": _ELENCO,
    "dict_type": _OGGETTO,
    "model_type": _OGGETTO,
    "model_attributes_type": _OGGETTO,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "url_type": _INDIRIZZO,
    "url_parsing": _INDIRIZZO,
    "url_syntax_violation": _INDIRIZZO,
    "url_scheme": _INDIRIZZO,
    "url_too_long": "indirizzo (URL) troppo lungo",
    "union_tag_invalid": _ALTERNATIVA,
    "union_tag_not_found": _ALTERNATIVA,
}

_LUOGHI = {"body": "", "query": "query", "path": "percorso", "header": "intestazione", "cookie": "cookie"}


def motivo(errore: Mapping[str, Any]) -> str:
    """Return the Italian reason of one pydantic error. Limits come from the schema, never from the input."""
    tipo = errore.get("type", "")
    if tipo == TIPO_NOSTRO:
        return str(errore.get("msg", GENERICO))
    modello = _MOTIVI.get(tipo)
    if modello is None:
        return GENERICO
    try:
        return modello.format_map(errore.get("ctx") or {}).replace("' or '", "' o '")
    except KeyError:
        return GENERICO


def campo(luogo: Sequence[Any], noti: AbstractSet[str]) -> str:
    """Return the path of the refused field (`indirizzo.comuni[2]`, `query.limite`), with the names of the schema only."""
    testa = luogo[0] if luogo else ""
    percorso = _LUOGHI.get(testa, "") if isinstance(testa, str) else ""
    for passo in luogo[1:]:
        if isinstance(passo, int):
            percorso += f"[{passo}]"
        elif passo in noti:
            percorso += f".{passo}" if percorso else str(passo)
    return percorso or "corpo"


def campi(errori: Sequence[Mapping[str, Any]], noti: AbstractSet[str] = frozenset()) -> list[dict[str, str]]:
    """Return `[{campo, motivo}]` for the problem. `noti` are the names the schema of the operation knows."""
    elenco: list[dict[str, str]] = []
    for errore in errori:
        luogo = errore.get("loc", ())
        if errore.get("type") == "extra_forbidden" and luogo and luogo[-1] not in noti:
            voce = {"campo": campo(luogo[:-1], noti), "motivo": NON_PREVISTO}
        else:
            voce = {"campo": campo(luogo, noti), "motivo": motivo(errore)}
        if voce not in elenco:
            elenco.append(voce)
        if len(elenco) == MASSIMO_CAMPI:
            break
    return elenco
