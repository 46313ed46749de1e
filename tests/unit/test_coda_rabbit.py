"""The question to RabbitMQ, without one: whoever does not answer costs a scrape a bounded wait, and the event loop nothing."""

import asyncio
import socket
import time
from collections.abc import Iterator

import pytest

from services.api import coda_rabbit
from services.api.coda_rabbit import CodaRabbit
from tests.processi import porta_libera


@pytest.fixture
def muto() -> Iterator[socket.socket]:
    """A server that accepts and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("porta", [None, "porta"], ids=["nessuno-ascolta", "indirizzo-sbagliato"])
async def test_chi_non_c_e_si_dice_subito(porta: str | None) -> None:
    inizio = time.monotonic()
    lettura = await CodaRabbit(f"amqp://guest:guest@127.0.0.1:{porta or porta_libera()}/", "prova").leggi()
    assert (lettura.raggiungibile, lettura.in_attesa) == (False, None)
    assert lettura.errore
    assert time.monotonic() - inizio < coda_rabbit.ATTESA_S


async def test_chi_tace_non_ferma_nessuno(muto: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three scrapes at once: one connection, one bounded wait, and the loop goes on meanwhile."""
    monkeypatch.setattr(coda_rabbit, "ATTESA_S", 1.0)  # long enough for a loaded machine to turn ten times
    coda = CodaRabbit(f"amqp://guest:guest@127.0.0.1:{muto.getsockname()[1]}/", "prova")
    giri, inizio = 0, time.monotonic()
    insieme = asyncio.gather(*(coda.leggi() for _ in range(3)))
    while not insieme.done():
        giri += 1
        await asyncio.sleep(0.01)
    durata = time.monotonic() - inizio
    assert [(x.raggiungibile, x.errore) for x in insieme.result()] == [(False, "TimeoutError")] * 3
    assert 0.9 < durata < 3
    assert giri > 10
    assert coda._in_corso is not None
    finita = await asyncio.wait_for(coda._in_corso, 5)
    assert (finita.raggiungibile, finita.errore) == (False, "AMQPConnectorStackTimeout")
    accettata, _ = muto.accept()
    accettata.close()
    with pytest.raises(BlockingIOError):
        muto.accept()
