"""The stored answers leave after their validity, whoever they were for; the others stay."""

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.platform.db import crea_engine
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.worker.pulizia import pulisci

_RIGA = """INSERT INTO idempotenza (operatore_id, operazione, chiave, incarico_id, impronta, creata_il)
           VALUES ($1, 'prova', $2, $1, 'x', clock_timestamp() - $3::text::interval)"""


async def test_elimina_solo_le_risposte_scadute(settings: Settings, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    for chiave, eta in (("vecchia", "25 hours"), ("vecchissima", "40 days"), ("fresca", "23 hours")):
        await admin.execute(_RIGA, nuovo_id(), chiave, eta)
    engine = crea_engine(settings.dsn_worker, massimo=1)
    sessioni = async_sessionmaker(engine, class_=AsyncSession)
    assert await pulisci(sessioni) == 2
    assert await pulisci(sessioni) == 0
    await engine.dispose()
    assert [r["chiave"] for r in await admin.fetch("SELECT chiave FROM idempotenza")] == ["fresca"]
