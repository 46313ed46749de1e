"""The Mondo del bambino: its shape, its scores, its course; and the wording that still has to be checked."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.pippi.mondo_del_bambino import (
    LATI,
    Lato,
    PunteggiNonValidi,
    Sottodimensione,
    andamento,
    leggi_punteggi,
    non_rilevate,
)
from services.core.pippi.parametri import MondoDescritto, ParametroMancante, mondo_descritto

CODICI = [s.value for s in Sottodimensione]


def test_tre_lati_e_diciassette_sottodimensioni_ognuna_su_un_lato_solo() -> None:
    assert {lato: len(sotto) for lato, sotto in LATI.items()} == {Lato.BAMBINO: 7, Lato.FAMIGLIA: 5, Lato.AMBIENTE: 5}
    assert [s for sotto in LATI.values() for s in sotto] == list(Sottodimensione)


def test_cio_che_non_e_rilevato_resta_ignoto() -> None:
    letti = leggi_punteggi({"autonomia": 3, "abitazione": None})
    assert letti[Sottodimensione.AUTONOMIA] == 3
    assert letti[Sottodimensione.ABITAZIONE] is None
    assert len(letti) == 17
    assert len(non_rilevate(letti)) == 16
    assert Sottodimensione.AUTONOMIA not in non_rilevate(letti)


@pytest.mark.parametrize("sbagliato", [0, 7, -1, True, 3.0, "3", [3]])
def test_un_punteggio_fuori_scala_e_rifiutato(sbagliato: object) -> None:
    with pytest.raises(PunteggiNonValidi) as errore:
        leggi_punteggi({"autonomia": sbagliato})
    assert errore.value.campi == {"autonomia": "intero da 1 a 6"}


def test_una_sottodimensione_sconosciuta_e_rifiutata() -> None:
    with pytest.raises(PunteggiNonValidi) as errore:
        leggi_punteggi({"felicita": 3})
    assert errore.value.campi == {"felicita": "sottodimensione sconosciuta"}


def test_le_differenze_per_sottodimensione() -> None:
    t0, t1, t2 = (leggi_punteggi({"autonomia": p}) for p in (2, 5, 4))
    voce = next(a for a in andamento(t0, t1, t2) if a.sottodimensione is Sottodimensione.AUTONOMIA)
    assert (voce.delta_t0_t1, voce.delta_t1_t2, voce.delta_t0_t2) == (3, -1, 2)


def test_senza_t1_si_va_da_t0_a_t2() -> None:
    t0, t2 = leggi_punteggi({"imparare": 2, "autonomia": 1}), leggi_punteggi({"imparare": 2})
    per_codice = {a.sottodimensione: a for a in andamento(t0, None, t2)}
    imparare, autonomia = per_codice[Sottodimensione.IMPARARE], per_codice[Sottodimensione.AUTONOMIA]
    assert (imparare.delta_t0_t1, imparare.delta_t1_t2, imparare.delta_t0_t2) == (None, None, 0)
    assert autonomia.delta_t0_t2 is None


Voti = dict[str, int | None]
punteggi = st.dictionaries(st.sampled_from(CODICI), st.one_of(st.none(), st.integers(1, 6)))


@given(punteggi, punteggi, punteggi)
def test_le_differenze_si_sommano_quando_sono_note(a: Voti, b: Voti, c: Voti) -> None:
    corso = andamento(leggi_punteggi(a), leggi_punteggi(b), leggi_punteggi(c))
    assert [v.sottodimensione for v in corso] == list(Sottodimensione)
    for v in corso:
        assert (v.delta_t0_t1 is None) == (v.t0 is None or v.t1 is None)
        if v.delta_t0_t1 is not None and v.delta_t1_t2 is not None:
            assert v.delta_t0_t2 == v.delta_t0_t1 + v.delta_t1_t2


def test_le_parole_sono_dichiarate_da_verificare() -> None:
    mondo = mondo_descritto(date(2025, 9, 15))
    assert all(lato.da_verificare for lato in mondo.lati.values())
    assert mondo.scala.da_verificare
    assert list(mondo.scala.livelli) == [1, 2, 3, 4, 5, 6]


def test_nessuna_parola_prima_della_prima_versione() -> None:
    with pytest.raises(ParametroMancante):
        mondo_descritto(date(2024, 12, 31))


def test_una_descrizione_incompleta_non_si_carica() -> None:
    grezzo = mondo_descritto(date(2025, 9, 15)).model_dump()
    del grezzo["lati"][Lato.AMBIENTE]["sottodimensioni"][Sottodimensione.ABITAZIONE]
    with pytest.raises(ValueError, match="diversi dal modello"):
        MondoDescritto.model_validate(grezzo)
