"""From the token to one transaction under one incarico: the aliases every endpoint declares.

`Scrittura` (SQLAlchemy) and `Lettura` (asyncpg, hot reads) commit after the endpoint returns and *before* the answer
leaves: `scope="function"`. With FastAPI's default scope the client would hold a 200 for a commit that failed
(`tests/integration/test_commit.py`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.api.servizi import Servizi
from services.core.access import audit
from services.core.access.contesto import Contesto
from services.core.access.ingresso import Richiesta, entra, errore_di_lettura, istruzione, registra_diniego
from services.core.access.operazioni import OPERAZIONI
from services.core.access.ruoli import Finalita
from services.core.platform.cursori import Cursori, Legame
from services.core.platform.db import Database
from services.core.platform.errori import Conflitto, DatiNonValidi, Errore, NonAutenticato, NonTrovato, Vietato
from services.core.platform.settings import Settings

OPERATORI_RICORDATI = 10_000


@dataclass(slots=True)
class Stato:
    """What the process holds while it serves. `operatori` remembers which operator a token's subject is: it never changes."""

    settings: Settings
    database: Database
    cursori: Cursori
    servizi: Servizi
    operatori: dict[tuple[str, str], UUID] = field(default_factory=dict)


def stato(request: Request) -> Stato:
    """Return the process's state."""
    return request.app.state.ambito  # type: ignore[no-any-return]  # Starlette's state is untyped


def cursori(request: Request) -> Cursori:
    """Return the sealer of cursors."""
    return stato(request).cursori


def legame_di(richiesta: Richiesta, **filtri: object) -> Legame:
    """Return what a cursor of this list is bound to."""
    return Legame(richiesta.operazione, richiesta.operatore_id, richiesta.incarico_id, filtri)


bearer = HTTPBearer(
    auto_error=False, scheme_name="OIDC", bearerFormat="JWT", description="Token OIDC dell'operatore (RS256, at+jwt)."
)


async def _operatore(st: Stato, credenziali: HTTPAuthorizationCredentials | None) -> UUID:
    if credenziali is None:
        raise NonAutenticato("Manca il token dell'operatore.")
    token = credenziali.credentials
    attestazioni = st.servizi.verificatore.verifica_ricordato(token) or await st.servizi.verificatore.verifica(token)
    chiave = (attestazioni.iss, attestazioni.sub)
    operatore = st.operatori.get(chiave)
    if operatore is None:
        operatore = await _cerca_operatore(st.database, *chiave)
        if len(st.operatori) >= OPERATORI_RICORDATI:
            st.operatori.clear()
        st.operatori[chiave] = operatore
    return operatore


async def _cerca_operatore(database: Database, emittente: str, soggetto: str) -> UUID:
    async with database.lettura("SELECT 1") as connessione:
        trovato = await connessione.fetchval("SELECT operatore_del_token($1, $2)", emittente, soggetto)
    if trovato is None:
        raise Vietato("L'operatore non è registrato.")
    return UUID(str(trovato))


async def leggi_richiesta(
    request: Request,
    credenziali: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
    incarico: Annotated[UUID | None, Header(alias="Incarico", description="Incarico sotto cui si agisce, se più d'uno.")] = None,
    finalita: Annotated[Finalita | None, Header(alias="Finalita", description="Finalità del trattamento.")] = None,
) -> Richiesta:
    """Build the typed request. It is also kept in `request.state`, for the audit of a refusal."""
    st = stato(request)
    operazione = request.scope["route"].operation_id
    regola = OPERAZIONI[operazione]
    richiesta = Richiesta(
        operatore_id=await _operatore(st, credenziali),
        incarico_id=incarico,
        operazione=operazione,
        regola=regola,
        finalita=finalita or regola.finalita,
        data_riferimento=st.settings.giorno(),
        richiesta_id=request.state.richiesta_id,
    )
    request.state.richiesta = richiesta
    if richiesta.finalita is None:
        raise DatiNonValidi(
            "Questa operazione chiede di dichiarare la finalità.",
            campi=[{"campo": "header.Finalita", "motivo": f"obbligatoria; ammesse: {', '.join(Finalita)}"}],
        )
    return richiesta


RichiestaAutenticata = Annotated[Richiesta, Depends(leggi_richiesta)]


@asynccontextmanager
async def transazione(database: Database, richiesta: Richiesta) -> AsyncIterator[Contesto]:
    """One transaction entered under the request's scope, audited, and committed when the block ends well.

    For the few operations that call an outside platform: a short one to read, the call, then another to write.
    """
    async with database.sessione() as sessione:
        ctx = Contesto(
            sessione=sessione,
            principal=await entra(sessione, richiesta),
            operazione=richiesta.operazione,
            finalita=richiesta.finalita,
            data_riferimento=richiesta.data_riferimento,
            richiesta_id=richiesta.richiesta_id,
        )
        yield ctx
        await sessione.flush()  # constraints speak before the audit row says that it was done
        await audit.registra(ctx)


async def _scrittura(request: Request, richiesta: RichiestaAutenticata) -> AsyncIterator[Contesto]:
    async with transazione(stato(request).database, richiesta) as ctx:
        yield ctx


Scrittura = Annotated[Contesto, Depends(_scrittura, scope="function")]
"""The request's transaction for changes and rich reads, entered under the scope, audited and committed before the answer."""


@dataclass(slots=True)
class ContestoLettura:
    """The request's transaction for a hot read: the query itself writes its audit row (`audit.SCRIVI_LETTURA`)."""

    connessione: "PoolConnectionProxy[Any]"
    richiesta: Richiesta


@asynccontextmanager
async def apri_lettura(request: Request, richiesta: Richiesta) -> AsyncIterator[ContestoLettura]:
    """Open the transaction of a hot read, entered under the request's scope; committed when the block ends well."""
    try:
        async with stato(request).database.lettura(istruzione(richiesta)) as connessione:
            yield ContestoLettura(connessione, richiesta)
    except asyncpg.PostgresError as errore:
        tradotto = errore_di_lettura(errore)
        if tradotto is None:
            raise
        raise tradotto from None


async def _lettura(request: Request, richiesta: RichiestaAutenticata) -> AsyncIterator[ContestoLettura]:
    async with apri_lettura(request, richiesta) as lettura:
        yield lettura


Lettura = Annotated[ContestoLettura, Depends(_lettura, scope="function")]


async def al_rifiuto(request: Request, errore: Errore) -> None:
    """Record a refused operation, a hidden object or a uniform conflict, before its answer leaves.

    A conflict of keys may be with what the caller does not see: to provoke one is a way of searching, and is remembered.
    """
    richiesta: Richiesta | None = getattr(request.state, "richiesta", None)
    if richiesta is None or not (isinstance(errore, NonTrovato | Vietato) or errore.tipo == Conflitto.tipo):
        return
    cercato = errore.oggetto if isinstance(errore, NonTrovato) else None
    oggetti = dict.fromkeys(v for v in (*map(_uuid, request.path_params.values()), cercato) if v is not None)
    await registra_diniego(stato(request).database, richiesta, list(oggetti), errore)


def _uuid(valore: Any) -> UUID | None:
    try:
        return UUID(str(valore))
    except ValueError:
        return None
