"""The audit trail, for the data protection officer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.api.deps import Lettura, cursori, legame_di
from services.api.pagina import Paginazione, rispondi_pagina
from services.api.rotte import RottaAmbito
from services.api.schemas.access import AuditVoce
from services.api.schemas.base import INT64_MAX, Pagina
from services.core.access import repository
from services.core.access.models import EsitoAudit

router = APIRouter(route_class=RottaAmbito, tags=["audit"])


@router.get(
    "/audit",
    operation_id="elencaAudit",
    summary="Elenca gli accessi consentiti e negati, dal più recente",
    response_model=Pagina[AuditVoce],
)
async def elenca_audit(
    request: Request,
    lettura: Lettura,
    pagina: Paginazione,
    esito: Annotated[EsitoAudit | None, Query(description="Solo gli accessi con questo esito.")] = None,
    operatore_id: Annotated[UUID | None, Query(description="Solo gli accessi di questo operatore.")] = None,
) -> Response:
    r = lettura.richiesta
    legame = legame_di(r, esito=esito, operatore_id=operatore_id)
    prima_di = INT64_MAX
    if pagina.cursore is not None:
        (prima_di,) = cursori(request).leggi(pagina.cursore, legame, (int,))
    filtro = repository.FiltroAudit(esito, operatore_id)
    trovata = await repository.elenca_audit(
        lettura.connessione, r.richiesta_id, r.operazione, r.finalita, prima_di, pagina.limite, filtro
    )
    successivo = cursori(request).emetti(legame, [trovata.ultimo]) if trovata.ultimo is not None else None
    return rispondi_pagina(trovata.elementi, successivo)
