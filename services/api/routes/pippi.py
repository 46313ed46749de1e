"""P.I.P.P.I. cases: only for their team. Everybody else gets the answer of what does not exist."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, Scrittura, cursori, legame_di
from services.api.etag import INTESTAZIONE_ETAG, VersioneAttesa
from services.api.idempotenza import idempotente
from services.api.pagina import Paginazione, rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.base import Pagina
from services.api.schemas.pippi import (
    AdesioneIngresso,
    CasoIngresso,
    CasoUscita,
    CasoVoce,
    MicroprogettoIngresso,
    MicroprogettoUscita,
    RilevazioneIngresso,
    RilevazioneUscita,
)
from services.api.schemas.valutazioni import MembroIngresso, UscitaMembroIngresso
from services.core.pippi import service

router = APIRouter(route_class=RottaAmbito, tags=["pippi"])


@router.get(
    "/casi-pippi",
    operation_id="elencaCasiPippi",
    summary="Elenca i casi P.I.P.P.I. delle équipe di cui si fa parte",
    response_model=Pagina[CasoVoce],
)
async def elenca_casi(request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione) -> Response:
    legame = legame_di(richiesta)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    righe, ultima = await service.elenca(ctx, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (ultima,)) if ultima else None
    return rispondi(Pagina[CasoVoce](elementi=[CasoVoce.da(r) for r in righe], successivo=successivo))


@router.post(
    "/cartelle/{cartella_id}/casi-pippi",
    operation_id="apriCasoPippi",
    summary="Propone il programma P.I.P.P.I. per il minorenne di una cartella",
    status_code=201,
    response_model=CasoUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def apri_caso(cartella_id: UUID, ctx: Scrittura, corpo: CasoIngresso) -> Response:
    membri = [m.dati() for m in corpo.membri]
    caso = await service.apri(ctx, cartella_id, corpo.edizione, corpo.qualifica, membri)
    letto = await service.leggi(ctx, caso.id)
    return rispondi(CasoUscita.da_letto(letto), stato=201, versione=caso.versione, posizione=f"/casi-pippi/{caso.id}")


@router.get(
    "/casi-pippi/{caso_id}",
    operation_id="leggiCasoPippi",
    summary="Legge un caso P.I.P.P.I. con l'équipe, le rilevazioni e i microprogetti",
    response_model=CasoUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_caso(caso_id: UUID, ctx: Scrittura) -> Response:
    letto = await service.leggi(ctx, caso_id)
    return rispondi(CasoUscita.da_letto(letto), versione=letto.caso.versione)


@router.post(
    "/casi-pippi/{caso_id}/adesione",
    operation_id="aderisciCasoPippi",
    summary="Registra l'adesione della famiglia al programma",
    response_model=CasoVoce,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def aderisci(caso_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: AdesioneIngresso) -> Response:
    caso = await service.aderisci(ctx, caso_id, versione, corpo.adesione_il)
    return rispondi(CasoVoce.da(caso), versione=caso.versione)


@router.post(
    "/casi-pippi/{caso_id}/membri",
    operation_id="aggiungiMembroPippi",
    summary="Aggiunge un componente all'équipe di un caso e, se è un operatore, gli apre il caso",
    status_code=201,
    response_model=CasoUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def aggiungi_membro(caso_id: UUID, ctx: Scrittura, corpo: MembroIngresso) -> Response:
    caso = await service.aggiungi_membro(ctx, caso_id, corpo.dati())
    letto = await service.leggi(ctx, caso.id)
    return rispondi(CasoUscita.da_letto(letto), stato=201, versione=caso.versione, posizione=f"/casi-pippi/{caso.id}")


@router.post(
    "/casi-pippi/{caso_id}/uscite",
    operation_id="togliMembroPippi",
    summary="Registra l'uscita di un componente dall'équipe di un caso e gli chiude il caso",
    response_model=CasoUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def togli_membro(caso_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: UscitaMembroIngresso) -> Response:
    letto = await service.togli_membro(ctx, caso_id, versione, corpo.membro_id, corpo.al)
    return rispondi(CasoUscita.da_letto(letto), versione=letto.caso.versione)


@router.post(
    "/casi-pippi/{caso_id}/rilevazioni",
    operation_id="rilevaCasoPippi",
    summary="Registra una rilevazione del «Mondo del bambino» a T0, T1 o T2",
    status_code=201,
    response_model=RilevazioneUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def rileva(caso_id: UUID, ctx: Scrittura, corpo: RilevazioneIngresso) -> Response:
    punteggi = {sotto.value: valore for sotto, valore in corpo.punteggi.items()}
    r = await service.rileva(ctx, caso_id, corpo.tempo, corpo.data, punteggi)
    return rispondi(RilevazioneUscita.da(r), stato=201, versione=r.versione, posizione=f"/casi-pippi/{caso_id}")


@router.post(
    "/casi-pippi/{caso_id}/microprogetti",
    operation_id="aggiungiMicroprogetto",
    summary="Aggiunge un microprogetto a un caso in corso",
    status_code=201,
    response_model=MicroprogettoUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def aggiungi_microprogetto(caso_id: UUID, ctx: Scrittura, corpo: MicroprogettoIngresso) -> Response:
    m = await service.aggiungi_microprogetto(ctx, caso_id, corpo.dati())
    return rispondi(MicroprogettoUscita.da(m), stato=201, versione=m.versione, posizione=f"/casi-pippi/{caso_id}")
