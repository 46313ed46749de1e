"""The vocabulary of outcomes, shared by the pure rules and the tables."""

from collections.abc import Iterable
from enum import StrEnum


class EsitoRegola(StrEnum):
    """Three-valued outcome of one rule. A missing fact is DA_CHIARIRE: it is neither false nor zero."""

    SODDISFATTA = "soddisfatta"
    NON_SODDISFATTA = "non_soddisfatta"
    DA_CHIARIRE = "da_chiarire"


class EsitoAmmissibilita(StrEnum):
    AMMISSIBILE = "ammissibile"
    NON_AMMISSIBILE = "non_ammissibile"
    DA_CHIARIRE = "da_chiarire"


class EsitoVoce(StrEnum):
    IDONEA_FINANZIATA = "idonea_finanziata"
    IDONEA_NON_FINANZIATA = "idonea_non_finanziata"
    NON_IDONEA = "non_idonea"


def tutte(esiti: Iterable[EsitoRegola]) -> EsitoRegola:
    """Conjunction in Kleene's strong logic: one failure decides, else one doubt, else satisfied. Empty is satisfied."""
    presenti = set(esiti)
    for decisivo in (EsitoRegola.NON_SODDISFATTA, EsitoRegola.DA_CHIARIRE):
        if decisivo in presenti:
            return decisivo
    return EsitoRegola.SODDISFATTA


def almeno_una(esiti: Iterable[EsitoRegola]) -> EsitoRegola:
    """Disjunction in Kleene's strong logic: one success decides, else one doubt, else not satisfied. Empty is not satisfied."""
    presenti = set(esiti)
    for decisivo in (EsitoRegola.SODDISFATTA, EsitoRegola.DA_CHIARIRE):
        if decisivo in presenti:
            return decisivo
    return EsitoRegola.NON_SODDISFATTA


AMMISSIBILITA = {
    EsitoRegola.SODDISFATTA: EsitoAmmissibilita.AMMISSIBILE,
    EsitoRegola.NON_SODDISFATTA: EsitoAmmissibilita.NON_AMMISSIBILE,
    EsitoRegola.DA_CHIARIRE: EsitoAmmissibilita.DA_CHIARIRE,
}
