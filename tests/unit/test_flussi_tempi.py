"""ts_flusso, identifiers and the split by year."""

from datetime import UTC, date, datetime

import pytest

from services.core.flussi.annualita import Annualita, dividi_per_anno
from services.core.flussi.identificativi import IdFlusso, leggi_id, prossimo_progressivo, scrivi_id
from services.core.flussi.orologio import (
    MASSIMO_MS,
    SequenzaTroppoAvanti,
    leggi_istante,
    leggi_ts,
    prossimo_ts,
    stampa_ts,
)


@pytest.mark.parametrize(
    ("ultimo", "adesso", "atteso"),
    [(0, 1000, 1000), (1000, 1000, 1001), (5000, 1000, 5001), (999, 1000, 1000), (60_999, 1000, 61_000)],
)
def test_prossimo_ts(ultimo, adesso, atteso):
    assert prossimo_ts(ultimo, adesso) == atteso


def test_oltre_un_minuto_in_anticipo_si_ferma():
    with pytest.raises(SequenzaTroppoAvanti) as preso:
        prossimo_ts(61_000, 1000)
    assert preso.value.estensioni == {"anticipo_ms": 60_001}


@pytest.mark.parametrize(("ultimo", "adesso"), [(-1, 0), (0, -1)])
def test_millisecondi_negativi(ultimo, adesso):
    with pytest.raises(ValueError):
        prossimo_ts(ultimo, adesso)


@pytest.mark.parametrize(
    ("ms", "testo"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_701_083_096_852, "2023-11-27T11:04:56.852Z"),
        (1_701_083_096_800, "2023-11-27T11:04:56.800Z"),
        (1_701_083_096_000, "2023-11-27T11:04:56.000Z"),
        (MASSIMO_MS, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_si_stampa_con_tre_decimali_e_si_rilegge(ms, testo):
    assert stampa_ts(ms) == testo
    assert leggi_ts(testo) == ms


@pytest.mark.parametrize("ms", [-1, MASSIMO_MS + 1, 10**20])
def test_istanti_non_stampabili(ms):
    with pytest.raises(ValueError):
        stampa_ts(ms)


@pytest.mark.parametrize(
    ("testo", "ms"),
    [
        ("2023-11-27T11:04:56Z", 1_701_083_096_000),
        ("2023-11-27T12:04:56.8+01:00", 1_701_083_096_800),
        ("2023-11-27t11:04:56.852999z", 1_701_083_096_852),
        ("2023-11-27T11:04:56.852999999Z", 1_701_083_096_852),
        (" 2023-11-27T06:34:56.852-04:30 ", 1_701_083_096_852),
    ],
)
def test_si_legge_anche_chi_scrive_altrimenti(testo, ms):
    assert leggi_ts(testo) == ms


@pytest.mark.parametrize(
    "testo",
    [
        "",
        "0",
        "2023-11-27",
        "2023-11-27T11:04:56",
        "2023-02-30T11:04:56Z",
        "2023-11-27T25:04:56Z",
        "2023-11-27T11:04:56+24:00",
        "2023-11-27T11:04:56+23:60",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "1969-12-31T23:59:59.999Z",
        "２０23-11-27T11:04:56Z",
    ],
)
def test_istanti_illeggibili(testo):
    with pytest.raises(ValueError):
        leggi_ts(testo)


def test_leggi_istante_tiene_i_microsecondi():
    assert leggi_istante("2023-11-27T11:04:56.8529Z") == datetime(2023, 11, 27, 11, 4, 56, 852_900, tzinfo=UTC)


def test_id_flusso_scritto_e_letto():
    scritto = scrivi_id("D142", "PS", date(2025, 9, 15), 42)
    assert scritto == "D142.PS.20250915.0000042"
    assert leggi_id(scritto) == IdFlusso("D142", "PS", date(2025, 9, 15), 42)


# both ids of the published example: seven and eight digits
@pytest.mark.parametrize(
    ("testo", "tipo", "progressivo"), [("H501.PS.20210520.0000002", "PS", 2), ("H501.SINBA.20210520.00000004", "SINBA", 4)]
)
def test_id_degli_esempi_di_inps(testo, tipo, progressivo):
    assert leggi_id(testo) == IdFlusso("H501", tipo, date(2021, 5, 20), progressivo)


@pytest.mark.parametrize(
    "testo",
    ["", "H501", "H501.PS.20210231.1", "H501.XX.20210520.1", "H501.PS.20210520.", "H501.PS.20210520.1.2", ".PS.20210520.1"],
)
def test_id_illeggibili(testo):
    with pytest.raises(ValueError):
        leggi_id(testo)


@pytest.mark.parametrize(
    ("ente", "tipo", "progressivo"),
    [("d142", "PS", 1), ("D1420", "PS", 1), ("D142", "PSA", 1), ("D142", "PS", 0), ("D142", "PS", 10_000_000)],
)
def test_id_che_non_si_scrivono(ente, tipo, progressivo):
    with pytest.raises(ValueError):
        scrivi_id(ente, tipo, date(2025, 9, 15), progressivo)


def test_progressivo_ricomincia_ogni_giorno():
    oggi, domani = date(2025, 9, 15), date(2025, 9, 16)
    assert prossimo_progressivo(None, 0, oggi) == 1
    assert prossimo_progressivo(oggi, 7, oggi) == 8
    assert prossimo_progressivo(oggi, 7, domani) == 1
    with pytest.raises(ValueError):
        prossimo_progressivo(domani, 1, oggi)
    with pytest.raises(ValueError):
        prossimo_progressivo(oggi, 9_999_999, oggi)


@pytest.mark.parametrize(
    ("inizio", "fine", "attese"),
    [
        ("2025-10-01", "2025-12-31", [(2025, "2025-10-01", "2025-12-31", 3)]),
        ("2025-10-01", "2026-03-31", [(2025, "2025-10-01", "2025-12-31", 3), (2026, "2026-01-01", "2026-03-31", 3)]),
        ("2025-09-15", "2026-09-14", [(2025, "2025-09-15", "2025-12-31", 4), (2026, "2026-01-01", "2026-09-14", 8)]),
        ("2025-12-15", "2026-01-10", [(2025, "2025-12-15", "2025-12-31", 1)]),
        ("2025-08-31", "2026-02-28", [(2025, "2025-08-31", "2025-12-31", 5), (2026, "2026-01-01", "2026-02-28", 2)]),
        (
            "2024-11-01",
            "2026-01-31",
            [
                (2024, "2024-11-01", "2024-12-31", 2),
                (2025, "2025-01-01", "2025-12-31", 12),
                (2026, "2026-01-01", "2026-01-31", 1),
            ],
        ),
        ("2025-06-05", "2025-06-05", [(2025, "2025-06-05", "2025-06-05", 1)]),
    ],
)
def test_divisione_per_anno(inizio, fine, attese):
    d = date.fromisoformat
    assert dividi_per_anno(d(inizio), d(fine)) == tuple(Annualita(a, d(i), d(f), m) for a, i, f, m in attese)


def test_periodo_al_contrario():
    with pytest.raises(ValueError):
        dividi_per_anno(date(2025, 2, 1), date(2025, 1, 31))
