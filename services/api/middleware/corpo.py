"""The limit on the size of a request body, on what is declared and on what arrives."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import id_richiesta_scope, risposta
from services.core.platform.errori import RichiestaMalformata, TroppoGrande


def _dichiarata(scope: Scope) -> int | None:
    """Return the declared length, None when there is none, -1 when it is not one number."""
    valori = {v for n, v in scope["headers"] if n == b"content-length"}
    if not valori:
        return None
    valore: bytes = valori.pop()
    return int(valore) if not valori and valore.isdigit() and len(valore) < 20 else -1


def _annuncia_corpo(scope: Scope) -> bool:
    """HTTP/1.1 has no body without one of these (RFC 9112 §6.3); in HTTP/2 only the method tells."""
    if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
        return True
    return any(nome in (b"content-length", b"transfer-encoding") for nome, _ in scope["headers"])


class LimiteCorpo:
    """Refuse with 413 a body longer than `limite`, before reading it when its length is declared, else while reading."""

    def __init__(self, app: ASGIApp, limite: int) -> None:
        self.app = app
        self.limite = limite

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _annuncia_corpo(scope):
            await self.app(scope, receive, send)
            return
        lunghezza = _dichiarata(scope)
        if lunghezza is not None and not 0 <= lunghezza <= self.limite:
            errore = TroppoGrande() if lunghezza > 0 else RichiestaMalformata()
            await risposta(errore, id_richiesta_scope(scope), {"connection": "close"})(scope, receive, send)
            return
        await self.app(scope, self._contato(receive), send)

    def _contato(self, receive: Receive) -> Receive:
        letti = 0

        async def ricevi() -> Message:
            nonlocal letti
            messaggio = await receive()
            letti += len(messaggio.get("body", b""))
            if letti > self.limite:
                raise HTTPException(TroppoGrande.stato, headers={"connection": "close"})
            return messaggio

        return ricevi
