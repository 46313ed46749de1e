"""The flow PS_PSA_SINA as typed records: the benefit given to one person, and what her assessment found when she is in care.

Source: INPS, `PS_PSA_SINA201812.xsd` and the WaaS specifications 2.0.1; DM 206/2014, art. 2-5. Fields follow the order of the
XSD. The rules that the XSD does not hold are in `services.core.flussi.regole_ps`.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from services.core.flussi.tracciato import DATA, DURATA, EURO, INTERO, Durata, attributo, codifica_enum
from services.core.flussi.vocabolario import Operazione

CODICE_FISCALE = r"([A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][A-Za-z0-9]{3}[A-Za-z])|([0-9]{11} {0,5})"
"""What the XSD admits: digits in the birth year and day, so that a code with omocodia there cannot be carried."""

ITALIA = "380"
"""Italy in ISO 3166 numeric, as `CodiceNazione` and `CodiceCittadinanza` want it."""


class Genere(StrEnum):
    MASCHIO = "1"
    FEMMINA = "2"


class ProvaMezzi(StrEnum):
    """`PresenzaProvaMezzi`: `ISEE_DEROGATO` is a benefit subject to ISEE but given to this person for another kind of need."""

    ISEE = "1"
    ALTRA_PROVA = "2"
    ISEE_DEROGATO = "3"
    NESSUNA = "4"


class Carattere(StrEnum):
    PERIODICO = "1"
    OCCASIONALE = "2"


class SiNo(StrEnum):
    SI = "1"
    NO = "2"


class AreaUtenza(StrEnum):
    FAMIGLIA_MINORI = "1"
    DISABILITA_NON_AUTOSUFFICIENZA = "2"
    POVERTA = "3"


class TreGradi(StrEnum):
    """A scale of three, from the lightest to the heaviest; what each grade means is told by the attribute."""

    PRIMO = "1"
    SECONDO = "2"
    TERZO = "3"


class Presenza(StrEnum):
    ASSENTE = "1"
    PRESENTE = "2"


class FonteInvalidita(StrEnum):
    CERTIFICAZIONE = "1"
    DICHIARAZIONE = "2"


class FonteValutazione(StrEnum):
    UVM = "1"
    CARTELLA_SOCIALE = "2"
    ALTRA_DOCUMENTAZIONE = "3"
    RACCOLTA_DIRETTA = "4"


class Strumento(StrEnum):
    SVAMA = "1"
    AGED = "2"
    RUG = "3"
    SOSIA = "4"
    SCHEMA_POLARE = "5"
    VALGRAF = "6"
    ALTRO = "7"


class InvaliditaCivile(StrEnum):
    PARZIALE_ALMENO_75 = "1"
    TOTALE_CON_ACCOMPAGNAMENTO = "2"
    TOTALE_SENZA_ACCOMPAGNAMENTO = "3"
    NEUROPSICHIATRIA_INFANTILE = "4"
    L104_ART3_C1 = "5"
    L104_ART3_C3 = "6"
    L104_ART12 = "7"
    L104_ART13 = "8"


_TRE = codifica_enum(TreGradi)
_SI_NO = codifica_enum(SiNo)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteFlusso:
    """The declaring ente. `indirizzo` is the Belfiore code of its seat, `cf_operatore` who answers for the data."""

    codice: Annotated[str | None, attributo("Codice", obbligatorio=True, lungo=(1, 32))] = None
    denominazione: Annotated[str | None, attributo("Denominazione", lungo=(1, 100))] = None
    indirizzo: Annotated[str | None, attributo("Indirizzo", obbligatorio=True, formato=r"[A-Z][0-9]{3}")] = None
    cf_operatore: Annotated[str | None, attributo("CFOperatore", obbligatorio=True, formato=CODICE_FISCALE)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anagrafica:
    """Citizenships are ISO 3166 numeric codes; the birthplace is a Belfiore code, of a Comune or of a foreign State (Z...)."""

    cognome: Annotated[str | None, attributo("Cognome", obbligatorio=True, lungo=(1, 36))] = None
    nome: Annotated[str | None, attributo("Nome", obbligatorio=True, lungo=(1, 36))] = None
    anno_nascita: Annotated[str | None, attributo("AnnoNascita", obbligatorio=True, formato=r"[0-9]{4}")] = None
    luogo_nascita: Annotated[str | None, attributo("LuogoNascita", obbligatorio=True, formato=r"[A-Z][0-9]{3}")] = None
    genere: Annotated[Genere | None, attributo("Genere", codifica_enum(Genere), obbligatorio=True)] = None
    cittadinanza: Annotated[str | None, attributo("CodiceCittadinanza", obbligatorio=True, formato=r"[0-9]{3}")] = None
    seconda_cittadinanza: Annotated[str | None, attributo("CodiceSecondaCittadinanza", formato=r"[0-9]{3}")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indirizzo:
    """Where the person lives. `regione` is the code of the Agenzia delle Entrate (Lombardia is 10), `comune` the ISTAT one."""

    regione: Annotated[str | None, attributo("CodiceRegione", formato=r"[0-9]{2}")] = None
    comune: Annotated[str | None, attributo("CodiceComune", formato=r"[0-9]{6}")] = None
    nazione: Annotated[str | None, attributo("CodiceNazione", obbligatorio=True, formato=r"[0-9]{3}")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sina:
    """The assessment of a person with disability or not self-sufficient (DM 206/2014, art. 5: module SINA)."""

    mobilita: Annotated[TreGradi | None, attributo("Mobilita", _TRE, obbligatorio=True)] = None
    attivita_quotidiane: Annotated[TreGradi | None, attributo("AttivitaVitaQuotidiana", _TRE, obbligatorio=True)] = None
    area_cognitiva: Annotated[TreGradi | None, attributo("DisturbiAreaCognitiva", _TRE)] = None
    disturbi_comportamento: Annotated[
        Presenza | None, attributo("DisturbiComportamentali", codifica_enum(Presenza), obbligatorio=True)
    ] = None
    cure_sanitarie: Annotated[TreGradi | None, attributo("NecessitaCureSanitarie", _TRE)] = None
    area_reddituale: Annotated[TreGradi | None, attributo("AreaReddituale", _TRE, obbligatorio=True)] = None
    area_supporto: Annotated[TreGradi | None, attributo("AreaSupporto", _TRE, obbligatorio=True)] = None
    fonte_valutazione: Annotated[
        FonteValutazione | None, attributo("FonteDerivazioneValutazione", codifica_enum(FonteValutazione), obbligatorio=True)
    ] = None
    strumento: Annotated[Strumento | None, attributo("StrumentoValutazione", codifica_enum(Strumento), obbligatorio=True)] = None
    fonte_invalidita: Annotated[
        FonteInvalidita | None, attributo("FonteDerivazioneInvalidita", codifica_enum(FonteInvalidita))
    ] = None
    interventi_necessari: tuple[str, ...] = ()
    invalidita: tuple[InvaliditaCivile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prestazione:
    """One benefit in one calendar year. Amounts in euro; `mesi` is the number of monthly instalments; `ore_mensili` is HH.MM."""

    operazione: Annotated[Operazione | None, attributo("TipoOperazione", codifica_enum(Operazione))] = None
    prova_mezzi: Annotated[ProvaMezzi | None, attributo("PresenzaProvaMezzi", codifica_enum(ProvaMezzi), obbligatorio=True)] = (
        None
    )
    carattere: Annotated[Carattere | None, attributo("CaratterePrestazione", codifica_enum(Carattere))] = None
    dsu_protocollo: Annotated[str | None, attributo("NumeroProtocolloDSU", lungo=(0, 30))] = None
    dsu_anno: Annotated[str | None, attributo("AnnoProtocolloDSU", formato=r"[0-9]{4}")] = None
    dsu_data: Annotated[date | None, attributo("DataDSU", DATA)] = None
    codice: Annotated[str | None, attributo("CodicePrestazione", obbligatorio=True, lungo=(5, 10))] = None
    denominazione: Annotated[str | None, attributo("DenominazionePrestazione", obbligatorio=True, lungo=(10, 200))] = None
    protocollo_domanda: Annotated[str | None, attributo("ProtocolloDomanda", obbligatorio=True, lungo=(1, 32))] = None
    data_evento: Annotated[date | None, attributo("DataEvento", DATA)] = None
    inizio: Annotated[date | None, attributo("DataInizioPrestazione", DATA)] = None
    fine: Annotated[date | None, attributo("DataFinePrestazione", DATA)] = None
    erogazione: Annotated[date | None, attributo("DataErogazionePrestazione", DATA)] = None
    importo: Annotated[Decimal | None, attributo("ImportoPrestazione", EURO)] = None
    mesi: Annotated[int | None, attributo("PeriodoErogazione", INTERO)] = None
    importo_mensile: Annotated[Decimal | None, attributo("ImportoMensile", EURO)] = None
    quota_ente: Annotated[Decimal | None, attributo("ImportoQuotaEnte", EURO)] = None
    quota_utente: Annotated[Decimal | None, attributo("ImportoQuotaUtente", EURO)] = None
    quota_ssn: Annotated[Decimal | None, attributo("ImportoQuotaSSN", EURO)] = None
    quota_richiesta: Annotated[Decimal | None, attributo("ImportoQuotaRichiesta", EURO)] = None
    soglia_isee: Annotated[Decimal | None, attributo("ImportoSogliaISEE", EURO)] = None
    ore_mensili: Annotated[Durata | None, attributo("OreServizioMensile", DURATA)] = None
    presa_in_carico: Annotated[SiNo | None, attributo("PresaCarico", _SI_NO, obbligatorio=True)] = None
    area_utenza: Annotated[AreaUtenza | None, attributo("AreaUtenza", codifica_enum(AreaUtenza))] = None
    sina: Sina | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiario:
    codice_fiscale: Annotated[str | None, attributo("CodiceFiscale", obbligatorio=True, formato=CODICE_FISCALE)] = None
    anagrafica: Anagrafica = Anagrafica()
    indirizzi: tuple[Indirizzo, ...] = ()
    prestazioni: tuple[Prestazione, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FlussoPS:
    """A whole flow. By WaaS it holds one beneficiary with one benefit; the file for the portal may hold many."""

    nome: Annotated[str | None, attributo("Nome", obbligatorio=True, lungo=(1, 50))] = None
    ente: EnteFlusso = EnteFlusso()
    beneficiari: tuple[Beneficiario, ...] = ()

    @classmethod
    def unico(cls, nome: str, ente: EnteFlusso, beneficiario: Beneficiario, prestazione: Prestazione) -> "FlussoPS":
        """Build the flow WaaS wants: `prestazione` is the only benefit of the only `beneficiario`."""
        return cls(nome=nome, ente=ente, beneficiari=(replace(beneficiario, prestazioni=(prestazione,)),))
