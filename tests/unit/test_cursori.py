"""A cursor is good for its own list, its own caller, and one day."""

import base64
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.platform import cursori as modulo
from services.core.platform.cursori import LUNGHEZZA_MASSIMA, Cursori, Legame
from services.core.platform.errori import DatiNonValidi

OPERATORE, INCARICO, ALTRO = UUID(int=1), UUID(int=2), UUID(int=3)
LEGAME = Legame("elencaCartelle", OPERATORE, INCARICO, {"stato": "aperta", "dal": date(2025, 1, 1)})
VALORI = (datetime(2025, 9, 15, 10, 0, 0, 123456, tzinfo=UTC), UUID(int=9), "Zzqprova", 7, date(2025, 1, 2), None)
TIPI = (datetime, UUID, str, int, date, str)


@pytest.fixture
def cursori() -> Cursori:
    return Cursori(b"s" * 32)


def test_andata_e_ritorno(cursori: Cursori) -> None:
    testo = cursori.emetti(LEGAME, VALORI)
    assert cursori.leggi(testo, LEGAME, TIPI) == VALORI
    assert len(testo) < LUNGHEZZA_MASSIMA
    assert cursori.emetti(LEGAME, VALORI) != testo


def test_il_cursore_non_mostra_cio_che_contiene(cursori: Cursori) -> None:
    testo = cursori.emetti(LEGAME, VALORI)
    assert b"Zzqprova" not in base64.urlsafe_b64decode(testo + "==")


def test_l_ordine_dei_filtri_non_conta(cursori: Cursori) -> None:
    rovescio = Legame("elencaCartelle", OPERATORE, INCARICO, {"dal": date(2025, 1, 1), "stato": "aperta"})
    assert cursori.leggi(cursori.emetti(LEGAME, VALORI), rovescio, TIPI) == VALORI


@pytest.mark.parametrize(
    "legame",
    [
        Legame("elencaDomande", OPERATORE, INCARICO, LEGAME.filtri),
        Legame("elencaCartelle", ALTRO, INCARICO, LEGAME.filtri),
        Legame("elencaCartelle", OPERATORE, ALTRO, LEGAME.filtri),
        Legame("elencaCartelle", OPERATORE, None, LEGAME.filtri),
        Legame("elencaCartelle", OPERATORE, INCARICO, {"stato": "chiusa", "dal": date(2025, 1, 1)}),
        Legame("elencaCartelle", OPERATORE, INCARICO, {}),
    ],
)
def test_di_un_altro_elenco_o_di_altri(cursori: Cursori, legame: Legame) -> None:
    with pytest.raises(DatiNonValidi) as preso:
        cursori.leggi(cursori.emetti(LEGAME, VALORI), legame, TIPI)
    assert preso.value.estensioni["campi"][0]["campo"] == "query.cursore"


def test_con_un_altra_chiave(cursori: Cursori) -> None:
    with pytest.raises(DatiNonValidi):
        Cursori(b"t" * 32).leggi(cursori.emetti(LEGAME, VALORI), LEGAME, TIPI)


def test_scaduto_o_dal_futuro(cursori: Cursori, monkeypatch: pytest.MonkeyPatch) -> None:
    testo = cursori.emetti(LEGAME, VALORI)
    vero = modulo.adesso_ms()
    for scarto in (modulo.VALIDITA_S * 1000 + 1_000, -5_000):
        monkeypatch.setattr(modulo, "adesso_ms", lambda s=scarto: vero + s)
        with pytest.raises(DatiNonValidi):
            cursori.leggi(testo, LEGAME, TIPI)


def test_con_altri_tipi(cursori: Cursori) -> None:
    with pytest.raises(DatiNonValidi):
        cursori.leggi(cursori.emetti(LEGAME, VALORI), LEGAME, TIPI[:-1])


def test_ogni_bit_cambiato_si_vede(cursori: Cursori) -> None:
    grezzo = base64.urlsafe_b64decode(cursori.emetti(LEGAME, (1,)) + "==")
    for i in range(len(grezzo)):
        for bit in (1, 128):
            forgiato = bytes([*grezzo[:i], grezzo[i] ^ bit, *grezzo[i + 1 :]])
            with pytest.raises(DatiNonValidi):
                cursori.leggi(base64.urlsafe_b64encode(forgiato).decode().rstrip("="), LEGAME, (int,))


@given(testo=st.one_of(st.text(max_size=80), st.binary(max_size=80).map(lambda b: base64.urlsafe_b64encode(b).decode())))
def test_qualunque_testo_si_rifiuta_senza_guasti(testo: str) -> None:
    with pytest.raises(DatiNonValidi):
        Cursori(b"s" * 32).leggi(testo, LEGAME, (int,))


@given(
    valori=st.lists(
        st.one_of(st.text(max_size=20), st.integers(), st.uuids(), st.dates(), st.datetimes(timezones=st.just(UTC))), max_size=5
    )
)
def test_ogni_valore_torna_com_era(valori: list[Any]) -> None:
    sigillo = Cursori(b"s" * 32)
    assert sigillo.leggi(sigillo.emetti(LEGAME, valori), LEGAME, [type(v) for v in valori]) == tuple(valori)


def test_un_segreto_corto_si_rifiuta() -> None:
    with pytest.raises(ValueError, match="32 byte"):
        Cursori(b"corto")
