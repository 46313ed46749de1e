"""Projects and their signatures."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.api.deps import Scrittura
from services.api.etag import INTESTAZIONE_ETAG
from services.api.idempotenza import idempotente
from services.api.pagina import rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.progetti import FirmaIngresso, ProgettoIngresso, ProgettoUscita
from services.core.progetti import service

router = APIRouter(route_class=RottaAmbito, tags=["progetti"])


@router.post(
    "/cartelle/{cartella_id}/progetti",
    operation_id="redigiProgetto",
    summary="Redige la bozza di un progetto con i suoi obiettivi",
    status_code=201,
    response_model=ProgettoUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def redigi_progetto(cartella_id: UUID, ctx: Scrittura, corpo: ProgettoIngresso) -> Response:
    letto = await service.redigi(ctx, cartella_id, corpo.dati())
    p = letto.progetto
    return rispondi(ProgettoUscita.da(letto), stato=201, versione=p.versione, posizione=f"/progetti/{p.id}")


@router.get(
    "/progetti/{progetto_id}",
    operation_id="leggiProgetto",
    summary="Legge un progetto con obiettivi, firme e ciò che manca perché sia firmato",
    response_model=ProgettoUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_progetto(progetto_id: UUID, ctx: Scrittura) -> Response:
    letto = await service.leggi(ctx, progetto_id)
    return rispondi(ProgettoUscita.da(letto), versione=letto.progetto.versione)


@router.post(
    "/progetti/{progetto_id}/firme",
    operation_id="firmaProgetto",
    summary="Raccoglie una firma; con l'ultima richiesta il progetto è firmato",
    status_code=201,
    response_model=ProgettoUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def firma_progetto(progetto_id: UUID, ctx: Scrittura, corpo: FirmaIngresso) -> Response:
    letto = await service.firma(ctx, progetto_id, corpo.dati())
    p = letto.progetto
    return rispondi(ProgettoUscita.da(letto), stato=201, versione=p.versione, posizione=f"/progetti/{p.id}")
