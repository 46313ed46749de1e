"""Persons: the exact search by codice fiscale. A POST, so that the code is in no URL."""

from fastapi import APIRouter
from starlette.responses import Response

from services.api.deps import Scrittura
from services.api.pagina import rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.cartelle import PersonaMinima, PersonaTrovata, RicercaIngresso
from services.core.persone import repository

router = APIRouter(route_class=RottaAmbito, tags=["persone"])


@router.post(
    "/persone/ricerca",
    operation_id="cercaPersona",
    summary="Cerca una persona dell'ambito per codice fiscale esatto; la ricerca resta nell'audit",
    response_model=PersonaTrovata,
)
async def cerca_persona(ctx: Scrittura, corpo: RicercaIngresso) -> Response:
    trovata = await repository.cerca(ctx, corpo.codice_fiscale)
    if trovata is None:
        return rispondi(PersonaTrovata(trovata=False, persona=None, cartella_id=None, in_carico_ad_altro_ente=False))
    minima = PersonaMinima(id=trovata.persona_id, cognome=trovata.cognome, nome=trovata.nome, anno_nascita=trovata.anno_nascita)
    return rispondi(
        PersonaTrovata(
            trovata=True,
            persona=minima,
            cartella_id=trovata.cartella_visibile,
            in_carico_ad_altro_ente=trovata.in_carico_ad_altro_ente,
        )
    )
