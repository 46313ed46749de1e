"""Équipes and multidimensional assessments."""

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
from services.api.schemas.valutazioni import (
    CandidatoUscita,
    EquipeIngresso,
    EquipeUscita,
    RilieviIngresso,
    ScioglimentoIngresso,
    UscitaMembroIngresso,
    ValutazioneIngresso,
    ValutazioneUscita,
)
from services.core.valutazioni import service

router = APIRouter(route_class=RottaAmbito, tags=["valutazioni"])


@router.get(
    "/operatori",
    operation_id="elencaOperatori",
    summary="Elenca gli operatori dell'ambito che si possono chiamare in un'équipe",
    response_model=Pagina[CandidatoUscita],
)
async def elenca_operatori(
    request: Request,
    ctx: Scrittura,
    richiesta: RichiestaAutenticata,
    pagina: Paginazione,
    ente_id: Annotated[UUID | None, Query(description="Solo chi opera per questo ente.")] = None,
) -> Response:
    legame = legame_di(richiesta, ente_id=ente_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    righe, ultima = await service.candidati(ctx, ente_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (ultima,)) if ultima else None
    return rispondi(Pagina[CandidatoUscita](elementi=[CandidatoUscita.da(r) for r in righe], successivo=successivo))


@router.get(
    "/cartelle/{cartella_id}/equipe",
    operation_id="elencaEquipe",
    summary="Elenca le équipe costituite intorno a una cartella",
    response_model=Pagina[EquipeUscita],
)
async def elenca_equipe(
    cartella_id: UUID, request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    righe, ultima = await service.elenca_equipe(ctx, cartella_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (ultima,)) if ultima else None
    return rispondi(Pagina[EquipeUscita](elementi=[EquipeUscita.da(r) for r in righe], successivo=successivo))


@router.post(
    "/cartelle/{cartella_id}/equipe",
    operation_id="costituisciEquipe",
    summary="Costituisce un'équipe e apre la cartella agli operatori che ne fanno parte",
    status_code=201,
    response_model=EquipeUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def costituisci_equipe(cartella_id: UUID, ctx: Scrittura, corpo: EquipeIngresso) -> Response:
    membri = [m.dati() for m in corpo.membri]
    equipe = await service.costituisci_equipe(ctx, cartella_id, corpo.tipo, corpo.costituita_il, membri)
    letta = (await service.lette(ctx, [equipe]))[0]
    return rispondi(EquipeUscita.da(letta), stato=201, versione=equipe.versione, posizione=f"/equipe/{equipe.id}")


@router.get(
    "/equipe/{equipe_id}",
    operation_id="leggiEquipe",
    summary="Legge un'équipe con i suoi componenti",
    response_model=EquipeUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_equipe(equipe_id: UUID, ctx: Scrittura) -> Response:
    letta = await service.leggi_equipe(ctx, equipe_id)
    return rispondi(EquipeUscita.da(letta), versione=letta.equipe.versione)


@router.post(
    "/equipe/{equipe_id}/scioglimento",
    operation_id="sciogliEquipe",
    summary="Scioglie un'équipe e chiude la cartella a chi la vedeva perché ne faceva parte",
    response_model=EquipeUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def sciogli_equipe(equipe_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: ScioglimentoIngresso) -> Response:
    letta = await service.sciogli_equipe(ctx, equipe_id, versione, corpo.cessata_il)
    return rispondi(EquipeUscita.da(letta), versione=letta.equipe.versione)


@router.post(
    "/equipe/{equipe_id}/uscite",
    operation_id="togliMembroEquipe",
    summary="Registra l'uscita di un componente da un'équipe e gli chiude la cartella",
    response_model=EquipeUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def togli_membro_equipe(equipe_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: UscitaMembroIngresso) -> Response:
    letta = await service.togli_membro(ctx, equipe_id, versione, corpo.membro_id, corpo.al)
    return rispondi(EquipeUscita.da(letta), versione=letta.equipe.versione)


@router.post(
    "/cartelle/{cartella_id}/valutazioni",
    operation_id="apriValutazione",
    summary="Apre la bozza di una valutazione multidimensionale",
    status_code=201,
    response_model=ValutazioneUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def apri_valutazione(cartella_id: UUID, ctx: Scrittura, corpo: ValutazioneIngresso) -> Response:
    v = await service.apri(ctx, cartella_id, corpo.dati())
    return rispondi(ValutazioneUscita.da(v), stato=201, versione=v.versione, posizione=f"/valutazioni/{v.id}")


@router.get(
    "/valutazioni/{valutazione_id}",
    operation_id="leggiValutazione",
    summary="Legge una valutazione",
    response_model=ValutazioneUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_valutazione(valutazione_id: UUID, ctx: Scrittura) -> Response:
    v = await service.leggi(ctx, valutazione_id)
    return rispondi(ValutazioneUscita.da(v), versione=v.versione)


@router.post(
    "/valutazioni/{valutazione_id}/conclusione",
    operation_id="concludiValutazione",
    summary="Conclude una valutazione con i rilievi che mancano alla bozza",
    response_model=ValutazioneUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def concludi_valutazione(
    valutazione_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: RilieviIngresso
) -> Response:
    v = await service.concludi(ctx, valutazione_id, versione, corpo.rilievi())
    return rispondi(ValutazioneUscita.da(v), versione=v.versione)
