"""A benefit that crosses a year is declared once for each.

Start and end of a declaration lie in one calendar year (WaaS specifications 2.0.1, DataFinePrestazione).
"""

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Annualita:
    """The part of a monthly benefit within one calendar year; `mesi` counts the instalments that begin in it, from 1 to 12."""

    anno: int
    inizio: date
    fine: date
    mesi: int


def _mese_dopo(inizio: date, mesi: int) -> date:
    anno, mese = divmod(inizio.year * 12 + inizio.month - 1 + mesi, 12)
    return date(anno, mese + 1, min(inizio.day, calendar.monthrange(anno, mese + 1)[1]))


def dividi_per_anno(inizio: date, fine: date) -> tuple[Annualita, ...]:
    """Split a monthly benefit from `inizio` to `fine`, both included, by calendar year.

    Each instalment belongs to the year in which its month begins, counted from `inizio`; so the months of all years add up to
    those of the whole benefit, and nothing is declared twice. A last year in which no instalment begins is not declared.

    Raises:
        ValueError: `fine` comes before `inizio`.
    """
    if fine < inizio:
        raise ValueError("la fine precede l'inizio")
    mesi_per_anno: dict[int, int] = {}
    rata = 0
    while (decorrenza := _mese_dopo(inizio, rata)) <= fine:
        mesi_per_anno[decorrenza.year] = mesi_per_anno.get(decorrenza.year, 0) + 1
        rata += 1
    return tuple(
        Annualita(anno, max(inizio, date(anno, 1, 1)), min(fine, date(anno, 12, 31)), mesi)
        for anno, mesi in mesi_per_anno.items()
    )
