"""The application's two doors to the database, under the same role and the same row policies.

`sessione()` is SQLAlchemy, for changes and rich use cases. `lettura()` is asyncpg, for hot reads whose JSON PostgreSQL
builds itself: the idiomatic stack spends three quarters of a list's time in Python (docs/adr/0003).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from services.core.platform.pg.dsn import url_sqlalchemy


class RuoloNonSicuro(Exception):
    """The application is connected as a role that owns tables or bypasses row-level security."""


def crea_engine(dsn: str, *, massimo: int) -> AsyncEngine:
    """A SQLAlchemy engine over asyncpg, with no overflow beyond `massimo` connections."""
    return create_async_engine(url_sqlalchemy(dsn), pool_size=massimo, max_overflow=0, pool_timeout=10)


class Database:
    """Pools of one process. Open it in the lifespan of the process, close it at the end."""

    def __init__(self, dsn: str, *, minimo: int = 1, massimo: int = 10) -> None:
        self._dsn, self._minimo, self._massimo = dsn, minimo, massimo
        self.engine: AsyncEngine = crea_engine(dsn, massimo=massimo)
        self._pool: asyncpg.Pool[Any] | None = None

    async def apri(self) -> None:
        """Connect and check the role.

        Raises:
            RuoloNonSicuro: the role is superuser, bypasses policies, or owns a table.
        """
        self._pool = await asyncpg.create_pool(
            self._dsn, min_size=self._minimo, max_size=self._massimo, reset=_senza_ripulitura, statement_cache_size=200
        )
        async with self.engine.connect() as connessione:
            await verifica_ruolo(connessione)

    async def chiudi(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.close()
        await self.engine.dispose()

    @asynccontextmanager
    async def sessione(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, rolled back on any exception."""
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as sessione, sessione.begin():
            yield sessione

    @asynccontextmanager
    async def lettura(self, ingresso: str) -> AsyncIterator["asyncpg.pool.PoolConnectionProxy[Any]"]:
        """One transaction of hot reads. `ingresso` is the statement that sets the scope: typed literals only.

        BEGIN and the scope travel in one message. The commit does not wait for the disk: what a crash may lose is at most
        three times `wal_writer_delay` (0.6 s by default) of the audit of reads (docs/security/audit-letture.md).
        """
        assert self._pool is not None, "Database.apri() non chiamata"
        async with self._pool.acquire() as connessione:
            try:
                await connessione.execute(f"BEGIN; SET LOCAL synchronous_commit = off; {ingresso}")
                yield connessione
                await connessione.execute("COMMIT")
            except BaseException:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):  # a lost connection: the first error says it
                    await connessione.execute("ROLLBACK")
                raise

    async def risponde(self) -> None:
        """Ask the database for nothing: raises whatever keeps it from answering."""
        async with self.lettura("SELECT 1"):
            pass


async def _senza_ripulitura(connessione: Any) -> None:
    """Spare the pool's RESET ALL on release: every setting is local to the transaction, and `lettura` always ends it."""


async def verifica_ruolo(connessione: AsyncConnection) -> None:
    """Refuse a role that row-level security does not bind.

    Raises:
        RuoloNonSicuro: with the reason in one sentence.
    """
    riga = (
        await connessione.execute(
            text(
                """SELECT current_user AS ruolo, r.rolsuper OR r.rolbypassrls AS scavalca,
                          EXISTS (SELECT 1 FROM pg_class c
                                  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                                    AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS possiede,
                          EXISTS (SELECT 1 FROM pg_class c
                                  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                                    AND c.relname <> 'alembic_version'
                                    AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS scoperta
                   FROM pg_roles r WHERE r.rolname = current_user"""
            )
        )
    ).one()
    if riga.scavalca or riga.possiede:
        raise RuoloNonSicuro(f"Il ruolo {riga.ruolo} possiede le tabelle o scavalca le politiche di riga: avvio rifiutato.")
    if riga.scoperta:
        raise RuoloNonSicuro("Una tabella non ha la sicurezza di riga attiva e forzata: avvio rifiutato.")
