"""Accesses in emergency, and the queue of those to judge. The codice fiscale travels in the body: it is in no URL."""

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
from services.api.schemas.emergenze import EmergenzaIngresso, EmergenzaUscita, RiesameIngresso
from services.core.emergenze import service
from services.core.emergenze.models import EsitoRiesame

router = APIRouter(route_class=RottaAmbito, tags=["pronto intervento"])


def _risposta(vista: service.EmergenzaVista, stato: int = 200, posizione: str | None = None) -> Response:
    return rispondi(EmergenzaUscita.da(vista), stato=stato, versione=vista.emergenza.versione, posizione=posizione)


@router.post(
    "/accessi-emergenza",
    operation_id="apriEmergenza",
    summary="Apre una cartella in emergenza, per poche ore e con una motivazione che sarà riesaminata",
    status_code=201,
    response_model=EmergenzaUscita,
    responses={
        200: {"model": EmergenzaUscita, "description": "Era già aperta.", "headers": INTESTAZIONE_ETAG},
        201: {"headers": INTESTAZIONE_ETAG},
    },
)
@idempotente
async def apri_emergenza(ctx: Scrittura, corpo: EmergenzaIngresso) -> Response:
    vista, nuova = await service.apri(ctx, corpo.dati())
    if not nuova:
        return _risposta(vista)
    return _risposta(vista, 201, f"/accessi-emergenza/{vista.emergenza.id}")


@router.get(
    "/accessi-emergenza",
    operation_id="elencaEmergenze",
    summary="Elenca gli accessi in emergenza propri e quelli del proprio territorio, dal più recente",
    response_model=Pagina[EmergenzaUscita],
)
async def elenca_emergenze(
    request: Request,
    ctx: Scrittura,
    richiesta: RichiestaAutenticata,
    pagina: Paginazione,
    stato: Annotated[service.StatoEmergenza | None, Query(description="Solo quelli in corso, o solo quelli cessati.")] = None,
    esito: Annotated[EsitoRiesame | None, Query(description="Solo quelli con questo esito del riesame.")] = None,
    letta: Annotated[bool | None, Query(description="Solo quelli di cui un responsabile ha preso visione, o no.")] = None,
) -> Response:
    legame = legame_di(richiesta, stato=stato, esito=esito, letta=letta)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    righe, ultima = await service.elenca(ctx, service.Filtro(stato, esito, letta), dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (ultima,)) if ultima else None
    return rispondi(Pagina[EmergenzaUscita](elementi=[EmergenzaUscita.da(r) for r in righe], successivo=successivo))


@router.get(
    "/accessi-emergenza/{emergenza_id}",
    operation_id="leggiEmergenza",
    summary="Legge un accesso in emergenza",
    response_model=EmergenzaUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
async def leggi_emergenza(emergenza_id: UUID, ctx: Scrittura) -> Response:
    return _risposta(await service.leggi(ctx, emergenza_id))


@router.post(
    "/accessi-emergenza/{emergenza_id}/chiusura",
    operation_id="chiudiEmergenza",
    summary="Chiude prima della scadenza un proprio accesso in emergenza",
    response_model=EmergenzaUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def chiudi_emergenza(emergenza_id: UUID, ctx: Scrittura, versione: VersioneAttesa) -> Response:
    return _risposta(await service.chiudi(ctx, emergenza_id, versione))


@router.post(
    "/accessi-emergenza/{emergenza_id}/presa-visione",
    operation_id="prendiVisioneEmergenza",
    summary="Registra che un responsabile del territorio ha preso visione di un accesso in emergenza",
    response_model=EmergenzaUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def prendi_visione_emergenza(emergenza_id: UUID, ctx: Scrittura, versione: VersioneAttesa) -> Response:
    return _risposta(await service.prendi_visione(ctx, emergenza_id, versione))


@router.post(
    "/accessi-emergenza/{emergenza_id}/riesame",
    operation_id="riesaminaEmergenza",
    summary="Giudica un accesso in emergenza del proprio territorio, aperto da altri",
    response_model=EmergenzaUscita,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def riesamina_emergenza(emergenza_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: RiesameIngresso) -> Response:
    return _risposta(await service.riesamina(ctx, emergenza_id, versione, corpo.esito, corpo.nota))
