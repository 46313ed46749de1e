"""Schemas of équipes and assessments."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione
from services.core.access.ruoli import Ruolo
from services.core.valutazioni.models import (
    AreaReddituale,
    AreaSupporto,
    DisturbiCognitivi,
    DisturbiComportamentali,
    FonteValutazione,
    Mobilita,
    NecessitaCure,
    Qualifica,
    StatoValutazione,
    StrumentoValutazione,
    TipoEquipe,
    Valutazione,
)
from services.core.valutazioni.scale import VoceAdl, VoceIadl, katz, lawton
from services.core.valutazioni.service import Candidato, DatiMembro, DatiValutazione, EquipeLetta, MembroLetto, Rilievi

Voce = Annotated[
    int,
    Field(ge=0, le=1, description="1 fa da sé, 0 non fa da sé, nullo non rilevato.", json_schema_extra={"format": "int32"}),
]
PunteggioAdl = Annotated[
    int, Field(ge=0, le=6, description="Katz, da 0 (dipendente) a 6 (autonomo).", json_schema_extra={"format": "int32"})
]
PunteggioIadl = Annotated[
    int, Field(ge=0, le=8, description="Lawton, da 0 (dipendente) a 8 (autonomo).", json_schema_extra={"format": "int32"})
]


class MembroIngresso(Ingresso):
    """Un componente: un operatore per un ente, una persona della cartella, o chi un ente manda, descritto a parole."""

    qualifica: Qualifica
    operatore_id: UUID | None = None
    ente_id: UUID | None = None
    persona_id: UUID | None = None
    descrizione: TestoBreve | None = None

    def dati(self) -> DatiMembro:
        """Return what the domain takes."""
        return DatiMembro(**self.model_dump())


class EquipeIngresso(Ingresso):
    tipo: TipoEquipe
    costituita_il: date
    membri: Annotated[list[MembroIngresso], Field(min_length=1, max_length=30)]


class ScioglimentoIngresso(Ingresso):
    """Se il giorno non è futuro, la cartella si chiude subito a chi la vedeva per quell'équipe."""

    cessata_il: date = Field(description="Ultimo giorno dell'équipe.")


class UscitaMembroIngresso(Ingresso):
    """Se il giorno non è futuro, ciò che il componente vedeva per quell'équipe gli si chiude subito."""

    membro_id: UUID
    al: date = Field(description="Ultimo giorno nell'équipe.")


class MembroUscita(Uscita):
    id: UUID
    qualifica: Qualifica
    operatore_id: UUID | None
    persona_id: UUID | None
    ente_id: UUID | None
    nominativo: Annotated[str, Field(max_length=210)] | None = Field(description="Nullo se non noto o non visibile.")
    ente: TestoBreve | None
    descrizione: TestoBreve | None
    dal: date
    al: date | None

    @classmethod
    def da(cls, letto: MembroLetto) -> Self:
        """Build it from what was read."""
        m = letto.membro
        return cls(
            id=m.id,
            qualifica=m.qualifica,
            operatore_id=m.operatore_id,
            persona_id=m.persona_id,
            ente_id=m.ente_id,
            nominativo=letto.nominativo,
            ente=letto.ente,
            descrizione=m.descrizione,
            dal=m.dal,
            al=m.al,
        )


class EquipeUscita(Uscita):
    """Un'équipe. `integrata`: comprende oggi l'ASST e un altro ente; nullo se dipende da un ente di tipo ignoto."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    tipo: TipoEquipe
    costituita_il: date
    cessata_il: date | None
    integrata: bool | None
    membri: Annotated[list[MembroUscita], Field(max_length=200)]

    @classmethod
    def da(cls, letta: EquipeLetta) -> Self:
        """Build it from what was read."""
        e = letta.equipe
        return cls(
            id=e.id,
            versione=e.versione,
            cartella_id=e.cartella_id,
            tipo=e.tipo,
            costituita_il=e.costituita_il,
            cessata_il=e.cessata_il,
            integrata=letta.integrata,
            membri=[MembroUscita.da(m) for m in letta.membri],
        )


class CandidatoUscita(Uscita):
    """Un operatore con un incarico in corso, che può essere chiamato in un'équipe."""

    operatore_id: UUID
    cognome: TestoBreve
    nome: TestoBreve
    ente_id: UUID
    ente: TestoBreve
    ruolo: Ruolo

    @classmethod
    def da(cls, candidato: Candidato) -> Self:
        """Build it from what was read."""
        return cls(
            operatore_id=candidato.operatore.id,
            cognome=candidato.operatore.cognome,
            nome=candidato.operatore.nome,
            ente_id=candidato.ente.id,
            ente=candidato.ente.denominazione,
            ruolo=candidato.incarico.ruolo,
        )


class VociAdl(Ingresso):
    """Le sei voci di Katz."""

    fare_il_bagno: Voce | None = None
    vestirsi: Voce | None = None
    usare_i_servizi: Voce | None = None
    trasferirsi: Voce | None = None
    continenza: Voce | None = None
    alimentarsi: Voce | None = None


class VociIadl(Ingresso):
    """Le otto voci di Lawton."""

    usare_il_telefono: Voce | None = None
    fare_acquisti: Voce | None = None
    preparare_il_cibo: Voce | None = None
    governo_della_casa: Voce | None = None
    fare_il_bucato: Voce | None = None
    usare_i_trasporti: Voce | None = None
    assumere_farmaci: Voce | None = None
    gestire_il_denaro: Voce | None = None


assert set(VociAdl.model_fields) == {v.value for v in VoceAdl}
assert set(VociIadl.model_fields) == {v.value for v in VoceIadl}


class RilieviIngresso(Ingresso):
    """Ciò che l'équipe rileva. Ciò che manca non è né falso né zero: resta da rilevare."""

    adl: VociAdl | None = None
    iadl: VociIadl | None = None
    mobilita: Mobilita | None = None
    disturbi_cognitivi: DisturbiCognitivi | None = None
    disturbi_comportamentali: DisturbiComportamentali | None = None
    necessita_cure: NecessitaCure | None = None
    area_reddituale: AreaReddituale | None = None
    area_supporto: AreaSupporto | None = None
    strumento: StrumentoValutazione | None = None
    fonte: FonteValutazione | None = None

    def rilievi(self) -> Rilievi:
        """Return what the domain takes: items not sent stay as they are, items sent as null become unknown."""
        dati = self.model_dump(include=set(RilieviIngresso.model_fields))
        for scala, voci in (("adl", self.adl), ("iadl", self.iadl)):
            dati[scala] = None if voci is None else voci.model_dump(exclude_unset=True)
        return Rilievi(**dati)


class ValutazioneIngresso(RilieviIngresso):
    equipe_id: UUID
    data_valutazione: date
    domanda_id: UUID | None = None
    rettifica_di: UUID | None = None

    def dati(self) -> DatiValutazione:
        """Return what the domain takes."""
        return DatiValutazione(self.equipe_id, self.data_valutazione, self.domanda_id, self.rettifica_di, self.rilievi())


class VociAdlUscita(Uscita):
    fare_il_bagno: Voce | None
    vestirsi: Voce | None
    usare_i_servizi: Voce | None
    trasferirsi: Voce | None
    continenza: Voce | None
    alimentarsi: Voce | None


class VociIadlUscita(Uscita):
    usare_il_telefono: Voce | None
    fare_acquisti: Voce | None
    preparare_il_cibo: Voce | None
    governo_della_casa: Voce | None
    fare_il_bucato: Voce | None
    usare_i_trasporti: Voce | None
    assumere_farmaci: Voce | None
    gestire_il_denaro: Voce | None


class ValutazioneUscita(Uscita):
    """Una valutazione. I punteggi ci sono solo quando ogni voce della scala è nota; `voci_mancanti` dice quali non lo sono."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    equipe_id: UUID
    domanda_id: UUID | None
    rettifica_di: UUID | None
    stato: StatoValutazione
    data_valutazione: date
    conclusa_il: date | None
    adl: VociAdlUscita
    iadl: VociIadlUscita
    punteggio_adl: PunteggioAdl | None
    punteggio_iadl: PunteggioIadl | None
    voci_mancanti: Annotated[list[TestoBreve], Field(max_length=14)]
    mobilita: Mobilita | None
    disturbi_cognitivi: DisturbiCognitivi | None
    disturbi_comportamentali: DisturbiComportamentali | None
    necessita_cure: NecessitaCure | None
    area_reddituale: AreaReddituale | None
    area_supporto: AreaSupporto | None
    strumento: StrumentoValutazione | None
    fonte: FonteValutazione | None

    @classmethod
    def da(cls, v: Valutazione) -> Self:
        """Build it from the row. The scores of a draft are computed, those of a concluded one are the stored ones."""
        adl, iadl = katz(v.adl), lawton(v.iadl)
        return cls(
            id=v.id,
            versione=v.versione,
            cartella_id=v.cartella_id,
            equipe_id=v.equipe_id,
            domanda_id=v.domanda_id,
            rettifica_di=v.rettifica_di,
            stato=v.stato,
            data_valutazione=v.data_valutazione,
            conclusa_il=v.conclusa_il,
            adl=VociAdlUscita(**{voce.value: v.adl.get(voce.value) for voce in VoceAdl}),
            iadl=VociIadlUscita(**{voce.value: v.iadl.get(voce.value) for voce in VoceIadl}),
            punteggio_adl=adl.valore if v.conclusa_il is None else v.punteggio_adl,
            punteggio_iadl=iadl.valore if v.conclusa_il is None else v.punteggio_iadl,
            voci_mancanti=[f"adl.{m}" for m in adl.mancanti] + [f"iadl.{m}" for m in iadl.mancanti],
            mobilita=v.mobilita,
            disturbi_cognitivi=v.disturbi_cognitivi,
            disturbi_comportamentali=v.disturbi_comportamentali,
            necessita_cure=v.necessita_cure,
            area_reddituale=v.area_reddituale,
            area_supporto=v.area_supporto,
            strumento=v.strumento,
            fonte=v.fonte,
        )
