"""A closed cartella says since when; the database keeps the two together."""

from uuid import UUID

import asyncpg
import pytest

from services.core.platform.settings import Settings
from tests.casa import apri_casa


async def test_la_chiusura_ha_la_sua_data(settings: Settings) -> None:
    async with apri_casa(settings) as casa:
        id_ = (await casa.apri())["id"]
        assert (await casa.get("as-crema", f"/cartelle/{id_}")).json()["chiusa_il"] is None
        chiusa = await casa.post("as-crema", f"/cartelle/{id_}/chiusura", if_match='"1"')
        assert (chiusa.status_code, chiusa.json()["chiusa_il"]) == (200, "2025-09-15"), chiusa.text
        letta = (await casa.get("as-crema", f"/cartelle/{id_}")).json()
        assert (letta["stato"], letta["chiusa_il"]) == ("chiusa", "2025-09-15")
        evento = await casa.admin.fetchval("SELECT dati::text FROM evento WHERE tipo = 'cartelle.cartella.chiusa'")
        assert evento == '{"chiusa_il": "2025-09-15"}'


@pytest.mark.parametrize(
    "impossibile",
    [
        "UPDATE cartella SET stato = 'chiusa' WHERE id = $1",
        "UPDATE cartella SET chiusa_il = '2025-09-15' WHERE id = $1",
        "UPDATE cartella SET stato = 'chiusa', chiusa_il = '2025-09-14' WHERE id = $1",
    ],
)
async def test_ne_chiusa_senza_data_ne_data_senza_chiusura(settings: Settings, impossibile: str) -> None:
    async with apri_casa(settings) as casa:
        id_ = UUID((await casa.apri())["id"])
        with pytest.raises(asyncpg.CheckViolationError):
            await casa.admin.execute(impossibile, id_)
