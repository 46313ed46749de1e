"""Schemas of the accesses in emergency."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione, rifiuta
from services.api.schemas.cartelle import CodiceFiscale
from services.core.emergenze.models import ORE_INVALICABILI, EsitoRiesame
from services.core.emergenze.service import DatiApertura, EmergenzaVista, StatoEmergenza

Testo = Annotated[str, Field(min_length=1, max_length=2000)]


class EmergenzaIngresso(Ingresso):
    """Che cosa aprire, indicato dal codice fiscale della persona o dall'identificativo della cartella; perché; per quante ore."""

    codice_fiscale: CodiceFiscale | None = None
    cartella_id: UUID | None = None
    motivazione: Testo
    ore: Annotated[int, Field(ge=1, le=ORE_INVALICABILI, json_schema_extra={"format": "int32"})]

    @model_validator(mode="after")
    def _un_bersaglio(self) -> Self:
        if (self.codice_fiscale is None) == (self.cartella_id is None):
            raise rifiuta("indicare il codice fiscale oppure la cartella, uno solo dei due")
        return self

    def dati(self) -> DatiApertura:
        """Return what the domain takes."""
        return DatiApertura(**self.model_dump())


class RiesameIngresso(Ingresso):
    """Il giudizio di chi risponde del territorio, con le sue ragioni."""

    esito: Literal[EsitoRiesame.LEGITTIMO, EsitoRiesame.NON_LEGITTIMO]
    nota: Testo


class EmergenzaUscita(Uscita):
    """Un accesso in emergenza. Al DPO motivazione e nota non sono mostrate."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    operatore_id: UUID
    operatore: TestoBreve
    ente_id: UUID
    ente: TestoBreve
    stato: StatoEmergenza
    aperta_il: datetime
    scade_il: datetime
    chiusa_il: datetime | None
    motivazione: Testo | None
    letta_il: Annotated[datetime | None, Field(description="Quando un responsabile ne ha preso visione; nullo: non letta.")]
    letta_da: UUID | None
    esito: EsitoRiesame
    riesaminata_il: datetime | None
    riesaminata_da: UUID | None
    nota: Testo | None

    @classmethod
    def da(cls, vista: EmergenzaVista) -> "EmergenzaUscita":
        """Build the answer."""
        campi = vista.emergenza.model_dump(exclude={"ambito_id", "incarico_id"})
        return cls(
            **campi,
            stato=vista.stato,
            operatore=vista.operatore,
            ente=vista.ente,
            motivazione=vista.motivazione,
            nota=vista.nota,
        )
