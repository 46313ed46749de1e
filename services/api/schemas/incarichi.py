"""Schemas of the incarichi, their substitutions and what they leave."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione
from services.api.schemas.cartelle import CodiceIstat, CodiceServizio
from services.core.access.ruoli import Ruolo
from services.core.incarichi.service import ConsegnaVista, DatiSostituzione, IncaricoVisto, SpecieConsegna

Comuni = Annotated[list[CodiceIstat], Field(min_length=1, max_length=400)]
Servizi = Annotated[list[CodiceServizio], Field(min_length=1, max_length=100)]


class CessazioneIngresso(Ingresso):
    """L'ultimo giorno dell'incarico, compreso. Se è oggi, l'incarico non consente più nulla da subito."""

    ultimo_giorno: date


class SostituzioneIngresso(Ingresso):
    """Chi sostituisce, dal giorno al giorno compresi. Comuni e servizi, se indicati, restringono quelli dell'incarico."""

    operatore_id: UUID
    dal: date
    al: date
    comuni: Comuni | None = None
    servizi: Servizi | None = None
    pronto_intervento: bool = False

    def dati(self) -> DatiSostituzione:
        """Return what the domain takes."""
        return DatiSostituzione(**self.model_dump())


class IncaricoUscita(Uscita):
    """Un incarico di cui chi legge risponde."""

    id: UUID
    versione: Versione
    operatore_id: UUID
    operatore: TestoBreve
    ente_id: UUID
    ente: TestoBreve
    ruolo: Ruolo
    comuni: Annotated[list[CodiceIstat] | None, Field(max_length=400, description="Nullo: tutti quelli dell'ente.")]
    servizi: Annotated[list[CodiceServizio] | None, Field(max_length=100, description="Nullo: tutti quelli dell'ente.")]
    dal: date
    al: date | None
    revocato_il: Annotated[datetime | None, Field(description="Da quando non consente più nulla, qualunque ne siano i giorni.")]
    pronto_intervento: bool
    sostituisce_id: UUID | None

    @classmethod
    def da(cls, visto: IncaricoVisto) -> "IncaricoUscita":
        """Build the answer."""
        campi = visto.incarico.model_dump(exclude={"ambito_id", "comuni"})
        return cls(**campi, operatore=visto.operatore, ente=visto.ente, comuni=visto.comuni)


class ConsegnaUscita(Uscita):
    """Qualcosa che resta a metà: un posto in un'équipe, un progetto, la bozza di una valutazione."""

    cartella_id: UUID
    specie: SpecieConsegna
    id: UUID

    @classmethod
    def da(cls, vista: ConsegnaVista) -> "ConsegnaUscita":
        """Build the answer."""
        return cls.model_validate(vista)
