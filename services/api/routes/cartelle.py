"""Changes of a cartella: opening, household, closing."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from services.api.deps import Scrittura
from services.api.etag import INTESTAZIONE_ETAG, VersioneAttesa
from services.api.idempotenza import idempotente
from services.api.pagina import rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.cartelle import (
    CartellaCreata,
    CartellaIngresso,
    CartellaStato,
    ComponenteCreato,
    ComponenteIngresso,
)
from services.core.cartelle import service

router = APIRouter(route_class=RottaAmbito, tags=["cartelle"])


@router.post(
    "/cartelle",
    operation_id="apriCartella",
    summary="Apre la cartella di una persona non ancora presente nell'ambito",
    status_code=201,
    response_model=CartellaCreata,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def apri_cartella(ctx: Scrittura, corpo: CartellaIngresso) -> Response:
    cartella = await service.apri(ctx, corpo.persona.dati(), corpo.servizio, corpo.aperta_il)
    creata = CartellaCreata(
        id=cartella.id, versione=cartella.versione, persona_id=cartella.persona_id, nucleo_id=cartella.nucleo_id
    )
    return rispondi(creata, stato=201, versione=cartella.versione, posizione=f"/cartelle/{cartella.id}")


@router.post(
    "/cartelle/{cartella_id}/componenti",
    operation_id="aggiungiComponente",
    summary="Aggiunge una persona al nucleo della cartella",
    status_code=201,
    response_model=ComponenteCreato,
    responses={201: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def aggiungi_componente(cartella_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: ComponenteIngresso) -> Response:
    componente = await service.aggiungi_componente(ctx, cartella_id, versione, corpo.persona.dati(), corpo.relazione, corpo.dal)
    creato = ComponenteCreato(persona_id=componente.persona_id, nucleo_id=componente.nucleo_id, versione=versione + 1)
    return rispondi(creato, stato=201, versione=versione + 1, posizione=f"/cartelle/{cartella_id}")


@router.post(
    "/cartelle/{cartella_id}/chiusura",
    operation_id="chiudiCartella",
    summary="Chiude una cartella",
    response_model=CartellaStato,
    responses={200: {"headers": INTESTAZIONE_ETAG}},
)
@idempotente
async def chiudi_cartella(cartella_id: UUID, ctx: Scrittura, versione: VersioneAttesa) -> Response:
    cartella = await service.chiudi(ctx, cartella_id, versione)
    stato = CartellaStato(id=cartella.id, versione=cartella.versione, stato=cartella.stato, chiusa_il=cartella.chiusa_il)
    return rispondi(stato, versione=cartella.versione)
