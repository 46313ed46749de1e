"""The rules of PS_PSA_SINA that the XSD does not hold, one function each.

A document may satisfy INPS's XSD and be refused: the sample in the published contract is such a one. Sources: the text of the
WaaS specifications 2.0.1 and the comments of `PS_PSA_SINA201812.xsd`; where another one is meant, the function says it.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final

from services.core.flussi.codici import regione_del_comune, regioni, tabella_codici
from services.core.flussi.identificativi import leggi_id
from services.core.flussi.ps import (
    ITALIA,
    AreaUtenza,
    Beneficiario,
    Carattere,
    FlussoPS,
    Genere,
    Indirizzo,
    Prestazione,
    ProvaMezzi,
    SiNo,
)
from services.core.flussi.tracciato import Violazione, controlla_attributi
from services.core.persone import codice_fiscale as cf

_CENTESIMO = Decimal("0.01")
_IMPORTI: Final = (
    ("importo", "ImportoPrestazione"),
    ("importo_mensile", "ImportoMensile"),
    ("quota_ente", "ImportoQuotaEnte"),
    ("quota_utente", "ImportoQuotaUtente"),
    ("quota_ssn", "ImportoQuotaSSN"),
    ("quota_richiesta", "ImportoQuotaRichiesta"),
    ("soglia_isee", "ImportoSogliaISEE"),
)


class Canale(StrEnum):
    """By which way a flow leaves: the interoperability channels carry one benefit each, the file for the portal many."""

    WAAS = "waas"
    FILE = "file"


Violazioni = Iterator[Violazione]


def controlla(flusso: FlussoPS, canale: Canale = Canale.WAAS) -> tuple[Violazione, ...]:
    """Return every rule that `flusso` breaks; none means that it can be written and sent."""
    trovate = list(_con_prefisso("IdentificazioneFlusso", controlla_attributi(flusso)))
    trovate += _con_prefisso("Ente", controlla_attributi(flusso.ente))
    for regola_flusso in REGOLE_FLUSSO:
        trovate += regola_flusso(flusso)
    if canale is Canale.WAAS:
        trovate += una_sola_prestazione(flusso)
    for beneficiario in flusso.beneficiari:
        trovate += _controlla_beneficiario(beneficiario)
    return tuple(trovate)


def _controlla_beneficiario(beneficiario: Beneficiario) -> Violazioni:
    yield from _con_prefisso("Beneficiario", _senza_formato(controlla_attributi(beneficiario)))
    yield from _con_prefisso("Anagrafica", controlla_attributi(beneficiario.anagrafica))
    for regola in REGOLE_BENEFICIARIO:
        yield from _con_prefisso("Beneficiario", regola(beneficiario))
    for indirizzo in beneficiario.indirizzi:
        yield from _con_prefisso("Indirizzo", controlla_attributi(indirizzo))
        for regola_indirizzo in REGOLE_INDIRIZZO:
            yield from _con_prefisso("Indirizzo", regola_indirizzo(indirizzo))
    for prestazione in beneficiario.prestazioni:
        yield from _con_prefisso("PrestazioniSociali", controlla_attributi(prestazione))
        if prestazione.sina is not None:
            yield from _con_prefisso("SINA", controlla_attributi(prestazione.sina))
        for regola_prestazione in REGOLE_PRESTAZIONE:
            yield from _con_prefisso("PrestazioniSociali", regola_prestazione(prestazione))


def _con_prefisso(prefisso: str, violazioni: Violazioni) -> Violazioni:
    return (v.sotto(prefisso) for v in violazioni)


def _senza_formato(violazioni: Violazioni) -> Violazioni:
    """The form of the fiscal code is judged by `codice_fiscale`, which can tell omocodia from error."""
    return (v for v in violazioni if v.codice != "formato")


# --- of the flow


def nome_coerente(flusso: FlussoPS) -> Violazioni:
    """`Nome` is `{Ente.Codice}.PS.{day}.{progressive}`: the same value as `id_flusso`."""
    if flusso.nome is None:
        return
    try:
        letto = leggi_id(flusso.nome)
    except ValueError:
        yield Violazione("nome-flusso", "IdentificazioneFlusso.Nome", "Il nome non ha la forma ENTE.PS.AAAAMMGG.NNNNNNN")
        return
    if letto.tipo == "SINBA" or letto.codice_ente != flusso.ente.codice:
        yield Violazione("nome-flusso", "IdentificazioneFlusso.Nome", "Il nome del flusso non corrisponde all'ente o al tipo")


def operatore_valido(flusso: FlussoPS) -> Violazioni:
    """CFOperatore answers for the data: its check character must hold."""
    if flusso.ente.cf_operatore is not None and not _cf_esatto(flusso.ente.cf_operatore):
        yield Violazione("cf-operatore", "Ente.CFOperatore", "Il codice fiscale dell'operatore non è valido")


def una_sola_prestazione(flusso: FlussoPS) -> Violazioni:
    """Through cooperation one flow carries one beneficiary and one benefit (comments of the XSD; property `flusso`)."""
    if len(flusso.beneficiari) != 1:
        yield Violazione("un-solo-beneficiario", "Beneficiario", "Il flusso deve contenere un solo beneficiario")
    if any(len(b.prestazioni) != 1 for b in flusso.beneficiari):
        yield Violazione("una-sola-prestazione", "PrestazioniSociali", "Il flusso deve contenere una sola prestazione")


def elementi_presenti(flusso: FlussoPS) -> Violazioni:
    """At least one beneficiary, each with at least one benefit and from one to five addresses."""
    if not flusso.beneficiari:
        yield Violazione("dato-mancante", "Beneficiario", "Manca il beneficiario")
    for beneficiario in flusso.beneficiari:
        if not beneficiario.prestazioni:
            yield Violazione("dato-mancante", "PrestazioniSociali", "Manca la prestazione")
        if not 1 <= len(beneficiario.indirizzi) <= 5:
            yield Violazione("indirizzi", "Indirizzo", "Gli indirizzi devono essere da uno a cinque")


# --- of the beneficiary


def _cf_esatto(codice: str) -> bool:
    """Whether a code of 16 characters (omocodia included) or of 11 digits (provisional) is formally valid."""
    try:
        cf.valida(codice.strip(), ammetti_provvisorio=True)
    except cf.CodiceFiscaleNonValido:
        return False
    return True


def codice_fiscale(beneficiario: Beneficiario) -> Violazioni:
    """A wrong code, or a right one that the format cannot carry.

    The pattern of the XSD admits letters only in the last three digits: a code with four or more substitutions for omocodia is
    valid (DM Finanze 23/12/1976, art. 6) and cannot be sent. Such a person is a case for the worklist, not an error of ours.
    """
    if beneficiario.codice_fiscale is None:
        return
    if not _cf_esatto(beneficiario.codice_fiscale):
        yield Violazione("cf-non-valido", "CodiceFiscale", "Il codice fiscale non è valido")
    elif any(v.codice == "formato" for v in controlla_attributi(beneficiario)):
        testo = (
            "Il codice fiscale è valido ma ha lettere al posto di cifre (omocodia) dove il tracciato SIUSS ammette solo cifre: "
            "questa posizione non può essere trasmessa"
        )
        yield Violazione("cf-non-trasmissibile", "CodiceFiscale", testo)


def anagrafica_coerente(beneficiario: Beneficiario) -> Violazioni:
    """Year of birth and sex are written in the fiscal code: INPS answers DATI_NON_TROVATI to incoherent data."""
    codice, anagrafica = beneficiario.codice_fiscale, beneficiario.anagrafica
    if codice is None or len(codice.strip()) != 16 or not _cf_esatto(codice):
        return
    letto = cf.leggi(codice.strip())
    if anagrafica.anno_nascita is not None and anagrafica.anno_nascita[-2:] != f"{letto.anno:02d}":
        yield Violazione("anno-nascita", "Anagrafica.AnnoNascita", "L'anno di nascita non è quello del codice fiscale")
    if anagrafica.genere is not None and (anagrafica.genere is Genere.FEMMINA) != (letto.sesso == "F"):
        yield Violazione("genere", "Anagrafica.Genere", "Il genere non è quello del codice fiscale")


# --- of the address


def residenza_in_italia(indirizzo: Indirizzo) -> Violazioni:
    """Region and Comune are required when the nation is Italy: the XSD says it in a comment only."""
    if indirizzo.nazione != ITALIA:
        return
    if indirizzo.regione is None:
        yield Violazione("indirizzo-italia", "CodiceRegione", "Per un indirizzo in Italia serve il codice della regione")
    if indirizzo.comune is None:
        yield Violazione("indirizzo-italia", "CodiceComune", "Per un indirizzo in Italia serve il codice ISTAT del comune")


def regione_entrate(indirizzo: Indirizzo) -> Violazioni:
    """The region is coded as the Agenzia delle Entrate does (Lombardia 10), never as ISTAT (03), and holds the Comune."""
    if indirizzo.regione is None:
        return
    regione = regioni().get(indirizzo.regione)
    del_comune = regione_del_comune(indirizzo.comune) if indirizzo.comune is not None else None
    if regione is None:
        testo = "Il codice della regione non è nella tabella dell'Agenzia delle Entrate"
        yield Violazione("regione-entrate", "CodiceRegione", testo)
    elif del_comune is not None and del_comune.codice != regione.codice:
        testo = "Il comune non è in questa regione: il codice è quello dell'Agenzia delle Entrate, non quello ISTAT"
        yield Violazione("regione-entrate", "CodiceRegione", testo)


# --- of the benefit


def dsu_completa(prestazione: Prestazione) -> Violazioni:
    """Number, year and date of the DSU: all three or none."""
    dati = {
        "NumeroProtocolloDSU": prestazione.dsu_protocollo or None,
        "AnnoProtocolloDSU": prestazione.dsu_anno,
        "DataDSU": prestazione.dsu_data,
    }
    mancanti = [nome for nome, valore in dati.items() if valore is None]
    if 0 < len(mancanti) < len(dati):
        for nome in mancanti:
            yield Violazione("dsu-incompleta", nome, "Protocollo, anno e data della DSU si indicano tutti o nessuno")


def carattere_indicato(prestazione: Prestazione) -> Violazioni:
    """CaratterePrestazione is optional in the XSD, required by the specifications."""
    if prestazione.carattere is None:
        yield Violazione("carattere", "CaratterePrestazione", "Va indicato se la prestazione è periodica o occasionale")


def date_per_carattere(prestazione: Prestazione) -> Violazioni:
    """A periodic benefit has its start, an occasional one the day it was given."""
    if prestazione.carattere is Carattere.PERIODICO and prestazione.inizio is None:
        yield Violazione("date-carattere", "DataInizioPrestazione", "Una prestazione periodica richiede la data di inizio")
    if prestazione.carattere is Carattere.OCCASIONALE and prestazione.erogazione is None:
        yield Violazione(
            "date-carattere", "DataErogazionePrestazione", "Una prestazione occasionale richiede la data in cui è erogata"
        )


def importi_per_carattere(prestazione: Prestazione) -> Violazioni:
    """A periodic benefit has its monthly amount, an occasional one its amount."""
    if prestazione.carattere is Carattere.PERIODICO and prestazione.importo_mensile is None:
        yield Violazione("importi-carattere", "ImportoMensile", "Una prestazione periodica richiede l'importo mensile")
    if prestazione.carattere is Carattere.OCCASIONALE and prestazione.importo is None:
        yield Violazione("importi-carattere", "ImportoPrestazione", "Una prestazione occasionale richiede l'importo")


def periodo_in_un_anno(prestazione: Prestazione) -> Violazioni:
    """Start and end in order and in one calendar year: see `annualita.dividi_per_anno`."""
    if prestazione.fine is None:
        return
    if prestazione.inizio is None:
        yield Violazione("periodo", "DataInizioPrestazione", "C'è la data di fine ma non quella di inizio")
    elif prestazione.fine < prestazione.inizio:
        yield Violazione("periodo", "DataFinePrestazione", "La data di fine precede quella di inizio")
    elif prestazione.fine.year != prestazione.inizio.year:
        testo = "Inizio e fine devono cadere nello stesso anno: la prestazione va divisa per anno"
        yield Violazione("periodo-pluriennale", "DataFinePrestazione", testo)


def mesi_nell_anno(prestazione: Prestazione) -> Violazioni:
    """PeriodoErogazione counts months, from 1 to 12 (XSD)."""
    if prestazione.mesi is not None and not 1 <= prestazione.mesi <= 12:
        yield Violazione("mesi", "PeriodoErogazione", "I mesi di erogazione vanno da 1 a 12")


def importi_ammessi(prestazione: Prestazione) -> Violazioni:
    """Amounts are euro with two decimals: the benefit above zero, quotas and thresholds not below."""
    for campo, nome in _IMPORTI:
        valore: Decimal | None = getattr(prestazione, campo)
        if valore is None:
            continue
        if not valore.is_finite() or valore != valore.quantize(_CENTESIMO):
            yield Violazione("importo-decimali", nome, "L'importo ha più di due decimali")
        elif valore < 0:
            yield Violazione("importo-negativo", nome, "L'importo non può essere negativo")
        elif valore == 0 and campo in ("importo", "importo_mensile"):
            yield Violazione("importo-zero", nome, "L'importo della prestazione deve essere maggiore di zero")


def quote_a_somma(prestazione: Prestazione) -> Violazioni:
    """The quotas of ente, user and health service, when given, add up to the amount of the benefit."""
    quote = [q for q in (prestazione.quota_ente, prestazione.quota_utente, prestazione.quota_ssn) if q is not None]
    intero = prestazione.importo_mensile if prestazione.carattere is Carattere.PERIODICO else prestazione.importo
    if quote and intero is not None and sum(quote, Decimal(0)) != intero:
        yield Violazione("quote", "ImportoQuotaEnte", "Le quote non danno per somma l'importo della prestazione")


def ore_e_minuti(prestazione: Prestazione) -> Violazioni:
    """OreServizioMensile is HH.MM: minutes stop at 59."""
    durata = prestazione.ore_mensili
    if durata is not None and (durata.ore < 0 or not 0 <= durata.minuti < 60):
        yield Violazione("ore-minuti", "OreServizioMensile", "Le ore si scrivono HH.MM: i minuti vanno da 00 a 59")


def codice_in_tabella(prestazione: Prestazione) -> Violazioni:
    """Every code of benefit is one of the SIUSS vocabulary."""
    if prestazione.codice is not None and prestazione.codice not in tabella_codici():
        yield Violazione("codice-prestazione", "CodicePrestazione", "Il codice non è fra quelli del SIUSS")
    if prestazione.sina is not None and any(c not in tabella_codici() for c in prestazione.sina.interventi_necessari):
        yield Violazione("codice-prestazione", "SINA.NecessitaInterventiSociali", "Un codice non è fra quelli del SIUSS")


def codice_e_prova_mezzi(prestazione: Prestazione) -> Violazioni:
    """A code whose name says «soggetta a ISEE» or «non soggetta a ISEE» agrees with PresenzaProvaMezzi."""
    voce = tabella_codici().get(prestazione.codice or "")
    if voce is None or voce.soggetta_isee is None or prestazione.prova_mezzi is None:
        return
    con_isee = prestazione.prova_mezzi in (ProvaMezzi.ISEE, ProvaMezzi.ISEE_DEROGATO)
    if con_isee != voce.soggetta_isee:
        yield Violazione("prova-mezzi", "PresenzaProvaMezzi", "La prova dei mezzi contrasta con il codice della prestazione")


def area_se_in_carico(prestazione: Prestazione) -> Violazioni:
    """AreaUtenza is required of a person in care."""
    if prestazione.presa_in_carico is SiNo.SI and prestazione.area_utenza is None:
        yield Violazione("area-utenza", "AreaUtenza", "Per una persona in carico va indicata l'area di utenza")


def sina_se_in_carico(prestazione: Prestazione) -> Violazioni:
    """An assessment goes with a benefit given in care (DM 206/2014, art. 2 c. 3 c); SINA is the module of area 2 (art. 5)."""
    if prestazione.sina is None:
        return
    in_area = prestazione.area_utenza is AreaUtenza.DISABILITA_NON_AUTOSUFFICIENZA
    if prestazione.presa_in_carico is not SiNo.SI or not in_area:
        testo = "La valutazione SINA accompagna solo una presa in carico nell'area disabilità e non autosufficienza"
        yield Violazione("sina-area", "SINA", testo)


REGOLE_FLUSSO: Final[tuple[Callable[[FlussoPS], Violazioni], ...]] = (elementi_presenti, nome_coerente, operatore_valido)
REGOLE_BENEFICIARIO: Final[tuple[Callable[[Beneficiario], Violazioni], ...]] = (codice_fiscale, anagrafica_coerente)
REGOLE_INDIRIZZO: Final[tuple[Callable[[Indirizzo], Violazioni], ...]] = (residenza_in_italia, regione_entrate)
REGOLE_PRESTAZIONE: Final[tuple[Callable[[Prestazione], Violazioni], ...]] = (
    dsu_completa,
    carattere_indicato,
    date_per_carattere,
    importi_per_carattere,
    periodo_in_un_anno,
    mesi_nell_anno,
    importi_ammessi,
    quote_a_somma,
    ore_e_minuti,
    codice_in_tabella,
    codice_e_prova_mezzi,
    area_se_in_carico,
    sina_se_in_carico,
)
