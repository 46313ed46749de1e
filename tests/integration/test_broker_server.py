"""The two brokers against their servers: same actors, same outcome, nothing lost when a worker is killed with work in hand."""

import asyncio
import os
import socket
import time
from collections import Counter

import dramatiq
import pika
import psycopg
import pytest

from services.core.platform.ids import nuovo_id
from services.worker.broker import BrokerPostgres, BrokerRabbit, componenti

AMQP = os.environ.get("AMBITO_TEST_BROKER_URL") if os.environ.get("AMBITO_PROVE_SUL_SERVER") else None

pytestmark = pytest.mark.server


@pytest.fixture
def dsn(settings):
    """The queue of a migrated database, as the worker's role: what it was granted is part of what is tried."""
    return settings.dsn_worker_diretto


@pytest.fixture
def coda_rabbit():
    if not AMQP:
        pytest.skip("RabbitMQ non è provato: manca AMBITO_TEST_BROKER_URL, o la prova non è sui server")
    coda = f"ambito_prova_{nuovo_id().hex[-12:]}"
    yield coda
    connessione = pika.BlockingConnection(pika.URLParameters(AMQP))
    connessione.channel().queue_delete(coda)
    connessione.close()


@pytest.fixture(params=["postgresql", "rabbitmq"])
def nuovo(request):
    """Makes brokers on one queue; each stands for a process."""
    fatti = []
    if request.param == "postgresql":
        dsn = request.getfixturevalue("dsn")

        def crea():
            return BrokerPostgres(dsn, componenti(), connessioni=6), "prova"
    else:
        coda = request.getfixturevalue("coda_rabbit")

        def crea():
            return BrokerRabbit(AMQP, componenti()), coda

    def nuovo():
        fatti.append(crea())
        return fatti[-1]

    yield nuovo
    for broker, _ in fatti:
        broker.close()


def _fino_a(condizione, secondi=15.0):
    limite = time.monotonic() + secondi
    while not condizione():
        assert time.monotonic() < limite, "tempo scaduto"
        time.sleep(0.02)


def test_cento_sveglie_arrivano_a_un_attore_asincrono(nuovo):
    broker, coda = nuovo()
    visti: Counter[str] = Counter()

    @dramatiq.actor(actor_name="sveglia", queue_name=coda, broker=broker)
    async def sveglia(nome: str) -> None:
        await asyncio.sleep(0)
        visti[nome] += 1

    for n in range(100):
        broker.enqueue(sveglia.message(f"lettore-{n}"))
    operai = dramatiq.Worker(broker, worker_threads=2, worker_timeout=100)
    operai.start()
    try:
        _fino_a(lambda: sum(visti.values()) >= 100)
    finally:
        operai.stop(timeout=5000)
    assert visti == Counter({f"lettore-{n}": 1 for n in range(100)})


def test_una_sveglia_arriva_in_fretta(nuovo):
    """A notification, not the poll of a second, wakes the consumer."""
    broker, coda = nuovo()
    arrivi: list[float] = []

    @dramatiq.actor(actor_name="sveglia", queue_name=coda, broker=broker)
    def sveglia(nome: str) -> None:
        arrivi.append(time.monotonic())

    operai = dramatiq.Worker(broker, worker_threads=1, worker_timeout=1000)
    operai.start()
    try:
        broker.enqueue(sveglia.message("avvio"))
        _fino_a(lambda: len(arrivi) == 1)
        time.sleep(0.3)
        attese = []
        for n in range(5):
            inizio = time.monotonic()
            broker.enqueue(sveglia.message("prova"))
            _fino_a(lambda n=n: len(arrivi) == n + 2)
            attese.append(arrivi[-1] - inizio)
    finally:
        operai.stop(timeout=5000)
    assert sorted(attese)[2] < 0.5


def test_un_attore_che_fallisce_non_si_ripete_e_non_lascia_messaggi(nuovo):
    broker, coda = nuovo()
    prove = []

    @dramatiq.actor(actor_name="sveglia", queue_name=coda, broker=broker)
    def sveglia(nome: str) -> None:
        prove.append(nome)
        if nome == "guasto":
            raise RuntimeError("guasto voluto")

    broker.enqueue(sveglia.message("guasto"))
    operai = dramatiq.Worker(broker, worker_threads=1, worker_timeout=100)
    operai.start()
    try:
        _fino_a(lambda: prove == ["guasto"])
        broker.enqueue(sveglia.message("sano"))
        _fino_a(lambda: prove == ["guasto", "sano"])
        time.sleep(1.5)
    finally:
        operai.stop(timeout=5000)
    assert prove == ["guasto", "sano"]


def test_chi_muore_con_una_sveglia_in_mano_la_lascia_a_un_altro(nuovo):
    """A consumer takes a message and disappears without a word; another one gets it."""
    broker, coda = nuovo()
    broker.declare_queue(coda)
    inviato = dramatiq.Message(queue_name=coda, actor_name="sveglia", args=("piano",), kwargs={}, options={})
    broker.enqueue(inviato)
    morto = broker.consume(coda, prefetch=1, timeout=2000)
    preso = next(m for m in morto if m is not None)
    assert preso.message_id == inviato.message_id
    if isinstance(broker, BrokerRabbit):
        morto.connection.close()
    else:
        # what the package does for a process whose heartbeat stopped, without waiting for its minute
        with broker.pool.connection() as c:
            c.execute("UPDATE dramatiq.worker SET heartbeat_at = heartbeat_at - interval '1 hour'")
        morto.close()
    vivo, _ = nuovo()
    vivo.declare_queue(coda)
    altro = vivo.consume(coda, prefetch=1, timeout=2000)
    limite = time.monotonic() + 15
    ripreso = None
    while ripreso is None:
        assert time.monotonic() < limite
        ripreso = next(altro)
    assert ripreso.message_id == inviato.message_id
    altro.ack(ripreso)
    altro.close()


def test_la_coda_di_rabbitmq_e_replicata_e_ha_un_tetto(coda_rabbit):
    broker = BrokerRabbit(AMQP, componenti())
    try:
        broker.declare_queue(coda_rabbit, ensure=True)
        esatti = broker._build_queue_arguments(coda_rabbit)
        broker.connection.channel().queue_declare(coda_rabbit, durable=True, arguments=esatti)
        assert (esatti["x-queue-type"], esatti["x-overflow"]) == ("quorum", "drop-head")
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="x-queue-type"):
            broker.connection.channel().queue_declare(coda_rabbit, durable=True, arguments=esatti | {"x-queue-type": "classic"})
        for altra in (f"{coda_rabbit}.DQ", f"{coda_rabbit}.XQ"):
            with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
                broker.connection.channel().queue_declare(altra, passive=True)
        messaggio = dramatiq.Message(queue_name=coda_rabbit, actor_name="sveglia", args=("x",), kwargs={}, options={})
        broker.enqueue(messaggio)
        _fino_a(lambda: broker.get_queue_message_counts(coda_rabbit) == (1, 0, 0))
        broker.flush(coda_rabbit)
        _fino_a(lambda: broker.get_queue_message_counts(coda_rabbit) == (0, 0, 0))
    finally:
        broker.close()


def test_una_pubblicazione_e_confermata_dal_server(coda_rabbit):
    """The queue vanishes behind the broker's back: with confirmations it notices, declares it again and publishes."""
    broker = BrokerRabbit(AMQP, componenti())
    try:
        messaggio = dramatiq.Message(queue_name=coda_rabbit, actor_name="sveglia", args=("x",), kwargs={}, options={})
        broker.enqueue(messaggio)
        broker.connection.channel().queue_delete(coda_rabbit)
        broker.enqueue(messaggio)
        _fino_a(lambda: broker.get_queue_message_counts(coda_rabbit) == (1, 0, 0))
    finally:
        broker.close()


def test_una_connessione_caduta_si_riapre_da_se(nuovo):
    broker, coda = nuovo()
    broker.declare_queue(coda)
    messaggio = dramatiq.Message(queue_name=coda, actor_name="sveglia", args=("x",), kwargs={}, options={})
    broker.enqueue(messaggio)
    if isinstance(broker, BrokerRabbit):
        broker.connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)  # cut, without AMQP's goodbye
    else:
        with psycopg.connect(broker.pool.conninfo, autocommit=True) as altra:
            altra.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user"
                " AND datname = current_database()"
            )
    broker.enqueue(messaggio.copy())
