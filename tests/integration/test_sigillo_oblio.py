"""The erasure that leaves an act, and what the verification makes of windows, keys and long trails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from services.core.platform.clock import adesso
from services.core.platform.errori import DatiNonValidi
from services.core.platform.settings import Settings
from services.core.sigillo.oblio import Quali, oblia
from services.core.sigillo.rapporto import Specie
from services.core.sigillo.repository import _VOCI
from services.core.sigillo.service import Sigillo
from tests.mondo_sigillo import Mondo, apri_mondo, data, nuova_chiave, scrivi

pytestmark = pytest.mark.server


@pytest.fixture
async def mondo(settings: Settings, tmp_path: Path) -> AsyncIterator[Mondo]:
    async with apri_mondo(settings, tmp_path / "testimone") as m:
        yield m


class TestOblio:
    async def test_toglie_chi_e_su_che_cosa_e_la_catena_regge(self, mondo: Mondo) -> None:
        await mondo.sigilla(7, quando=data(900, adesso()))
        await mondo.sigilla(3)
        prima_di = data(800, adesso())
        atti = []
        while atto := await oblia(mondo.admin, mondo.chiave, Quali(prima_di), motivo="Termine", ora=adesso(), limite=5):
            atti.append(atto.numeri)
        assert atti == [((1, 5),), ((6, 7),)]
        await mondo.sigilla()
        vuote = await mondo.admin.fetch("SELECT operatore_id, incarico_id, oggetti FROM audit WHERE quando < $1", prima_di)
        assert [tuple(r) for r in vuote] == [(None, None, [])] * 7
        assert await mondo.admin.fetchval("SELECT count(sale) FROM sigillo_voce") == 3
        rapporto = await mondo.verifica()
        assert (rapporto.integro, rapporto.obliate, rapporto.atti_di_oblio) == (True, 7, 2)

    async def test_solo_alcuni_numeri(self, mondo: Mondo) -> None:
        await mondo.sigilla(9, quando=data(900, adesso()))
        quali = Quali(data(800, adesso()), da=3, a=5)
        atto = await oblia(mondo.admin, mondo.chiave, quali, motivo="Termine", ora=adesso())
        assert atto is not None
        assert atto.numeri == ((3, 5),)
        assert await oblia(mondo.admin, mondo.chiave, quali, motivo="Termine", ora=adesso()) is None

    @pytest.mark.parametrize(("giorni", "motivo"), [(10, "Termine"), (183, "Termine"), (900, " "), (900, "x" * 301)])
    async def test_cio_che_non_si_puo(self, mondo: Mondo, giorni: int, motivo: str) -> None:
        await mondo.sigilla(2, quando=data(1000, adesso()))
        with pytest.raises(DatiNonValidi):
            await oblia(mondo.admin, mondo.chiave, Quali(data(giorni, adesso())), motivo=motivo, ora=adesso())
        assert await mondo.admin.fetchval("SELECT count(operatore_id) FROM audit") == 2

    async def test_insieme_al_sigillatore(self, mondo: Mondo) -> None:
        """Erasing while rows are written and sealed: each keeps to its own."""
        await mondo.sigilla(60, quando=data(900, adesso()))
        altra = await asyncpg.connect(mondo.settings.dsn_admin)

        async def oblio() -> None:
            quali = Quali(data(800, adesso()))
            while await oblia(altra, mondo.chiave, quali, motivo="Termine", ora=adesso(), limite=7):
                continue

        async def sigillo() -> None:
            for _ in range(15):
                await mondo.sigilla(3)

        await asyncio.gather(oblio(), sigillo())
        await mondo.sigilla()
        rapporto = await mondo.verifica()
        assert (rapporto.integro, rapporto.obliate, rapporto.atti_di_oblio) == (True, 60, 9)
        await altra.close()


class TestVerifica:
    async def test_senza_righe_e_integro(self, mondo: Mondo) -> None:
        rapporto = await mondo.verifica()
        assert (rapporto.integro, rapporto.archivio, rapporto.righe) == (True, None, 0)

    async def test_cio_che_non_e_sigillato_in_tempo(self, mondo: Mondo) -> None:
        await mondo.sigilla(2)
        await scrivi(mondo.admin, 3)
        assert (await mondo.verifica()).integro, "the window is still open"
        await mondo.admin.execute("SELECT pg_sleep(0.06)")
        trovate = await mondo.trova(finestra=timedelta(seconds=0.05))
        assert sum(a - da + 1 for da, a in trovate[Specie.NON_SIGILLATA]) == 3

    async def test_le_chiavi_ruotano(self, mondo: Mondo) -> None:
        """A new key goes on with the same chain; who verifies trusts both, who knows one alone is told."""
        await mondo.sigilla(2)
        vecchia, mondo.chiave = mondo.chiave, nuova_chiave()
        mondo.sigillo = Sigillo(mondo.chiave)
        await mondo.sigilla(2)
        assert (await mondo.trova())[Specie.TESTA_ALTERATA] == [(1, 1)]
        mondo.chiave = vecchia
        assert (await mondo.trova())[Specie.TESTA_ALTERATA] == [(2, 2)]

    async def test_legge_a_cursori_e_per_indice(self, mondo: Mondo) -> None:
        """Constant memory on the server too: no sort of the whole trail before its first row."""
        await mondo.sigilla(3000)
        await mondo.admin.execute("ANALYZE audit, sigillo_voce")
        async with mondo.admin.transaction():
            await mondo.admin.execute("SET LOCAL ROLE ambito_revisore")
            piano = "\n".join(r[0] for r in await mondo.admin.fetch(f"EXPLAIN DECLARE c CURSOR FOR {_VOCI}"))
        assert "pk_sigillo_voce" in piano
        assert "Sort" not in piano
