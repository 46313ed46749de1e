"""The process that numbers committed events and wakes the readers.

One runs at a time: it holds a session advisory lock on a direct connection and listens there for the notification that a
writing transaction committed; a poll makes good a notification that was lost. Should the lock be lost with the connection,
two may overlap for a moment: the transaction lock inside `sequenzia` keeps the numbers right all the same.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import asyncpg
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from services.core.platform.eventi import BLOCCO_SEQUENZA, CANALE, sequenzia
from services.core.platform.pg.dsn import url_sqlalchemy
from services.core.platform.pg.ruoli import SEQUENZIATORE
from services.worker.attesa import attendi

ELEZIONE = BLOCCO_SEQUENZA + 1
"""Session advisory lock of the process that sequences; not the transaction lock of `sequenzia`, which it would exclude."""

LOTTO = 1000
SONDAGGIO_S = 1.0
PAUSA_S = 0.05
"""Least time between two rounds: commits that come close together are numbered and announced together."""

RIELEZIONE_S = 2.0
log = structlog.get_logger()

Sveglia = Callable[[Iterable[str]], None]
"""Asks for the readers named to be woken. Returns at once: a slow or absent broker must not hold the numbering."""


class Sequenziatore:
    """Numbers events and calls `sveglia` with the readers that have something to read.

    Args:
        dsn: direct address of the database (no PgBouncer) as the worker's role.
        lettori: names of the readers to wake.
        sveglia: how to wake them.
        al_giro: called after every round of the elected process, at least once a second: the periodic wake-ups start there.
    """

    def __init__(self, dsn: str, lettori: Iterable[str], sveglia: Sveglia, al_giro: Callable[[], None] = lambda: None) -> None:
        self._dsn = dsn
        self._lettori = tuple(lettori)
        self._sveglia = sveglia
        self._al_giro = al_giro
        self.eletto = asyncio.Event()

    async def vivi(self, fermata: asyncio.Event) -> None:
        """Stand for election until `fermata`; sequence while elected; start again after any failure of the connection."""
        while not fermata.is_set():
            try:
                await self._candidatura(fermata)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sa.exc.SQLAlchemyError) as errore:
                log.warning("sequenziatore_interrotto", errore=type(errore).__name__)
            finally:
                self.eletto.clear()
            await attendi(fermata, RIELEZIONE_S)

    async def _candidatura(self, fermata: asyncio.Event) -> None:
        connessione = await asyncpg.connect(self._dsn, timeout=10, server_settings={"application_name": "ambito-sequenziatore"})
        try:
            while not await connessione.fetchval("SELECT pg_try_advisory_lock($1)", ELEZIONE):
                if await attendi(fermata, RIELEZIONE_S):
                    return
            log.info("sequenziatore_eletto")
            self.eletto.set()
            await self._sequenzia(connessione, fermata)
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await connessione.close(timeout=2)

    async def _sequenzia(self, connessione: Any, fermata: asyncio.Event) -> None:
        novita = asyncio.Event()
        caduta = asyncio.Event()

        def notificato(*_: Any) -> None:
            novita.set()

        def terminata(_: Any) -> None:
            caduta.set()
            novita.set()

        connessione.add_termination_listener(terminata)
        await connessione.add_listener(CANALE, notificato)
        motore = create_async_engine(url_sqlalchemy(self._dsn), poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)
        sessioni = async_sessionmaker(motore, expire_on_commit=False)
        try:
            while not fermata.is_set():
                novita.clear()
                await self._giro(sessioni)
                await attendi(fermata, PAUSA_S)
                if await _prima_di(novita, fermata, SONDAGGIO_S):
                    continue
                await connessione.fetchval("SELECT 1", timeout=10)
                if caduta.is_set():
                    return
        finally:
            await motore.dispose()

    async def _giro(self, sessioni: async_sessionmaker[AsyncSession]) -> None:
        numerati = 0
        while True:
            async with sessioni() as sessione, sessione.begin():
                await sessione.execute(sa.text(f"SET LOCAL ROLE {SEQUENZIATORE}"))
                dati = await sequenzia(sessione, LOTTO)
            numerati += dati
            if dati < LOTTO:
                break
        if numerati:
            log.debug("eventi_numerati", quanti=numerati)
            self._sveglia(self._lettori)
        self._al_giro()


async def _prima_di(uno: asyncio.Event, altro: asyncio.Event, secondi: float) -> bool:
    """Wait until either is set, at most `secondi`; tell whether one is."""
    attese = [asyncio.ensure_future(e.wait()) for e in (uno, altro)]
    try:
        finiti, _ = await asyncio.wait(attese, timeout=secondi, return_when=asyncio.FIRST_COMPLETED)
        return bool(finiti)
    finally:
        for attesa in attese:
            attesa.cancel()
        await asyncio.gather(*attese, return_exceptions=True)
