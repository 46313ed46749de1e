"""`GET /status`, asked by ModI (Linee guida interoperabilità, RAC_REST): problem+json, 200 when the service can serve."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from services.api.errori_sql import ServizioNonDisponibile
from services.api.problems import MEDIA, Problema, annota_guasto, id_richiesta, risposta
from services.api.rotte import RottaAmbito
from services.core.platform.errori import Errore

Controllo = Callable[[], Awaitable[None]]
"""Raises when the service cannot serve (the database does not answer)."""


class ServizioAttivo(Errore):
    """Not a refusal: ModI wants the state of a service in the form of a problem, with status 200."""

    stato, tipo, titolo = 200, "servizio-attivo", "Il servizio è attivo"


class RispostaProblema(JSONResponse):
    media_type = MEDIA


async def dichiara(request: Request, controllo: Controllo) -> Response:
    """Answer whether the service can serve, as `controllo` finds it now."""
    try:
        await controllo()
    except Exception as guasto:  # noqa: BLE001  # whatever stops the service, the answer is that it is stopped
        annota_guasto(guasto)
        return risposta(ServizioNonDisponibile(), id_richiesta(request))
    return risposta(ServizioAttivo(), id_richiesta(request))


def crea_router(controllo: Controllo) -> APIRouter:
    """Return the router of `/status`; `controllo` is awaited at each request."""
    router = APIRouter(route_class=RottaAmbito, tags=["servizio"])

    @router.get(
        "/status",
        operation_id="leggiStato",
        summary="Dice se il servizio è attivo",
        response_class=RispostaProblema,
        response_model=Problema,
        response_description="Il servizio è attivo.",
        openapi_extra={"security": [{}]},
    )
    async def leggi_stato(request: Request) -> Response:
        return await dichiara(request, controllo)

    return router
