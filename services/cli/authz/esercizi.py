"""How each operation is exercised: body, query, and which answers after authorization still mean that it was given.

Method and path come from the OpenAPI document; a parameter of the path is the object of that name in the corredo. An
operation of the document without an entry here is a failure of the matrix. Changes are really carried out, then undone by the
bench; where the state of the object or a rule of the domain stops them after authorization, `oltre` names the problem, and why.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from services.cli.authz.attori import Attore
from services.cli.authz.banco import Richiesta
from services.cli.authz.corredo import INTERVENTO, Corredo
from services.cli.authz.mondo import Mondo
from services.cli.authz.relazioni import LUOGHI
from services.core.access.bersagli import VALUTATA, Risorsa
from services.core.access.situazioni import FINALITA, GIORNO
from services.core.persone.codice_fiscale import genera

VERSIONE = '"1"'
OGGI = GIORNO.isoformat()
_SCADENZA = (GIORNO + timedelta(days=90)).isoformat()


@dataclass(frozen=True, slots=True)
class Scena:
    """Who asks, of which corredo."""

    mondo: Mondo
    attore: Attore
    corredo: Corredo

    def id(self, nome: str) -> str:
        """The identifier of an object of the corredo; of an emergency, her own if she opened one there."""
        propria = self.attore.emergenza_id if nome == "emergenza_id" and self.corredo is self.mondo.mira(self.attore) else None
        return str(propria or self.corredo.ids[nome])


Costruisce = Callable[[Scena], Any]


@dataclass(frozen=True, slots=True)
class Esercizio:
    """One operation.

    `nomi` replaces the object of a path parameter; `oltre` maps the type of a problem that comes after authorization to the
    reason it does; `nascosto` names a problem by which this operation says "not found" besides 404.
    """

    corpo: Costruisce | None = None
    query: Callable[[Scena], Mapping[str, str]] | None = None
    nomi: Mapping[str, str] = field(default_factory=dict)
    oltre: Mapping[str, str] = field(default_factory=dict)
    nascosto: frozenset[str] = frozenset()


def _nuova_persona(scena: Scena, residenza: str) -> dict[str, Any]:
    """A child nobody is, resident there (ISTAT); a birthday for each operator, so that no two collide."""
    ordine = list(scena.mondo.attori).index((scena.attore.ruolo, scena.attore.relazione))
    nata = GIORNO - timedelta(days=400 + ordine)
    codice = genera(cognome="Zzqnuova", nome="Ines", data_nascita=nata, sesso="F", luogo="Z905")
    return persona_con(codice, nata, "Z905", residenza)


def persona_con(codice: str, nata: date, luogo: str, residenza: str) -> dict[str, Any]:
    """An invented girl with a codice fiscale, the birth it tells, and her residence (ISTAT)."""
    return {
        "cognome": "Zzqnuova",
        "nome": "Ines",
        "data_nascita": nata.isoformat(),
        "sesso": "F",
        "comune_residenza": residenza,
        "comune_nascita": luogo,
        "codice_fiscale": codice,
    }


def _domanda(scena: Scena) -> dict[str, Any]:
    return {"avviso_id": scena.id("avviso_libero"), "tipo_intervento": INTERVENTO, "dati": {}}


def _componente(scena: Scena) -> dict[str, Any]:
    """Resident in the caller's own territory, as the row policy of persons asks."""
    comune, _ = scena.attore.posto.propria
    return {"persona": _nuova_persona(scena, LUOGHI[comune].istat), "relazione": "altro", "dal": OGGI}


def _membro(scena: Scena) -> dict[str, Any]:
    return {"qualifica": "altro", "ente_id": str(scena.mondo.enti["asst"]), "descrizione": "Chi l'ente manda"}


def _progetto(scena: Scena) -> dict[str, Any]:
    obiettivi = [{"testo": "Uscire", "risultato_atteso": "Due volte"}]
    return {"tipo": "pai", "equipe_id": scena.id("equipe_id"), "dal": OGGI, "obiettivi": obiettivi}


def _firma(scena: Scena) -> dict[str, Any]:
    return {"ruolo_firmatario": "persona", "impronta": scena.corredo.impronta, "persona_id": scena.id("persona_id")}


def _rilevazione(_: Scena) -> dict[str, Any]:
    return {"tempo": "T1", "data": OGGI, "punteggi": {"autonomia": 2}}


def _microprogetto(_: Scena) -> dict[str, Any]:
    return {
        "sottodimensione": "autonomia",
        "situazione_osservata": "prova",
        "risultato_atteso": "prova",
        "dispositivo": "gruppi",
        "responsabile": "prova",
        "entro": _SCADENZA,
    }


def _passato(scena: Scena) -> dict[str, Any]:
    return {
        "operatore_id": str(scena.mondo.testimone.id),
        "incarico_id": scena.id("incarico_id"),
        "cartella_id": scena.id("cartella_id"),
        "giorno": OGGI,
        "noto_al": scena.mondo.creato_il.isoformat(),
    }


def _chiesto(scena: Scena) -> dict[str, Any]:
    return {
        "subject": {"type": "operatore", "id": str(scena.attore.id)},
        "action": {"name": VALUTATA},
        "resource": {"type": Risorsa.CARTELLA, "id": scena.id("cartella_id")},
    }


def _chiesti(scena: Scena) -> dict[str, Any]:
    uno = _chiesto(scena)
    return {"subject": uno["subject"], "evaluations": [{"action": uno["action"], "resource": uno["resource"]}]}


def _tutti(_: Scena) -> dict[str, str]:
    return {"limite": "100"}


MOTIVAZIONE = "Prova della matrice delle autorizzazioni, su una persona inventata."


def _uscita(membro: str) -> Costruisce:
    return lambda s: {"membro_id": s.id(membro), "al": OGGI}


ESERCIZI: dict[str, Esercizio] = {
    "elencaCartelle": Esercizio(query=_tutti),
    "leggiCartella": Esercizio(),
    "apriCartella": Esercizio(
        lambda s: {"persona": _nuova_persona(s, s.corredo.istat), "servizio": s.corredo.servizio, "aperta_il": OGGI},
        nascosto=frozenset({"dati-non-validi"}),  # a Comune of another ambito is an unknown code
    ),
    "chiudiCartella": Esercizio(),
    "aggiungiComponente": Esercizio(_componente),
    "cercaPersona": Esercizio(lambda s: {"codice_fiscale": s.corredo.codice_fiscale}),
    "registraRequisito": Esercizio(
        lambda _: {"requisito": "L104_ART3_C3", "stato": "accertata", "fonte": "verbale", "dal": OGGI}
    ),
    "elencaFatti": Esercizio(query=_tutti),
    "elencaAvvisi": Esercizio(query=_tutti),
    "elencaDomande": Esercizio(query=_tutti),
    "redigiDomanda": Esercizio(_domanda),
    "leggiDomanda": Esercizio(),
    "modificaDomanda": Esercizio(lambda _: {"tipo_intervento": INTERVENTO, "dati": {}}, nomi={"domanda_id": "domanda_bozza"}),
    "ritiraDomanda": Esercizio(nomi={"domanda_id": "domanda_bozza"}),
    "consultaIsee": Esercizio(nomi={"domanda_id": "domanda_bozza"}),
    "presentaDomanda": Esercizio(nomi={"domanda_id": "domanda_bozza"}),
    "leggiDecisione": Esercizio(),
    "chiudiGraduatoria": Esercizio(
        lambda _: {"chiusura_anticipata": True},
        nomi={"avviso_id": "avviso_vuoto"},
        oltre={"stato-non-ammesso": "l'avviso della prova non ha domande presentate"},
    ),
    "leggiGraduatoria": Esercizio(),
    "elencaVociGraduatoria": Esercizio(query=_tutti),
    "elencaAssegnazioni": Esercizio(query=_tutti),
    "elencaOperatori": Esercizio(query=lambda s: {"ente_id": str(s.mondo.enti["asst"])}),
    "elencaEquipe": Esercizio(query=_tutti),
    "costituisciEquipe": Esercizio(lambda s: {"tipo": "uvm", "costituita_il": OGGI, "membri": [_membro(s)]}),
    "leggiEquipe": Esercizio(),
    "sciogliEquipe": Esercizio(lambda _: {"cessata_il": OGGI}),
    "togliMembroEquipe": Esercizio(_uscita("membro_equipe")),
    "apriValutazione": Esercizio(lambda s: {"equipe_id": s.id("equipe_id"), "data_valutazione": OGGI}),
    "leggiValutazione": Esercizio(),
    "concludiValutazione": Esercizio(
        lambda _: {},
        nomi={"valutazione_id": "valutazione_bozza"},
        oltre={"dati-non-validi": "alla bozza della prova mancano i rilievi, chiesti a chi siede nell'équipe"},
    ),
    "redigiProgetto": Esercizio(_progetto),
    "leggiProgetto": Esercizio(),
    "firmaProgetto": Esercizio(_firma),
    "apriCasoPippi": Esercizio(lambda _: {"edizione": "prova", "qualifica": "altro"}),
    "elencaCasiPippi": Esercizio(query=_tutti),
    "leggiCasoPippi": Esercizio(),
    "aderisciCasoPippi": Esercizio(
        lambda _: {"adesione_il": OGGI}, oltre={"stato-non-ammesso": "il caso della prova è già in corso"}
    ),
    "aggiungiMembroPippi": Esercizio(_membro),
    "togliMembroPippi": Esercizio(_uscita("membro_equipe_pippi")),
    "rilevaCasoPippi": Esercizio(_rilevazione),
    "aggiungiMicroprogetto": Esercizio(_microprogetto),
    "elencaIndicatori": Esercizio(query=_tutti),
    "leggiIndicatore": Esercizio(),
    "elencaContributi": Esercizio(query=_tutti),
    "elencaFlussiCartella": Esercizio(query=_tutti),
    "elencaAccordi": Esercizio(query=_tutti),
    "escludiOperatore": Esercizio(lambda s: {"operatore_id": str(s.mondo.candidato), "motivo": "parentela"}),
    "dichiaraAstensione": Esercizio(lambda _: {"motivo": "vicinato"}),
    "elencaEsclusioni": Esercizio(query=_tutti),
    "revocaEsclusione": Esercizio(),
    "registraLimitazione": Esercizio(lambda _: {"tipo": "limitazione", "richiesta_il": OGGI, "motivazione": MOTIVAZIONE}),
    "elencaLimitazioni": Esercizio(query=_tutti),
    "decidiLimitazione": Esercizio(lambda _: {"accolta": True, "motivazione": MOTIVAZIONE}),
    "terminaLimitazione": Esercizio(
        lambda _: {"al": OGGI}, oltre={"stato-non-ammesso": "la richiesta della prova non è ancora accolta"}
    ),
    "apriEmergenza": Esercizio(lambda s: {"cartella_id": s.id("cartella_id"), "motivazione": MOTIVAZIONE, "ore": 1}),
    "elencaEmergenze": Esercizio(query=_tutti),
    "leggiEmergenza": Esercizio(),
    "chiudiEmergenza": Esercizio(oltre={"stato-non-ammesso": "l'emergenza scaduta della prova è già cessata"}),
    "prendiVisioneEmergenza": Esercizio(),
    "riesaminaEmergenza": Esercizio(lambda _: {"esito": "legittimo", "nota": MOTIVAZIONE}),
    "elencaAudit": Esercizio(query=lambda s: {"operatore_id": str(s.mondo.testimone.id)}),
    "verificaAccessoStorico": Esercizio(_passato),
    "elencaIncarichi": Esercizio(query=_tutti),
    "leggiIncarico": Esercizio(),
    "cessaIncarico": Esercizio(lambda _: {"ultimo_giorno": OGGI}),
    "sostituisciIncarico": Esercizio(lambda s: {"operatore_id": str(s.mondo.collega), "dal": OGGI, "al": OGGI}),
    "elencaConsegne": Esercizio(query=_tutti),
    "leggiIo": Esercizio(),
    "valutaAccesso": Esercizio(_chiesto),
    "valutaAccessi": Esercizio(_chiesti),
    "leggiStato": Esercizio(),
    "elencaFlussiWaas": Esercizio(),
    "registraEsitiWaas": Esercizio(lambda _: {"esiti": []}),
    "leggiStatoWaas": Esercizio(),
}
"""By `operationId` of the OpenAPI document."""


@dataclass(frozen=True, slots=True)
class Operazione:
    """An operation as the document publishes it."""

    id: str
    metodo: str
    percorso: str
    con_versione: bool

    @property
    def parametri(self) -> list[str]:
        """The names in its path."""
        return [parte.partition("}")[0] for parte in self.percorso.split("{")[1:]]

    def richiesta(self, scena: Scena) -> Richiesta:
        """Return the request of that scene."""
        esercizio = ESERCIZI[self.id]
        ids = {nome: scena.id(esercizio.nomi.get(nome, nome)) for nome in self.parametri}
        query = f"?{urlencode(esercizio.query(scena))}" if esercizio.query else ""
        testate = {"Finalita": FINALITA} | ({"If-Match": VERSIONE} if self.con_versione else {})
        corpo = esercizio.corpo(scena) if esercizio.corpo else None
        return Richiesta(self.metodo, self.percorso.format(**ids) + query, corpo, testate)


def operazioni(documento: Mapping[str, Any]) -> list[Operazione]:
    """Return every operation of an OpenAPI document, in its order."""
    return [
        Operazione(
            definizione["operationId"],
            metodo.upper(),
            percorso,
            any(p["name"] == "If-Match" for p in definizione.get("parameters", ())),
        )
        for percorso, metodi in documento["paths"].items()
        for metodo, definizione in metodi.items()
    ]
