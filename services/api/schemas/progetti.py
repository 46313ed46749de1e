"""Schemas of projects and signatures."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione
from services.core.progetti.models import RuoloFirmatario, StatoProgetto, TipoProgetto, TitoloRappresentanza
from services.core.progetti.regole import CodiceCondizione, Esito
from services.core.progetti.repository import ProgettoLetto
from services.core.progetti.service import DatiFirma, DatiObiettivo, DatiProgetto

Paragrafo = Annotated[str, Field(min_length=1, max_length=2000)]
Impronta = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64, description="SHA-256 del contenuto da firmare.")
]
Ordine = Annotated[int, Field(ge=1, le=50, json_schema_extra={"format": "int32"})]


class ObiettivoIngresso(Ingresso):
    testo: Paragrafo
    risultato_atteso: Paragrafo


class ProgettoIngresso(Ingresso):
    tipo: TipoProgetto
    equipe_id: UUID
    valutazione_id: UUID | None = None
    domanda_id: UUID | None = None
    dal: date
    al: date | None = None
    obiettivi: Annotated[list[ObiettivoIngresso], Field(min_length=1, max_length=50)]

    def dati(self) -> DatiProgetto:
        """Return what the domain takes."""
        return DatiProgetto(
            tipo=self.tipo,
            equipe_id=self.equipe_id,
            valutazione_id=self.valutazione_id,
            domanda_id=self.domanda_id,
            dal=self.dal,
            al=self.al,
            obiettivi=[DatiObiettivo(o.testo, o.risultato_atteso) for o in self.obiettivi],
        )


class FirmaIngresso(Ingresso):
    """Una firma sul contenuto letto, detto dalla sua impronta. I professionisti firmano per sé: senza persona né nominativo."""

    ruolo_firmatario: RuoloFirmatario
    impronta: Impronta
    persona_id: UUID | None = None
    nominativo: TestoBreve | None = None
    titolo_rappresentanza: TitoloRappresentanza | None = None

    def dati(self) -> DatiFirma:
        """Return what the domain takes."""
        return DatiFirma(self.ruolo_firmatario, self.impronta, self.persona_id, self.nominativo, self.titolo_rappresentanza)


class ObiettivoUscita(Uscita):
    id: UUID
    ordine: Ordine
    testo: Paragrafo
    risultato_atteso: Paragrafo


class FirmaUscita(Uscita):
    id: UUID
    ruolo_firmatario: RuoloFirmatario
    operatore_id: UUID | None
    persona_id: UUID | None
    nominativo: TestoBreve | None
    titolo_rappresentanza: TitoloRappresentanza | None
    ente_id: UUID | None
    firmata_il: date


class CondizioneUscita(Uscita):
    codice: CodiceCondizione
    esito: Esito
    motivo: TestoBreve


class ProgettoUscita(Uscita):
    """Un progetto. `condizioni` dice, finché è in bozza, che cosa serve perché sia firmato e che cosa manca."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    equipe_id: UUID
    valutazione_id: UUID | None
    domanda_id: UUID | None
    tipo: TipoProgetto
    stato: StatoProgetto
    dal: date
    al: date | None
    firmato_il: date | None
    impronta: Impronta
    obiettivi: Annotated[list[ObiettivoUscita], Field(max_length=50)]
    firme: Annotated[list[FirmaUscita], Field(max_length=100)]
    condizioni: Annotated[list[CondizioneUscita], Field(max_length=10)]

    @classmethod
    def da(cls, letto: ProgettoLetto) -> Self:
        """Build it from what was read."""
        p = letto.progetto
        return cls(
            id=p.id,
            versione=p.versione,
            cartella_id=p.cartella_id,
            equipe_id=p.equipe_id,
            valutazione_id=p.valutazione_id,
            domanda_id=p.domanda_id,
            tipo=p.tipo,
            stato=p.stato,
            dal=p.dal,
            al=p.al,
            firmato_il=p.firmato_il,
            impronta=letto.impronta,
            obiettivi=[
                ObiettivoUscita(id=o.id, ordine=o.ordine, testo=o.testo, risultato_atteso=o.risultato_atteso)
                for o in letto.obiettivi
            ],
            firme=[
                FirmaUscita(
                    id=f.id,
                    ruolo_firmatario=f.ruolo_firmatario,
                    operatore_id=f.operatore_id,
                    persona_id=f.persona_id,
                    nominativo=f.nominativo,
                    titolo_rappresentanza=f.titolo_rappresentanza,
                    ente_id=f.ente_id,
                    firmata_il=f.firmata_il,
                )
                for f in letto.firme
            ],
            condizioni=[CondizioneUscita(codice=c.codice, esito=c.esito, motivo=c.motivo) for c in letto.condizioni],
        )
