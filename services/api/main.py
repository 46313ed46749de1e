"""The application: routers, edge, error handlers, and the process's state opened in the lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from services.api import documentazione, metriche, middleware, openapi, problems, servizi, telemetria
from services.api.deps import Stato, al_rifiuto
from services.api.stato import crea_router
from services.core.access.operazioni import OPERAZIONI, PUBBLICHE
from services.core.platform import registro
from services.core.platform.cursori import Cursori
from services.core.platform.db import Database
from services.core.platform.settings import Settings, get_settings

AREE = (
    "io",
    "persone",
    "cartelle_lette",
    "cartelle",
    "misure",
    "valutazioni",
    "progetti",
    "pippi",
    "indicatori",
    "flussi",
    "waas",
    "contitolarita",
    "audit",
    "accesso",
    "emergenze",
    "storia",
    "incarichi",
)
"""Modules of `services.api.routes`, each with a `router`, in the order of the documentation."""


class OperazioneSenzaRegola(Exception):
    """A route has no rule of access, or a rule has no route: the application is not built."""


def create_app(settings: Settings | None = None, *, trasporto: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """Build the application. `trasporto` carries its outgoing HTTP in tests.

    Raises:
        OperazioneSenzaRegola: routes and rules of access do not match.
        ConfigurazioneNonValida: traces are asked for and OpenTelemetry is not installed.
    """
    impostazioni = settings or get_settings()
    registro.configura(impostazioni.log_livello)

    @asynccontextmanager
    async def vita(app: FastAPI) -> AsyncIterator[None]:
        database = Database(impostazioni.dsn_app, minimo=impostazioni.pool_app_min, massimo=impostazioni.pool_app_max)
        await database.apri()
        esterni = servizi.costruisci(impostazioni, trasporto=trasporto)
        segreto = impostazioni.segreto_cursori.get_secret_value().encode()
        app.state.ambito = Stato(impostazioni, database, Cursori(segreto), esterni)
        try:
            yield
        finally:
            await esterni.chiudi()
            await database.chiudi()

    app = FastAPI(
        title="Ambito",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=vita,
        telemetry=telemetria.DEL_FRAMEWORK,
    )

    async def risponde() -> None:
        await app.state.ambito.database.risponde()

    app.include_router(crea_router(risponde))
    for area in AREE:
        app.include_router(import_module(f"services.api.routes.{area}").router)
    documentazione.monta(app)
    metriche.monta(app, impostazioni)
    problems.installa(app, al_rifiuto=al_rifiuto)
    middleware.installa(app, limite_corpo=impostazioni.body_max_bytes, https=impostazioni.base_url.startswith("https"))
    telemetria.avvia(app, impostazioni)
    openapi.installa(app, impostazioni)
    verifica_regole(app)
    return app


def verifica_regole(app: FastAPI) -> None:
    """Check that every operation has a rule of access and every rule an operation.

    Raises:
        OperazioneSenzaRegola: naming those that do not match.
    """
    operazioni = {
        contesto.original_route.operation_id
        for contesto in iter_route_contexts(app.routes)
        if isinstance(contesto.original_route, APIRoute) and contesto.original_route.include_in_schema
    }
    attese = OPERAZIONI.keys() | PUBBLICHE
    if operazioni != attese:
        raise OperazioneSenzaRegola(
            f"senza regola: {sorted(map(str, operazioni - attese))}; senza rotta: {sorted(map(str, attese - operazioni))}"
        )
