"""The WaaS e-service that INPS calls (WAAS-SIUSS-Alimentazione 2.0.1): its contract, not ours.

A voucher of PDND is asked of `/esiti` too, where the published contract forgets it. The voucher's audience chooses the ente;
nothing of another ente can be read or changed in the transaction it opens. Why it is so: docs/adr/0007-waas.md.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.types import Message, Receive

from services.api.deps import stato
from services.api.pagina import rispondi
from services.api.problems import Problema
from services.api.rotte import Gestore, RottaWaas
from services.api.schemas.waas import EsitiIngresso
from services.api.stato import RispostaProblema, dichiara
from services.core.flussi import repository, service
from services.core.flussi.contratto import MASSIMO_PER_PAGINA, PREDEFINITO_PER_PAGINA, ElencoFlussi, senza_illeciti
from services.core.flussi.orologio import MASSIMO_MS
from services.core.platform import jsonstretto
from services.core.platform.errori import NonAutenticato, RichiestaMalformata
from services.core.platform.forma_token import TokenNonValido

SINCE_MASSIMO = 10**20
"""The contract's maximum of `since`; beyond the last printable instant there is nothing to read."""

bearer = HTTPBearer(auto_error=False, scheme_name="PDND", bearerFormat="JWT", description="Voucher PDND (ID_AUTH_REST_01).")


class RottaContratto(RottaWaas):
    """What INPS's contract asks beyond the rules of the house.

    Its Problem admits no further member, so the refused fields are told in the text. A character that no database can hold
    (NUL, half a surrogate pair) is replaced and not refused: INPS repeats a refused notification for ever, outcomes and all.
    """

    def rifiuto(self, errore: Exception, noti: frozenset[str]) -> Exception:
        nostro = super().rifiuto(errore, noti)
        if not isinstance(nostro, RichiestaMalformata):
            return nostro
        campi = "; ".join(f"{c['campo']}: {c['motivo']}" for c in nostro.estensioni.get("campi", []))
        return RichiestaMalformata(f"{nostro.dettaglio} {campi}".strip()[:4096])

    def get_route_handler(self) -> Gestore:
        esegui = super().get_route_handler()
        con_corpo = self.body_field is not None

        async def gestisci(request: Request) -> Response:
            if con_corpo:
                request = Request(request.scope, _una_volta(ripulisci(await request.body())))
            return await esegui(request)

        return gestisci


def ripulisci(corpo: bytes) -> bytes:
    """Return a JSON body without what cannot be stored. What is not JSON is left to the strict reading that follows."""
    if b"\\u" not in corpo:
        return corpo
    try:
        return json.dumps(senza_illeciti(jsonstretto.leggi_json(corpo)), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return corpo


def _una_volta(corpo: bytes) -> Receive:
    messaggi: list[Message] = [{"type": "http.request", "body": corpo, "more_body": False}]

    async def ricevi() -> Message:
        return messaggi.pop() if messaggi else {"type": "http.disconnect"}

    return ricevi


router = APIRouter(route_class=RottaContratto, prefix="/waas/v1", tags=["waas"])


@dataclass(frozen=True, slots=True)
class ContestoWaas:
    """One transaction opened by a voucher, within the ente of its audience."""

    sessione: AsyncSession
    ente_id: UUID
    ambito_id: int
    client_id: UUID
    richiesta_id: UUID


_ENTRA = sa.text("SELECT ente_id, ambito_id FROM app_entra_waas(:audience)")


async def _contesto(
    request: Request, credenziali: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> AsyncIterator[ContestoWaas]:
    if credenziali is None:
        raise NonAutenticato("Manca il voucher PDND.")
    st = stato(request)
    voucher = await st.servizi.verifica_voucher(credenziali.credentials)
    async with st.database.sessione() as sessione:
        try:
            riga = (await sessione.execute(_ENTRA, {"audience": voucher.destinatario})).one()
        except DBAPIError as errore:
            if getattr(errore.orig, "sqlstate", None) != "AM403":
                raise
            raise TokenNonValido("aud") from None
        yield ContestoWaas(sessione, riga.ente_id, riga.ambito_id, voucher.client_id, request.state.richiesta_id)


Waas = Annotated[ContestoWaas, Depends(_contesto, scope="function")]


@router.get(
    "/flussi",
    operation_id="elencaFlussiWaas",
    summary="Restituisce a INPS i flussi pubblicati dopo un istante, in ordine",
    response_model=ElencoFlussi,
)
async def elenca_flussi_waas(
    waas: Waas,
    since: Annotated[
        int,
        Query(
            ge=0,
            le=SINCE_MASSIMO,
            description="Millisecondi dell'ultimo flusso acquisito; 0 la prima volta.",
            json_schema_extra={"format": "int64"},
        ),
    ],
    limit: Annotated[
        int,
        Query(ge=0, le=MASSIMO_PER_PAGINA, description="Massimo numero di flussi.", json_schema_extra={"format": "int32"}),
    ] = PREDEFINITO_PER_PAGINA,
) -> Response:
    letti, voci = await repository.pagina_waas(waas.sessione, waas.ente_id, min(since, MASSIMO_MS), limit)
    await service.annota_accesso_waas(waas.sessione, waas.richiesta_id, waas.ambito_id, "elencaFlussiWaas", waas.client_id, letti)
    return rispondi(ElencoFlussi(elenco_flussi=voci))


@router.post(
    "/esiti",
    operation_id="registraEsitiWaas",
    summary="Riceve da INPS gli esiti dell'elaborazione dei flussi",
    status_code=204,
    response_class=Response,
)
async def registra_esiti_waas(waas: Waas, corpo: EsitiIngresso) -> Response:
    cambiati = await service.registra_esiti(waas.sessione, waas.ambito_id, waas.ente_id, corpo.elenco_esiti)
    await service.annota_accesso_waas(
        waas.sessione, waas.richiesta_id, waas.ambito_id, "registraEsitiWaas", waas.client_id, cambiati
    )
    return Response(status_code=204)


@router.get(
    "/status",
    operation_id="leggiStatoWaas",
    summary="Dice a INPS se l'e-service è attivo",
    response_class=RispostaProblema,
    response_model=Problema,
    response_description="L'e-service è attivo.",
    openapi_extra={"security": [{}]},
)
async def leggi_stato_waas(request: Request) -> Response:
    return await dichiara(request, stato(request).database.risponde)
