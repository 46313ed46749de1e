"""The decision endpoint, in the shape of the OpenID AuthZEN Authorization API 1.0: for front ends that must know what to show.

One may ask of oneself alone. What is denied because it cannot be seen is remembered like a refused attempt, one row each, as
for the operation itself; what the role lacks tells nothing of any object and leaves only the row of the question.
"""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, stato, transazione
from services.api.pagina import rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.accesso import (
    AccessiIngresso,
    AccessiUscita,
    AccessoIngresso,
    AccessoUscita,
    Semantica,
    SoggettoIngresso,
    decisione,
)
from services.core.access.decisione import Motivo, Quesito, decidi
from services.core.access.ingresso import Richiesta, registra_diniego
from services.core.access.principal import Principal
from services.core.platform.db import Database
from services.core.platform.errori import NonTrovato, Vietato

router = APIRouter(route_class=RottaAmbito, tags=["accesso"])

Domanda = tuple[SoggettoIngresso, Quesito]


@router.post(
    "/access/v1/evaluation",
    operation_id="valutaAccesso",
    summary="Dice se chi chiede può compiere un'operazione su un oggetto (AuthZEN)",
    response_model=AccessoUscita,
)
async def valuta_accesso(request: Request, richiesta: RichiestaAutenticata, corpo: AccessoIngresso) -> Response:
    domande = [(corpo.subject, corpo.quesito())]
    [motivo] = await _valuta(stato(request).database, richiesta, domande, Semantica.EXECUTE_ALL)
    return rispondi(decisione(motivo))


@router.post(
    "/access/v1/evaluations",
    operation_id="valutaAccessi",
    summary="Dice di più operazioni e oggetti in una volta (AuthZEN)",
    response_model=AccessiUscita,
)
async def valuta_accessi(request: Request, richiesta: RichiestaAutenticata, corpo: AccessiIngresso) -> Response:
    motivi = await _valuta(stato(request).database, richiesta, corpo.domande(), corpo.options.evaluations_semantic)
    return rispondi(AccessiUscita(evaluations=[decisione(motivo) for motivo in motivi]))


async def _valuta(database: Database, richiesta: Richiesta, domande: Sequence[Domanda], semantica: Semantica) -> list[Motivo]:
    motivi: list[Motivo] = []
    negati: list[UUID] = []
    async with transazione(database, richiesta) as ctx:
        for soggetto, _ in domande:
            _esige_se_stessa(soggetto, ctx.principal)
        for _, quesito in domande:
            motivo = await decidi(ctx, quesito)
            motivi.append(motivo)
            if motivo is Motivo.NON_TROVATO and isinstance(quesito.id_, UUID):
                negati.append(quesito.id_)
            if semantica.si_ferma(motivo):
                break
    for negato in negati:
        await registra_diniego(database, richiesta, [negato], NonTrovato.cercando(negato))
    return motivi


def _esige_se_stessa(soggetto: SoggettoIngresso, chi: Principal) -> None:
    """Refuse to tell of others.

    Raises:
        Vietato: the subject is another operator, or another incarico than the one in use.
    """
    incarico = soggetto.properties.incarico_id if soggetto.properties else chi.incarico_id
    if (soggetto.id, incarico) != (chi.operatore_id, chi.incarico_id):
        raise Vietato("Si può chiedere solo per sé, sotto l'incarico che si sta usando.")
