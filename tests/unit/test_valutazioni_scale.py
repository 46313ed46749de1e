"""Katz and Lawton: known cases, and the law that a missing item is never a zero."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.core.valutazioni.parametri import FasceAvq, ParametroMancante, fasce_avq
from services.core.valutazioni.scale import (
    FasciaAdl,
    VoceAdl,
    VoceIadl,
    VociNonValide,
    attivita_vita_quotidiana,
    katz,
    lawton,
)

TUTTE_ADL = [v.value for v in VoceAdl]
TUTTE_IADL = [v.value for v in VoceIadl]
valore = st.sampled_from([0, 1, None])


def test_katz_di_una_persona_autonoma_vale_sei() -> None:
    assert katz(dict.fromkeys(TUTTE_ADL, 1)).valore == 6


def test_katz_di_una_persona_dipendente_vale_zero_non_ignoto() -> None:
    punteggio = katz(dict.fromkeys(TUTTE_ADL, 0))
    assert (punteggio.valore, punteggio.mancanti) == (0, ())


def test_lawton_conta_otto_voci() -> None:
    voci = dict.fromkeys(TUTTE_IADL, 1) | {"gestire_il_denaro": 0, "assumere_farmaci": 0}
    assert lawton(voci).valore == 6
    assert lawton(voci).massimo == 8


@pytest.mark.parametrize("manca", TUTTE_ADL)
@pytest.mark.parametrize("come", ["assente", "nulla"])
def test_una_voce_che_manca_lascia_il_punteggio_ignoto_e_viene_nominata(manca: str, come: str) -> None:
    voci: dict[str, int | None] = dict.fromkeys(TUTTE_ADL, 1)
    if come == "nulla":
        voci[manca] = None
    else:
        del voci[manca]
    punteggio = katz(voci)
    assert punteggio.valore is None
    assert punteggio.mancanti == (manca,)
    assert punteggio.parziale


def test_una_scala_non_somministrata_non_e_parziale() -> None:
    punteggio = lawton({})
    assert punteggio.non_somministrata
    assert not punteggio.parziale
    assert punteggio.valore is None
    assert punteggio.mancanti == tuple(TUTTE_IADL)


@pytest.mark.parametrize("sbagliato", [2, -1, True, False, 1.0, "1", [1], {}])
def test_un_valore_diverso_da_zero_e_uno_e_rifiutato_senza_ripeterlo(sbagliato: object) -> None:
    with pytest.raises(VociNonValide) as errore:
        katz({"vestirsi": sbagliato})
    assert errore.value.campi == {"vestirsi": "0 oppure 1"}


def test_una_voce_sconosciuta_e_rifiutata() -> None:
    with pytest.raises(VociNonValide) as errore:
        lawton({"vestirsi": 1})
    assert errore.value.campi == {"vestirsi": "voce sconosciuta"}


@given(st.dictionaries(st.sampled_from(TUTTE_ADL), valore))
def test_il_punteggio_e_noto_se_e_solo_se_tutte_le_voci_lo_sono(voci: dict[str, int | None]) -> None:
    noti = [v for v in voci.values() if v is not None]
    punteggio = katz(voci)
    assert (punteggio.valore is None) == (len(noti) < 6)
    assert len(punteggio.mancanti) == 6 - len(noti)
    if punteggio.valore is not None:
        assert punteggio.valore == sum(noti)


@pytest.mark.parametrize(("punteggio", "codice"), [(6, "1"), (5, "1"), (4, "2"), (2, "2"), (1, "3"), (0, "3"), (None, None)])
def test_la_conversione_verso_sina(punteggio: int | None, codice: str | None) -> None:
    parametro = fasce_avq(date(2025, 9, 15))
    assert parametro.da_verificare is True
    assert attivita_vita_quotidiana(punteggio, parametro.valore) == codice


def test_nessuna_conversione_prima_della_prima_versione() -> None:
    with pytest.raises(ParametroMancante):
        fasce_avq(date(2024, 12, 31))


def test_un_punteggio_fuori_dalle_fasce_e_un_errore_del_parametro() -> None:
    with pytest.raises(ValueError, match="nessuna fascia"):
        attivita_vita_quotidiana(3, [FasciaAdl(0, 1, "3"), FasciaAdl(5, 6, "1")])


@pytest.mark.parametrize("fasce", [[(0, 5)], [(0, 3), (3, 6)], [(0, 7)], []])
def test_fasce_che_non_coprono_la_scala_una_volta_sola_non_si_caricano(fasce: list[tuple[int, int]]) -> None:
    with pytest.raises(ValidationError):
        FasceAvq(
            versione="x",
            valido_dal=date(2025, 1, 1),
            da_verificare=True,
            atto="atto di prova",
            valore=tuple(FasciaAdl(da, a, "1") for da, a in fasce),
        )
