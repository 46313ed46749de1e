"""The verification as an auditor runs it: one read-only snapshot of the database, under the role that may read and no more."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from services.core.platform.clock import adesso
from services.core.platform.pg.ruoli import REVISORE
from services.core.sigillo.rapporto import Rapporto
from services.core.sigillo.repository import Fonte
from services.core.sigillo.verifica import FINESTRA, Fiduciari, Verificatore


class NonVerificabile(Exception):
    """The seal could not be read; the text is one Italian sentence. It says nothing of the trail."""


async def verifica(
    dsn: str,
    fiduciari: Fiduciari,
    *,
    finestra: timedelta = FINESTRA,
    avanza: Callable[[int, int], None] = lambda _fatte, _tutte: None,
) -> Rapporto:
    """Verify the whole seal of the database at `dsn`. `avanza` is told how many rows of how many were looked at.

    Raises:
        NonVerificabile: the database does not answer, has no seal, or refuses the role.
    """
    try:
        async with _istantanea(dsn) as fonte:
            tutte = await fonte.ultimo_numero()
            return await Verificatore(fonte, fiduciari, adesso(), finestra, lambda fatte: avanza(fatte, tutte)).esegui()
    except asyncpg.InsufficientPrivilegeError:
        raise NonVerificabile(f"Chi si collega non può prendere il ruolo {REVISORE}: concederglielo.") from None
    except asyncpg.UndefinedTableError:
        raise NonVerificabile("Il database non ha ancora il sigillo: eseguire «ambito migrate».") from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as errore:
        raise NonVerificabile(f"Il database non risponde o ha interrotto la lettura ({type(errore).__name__}).") from None


@asynccontextmanager
async def _istantanea(dsn: str) -> AsyncIterator[Fonte]:
    connessione = await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "ambito-audit-verify"})
    try:
        async with connessione.transaction(isolation="repeatable_read", readonly=True):
            await connessione.execute(f"SET LOCAL ROLE {REVISORE}; SET LOCAL statement_timeout = 0")
            yield Fonte(connessione)
    finally:
        await connessione.close()
