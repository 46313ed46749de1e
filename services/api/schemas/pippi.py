"""Schemas of the P.I.P.P.I. cases."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione
from services.api.schemas.valutazioni import MembroIngresso, MembroUscita
from services.core.pippi.models import CasoPippi, Dispositivo, Microprogetto, RilevazionePippi, StatoCaso, Tempo
from services.core.pippi.mondo_del_bambino import Andamento, Sottodimensione
from services.core.pippi.repository import CasoLetto
from services.core.pippi.service import DatiMicroprogetto
from services.core.valutazioni.models import Qualifica

Paragrafo = Annotated[str, Field(min_length=1, max_length=2000)]
Edizione = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z ._/-]{0,39}$", max_length=40, description="Edizione del programma.")
]
Punteggio = Annotated[
    int,
    Field(ge=1, le=6, description="Da 1 (problema grave) a 6 (evidente punto di forza).", json_schema_extra={"format": "int32"}),
]
Differenza = Annotated[int, Field(ge=-5, le=5, json_schema_extra={"format": "int32"})]


class CasoIngresso(Ingresso):
    """Proposta del programma. Chi apre il caso è il primo dell'équipe; `membri` sono gli altri."""

    edizione: Edizione
    qualifica: Qualifica = Field(description="In che qualità siede nell'équipe chi apre il caso.")
    membri: Annotated[list[MembroIngresso], Field(max_length=30)] = []


class AdesioneIngresso(Ingresso):
    adesione_il: date


class RilevazioneIngresso(Ingresso):
    """I punteggi del «Mondo del bambino»: una sottodimensione che manca, o è nulla, non è stata rilevata."""

    tempo: Tempo
    data: date
    punteggi: dict[Sottodimensione, Punteggio | None]


class MicroprogettoIngresso(Ingresso):
    sottodimensione: Sottodimensione
    situazione_osservata: Paragrafo
    risultato_atteso: Paragrafo
    dispositivo: Dispositivo
    responsabile: TestoBreve
    entro: date

    def dati(self) -> DatiMicroprogetto:
        """Return what the domain takes."""
        return DatiMicroprogetto(**self.model_dump())


class CasoVoce(Uscita):
    id: UUID
    versione: Versione
    cartella_id: UUID
    edizione: Edizione
    stato: StatoCaso
    proposto_il: date
    adesione_il: date | None
    chiuso_il: date | None

    @classmethod
    def da(cls, c: CasoPippi) -> Self:
        """Build it from the row."""
        return cls(
            id=c.id,
            versione=c.versione,
            cartella_id=c.cartella_id,
            edizione=c.edizione,
            stato=c.stato,
            proposto_il=c.proposto_il,
            adesione_il=c.adesione_il,
            chiuso_il=c.chiuso_il,
        )


class PunteggioUscita(Uscita):
    sottodimensione: Sottodimensione
    punteggio: Punteggio | None


class RilevazioneUscita(Uscita):
    id: UUID
    versione: Versione
    tempo: Tempo
    data: date
    punteggi: Annotated[list[PunteggioUscita], Field(max_length=17)]
    non_rilevate: Annotated[list[Sottodimensione], Field(max_length=17)]

    @classmethod
    def da(cls, r: RilevazionePippi) -> Self:
        """Build it from the row."""
        return cls(
            id=r.id,
            versione=r.versione,
            tempo=r.tempo,
            data=r.data,
            punteggi=[PunteggioUscita(sottodimensione=s, punteggio=r.punteggi.get(s.value)) for s in Sottodimensione],
            non_rilevate=[s for s in Sottodimensione if r.punteggi.get(s.value) is None],
        )


class AndamentoUscita(Uscita):
    """Come si muove una sottodimensione; una differenza è nulla se uno dei due punteggi manca."""

    sottodimensione: Sottodimensione
    t0: Punteggio | None
    t1: Punteggio | None
    t2: Punteggio | None
    delta_t0_t1: Differenza | None
    delta_t1_t2: Differenza | None
    delta_t0_t2: Differenza | None

    @classmethod
    def da(cls, a: Andamento) -> Self:
        """Build it from the rule's answer."""
        return cls.model_validate(a)


class MicroprogettoUscita(Uscita):
    id: UUID
    versione: Versione
    sottodimensione: Sottodimensione
    situazione_osservata: Paragrafo
    risultato_atteso: Paragrafo
    dispositivo: Dispositivo
    responsabile: TestoBreve
    entro: date
    verifica: Punteggio | None

    @classmethod
    def da(cls, m: Microprogetto) -> Self:
        """Build it from the row."""
        return cls(
            id=m.id,
            versione=m.versione,
            sottodimensione=m.sottodimensione,
            situazione_osservata=m.situazione_osservata,
            risultato_atteso=m.risultato_atteso,
            dispositivo=m.dispositivo,
            responsabile=m.responsabile,
            entro=m.entro,
            verifica=m.verifica,
        )


class CasoUscita(CasoVoce):
    """Un caso con l'équipe, le rilevazioni e i microprogetti. `bambino` è nullo se l'identità non è visibile."""

    equipe_id: UUID
    bambino: Annotated[str, Field(max_length=210)] | None
    membri: Annotated[list[MembroUscita], Field(max_length=200)]
    rilevazioni: Annotated[list[RilevazioneUscita], Field(max_length=3)]
    andamento: Annotated[list[AndamentoUscita], Field(max_length=17)]
    microprogetti: Annotated[list[MicroprogettoUscita], Field(max_length=1000)]

    @classmethod
    def da_letto(cls, letto: CasoLetto) -> Self:
        """Build it from what was read."""
        return cls(
            **CasoVoce.da(letto.caso).model_dump(),
            equipe_id=letto.caso.equipe_id,
            bambino=letto.bambino,
            membri=[MembroUscita.da(m) for m in letto.membri],
            rilevazioni=[RilevazioneUscita.da(r) for r in letto.rilevazioni],
            andamento=[AndamentoUscita.da(a) for a in letto.andamento],
            microprogetti=[MicroprogettoUscita.da(m) for m in letto.microprogetti],
        )
