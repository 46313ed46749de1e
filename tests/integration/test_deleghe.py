"""No two enti have one competenza on one day: the database says so, whoever writes."""

from datetime import date
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import CARICATORE
from services.core.territorio.models import UNA_DELEGA_AL_GIORNO

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

AGGIUNGI = "INSERT INTO delega (id, ambito_id, competenza_id, ente_gestore_id, dal, al) VALUES ($1, 1, $2, $3, $4, $5)"


async def competenza(admin: Admin) -> tuple[int, list[UUID]]:
    """A competenza that nobody was delegated, and two enti."""
    query = """SELECT k.id FROM competenza k
               WHERE k.ambito_id = 1 AND NOT EXISTS (SELECT 1 FROM delega d WHERE d.competenza_id = k.id) LIMIT 1"""
    id_ = await admin.fetchval(query)
    enti = await admin.fetch("SELECT id FROM ente WHERE ambito_id = 1 AND tipo <> 'comune' ORDER BY id LIMIT 2")
    return id_, [e["id"] for e in enti]


@pytest.mark.server
@pytest.mark.parametrize(
    ("dal", "al"),
    [
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2025, 12, 31), None),
        (date(2020, 1, 1), date(2025, 1, 1)),
        (date(2020, 1, 1), None),
        (date(2025, 6, 1), date(2025, 6, 1)),
    ],
)
async def test_due_enti_non_hanno_lo_stesso_giorno(admin: Admin, dal: date, al: date | None) -> None:
    """Both ends are included; the loader's role is refused as anybody else's."""
    id_, (primo, secondo) = await competenza(admin)
    await admin.execute(AGGIUNGI, nuovo_id(), id_, primo, date(2025, 1, 1), date(2025, 12, 31))
    await admin.execute(f"SET ROLE {CARICATORE}")
    for ente in (primo, secondo):
        with pytest.raises(asyncpg.ExclusionViolationError) as errore:
            await admin.execute(AGGIUNGI, nuovo_id(), id_, ente, dal, al)
        assert errore.value.constraint_name == UNA_DELEGA_AL_GIORNO


@pytest.mark.server
async def test_una_delega_segue_l_altra(admin: Admin) -> None:
    id_, (primo, secondo) = await competenza(admin)
    await admin.execute(f"SET ROLE {CARICATORE}")
    await admin.execute(AGGIUNGI, nuovo_id(), id_, primo, date(2025, 1, 1), date(2025, 12, 31))
    await admin.execute(AGGIUNGI, nuovo_id(), id_, secondo, date(2026, 1, 1), None)
    assert await admin.fetchval("SELECT count(*) FROM delega WHERE competenza_id = $1", id_) == 2
