"""One cartella with an object of every kind hanging from it: what the operations of the matrix aim at."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.authz.corredo import (
    IMPORTO,
    INTERVENTO,
    MISURA,
    PRIMA,
    Cornice,
    Corredo,
    Estraneo,
    Traccia,
    contributo,
    emergenza,
)
from services.core.access.regola import CartellaVista
from services.core.access.ruoli import Classe
from services.core.access.situazioni import GIORNO
from services.core.cartelle.models import Cartella, Fatto
from services.core.contitolarita.models import Esclusione, EsitoLimitazione, Limitazione, MotivoEsclusione, TipoLimitazione
from services.core.emergenze.models import NotaEmergenza, SpecieNota
from services.core.flussi.models import Flusso, StatoFlusso
from services.core.flussi.vocabolario import TipoFlusso
from services.core.misure import catalogo, fatti, motore, protocollo
from services.core.misure.esiti import EsitoVoce
from services.core.misure.models import Assegnazione, Decisione, Domanda, StatoDomanda, VoceGraduatoria
from services.core.persone.codice_fiscale import genera
from services.core.persone.models import Componente, Nucleo, Persona, Relazione, Sesso
from services.core.pippi.models import CasoPippi, Dispositivo, Microprogetto, RilevazionePippi, StatoCaso, Tempo
from services.core.pippi.mondo_del_bambino import Sottodimensione
from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from services.core.progetti.contenuto import impronta_contenuto
from services.core.progetti.models import Firma, Obiettivo, Progetto, RuoloFirmatario, TipoProgetto, TitoloRappresentanza
from services.core.valutazioni.models import Equipe, MembroEquipe, Qualifica, StatoValutazione, TipoEquipe, Valutazione


@dataclass(slots=True)
class Semina:
    """Writes one corredo, in the order of the foreign keys. `ordine` makes identities and positions differ.

    `opposta`: its person has stopped the sharing. `urgente` once opened it in emergency, and is excluded from it since;
    `testimone` sits in its équipe.
    """

    sessione: AsyncSession
    cornice: Cornice
    nome: str
    ordine: int
    riservata: bool
    opposta: bool
    urgente: Estraneo
    testimone: Estraneo
    cartella_id: UUID = field(default_factory=nuovo_id)
    tracce: list[Traccia] = field(default_factory=list)
    ids: dict[str, UUID] = field(default_factory=dict)

    async def tutto(self) -> Corredo:
        """Write everything and return what it is known by."""
        persona = await self._identita()
        await self._aggiungi(*self._fatti())
        equipe = await self._equipe(TipoEquipe.EQUIPE_MULTIDISCIPLINARE, self.cartella_id, "equipe")
        await self._siede(equipe, self.cartella_id, self.testimone)
        domanda = await self._domanda(persona)
        valutazione = await self._valutazioni(equipe, domanda.id)
        progetto, impronta = await self._progetto(equipe, valutazione)
        await self._esiti(domanda, progetto)
        await self._caso()
        await self._contitolarita()
        self.ids |= {
            "cartella_id": self.cartella_id,
            "persona_id": persona.id,
            "graduatoria_id": self.cornice.graduatoria_id,
            "indicatore_id": self.cornice.indicatore_id,
            "incarico_id": self.testimone.incarico_id,
        } | {f"avviso_{nome}": id_ for nome, id_ in self.cornice.avvisi.items()}
        assert persona.codice_fiscale is not None
        c = self.cornice
        vista = CartellaVista(self.cartella_id, c.ambito_id, c.competenza_id, self.riservata)
        return Corredo(
            self.nome,
            vista,
            self.ids,
            persona.codice_fiscale,
            persona.data_nascita,
            c.istat,
            c.belfiore,
            c.servizio,
            impronta,
            tuple(self.tracce),
        )

    async def _aggiungi(self, *righe: Any) -> None:
        self.sessione.add_all(righe)
        await self.sessione.flush()  # what comes next refers to them

    def _lascia(self, tabella: str, *valori: object, classe: Classe | None = None) -> None:
        self.tracce += (Traccia(str(valore), tabella, classe) for valore in valori)

    def _comuni(self) -> dict[str, Any]:
        return {"ambito_id": self.cornice.ambito_id, "cartella_id": self.cartella_id}

    async def _identita(self) -> Persona:
        c, nata = self.cornice, date(2015, 1, 1) + timedelta(days=self.ordine)
        cognome = f"Zzq{self.nome.replace('_', '')}"
        persona = Persona(
            ambito_id=c.ambito_id,
            cognome=cognome,
            nome="Iside",
            data_nascita=nata,
            sesso=Sesso.F,
            codice_fiscale=genera(cognome=cognome, nome="Iside", data_nascita=nata, sesso="F", luogo=c.belfiore),
            comune_nascita=c.belfiore,
            comune_residenza_id=c.comune_id,
            protetta=self.riservata,
        )
        parente = Persona(
            ambito_id=c.ambito_id,
            cognome=f"{cognome}parente",
            nome="Orsola",
            data_nascita=date(1980, 1, 1),
            sesso=Sesso.F,
            comune_residenza_id=c.comune_id,
        )
        nucleo = Nucleo(ambito_id=c.ambito_id)
        await self._aggiungi(persona, parente, nucleo)
        cartella = Cartella(
            id=self.cartella_id,
            ambito_id=c.ambito_id,
            persona_id=persona.id,
            nucleo_id=nucleo.id,
            competenza_id=c.competenza_id,
            riservata=self.riservata,
            aperta_il=PRIMA,
            creata_il=adesso(),
        )
        await self._aggiungi(cartella)
        membri = ((persona.id, Relazione.INTESTATARIO), (parente.id, Relazione.ALTRO))
        await self._aggiungi(
            *(Componente(ambito_id=c.ambito_id, nucleo_id=nucleo.id, persona_id=p, relazione=r, dal=PRIMA) for p, r in membri)
        )
        self.ids["nucleo_id"] = nucleo.id
        self._lascia("cartella", self.cartella_id, nucleo.id)
        self._lascia("persona", persona.id, cognome, persona.codice_fiscale)
        self._lascia("componente", parente.id)
        return persona

    def _fatti(self) -> Iterator[Fatto]:
        """One for each class of data, ISEE and judicial act alike: what is told apart is the class."""
        for classe in Classe:
            fatto = Fatto(
                **self._comuni(),
                tipo=f"prova.{str(classe.name).lower()}",
                classe=int(classe),
                valore={"prova": True},
                fonte="prova",
                schema_dati="prova/1",
                valido_dal=PRIMA,
            )
            self._lascia("fatto", fatto.id, classe=classe)
            yield fatto

    async def _equipe(self, tipo: TipoEquipe, custodia_id: UUID, tabella: str) -> UUID:
        equipe = Equipe(**self._comuni(), custodia_id=custodia_id, tipo=tipo, costituita_il=PRIMA)
        await self._aggiungi(equipe)
        membro = MembroEquipe(
            **self._comuni(),
            equipe_id=equipe.id,
            custodia_id=custodia_id,
            ente_id=self.cornice.ente_id,
            qualifica=Qualifica.ALTRO,
            descrizione="Chi l'ente manda",
            dal=PRIMA,
        )
        await self._aggiungi(membro)
        self.ids |= {f"{tabella}_id": equipe.id, f"membro_{tabella}": membro.id}
        self._lascia(tabella, equipe.id, membro.id)
        return equipe.id

    async def _siede(self, equipe_id: UUID, custodia_id: UUID, chi: Estraneo) -> None:
        posto = MembroEquipe(
            **self._comuni(),
            equipe_id=equipe_id,
            custodia_id=custodia_id,
            operatore_id=chi.id,
            ente_id=chi.ente_id,
            qualifica=Qualifica.ALTRO,
            dal=PRIMA,
        )
        await self._aggiungi(posto)

    async def _domanda(self, persona: Persona) -> Domanda:
        """A draft under the open avviso, and one decided under the closed one."""
        comuni = self._comuni() | {"tipo_intervento": INTERVENTO}
        bozza = Domanda(**comuni, avviso_id=self.cornice.avvisi["aperto"])
        decisa = Domanda(
            **comuni,
            avviso_id=self.cornice.avvisi["chiuso"],
            stato=StatoDomanda.ASSEGNATA,
            presentata_il=PRIMA,
            protocollo=protocollo.nuovo(),
        )
        await self._aggiungi(bozza, decisa)
        nascita = fatti.Fatto("data_nascita", persona.data_nascita.isoformat(), "anagrafica")
        valutata = motore.valuta(catalogo.registro(), catalogo.parametri(), MISURA, [nascita], GIORNO)
        decisione = Decisione(
            **self._comuni(),
            domanda_id=decisa.id,
            data_riferimento=GIORNO,
            esito=valutata.esito,
            spiegazione=valutata.spiegazione(),
            fatti=valutata.fatti_salvati(),
            parametri=valutata.parametri_salvati(),
            impronta=hashlib.sha256(decisa.id.bytes).hexdigest(),  # its own: two alike could not be told apart in an answer
            creata_il=adesso(),
        )
        await self._aggiungi(decisione)
        decisa.decisione_id, decisa.esito = decisione.id, decisione.esito
        await self.sessione.flush()  # the two refer to each other
        self.ids |= {"domanda_id": decisa.id, "domanda_bozza": bozza.id}
        self._lascia("domanda", bozza.id, decisa.id)
        self._lascia("decisione", decisione.impronta)
        return decisa

    async def _valutazioni(self, equipe_id: UUID, domanda_id: UUID) -> UUID:
        comuni = self._comuni() | {"equipe_id": equipe_id, "data_valutazione": PRIMA}
        conclusa = Valutazione(**comuni, domanda_id=domanda_id, stato=StatoValutazione.CONCLUSA, conclusa_il=PRIMA)
        bozza = Valutazione(**comuni)
        await self._aggiungi(conclusa, bozza)
        self.ids |= {"valutazione_id": conclusa.id, "valutazione_bozza": bozza.id}
        self._lascia("valutazione", conclusa.id, bozza.id)
        return conclusa.id

    async def _progetto(self, equipe_id: UUID, valutazione_id: UUID) -> tuple[UUID, str]:
        progetto = Progetto(
            **self._comuni(), equipe_id=equipe_id, valutazione_id=valutazione_id, tipo=TipoProgetto.PAI, dal=PRIMA
        )
        await self._aggiungi(progetto)
        obiettivo = Obiettivo(**self._comuni(), progetto_id=progetto.id, testo="Uscire", risultato_atteso="Due volte", ordine=1)
        impronta = impronta_contenuto(progetto, [obiettivo])
        firma = Firma(
            **self._comuni(),
            progetto_id=progetto.id,
            ruolo_firmatario=RuoloFirmatario.RAPPRESENTANTE,
            titolo_rappresentanza=TitoloRappresentanza.TUTORE,
            nominativo="Zzqtutore Elmo",
            impronta=impronta,
            firmata_il=PRIMA,
        )
        await self._aggiungi(obiettivo, firma)
        self.ids["progetto_id"] = progetto.id
        self._lascia("progetto", progetto.id)
        self._lascia("obiettivo", obiettivo.id)
        self._lascia("firma", firma.id)
        return progetto.id, impronta

    async def _esiti(self, domanda: Domanda, progetto_id: UUID) -> None:
        """What comes of the domanda and of the project: a line in the graduatoria, a benefit, a flow, a contribution."""
        della_domanda: dict[str, Any] = {"domanda_id": domanda.id, "graduatoria_id": self.cornice.graduatoria_id}
        importo = IMPORTO + self.ordine
        voce = VoceGraduatoria(
            **della_domanda,
            ambito_id=self.cornice.ambito_id,
            protocollo=str(domanda.protocollo),
            posizione=self.ordine,
            esito=EsitoVoce.IDONEA_FINANZIATA,
            importo_centesimi=importo,
            chiavi={"valori": {"isee": 1}, "segue_per": None, "esclusione": None},
        )
        assegnazione = Assegnazione(
            **self._comuni(), **della_domanda, misura=MISURA, importo_mensile_centesimi=100, mesi=1, dal=GIORNO, al=GIORNO
        )
        flusso = Flusso(
            **self._comuni(),
            origine_tipo="assegnazione",
            origine_id=assegnazione.id,
            anno=GIORNO.year,
            tipo=TipoFlusso.PS_PSA_SINA,
            stato=StatoFlusso.SCARTATO,
            creato_il=adesso(),
        )
        apporto = contributo(self.cornice, self.cartella_id, progetto_id)
        await self._aggiungi(voce, assegnazione, flusso, apporto)
        self._lascia("voce_graduatoria", voce.id, importo)
        self._lascia("assegnazione", assegnazione.id)
        self._lascia("flusso", flusso.id)
        self._lascia("contributo", apporto.id)

    async def _caso(self) -> None:
        caso_id = nuovo_id()
        equipe_id = await self._equipe(TipoEquipe.EQUIPE_PIPPI, caso_id, "equipe_pippi")
        await self._siede(equipe_id, caso_id, self.urgente)  # a team keeps one operator at least
        caso = CasoPippi(
            **self._comuni(),
            id=caso_id,
            equipe_id=equipe_id,
            edizione="prova",
            stato=StatoCaso.IN_CORSO,
            proposto_il=PRIMA,
            adesione_il=PRIMA,
        )
        await self._aggiungi(caso)
        sottodimensione = next(iter(Sottodimensione))
        punteggi: dict[str, int | None] = dict.fromkeys((s.value for s in Sottodimensione), 3)
        rilevazione = RilevazionePippi(**self._comuni(), caso_id=caso_id, tempo=Tempo.T0, data=PRIMA, punteggi=punteggi)
        micro = Microprogetto(
            **self._comuni(),
            caso_id=caso_id,
            sottodimensione=sottodimensione,
            situazione_osservata="prova",
            risultato_atteso="prova",
            dispositivo=Dispositivo.GRUPPI,
            responsabile="prova",
            entro=GIORNO,
        )
        await self._aggiungi(rilevazione, micro)
        self.ids["caso_id"] = caso_id
        self._lascia("caso_pippi", caso_id)
        self._lascia("rilevazione_pippi", rilevazione.id)
        self._lascia("microprogetto", micro.id)

    async def _contitolarita(self) -> None:
        """An operator kept out, a request to decide, an emergency that is over; for `opposta`, a sharing stopped."""
        comuni, chi = self._comuni(), self.urgente
        esclusa = Esclusione(**comuni, operatore_id=chi.id, motivo=MotivoEsclusione.VICINATO, dal=GIORNO)
        richiesta = comuni | {"tipo": TipoLimitazione.OPPOSIZIONE, "richiesta_il": PRIMA, "motivazione": "prova"}
        in_esame = Limitazione(**richiesta)
        aperta = emergenza(self.cornice.ambito_id, self.cartella_id, chi, adesso() - timedelta(hours=1))
        await self._aggiungi(esclusa, in_esame, aperta)
        motivazione = f"Zzqmotivo {self.nome}"
        nota = NotaEmergenza(
            ambito_id=self.cornice.ambito_id,
            emergenza_id=aperta.id,
            specie=SpecieNota.MOTIVAZIONE,
            testo=motivazione,
            scritta_da=chi.id,
        )
        await self._aggiungi(nota)
        if self.opposta:
            await self._aggiungi(Limitazione(**richiesta, esito=EsitoLimitazione.ACCOLTA, decisa_il=PRIMA, dal=PRIMA))
        self.ids |= {"esclusione_id": esclusa.id, "limitazione_id": in_esame.id, "emergenza_id": aperta.id}
        self._lascia("esclusione", esclusa.id)
        self._lascia("limitazione", in_esame.id)
        self._lascia("emergenza", aperta.id)
        self._lascia("nota_emergenza", motivazione)
