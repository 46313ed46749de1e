"""Fixtures: a cloned database per test, the application on it, and the sandbox behind its outgoing HTTP.

The suite runs on the embedded server; with AMBITO_PROVE_SUL_SERVER=1 (set by `make test` when the addresses are given)
the tests marked `server` run on AMBITO_TEST_DATABASE_URL and AMBITO_TEST_BROKER_URL.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from services.api.main import create_app
from services.core.platform.settings import Settings
from services.sandbox import main as sandbox_main
from services.sandbox.oidc import EmittenteOidc
from tests.ambiente import Server, server_di_prova, url_di_prova

Intestazioni = Callable[..., dict[str, str]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the given server only the tests marked `server` run."""
    if os.environ.get("AMBITO_PROVE_SUL_SERVER"):
        scelti = [i for i in items if i.get_closest_marker("server")]
        config.hook.pytest_deselected(items=[i for i in items if not i.get_closest_marker("server")])
        items[:] = scelti


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was tested on what."""
    if os.environ.get("AMBITO_PROVE_SUL_SERVER"):
        testo = "PROVATO SU: il server PostgreSQL e il broker RabbitMQ indicati (prove «server»)"
    else:
        testo = "PROVATO SU: PostgreSQL incorporato"
        if not os.environ.get("AMBITO_TEST_DATABASE_URL") or not os.environ.get("AMBITO_TEST_BROKER_URL"):
            testo += "; NON PROVATO sui server: mancano AMBITO_TEST_DATABASE_URL e AMBITO_TEST_BROKER_URL"
    terminalreporter.write_line(testo)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The PostgreSQL server of this run."""
    with server_di_prova(url_di_prova()) as trovato:
        yield trovato


@pytest.fixture(scope="session")
def modello(server: Server) -> Iterator[str]:
    """A template database, migrated and with both example ambiti."""
    nome = f"modello_{os.getpid()}"
    server.prepara(nome)
    yield nome
    server.elimina(nome)


@pytest.fixture
def settings(server: Server, modello: str) -> Iterator[Settings]:
    """Settings on a fresh clone of the template."""
    nome = server.clona(modello)
    yield server.settings(nome)
    server.elimina(nome)


@pytest.fixture
def sandbox(settings: Settings) -> FastAPI:
    """The sandbox: issuer, PDND, INPS, an ASST."""
    return sandbox_main.create_app(settings)


@pytest.fixture
async def app(settings: Settings, sandbox: FastAPI) -> AsyncIterator[FastAPI]:
    """The application on the clone, its lifespan running, its outgoing HTTP going to the sandbox."""
    applicazione = create_app(settings, trasporto=httpx.ASGITransport(app=sandbox))
    async with applicazione.router.lifespan_context(applicazione):
        yield applicazione


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application; `raise_app_exceptions` is off: a 500 is an answer, as for real clients."""
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as c:
        yield c


@pytest.fixture
def token(settings: Settings) -> Intestazioni:
    """Make the headers of an example operator: `token("as-crema", finalita="valutazione")`."""
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=Path(settings.stato_dir), produzione=False
    )

    def intestazioni(soggetto: str, **altre: str) -> dict[str, str]:
        testate = {"Authorization": f"Bearer {emittente.token(soggetto)}"}
        return testate | {nome.replace("_", "-").title(): valore for nome, valore in altre.items()}

    return intestazioni


@pytest.fixture
async def admin(settings: Settings) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection as administrator: for looking at what the application may not see."""
    connessione = await asyncpg.connect(settings.dsn_admin)
    yield connessione
    await connessione.close()
