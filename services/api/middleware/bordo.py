"""The outermost layer: id of the request, health of its address, headers, access log, metrics, and the last net for faults.

One class and one wrapper of `send`, so that a request pays for them once.
"""

import time
from uuid import UUID

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from services.api.middleware.intestazioni import Sicurezza
from services.api.middleware.percorso import indirizzo_sano
from services.api.middleware.rotta import Modelli
from services.api.problems import annota_guasto, risposta
from services.core.platform.errori import Errore, RichiestaMalformata
from services.core.platform.ids import nuovo_id
from services.core.platform.metriche import osserva_richiesta
from services.core.platform.registro import scrivi_accesso

METODI = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that log and metrics name; any other is text of the caller."""

CHIUSA_DAL_CLIENTE = 499
"""Status in log and metrics of a request whose client left before the answer."""


class RispostaInterrotta(Errore):
    """An answer broke after its headers had left: the connection is closed, so that the client sees it is incomplete."""


def _id_del_chiamante(scope: Scope) -> str | None:
    """Return the caller's `X-Request-Id` if it is a UUID: any other text is ignored, it could carry anything."""
    for nome, valore in scope["headers"]:
        if nome == b"x-request-id":
            try:
                return str(UUID(valore.decode("ascii")))
            except ValueError:
                return None
    return None


class Bordo:
    """Mount it last with `add_middleware`, so that it is the first to see the request."""

    def __init__(self, app: ASGIApp, https: bool = False) -> None:
        self.app = app
        self._sicurezza = Sicurezza(https)
        self._modello = Modelli()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        inizio = time.perf_counter()
        richiesta_id = nuovo_id()
        testo_id = str(richiesta_id)
        scope.setdefault("state", {})["richiesta_id"] = richiesta_id
        clear_contextvars()
        bind_contextvars(richiesta_id=testo_id)
        stato = 0

        async def invia(messaggio: Message) -> None:
            nonlocal stato
            if messaggio["type"] == "http.response.start":
                stato = messaggio["status"]
                messaggio["headers"] = self._sicurezza.aggiungi(messaggio.get("headers", ()), testo_id.encode())
            await send(messaggio)

        try:
            if indirizzo_sano(scope):
                await self.app(scope, receive, invia)
            else:
                errore = RichiestaMalformata("L'indirizzo contiene caratteri non ammessi.")
                await risposta(errore, richiesta_id)(scope, receive, invia)
        except ClientDisconnect:
            stato = stato or CHIUSA_DAL_CLIENTE
        except Exception as exc:  # noqa: BLE001  # the last net: whatever it is, it is logged and answered without its text
            annota_guasto(exc)
            if stato:
                raise RispostaInterrotta from None
            await risposta(Errore(), richiesta_id)(scope, receive, invia)
        finally:
            self._annota(scope, testo_id, stato or CHIUSA_DAL_CLIENTE, time.perf_counter() - inizio)

    def _annota(self, scope: Scope, richiesta_id: str, stato: int, secondi: float) -> None:
        rotta = self._modello(scope)
        metodo = scope["method"] if scope["method"] in METODI else "(altro)"
        osserva_richiesta(metodo, rotta, stato, secondi)
        scrivi_accesso(metodo, rotta, stato, secondi * 1000, richiesta_id, _id_del_chiamante(scope))
