"""The protocol code of a domanda: random, readable, not to be counted."""

from services.core.misure.protocollo import ALFABETO, nuovo


def test_il_protocollo_non_si_conta_e_non_si_confonde() -> None:
    codici = [nuovo() for _ in range(1000)]
    assert len(set(codici)) == 1000
    assert all(len(c) == 14 and set(c) <= {*ALFABETO, "-"} for c in codici)
    assert not set(ALFABETO) & set("01ILO")
    assert codici != sorted(codici), "drawn, not counted"


def test_entra_nel_flusso_verso_inps() -> None:
    """ProtocolloDomanda takes 1 to 32 characters."""
    assert 1 <= len(nuovo()) <= 32
