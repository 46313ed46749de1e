"""Pages and answers: the parameters of every list, the envelope around JSON that PostgreSQL built, and single documents."""

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from services.api.etag import etag
from services.api.schemas.base import MASSIMO_PAGINA
from services.core.platform.cursori import LUNGHEZZA_MASSIMA

PAGINA_PREDEFINITA = 50


@dataclass(frozen=True, slots=True)
class ParametriPagina:
    limite: int
    cursore: str | None


async def _parametri(
    limite: Annotated[int, Query(ge=1, le=MASSIMO_PAGINA, description="Elementi della pagina.")] = PAGINA_PREDEFINITA,
    cursore: Annotated[
        str | None, Query(max_length=LUNGHEZZA_MASSIMA, description="Il `successivo` della pagina precedente.")
    ] = None,
) -> ParametriPagina:
    return ParametriPagina(limite, cursore)


Paginazione = Annotated[ParametriPagina, Depends(_parametri)]
"""`pagina: Paginazione` in the endpoint of every list."""


def rispondi_json(corpo: bytes | str, *, stato: int = 200, versione: int | None = None, posizione: str | None = None) -> Response:
    """Return `corpo`, already JSON. `versione` becomes the ETag, `posizione` the Location of what was created."""
    testate: dict[str, str] = {}
    if versione is not None:
        testate["etag"] = etag(versione)
    if posizione is not None:
        testate["location"] = posizione
    return Response(corpo, status_code=stato, headers=testate, media_type="application/json")


def rispondi(modello: BaseModel, *, stato: int = 200, versione: int | None = None, posizione: str | None = None) -> Response:
    """Return `modello` as JSON bytes, rendered now: before the transaction commits."""
    return rispondi_json(modello.model_dump_json(by_alias=True), stato=stato, versione=versione, posizione=posizione)


def rispondi_pagina(elementi: str | bytes, successivo: str | None) -> Response:
    """Return the envelope around `elementi`, a JSON array built by PostgreSQL."""
    testo = elementi.encode() if isinstance(elementi, str) else elementi
    return rispondi_json(b'{"elementi":' + testo + b',"successivo":' + json.dumps(successivo).encode() + b"}")
