"""Waiting that a stop ends at once."""

import asyncio
import contextlib


async def attendi(evento: asyncio.Event, secondi: float) -> bool:
    """Wait for `evento` at most `secondi`; tell whether it is set."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(evento.wait(), secondi)
    return evento.is_set()
