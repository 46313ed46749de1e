"""The loader of parameters of law refuses every gap, overlap, float and unknown key; a digest tells one figure from another."""

from datetime import date

import pytest

from services.core.misure import catalogo
from services.core.misure.parametro import (
    Parametri,
    ParametriNonValidi,
    RegoleNonInVigore,
    VersioneParametro,
    VistaParametri,
    analizza,
    euro_in_centesimi,
)

UNO = """
insieme: PROVA
parametri:
  - codice: soglia
    titolo: Soglia di prova
    unita: euro
    valori:
      - {dal: 2024-01-01, al: 2024-12-31, valore: "100.00", atto: Atto uno}
      - {dal: 2025-01-01, al: null, valore: "120.50", atto: Atto due, articolo: art. 1, da_verificare: true}
"""


def test_valore_in_vigore_alle_soglie_del_periodo() -> None:
    parametri = Parametri(analizza(UNO, "prova"))
    assert parametri.in_vigore("PROVA.soglia", date(2024, 1, 1)).valore == 10000
    assert parametri.in_vigore("PROVA.soglia", date(2024, 12, 31)).valore == 10000
    nuovo = parametri.in_vigore("PROVA.soglia", date(2025, 1, 1))
    assert (nuovo.valore, nuovo.atto, nuovo.articolo, nuovo.da_verificare) == (12050, "Atto due", "art. 1", True)
    assert parametri.in_vigore("PROVA.soglia", date(2999, 1, 1)) == nuovo


@pytest.mark.parametrize(("codice", "giorno"), [("PROVA.soglia", date(2023, 12, 31)), ("PROVA.altro", date(2025, 1, 1))])
def test_giorno_scoperto_blocca_la_decisione(codice: str, giorno: date) -> None:
    with pytest.raises(RegoleNonInVigore):
        Parametri(analizza(UNO, "prova")).in_vigore(codice, giorno)


@pytest.mark.parametrize(
    ("vecchio", "nuovo", "motivo"),
    [
        ("al: 2024-12-31", "al: 2024-12-30", "scoperto"),
        ("al: 2024-12-31", "al: 2025-01-01", "sovrappone"),
        ("al: 2024-12-31", "al: null", "sovrappone"),
        ("al: 2024-12-31", "al: 2023-12-31", "prima di cominciare"),
        ('valore: "100.00"', "valore: 100.00", "due decimali"),
        ('valore: "100.00"', "valore: 100", "due decimali"),
        ('valore: "100.00"', 'valore: "100,00"', "due decimali"),
        ('valore: "100.00"', 'valore: "100.0"', "due decimali"),
        ('valore: "100.00"', 'valore: "-1.00"', "negativo"),
        ('valore: "100.00"', 'valore: "a.bc"', "non leggibile"),
        ('valore: "100.00"', 'valore: "1e5.00"', "non leggibile"),
        ("atto: Atto uno", 'atto: ""', "at least 1"),
        (", atto: Atto uno", "", "atto"),
        ("atto: Atto uno", "atto: Atto uno, fonte: sentito dire", "fonte"),
        ("unita: euro", "unita: lire", "unita"),
        ("unita: euro", "unita: intero", "intero"),
        ("titolo: Soglia di prova", "titolo: Soglia\n    titolo: Altra", "ripetuta"),
        ("insieme: PROVA", "insieme: prova", "insieme"),
        ("insieme: PROVA", "insieme: [", "YAML"),
    ],
)
def test_file_errato_rifiutato(vecchio: str, nuovo: str, motivo: str) -> None:
    assert vecchio in UNO
    with pytest.raises(ParametriNonValidi, match=motivo):
        analizza(UNO.replace(vecchio, nuovo), "prova")


def test_parametro_ripetuto_rifiutato() -> None:
    voce = UNO.split("parametri:\n")[1]
    with pytest.raises(ParametriNonValidi, match="ripetuto"):
        analizza(UNO + voce, "prova")


def test_decimale_in_tabella_rifiutato_e_euro_convertiti() -> None:
    testo = UNO.replace("unita: euro", "unita: tabella").replace('valore: "120.50"', 'valore: [{importo_euro: "1.05"}]')
    with pytest.raises(ParametriNonValidi):
        analizza(testo, "prova")
    intero = testo.replace('valore: "100.00"', "valore: [{quota: 0.5}]")
    with pytest.raises(ParametriNonValidi, match="float"):
        analizza(intero, "prova")
    buono = testo.replace('valore: "100.00"', "valore: [{quota: 5}]")
    assert [versione.valore for versione in analizza(buono, "prova")] == [[{"quota": 5}], [{"importo_centesimi": 105}]]


def test_la_versione_cambia_con_la_cifra_e_con_l_atto_non_con_la_chiusura() -> None:
    def versione(testo: str) -> str:
        return analizza(testo, "prova")[1].versione

    assert versione(UNO) == versione(UNO.replace("da_verificare: true", "da_verificare: false"))
    assert versione(UNO) == versione(UNO.replace("al: null", "al: 2025-12-31"))
    assert versione(UNO) != versione(UNO.replace("120.50", "120.51"))
    assert versione(UNO) != versione(UNO.replace("Atto due", "Atto tre"))


def test_forma_salvata_andata_e_ritorno() -> None:
    for versione in analizza(UNO, "prova"):
        assert VersioneParametro.da_json(versione.codice, versione.come_json()) == versione


def test_la_vista_ricorda_solo_cio_che_si_legge() -> None:
    vista = VistaParametri(Parametri(analizza(UNO, "prova")), "PROVA", date(2024, 6, 1))
    assert vista.usati == {}
    assert vista["soglia"] == 10000
    assert list(vista.usati) == ["PROVA.soglia"]


def test_i_file_del_pacchetto_sono_validi_e_citano_un_atto() -> None:
    parametri = catalogo.parametri()
    assert parametri.codici()
    for codice in parametri.codici():
        assert all(versione.atto for versione in parametri.versioni(codice))


def test_cifre_della_dgr_3719() -> None:
    giorno = date(2025, 9, 15)
    parametri = catalogo.parametri()
    attese = {"isee_massimo_adulti": 2_500_000, "isee_massimo_minori": 4_000_000, "isee_massimo_autonomia": 3_000_000}
    for nome, centesimi in attese.items():
        versione = parametri.in_vigore(f"FNA_B2.{nome}", giorno)
        assert (versione.valore, versione.da_verificare) == (centesimi, False)
        assert "XII/3719" in versione.atto
    for nome in ("incompatibilita", "criteri_graduatoria", "punteggio_fragilita"):
        assert parametri.in_vigore(f"FNA_B2.{nome}", giorno).da_verificare is True


def test_tabella_con_colonna_ignota_o_codice_ripetuto_rifiutata() -> None:
    testo = UNO.replace("PROVA", "FNA_B2").replace("codice: soglia", "codice: incompatibilita").replace("euro", "tabella")
    riga = "{codice: X, titolo: Prova, esito: compatibile}"
    errata = testo.replace('"100.00"', "[{codice: X, titolo: Prova, esito: forse}]").replace('"120.50"', f"[{riga}]")
    doppia = testo.replace('"100.00"', f"[{riga}, {riga}]").replace('"120.50"', f"[{riga}]")
    for contenuto, motivo in ((errata, "esito"), (doppia, "ripetuto")):
        with pytest.raises(ParametriNonValidi, match=motivo):
            catalogo.controlla_tabelle(analizza(contenuto, "prova"))


@pytest.mark.parametrize("valore", [None, 5, 5.0, "", "5", "5.", "5.005", " 5,00"])
def test_euro_non_leggibili(valore: object) -> None:
    with pytest.raises(ValueError):
        euro_in_centesimi(valore)
