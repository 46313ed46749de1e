"""The catalogue of the events: every type the areas declare, rendered as `docs/eventi.md` (`make eventi` writes it again)."""

import inspect
import pkgutil
import types
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import services.core
from services.core.platform.eventi import Evento

COMUNI = frozenset(Evento.model_fields)
"""The fields every event has: they are columns of the log, not members of `dati`."""

_NOMI: dict[Any, str] = {UUID: "uuid", int: "integer", bool: "boolean", str: "text", date: "date"}

_TESTA = """# Events

Written by `make eventi` from the code; a test compares it. Every change appends one of these to the table `evento`, in the
transaction of the change: identifiers, codes, amounts in cents and dates, never personal data.

Each row carries, beside the fields listed here (column `dati`): `posizione` (dense, given by the sequencer), `tipo`,
`schema_versione`, `ambito_id`, `aggregato`, `aggregato_id`, `versione` (of the aggregate after the change), `cartella_id`
(or null), `operatore_id`, `incarico_id` and `finalita` (null when the system acted), `registrato_il`. How they are ordered and
read: [ADR 0009](adr/0009-eventi-e-sveglie.md). Under the same `schema_versione` no field is removed or changes meaning.
"""


class TipoNonPrevisto(Exception):
    """A field of an event has a type the log does not allow."""


@cache
def tipi_di_evento() -> tuple[type[Evento], ...]:
    """Return every event the areas declare, by `tipo`. Imports the `events` module of each."""
    for modulo in pkgutil.walk_packages(services.core.__path__, "services.core."):
        if modulo.name.endswith(".events"):
            import_module(modulo.name)
    dichiarati = [c for c in _discendenti(Evento) if hasattr(c, "tipo") and c.__module__.startswith("services.core.")]
    return tuple(sorted(dichiarati, key=lambda c: (c.tipo, c.schema_versione)))


def campi_propri(evento: type[Evento]) -> dict[str, str]:
    """Return the names of the fields in `dati`, with their type in words.

    Raises:
        TipoNonPrevisto: a field is not an identifier, a number, a boolean, a text, a date, or a list of these.
    """
    return {nome: _in_parole(campo.annotation) for nome, campo in evento.model_fields.items() if nome not in COMUNI}


def catalogo() -> str:
    """Render the catalogue as Markdown, one section per area."""
    righe = [_TESTA]
    area = ""
    for evento in tipi_di_evento():
        if evento.tipo.partition(".")[0] != area:
            area = evento.tipo.partition(".")[0]
            righe.append(f"## {area}\n")
        righe += _voce(evento)
    return "\n".join(righe)


def _voce(evento: type[Evento]) -> list[str]:
    righe = [f"### `{evento.tipo}`\n"]
    descrizione = vars(evento).get("__doc__")
    if descrizione:
        righe.append(f"{inspect.cleandoc(descrizione)}\n")
    righe.append(f"Aggregate `{evento.aggregato}`, schema {evento.schema_versione}.\n")
    campi = campi_propri(evento)
    if campi:
        righe += ["| field | type |", "| --- | --- |"]
        righe += [f"| `{nome}` | {tipo} |" for nome, tipo in campi.items()]
        righe.append("")
    return righe


def _discendenti(classe: type[Evento]) -> list[type[Evento]]:
    return [c for figlia in classe.__subclasses__() for c in (figlia, *_discendenti(figlia))]


def _in_parole(tipo: Any) -> str:
    argomenti = [a for a in get_args(tipo) if a is not Ellipsis]
    origine = get_origin(tipo)
    if origine in (list, tuple) and len(argomenti) == 1:
        return f"list of {_in_parole(argomenti[0])}"
    if origine in (Union, types.UnionType) and len(argomenti) == 2 and type(None) in argomenti:
        [altro] = [a for a in argomenti if a is not type(None)]
        return f"{_in_parole(altro)} or null"
    if tipo not in _NOMI:
        raise TipoNonPrevisto(f"{tipo}: the log holds identifiers, codes, amounts and dates")
    return _NOMI[tipo]
