"""Who could see what, in the past: asked by the DPO, by identifiers alone."""

from fastapi import APIRouter
from starlette.responses import Response

from services.api.deps import Scrittura
from services.api.pagina import rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas.storia import VerificaIngresso, VerificaUscita
from services.core.access.storia import Quesito, poteva_vedere
from services.core.platform.clock import adesso
from services.core.platform.errori import DatiNonValidi

router = APIRouter(route_class=RottaAmbito, tags=["accesso"])


@router.post(
    "/access/v1/verifica-storica",
    operation_id="verificaAccessoStorico",
    summary="Dice se un operatore poteva vedere una cartella in un giorno, secondo ciò che era registrato a un certo istante",
    response_model=VerificaUscita,
)
async def verifica_storica(ctx: Scrittura, corpo: VerificaIngresso) -> Response:
    ora = adesso()
    noto_al = corpo.noto_al or ora
    if noto_al > ora:
        raise DatiNonValidi.del_campo("noto_al", "è nel futuro")
    quesito = Quesito(**corpo.model_dump(exclude={"noto_al"}), noto_al=noto_al)
    risposta = await poteva_vedere(ctx.sessione, quesito)
    ctx.annota_non_visti("incarico", quesito.incarico_id)
    ctx.annota_non_visti("cartella", quesito.cartella_id)
    return rispondi(VerificaUscita.da(risposta, noto_al))
