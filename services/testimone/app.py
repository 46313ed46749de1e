"""The witness over HTTP: take heads, give receipts, say which head is known last. Errors are problem+json."""

import asyncio
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.platform.jsonstretto import leggi_oggetto
from services.core.sigillo.testa import TestaFirmata
from services.testimone.archivio import Archivi, Biforcazione, FileRovinato, FirmaRifiutata

CORPO_MASSIMO = 1024 * 1024
TESTE_MASSIME = 500
STATO_RIFIUTO = {FirmaRifiutata: 403, Biforcazione: 409}

log = structlog.get_logger()


class Consegnate(BaseModel):
    """The body of a handing over."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    teste: list[TestaFirmata] = Field(min_length=1, max_length=TESTE_MASSIME)


def crea_app(archivi: Archivi) -> Starlette:
    """The application over `archivi`. One request at a time touches the files: the order of heads is all that matters here."""
    turno = asyncio.Lock()

    async def ultima(richiesta: Request) -> Response:
        archivio = _archivio(richiesta)
        async with turno:
            firmata = await asyncio.to_thread(archivi.ultima, archivio) if archivio else None
        if firmata is None:
            return _problema(404, "Il testimone non conosce questa catena.")
        return JSONResponse(firmata.contenuto())

    async def testimonia(richiesta: Request) -> Response:
        archivio = _archivio(richiesta)
        if archivio is None:
            return _problema(404, "L'identificativo della catena non è valido.")
        corpo = await _corpo(richiesta)
        if corpo is None:
            return _problema(413, "Il corpo è troppo grande.")
        try:
            consegnate = Consegnate.model_validate(leggi_oggetto(corpo))
        except (ValueError, ValidationError):
            return _problema(422, "Il corpo non è una consegna di teste.")
        try:
            async with turno:
                firmata = await asyncio.to_thread(archivi.testimonia, archivio, consegnate.teste)
        except (FirmaRifiutata, Biforcazione) as rifiuto:
            log.warning("teste_rifiutate", archivio=str(archivio), perche=str(rifiuto))
            return _problema(STATO_RIFIUTO[type(rifiuto)], f"Teste rifiutate: {rifiuto}.")
        log.info("teste_testimoniate", archivio=str(archivio), lotto=firmata.ricevuta.lotto, quante=len(consegnate.teste))
        return JSONResponse(firmata.contenuto(), status_code=201)

    async def stato(_: Request) -> Response:
        return JSONResponse({"stato": "attivo"})

    async def guasto(_: Request, errore: Exception) -> Response:
        log.error("testimone_guasto", errore=type(errore).__name__)
        return _problema(500, "Il testimone non può scrivere: il suo file o il suo disco vanno controllati.")

    return Starlette(
        routes=[
            Route("/archivi/{archivio}", ultima, methods=["GET"]),
            Route("/archivi/{archivio}/teste", testimonia, methods=["POST"]),
            Route("/status", stato, methods=["GET"]),
        ],
        exception_handlers={OSError: guasto, FileRovinato: guasto},
    )


def _archivio(richiesta: Request) -> UUID | None:
    try:
        return UUID(richiesta.path_params["archivio"])
    except ValueError:
        return None


async def _corpo(richiesta: Request) -> bytes | None:
    """The body, None when it is longer than allowed."""
    corpo = bytearray()
    async for pezzo in richiesta.stream():
        corpo += pezzo
        if len(corpo) > CORPO_MASSIMO:
            return None
    return bytes(corpo)


def _problema(stato: int, dettaglio: str) -> JSONResponse:
    contenuto = {"type": "about:blank", "title": dettaglio, "status": stato}
    return JSONResponse(contenuto, status_code=stato, media_type="application/problem+json")
