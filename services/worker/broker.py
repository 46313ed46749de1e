"""The broker of the wake-ups: RabbitMQ when its address is given, else the tables of dramatiq-postgres; the same actors on both.

A message says only "reader X may have work". Losing, doubling or reordering one is harmless, so there are no delays, no
retries and no dead letters here: what is to be done later is a row with `prossimo_tentativo`, what failed is written there.
"""

from typing import Any

from dramatiq import Broker, Message, Middleware
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.middleware import AgeLimit, AsyncIO, TimeLimit
from dramatiq_postgres import PostgresBroker  # type: ignore[import-untyped]  # the package ships no types
from psycopg_pool import ConnectionPool

ETA_MASSIMA_MS = 60_000
"""A wake-up older than this is thrown away: the periodic one has replaced it."""

DURATA_MASSIMA_MS = 300_000
"""Longest run of one actor; readers stop by themselves well before."""

MESSAGGI_MASSIMI = 10_000
CONSEGNE_MASSIME = 10


def componenti(altri: list[Middleware] | None = None) -> list[Middleware]:
    """The middleware of the wake-ups, in order. No `Retries`, `Results`, `Callbacks`, `Pipelines`: nothing may need them."""
    return [
        AgeLimit(max_age=ETA_MASSIMA_MS),
        TimeLimit(time_limit=DURATA_MASSIMA_MS, interval=1_000),
        AsyncIO(),
        *(altri or []),
    ]


class BrokerRabbit(RabbitmqBroker):
    """RabbitMQ with one replicated (quorum) queue, declared by us, and every publication confirmed by the server.

    The stock broker declares classic queues and cannot be told otherwise; it also makes a queue for delays, whose messages
    would be held unacknowledged in the worker's memory, and one for dead letters: neither is made here.
    """

    def __init__(self, url: str, middleware: list[Middleware]) -> None:
        super().__init__(url=url, confirm_delivery=True, middleware=middleware)

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        """Declare the queue alone; the arguments differ from those of an older one only by an error of the server (406)."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.queues_pending.add(queue_name)
            self.emit_after("declare_queue", queue_name)
        if ensure:
            self._ensure_queue(queue_name)  # type: ignore[no-untyped-call]  # dramatiq types its public methods only

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Publish and wait for the server's confirmation.

        Raises:
            ValueError: a delay was asked.
            ConnectionClosed: the server is not reachable.
        """
        _senza_ritardo(delay)
        return super().enqueue(message)

    def get_queue_message_counts(self, queue_name: str) -> tuple[int, int, int]:
        """Return the messages ready in the queue; there are no queues of delayed and dead ones."""
        dichiarata = self._declare_queue(queue_name)  # type: ignore[no-untyped-call]  # as above
        return dichiarata.method.message_count, 0, 0

    def flush(self, queue_name: str) -> None:
        """Drop the messages of the queue."""
        self.declare_queue(queue_name, ensure=True)
        self.channel.queue_purge(queue_name)

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:  # noqa: ARG002  # the signature is the base class's
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": CONSEGNE_MASSIME,
            "x-max-length": MESSAGGI_MASSIMI,
            "x-overflow": "drop-head",
        }

    def _declare_dq_queue(self, queue_name: str) -> None:  # as above
        """No queue of delayed messages."""

    def _declare_xq_queue(self, queue_name: str) -> None:  # as above
        """No queue of dead messages."""


class BrokerPostgres(PostgresBroker):  # type: ignore[misc]  # as above
    """The tables of dramatiq-postgres in the schema `dramatiq`, without results and without the queue of delays."""

    def __init__(self, dsn: str, middleware: list[Middleware], connessioni: int) -> None:
        pool = ConnectionPool(
            dsn,
            min_size=0,
            max_size=connessioni,
            kwargs={"application_name": "ambito-sveglie", "keepalives_idle": 5},
            check=ConnectionPool.check_connection,
            open=True,
        )
        super().__init__(pool=pool, results=False, middleware=middleware, purge_maxage="1 hour")

    def close(self) -> None:
        """Close the connections too: the base class leaves a pool it was given."""
        super().close()
        self.pool.close()

    def declare_queue(self, queue_name: str) -> None:
        """Declare the queue alone: all of them are rows of one table."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = True
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Insert the message in a transaction of its own.

        Raises:
            ValueError: a delay was asked.
        """
        _senza_ritardo(delay)
        inviato: Message[Any] = super().enqueue(message)
        return inviato


def crea_broker(broker_url: str | None, dsn: str, *, fili: int, altri: list[Middleware] | None = None) -> Broker:
    """Return the broker of this process; no connection is made yet.

    Args:
        broker_url: AMQP address of RabbitMQ, or None for the database.
        dsn: address of the database as the worker's role, around PgBouncer (the package listens for notifications).
        fili: threads that will run actors, by which the connections are counted.
        altri: middleware of the caller, after ours.
    """
    if broker_url is not None:
        return BrokerRabbit(broker_url, componenti(altri))
    # one connection consumes, one listens, one publishes; each thread acknowledges
    return BrokerPostgres(dsn, componenti(altri), connessioni=fili + 3)


def _senza_ritardo(delay: int | None) -> None:
    if delay is not None:
        raise ValueError("nessun ritardo nel broker: si scrive una riga con prossimo_tentativo")
