"""Misura B2 of the Fondo Non Autosufficienze in Lombardia, rules from 2025 (DGR XII/3719 of 30/12/2024).

Every figure and every open list stands in `parametri/fna_b2.yaml`. What is written here is the order of reasoning of the act; a
later act with the same reasoning needs only new values, another reasoning needs new versions of these functions beside them.
"""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.core.misure.esiti import EsitoRegola, almeno_una, tutte
from services.core.misure.fatti import Fatto, FattoMancante, VistaFatti
from services.core.misure.parametro import VistaParametri
from services.core.misure.registro import REGISTRO, DefinizioneMisura, Norma, Risposta, Voce

SI, NO, BOH = EsitoRegola.SODDISFATTA, EsitoRegola.NON_SODDISFATTA, EsitoRegola.DA_CHIARIRE
DAL = date(2025, 1, 1)
MISURA = "FNA_B2"
DGR = "DGR Lombardia XII/3719 del 30/12/2024"

FATTI = {
    "data_nascita": "data di nascita",
    "residenza_nell_ambito": "residenza in un Comune dell'ambito",
    "vive_a_domicilio": "se la persona vive al proprio domicilio",
    "isee": "attestazione ISEE",
    "tipo_intervento": "intervento richiesto",
    "caregiver_familiare": "presenza di un caregiver familiare",
    "assistente_regolarmente_impiegato": "rapporto di lavoro del personale di assistenza",
    "spesa_mensile_centesimi": "spesa mensile documentata per il personale di assistenza",
    "prestazioni_in_corso": "altre misure e prestazioni in corso",
}


class _Voce(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RequisitoGravita(_Voce):
    """One kind of certification that proves the severe limits; the fact is `certificazione.<codice>`."""

    codice: str
    titolo: str
    atto: str
    articolo: str
    accetta_in_attesa: bool
    da_verificare: bool = False


TipoIsee = Literal["ordinario", "sociosanitario", "minorenni"]


class RequisitoIntervento(_Voce):
    fatto: Literal["caregiver_familiare", "assistente_regolarmente_impiegato"]
    valore: bool
    titolo: str


class Intervento(_Voce):
    """One benefit: `fisso` pays the amount, `massimale` pays the documented monthly expense up to it. Cents per month."""

    codice: str
    titolo: str
    importo: Literal["fisso", "massimale"]
    importo_mensile_centesimi: int = Field(gt=0)
    profilo_isee: Literal["per_eta", "autonomia"]
    requisiti: list[RequisitoIntervento]


class Incompatibilita(_Voce):
    codice: str
    titolo: str
    esito: Literal["incompatibile", "compatibile", "da_valutare"]


TABELLE: dict[str, TypeAdapter[Any]] = {
    "FNA_B2.requisiti_gravita": TypeAdapter(list[RequisitoGravita]),
    "FNA_B2.interventi": TypeAdapter(list[Intervento]),
    "FNA_B2.incompatibilita": TypeAdapter(list[Incompatibilita]),
    "FNA_B2.isee_tipi_adulti": TypeAdapter(list[TipoIsee]),
    "FNA_B2.isee_tipi_minori": TypeAdapter(list[TipoIsee]),
    "FNA_B2.isee_tipi_autonomia": TypeAdapter(list[TipoIsee]),
}


@REGISTRO.regola("FNA_B2.RESIDENZA", titolo="Residenza nell'ambito", norme=(Norma("L. 328/2000", "art. 6, comma 1"),), dal=DAL)
def residenza(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    if not parametri["residenza_richiesta"]:
        return Risposta(SI, "La residenza nell'ambito non è richiesta.")
    if fatti.si_no("residenza_nell_ambito"):
        return Risposta(SI, "La persona risiede in un Comune dell'ambito.")
    return Risposta(NO, "La persona non risiede in un Comune dell'ambito.")


@REGISTRO.regola("FNA_B2.DOMICILIO", titolo="Vita al domicilio", norme=(Norma(DGR, "Misura B2, destinatari"),), dal=DAL)
def domicilio(fatti: VistaFatti, _parametri: VistaParametri) -> Risposta:
    if fatti.si_no("vive_a_domicilio"):
        return Risposta(SI, "La persona vive al proprio domicilio.")
    return Risposta(NO, "La misura sostiene chi vive al proprio domicilio.")


@REGISTRO.regola(
    "FNA_B2.GRAVITA",
    titolo="Grave limitazione della capacità funzionale",
    norme=(Norma(DGR, "Misura B2, destinatari"), Norma("L. 104/1992", "art. 3, comma 3"), Norma("L. 18/1980", "art. 1")),
    dal=DAL,
)
def gravita(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    """One of the listed certifications is enough; a missing one is unknown, not absent (Kleene's disjunction)."""
    voci = tuple(_certificazione(fatti, requisito) for requisito in parametri["requisiti_gravita"])
    esito = almeno_una(voce.esito for voce in voci)
    motivi = {
        SI: "È presente almeno una delle condizioni previste.",
        NO: "Nessuna delle condizioni previste è presente.",
        BOH: "Non è ancora certo che sia presente una delle condizioni previste.",
    }
    return Risposta(esito, motivi[esito], voci=voci)


def _certificazione(fatti: VistaFatti, requisito: dict[str, Any]) -> Voce:
    titolo: str = requisito["titolo"]
    fatto = fatti.cerca(f"certificazione.{requisito['codice']}", titolo)
    norma = Norma(requisito["atto"], requisito["articolo"])
    return Voce(requisito["codice"], titolo, _esito_certificazione(fatto, requisito, fatti), norma)


def _esito_certificazione(fatto: Fatto | None, requisito: dict[str, Any], fatti: VistaFatti) -> EsitoRegola:
    if fatto is None:
        return BOH
    stato = fatto.valore["stato"]
    if stato == "assente":
        return NO
    if stato == "in_attesa":
        return BOH if requisito["accetta_in_attesa"] else NO
    if stato != "accertata":
        raise ValueError(f"{fatto.tipo}: stato della certificazione non previsto")
    return SI if fatto.in_vigore(fatti.data_riferimento) else BOH


@REGISTRO.regola(
    "FNA_B2.ISEE_ATTESTAZIONE",
    titolo="Attestazione ISEE valida e del tipo richiesto",
    norme=(
        Norma("DPCM 159/2013", "art. 6"),
        Norma("DPCM 159/2013", "art. 11, comma 5"),
        Norma("D.Lgs. 147/2017", "art. 10, comma 4"),
        Norma(DGR, "Misura B2"),
    ),
    dal=DAL,
)
def isee_attestazione(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    """A wrong, expired or annotated ISEE can be replaced by the right one: it is to clarify, not a refusal."""
    _isee_utilizzabile(fatti, parametri)
    return Risposta(SI, "L'attestazione ISEE è in corso di validità e del tipo richiesto.")


def _isee_utilizzabile(fatti: VistaFatti, parametri: VistaParametri) -> dict[str, Any]:
    """Value of the ISEE fact, or `FattoMancante` saying which ISEE is needed."""
    isee = fatti.cerca("isee")
    if isee is None:
        raise FattoMancante("isee", "Manca un dato: attestazione ISEE.")
    if isee.valido_dal is None:
        raise FattoMancante("isee", "Dell'attestazione ISEE non è nota la data della dichiarazione (DSU).")
    fine_anno = date(isee.valido_dal.year, 12, 31)
    scadenza = min(isee.valido_al or fine_anno, fine_anno)
    if not isee.valido_dal <= fatti.data_riferimento <= scadenza:
        raise FattoMancante("isee", "L'attestazione ISEE non è valida alla data di riferimento (scade il 31 dicembre).")
    valore: dict[str, Any] = isee.valore
    if valore["difformita"] is None:
        raise FattoMancante("isee", "Non è noto se l'attestazione ISEE riporti omissioni o difformità.")
    if valore["difformita"]:
        raise FattoMancante("isee", "L'attestazione ISEE riporta omissioni o difformità: va rettificata o documentata.")
    if valore["tipo"] not in tipi_isee(fatti, parametri):
        raise FattoMancante("isee", "L'attestazione ISEE non è del tipo richiesto per questa persona e questo intervento.")
    return valore


@REGISTRO.regola("FNA_B2.ISEE_SOGLIA", titolo="ISEE entro la soglia", norme=(Norma(DGR, "Misura B2"),), dal=DAL)
def isee_soglia(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    """The threshold is met when the ISEE is equal or lower. A value that may not be used decides nothing."""
    importo = _isee_utilizzabile(fatti, parametri)["importo_centesimi"]
    if importo is None:
        raise FattoMancante("isee", "Manca un dato: valore dell'ISEE.")
    soglia: int = parametri[f"isee_massimo_{_profilo_isee(fatti, parametri)}"]
    if importo <= soglia:
        return Risposta(SI, "L'ISEE non supera la soglia.")
    return Risposta(NO, "L'ISEE supera la soglia.")


@REGISTRO.regola(
    "FNA_B2.INCOMPATIBILITA", titolo="Compatibilità con altre misure", norme=(Norma(DGR, "Misura B2, incompatibilità"),), dal=DAL
)
def incompatibilita(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    """Only benefits in payment on the reference date count; one that the table does not know is to clarify."""
    tabella = {voce["codice"]: voce for voce in parametri["incompatibilita"]}
    voci = tuple(
        _compatibilita(prestazione["codice"], tabella.get(prestazione["codice"]))
        for prestazione in fatti.richiedi("prestazioni_in_corso").valore
        if _in_corso(prestazione, fatti.data_riferimento)
    )
    esito = tutte(voce.esito for voce in voci)
    motivi = {
        SI: "Non risultano altre misure incompatibili.",
        NO: "È in corso una misura incompatibile.",
        BOH: "È in corso una misura la cui compatibilità va valutata.",
    }
    return Risposta(esito, motivi[esito], voci=voci)


def _in_corso(prestazione: dict[str, Any], giorno: date) -> bool:
    al = prestazione.get("al")
    return date.fromisoformat(prestazione["dal"]) <= giorno and (al is None or giorno <= date.fromisoformat(al))


def _compatibilita(codice: str, riga: dict[str, Any] | None) -> Voce:
    if riga is None:
        return Voce(codice, "misura non prevista dalla tabella", BOH)
    return Voce(codice, riga["titolo"], {"incompatibile": NO, "compatibile": SI, "da_valutare": BOH}[riga["esito"]])


@REGISTRO.regola(
    "FNA_B2.INTERVENTO", titolo="Requisiti e importo dell'intervento", norme=(Norma(DGR, "Misura B2, interventi"),), dal=DAL
)
def intervento(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    """The conditions of the chosen benefit, and its monthly amount in cents when they are all met."""
    scelto = _intervento(fatti, parametri)
    if scelto is None:
        return Risposta(NO, "L'intervento richiesto non è fra quelli previsti.")
    voci = tuple(_requisito(fatti, requisito) for requisito in scelto["requisiti"])
    esito = tutte(voce.esito for voce in voci)
    if esito is not SI:
        motivo = "Manca un requisito dell'intervento." if esito is NO else "Un requisito dell'intervento è da chiarire."
        return Risposta(esito, motivo, voci=voci)
    importo: int = scelto["importo_mensile_centesimi"]
    if scelto["importo"] == "massimale":
        if fatti.cerca("spesa_mensile_centesimi") is None:
            return Risposta(BOH, "L'importo dipende dalla spesa mensile documentata, che manca.", voci=voci)
        importo = min(importo, fatti.intero("spesa_mensile_centesimi"))
    if importo <= 0:
        return Risposta(NO, "Non c'è una spesa da sostenere.", voci=voci)
    return Risposta(SI, "I requisiti dell'intervento sono presenti.", voci=voci, valori={"importo_mensile_centesimi": importo})


def _requisito(fatti: VistaFatti, requisito: dict[str, Any]) -> Voce:
    if fatti.cerca(requisito["fatto"]) is None:
        return Voce(requisito["fatto"], requisito["titolo"], BOH)
    presente = fatti.si_no(requisito["fatto"]) is requisito["valore"]
    return Voce(requisito["fatto"], requisito["titolo"], SI if presente else NO)


def _intervento(fatti: VistaFatti, parametri: VistaParametri) -> dict[str, Any] | None:
    codice = fatti.testo("tipo_intervento")
    previsti: list[dict[str, Any]] = parametri["interventi"]
    return next((voce for voce in previsti if voce["codice"] == codice), None)


def _profilo_isee(fatti: VistaFatti, parametri: VistaParametri) -> str:
    scelto = _intervento(fatti, parametri)
    if scelto is not None and scelto["profilo_isee"] == "autonomia":
        return "autonomia"
    return "minori" if eta(fatti.giorno("data_nascita"), fatti.data_riferimento) < 18 else "adulti"


def tipi_isee(fatti: VistaFatti, parametri: VistaParametri) -> tuple[str, ...]:
    """The kinds of ISEE this person needs for this benefit: the one to ask INPS for comes first.

    Raises:
        FattoMancante: the birth date or the benefit is not known.
        RegoleNonInVigore: no value of the parameters that day.
    """
    return tuple(parametri[f"isee_tipi_{_profilo_isee(fatti, parametri)}"])


def eta(nascita: date, giorno: date) -> int:
    """Completed years on `giorno` (art. 2 c.c.: of age at the completion of the eighteenth year).

    Raises:
        FattoMancante: the birth date lies after `giorno`.
    """
    if nascita > giorno:
        raise FattoMancante("data_nascita", "La data di nascita è successiva alla data di riferimento.")
    return giorno.year - nascita.year - ((giorno.month, giorno.day) < (nascita.month, nascita.day))


REGISTRO.aggiungi_misura(
    DefinizioneMisura(
        codice=MISURA,
        denominazione="Fondo Non Autosufficienze, Misura B2",
        dal=DAL,
        al=None,
        regole=(
            "FNA_B2.RESIDENZA",
            "FNA_B2.DOMICILIO",
            "FNA_B2.GRAVITA",
            "FNA_B2.ISEE_ATTESTAZIONE",
            "FNA_B2.ISEE_SOGLIA",
            "FNA_B2.INCOMPATIBILITA",
            "FNA_B2.INTERVENTO",
        ),
        fatti=FATTI,
    )
)
