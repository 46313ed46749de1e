"""Hot reads of the cartelle: the list and one (docs/adr/0003)."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.calda import RottaCalda
from services.api.deps import Lettura, cursori, legame_di
from services.api.etag import INTESTAZIONE_ETAG
from services.api.pagina import Paginazione, rispondi_json, rispondi_pagina
from services.api.schemas.base import Pagina
from services.api.schemas.cartelle import CartellaUscita, CartellaVoce
from services.core.cartelle import repository
from services.core.platform.errori import NonTrovato

router = APIRouter(route_class=RottaCalda, tags=["cartelle"])

PRIMA = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
"""A key before every other one, in descending order."""


@router.get(
    "/cartelle",
    operation_id="elencaCartelle",
    summary="Elenca le cartelle visibili con questo incarico",
    response_model=Pagina[CartellaVoce],
)
async def elenca_cartelle(request: Request, lettura: Lettura, pagina: Paginazione) -> Response:
    r = lettura.richiesta
    legame = legame_di(r)
    dopo = PRIMA
    if pagina.cursore is not None:
        quando, id_ = cursori(request).leggi(pagina.cursore, legame, (datetime, UUID))
        dopo = (quando, id_)
    trovata = await repository.elenca(lettura.connessione, r.richiesta_id, r.operazione, r.finalita, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, trovata.ultima) if trovata.ultima else None
    return rispondi_pagina(trovata.elementi, successivo)


@router.get(
    "/cartelle/{cartella_id}",
    operation_id="leggiCartella",
    summary="Legge una cartella con la persona e il nucleo",
    response_model=CartellaUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_cartella(cartella_id: UUID, lettura: Lettura) -> Response:
    r = lettura.richiesta
    trovata = await repository.leggi(lettura.connessione, r.richiesta_id, r.operazione, r.finalita, cartella_id)
    if trovata is None:
        raise NonTrovato
    versione, corpo = trovata
    return rispondi_json(corpo, versione=versione)
