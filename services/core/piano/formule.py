"""Formulas of the indicators: pure functions from an event to what its record contributes. No I/O.

A formula is released once and never edited: a change of meaning is a new code. It sees one event and says what the record
it is about contributes from now on (`Apporto`), that it no longer contributes (`Rimozione`), or, with None, that the event does
not concern it. So contributions depend only on the last relevant event of each record: reading the log again gives the same ones.

Wording and targets belong to the plan (`examples/*/piano.yaml`); how a sentence of the plan is counted is decided here and
explained in docs/adr/0010.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import UUID

PROGETTO_FIRMATO = "progetti.progetto.firmato"
TIPI_DOMICILIARITA = frozenset({"progetto_individualizzato", "progetto_individuale", "pai"})
"""Projects "sul tema in oggetto (RSA, ISD, ecc.)": not the `progetto_quadro` of child protection."""

ENTI_DI_UNA_EQUIPE_INTEGRATA = 2


@dataclass(frozen=True, slots=True)
class FattoEvento:
    """An event as a formula sees it: `dati` are the event's own fields, as JSON."""

    tipo: str
    aggregato: str
    aggregato_id: UUID
    cartella_id: UUID | None
    dati: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Periodo:
    """The days of a plan, both included."""

    dal: date
    al: date

    def comprende(self, giorno: date) -> bool:
        return self.dal <= giorno <= self.al


@dataclass(frozen=True, slots=True)
class Apporto:
    """What a record contributes, on the first day of the month it belongs to. `denominatore` is None for a count."""

    periodo: date
    numeratore: int
    denominatore: int | None = None

    def __post_init__(self) -> None:
        if self.periodo.day != 1:
            raise ValueError("il periodo di un apporto è il primo giorno di un mese")
        if self.denominatore is not None and self.denominatore <= 0:
            raise ValueError("il denominatore di un apporto è positivo")


@dataclass(frozen=True, slots=True)
class Rimozione:
    """The record no longer contributes."""


Funzione = Callable[[FattoEvento, Periodo], Apporto | Rimozione | None]


@dataclass(frozen=True, slots=True)
class Formula:
    """A registered formula, reading the events of `tipi`. `rapporto`: the value is a ratio, which needs a denominator."""

    codice: str
    descrizione: str
    tipi: frozenset[str]
    rapporto: bool
    funzione: Funzione

    def applica(self, evento: FattoEvento, periodo: Periodo) -> Apporto | Rimozione | None:
        """Say what the event's record contributes; None when the event does not concern the formula.

        Raises:
            EventoNonLeggibile: the event lacks a field the formula needs, or the field has another form.
        """
        if evento.tipo not in self.tipi:
            return None
        try:
            return self.funzione(evento, periodo)
        except (KeyError, TypeError, ValueError) as errore:
            raise EventoNonLeggibile(f"{self.codice}: {evento.tipo} senza i campi attesi") from errore


class EventoNonLeggibile(Exception):
    """An event does not have the fields of its schema: the reader stops there rather than count wrongly."""


def _mese(giorno: date) -> date:
    return giorno.replace(day=1)


def _co_costruito(dati: Mapping[str, Any]) -> bool:
    enti = dati["enti_coinvolti"]
    if not isinstance(enti, list):
        raise TypeError("enti_coinvolti: attesa una lista")
    return len(set(enti)) >= ENTI_DI_UNA_EQUIPE_INTEGRATA


def _firmato_nel_periodo(evento: FattoEvento, periodo: Periodo) -> date | None:
    firmato_il = date.fromisoformat(evento.dati["firmato_il"])
    if evento.dati["tipo_progetto"] not in TIPI_DOMICILIARITA or not periodo.comprende(firmato_il):
        return None
    return firmato_il


def _progetti_co_costruiti(evento: FattoEvento, periodo: Periodo) -> Apporto | Rimozione:
    firmato_il = _firmato_nel_periodo(evento, periodo)
    if firmato_il is None or not _co_costruito(evento.dati):
        return Rimozione()
    return Apporto(periodo=_mese(firmato_il), numeratore=1)


def _quota_progetti_co_costruiti(evento: FattoEvento, periodo: Periodo) -> Apporto | Rimozione:
    firmato_il = _firmato_nel_periodo(evento, periodo)
    if firmato_il is None:
        return Rimozione()
    return Apporto(periodo=_mese(firmato_il), numeratore=int(_co_costruito(evento.dati)), denominatore=1)


FORMULE: Mapping[str, Formula] = MappingProxyType(
    {
        f.codice: f
        for f in (
            Formula(
                codice="progetti_co_costruiti",
                descrizione="Progetti firmati nel periodo del piano da un'équipe con componenti di almeno due enti diversi.",
                tipi=frozenset({PROGETTO_FIRMATO}),
                rapporto=False,
                funzione=_progetti_co_costruiti,
            ),
            Formula(
                codice="quota_progetti_co_costruiti",
                descrizione="Quota dei progetti firmati che lo sono da un'équipe con componenti di almeno due enti diversi.",
                tipi=frozenset({PROGETTO_FIRMATO}),
                rapporto=True,
                funzione=_quota_progetti_co_costruiti,
            ),
        )
    }
)
"""Every released formula, by code."""
