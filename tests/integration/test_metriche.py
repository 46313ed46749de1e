"""What `/metrics` says of the queue of the wake-ups, on both brokers, and when database or broker are away."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import dramatiq
import httpx
import pika
import pytest
from structlog.testing import capture_logs

from services.api.main import create_app
from services.core.platform.coda import nome_coda
from services.core.platform.settings import Settings
from services.worker.broker import BrokerPostgres, BrokerRabbit, componenti
from tests.processi import porta_libera

AMQP = os.environ.get("AMBITO_TEST_BROKER_URL") if os.environ.get("AMBITO_PROVE_SUL_SERVER") else None
Serie = dict[str, float]


@asynccontextmanager
async def applicazione(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings)
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=trasporto, base_url="http://prova") as client:
        yield client


async def serie(client: httpx.AsyncClient) -> Serie:
    risposta = await client.get("/metrics")
    assert risposta.status_code == 200, risposta.text
    righe = (riga.rsplit(" ", 1) for riga in risposta.text.splitlines() if not riga.startswith("#"))
    return {nome: float(valore) for nome, valore in righe}


def sveglia(coda: str) -> "dramatiq.Message[None]":
    return dramatiq.Message(queue_name=coda, actor_name="sveglia", args=("piano",), kwargs={}, options={})


def delle_code(lette: Serie) -> Serie:
    return {nome: valore for nome, valore in lette.items() if nome.startswith("ambito_sveglie_in_attesa")}


def nome_serie(coda: str) -> str:
    return f'ambito_sveglie_in_attesa{{coda="{coda}"}}'


@pytest.fixture
def coda_rabbit(settings: Settings) -> Iterator[str]:
    if not AMQP:
        pytest.skip("RabbitMQ non è provato: manca AMBITO_TEST_BROKER_URL, o la prova non è sui server")
    coda = nome_coda(settings.dsn_worker)
    yield coda
    with pika.BlockingConnection(pika.URLParameters(AMQP)) as connessione:
        connessione.channel().queue_delete(coda)


@pytest.mark.server
async def test_sveglie_in_attesa_su_postgresql(settings: Settings) -> None:
    """Waiting are those nobody has taken; another installation's, if its queue were here, would be told apart."""
    coda = nome_coda(settings.dsn_worker)
    broker = BrokerPostgres(settings.dsn_worker_diretto, componenti(), connessioni=4)
    try:
        async with applicazione(settings) as client:
            vuota = await serie(client)
            assert delle_code(vuota) == {nome_serie(coda): 0}
            assert vuota["ambito_broker_raggiungibile"] == vuota["ambito_database_raggiungibile"] == 1
            for nome in (coda, coda, coda, "altra"):
                broker.enqueue(sveglia(nome))
            assert delle_code(await serie(client)) == {nome_serie(coda): 3, nome_serie("altra"): 1}
            consumatore = broker.consume(coda, prefetch=1, timeout=1000)
            preso = next(consumatore)
            assert delle_code(await serie(client))[nome_serie(coda)] == 2
            consumatore.ack(preso)
            consumatore.close()
            assert delle_code(await serie(client))[nome_serie(coda)] == 2
    finally:
        broker.close()


@pytest.mark.server
async def test_sveglie_in_attesa_su_rabbitmq(settings: Settings, coda_rabbit: str) -> None:
    su_rabbit = settings.model_copy(update={"broker_url": AMQP})
    broker = BrokerRabbit(AMQP, componenti())
    try:
        async with applicazione(su_rabbit) as client:
            senza_coda = await serie(client)
            assert (senza_coda["ambito_broker_raggiungibile"], delle_code(senza_coda)) == (1, {})
            for _ in range(3):
                broker.enqueue(sveglia(coda_rabbit))
            lette = await serie(client)
            assert (lette["ambito_broker_raggiungibile"], delle_code(lette)) == (1, {nome_serie(coda_rabbit): 3})
            consumatore = broker.consume(coda_rabbit, prefetch=1, timeout=5000)
            preso = next(m for m in consumatore if m is not None)
            consumatore.ack(preso)
            consumatore.close()
            assert delle_code(await serie(client))[nome_serie(coda_rabbit)] == 2
    finally:
        broker.close()


@pytest.mark.server
async def test_rabbitmq_assente_non_ferma_le_metriche(settings: Settings) -> None:
    assente = settings.model_copy(update={"broker_url": f"amqp://guest:guest@127.0.0.1:{porta_libera()}/"})
    async with applicazione(assente) as client:
        with capture_logs() as scritto:
            for _ in range(2):
                lette = await serie(client)
                assert (lette["ambito_broker_raggiungibile"], delle_code(lette)) == (0, {})
                assert lette["ambito_database_raggiungibile"] == 1
                assert "ambito_consegne_in_attesa" in lette
    detti = [(r["log_level"], r["chi"]) for r in scritto if r["event"] == "metriche_non_raggiungibile"]
    assert detti == [("warning", "broker")], "said once, not at each scrape"
    assert not [r for r in scritto if r["event"] == "libreria"]


async def test_database_assente_non_ferma_le_metriche(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings)
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=trasporto, base_url="http://prova") as client:
        database = app.state.ambito.database
        prima = await serie(client)

        def giu(_: str) -> None:
            raise ConnectionRefusedError

        with monkeypatch.context() as senza, capture_logs() as scritto:
            senza.setattr(database, "lettura", giu)
            lette = await serie(client)
        assert lette["ambito_database_raggiungibile"] == lette["ambito_broker_raggiungibile"] == 0
        assert delle_code(lette) == {}
        assert not [nome for nome in lette if nome.startswith(("ambito_consegne", "ambito_ritardo", "ambito_eventi"))]
        assert 'ambito_richieste_http_total{metodo="GET",rotta="/metrics",stato="200"}' in lette
        assert [r["chi"] for r in scritto if r["event"] == "metriche_non_raggiungibile"] == ["database"]
        assert (await serie(client)).keys() >= prima.keys()

        def guasto(_: str) -> None:
            raise asyncpg.UndefinedFunctionError("manca")

        monkeypatch.setattr(database, "lettura", guasto)
        assert (await client.get("/metrics")).status_code == 500, "a fault of ours is not an absence"


@pytest.mark.server
async def test_l_api_conta_le_sveglie_e_non_le_legge(settings: Settings) -> None:
    """The role of the API may ask how many, by queue; the messages stay the worker's."""
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        assert await connessione.fetch("SELECT coda, in_attesa FROM misura_sveglie()") == []
        for istruzione in (
            "SELECT count(*) FROM dramatiq.queue",
            "DELETE FROM dramatiq.queue",
            "SELECT message FROM dramatiq.queue",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connessione.execute(istruzione)
    finally:
        await connessione.close()
