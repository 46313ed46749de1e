"""Every error leaves as `application/problem+json` (RFC 9457), in Italian, with a stable `type`.

`instance` carries the request id, by which the log of the server is found; nothing of the input, of the database's
texts or of the stack is in the answer. See docs/adr/0008-errori-e-contratti.md.
"""

import json
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from services.api.errori_sql import traduci
from services.api.motivi import campi
from services.core.platform.errori import (
    DatiNonValidi,
    Errore,
    NonAutenticato,
    NonTrovato,
    RichiestaMalformata,
    TipoNonSupportato,
    TroppoGrande,
    Vietato,
)

log = structlog.get_logger()

BASE_TIPI = "https://ambito.example/problemi/"
"""Prefix of `type`: an identifier, compared and never dereferenced (RFC 9457 §3.1.1)."""

MEDIA = "application/problem+json"
RITENTA_DOPO_S = 5
"""Seconds in `Retry-After` of a 503 that names no other time."""

_RISERVATE = frozenset({"type", "title", "status", "detail", "instance", "ritenta_dopo_s"})

AlRifiuto = Callable[[Request, Errore], Awaitable[None]]
"""Called with every refusal before its answer leaves, after the request's transaction was rolled back."""


class MetodoNonAmmesso(Errore):
    stato, tipo, titolo = 405, "metodo-non-ammesso", "Metodo non ammesso su questa risorsa"


class CampoRifiutato(BaseModel):
    """A field that cannot be accepted, and why; never its value."""

    model_config = ConfigDict(extra="forbid")

    campo: str = Field(max_length=512)
    motivo: str = Field(max_length=1024)


class Problema(BaseModel):
    """The schema of every error answer (RFC 9457). Further members depend on `type`."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": {}, "maxProperties": 20})

    type: str = Field(max_length=256, description="Identificativo stabile del problema.", json_schema_extra={"format": "uri"})
    title: str = Field(max_length=256, description="Descrizione breve del tipo di problema.")
    status: int = Field(ge=100, le=599, description="Codice di stato HTTP.", json_schema_extra={"format": "int32"})
    detail: str = Field(max_length=4096, description="Spiegazione di questo caso, per la persona che legge.")
    instance: str = Field(max_length=256, description="Identificativo della richiesta.", json_schema_extra={"format": "uri"})
    campi: list[CampoRifiutato] = Field(default=[], max_length=50, description="I campi rifiutati, se il problema è in essi.")
    versione_attuale: int = Field(
        default=0,
        ge=0,
        le=2**63 - 1,
        description="Versione attuale del documento, se quella indicata è superata.",
        json_schema_extra={"format": "int64"},
    )


_HTTP: dict[int, type[Errore]] = {
    400: RichiestaMalformata,
    401: NonAutenticato,
    403: Vietato,
    404: NonTrovato,
    405: MetodoNonAmmesso,
    413: TroppoGrande,
    415: TipoNonSupportato,
    422: DatiNonValidi,
}


def corpo_problema(errore: Errore, richiesta_id: UUID) -> bytes:
    """Render the problem; extensions of the error never replace the five members of the standard."""
    membri: dict[str, Any] = {
        "type": BASE_TIPI + errore.tipo,
        "title": errore.titolo,
        "status": errore.stato,
        "detail": errore.dettaglio,
        "instance": f"urn:uuid:{richiesta_id}",
    }
    membri.update((nome, valore) for nome, valore in errore.estensioni.items() if nome not in _RISERVATE)
    return json.dumps(membri, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def risposta(errore: Errore, richiesta_id: UUID, intestazioni: Mapping[str, str] | None = None) -> Response:
    """Return the answer for `errore`. `ritenta_dopo_s` among its extensions becomes `Retry-After`, in seconds."""
    testate = {"content-language": "it", **(intestazioni or {})}
    if errore.stato == 401:
        testate["www-authenticate"] = 'Bearer realm="ambito"'
    elif errore.stato == 503:
        testate["retry-after"] = str(errore.estensioni.get("ritenta_dopo_s", RITENTA_DOPO_S))
    return Response(corpo_problema(errore, richiesta_id), status_code=errore.stato, headers=testate, media_type=MEDIA)


def id_richiesta_scope(scope: Scope) -> UUID:
    """Return the id given to the request at the edge; the nil UUID when the edge middleware is not mounted."""
    richiesta_id: UUID = scope.get("state", {}).get("richiesta_id", UUID(int=0))
    return richiesta_id


def id_richiesta(request: Request) -> UUID:
    """Return the id given to the request at the edge."""
    return id_richiesta_scope(request.scope)


def da_validazione(exc: RequestValidationError, noti: frozenset[str] = frozenset()) -> Errore:
    """Return 400 for text that is not JSON, else 422 with the refused fields. `noti`: names the operation's schema knows."""
    errori = exc.errors()
    if any(e.get("type") == "json_invalid" for e in errori):
        return RichiestaMalformata("Il corpo della richiesta non è JSON valido.")
    return DatiNonValidi("Alcuni dati non possono essere accettati.", campi=campi(errori, noti))


def da_http(exc: HTTPException) -> Errore:
    """Return the error of ours for one of the framework; its English text is not passed on."""
    classe = _HTTP.get(exc.status_code)
    if classe is not None:
        return classe()
    errore = RichiestaMalformata() if 400 <= exc.status_code < 500 else Errore()
    errore.stato = exc.status_code
    return errore


def annota_guasto(exc: BaseException) -> None:
    """Log an unexpected exception: its class and where it happened, never its text, which may quote personal data."""
    punti = traceback.extract_tb(exc.__traceback__)
    log.error(
        "errore_interno",
        eccezione=f"{type(exc).__module__}.{type(exc).__qualname__}",
        sqlstate=getattr(getattr(exc, "orig", exc), "sqlstate", None),
        dove=[f"{p.filename.rpartition('/')[2]}:{p.lineno} {p.name}" for p in punti[-12:]],
    )


class Gestori:
    """The exception handlers of one application."""

    def __init__(self, al_rifiuto: AlRifiuto | None) -> None:
        self._al_rifiuto = al_rifiuto

    async def _rispondi(self, request: Request, errore: Errore, intestazioni: Mapping[str, str] | None = None) -> Response:
        if self._al_rifiuto is not None:
            try:
                await self._al_rifiuto(request, errore)
            except Exception as guasto:  # noqa: BLE001  # whatever stopped the audit, the refusal does not leave unrecorded
                annota_guasto(guasto)
                return risposta(traduci(guasto) or Errore(), id_richiesta(request))
        return risposta(errore, id_richiesta(request), intestazioni)

    async def dominio(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, Errore)
        if exc.stato >= 500 and exc.stato != 503:
            annota_guasto(exc)
            return await self._rispondi(request, Errore())
        return await self._rispondi(request, exc)

    async def validazione(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestValidationError)
        return await self._rispondi(request, da_validazione(exc))

    async def http(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        return await self._rispondi(request, da_http(exc), exc.headers)

    async def base_dati(self, request: Request, exc: Exception) -> Response:
        errore = traduci(exc)
        if errore is None or errore.stato == 503:
            annota_guasto(exc)
        return await self._rispondi(request, errore or Errore())

    async def imprevisto(self, request: Request, exc: Exception) -> Response:
        annota_guasto(exc)
        return risposta(Errore(), id_richiesta(request))


def installa(app: FastAPI, *, al_rifiuto: AlRifiuto | None = None) -> None:
    """Install the handlers on `app`.

    `al_rifiuto` is awaited before the answer leaves: the place where a refusal is written to the audit trail, in a
    transaction of its own. When it fails, the caller gets that failure and not the refusal.
    """
    app.router.redirect_slashes = False  # an address that is not ours is 404, not a hint at the one that is
    gestori = Gestori(al_rifiuto)
    app.add_exception_handler(Errore, gestori.dominio)
    app.add_exception_handler(RequestValidationError, gestori.validazione)
    app.add_exception_handler(HTTPException, gestori.http)
    for classe in (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError, TimeoutError):
        app.add_exception_handler(classe, gestori.base_dati)
    app.add_exception_handler(Exception, gestori.imprevisto)
