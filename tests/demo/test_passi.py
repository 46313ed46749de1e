"""The steps of the demonstration, each a test, in order, on real programs: API, worker and sandbox over HTTP."""

import os
import socket
from collections.abc import Callable, Iterator

import pytest

from services.cli.demo.regia import PASSI, Esito, Passo, esegui_passo
from services.cli.demo.scena import Scena
from services.cli.supervisore import Pila
from tests.ambiente import Server

pytestmark = [pytest.mark.server, pytest.mark.timeout(240)]


def porte_libere(quante: int) -> list[int]:
    """Ports nobody listens on at this moment."""
    prese = [socket.socket() for _ in range(quante)]
    try:
        for presa in prese:
            presa.bind(("127.0.0.1", 0))
        return [presa.getsockname()[1] for presa in prese]
    finally:
        for presa in prese:
            presa.close()


@pytest.fixture(scope="module")
def pila(server: Server) -> Iterator[Pila]:
    api, sandbox, testimone = porte_libere(3)
    broker = os.environ.get("AMBITO_TEST_BROKER_URL") if os.environ.get("AMBITO_PROVE_SUL_SERVER") else None
    settings = server.settings("prova_demo", api_port=api, sandbox_port=sandbox, testimone_port=testimone, broker_url=broker)
    with Pila(settings, da_capo=True) as pila:
        yield pila
    server.elimina("prova_demo")


@pytest.fixture(scope="module")
def fino_a(pila: Pila) -> Iterator[Callable[[Passo], Esito]]:
    """Run the steps up to one, each only once however the tests are chosen."""
    scena, esiti = Scena(pila), list[Esito]()

    def esegui(ultimo: Passo) -> Esito:
        while len(esiti) < ultimo.numero:
            if esiti and not esiti[-1].regge:
                pytest.fail(f"prima non regge il passo {esiti[-1].passo.numero}: {esiti[-1].testo}")
            esiti.append(esegui_passo(scena, PASSI[len(esiti)]))
        return esiti[ultimo.numero - 1]

    yield esegui
    scena.chiudi()


@pytest.mark.parametrize("passo", PASSI, ids=lambda p: f"{p.numero:02d}-{p.fai.__module__.rpartition('.')[2]}")
def test_passo(passo: Passo, fino_a: Callable[[Passo], Esito]) -> None:
    esito = fino_a(passo)
    assert esito.regge, esito.testo
    assert esito.testo
