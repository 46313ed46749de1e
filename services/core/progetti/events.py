"""What happens to a progetto, as typed facts: identifiers, codes and dates only."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class ProgettoRedatto(Evento):
    """A draft was written."""

    tipo: ClassVar[str] = "progetti.progetto.redatto"
    aggregato: ClassVar[str] = "progetto"

    tipo_progetto: str
    equipe_id: UUID
    valutazione_id: UUID | None
    domanda_id: UUID | None


class FirmaRaccolta(Evento):
    """A signature was put on the present content of a draft; who signed stays in the record."""

    tipo: ClassVar[str] = "progetti.progetto.firma_raccolta"
    aggregato: ClassVar[str] = "progetto"

    firma_id: UUID
    ruolo_firmatario: str
    ente_id: UUID | None
    firmata_il: date


class ProgettoFirmato(Evento):
    """Everybody who must sign has signed. `enti_coinvolti` are the distinct enti that sit in the équipe on `firmato_il`;
    `equipe_integrata` says whether social and health sides were both in it."""

    tipo: ClassVar[str] = "progetti.progetto.firmato"
    aggregato: ClassVar[str] = "progetto"

    tipo_progetto: str
    equipe_id: UUID
    enti_coinvolti: list[UUID]
    equipe_integrata: bool
    valutazione_id: UUID | None
    domanda_id: UUID | None
    firmato_il: date
