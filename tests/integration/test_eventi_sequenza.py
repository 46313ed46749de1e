"""The sequencer under concurrent writers that commit late, roll back and interleave the versions of one aggregate."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.platform.db import crea_engine
from services.core.platform.eventi import EventoRegistrato, leggi, sequenzia
from services.core.platform.ids import nuovo_id
from tests.mondo_eventi import FattoInterno, accadi, crea_mondo

pytestmark = pytest.mark.server


@pytest.fixture
async def sessioni(settings, admin) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """Sessions as administrator, on a world with a few aggregates to lock."""
    await crea_mondo(admin, settings)
    await admin.execute("CREATE TABLE oggetto (id uuid PRIMARY KEY, versione bigint NOT NULL)")
    motore = crea_engine(settings.dsn_admin, massimo=20)
    yield async_sessionmaker(motore, expire_on_commit=False)
    await motore.dispose()


@asynccontextmanager
async def come(sessioni: async_sessionmaker[AsyncSession], ruolo: str) -> AsyncIterator[AsyncSession]:
    async with sessioni() as sessione, sessione.begin():
        await sessione.execute(sa.text(f"SET LOCAL ROLE {ruolo}"))
        yield sessione


async def scrivi(sessioni, caso: random.Random, oggetti: list[UUID], scritti: list[tuple[UUID, int]]) -> None:
    """One writing transaction: some take their transaction id early, some touch two aggregates, some roll back, all dawdle."""
    miei = sorted(caso.sample(oggetti, caso.choice((1, 1, 2))))
    attese = [caso.choice((0.0, 0.0, 0.003, 0.02)) for _ in range(4)]
    annulla, presto = caso.random() < 0.2, caso.random() < 0.5
    fatti = []
    async with sessioni() as sessione:
        if presto:
            await sessione.execute(sa.text("SELECT pg_current_xact_id()"))
            await asyncio.sleep(attese[0])
        for oggetto in miei:
            nuova = sa.text("UPDATE oggetto SET versione = versione + 1 WHERE id = :id RETURNING versione")
            versione = await sessione.scalar(nuova, {"id": oggetto})
            await asyncio.sleep(attese[1])
            await accadi(sessione, None, oggetto, versione, FattoInterno)
            fatti.append((oggetto, versione))
        await asyncio.sleep(attese[2])
        if annulla:
            await sessione.rollback()
            return
        await sessione.commit()
    scritti.extend(fatti)


async def numera(sessioni, seme: int, fine: asyncio.Event) -> None:
    caso = random.Random(seme)
    while not fine.is_set():
        async with come(sessioni, "ambito_sequenziatore") as sessione:
            await sequenzia(sessione, caso.randint(1, 7))
            await asyncio.sleep(caso.choice((0, 0, 0.005)))
        await asyncio.sleep(caso.choice((0, 0.002)))


async def segui(sessioni, seme: int, fine: asyncio.Event, visti: list[EventoRegistrato]) -> None:
    """A reader: its cursor is the last position it has seen."""
    caso = random.Random(seme)
    while True:
        ultimo_giro = fine.is_set()
        async with come(sessioni, "ambito_lettore_piano") as sessione:
            nuovi = await leggi(sessione, visti[-1].posizione if visti else 0, caso.randint(1, 5))
        visti.extend(nuovi)
        if ultimo_giro and not nuovi:
            return
        await asyncio.sleep(caso.choice((0, 0.001)))


@pytest.mark.parametrize("seme", range(6))
async def test_nulla_si_perde_si_ripete_o_si_scambia(sessioni, admin, seme):
    caso = random.Random(seme)
    oggetti = [nuovo_id() for _ in range(4)]
    await admin.executemany("INSERT INTO oggetto VALUES ($1, 0)", [(o,) for o in oggetti])
    scritti: list[tuple[UUID, int]] = []
    visti: tuple[list[EventoRegistrato], list[EventoRegistrato]] = ([], [])
    fine_numerazione, fine_lettura = asyncio.Event(), asyncio.Event()
    numeratori = [asyncio.create_task(numera(sessioni, s, fine_numerazione)) for s in (seme * 2, seme * 2 + 1)]
    lettori = [asyncio.create_task(segui(sessioni, seme, fine_lettura, v)) for v in visti]
    turni = asyncio.Semaphore(8)

    async def a_turno() -> None:
        async with turni:
            await scrivi(sessioni, random.Random(caso.random()), oggetti, scritti)

    await asyncio.gather(*(a_turno() for _ in range(60)))
    fine_numerazione.set()
    await asyncio.gather(*numeratori)
    async with come(sessioni, "ambito_sequenziatore") as sessione:
        while await sequenzia(sessione, 50):
            pass
    fine_lettura.set()
    await asyncio.gather(*lettori)

    registro = await admin.fetch("SELECT posizione, aggregato_id, versione FROM evento ORDER BY posizione")
    assert [r["posizione"] for r in registro] == list(range(1, len(scritti) + 1))
    assert sorted((r["aggregato_id"], r["versione"]) for r in registro) == sorted(scritti)
    versioni: dict[UUID, list[int]] = defaultdict(list)
    for r in registro:
        versioni[r["aggregato_id"]].append(r["versione"])
    assert all(v == sorted(v) for v in versioni.values())
    atteso = [(r["posizione"], r["aggregato_id"], r["versione"]) for r in registro]
    for v in visti:
        assert [(e.posizione, e.aggregato_id, e.versione) for e in v] == atteso
    assert await admin.fetchval("SELECT ultima FROM sequenza") == len(scritti)


async def test_una_transazione_lunga_non_ferma_nessuno(sessioni):
    """A writer that holds its transaction open delays its own event only, and gets the position of the moment it commits."""
    async with sessioni() as lenta:
        tardivo = await accadi(lenta, None, classe=FattoInterno)
        async with sessioni() as svelta, svelta.begin():
            pronto = await accadi(svelta, None, classe=FattoInterno)
        async with come(sessioni, "ambito_sequenziatore") as sessione:
            assert await sequenzia(sessione) == 1
        async with come(sessioni, "ambito_lettore_webhooks") as sessione:
            assert [(e.posizione, e.aggregato_id) for e in await leggi(sessione, 0)] == [(1, pronto)]
        await lenta.commit()
    async with come(sessioni, "ambito_sequenziatore") as sessione:
        assert await sequenzia(sessione) == 1
    async with come(sessioni, "ambito_lettore_webhooks") as sessione:
        assert [(e.posizione, e.aggregato_id) for e in await leggi(sessione, 1)] == [(2, tardivo)]


async def test_due_sequenziatori_insieme_uno_solo_numera(sessioni):
    async with sessioni() as sessione, sessione.begin():
        await accadi(sessione, None, classe=FattoInterno)
    async with come(sessioni, "ambito_sequenziatore") as uno, come(sessioni, "ambito_sequenziatore") as altro:
        assert await sequenzia(uno) == 1
        assert await sequenzia(altro) == 0
    async with come(sessioni, "ambito_sequenziatore") as sessione:
        assert await sequenzia(sessione) == 0


async def test_l_annullamento_della_numerazione_non_lascia_buchi(sessioni, admin):
    async with sessioni() as sessione, sessione.begin():
        for _ in range(3):
            await accadi(sessione, None, classe=FattoInterno)
    async with sessioni() as sessione:
        await sessione.execute(sa.text("SET LOCAL ROLE ambito_sequenziatore"))
        assert await sequenzia(sessione) == 3
        await sessione.rollback()
    async with come(sessioni, "ambito_sequenziatore") as sessione:
        assert await sequenzia(sessione, 2) == 2
        assert await sequenzia(sessione, 2) == 1
    assert await admin.fetchval("SELECT array_agg(posizione ORDER BY numero) FROM evento") == [1, 2, 3]


async def test_il_numero_di_una_riga_e_dato_dal_database_senza_riserve_per_sessione(admin):
    """The order rests on it: with a cache per session (CACHE > 1) a later writer could take a smaller number."""
    riga = await admin.fetchrow(
        """SELECT seqcache, seqincrement, seqcycle FROM pg_sequence
           WHERE seqrelid = pg_get_serial_sequence('evento', 'numero')::regclass"""
    )
    assert tuple(riga) == (1, 1, False)
