"""Money as integer cents; conversion to and from `Decimal` euros without silent rounding."""

from decimal import Decimal

CENTESIMO = Decimal("0.01")


def in_centesimi(euro: Decimal) -> int:
    """Convert euros to cents.

    Raises:
        ValueError: the amount has more than two decimals or is not finite.
    """
    if not euro.is_finite() or euro != euro.quantize(CENTESIMO):
        raise ValueError("importo con più di due decimali")
    return int(euro * 100)


def in_euro(centesimi: int) -> Decimal:
    """Convert cents to euros with exactly two decimals."""
    return Decimal(centesimi) / 100 + Decimal("0.00")
