"""A hot route and its twin solved by the framework answer the same: status, body, headers, and what is kept for the audit.

No database: the transaction is a fake that tells whether it was entered and how it ended.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import Response

from services.api import middleware, problems
from services.api.calda import RottaCalda
from services.api.deps import Lettura, Stato
from services.api.pagina import Paginazione, rispondi_json
from services.api.problems import BASE_TIPI
from services.api.rotte import RottaAmbito
from services.api.routes import cartelle_lette
from services.core.platform.cursori import LUNGHEZZA_MASSIMA
from services.core.platform.errori import Errore, NonAutenticato, NonTrovato
from tests.ambiente import GIORNO

OPERATORE, VIETATO, MULTIPLO = UUID(int=11), UUID(int=12), UUID(int=13)
INCARICO = "01900000-0000-7000-8000-00000000000a"
OGGETTO = "01900000-0000-7000-8000-0000000000cc"
BUONO = {"Authorization": "Bearer buono"}


class NonEntra(asyncpg.PostgresError):  # type: ignore[misc]  # asyncpg is untyped
    """The refusal of the entering statement, by its SQLSTATE."""

    def __init__(self, stato: str) -> None:
        super().__init__("rifiuto")
        self.sqlstate = stato


class BaseDati:
    """Records how each transaction of the request ended."""

    def __init__(self) -> None:
        self.esiti: list[str] = []

    @asynccontextmanager
    async def lettura(self, ingresso: str) -> AsyncIterator[str]:
        if str(VIETATO) in ingresso or str(MULTIPLO) in ingresso:
            self.esiti.append("rifiutata")
            raise NonEntra("AM403" if str(VIETATO) in ingresso else "AM400")
        try:
            yield ingresso
        except Exception:
            self.esiti.append("annullata")
            raise
        self.esiti.append("conclusa")


class Attestazioni:
    def __init__(self, soggetto: str) -> None:
        self.iss, self.sub = "emittente", soggetto


class Verificatore:
    """Knows the tokens `buono`, `vietato` and `multiplo`."""

    def verifica_ricordato(self, token: str) -> Attestazioni | None:
        return Attestazioni(token) if token in ("buono", "vietato", "multiplo") else None

    async def verifica(self, token: str) -> Attestazioni:
        raise NonAutenticato("Il token non è valido.")


class Servizi:
    verificatore = Verificatore()


class Impostazioni:
    def giorno(self) -> date:
        return GIORNO


async def una(oggetto_id: UUID, lettura: Lettura) -> Response:
    r = lettura.richiesta
    if oggetto_id == UUID(int=404):
        raise NonTrovato
    return rispondi_json(f'{{"id": "{oggetto_id}", "incarico": "{r.incarico_id}", "finalita": "{r.finalita}"}}', versione=3)


async def elenco(request: Request, lettura: Lettura, pagina: Paginazione) -> Response:
    return rispondi_json(f'{{"limite": {pagina.limite}, "cursore": "{pagina.cursore}", "via": "{request.method}"}}')


class Banco:
    """The same endpoints behind both route classes, and what the edge would write of a refusal."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.base = BaseDati()
        self.rifiuti: list[tuple[str, Any, str]] = []
        for prefisso, classe in (("/calda", RottaCalda), ("/gemella", RottaAmbito)):
            router = APIRouter(route_class=classe)
            router.get("/oggetti/{oggetto_id}", operation_id="leggiCartella")(una)
            router.get("/elenco", operation_id="elencaCartelle")(elenco)
            self.app.include_router(router, prefix=prefisso)
        operatori = {("emittente", "buono"): OPERATORE, ("emittente", "vietato"): VIETATO, ("emittente", "multiplo"): MULTIPLO}
        self.app.state.ambito = Stato(Impostazioni(), self.base, None, Servizi(), operatori)  # type: ignore[arg-type]  # fakes
        problems.installa(self.app, al_rifiuto=self._al_rifiuto)
        middleware.installa(self.app, limite_corpo=10_000, https=False)

    async def _al_rifiuto(self, request: Request, errore: Errore) -> None:
        richiesta = getattr(request.state, "richiesta", None)
        nomi = ("operatore_id", "incarico_id", "operazione", "finalita")
        self.rifiuti.append((errore.tipo, [getattr(richiesta, n, None) for n in nomi], str(dict(request.path_params))))

    async def chiedi(self, percorso: str, metodo: str, testate: Any, corpo: bytes | None) -> tuple[Any, ...]:
        """Return all that a client and the audit can see of one request."""
        self.base.esiti.clear()
        self.rifiuti.clear()
        trasporto = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as client:
            r = await client.request(metodo, percorso, headers=testate, content=corpo)
        proprie = ("richiesta-id", "content-length")  # the number of the request also stands in the problem's `instance`
        altre = sorted((n, v) for n, v in r.headers.multi_items() if n not in proprie)
        contenuto = r.text.replace(r.headers["richiesta-id"], "N")
        return r.status_code, contenuto, altre, list(self.base.esiti), list(self.rifiuti)


@pytest.fixture(scope="module")
def banco() -> Banco:
    return Banco()


UNA = f"/oggetti/{OGGETTO}"
LUNGO = "x" * (LUNGHEZZA_MASSIMA + 1)
CASI: dict[str, tuple[str, Any, int]] = {
    "buona": (UNA, BUONO, 200),
    "buona, con tutto": (UNA, BUONO | {"Incarico": INCARICO, "Finalita": "valutazione"}, 200),
    "UUID senza trattini": (UNA.replace("-", ""), BUONO, 200),
    "UUID fra graffe": (f"/oggetti/{{{OGGETTO}}}", BUONO, 200),
    "UUID come urn": (f"/oggetti/urn:uuid:{OGGETTO}", BUONO, 200),
    "non trovata": (f"/oggetti/{UUID(int=404)}", BUONO, 404),
    "UUID sbagliato": ("/oggetti/1", BUONO, 422),
    "UUID troppo lungo": (UNA + "0", BUONO, 422),
    "UUID con un NUL": ("/oggetti/%00", BUONO, 400),
    "UUID sbagliato, senza token": ("/oggetti/1", {}, 401),
    "UUID sbagliato, ruolo senza operazione": ("/oggetti/1", {"Authorization": "Bearer vietato"}, 403),
    "UUID sbagliato e Incarico sbagliato": ("/oggetti/1", BUONO | {"Incarico": "1"}, 422),
    "tre errori insieme": ("/oggetti/1", BUONO | {"Incarico": "1", "Finalita": "x"}, 422),
    "Incarico sbagliato": (UNA, BUONO | {"Incarico": "non-un-uuid"}, 422),
    "Incarico vuoto": (UNA, BUONO | {"Incarico": ""}, 422),
    "Incarico sbagliato, senza token": (UNA, {"Incarico": "1"}, 422),
    "Incarico ripetuto": (UNA, [*BUONO.items(), ("Incarico", INCARICO), ("Incarico", "x")], 200),
    "Finalita ignota": (UNA, BUONO | {"Finalita": "curiosita"}, 422),
    "Finalita maiuscola": (UNA, BUONO | {"Finalita": "VALUTAZIONE"}, 422),
    "Finalita vuota": (UNA, BUONO | {"Finalita": ""}, 422),
    "Incarico e Finalita sbagliati": (UNA, BUONO | {"Incarico": "1", "Finalita": "x"}, 422),
    "ruolo senza operazione": (UNA, {"Authorization": "Bearer vietato"}, 403),
    "più incarichi": (UNA, {"Authorization": "Bearer multiplo"}, 400),
    "senza token": (UNA, {}, 401),
    "token ignoto": (UNA, {"Authorization": "Bearer falso"}, 401),
    "token vuoto": (UNA, {"Authorization": "Bearer"}, 401),
    "token di soli spazi": (UNA, {"Authorization": "Bearer   "}, 401),
    "spazi attorno al token": (UNA, {"Authorization": "Bearer   buono "}, 200),
    "tabulazione dopo il token": (UNA, {"Authorization": "Bearer buono\t"}, 200),
    "schema minuscolo": (UNA, {"Authorization": "bearer buono"}, 200),
    "schema Basic": (UNA, {"Authorization": "Basic buono"}, 401),
    "schema attaccato": (UNA, {"Authorization": "Bearerbuono"}, 401),
    "schema vuoto": (UNA, {"Authorization": ""}, 401),
    "Authorization due volte, la prima buona": (UNA, [*BUONO.items(), ("Authorization", "Bearer falso")], 200),
    "Authorization due volte, la prima falsa": (UNA, [("Authorization", "Bearer falso"), *BUONO.items()], 401),
    "parametro ignoto": (UNA + "?limite=1", BUONO, 422),
    "parametro ignoto, senza token": (UNA + "?x=1", {}, 422),
    "parametro senza valore": (UNA + "?x", BUONO, 422),
    "sessantacinque parametri": (UNA + "?" + "&".join("x=1" for _ in range(65)), BUONO, 400),
    "elenco": ("/elenco", BUONO, 200),
    "elenco, con tutto": ("/elenco?limite=7&cursore=abc", BUONO, 200),
    "limite 1": ("/elenco?limite=1", BUONO, 200),
    "limite 100": ("/elenco?limite=100", BUONO, 200),
    "limite 0": ("/elenco?limite=0", BUONO, 422),
    "limite 101": ("/elenco?limite=101", BUONO, 422),
    "limite negativo": ("/elenco?limite=-1", BUONO, 422),
    "limite a parole": ("/elenco?limite=abc", BUONO, 422),
    "limite vuoto": ("/elenco?limite=", BUONO, 422),
    "limite con la virgola": ("/elenco?limite=1.5", BUONO, 422),
    "limite intero con la virgola": ("/elenco?limite=2.0", BUONO, 200),
    "limite con spazi": ("/elenco?limite=%205%20", BUONO, 200),
    "limite con il segno": ("/elenco?limite=%2B5", BUONO, 200),
    "limite con trattino basso": ("/elenco?limite=1_0", BUONO, 200),
    "limite in cifre arabe": ("/elenco?limite=%D9%A5", BUONO, 422),
    "limite smisurato": ("/elenco?limite=" + "9" * 5000, BUONO, 422),
    "limite ripetuto": ("/elenco?limite=1&limite=2", BUONO, 422),
    "limite sbagliato, senza token": ("/elenco?limite=0", {}, 401),
    "limite sbagliato, ruolo senza operazione": ("/elenco?limite=0", {"Authorization": "Bearer vietato"}, 403),
    "cursore vuoto": ("/elenco?cursore=", BUONO, 200),
    "cursore al limite": ("/elenco?cursore=" + LUNGO[1:], BUONO, 200),
    "cursore troppo lungo": ("/elenco?cursore=" + LUNGO, BUONO, 422),
    "cursore troppo lungo e limite sbagliato": (f"/elenco?cursore={LUNGO}&limite=0", BUONO, 422),
    "Incarico e limite sbagliati": ("/elenco?limite=0", BUONO | {"Incarico": "1"}, 422),
    "quattro errori": (f"/elenco?cursore={LUNGO}&limite=x", BUONO | {"Incarico": "1", "Finalita": "x"}, 422),
}  # fmt: skip


@pytest.mark.parametrize("nome", CASI)
async def test_la_rotta_calda_risponde_come_la_gemella(banco: Banco, nome: str) -> None:
    percorso, testate, stato = CASI[nome]
    calda = await banco.chiedi("/calda" + percorso, "GET", testate, None)
    gemella = await banco.chiedi("/gemella" + percorso, "GET", testate, None)
    assert calda == gemella
    assert calda[0] == stato, calda[1]


CORPI: dict[str, tuple[dict[str, str], bytes, int]] = {
    "un corpo": ({}, b"{}", 400),
    "un corpo dichiarato JSON": ({"content-type": "application/json"}, b'{"a": 1}', 400),
    "un corpo vuoto": ({}, b"", 200),
    "a pezzi": ({"transfer-encoding": "chunked"}, b"x", 400),
    "a pezzi, vuoto": ({"transfer-encoding": "chunked"}, b"", 200),
    "oltre il limite": ({}, b"x" * 20_000, 413),
}


@pytest.mark.parametrize("nome", CORPI)
async def test_il_corpo_che_non_serve_e_rifiutato_allo_stesso_modo(banco: Banco, nome: str) -> None:
    altre, corpo, stato = CORPI[nome]
    calda = await banco.chiedi("/calda" + UNA, "GET", BUONO | altre, corpo)
    gemella = await banco.chiedi("/gemella" + UNA, "GET", BUONO | altre, corpo)
    assert calda == gemella
    assert calda[0] == stato, calda[1]


@pytest.mark.parametrize("metodo", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_gli_altri_metodi_sono_rifiutati_allo_stesso_modo(banco: Banco, metodo: str) -> None:
    calda = await banco.chiedi("/calda" + UNA, metodo, BUONO, None)
    assert calda == await banco.chiedi("/gemella" + UNA, metodo, BUONO, None)
    assert calda[0] == 405


async def test_tutti_gli_errori_di_una_richiesta_stanno_in_un_solo_problema(banco: Banco) -> None:
    """The twin comparison would also hold for two routes that both stopped at the first error."""
    trasporto = httpx.ASGITransport(app=banco.app)
    async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as client:
        r = await client.get(f"/calda/elenco?cursore={LUNGO}&limite=x", headers=BUONO | {"Incarico": "1", "Finalita": "x"})
    corpo = r.json()
    assert corpo["type"] == BASE_TIPI + "dati-non-validi"
    assert [voce["campo"] for voce in corpo["campi"]] == [
        "intestazione.Incarico", "intestazione.Finalita", "query.limite", "query.cursore",
    ]  # fmt: skip


async def test_una_lettura_rifiutata_non_conclude_la_transazione(banco: Banco) -> None:
    await banco.chiedi(f"/calda/oggetti/{UUID(int=404)}", "GET", BUONO, None)
    assert banco.base.esiti == ["annullata"]
    await banco.chiedi("/calda" + UNA, "GET", BUONO, None)
    assert banco.base.esiti == ["conclusa"]


def test_cio_che_una_rotta_calda_non_sa_leggere_ferma_la_costruzione() -> None:
    router = APIRouter(route_class=RottaCalda)

    async def con_filtro(lettura: Lettura, esito: Annotated[str | None, Query()] = None) -> Response:
        return rispondi_json("{}")

    with pytest.raises(TypeError, match="esito"):
        router.get("/x", operation_id="leggiCartella")(con_filtro)


async def test_la_rotta_calda_non_passa_dalle_dipendenze_del_framework(banco: Banco, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this a hot route that fell back on the framework would pass every comparison above, and be hot no more."""

    async def mai(**_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("fastapi.routing.solve_dependencies", mai)
    assert (await banco.chiedi("/calda" + UNA, "GET", BUONO, None))[0] == 200
    assert (await banco.chiedi("/calda/elenco?limite=2", "GET", BUONO, None))[0] == 200
    assert (await banco.chiedi("/gemella" + UNA, "GET", BUONO, None))[0] == 500


def test_le_letture_delle_cartelle_sono_calde() -> None:
    operazioni = {rotta.operation_id for rotta in cartelle_lette.router.routes if isinstance(rotta, RottaCalda)}
    assert operazioni == {"elencaCartelle", "leggiCartella"}
