"""Each rule above the XSD, broken alone: the violation names the rule and the field, and nothing else is reported."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from services.core.flussi.ps import AreaUtenza, Carattere, FlussoPS, Genere, Indirizzo, ProvaMezzi, SiNo
from services.core.flussi.regole_ps import REGOLE_PRESTAZIONE, Canale, controlla
from services.core.flussi.tracciato import Durata
from services.core.flussi.vocabolario import Operazione
from tests.unit.flussi_esempi import BENEFICIARIO, OCCASIONALE, PRESTAZIONE, SINA, cf, flusso


def trovate(f: FlussoPS, canale: Canale = Canale.WAAS) -> set[tuple[str, str]]:
    return {(v.codice, v.campo) for v in controlla(f, canale)}


@pytest.mark.parametrize(
    "f",
    [
        flusso(),
        flusso(base=OCCASIONALE),
        flusso(prestazione={"operazione": Operazione.CANCELLAZIONE}),
        flusso(prestazione={"dsu_protocollo": None, "dsu_anno": None, "dsu_data": None}),
        flusso(prestazione={"quota_ente": None, "quota_utente": None, "quota_ssn": None}),
        flusso(prestazione={"fine": None, "mesi": None, "ore_mensili": None}),
        flusso(prestazione={"sina": None, "presa_in_carico": SiNo.NO, "area_utenza": None}),
        flusso(indirizzo={"nazione": "756", "regione": None, "comune": None}),
        flusso(indirizzo={"comune": "999001"}),
        flusso(beneficiario={"codice_fiscale": "00743110157"}),
        flusso(beneficiario={"codice_fiscale": cf("ZZQXNB51C52DMQN")}),
    ],
)
def test_flusso_senza_violazioni(f):
    assert trovate(f) == set()


PS = "PrestazioniSociali."
CASI = [
    (flusso(prestazione={"dsu_anno": None}), "dsu-incompleta", PS + "AnnoProtocolloDSU"),
    (flusso(prestazione={"dsu_protocollo": ""}), "dsu-incompleta", PS + "NumeroProtocolloDSU"),
    (flusso(prestazione={"carattere": None, "quota_ente": None, "quota_ssn": None, "quota_utente": None}), "carattere",
     PS + "CaratterePrestazione"),
    (flusso(prestazione={"inizio": None, "fine": None}), "date-carattere", PS + "DataInizioPrestazione"),
    (flusso(base=OCCASIONALE, prestazione={"erogazione": None}), "date-carattere", PS + "DataErogazionePrestazione"),
    (flusso(prestazione={"importo_mensile": None}), "importi-carattere", PS + "ImportoMensile"),
    (flusso(base=OCCASIONALE, prestazione={"importo": None}), "importi-carattere", PS + "ImportoPrestazione"),
    (flusso(prestazione={"fine": date(2026, 3, 31)}), "periodo-pluriennale", PS + "DataFinePrestazione"),
    (flusso(prestazione={"fine": date(2025, 9, 30)}), "periodo", PS + "DataFinePrestazione"),
    (flusso(base=OCCASIONALE, prestazione={"fine": date(2025, 9, 30)}), "periodo", PS + "DataInizioPrestazione"),
    (flusso(prestazione={"mesi": 13}), "mesi", PS + "PeriodoErogazione"),
    (flusso(prestazione={"mesi": 0}), "mesi", PS + "PeriodoErogazione"),
    (flusso(prestazione={"soglia_isee": Decimal("1.005")}), "importo-decimali", PS + "ImportoSogliaISEE"),
    (flusso(prestazione={"quota_richiesta": Decimal("-0.01")}), "importo-negativo", PS + "ImportoQuotaRichiesta"),
    (flusso(prestazione={"importo_mensile": Decimal(0), "quota_ente": None, "quota_utente": None, "quota_ssn": None}),
     "importo-zero", PS + "ImportoMensile"),
    (flusso(prestazione={"quota_ssn": Decimal("20.01")}), "quote", PS + "ImportoQuotaEnte"),
    (flusso(base=OCCASIONALE, prestazione={"quota_ente": Decimal("100.00")}), "quote", PS + "ImportoQuotaEnte"),
    (flusso(prestazione={"ore_mensili": Durata(2, 60)}), "ore-minuti", PS + "OreServizioMensile"),
    (flusso(prestazione={"codice": "A1.99"}), "codice-prestazione", PS + "CodicePrestazione"),
    (flusso(prestazione={"sina": replace(SINA, interventi_necessari=("A2.07", "B9.99"))}), "codice-prestazione",
     PS + "SINA.NecessitaInterventiSociali"),
    (flusso(prestazione={"codice": "A1.24"}), "prova-mezzi", PS + "PresenzaProvaMezzi"),
    (flusso(prestazione={"codice": "A1.21", "prova_mezzi": ProvaMezzi.NESSUNA}), "prova-mezzi", PS + "PresenzaProvaMezzi"),
    (flusso(prestazione={"area_utenza": None, "sina": None}), "area-utenza", PS + "AreaUtenza"),
    (flusso(prestazione={"area_utenza": AreaUtenza.POVERTA}), "sina-area", PS + "SINA"),
    (flusso(prestazione={"presa_in_carico": SiNo.NO}), "sina-area", PS + "SINA"),
    (flusso(prestazione={"denominazione": "Altro"}), "lunghezza", PS + "DenominazionePrestazione"),
    (flusso(prestazione={"denominazione": "x" * 201}), "lunghezza", PS + "DenominazionePrestazione"),
    (flusso(prestazione={"protocollo_domanda": "1" * 33}), "lunghezza", PS + "ProtocolloDomanda"),
    (flusso(prestazione={"presa_in_carico": None, "sina": None}), "dato-mancante", PS + "PresaCarico"),
    (flusso(prestazione={"sina": replace(SINA, mobilita=None)}), "dato-mancante", "SINA.Mobilita"),
    (flusso(indirizzo={"regione": None}), "indirizzo-italia", "Indirizzo.CodiceRegione"),
    (flusso(indirizzo={"comune": None}), "indirizzo-italia", "Indirizzo.CodiceComune"),
    (flusso(indirizzo={"regione": "03"}), "regione-entrate", "Indirizzo.CodiceRegione"),
    (flusso(indirizzo={"regione": "99"}), "regione-entrate", "Indirizzo.CodiceRegione"),
    (flusso(indirizzo={"comune": "19035"}), "formato", "Indirizzo.CodiceComune"),
    (flusso(beneficiario={"indirizzi": (Indirizzo(nazione="756"),) * 6}), "indirizzi", "Indirizzo"),
    (flusso(beneficiario={"indirizzi": ()}), "indirizzi", "Indirizzo"),
    (flusso(anagrafica={"cittadinanza": None}), "dato-mancante", "Anagrafica.CodiceCittadinanza"),
    (flusso(anagrafica={"cognome": "Z" * 37}), "lunghezza", "Anagrafica.Cognome"),
    (flusso(anagrafica={"cognome": "Zzq\x00prova"}), "caratteri", "Anagrafica.Cognome"),
    (flusso(anagrafica={"anno_nascita": "1952"}), "anno-nascita", "Beneficiario.Anagrafica.AnnoNascita"),
    (flusso(anagrafica={"genere": Genere.MASCHIO}), "genere", "Beneficiario.Anagrafica.Genere"),
    (flusso(beneficiario={"codice_fiscale": None}), "dato-mancante", "Beneficiario.CodiceFiscale"),
    (flusso(ente={"cf_operatore": None}), "dato-mancante", "Ente.CFOperatore"),
    (flusso(ente={"cf_operatore": "QWXSMP80A01D142A"}), "cf-operatore", "Ente.CFOperatore"),
    (flusso(nome="D142-1"), "nome-flusso", "IdentificazioneFlusso.Nome"),
    (flusso(nome="D142.SINBA.20250915.0000001"), "nome-flusso", "IdentificazioneFlusso.Nome"),
    (flusso(nome="E648.PS.20250915.0000001"), "nome-flusso", "IdentificazioneFlusso.Nome"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "codice", "campo"), CASI, ids=[f"{c}-{k}" for _, c, k in CASI])
def test_una_regola_alla_volta(f, codice, campo):
    assert trovate(f) == {(codice, campo)}


def test_ogni_regola_della_prestazione_ha_un_caso():
    scattate = {r.__name__ for r in REGOLE_PRESTAZIONE for f, _, _ in CASI for p in f.beneficiari[0].prestazioni if any(r(p))}
    assert scattate == {r.__name__ for r in REGOLE_PRESTAZIONE}


def test_nessun_testo_riporta_i_valori():
    f = flusso(anagrafica={"cognome": "Zzqprova\x01"}, beneficiario={"codice_fiscale": "ZZQXNB51C52D142?"})
    violazioni = controlla(f)
    assert {v.codice for v in violazioni} == {"caratteri", "cf-non-valido"}
    assert not any("Zzqprova" in v.testo or "ZZQXNB" in v.testo for v in violazioni)


# substitutions for omocodia go from the rightmost digit: the pattern carries three of them, not four
@pytest.mark.parametrize(
    ("quindici", "attese"),
    [
        ("ZZQXNB51C52D14N", set()),
        ("ZZQXNB51C52DMQN", set()),
        ("ZZQXNB51C5NDMQN", {("cf-non-trasmissibile", "Beneficiario.CodiceFiscale")}),
        ("ZZQXNBRMCRNDMQN", {("cf-non-trasmissibile", "Beneficiario.CodiceFiscale")}),
    ],
)
def test_omocodia(quindici, attese):
    assert trovate(flusso(beneficiario={"codice_fiscale": cf(quindici)})) == attese


@pytest.mark.parametrize("codice", ["ZZQXNB51C52D142A", "ZZQXNB51C72D142", "00743110158", "", "💥" * 16, "ZZQ XNB 51C52 D142 O"])
def test_codice_fiscale_sbagliato(codice):
    assert ("cf-non-valido", "Beneficiario.CodiceFiscale") in trovate(flusso(beneficiario={"codice_fiscale": codice}))


def test_un_solo_beneficiario_e_una_sola_prestazione_in_cooperazione():
    due_prestazioni = replace(flusso(), beneficiari=(replace(BENEFICIARIO, prestazioni=(PRESTAZIONE, OCCASIONALE)),))
    due_persone = replace(flusso(), beneficiari=flusso().beneficiari * 2)
    assert trovate(due_prestazioni) == {("una-sola-prestazione", "PrestazioniSociali")}
    assert trovate(due_persone) == {("un-solo-beneficiario", "Beneficiario")}
    assert trovate(due_prestazioni, Canale.FILE) == set()
    assert trovate(due_persone, Canale.FILE) == set()


@pytest.mark.parametrize("canale", list(Canale))
def test_flusso_vuoto(canale):
    vuoto = replace(flusso(), beneficiari=())
    assert ("dato-mancante", "Beneficiario") in trovate(vuoto, canale)
    senza = replace(flusso(), beneficiari=(BENEFICIARIO,))
    assert ("dato-mancante", "PrestazioniSociali") in trovate(senza, canale)


def test_le_violazioni_si_raccolgono_tutte():
    f = flusso(
        prestazione={"carattere": Carattere.OCCASIONALE, "denominazione": "Altro", "ore_mensili": Durata(1, 75)},
        indirizzo={"regione": "03"},
    )
    attese = {"date-carattere", "importi-carattere", "lunghezza", "ore-minuti", "regione-entrate"}
    assert {codice for codice, _ in trovate(f)} == attese
