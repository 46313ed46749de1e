"""What happens in P.I.P.P.I., as typed facts for the readers of this area alone.

No event names the cartella, the équipe or the child: `cartella_id` is refused, so that no reader that follows a record (webhooks,
indicators, flows, timelines) can meet it. See ADR 0011.
"""

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from pydantic import model_validator

from services.core.platform.eventi import Evento

PREFISSO = "pippi."
"""Readers outside this area, and the catalogue offered to webhooks, must refuse types that begin so."""


class EventoPippi(Evento):
    """Base of the area's events."""

    @model_validator(mode="after")
    def _senza_cartella(self) -> Self:
        if self.cartella_id is not None:
            raise ValueError("un evento pippi non porta la cartella")
        return self


class CasoProposto(EventoPippi):
    tipo: ClassVar[str] = "pippi.caso.proposto"
    aggregato: ClassVar[str] = "caso_pippi"

    edizione: str
    proposto_il: date


class CasoAderito(EventoPippi):
    """The family adhered."""

    tipo: ClassVar[str] = "pippi.caso.aderito"
    aggregato: ClassVar[str] = "caso_pippi"

    adesione_il: date


class CasoAvviato(EventoPippi):
    """The first survey (T0) is there and the work with the family begins."""

    tipo: ClassVar[str] = "pippi.caso.avviato"
    aggregato: ClassVar[str] = "caso_pippi"


class MembroAggiunto(EventoPippi):
    """Somebody joined the team. The aggregate is the case."""

    tipo: ClassVar[str] = "pippi.caso.membro_aggiunto"
    aggregato: ClassVar[str] = "caso_pippi"

    membro_id: UUID
    dal: date


class MembroUscito(EventoPippi):
    """Somebody leaves the team; `al` is her last day in it. The aggregate is the case."""

    tipo: ClassVar[str] = "pippi.caso.membro_uscito"
    aggregato: ClassVar[str] = "caso_pippi"

    membro_id: UUID
    al: date


class RilevazioneRegistrata(EventoPippi):
    """A survey was taken or corrected; the scores stay in the record."""

    tipo: ClassVar[str] = "pippi.rilevazione.registrata"
    aggregato: ClassVar[str] = "rilevazione_pippi"

    caso_id: UUID
    tempo: str
    data: date


class MicroprogettoAggiunto(EventoPippi):
    tipo: ClassVar[str] = "pippi.microprogetto.aggiunto"
    aggregato: ClassVar[str] = "microprogetto"

    caso_id: UUID
    dispositivo: str
    entro: date
