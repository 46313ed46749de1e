"""`ts_flusso`: the milliseconds on which INPS cuts its pages.

A flow that shares a millisecond with another across the border of a page, or is published late with an earlier one, is never
read. So each ente has one sequence, strictly increasing, advanced under a row lock until commit; and a printed instant has
exactly three decimals, because more would be cut by the reader when it sends `since` back.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from services.core.platform.errori import StatoNonAmmesso

ANTICIPO_MASSIMO_MS: Final = 60_000
MASSIMO_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the last that can be printed as a date-time."""

_EPOCA = datetime(1970, 1, 1, tzinfo=UTC)
_ISTANTE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d{2}):(\d{2}))", re.ASCII
)


class SequenzaTroppoAvanti(StatoNonAmmesso):
    """Too many flows at once: the sequence would run more than a minute ahead of the clock. Publish the rest later."""

    tipo, titolo = "sequenza-flussi-troppo-avanti", "Troppi flussi in poco tempo: la pubblicazione riprende fra poco"


def prossimo_ts(ultimo: int, adesso_ms: int) -> int:
    """Return the next `ts_flusso` of an ente, in milliseconds since the epoch: `max(ultimo + 1, adesso_ms)`.

    Raises:
        ValueError: a negative argument.
        SequenzaTroppoAvanti: the result would lie more than 60 seconds ahead of `adesso_ms`.
    """
    if ultimo < 0 or adesso_ms < 0:
        raise ValueError("millisecondi negativi")
    prossimo = max(ultimo + 1, adesso_ms)
    if prossimo > adesso_ms + ANTICIPO_MASSIMO_MS:
        raise SequenzaTroppoAvanti(anticipo_ms=prossimo - adesso_ms)
    return prossimo


def istante(ms: int) -> datetime:
    """Return milliseconds since the epoch as an aware instant in UTC.

    Raises:
        ValueError: outside the years 1970 to 9999.
    """
    if not 0 <= ms <= MASSIMO_MS:
        raise ValueError("istante fuori dagli anni 1970-9999")
    return _EPOCA + timedelta(milliseconds=ms)


def stampa_ts(ms: int) -> str:
    """Print milliseconds since the epoch as RFC 3339 in UTC with exactly three decimals (`2023-11-27T11:04:56.852Z`).

    Raises:
        ValueError: outside the years 1970 to 9999.
    """
    return f"{istante(ms):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def leggi_istante(testo: str) -> datetime:
    """Read an RFC 3339 date-time written by others: any fraction up to nanoseconds (cut to microseconds), any offset.

    Raises:
        ValueError: it is not a date-time with an offset, or it lies outside the calendar.
    """
    trovato = _ISTANTE.fullmatch(testo.strip())
    if trovato is None:
        raise ValueError("non è un istante RFC 3339")
    *parti, frazione, zeta, segno, ore, minuti = trovato.groups()
    anno, mese, giorno, ora, minuto, secondo = (int(p) for p in parti)
    micro = int((frazione or "").ljust(6, "0")[:6])
    if zeta is None and (int(ore) > 23 or int(minuti) > 59):
        raise ValueError("scostamento dal tempo universale fuori dai limiti")
    scarto = timedelta() if zeta else timedelta(hours=int(ore), minutes=int(minuti)) * (-1 if segno == "-" else 1)
    try:
        return datetime(anno, mese, giorno, ora, minuto, secondo, micro, tzinfo=UTC) - scarto
    except OverflowError as errore:
        raise ValueError("istante fuori dal calendario") from errore


def leggi_ts(testo: str) -> int:
    """Read an RFC 3339 date-time as milliseconds since the epoch, cutting what is finer.

    Raises:
        ValueError: as `leggi_istante`, or before 1970.
    """
    ms = (leggi_istante(testo) - _EPOCA) // timedelta(milliseconds=1)
    if ms < 0:
        raise ValueError("istante prima del 1970")
    return ms
