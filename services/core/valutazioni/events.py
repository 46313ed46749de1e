"""What happens to équipes and assessments, as typed facts: identifiers and dates only, never a score.

An `equipe_pippi` has no event of this area: its facts are `pippi.*` (ADR 0011).
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class EquipeCostituita(Evento):
    """An équipe was formed around a cartella: identifiers of the member rows, and the distinct enti that sent somebody."""

    tipo: ClassVar[str] = "valutazioni.equipe.costituita"
    aggregato: ClassVar[str] = "equipe"

    tipo_equipe: str
    costituita_il: date
    membri: list[UUID]
    enti: list[UUID]


class EquipeSciolta(Evento):
    """An équipe ends on a day, included; `membri` are the member rows that end with it."""

    tipo: ClassVar[str] = "valutazioni.equipe.sciolta"
    aggregato: ClassVar[str] = "equipe"

    cessata_il: date
    membri: list[UUID]


class MembroUscito(Evento):
    """A member leaves an équipe; `al` is her last day in it."""

    tipo: ClassVar[str] = "valutazioni.equipe.membro_uscito"
    aggregato: ClassVar[str] = "equipe"

    membro_id: UUID
    al: date


class ValutazioneAperta(Evento):
    """A draft assessment was opened."""

    tipo: ClassVar[str] = "valutazioni.valutazione.aperta"
    aggregato: ClassVar[str] = "valutazione"

    equipe_id: UUID
    domanda_id: UUID | None
    rettifica_di: UUID | None
    data_valutazione: date


class ValutazioneConclusa(Evento):
    """An assessment was concluded: it can no longer change."""

    tipo: ClassVar[str] = "valutazioni.valutazione.conclusa"
    aggregato: ClassVar[str] = "valutazione"

    equipe_id: UUID
    domanda_id: UUID | None
    data_valutazione: date
    conclusa_il: date


class ValutazioneRettificata(Evento):
    """A concluded assessment was superseded by `rettificata_da`, concluded in its turn."""

    tipo: ClassVar[str] = "valutazioni.valutazione.rettificata"
    aggregato: ClassVar[str] = "valutazione"

    rettificata_da: UUID
