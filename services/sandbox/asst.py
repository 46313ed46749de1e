"""Stand-in of an ASST's system that receives our webhooks: checks signature and time, counts each `webhook-id` once.

On command it refuses the first attempts of every new id, or answers late, after having counted: what a real receiver does on
a bad day, and what our retries must bear.
"""

import asyncio
import json
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.core.platform.clock import adesso
from services.core.webhooks.firma import FirmaNonValida, verifica

CORPO_MASSIMO = 64 * 1024


class Comando(BaseModel):
    """How the receiver behaves from now on; what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    segreti: list[str] | None = Field(None, description="Segreti di firma accettati, nella forma whsec_.", max_length=2)
    primi_503: int | None = Field(None, ge=0, le=1000, description="Tentativi rifiutati con 503 per ogni nuovo identificativo.")
    lento_ms: int | None = Field(None, ge=0, le=60_000, description="Attesa tra il conteggio e la risposta, in millisecondi.")
    azzera: bool = Field(default=False, description="Dimentica quanto ricevuto.")


@dataclass(slots=True)
class Ricevuto:
    """What is known of one id: every attempt counts here, the business effect only once."""

    tipo: str
    versione: int
    aggregato_id: str
    tentativi: int = 0
    contata: int = 0


@dataclass(slots=True)
class StatoAsst:
    """Memory of the receiver; lost when the sandbox stops."""

    segreti: list[str] = field(default_factory=list)
    primi_503: int = 0
    lento_ms: int = 0
    ricevuti: dict[str, Ricevuto] = field(default_factory=dict)
    firme_rifiutate: int = 0

    def applica(self, comando: Comando) -> None:
        """Obey a command."""
        for nome in ("segreti", "primi_503", "lento_ms"):
            valore = getattr(comando, nome)
            if valore is not None:
                setattr(self, nome, valore)
        if comando.azzera:
            self.ricevuti.clear()
            self.firme_rifiutate = 0

    def ricevi(self, identificativo: str, corpo: bytes) -> bool:
        """Take one verified attempt; tell whether it is accepted. Raises `ValueError` when the body is not as agreed."""
        contenuto = json.loads(corpo)
        if not isinstance(contenuto, dict) or contenuto.get("id") != identificativo:
            raise ValueError("corpo e webhook-id non corrispondono")
        nuovo = Ricevuto(str(contenuto["tipo"]), int(contenuto["versione"]), str(contenuto["aggregato_id"]))
        ricevuto = self.ricevuti.setdefault(identificativo, nuovo)
        ricevuto.tentativi += 1
        if ricevuto.tentativi <= self.primi_503:
            return False
        if ricevuto.contata == 0:
            ricevuto.contata = 1
        return True


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
            accettato = stato.ricevi(identificativo, corpo)
        except (ValueError, KeyError):
            return _problema(400, "Corpo non conforme")
        if not accettato:
            return _problema(503, "Servizio momentaneamente non disponibile")
        if stato.lento_ms:
            await asyncio.sleep(stato.lento_ms / 1000)
        return Response(status_code=204)

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
            }
            for identificativo, r in stato.ricevuti.items()
        ]
        return {"elementi": elementi, "firme_rifiutate": stato.firme_rifiutate}

    return router


def _problema(stato: int, dettaglio: str) -> JSONResponse:
    contenuto = {"type": "about:blank", "title": dettaglio, "status": stato}
    return JSONResponse(contenuto, status_code=stato, media_type="application/problem+json")


router = crea_router(StatoAsst())
