"""`@idempotente`: an endpoint whose answer is stored with its work, and repeated to whoever repeats the request.

The transaction commits after the endpoint returns and before the answer leaves, so the bytes must exist inside the
endpoint: it returns a `Response` (see `services.api.pagina.rispondi`), and this wrapper stores those very bytes.

A repetition passes the door of any request: the scope is entered first, under the same incarico as then, and the records
the answer is about must still be visible. Otherwise it is the 404 that the operation would give now.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

from fastapi import Header, Request
from starlette.responses import Response

from services.core.access.contesto import Contesto
from services.core.platform import idempotenza
from services.core.platform.errori import RichiestaMalformata

CONSERVATE = ("content-type", "etag", "location")
"""Headers repeated with the answer; the others belong to each single exchange."""

_MODELLO = "^[!-~]{1,128}$"
_CHIAVE = re.compile(_MODELLO)
_CONTESTO, _HTTP, _INTESTAZIONE = "ctx", "richiesta_http", "idempotency_key"

Endpoint = Callable[..., Awaitable[Response]]

_AGGIUNTI = (
    inspect.Parameter(_HTTP, inspect.Parameter.KEYWORD_ONLY, annotation=Request),
    inspect.Parameter(
        _INTESTAZIONE,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            str | None,
            Header(
                alias="Idempotency-Key",
                max_length=128,
                json_schema_extra={"pattern": _MODELLO},
                description="Chiave di chi chiama: per 24 ore la stessa richiesta con la stessa chiave ha un solo effetto.",
            ),
        ],
    ),
)


async def _chiave(ctx: Contesto, richiesta: Request, testo: str) -> idempotenza.Chiave:
    if not _CHIAVE.fullmatch(testo) or len(richiesta.headers.getlist("idempotency-key")) != 1:
        raise RichiestaMalformata("Idempotency-Key deve essere una sola, fino a 128 caratteri ASCII senza spazi.")
    incarico = ctx.principal.incarico_id
    impronta = idempotenza.impronta(
        incarico.bytes,
        richiesta.method.encode(),
        richiesta.url.path.encode(),
        richiesta.scope["query_string"],
        richiesta.headers.get("if-match", "").encode(),
        richiesta.headers.get("finalita", "").encode(),
        await richiesta.body(),
    )
    return idempotenza.Chiave(ctx.principal.operatore_id, incarico, ctx.operazione, testo, impronta)


def idempotente(funzione: Endpoint) -> Endpoint:
    """Give `funzione` the header `Idempotency-Key` and its meaning.

    `funzione` is an endpoint with a parameter `ctx: Scrittura` that returns a `Response` with its body rendered.

    Raises:
        TypeError: at import, when there is no parameter `ctx`.
    """
    firma = inspect.signature(funzione, eval_str=True)
    if _CONTESTO not in firma.parameters:
        raise TypeError(f"{funzione.__qualname__}: an idempotent endpoint has a parameter ctx: Scrittura")

    @wraps(funzione)
    async def esegui(**argomenti: Any) -> Response:
        richiesta: Request = argomenti.pop(_HTTP)
        testo: str | None = argomenti.pop(_INTESTAZIONE)
        if testo is None:
            return await funzione(**argomenti)
        ctx: Contesto = argomenti[_CONTESTO]
        chiave = await _chiave(ctx, richiesta, testo)
        gia_data = await idempotenza.prenota(ctx.sessione, chiave)
        if gia_data is not None:
            await ctx.rivedi(gia_data.oggetti)
            return Response(gia_data.corpo, status_code=gia_data.stato, headers=dict(gia_data.intestazioni))
        risposta = await funzione(**argomenti)
        testate = {nome: risposta.headers[nome] for nome in CONSERVATE if nome in risposta.headers}
        conservata = idempotenza.RispostaConservata(risposta.status_code, testate, bytes(risposta.body), ctx.visti())
        await idempotenza.conserva(ctx.sessione, chiave, conservata)
        return risposta

    propri = [p for p in firma.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    esegui.__signature__ = firma.replace(parameters=[*propri, *_AGGIUNTI])  # type: ignore[attr-defined]  # read by FastAPI
    return esegui
