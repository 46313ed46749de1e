"""The route class of hot reads: the same contract as `RottaAmbito`, without the framework's dependency solving on each request.

FastAPI still reads the endpoint's signature, so the OpenAPI document and the fuzz tests see what it declares; only the
execution is ours. Solving `Lettura` and `Paginazione` the general way costs more CPU than the query's own Python
(docs/adr/0003). An endpoint may declare what `_argomento` knows, and nothing else. That the two answer the same, error by
error, is shown in `tests/unit/test_calda.py`.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

from fastapi.security import HTTPAuthorizationCredentials
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from services.api.deps import ContestoLettura, apri_lettura, leggi_richiesta
from services.api.motivi import campi
from services.api.pagina import PAGINA_PREDEFINITA, ParametriPagina
from services.api.rotte import Gestore, RottaAmbito, esige_nessun_corpo, parametri_query, strict_query
from services.api.schemas.base import MASSIMO_PAGINA
from services.core.access.ruoli import Finalita
from services.core.platform.cursori import LUNGHEZZA_MASSIMA
from services.core.platform.errori import DatiNonValidi

_UUID: TypeAdapter[UUID] = TypeAdapter(UUID)
_FINALITA: TypeAdapter[Finalita] = TypeAdapter(Finalita)
_LIMITE: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=MASSIMO_PAGINA)])
_CURSORE: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(max_length=LUNGHEZZA_MASSIMA)])

Voci = list[dict[str, Any]]
Argomento = Callable[[Request, ContestoLettura | None, Voci], Any]
"""Reads one argument of the endpoint; what cannot be accepted is added to the errors, in the framework's own form."""


def _valida(adattatore: TypeAdapter[Any], luogo: str, nome: str, testo: str, voci: Voci) -> Any:
    try:
        return adattatore.validate_python(testo)
    except ValidationError as errore:
        voci += ({**v, "loc": (luogo, nome)} for v in errore.errors(include_input=False, include_url=False))
        return None


def _intestazione(request: Request, nome: str, adattatore: TypeAdapter[Any], voci: Voci) -> Any:
    testo = request.headers.get(nome)
    return None if testo is None else _valida(adattatore, "header", nome, testo, voci)


def _pagina(request: Request, voci: Voci) -> ParametriPagina:
    query = request.query_params
    limite, cursore = query.get("limite"), query.get("cursore")
    return ParametriPagina(
        PAGINA_PREDEFINITA if limite is None else _valida(_LIMITE, "query", "limite", limite, voci),
        None if cursore is None else _valida(_CURSORE, "query", "cursore", cursore, voci),
    )


def _credenziali(request: Request) -> HTTPAuthorizationCredentials | None:
    schema, token = get_authorization_scheme_param(request.headers.get("authorization"))
    return HTTPAuthorizationCredentials(scheme=schema, credentials=token) if schema.lower() == "bearer" and token else None


def _argomento(nome: str, annotazione: Any) -> Argomento:
    tipo = get_args(annotazione)[0] if get_origin(annotazione) is Annotated else annotazione
    if tipo is Request:
        return lambda request, _, __: request
    if tipo is ContestoLettura:
        return lambda _, lettura, __: lettura
    if tipo is ParametriPagina:
        return lambda request, _, voci: _pagina(request, voci)
    if tipo is UUID:
        return lambda request, _, voci: _valida(_UUID, "path", nome, request.path_params[nome], voci)
    raise TypeError(f"{nome}: a hot read cannot declare {annotazione!r}")


def _non_validi(voci: Voci) -> DatiNonValidi:
    noti = frozenset(voce["loc"][1] for voce in voci)  # the names are those of the operation, never the caller's
    return DatiNonValidi("Alcuni dati non possono essere accettati.", campi=campi(voci, noti))


class RottaCalda(RottaAmbito):
    """The route class of an endpoint that reads in one statement and returns a rendered `Response`."""

    def get_route_handler(self) -> Gestore:
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        firma = inspect.signature(endpoint, eval_str=True)
        argomenti = {nome: _argomento(nome, p.annotation) for nome, p in firma.parameters.items()}
        ammessi = parametri_query(self.dependant)

        def leggi(request: Request, lettura: ContestoLettura | None, voci: Voci) -> dict[str, Any]:
            return {nome: argomento(request, lettura, voci) for nome, argomento in argomenti.items()}

        async def gestisci(request: Request) -> Response:
            strict_query(request, ammessi)
            await esige_nessun_corpo(request)
            voci: Voci = []
            incarico = _intestazione(request, "Incarico", _UUID, voci)
            finalita = _intestazione(request, "Finalita", _FINALITA, voci)
            if voci:
                leggi(request, None, voci)
                raise _non_validi(voci)
            richiesta = await leggi_richiesta(request, _credenziali(request), incarico, finalita)
            async with apri_lettura(request, richiesta) as lettura:
                valori = leggi(request, lettura, voci)
                if voci:
                    raise _non_validi(voci)
                return await endpoint(**valori)

        return gestisci
