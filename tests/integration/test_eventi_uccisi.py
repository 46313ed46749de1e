"""A real worker killed without a word (SIGKILL) between any two steps: nothing is lost or repeated inside the database, and the
receiver of the webhooks counts each one once.

No fault is built into the product: the test holds a lock the worker needs, or holds an answer back, sees it wait, and kills it.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pika
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

from services.core.platform.coda import nome_coda
from services.core.platform.db import crea_engine
from services.sandbox.asst import StatoAsst, crea_router
from tests.mondo_eventi import TIPO, accadi, crea_mondo, tempo_passa
from tests.processi import ProcessoWorker, aspetta, porta_libera, servi

pytestmark = [pytest.mark.server, pytest.mark.lento]
AMQP = os.environ.get("AMBITO_TEST_BROKER_URL") if os.environ.get("AMBITO_PROVE_SUL_SERVER") else None
QUANTI = 4


class Scena:
    """The receiver, the database seen from outside, and workers to start and kill."""

    def __init__(self, settings, admin, mondo, stato: StatoAsst, porta: int, registro, broker_url: str | None) -> None:
        self.settings, self.admin, self.mondo, self.stato, self.porta = settings, admin, mondo, stato, porta
        self._registro, self._broker_url = registro, broker_url
        self.worker: list[ProcessoWorker] = []

    def avvia(self, processi: int = 1) -> ProcessoWorker:
        self.worker.append(ProcessoWorker(self.settings, self._registro, self._broker_url, processi=processi))
        return self.worker[-1].pronto()

    async def accade(self, quanti: int = QUANTI) -> None:
        motore = crea_engine(self.settings.dsn_admin, massimo=1)
        async with async_sessionmaker(motore)() as sessione, sessione.begin():
            for _ in range(quanti):
                await accadi(sessione, self.mondo.cartella)
        await motore.dispose()

    async def fino_a(self, query: str, che_cosa: str, secondi: float = 40.0) -> None:
        async with asyncio.timeout(secondi):
            while not await self.admin.fetchval(query):  # noqa: ASYNC110  # what changes is in the database
                await asyncio.sleep(0.03)

    async def in_attesa(self, inizio: str) -> None:
        """Wait until a statement of the worker that begins like this waits for a lock."""
        query = f"""SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                    AND usename = 'ambito_worker' AND query ILIKE '{inizio}%'"""
        await self.fino_a(query, inizio)

    @asynccontextmanager
    async def fermo(self, blocco: str) -> AsyncIterator[None]:
        """Hold what `blocco` locks."""
        connessione = await asyncpg.connect(self.settings.dsn_admin)
        try:
            async with connessione.transaction():
                await connessione.execute(blocco)
                yield
        finally:
            await connessione.close()

    async def tutto_a_posto(self, quanti: int = QUANTI) -> None:
        """Wait for the end of the work, then check that each thing happened exactly once."""
        consegnate = f"SELECT count(*) = {quanti} FROM consegna WHERE stato = 'consegnata'"
        await self.fino_a(consegnate, "le consegne")
        righe = await self.admin.fetch("SELECT evento_posizione, id, tentativi FROM consegna ORDER BY evento_posizione")
        eventi = await self.admin.fetch(
            "SELECT posizione, aggregato_id FROM evento WHERE aggregato = 'assegnazione' ORDER BY numero"
        )
        assert [r["evento_posizione"] for r in righe] == [e["posizione"] for e in eventi]
        assert len(righe) == quanti
        assert [self.stato.ricevuti[str(r["id"])].contata for r in righe] == [1] * quanti
        assert len(self.stato.ricevuti) == quanti
        # the receiver met them in the order of the events: they are all of one cartella
        assert [r.aggregato_id for r in self.stato.ricevuti.values()] == [str(e["aggregato_id"]) for e in eventi]
        annunciate = await self.admin.fetchval("SELECT count(*) FROM evento WHERE tipo = 'webhooks.consegna.consegnata'")
        assert annunciate == quanti
        await self.fino_a(
            "SELECT count(*) = 3 FROM cursore WHERE posizione = (SELECT count(*) FROM evento) AND errore IS NULL", "i cursori"
        )
        posizioni = await self.admin.fetchval("SELECT array_agg(posizione ORDER BY posizione) FROM evento")
        assert posizioni == list(range(1, len(posizioni) + 1))


@pytest.fixture(params=["postgresql", "rabbitmq"])
async def scena(request, settings, admin, tmp_path) -> AsyncIterator[Scena]:
    broker_url = None
    if request.param == "rabbitmq":
        if not AMQP:
            pytest.skip("RabbitMQ non è provato: manca AMBITO_TEST_BROKER_URL, o la prova non è sui server")
        broker_url = AMQP
    porta = porta_libera()
    mondo = await crea_mondo(admin, settings, f"http://127.0.0.1:{porta}/asst/webhook")
    stato = StatoAsst(segreti=[mondo.segreto])
    scena = Scena(settings, admin, mondo, stato, porta, tmp_path / "worker.log", broker_url)
    yield scena
    for worker in scena.worker:
        worker.uccidi()
    if broker_url is not None:
        connessione = pika.BlockingConnection(pika.URLParameters(broker_url))
        connessione.channel().queue_delete(nome_coda(settings.dsn_worker))
        connessione.close()


def ricevitore(scena: Scena):
    app = FastAPI()
    app.include_router(crea_router(scena.stato))
    return servi(app, scena.porta)


@pytest.mark.parametrize(
    ("blocco", "attesa"),
    [
        ("SELECT 1 FROM sequenza FOR UPDATE", "WITH nuovi"),
        ("LOCK TABLE consegna IN SHARE ROW EXCLUSIVE MODE", "INSERT INTO consegna"),
    ],
    ids=["mentre-numera", "lettore-a-meta-del-lotto"],
)
async def test_ucciso_a_meta_di_una_transazione(scena, blocco, attesa):
    with ricevitore(scena):
        async with scena.fermo(blocco):
            worker = scena.avvia()
            await scena.accade()
            await scena.in_attesa(attesa)
            worker.uccidi()
        scena.avvia()
        await scena.tutto_a_posto()


async def test_ucciso_dopo_la_numerazione_e_prima_del_lettore(scena):
    with ricevitore(scena):
        async with scena.fermo("SELECT 1 FROM cursore FOR UPDATE"):
            worker = scena.avvia()
            await scena.accade()
            await scena.fino_a(f"SELECT count(posizione) = {QUANTI} FROM evento", "la numerazione")
            worker.uccidi()
        assert await scena.admin.fetchval("SELECT count(*) FROM consegna") == 0
        scena.avvia()
        await scena.tutto_a_posto()


async def test_ucciso_dopo_aver_preso_la_consegna_e_prima_che_arrivi(scena):
    with socket.socket() as muto:
        muto.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        muto.bind(("127.0.0.1", scena.porta))
        muto.listen()
        muto.setblocking(False)
        worker = scena.avvia()
        await scena.accade()
        async with asyncio.timeout(40):
            preso, _ = await asyncio.get_running_loop().sock_accept(muto)
        worker.uccidi()
        preso.close()
    with ricevitore(scena):
        await tempo_passa(scena.admin)
        scena.avvia()
        await scena.tutto_a_posto()


async def test_ucciso_mentre_il_ricevente_risponde(scena):
    """The receiver has counted and is about to say 2xx; nobody is there to hear it."""
    scena.stato.trattieni = [TIPO]
    with ricevitore(scena):
        worker = scena.avvia()
        await scena.accade()
        aspetta(lambda: scena.stato.ricevuti, "il primo webhook")
        worker.uccidi()
        scena.stato.trattieni = []
        await tempo_passa(scena.admin)
        scena.avvia()
        await scena.tutto_a_posto()
    assert next(iter(scena.stato.ricevuti.values())).tentativi == 2


async def test_ucciso_tra_il_2xx_e_il_nostro_commit(scena):
    scena.stato.trattieni = [TIPO]
    with ricevitore(scena):
        worker = scena.avvia()
        await scena.accade()
        aspetta(lambda: scena.stato.ricevuti, "il primo webhook")
        async with scena.fermo("SELECT 1 FROM consegna FOR UPDATE"):
            scena.stato.trattieni = []
            await scena.in_attesa("SELECT consegna.")
            assert next(iter(scena.stato.ricevuti.values())).risposte == [204]
            worker.uccidi()
        assert await scena.admin.fetchval("SELECT count(*) FROM tentativo_consegna") == 0
        await tempo_passa(scena.admin)
        scena.avvia()
        await scena.tutto_a_posto()
    assert next(iter(scena.stato.ricevuti.values())).risposte == [204, 204]


async def test_rifiutato_una_volta_e_poi_contato_una_volta(scena):
    """The main job's step 6: 503 first, the delivery is tried again by itself."""
    scena.stato.primi_503 = 1
    with ricevitore(scena):
        worker = scena.avvia()
        await scena.accade(2)
        await scena.tutto_a_posto(2)
        assert [r.tentativi for r in scena.stato.ricevuti.values()] == [2, 2]
        assert worker.ferma() == 0
    assert "worker_fermato" in worker.scritto()


async def test_ucciso_uno_dei_due_processi_l_altro_continua_ed_esso_rinasce(scena):
    with ricevitore(scena):
        worker = scena.avvia(processi=2)
        await scena.accade(2)
        await scena.tutto_a_posto(2)
        prima = worker.figli()
        assert len(prima) == 2
        os.kill(prima[0], signal.SIGKILL)
        aspetta(lambda: len(worker.figli()) == 2 and worker.figli() != prima, "la rinascita")
        await scena.accade(2)
        await scena.tutto_a_posto(4)


async def test_ucciso_il_supervisore_i_processi_se_ne_vanno(scena):
    worker = scena.avvia()
    (figlio,) = worker.figli()
    worker.processo.kill()
    worker.processo.wait(10)
    aspetta(lambda: "worker_fermato" in worker.scritto(), "l'uscita del processo orfano")

    def uscito() -> bool:
        try:
            os.kill(figlio, 0)
        except ProcessLookupError:
            return True
        return False

    aspetta(uscito, "la fine del processo orfano")
