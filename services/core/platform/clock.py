"""The one source of technical time: tokens, signatures, terms of delivery.

The legal day of a rule is never read from here: it is `data_riferimento`, an explicit argument.
"""

import time
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

FUSO = ZoneInfo("Europe/Rome")


def adesso() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def adesso_ms() -> int:
    """Return the present instant in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def oggi() -> date:
    """Return the present day in Italy."""
    return datetime.now(FUSO).date()
