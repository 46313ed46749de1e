"""A flow that breaks no rule, for tests to spoil one field at a time. Persons are invented, with impossible surnames."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from stdnum.it import codicefiscale

from services.core.flussi.ps import (
    Anagrafica,
    AreaUtenza,
    Beneficiario,
    Carattere,
    EnteFlusso,
    FlussoPS,
    FonteInvalidita,
    FonteValutazione,
    Genere,
    Indirizzo,
    InvaliditaCivile,
    Presenza,
    Prestazione,
    ProvaMezzi,
    Sina,
    SiNo,
    Strumento,
    TreGradi,
)
from services.core.flussi.tracciato import Durata
from services.core.flussi.vocabolario import Operazione


def cf(quindici: str) -> str:
    """Complete a fiscal code with its check character."""
    return quindici + codicefiscale.calc_check_digit(quindici)


CF_ZZQPROVA = cf("ZZQXNB51C52D142")
CF_OPERATORE = cf("QWXSMP80A01D142")

SINA = Sina(
    mobilita=TreGradi.SECONDO,
    attivita_quotidiane=TreGradi.TERZO,
    area_cognitiva=TreGradi.PRIMO,
    disturbi_comportamento=Presenza.ASSENTE,
    cure_sanitarie=TreGradi.SECONDO,
    area_reddituale=TreGradi.PRIMO,
    area_supporto=TreGradi.SECONDO,
    fonte_valutazione=FonteValutazione.UVM,
    strumento=Strumento.ALTRO,
    fonte_invalidita=FonteInvalidita.CERTIFICAZIONE,
    interventi_necessari=("A2.07", "A2.14"),
    invalidita=(InvaliditaCivile.TOTALE_CON_ACCOMPAGNAMENTO, InvaliditaCivile.L104_ART3_C3),
)

PRESTAZIONE = Prestazione(
    operazione=Operazione.INSERIMENTO,
    prova_mezzi=ProvaMezzi.ISEE,
    carattere=Carattere.PERIODICO,
    dsu_protocollo="INPS-ISEE-2025-00000001Z-00",
    dsu_anno="2025",
    dsu_data=date(2025, 2, 3),
    codice="A1.11",
    denominazione="Buono sociale misura B2 - Fondo non autosufficienze",
    protocollo_domanda="2025-0000123",
    data_evento=date(2025, 9, 15),
    inizio=date(2025, 10, 1),
    fine=date(2025, 12, 31),
    mesi=3,
    importo_mensile=Decimal("400.00"),
    quota_ente=Decimal("380.00"),
    quota_utente=Decimal("0.00"),
    quota_ssn=Decimal("20.00"),
    quota_richiesta=Decimal("0.00"),
    soglia_isee=Decimal("25000.00"),
    ore_mensili=Durata(12, 30),
    presa_in_carico=SiNo.SI,
    area_utenza=AreaUtenza.DISABILITA_NON_AUTOSUFFICIENZA,
    sina=SINA,
)

BENEFICIARIO = Beneficiario(
    codice_fiscale=CF_ZZQPROVA,
    anagrafica=Anagrafica(
        cognome="Zzqprova",
        nome="Xenobia",
        anno_nascita="1951",
        luogo_nascita="D142",
        genere=Genere.FEMMINA,
        cittadinanza="380",
    ),
    indirizzi=(Indirizzo(regione="10", comune="019035", nazione="380"),),
)

ENTE = EnteFlusso(codice="D142", denominazione="Comunità Sociale Esempio", indirizzo="D142", cf_operatore=CF_OPERATORE)
ID_FLUSSO = "D142.PS.20250915.0000001"

OCCASIONALE = replace(
    PRESTAZIONE,
    carattere=Carattere.OCCASIONALE,
    inizio=None,
    fine=None,
    mesi=None,
    importo_mensile=None,
    importo=Decimal("400.00"),
    erogazione=date(2025, 9, 20),
)


def flusso(
    *,
    nome: str | None = ID_FLUSSO,
    ente: dict[str, Any] | None = None,
    beneficiario: dict[str, Any] | None = None,
    anagrafica: dict[str, Any] | None = None,
    indirizzo: dict[str, Any] | None = None,
    prestazione: dict[str, Any] | None = None,
    base: Prestazione = PRESTAZIONE,
) -> FlussoPS:
    """Return the valid flow with some fields replaced."""
    persona = replace(
        BENEFICIARIO,
        anagrafica=replace(BENEFICIARIO.anagrafica, **(anagrafica or {})),
        indirizzi=(replace(BENEFICIARIO.indirizzi[0], **(indirizzo or {})),),
    )
    return replace(
        FlussoPS.unico(
            ID_FLUSSO,
            replace(ENTE, **(ente or {})),
            replace(persona, **(beneficiario or {})),
            replace(base, **(prestazione or {})),
        ),
        nome=nome,
    )
