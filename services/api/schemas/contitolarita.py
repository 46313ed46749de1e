"""Schemas of agreements, exclusions, oppositions and limitations."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione
from services.core.access.ruoli import Classe, Finalita
from services.core.contitolarita.models import (
    BaseGiuridica,
    Esclusione,
    EsitoLimitazione,
    Limitazione,
    MotivoEsclusione,
    TipoLimitazione,
)
from services.core.contitolarita.repository import AccordoLetto, Condivisa, EsclusioneLetta

Motivazione = Annotated[str, Field(min_length=1, max_length=1000)]


class ClasseDati(StrEnum):
    """Classe di dati sulla persona."""

    IDENTITA = "identita"
    BISOGNO = "bisogno"
    ECONOMICA = "economica"
    SANITARIA = "sanitaria"
    GIUDIZIARIA = "giudiziaria"
    VIOLENZA = "violenza"

    @classmethod
    def da(cls, classe: Classe) -> Self:
        """Return the word for a class."""
        return cls[str(classe.name)]


class EsclusioneIngresso(Ingresso):
    """Chi va tenuto fuori dalla cartella, e perché. Vale da oggi, sotto qualsiasi incarico."""

    operatore_id: UUID
    motivo: MotivoEsclusione
    al: date | None = Field(default=None, description="Ultimo giorno; senza, fino alla revoca.")


class AstensioneIngresso(Ingresso):
    """Perché chi scrive si astiene. Vale da oggi, sotto qualsiasi incarico; la revoca solo un altro."""

    motivo: MotivoEsclusione
    al: date | None = Field(default=None, description="Ultimo giorno; senza, fino alla revoca.")


class EsclusioneUscita(Uscita):
    """Un operatore tenuto fuori da una cartella, dal primo all'ultimo giorno compresi o fino alla revoca."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    operatore_id: UUID
    motivo: MotivoEsclusione
    dal: date
    al: date | None
    revocata_il: datetime | None

    @classmethod
    def da(cls, riga: Esclusione) -> Self:
        """Build it from the row."""
        return cls(**riga.model_dump(include=set(EsclusioneUscita.model_fields)))


class EsclusioneVoce(EsclusioneUscita):
    """Una riga dell'elenco, con il nome di chi è escluso."""

    nominativo: Annotated[str, Field(max_length=210)]

    @classmethod
    def letta(cls, letta: EsclusioneLetta) -> Self:
        """Build it from what was read."""
        return cls(**EsclusioneUscita.da(letta.esclusione).model_dump(), nominativo=letta.nominativo)


class LimitazioneIngresso(Ingresso):
    """Che cosa ha chiesto la persona: opposizione (GDPR art. 21) o limitazione (art. 18)."""

    tipo: TipoLimitazione
    richiesta_il: date
    motivazione: Motivazione


class DecisioneLimitazioneIngresso(Ingresso):
    """Se accolta, da subito la cartella non è più condivisa per accordo."""

    accolta: bool
    motivazione: Motivazione


class TermineLimitazioneIngresso(Ingresso):
    al: date = Field(description="Ultimo giorno in cui la condivisione resta ferma.")


class LimitazioneUscita(Uscita):
    """Un'opposizione o una limitazione, con il suo esito."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    tipo: TipoLimitazione
    richiesta_il: date
    motivazione: Motivazione
    esito: EsitoLimitazione
    decisa_il: date | None
    motivazione_esito: Motivazione | None
    dal: date | None
    al: date | None

    @classmethod
    def da(cls, riga: Limitazione) -> Self:
        """Build it from the row."""
        return cls(**riga.model_dump(include=set(cls.model_fields)))


class CondivisioneUscita(Uscita):
    """Le classi di dati condivise con un ente per una finalità. `in_vigore`: nel giorno di riferimento aprono qualcosa."""

    ente_id: UUID
    ente: TestoBreve
    classi: Annotated[list[ClasseDati], Field(max_length=len(ClasseDati))]
    finalita: Finalita
    dal: date
    al: date | None
    in_vigore: bool

    @classmethod
    def da(cls, letta: Condivisa) -> Self:
        """Build it from what was read."""
        c = letta.condivisione
        return cls(
            ente_id=c.ente_id,
            ente=letta.ente,
            classi=[ClasseDati.da(classe) for classe in letta.classi],
            finalita=letta.finalita,
            dal=c.dal,
            al=c.al,
            in_vigore=letta.in_vigore,
        )


class AccordoUscita(Uscita):
    """Un accordo tra enti, con la sua base giuridica e ciò che condivide."""

    id: UUID
    codice: TestoBreve
    titolo: Annotated[str, Field(max_length=500)]
    estremi: Annotated[str, Field(max_length=500)]
    base_giuridica: BaseGiuridica
    norma: Annotated[str, Field(max_length=500)]
    dal: date
    al: date | None
    condivisioni: Annotated[list[CondivisioneUscita], Field(max_length=2_000)]

    @classmethod
    def da(cls, letto: AccordoLetto) -> Self:
        """Build it from what was read."""
        propri = letto.accordo.model_dump(include=set(cls.model_fields))
        return cls(**propri, condivisioni=[CondivisioneUscita.da(c) for c in letto.condivisioni])
