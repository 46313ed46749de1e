"""The process that seals the audit trail every second and hands the heads over to the witness.

One seals at a time: it holds a session advisory lock on a direct connection, on which it also seals, so that losing the one
is losing the other. Heads travel on a second connection and a pace of their own: a slow or absent witness never holds the seal.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import structlog

from services.core.platform.errori import ServizioEsterno
from services.core.sigillo.consegna import Bivio, Consegna, Esito
from services.core.sigillo.firme import Fiducia, Firmatario
from services.core.sigillo.service import BLOCCO_SIGILLO, LOTTO, Sigillo, adotta_testimone
from services.worker.attesa import attendi

ELEZIONE = BLOCCO_SIGILLO + 1
"""Session advisory lock of the process that seals."""

OGNI_S = 1.0
"""The window: how long a committed row stays without a seal, when the sealer keeps up."""

RIELEZIONE_S = 2.0
RIPROVA_MASSIMA_S = 60.0
"""Longest pause between two attempts at a witness that does not answer or refuses."""

log = structlog.get_logger()


class Sigillatore:
    """Stands for election, seals while elected, hands over to the witness at `url`, trusted as `testimone`."""

    def __init__(self, dsn: str, firmatario: Firmatario, url: str, testimone: Fiducia, cliente: httpx.AsyncClient) -> None:
        self._dsn, self._firmatario, self._cliente = dsn, firmatario, cliente
        self._url, self._testimone = url, testimone

    async def vivi(self, fermata: asyncio.Event) -> None:
        """Seal until `fermata`; start again after any failure."""
        while not fermata.is_set():
            try:
                await self._candidatura(fermata)
            except* (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as errori:
                # ValueError: the last head was tampered with. What is sealed is left as it is, for the verification to find
                log.error("sigillatore_interrotto", errori=[type(e).__name__ for e in errori.exceptions])  # noqa: TRY400
            await attendi(fermata, RIELEZIONE_S)

    async def _candidatura(self, fermata: asyncio.Event) -> None:
        async with self._connessione() as connessione:
            while not await connessione.fetchval("SELECT pg_try_advisory_lock($1)", ELEZIONE):
                if await attendi(fermata, RIELEZIONE_S):
                    return
            log.info("sigillatore_eletto", kid=self._firmatario.kid)
            async with asyncio.TaskGroup() as gruppo:
                gruppo.create_task(self._sigilla(connessione, fermata))
                gruppo.create_task(self._consegna(fermata))

    @asynccontextmanager
    async def _connessione(self) -> AsyncIterator[Any]:
        nome = {"application_name": "ambito-sigillatore"}
        connessione = await asyncpg.connect(self._dsn, timeout=10, server_settings=nome)
        try:
            yield connessione
        finally:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await connessione.close(timeout=2)

    async def _sigilla(self, connessione: Any, fermata: asyncio.Event) -> None:
        sigillo = Sigillo(self._firmatario)
        prossimo = time.monotonic()
        while not fermata.is_set():
            quante = await sigillo.sigilla(connessione)
            if quante == LOTTO:
                continue
            prossimo = max(prossimo + OGNI_S, time.monotonic())
            await attendi(fermata, prossimo - time.monotonic())

    async def _consegna(self, fermata: asyncio.Event) -> None:
        consegna = Consegna(self._cliente, self._url, self._testimone)
        attesa, raggiunto = OGNI_S, True
        async with self._connessione() as connessione:
            for kid in self._testimone.nomi:
                await adotta_testimone(connessione, kid)
            while not fermata.is_set():
                try:
                    ancora = await consegna.giro(connessione) is Esito.ANCORA
                    attesa, raggiunto = 0.0 if ancora else OGNI_S, True
                except (ServizioEsterno, Bivio) as errore:
                    if raggiunto or isinstance(errore, Bivio):
                        log.error("testimone_non_ha_firmato", errore=type(errore).__name__, perche=str(errore))  # noqa: TRY400
                    attesa, raggiunto = min(max(attesa, OGNI_S) * 2, RIPROVA_MASSIMA_S), False
                await attendi(fermata, attesa)
