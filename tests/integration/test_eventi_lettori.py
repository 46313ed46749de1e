"""Readers: exactly once inside the database, stopped and not skipping on a bad event, one at a time, rebuilt without repeats."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.platform.clock import adesso
from services.core.platform.db import crea_engine
from services.core.platform.eventi import EventoRegistrato, sequenzia
from services.core.platform.pg.dsn import componi_dsn
from services.worker import lettori
from services.worker.lettori import Corsa, esegui
from tests.mondo_eventi import TIPO, FattoInterno, accadi, crea_mondo

pytestmark = pytest.mark.server


class LettoreDiProva:
    """Writes each event's position in a table; stumbles on the aggregates it is told to."""

    nome = "piano"
    tipi = frozenset({TIPO})

    def __init__(self) -> None:
        self.guasti: set[int] = set()
        self.lotti: list[list[int]] = []
        self.prima_di_finire: asyncio.Event | None = None
        self.dentro = asyncio.Event()

    async def elabora(self, sessione: AsyncSession, eventi: Sequence[EventoRegistrato]) -> None:
        self.lotti.append([e.posizione for e in eventi])
        for evento in eventi:
            if evento.posizione in self.guasti:
                raise ValueError(f"Zzqprova {evento.posizione}")
            await sessione.execute(sa.text("INSERT INTO effetto VALUES (:p)"), {"p": evento.posizione})
        self.dentro.set()
        if self.prima_di_finire is not None:
            await self.prima_di_finire.wait()


@pytest.fixture
async def sessioni(settings, admin) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """Sessions as the worker's own role."""
    await crea_mondo(admin, settings)
    await admin.execute("CREATE TABLE effetto (posizione bigint); GRANT SELECT, INSERT ON effetto TO ambito_lettore_piano")
    motore = crea_engine(settings.dsn_worker, massimo=5)
    yield async_sessionmaker(motore, expire_on_commit=False)
    await motore.dispose()


@pytest.fixture
async def accaduti(settings, sessioni):
    """Appends events as administrator and numbers them."""
    motore = crea_engine(settings.dsn_admin, massimo=2)
    di_admin = async_sessionmaker(motore, expire_on_commit=False)

    async def accaduti(quanti: int, classe=None) -> None:
        async with di_admin() as s, s.begin():
            for _ in range(quanti):
                await (accadi(s, None, classe=classe) if classe else accadi(s, None))
        async with sessioni() as s, s.begin():
            await s.execute(sa.text("SET LOCAL ROLE ambito_sequenziatore"))
            assert await sequenzia(s) == quanti

    yield accaduti
    await motore.dispose()


async def effetti(admin) -> list[int]:
    return [r["posizione"] for r in await admin.fetch("SELECT posizione FROM effetto ORDER BY posizione")]


async def cursore(admin):
    return await admin.fetchrow("SELECT posizione, tentativi, errore, prossimo_tentativo FROM cursore WHERE lettore = 'piano'")


async def test_a_lotti_fino_alla_fine_saltando_i_tipi_di_altri(sessioni, accaduti, admin):
    await accaduti(7)
    await accaduti(3, FattoInterno)
    await accaduti(2)
    lettore = LettoreDiProva()
    assert await esegui(sessioni, lettore, lotto=5) is Corsa.FINITO
    assert lettore.lotti == [[1, 2, 3, 4, 5], [6, 7], [11, 12]]
    assert await effetti(admin) == [1, 2, 3, 4, 5, 6, 7, 11, 12]
    assert (await cursore(admin))["posizione"] == 12
    assert await esegui(sessioni, lettore, lotto=5) is Corsa.FINITO
    assert len(lettore.lotti) == 3


async def test_lavora_col_solo_ruolo_del_lettore(sessioni, accaduti):
    await accaduti(1)
    visto = []

    class Curioso(LettoreDiProva):
        async def elabora(self, sessione, eventi):
            visto.append(await sessione.scalar(sa.text("SELECT current_user")))
            await sessione.execute(sa.text("SELECT count(*) FROM persona"))

    assert await esegui(sessioni, Curioso()) is Corsa.ERRORE
    assert visto == ["ambito_lettore_piano"]
    async with sessioni() as s:
        assert await s.scalar(sa.text("SELECT current_user")) == "ambito_worker"


async def test_un_evento_guasto_ferma_e_non_si_salta(sessioni, accaduti, admin, capsys):
    await accaduti(10)
    lettore = LettoreDiProva()
    lettore.guasti = {7}
    assert await esegui(sessioni, lettore) is Corsa.ERRORE
    assert await effetti(admin) == [1, 2, 3, 4, 5, 6]
    riga = await cursore(admin)
    assert (riga["posizione"], riga["tentativi"], riga["errore"]) == (6, 1, "posizione 7: ValueError")
    assert adesso() < riga["prossimo_tentativo"] <= adesso() + timedelta(seconds=2)
    assert "Zzqprova" not in capsys.readouterr().out
    prove = len(lettore.lotti)
    assert await esegui(sessioni, lettore) is Corsa.IN_ATTESA
    assert len(lettore.lotti) == prove

    await admin.execute("UPDATE cursore SET prossimo_tentativo = now() WHERE lettore = 'piano'")
    assert await esegui(sessioni, lettore) is Corsa.ERRORE
    assert (await cursore(admin))["tentativi"] == 2
    lettore.guasti = set()
    await admin.execute("UPDATE cursore SET prossimo_tentativo = now() WHERE lettore = 'piano'")
    assert await esegui(sessioni, lettore) is Corsa.FINITO
    assert await effetti(admin) == list(range(1, 11))
    assert tuple(await cursore(admin)) == (10, 0, None, None)


async def test_l_attesa_cresce_e_si_ferma_a_cinque_minuti(sessioni, accaduti, admin):
    await accaduti(1)
    lettore = LettoreDiProva()
    lettore.guasti = {1}
    attese = []
    for _ in range(12):
        await admin.execute("UPDATE cursore SET prossimo_tentativo = now() WHERE lettore = 'piano'")
        assert await esegui(sessioni, lettore) is Corsa.ERRORE
        attese.append(round(((await cursore(admin))["prossimo_tentativo"] - adesso()).total_seconds()))
    assert attese[:4] == [1, 2, 4, 8]
    assert attese[-1] == 300


async def test_un_solo_corridore_alla_volta(sessioni, accaduti, admin):
    await accaduti(3)
    uno, altro = LettoreDiProva(), LettoreDiProva()
    uno.prima_di_finire = asyncio.Event()
    corsa = asyncio.create_task(esegui(sessioni, uno))
    await uno.dentro.wait()
    assert await esegui(sessioni, altro) is Corsa.OCCUPATO
    uno.prima_di_finire.set()
    assert await corsa is Corsa.FINITO
    assert altro.lotti == []
    assert await effetti(admin) == [1, 2, 3]


async def test_la_sveglia_respinta_mentre_il_lettore_chiude_non_va_persa(sessioni, accaduti, monkeypatch):
    """The events come after the reader saw nothing and before it let the lock go: it looks once more."""
    await accaduti(1)
    lettore, originale, prima = LettoreDiProva(), lettori._arrivati, []

    async def arrivati(*argomenti):
        if not prima:
            prima.append(True)
            await accaduti(1)
        return await originale(*argomenti)

    monkeypatch.setattr(lettori, "_arrivati", arrivati)
    assert await esegui(sessioni, lettore) is Corsa.FINITO
    assert lettore.lotti == [[1], [2]]


async def test_un_corridore_cancellato_a_meta_non_lascia_effetti(sessioni, accaduti, admin):
    await accaduti(3)
    lettore = LettoreDiProva()
    lettore.prima_di_finire = asyncio.Event()
    corsa = asyncio.create_task(esegui(sessioni, lettore))
    await lettore.dentro.wait()
    corsa.cancel()
    with pytest.raises(asyncio.CancelledError):
        await corsa
    assert await effetti(admin) == []
    assert (await cursore(admin))["posizione"] == 0
    lettore.prima_di_finire = None
    assert await esegui(sessioni, lettore) is Corsa.FINITO
    assert await effetti(admin) == [1, 2, 3]


async def test_cede_il_passo_dopo_un_po_e_si_ferma_quando_glielo_dicono(sessioni, accaduti):
    await accaduti(6)
    lettore = LettoreDiProva()
    assert await esegui(sessioni, lettore, lotto=2, lotti=2) is Corsa.ANCORA
    assert await esegui(sessioni, lettore, fermato=lambda: True) is Corsa.FERMATO
    assert lettore.lotti == [[1, 2], [3, 4]]


async def test_un_buco_nel_registro_e_un_guasto(sessioni, accaduti, admin):
    await accaduti(4)
    await admin.execute("DELETE FROM evento WHERE posizione = 2")
    assert await esegui(sessioni, LettoreDiProva()) is Corsa.ERRORE
    assert (await cursore(admin))["errore"] == "posizione 2: LacunaNelRegistro"
    assert await effetti(admin) == [1]


async def test_senza_database_l_errore_arriva_a_chi_ha_chiamato(settings):
    motore = crea_engine(componi_dsn(settings.dsn_worker, database="database_che_non_esiste"), massimo=1)
    with pytest.raises(Exception, match="does not exist"):
        await esegui(async_sessionmaker(motore), LettoreDiProva())
    await motore.dispose()
