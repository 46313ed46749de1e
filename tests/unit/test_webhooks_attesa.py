"""When a delivery is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.webhooks import attesa

ORA = datetime(2025, 9, 15, 10, 0, 0, tzinfo=UTC)


def minimo() -> float:
    return 0.0


def massimo() -> float:
    return 1.0


def test_i_primi_ritardi_raddoppiano():
    assert [attesa.ritardo(n, massimo).total_seconds() for n in range(1, 6)] == [2, 4, 8, 16, 32]
    assert [attesa.ritardo(n, minimo).total_seconds() for n in range(1, 6)] == [1, 2, 4, 8, 16]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_il_ritardo_sta_sempre_tra_meta_e_tutto(tentativi, caso):
    pieno = attesa.ritardo(tentativi, massimo)
    assert pieno / 2 <= attesa.ritardo(tentativi, lambda: caso) <= pieno <= attesa.MASSIMA


def test_senza_tentativi_non_ha_senso():
    with pytest.raises(ValueError, match="tentativo"):
        attesa.ritardo(0, minimo)


def test_in_sette_giorni_si_prova_molte_volte_e_poi_si_accantona():
    quando, tentativi, istanti = ORA, 0, []
    while True:
        tentativi += 1
        prossimo = attesa.prossimo(tentativi, ORA, quando, massimo)
        if prossimo is None:
            break
        istanti.append(prossimo)
        quando = prossimo
    assert 30 < tentativi < 60
    assert istanti == sorted(istanti)
    assert istanti[-1] <= ORA + timedelta(days=7)
    assert ORA + timedelta(days=7) - istanti[-1] <= attesa.MASSIMA


def test_retry_after_allunga_e_non_accorcia():
    lungo = attesa.prossimo(1, ORA, ORA, minimo, timedelta(seconds=90))
    corto = attesa.prossimo(5, ORA, ORA, minimo, timedelta(seconds=1))
    eterno = attesa.prossimo(1, ORA, ORA, minimo, timedelta(days=365))
    assert lungo == ORA + timedelta(seconds=90)
    assert corto == ORA + timedelta(seconds=16)
    assert eterno == ORA + attesa.MASSIMA


@pytest.mark.parametrize(
    ("valore", "atteso"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("99999999999999999999", attesa.MASSIMA),
        ("-3", None),
        ("domani", None),
        ("Mon, 15 Sep 2025 10:01:00 GMT", timedelta(seconds=60)),
        ("Mon, 15 Sep 2025 09:00:00 GMT", None),
        ("Mon, 15 Sep 2025 10:01:00", timedelta(seconds=60)),
        ("١٢", None),
    ],
)
def test_lettura_di_retry_after(valore, atteso):
    assert attesa.retry_after(valore, ORA) == atteso


def test_la_destinazione_riposa_dopo_dieci_errori_di_fila():
    assert attesa.sospensione(9, ORA, massimo) is None
    prima = attesa.sospensione(10, ORA, massimo)
    assert prima == ORA + timedelta(seconds=32)
    assert attesa.sospensione(500, ORA, massimo) == ORA + timedelta(hours=1)
