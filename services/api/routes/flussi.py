"""Flows to the State, as the operators of a cartella see them."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, Scrittura, cursori, legame_di
from services.api.pagina import Paginazione, rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.base import Pagina
from services.api.schemas.flussi import FlussoVoce
from services.core.flussi import service

router = APIRouter(route_class=RottaAmbito, tags=["flussi"])


@router.get(
    "/cartelle/{cartella_id}/flussi",
    operation_id="elencaFlussiCartella",
    summary="Elenca i flussi verso lo Stato di una cartella, con ciò che ne è stato",
    response_model=Pagina[FlussoVoce],
)
async def elenca_flussi_cartella(
    cartella_id: UUID, request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    prima_di = None
    if pagina.cursore is not None:
        quando, id_ = cursori(request).leggi(pagina.cursore, legame, (datetime, UUID))
        prima_di = (quando, id_)
    trovati = await service.elenca_della_cartella(ctx, cartella_id, prima_di, pagina.limite + 1)
    mostrati = trovati[: pagina.limite]
    successivo = None
    if len(trovati) > pagina.limite:
        ultimo = mostrati[-1]
        successivo = cursori(request).emetti(legame, [ultimo.creato_il, ultimo.id])
    return rispondi(Pagina[FlussoVoce](elementi=[FlussoVoce.da(f) for f in mostrati], successivo=successivo))
