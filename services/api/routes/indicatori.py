"""Indicators of the Piano di Zona: list, one, the records that contribute."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, Scrittura, cursori, legame_di
from services.api.pagina import Paginazione, rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.base import Pagina
from services.api.schemas.indicatori import ContributoVoce, IndicatoreVoce, ObiettivoVoce, PianoVoce
from services.core.piano import service
from services.core.piano.models import Contributo

router = APIRouter(route_class=RottaAmbito, tags=["piano di zona"])

PERCORSI = {"progetto": "/progetti/{}"}
"""Where a record of each kind that can contribute is opened."""


def _voce(calcolato: service.IndicatoreCalcolato) -> IndicatoreVoce:
    i, v = calcolato.indicatore, calcolato.valore
    return IndicatoreVoce(
        id=i.id,
        codice=i.codice,
        testo=i.testo,
        piano=PianoVoce.model_validate(calcolato.piano.model_dump(include=set(PianoVoce.model_fields))),
        obiettivo=ObiettivoVoce(codice=calcolato.obiettivo.codice, testo=calcolato.obiettivo.testo),
        formula=i.formula,
        descrizione_formula=calcolato.descrizione_formula,
        unita=i.unita,
        verso=i.verso,
        valore_atteso=i.valore_atteso,
        stato=v.stato,
        valore=v.valore,
        numeratore=v.numeratore,
        denominatore=v.denominatore,
        contributi=v.contributi,
        raggiunto=v.raggiunto,
        motivo=v.motivo,
        perimetro=calcolato.perimetro,
    )


def _contributo(c: Contributo) -> ContributoVoce:
    return ContributoVoce(
        **c.model_dump(include=set(ContributoVoce.model_fields)),
        record=PERCORSI[c.record_tipo].format(c.record_id),
    )


@router.get(
    "/indicatori",
    operation_id="elencaIndicatori",
    summary="Elenca gli indicatori del Piano di Zona con il valore sulle cartelle visibili",
    response_model=Pagina[IndicatoreVoce],
)
async def elenca_indicatori(request: Request, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione) -> Response:
    legame, dopo = legame_di(richiesta), None
    if pagina.cursore is not None:
        codice, id_ = cursori(request).leggi(pagina.cursore, legame, (str, UUID))
        dopo = (codice, id_)
    trovati, altri = await service.elenca(ctx, dopo, pagina.limite)
    successivo = None
    if altri:
        ultimo = trovati[-1].indicatore
        successivo = cursori(request).emetti(legame, [ultimo.codice, ultimo.id])
    return rispondi(Pagina[IndicatoreVoce](elementi=[_voce(t) for t in trovati], successivo=successivo))


@router.get(
    "/indicatori/{indicatore_id}",
    operation_id="leggiIndicatore",
    summary="Legge un indicatore con il valore sulle cartelle visibili",
    response_model=IndicatoreVoce,
)
async def leggi_indicatore(indicatore_id: UUID, ctx: Scrittura) -> Response:
    return rispondi(_voce(await service.leggi(ctx, indicatore_id)))


@router.get(
    "/indicatori/{indicatore_id}/contributi",
    operation_id="elencaContributi",
    summary="Elenca i record visibili che contribuiscono a un indicatore, dal più recente",
    response_model=Pagina[ContributoVoce],
)
async def elenca_contributi(
    request: Request, indicatore_id: UUID, ctx: Scrittura, richiesta: RichiestaAutenticata, pagina: Paginazione
) -> Response:
    legame, dopo = legame_di(richiesta, indicatore_id=indicatore_id), None
    if pagina.cursore is not None:
        posizione, id_ = cursori(request).leggi(pagina.cursore, legame, (int, UUID))
        dopo = (posizione, id_)
    trovati, altri = await service.contributi(ctx, indicatore_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, [trovati[-1].posizione, trovati[-1].id]) if altri else None
    return rispondi(Pagina[ContributoVoce](elementi=[_contributo(c) for c in trovati], successivo=successivo))
