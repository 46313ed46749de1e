"""When to try a delivery again: exponential backoff with jitter, up to seven days; then it is set aside for a person.

The limits are choices of ours (no act fixes them) and are written down in ADR 0009.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

PRIMA = timedelta(seconds=2)
MASSIMA = timedelta(hours=6)
LIMITE = timedelta(days=7)
"""Age of a delivery beyond which it is set aside (`accantonata`)."""

SOGLIA_SOSPENSIONE = 10
"""Failures in a row after which a destinazione is suspended; beyond it, one delivery at a time probes it."""

Casuale = Callable[[], float]
"""A source of numbers in [0, 1), injected so that tests are exact."""


def ritardo(tentativi: int, casuale: Casuale) -> timedelta:
    """Return the wait after the `tentativi`-th failure: 2 s doubled each time, at most 6 h, of which the second half is random.

    Raises:
        ValueError: `tentativi` is less than one.
    """
    if tentativi < 1:
        raise ValueError("nessun tentativo fatto")
    # beyond 2**14 seconds the maximum rules: no need to compute the huge power
    pieno = min(PRIMA * (1 << min(tentativi - 1, 20)), MASSIMA)
    return pieno / 2 + (pieno / 2) * casuale()


def prossimo(
    tentativi: int, creata_il: datetime, adesso: datetime, casuale: Casuale, richiesto: timedelta | None = None
) -> datetime | None:
    """Return the instant of the next attempt, or None when the delivery is to be set aside.

    Args:
        tentativi: attempts made so far, the failed one included.
        creata_il: when the delivery was created; the seven days run from here.
        adesso: the present instant.
        casuale: source of the jitter.
        richiesto: the wait asked by the receiver (`Retry-After`); honoured when longer than ours, up to 6 h.

    Raises:
        ValueError: `tentativi` is less than one.
    """
    attesa = ritardo(tentativi, casuale)
    if richiesto is not None:
        attesa = max(attesa, min(richiesto, MASSIMA))
    quando = adesso + attesa
    return None if quando > creata_il + LIMITE else quando


def sospensione(errori_consecutivi: int, adesso: datetime, casuale: Casuale) -> datetime | None:
    """Return until when a destinazione rests after so many failures in a row, or None below the threshold."""
    if errori_consecutivi < SOGLIA_SOSPENSIONE:
        return None
    return adesso + min(ritardo(errori_consecutivi - SOGLIA_SOSPENSIONE + 5, casuale), timedelta(hours=1))


def retry_after(valore: str | None, adesso: datetime) -> timedelta | None:
    """Read a `Retry-After` header (RFC 9110 §10.2.3: seconds or a date); None when absent, past or unreadable."""
    if not valore:
        return None
    testo = valore.strip()
    if testo.isascii() and testo.isdigit():
        return min(timedelta(seconds=int(testo[:9])), MASSIMA)
    try:
        data = parsedate_to_datetime(testo)
    except ValueError:
        return None
    distanza = (data if data.tzinfo else data.replace(tzinfo=UTC)) - adesso
    return distanza if distanza > timedelta(0) else None
