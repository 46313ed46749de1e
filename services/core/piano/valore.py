"""The value of an indicator from the sum of its contributions. Pure: no I/O.

Numerator and denominator are summed apart and divided last; percentages are never averaged. A ratio whose denominator is not
there is "non calcolabile", which is not zero.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from services.core.piano.formule import Formula
from services.core.piano.verso import Verso

CENTESIMI_DI_PUNTO = Decimal("0.01")


class StatoValore(StrEnum):
    CALCOLATO = "calcolato"
    NON_CALCOLABILE = "non_calcolabile"


@dataclass(frozen=True, slots=True)
class Somma:
    """What the contributions add up to. `denominatore` is None when there is none at all, or when one of them lacks it."""

    contributi: int
    numeratore: int
    denominatore: int | None


@dataclass(frozen=True, slots=True)
class Valore:
    """The value of an indicator: a count, or a percentage rounded half up to two decimals for who reads it.

    `raggiunto` is decided on numerator and denominator, before rounding; None when the value cannot be computed.
    """

    stato: StatoValore
    valore: Decimal | None
    numeratore: int | None
    denominatore: int | None
    contributi: int
    raggiunto: bool | None
    motivo: str | None = None


def calcola(formula: Formula, somma: Somma, verso: Verso, atteso: Decimal) -> Valore:
    """Return the value; `atteso` is in the indicator's own unit (projects for a count, per cent for a ratio)."""
    if not formula.rapporto:
        return Valore(
            stato=StatoValore.CALCOLATO,
            valore=Decimal(somma.numeratore),
            numeratore=somma.numeratore,
            denominatore=None,
            contributi=somma.contributi,
            raggiunto=_confronta(Decimal(somma.numeratore), verso, atteso),
        )
    if not somma.denominatore:
        return Valore(
            stato=StatoValore.NON_CALCOLABILE,
            valore=None,
            numeratore=somma.numeratore if somma.contributi else None,
            denominatore=None,
            contributi=somma.contributi,
            raggiunto=None,
            motivo="Non calcolabile: manca il denominatore.",
        )
    percentuale = Decimal(somma.numeratore * 100) / Decimal(somma.denominatore)
    return Valore(
        stato=StatoValore.CALCOLATO,
        valore=percentuale.quantize(CENTESIMI_DI_PUNTO, rounding=ROUND_HALF_UP),
        numeratore=somma.numeratore,
        denominatore=somma.denominatore,
        contributi=somma.contributi,
        raggiunto=_confronta(Decimal(somma.numeratore * 100), verso, atteso * somma.denominatore),
    )


def _confronta(valore: Decimal, verso: Verso, atteso: Decimal) -> bool:
    match verso:
        case Verso.ALMENO:
            return valore >= atteso
        case Verso.AL_PIU:
            return valore <= atteso
        case Verso.PARI:
            return valore == atteso
