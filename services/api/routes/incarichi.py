"""Incarichi of one's ente: read, ended, covered, handed over."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, Scrittura, cursori, legame_di
from services.api.etag import INTESTAZIONE_ETAG, VersioneAttesa
from services.api.idempotenza import idempotente
from services.api.pagina import Paginazione, rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.base import Pagina
from services.api.schemas.incarichi import CessazioneIngresso, ConsegnaUscita, IncaricoUscita, SostituzioneIngresso
from services.core.incarichi import service

router = APIRouter(route_class=RottaAmbito, tags=["incarichi"])


@router.get(
    "/incarichi",
    operation_id="elencaIncarichi",
    summary="Elenca gli incarichi del proprio ente di cui si risponde",
    response_model=Pagina[IncaricoUscita],
)
async def elenca_incarichi(
    request: Request,
    ctx: Scrittura,
    richiesta: RichiestaAutenticata,
    pagina: Paginazione,
    in_corso: Annotated[bool | None, Query(description="Solo quelli in corso, o solo gli altri.")] = None,
) -> Response:
    legame = legame_di(richiesta, in_corso=in_corso)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    righe, ultima = await service.elenca(ctx, in_corso, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (ultima,)) if ultima else None
    return rispondi(Pagina[IncaricoUscita](elementi=[IncaricoUscita.da(r) for r in righe], successivo=successivo))


@router.get(
    "/incarichi/{incarico_id}",
    operation_id="leggiIncarico",
    summary="Legge un incarico di cui si risponde",
    response_model=IncaricoUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_incarico(incarico_id: UUID, ctx: Scrittura) -> Response:
    visto = await service.leggi(ctx, incarico_id)
    return rispondi(IncaricoUscita.da(visto), versione=visto.incarico.versione)


@router.post(
    "/incarichi/{incarico_id}/cessazione",
    operation_id="cessaIncarico",
    summary="Fa cessare un incarico, e con esso le sue sostituzioni",
    response_model=IncaricoUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def cessa_incarico(incarico_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: CessazioneIngresso) -> Response:
    visto = await service.cessa(ctx, incarico_id, versione, corpo.ultimo_giorno)
    return rispondi(IncaricoUscita.da(visto), versione=visto.incarico.versione)


@router.post(
    "/incarichi/{incarico_id}/sostituzioni",
    operation_id="sostituisciIncarico",
    summary="Registra chi sostituisce il titolare di un incarico, in giorni determinati",
    status_code=201,
    response_model=IncaricoUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def sostituisci_incarico(incarico_id: UUID, ctx: Scrittura, corpo: SostituzioneIngresso) -> Response:
    visto = await service.sostituisci(ctx, incarico_id, corpo.dati())
    nuovo = visto.incarico
    return rispondi(IncaricoUscita.da(visto), stato=201, versione=nuovo.versione, posizione=f"/incarichi/{nuovo.id}")


@router.get(
    "/incarichi/{incarico_id}/consegne",
    operation_id="elencaConsegne",
    summary="Elenca i casi che il titolare di un incarico lascia, fra quelli visibili a chi legge",
    response_model=Pagina[ConsegnaUscita],
)
async def elenca_consegne(
    incarico_id: UUID, request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, incarico_id=incarico_id)
    dopo = None
    if pagina.cursore is not None:
        cartella, ultimo = cursori(request).leggi(pagina.cursore, legame, (UUID, UUID))
        dopo = (cartella, ultimo)
    righe, ultima = await service.consegne(ctx, incarico_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, ultima) if ultima else None
    return rispondi(Pagina[ConsegnaUscita](elementi=[ConsegnaUscita.da(r) for r in righe], successivo=successivo))
