"""Route classes: what every endpoint of ours refuses before its own code runs.

`RottaAmbito` is the rule of the house: only the query parameters the operation declares, each once; a body only where one
is declared, in strict JSON. `RottaWaas` is the named exception for the contract written by INPS (WaaS 2.0.1): 400 in
place of 422, and unknown query parameters tolerated.
"""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from services.api.corpo import RichiestaJson, esige_json
from services.api.problems import da_validazione
from services.core.platform.errori import DatiNonValidi, RichiestaMalformata

MASSIMO_PARAMETRI = 64
"""Parameters read from a query string; beyond, the request is refused."""

Gestore = Callable[[Request], Coroutine[Any, Any, Response]]


def parametri_query(dependant: Dependant) -> dict[str, bool]:
    """Return the query parameters of the operation: name → may it be repeated."""
    return {
        p.alias: get_origin(p.field_info.annotation) in (list, set, frozenset, tuple)
        for p in get_flat_params(dependant)
        if isinstance(p.field_info, Query)
    }


def _nomi(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        proprieta = schema.get("properties")
        if isinstance(proprieta, dict):
            yield from proprieta
        for valore in schema.values():
            yield from _nomi(valore)
    elif isinstance(schema, list):
        for valore in schema:
            yield from _nomi(valore)


def nomi_noti(rotta: APIRoute) -> frozenset[str]:
    """Return every name the operation's parameters and body schema know: the only ones a problem may repeat."""
    nomi = {p.alias for p in get_flat_params(rotta.dependant)}
    if rotta.body_field is not None:
        corpo: Any = rotta.body_field.field_info.annotation
        nomi.update(_nomi(TypeAdapter(corpo).json_schema()))
    return frozenset(nomi)


def strict_query(request: Request, ammessi: dict[str, bool], tollera_ignoti: bool = False) -> None:
    """Refuse unknown query parameters and repeated scalar ones.

    Raises:
        DatiNonValidi: a parameter the operation does not declare, or a scalar one given twice.
    """
    testo: bytes = request.scope["query_string"]
    if not testo:
        return
    if testo.count(b"&") >= MASSIMO_PARAMETRI:
        raise RichiestaMalformata("Troppi parametri nella richiesta.")
    visti: set[str] = set()
    for nome, _ in request.query_params.multi_items():
        if nome not in ammessi:
            if not tollera_ignoti:
                elenco = ", ".join(sorted(ammessi)) or "nessuno"
                voce = {"campo": "query", "motivo": f"parametro non previsto; ammessi: {elenco}"}
                raise DatiNonValidi("La richiesta ha un parametro non previsto.", campi=[voce])
        elif nome in visti and not ammessi[nome]:
            voce = {"campo": f"query.{nome}", "motivo": "parametro ripetuto"}
            raise DatiNonValidi("La richiesta ripete un parametro.", campi=[voce])
        visti.add(nome)


async def esige_nessun_corpo(request: Request) -> None:
    """Refuse a body where none is declared.

    Raises:
        RichiestaMalformata: the request has one.
    """
    intestazioni = request.headers
    if intestazioni.get("content-length", "0") == "0" and "transfer-encoding" not in intestazioni:
        return
    if await request.body():
        raise RichiestaMalformata("Questa operazione non accetta un corpo.")


class RottaAmbito(APIRoute):
    """The route class of every endpoint of ours: `APIRouter(route_class=RottaAmbito)`.

    Query parameters are known from the endpoint and its own dependencies, not from those given to `include_router`.
    """

    tollera_query_ignote = False

    def rifiuto(self, errore: Exception, noti: frozenset[str]) -> Exception:
        """Return the error that leaves, for one raised while the request was read or served."""
        return da_validazione(errore, noti) if isinstance(errore, RequestValidationError) else errore

    def get_route_handler(self) -> Gestore:
        esegui = super().get_route_handler()
        ammessi = parametri_query(self.dependant)
        con_corpo = self.body_field is not None
        tollera = self.tollera_query_ignote
        noti: frozenset[str] | None = None

        async def gestisci(request: Request) -> Response:
            nonlocal noti
            try:
                strict_query(request, ammessi, tollera)
                if con_corpo:
                    request = RichiestaJson(request.scope, request.receive)
                    if await request.body():
                        esige_json(request.headers.get("content-type"))
                        await request.json()
                else:
                    await esige_nessun_corpo(request)
                return await esegui(request)
            except (RequestValidationError, DatiNonValidi) as exc:
                if noti is None:
                    noti = nomi_noti(self)
                raise self.rifiuto(exc, noti) from None

        return gestisci


class RottaWaas(RottaAmbito):
    """The route class of the e-service whose contract INPS wrote: 400 in place of 422, unknown query parameters tolerated."""

    tollera_query_ignote = True

    def rifiuto(self, errore: Exception, noti: frozenset[str]) -> Exception:
        nostro = super().rifiuto(errore, noti)
        if isinstance(nostro, DatiNonValidi):
            return RichiestaMalformata(nostro.dettaglio, **nostro.estensioni)
        return nostro
