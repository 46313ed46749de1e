"""Stand-in of an ASST's system that receives our webhooks: checks signature and time, counts each `webhook-id` once.

On command it refuses the first attempts of every new id, or holds its answers back, after having counted: what a real
receiver does on a bad day, and what our retries must bear.
"""

import asyncio
import json
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from services.core.platform.clock import adesso
from services.core.webhooks.firma import FirmaNonValida, verifica

CORPO_MASSIMO = 64 * 1024
PAUSA_S = 0.02
"""How often a held answer asks whether it may go, in seconds."""


class Comando(BaseModel):
    """How the receiver behaves from now on; what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    segreti: list[str] | None = Field(None, description="Segreti di firma accettati, nella forma whsec_.", max_length=2)
    primi_503: int | None = Field(None, ge=0, le=1000, description="Tentativi rifiutati con 503 per ogni nuovo identificativo.")
    trattieni: list[str] | None = Field(
        None, description="Tipi di evento la cui risposta, dopo il conteggio, è trattenuta; vuoto: nessuno.", max_length=10
    )
    azzera: bool = Field(default=False, description="Dimentica quanto ricevuto.")


@dataclass(slots=True)
class Ricevuto:
    """What is known of one id: every attempt counts here, the business effect only once.

    `risposte` are the statuses answered, each written down after its last byte was handed to a connection not seen to be closed.
    """

    tipo: str
    versione: int
    aggregato_id: str
    tentativi: int = 0
    contata: int = 0
    risposte: list[int] = field(default_factory=list)


@dataclass(slots=True)
class StatoAsst:
    """Memory of the receiver; lost when the sandbox stops."""

    segreti: list[str] = field(default_factory=list)
    primi_503: int = 0
    trattieni: list[str] = field(default_factory=list)
    ricevuti: dict[str, Ricevuto] = field(default_factory=dict)
    firme_rifiutate: int = 0

    def applica(self, comando: Comando) -> None:
        """Obey a command."""
        for nome in ("segreti", "primi_503", "trattieni"):
            valore = getattr(comando, nome)
            if valore is not None:
                setattr(self, nome, valore)
        if comando.azzera:
            self.ricevuti.clear()
            self.firme_rifiutate = 0

    def ricevi(self, identificativo: str, corpo: bytes) -> tuple[Ricevuto, bool]:
        """Take one verified attempt; tell whether it is accepted. Raises `ValueError` when the body is not as agreed."""
        contenuto = json.loads(corpo)
        if not isinstance(contenuto, dict) or contenuto.get("id") != identificativo:
            raise ValueError("corpo e webhook-id non corrispondono")
        nuovo = Ricevuto(str(contenuto["tipo"]), int(contenuto["versione"]), str(contenuto["aggregato_id"]))
        ricevuto = self.ricevuti.setdefault(identificativo, nuovo)
        ricevuto.tentativi += 1
        if ricevuto.tentativi <= self.primi_503:
            return ricevuto, False
        if ricevuto.contata == 0:
            ricevuto.contata = 1
        return ricevuto, True


def crea_router(stato: StatoAsst) -> APIRouter:
    """Return the receiver's routes over `stato`."""
    router = APIRouter(prefix="/asst", tags=["sandbox ASST"])

    @router.post("/webhook", operation_id="riceviWebhook", summary="Riceve un webhook firmato", status_code=204)
    async def ricevi(richiesta: Request) -> Response:
        corpo = await richiesta.body()
        if len(corpo) > CORPO_MASSIMO:
            return _problema(413, "Corpo oltre il limite")
        try:
            identificativo = verifica(stato.segreti, richiesta.headers, corpo, adesso())
        except FirmaNonValida as errore:
            stato.firme_rifiutate += 1
            return _problema(401, f"Firma non valida: {errore}")
        try:
            ricevuto, accettato = stato.ricevi(identificativo, corpo)
        except (ValueError, KeyError):
            return _problema(400, "Corpo non conforme")
        while accettato and ricevuto.tipo in stato.trattieni:  # noqa: ASYNC110  # who lets it go may be in another thread
            await asyncio.sleep(PAUSA_S)
        risposta = Response(status_code=204) if accettato else _problema(503, "Servizio momentaneamente non disponibile")
        if not await richiesta.is_disconnected():
            risposta.background = BackgroundTask(_annota, ricevuto, risposta.status_code)
        return risposta

    @router.post("/_comando", operation_id="comandaAsst", summary="Cambia il comportamento del ricevitore", status_code=204)
    async def comanda(comando: Comando) -> Response:
        stato.applica(comando)
        return Response(status_code=204)

    @router.get("/_ricevuti", operation_id="elencaRicevuti", summary="Webhook ricevuti, per identificativo")
    async def ricevuti() -> dict[str, object]:
        elementi = [
            {
                "id": identificativo,
                "tipo": r.tipo,
                "versione": r.versione,
                "aggregato_id": r.aggregato_id,
                "tentativi": r.tentativi,
                "contata": r.contata,
                "risposte": r.risposte,
            }
            for identificativo, r in stato.ricevuti.items()
        ]
        return {"elementi": elementi, "firme_rifiutate": stato.firme_rifiutate}

    return router


async def _annota(ricevuto: Ricevuto, stato: int) -> None:
    ricevuto.risposte.append(stato)


def _problema(stato: int, dettaglio: str) -> JSONResponse:
    contenuto = {"type": "about:blank", "title": dettaglio, "status": stato}
    return JSONResponse(contenuto, status_code=stato, media_type="application/problem+json")


router = crea_router(StatoAsst())
