"""Who I am here: the operator, the incarico in use, and those in force."""

from fastapi import APIRouter
from starlette.responses import Response

from services.api.deps import Lettura
from services.api.pagina import rispondi_json
from services.api.rotte import RottaAmbito
from services.api.schemas.access import Io
from services.core.access import repository

router = APIRouter(route_class=RottaAmbito, tags=["operatore"])


@router.get("/io", operation_id="leggiIo", summary="Dice chi sta agendo e sotto quale incarico", response_model=Io)
async def leggi_io(lettura: Lettura) -> Response:
    r = lettura.richiesta
    return rispondi_json(await repository.leggi_io(lettura.connessione, r.richiesta_id, r.operazione, r.finalita))
