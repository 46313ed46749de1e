"""Agreements among enti, operators kept from a cartella, oppositions and limitations."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, Scrittura, cursori, legame_di
from services.api.etag import INTESTAZIONE_ETAG, VersioneAttesa
from services.api.idempotenza import idempotente
from services.api.pagina import Paginazione, rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.base import Pagina
from services.api.schemas.contitolarita import (
    AccordoUscita,
    AstensioneIngresso,
    DecisioneLimitazioneIngresso,
    EsclusioneIngresso,
    EsclusioneUscita,
    EsclusioneVoce,
    LimitazioneIngresso,
    LimitazioneUscita,
    TermineLimitazioneIngresso,
)
from services.core.contitolarita import repository, service

router = APIRouter(route_class=RottaAmbito, tags=["contitolarità"])


@router.get(
    "/accordi",
    operation_id="elencaAccordi",
    summary="Elenca gli accordi tra enti: che cosa è condiviso con chi, per quale finalità, da quando a quando",
    response_model=Pagina[AccordoUscita],
)
async def elenca_accordi(request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione) -> Response:
    legame = legame_di(richiesta)
    dopo = cursori(request).leggi(pagina.cursore, legame, (str,))[0] if pagina.cursore is not None else None
    elenco = await repository.accordi(ctx, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].accordo.codice,)) if elenco.altri else None
    return rispondi(Pagina[AccordoUscita](elementi=[AccordoUscita.da(r) for r in elenco.righe], successivo=successivo))


@router.get(
    "/cartelle/{cartella_id}/esclusioni",
    operation_id="elencaEsclusioni",
    summary="Elenca gli operatori esclusi da una cartella, anche in passato",
    response_model=Pagina[EsclusioneVoce],
)
async def elenca_esclusioni(
    cartella_id: UUID, request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    elenco = await repository.esclusioni(ctx, cartella_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].esclusione.id,)) if elenco.altri else None
    return rispondi(Pagina[EsclusioneVoce](elementi=[EsclusioneVoce.letta(r) for r in elenco.righe], successivo=successivo))


@router.post(
    "/cartelle/{cartella_id}/esclusioni",
    operation_id="escludiOperatore",
    summary="Esclude un operatore da una cartella: parente, vicino, proprio nucleo",
    status_code=201,
    response_model=EsclusioneUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def escludi_operatore(cartella_id: UUID, ctx: Scrittura, corpo: EsclusioneIngresso) -> Response:
    e = await service.escludi(ctx, cartella_id, corpo.operatore_id, corpo.motivo, corpo.al)
    return rispondi(EsclusioneUscita.da(e), stato=201, versione=e.versione)


@router.post(
    "/cartelle/{cartella_id}/astensioni",
    operation_id="dichiaraAstensione",
    summary="Dichiara di astenersi da una cartella, che da quel momento non si vede più",
    status_code=201,
    response_model=EsclusioneUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def dichiara_astensione(cartella_id: UUID, ctx: Scrittura, corpo: AstensioneIngresso) -> Response:
    e = await service.escludi(ctx, cartella_id, ctx.principal.operatore_id, corpo.motivo, corpo.al)
    return rispondi(EsclusioneUscita.da(e), stato=201, versione=e.versione)


@router.post(
    "/esclusioni/{esclusione_id}/revoca",
    operation_id="revocaEsclusione",
    summary="Revoca l'esclusione di un altro operatore",
    response_model=EsclusioneUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def revoca_esclusione(esclusione_id: UUID, ctx: Scrittura, versione: VersioneAttesa) -> Response:
    e = await service.revoca_esclusione(ctx, esclusione_id, versione)
    return rispondi(EsclusioneUscita.da(e), versione=e.versione)


@router.get(
    "/cartelle/{cartella_id}/limitazioni",
    operation_id="elencaLimitazioni",
    summary="Elenca opposizioni e limitazioni chieste per una cartella",
    response_model=Pagina[LimitazioneUscita],
)
async def elenca_limitazioni(
    cartella_id: UUID, request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    elenco = await repository.limitazioni(ctx, cartella_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].id,)) if elenco.altri else None
    return rispondi(Pagina[LimitazioneUscita](elementi=[LimitazioneUscita.da(r) for r in elenco.righe], successivo=successivo))


@router.post(
    "/cartelle/{cartella_id}/limitazioni",
    operation_id="registraLimitazione",
    summary="Registra l'opposizione o la limitazione chiesta dalla persona",
    status_code=201,
    response_model=LimitazioneUscita,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def registra_limitazione(cartella_id: UUID, ctx: Scrittura, corpo: LimitazioneIngresso) -> Response:
    r = await service.registra_limitazione(ctx, cartella_id, corpo.tipo, corpo.richiesta_il, corpo.motivazione)
    return rispondi(LimitazioneUscita.da(r), stato=201, versione=r.versione)


@router.post(
    "/limitazioni/{limitazione_id}/decisione",
    operation_id="decidiLimitazione",
    summary="Accoglie o respinge un'opposizione o una limitazione; accolta, ferma la condivisione per accordo",
    response_model=LimitazioneUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def decidi_limitazione(
    limitazione_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: DecisioneLimitazioneIngresso
) -> Response:
    r = await service.decidi_limitazione(ctx, limitazione_id, versione, accolta=corpo.accolta, motivazione=corpo.motivazione)
    return rispondi(LimitazioneUscita.da(r), versione=r.versione)


@router.post(
    "/limitazioni/{limitazione_id}/termine",
    operation_id="terminaLimitazione",
    summary="Dà un termine a un'opposizione o limitazione accolta",
    response_model=LimitazioneUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def termina_limitazione(
    limitazione_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: TermineLimitazioneIngresso
) -> Response:
    r = await service.termina_limitazione(ctx, limitazione_id, versione, corpo.al)
    return rispondi(LimitazioneUscita.da(r), versione=r.versione)
