"""`GET /metrics` for Prometheus: numbers only, no identifiers. Outside the contract; a proxy keeps it inside (docs/adr/0008).

It answers when the database or the broker do not: their numbers are then missing, and a gauge says that they were not reached.
"""

import asyncio

import asyncpg
import structlog
from fastapi import FastAPI, Request
from starlette.responses import Response

from services.api.coda_rabbit import CodaRabbit
from services.api.deps import stato
from services.api.errori_sql import ServizioNonDisponibile, traduci
from services.core.platform import metriche
from services.core.platform.coda import nome_coda
from services.core.platform.db import Database
from services.core.platform.settings import Settings

ATTESA_DATABASE_S = 5.0

log = structlog.get_logger()


class Esposizione:
    """Reads what is to be read at each scrape, and says once in the log that the database or the broker is away or back."""

    def __init__(self, settings: Settings) -> None:
        self._coda = nome_coda(settings.dsn_app)
        self._rabbit = CodaRabbit(settings.broker_url, self._coda) if settings.broker_url is not None else None
        self._assenti: set[str] = set()

    async def esponi(self, request: Request) -> Response:
        """Answer a scrape."""
        nel_database = await self._dal_database(stato(request).database)
        in_attesa = nel_database if self._rabbit is None else await self._da_rabbit(self._rabbit)
        metriche.osserva_broker(in_attesa)
        return Response(metriche.esponi(database=nel_database is not None), media_type=metriche.CONTENT_TYPE)

    async def _dal_database(self, database: Database) -> dict[str, int] | None:
        """Read what the database knows and return the wake-ups that wait in it, by queue; None when it does not answer."""
        try:
            async with asyncio.timeout(ATTESA_DATABASE_S), database.lettura("SELECT 1") as connessione:
                await metriche.misura_database(connessione)
                sveglie = await metriche.misura_sveglie(connessione)
        except Exception as errore:
            if not _irraggiungibile(errore):
                raise
            self._annota("database", type(errore).__name__)
            return None
        self._annota("database", None)
        return {self._coda: 0} | sveglie

    async def _da_rabbit(self, rabbit: CodaRabbit) -> dict[str, int] | None:
        """Return the wake-ups that wait in RabbitMQ; None when it does not answer, nothing while no worker has made the queue."""
        lettura = await rabbit.leggi()
        self._annota("broker", lettura.errore)
        if not lettura.raggiungibile:
            return None
        return {} if lettura.in_attesa is None else {self._coda: lettura.in_attesa}

    def _annota(self, chi: str, errore: str | None) -> None:
        if errore is not None and chi not in self._assenti:
            self._assenti.add(chi)
            log.warning("metriche_non_raggiungibile", chi=chi, errore=errore)
        elif errore is None and chi in self._assenti:
            self._assenti.remove(chi)
            log.info("metriche_di_nuovo_raggiungibile", chi=chi)


def _irraggiungibile(errore: Exception) -> bool:
    """Whether it is the database that is away, and not a fault of ours."""
    return isinstance(errore, OSError | asyncpg.InterfaceError) or isinstance(traduci(errore), ServizioNonDisponibile)


def monta(app: FastAPI, settings: Settings) -> None:
    """Add the route to `app`."""
    app.add_route("/metrics", Esposizione(settings).esponi, include_in_schema=False)
