"""How many wake-ups wait in RabbitMQ: asked at each scrape on a connection of its own, away from the event loop."""

import asyncio
from dataclasses import dataclass

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, ChannelClosedByBroker

ATTESA_S = 2.0
"""Longest wait of a scrape for the broker."""

_PASSO_S = 1.0
"""Longest wait for each step of the connection. A broker that falls silent after it is given up by the heartbeats."""

_BATTITO_S = 2
_CODA_ASSENTE = 404


@dataclass(frozen=True, slots=True)
class Lettura:
    """What the broker said. `in_attesa` is None when it did not answer, with the class of the `errore`, or when nobody has
    declared the queue yet."""

    raggiungibile: bool
    in_attesa: int | None = None
    errore: str | None = None


class CodaRabbit:
    """One queue of a RabbitMQ. Scrapes that come while one is asking share its answer: threads do not pile up."""

    def __init__(self, url: str, coda: str) -> None:
        self._url, self._coda = url, coda
        self._in_corso: asyncio.Task[Lettura] | None = None

    async def leggi(self) -> Lettura:
        """Ask how many messages are ready. Returns within `ATTESA_S`, whatever the broker does, and does not raise for it."""
        if self._in_corso is None or self._in_corso.done():
            self._in_corso = asyncio.create_task(asyncio.to_thread(self._chiedi))
        try:
            return await asyncio.wait_for(asyncio.shield(self._in_corso), ATTESA_S)
        except TimeoutError:
            return Lettura(raggiungibile=False, errore="TimeoutError")

    def _chiedi(self) -> Lettura:
        try:
            with pika.BlockingConnection(_parametri(self._url)) as connessione:
                dichiarata = connessione.channel().queue_declare(self._coda, passive=True)
                return Lettura(raggiungibile=True, in_attesa=dichiarata.method.message_count)
        except ChannelClosedByBroker as errore:
            assente = errore.reply_code == _CODA_ASSENTE
            return Lettura(raggiungibile=assente, errore=None if assente else type(errore).__name__)
        except (AMQPError, AMQPConnectorException, OSError, ValueError) as errore:
            return Lettura(raggiungibile=False, errore=type(errore).__name__)


def _parametri(url: str) -> pika.URLParameters:
    parametri = pika.URLParameters(url)
    parametri.connection_attempts = 1
    parametri.socket_timeout = parametri.stack_timeout = parametri.blocked_connection_timeout = _PASSO_S
    parametri.heartbeat = _BATTITO_S
    return parametri
