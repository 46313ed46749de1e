"""No page cut, late commit or lost transaction can lose or repeat a flow: concurrent writers, a poller at random limits.

Each writer publishes batches in transactions of its own, waits at random before it commits, and sometimes loses the transaction
and does it again. Meanwhile the poller pages as INPS does, knowing only its last `ts_flusso`. What must hold: it reads every flow
of its ente once, in the order of the sequence, without ever going back.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.flussi.orologio import leggi_ts
from services.core.flussi.repository import pagina_waas
from services.core.flussi.service import pubblica_assegnazioni
from services.core.platform.clock import adesso
from services.core.platform.db import crea_engine
from services.core.platform.eventi import EventoRegistrato
from tests.mondo_flussi import Mondo, Varianti, crea_mondo, scrivi_assegnazione

SCRITTORI = 4
PER_SCRITTORE = 12
LODI = "098031"
Sessioni = async_sessionmaker[AsyncSession]


class Perduta(Exception):
    """The transaction is thrown away, as by a crash before the commit."""


def evento(m: Mondo, assegnazione: UUID, posizione: int) -> EventoRegistrato:
    return EventoRegistrato(
        posizione=posizione,
        tipo="misure.assegnazione.creata",
        schema_versione=1,
        ambito_id=m.ambito_id,
        aggregato="assegnazione",
        aggregato_id=assegnazione,
        versione=1,
        cartella_id=None,
        dati={},
        operatore_id=None,
        incarico_id=None,
        finalita=None,
        registrato_il=adesso(),
    )


async def scrivi(sessioni: Sessioni, caso: random.Random, lotti: Sequence[list[EventoRegistrato]]) -> None:
    for lotto in lotti:
        perdite = caso.choice((0, 0, 1, 2))
        for tentativo in range(perdite + 1):
            with contextlib.suppress(Perduta):
                await pubblica(sessioni, lotto, caso.random() * 0.02, perduta=tentativo < perdite)
        await asyncio.sleep(caso.random() * 0.01)


async def pubblica(sessioni: Sessioni, lotto: list[EventoRegistrato], attesa: float, *, perduta: bool) -> None:
    async with sessioni() as sessione, sessione.begin():
        await sessione.execute(sa.text("SET LOCAL ROLE ambito_lettore_flussi"))
        await pubblica_assegnazioni(sessione, lotto)
        await sessione.flush()
        await asyncio.sleep(attesa)
        if perduta:
            raise Perduta


async def legge(sessioni: Sessioni, caso: random.Random, m: Mondo, fine: asyncio.Event) -> list[tuple[int, str]]:
    """Page until the writers are done and a page asked for after that is empty."""
    cursore, letti = 0, []
    while True:
        finito = fine.is_set()
        limite = caso.choice((1, 2, 3, 7, 100))
        async with sessioni() as sessione, sessione.begin():
            ente = (await sessione.execute(sa.text("SELECT ente_id FROM app_entra_waas(:a)"), {"a": m.audience})).scalar_one()
            _, pagina = await pagina_waas(sessione, ente, cursore, limite)
        for voce in pagina:
            ts = leggi_ts(voce.ts_flusso)
            assert ts > cursore
            cursore = ts
            letti.append((ts, voce.id_flusso))
        if finito and not pagina:
            return letti
        await asyncio.sleep(caso.random() * 0.01)


async def prepara(admin: Any, caso: random.Random, mondi: Sequence[Mondo]) -> list[list[list[EventoRegistrato]]]:
    """Write the assegnazioni and deal them to the writers in batches, the enti mixed."""
    eventi = []
    for n in range(SCRITTORI * PER_SCRITTORE):
        m = caso.choice(mondi)
        v = Varianti(codice_fiscale=None) if caso.random() < 0.1 else Varianti(dsu=False, valutazione=False)
        eventi.append(evento(m, await scrivi_assegnazione(admin, m, v), n + 1))
    caso.shuffle(eventi)
    carte = [eventi[i::SCRITTORI] for i in range(SCRITTORI)]
    passo = caso.choice((1, 3, 5))
    return [[mano[i : i + passo] for i in range(0, len(mano), passo)] for mano in carte]


@pytest.mark.parametrize("seme", range(6))
async def test_ogni_flusso_si_legge_una_volta_e_in_ordine(settings, admin, seme):
    caso = random.Random(seme)
    mondi = [await crea_mondo(admin), await crea_mondo(admin, LODI)]
    mani = await prepara(admin, caso, mondi)
    worker, app = crea_engine(settings.dsn_worker, massimo=SCRITTORI), crea_engine(settings.dsn_app, massimo=2)
    scrittori, lettori = (async_sessionmaker(e, expire_on_commit=False, autoflush=False) for e in (worker, app))
    fine = asyncio.Event()
    try:
        poller = [asyncio.create_task(legge(lettori, random.Random(seme + 100 + i), m, fine)) for i, m in enumerate(mondi)]
        async with asyncio.TaskGroup() as gruppo:
            for i, mano in enumerate(mani):
                gruppo.create_task(scrivi(scrittori, random.Random(seme * 10 + i), mano))
        fine.set()
        letti = await asyncio.gather(*poller)
    finally:
        await worker.dispose()
        await app.dispose()
    totale = 0
    for m, ricevuti in zip(mondi, letti, strict=True):
        righe = await admin.fetch(
            "SELECT ts_flusso, id_flusso FROM flusso WHERE ente_id = $1 AND ts_flusso IS NOT NULL ORDER BY ts_flusso", m.ente_id
        )
        assert ricevuti == [(r["ts_flusso"], r["id_flusso"]) for r in righe]
        assert len({id_ for _, id_ in ricevuti}) == len(ricevuti)
        ultimo = await admin.fetchval("SELECT ultimo_ts FROM ente_waas WHERE ente_id = $1", m.ente_id)
        assert ultimo == (ricevuti[-1][0] if ricevuti else 0)
        totale += len(ricevuti)
    tutti = await admin.fetchval("SELECT count(*) FROM flusso")
    assert tutti == SCRITTORI * PER_SCRITTORE
    assert totale == await admin.fetchval("SELECT count(*) FROM flusso WHERE stato = 'pubblicato'")
    assert await admin.fetchval("SELECT count(*) FROM evento WHERE tipo = 'flussi.flusso.pubblicato'") == totale
