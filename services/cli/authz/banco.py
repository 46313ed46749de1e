"""The bench: the application as it runs in production, on a scratch database, with its changes undone instead of committed.

Every transaction of a change is carried to its very end, constraints and policies included, and then rolled back: so a
request that is allowed is really allowed, and the next one finds the same world. Hot reads commit: they write only the
trail. No other part of the application is replaced.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from services.api.main import create_app
from services.cli.ambiente import migra, prepara_server
from services.cli.supervisore import elimina_database, sul_database
from services.core.access.situazioni import GIORNO
from services.core.platform.db import Database
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.sandbox import main as sandbox
from services.sandbox.oidc import EmittenteOidc

TENTATIVI = 4
"""Times a request is sent while the answer is 503: a deadlock or a lock waited for too long is to be tried again."""


class DatabaseSenzaEffetti(Database):
    """As the application's, but what it did is undone."""

    @asynccontextmanager
    async def sessione(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as sessione:
            yield sessione
            await sessione.flush()  # no constraint waits for the commit: what is written here has been checked
            await sessione.rollback()


@dataclass(frozen=True, slots=True)
class Richiesta:
    """A request to send: `corpo` None sends none."""

    metodo: str
    percorso: str
    corpo: Any = None
    intestazioni: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Banco:
    """The application and a client of it."""

    app: FastAPI
    client: httpx.AsyncClient
    emittente: EmittenteOidc
    _token: dict[str, str] = field(default_factory=dict)

    async def manda(self, soggetto: str, richiesta: Richiesta) -> httpx.Response:
        """Send a request as an operator."""
        if soggetto not in self._token:
            self._token[soggetto] = self.emittente.token(soggetto)
        testate = {"Authorization": f"Bearer {self._token[soggetto]}", **richiesta.intestazioni}
        invia = partial(self.client.request, richiesta.metodo, richiesta.percorso, json=richiesta.corpo, headers=testate)
        risposta = await invia()
        for _ in range(TENTATIVI - 1):
            if risposta.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            risposta = await invia()
        return risposta


@asynccontextmanager
async def apri(settings: Settings) -> AsyncIterator[Banco]:
    """Start the application on the database of `settings`; its outgoing HTTP goes to the sandbox."""
    app = create_app(settings, trasporto=httpx.ASGITransport(app=sandbox.create_app(settings)))
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=settings.stato_dir, produzione=settings.produzione
    )
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=trasporto, base_url="http://banco") as client:
        senza_effetti = DatabaseSenzaEffetti(settings.dsn_app, minimo=0, massimo=settings.pool_app_max)
        await senza_effetti.apri()
        app.state.ambito.database = senza_effetti
        try:
            yield Banco(app, client, emittente)
        finally:
            await senza_effetti.chiudi()


@contextmanager
def database_di_prova(settings: Settings) -> Iterator[Settings]:
    """Create a database of our own beside that of `settings`, with schema and no data, and drop it in the end."""
    nome = f"ambito_authz_{nuovo_id().hex[-12:]}"
    proprie = sul_database(settings, nome).model_copy(update={"data_riferimento": GIORNO, "log_livello": "ERROR"})
    try:
        prepara_server(settings, nome)
        migra(proprie)
        yield proprie
    finally:
        asyncio.run(elimina_database(settings.dsn_admin_diretto, nome))
