"""Outcomes as INPS may write them, and the reference data."""

from datetime import UTC, date, datetime

import pytest

from services.core.flussi.codici import (
    MisuraSenzaCodice,
    carica_misure,
    codifica_della_misura,
    regione_del_comune,
    regioni,
    tabella_codici,
)
from services.core.flussi.contratto import CodiceEsito, EsitoLetto, EsitoMalformato, impronta, leggi_esito
from services.core.flussi.vocabolario import TipoFlusso

ESITO = {
    "id_flusso": "H501.PS.20210520.0000002",
    "ts_flusso": "2023-11-27T11:04:56.852Z",
    "ts_acquisizione": "2023-11-27T12:00:00.000Z",
    "tipo": "PS_PSA_SINA",
    "codice_esito": "OK",
    "id_acquisizione_siuss": "22738",
}


def test_un_esito_ben_scritto():
    assert leggi_esito(ESITO) == EsitoLetto(
        id_flusso="H501.PS.20210520.0000002",
        tipo=TipoFlusso.PS_PSA_SINA,
        ts_flusso=1_701_083_096_852,
        ts_acquisizione=datetime(2023, 11, 27, 12, tzinfo=UTC),
        codice=CodiceEsito.OK,
        descrizione=None,
        id_acquisizione_siuss="22738",
    )


def test_i_campi_in_piu_si_tollerano():
    assert leggi_esito(ESITO | {"codice_ente": "H501", "codice_siuss": 3, "altro": [1]}) == leggi_esito(ESITO)


@pytest.mark.parametrize("campo", ["id_flusso", "tipo", "ts_flusso", "ts_acquisizione", "codice_esito"])
@pytest.mark.parametrize("valore", [None, "", "  ", 7, True, [], {}, "x\x00y", "x" * 5000])
def test_un_campo_sbagliato_si_nomina(campo, valore):
    letto = leggi_esito(ESITO | {campo: valore})
    assert isinstance(letto, EsitoMalformato)
    assert letto.campo == campo


@pytest.mark.parametrize(
    ("campo", "valore"),
    [("tipo", "ALTRO"), ("codice_esito", "ok"), ("ts_flusso", "1701083096852"), ("ts_acquisizione", "2023-13-01T00:00:00Z"),
     ("descrizione_esito", 4), ("id_acquisizione_siuss", 22738), ("descrizione_esito", "\x00")],
)  # fmt: skip
def test_un_valore_fuori_contratto_si_nomina(campo, valore):
    letto = leggi_esito(ESITO | {campo: valore})
    assert isinstance(letto, EsitoMalformato)
    assert letto.campo == campo


@pytest.mark.parametrize("grezzo", [None, "x", 3, [], [ESITO]])
def test_un_esito_che_non_e_un_oggetto(grezzo):
    assert isinstance(leggi_esito(grezzo), EsitoMalformato)


def test_una_descrizione_lunga_si_accorcia():
    letto = leggi_esito(ESITO | {"descrizione_esito": "x" * 10_000})
    assert isinstance(letto, EsitoLetto)
    assert len(letto.descrizione) == 4096


def test_impronta_non_dipende_dall_ordine():
    assert impronta(ESITO) == impronta(dict(reversed(list(ESITO.items()))))
    assert impronta(ESITO) != impronta(ESITO | {"codice_esito": "ERRORE_GENERICO"})
    assert len(impronta("\ud800")) == 64


def test_i_codici_sono_105_e_dicono_dell_isee():
    tabella = tabella_codici()
    assert len(tabella) == 105
    assert {c for c, v in tabella.items() if v.soggetta_isee} == {"A1.21", "A2.15", "A3.05"}
    assert {c for c, v in tabella.items() if v.soggetta_isee is False} == {"A1.24", "A2.30", "A3.06"}


def test_le_regioni_sono_quelle_delle_entrate():
    assert len(regioni()) == 21
    assert regioni()["10"].denominazione == "Lombardia"
    province = [p for r in regioni().values() for p in r.province]
    assert len(province) == len(set(province)) == 111
    assert regione_del_comune("019035").codice == "10"
    assert regione_del_comune("098031").codice == "10"
    assert regione_del_comune("999001") is None


def test_il_buono_b2_non_e_una_disabilita_gravissima():
    codifica = codifica_della_misura("FNA_B2", date(2025, 9, 15))
    assert codifica.codice == "A1.11"
    assert codifica.da_verificare
    assert 10 <= len(codifica.denominazione) <= 200


@pytest.mark.parametrize(("misura", "giorno"), [("FNA_B2", date(2017, 12, 31)), ("FNA_B1", date(2025, 9, 15))])
def test_una_misura_senza_codice(misura, giorno):
    with pytest.raises(MisuraSenzaCodice):
        codifica_della_misura(misura, giorno)


VOCE = """
  - {{misura: X, dal: {dal}, al: {al}, codice: "{codice}", denominazione: "Prova di misura", carattere: "1", prova_mezzi: "1",
     area_utenza: null, fonte: "prova", confidenza: 1, da_verificare: true, mai: [{{inizio: "A9.01", motivo: "riservato"}}]}}"""


def voci(*righe: tuple[str, str, str]) -> str:
    return "misure:" + "".join(VOCE.format(codice=c, dal=dal, al=al) for c, dal, al in righe)


@pytest.mark.parametrize(
    ("righe", "motivo"),
    [
        ([("A9.01.01", "2020-01-01", "null")], "non è ammesso"),
        ([("A1.99", "2020-01-01", "null")], "non è nel vocabolario"),
        ([("A1.11", "2020-01-01", "null"), ("A1.10", "2021-01-01", "null")], "lo stesso giorno"),
        ([("A1.11", "2020-01-01", "2021-01-01"), ("A1.10", "2021-01-01", "null")], "lo stesso giorno"),
    ],
)
def test_configurazioni_rifiutate(righe, motivo):
    with pytest.raises(ValueError, match=motivo):
        carica_misure(voci(*righe))


def test_validita_che_si_succedono():
    lette = carica_misure(voci(("A1.11", "2020-01-01", "2020-12-31"), ("A1.10", "2021-01-01", "null")))
    assert [m.codice for m in lette] == ["A1.11", "A1.10"]
