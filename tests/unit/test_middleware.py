"""The edge: ids, headers, log without personal data, metrics by template, and the last net."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.types import Message

from services.api import documentazione, middleware, problems
from services.api.middleware.bordo import Bordo, RispostaInterrotta
from services.api.middleware.corpo import LimiteCorpo
from services.api.middleware.percorso import indirizzo_sano
from services.api.rotte import RottaAmbito
from services.core.platform import metriche, registro

CF = "ZZQPRV80A01D142K"


@pytest.fixture
def righe() -> Iterator[io.StringIO]:
    uscita = io.StringIO()
    registro.configura("debug", uscita)
    yield uscita
    structlog.reset_defaults()


def lette(righe: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(riga) for riga in righe.getvalue().splitlines()]


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=RottaAmbito)

    @router.get("/persone/{persona}")
    async def persona(persona: str, testo: str = "") -> dict[str, str]:
        return {"persona": persona, "testo": testo}

    @router.post("/persone")
    async def nuova(corpo: dict[str, str]) -> dict[str, str]:
        return corpo

    @router.get("/pagina")
    async def pagina() -> Response:
        return HTMLResponse("<p>ciao</p>")

    @router.get("/propria")
    async def propria() -> Response:
        testate = {"cache-control": "public", "content-security-policy": "default-src 'self'"}
        return HTMLResponse("<p>ciao</p>", headers=testate)

    @router.get("/interrotta")
    async def interrotta() -> Response:
        async def pezzi() -> AsyncIterator[bytes]:
            yield b"uno"
            raise ValueError(CF)

        return StreamingResponse(pezzi())

    app.include_router(router, prefix="/v1")
    documentazione.monta(app)
    problems.installa(app)
    middleware.installa(app, limite_corpo=100_000, https=True)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as c:
        yield c


async def test_intestazioni_di_sicurezza(client: httpx.AsyncClient) -> None:
    testate = (await client.get("/v1/persone/a")).headers
    assert testate["cache-control"] == "no-store"
    assert testate["x-content-type-options"] == "nosniff"
    assert testate["content-security-policy"].startswith("default-src 'none'; frame-ancestors")
    assert testate["strict-transport-security"].startswith("max-age=31536000")
    assert "script-src 'self'" in (await client.get("/v1/pagina")).headers["content-security-policy"]
    propria = (await client.get("/v1/propria")).headers
    assert propria.get_list("cache-control") == ["public"]
    assert propria.get_list("content-security-policy") == ["default-src 'self'"]


async def test_hsts_solo_in_https() -> None:
    app = FastAPI(openapi_url=None)
    middleware.installa(app, limite_corpo=100_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://prova") as c:
        assert "strict-transport-security" not in (await c.get("/")).headers


async def test_il_log_ha_il_modello_della_rotta_e_nient_altro(client: httpx.AsyncClient, righe: io.StringIO) -> None:
    chiamante = "0198a4e0-0000-7000-8000-000000000001"
    risposta = await client.get(f"/v1/persone/{CF}?testo={CF}", headers={"X-Request-Id": chiamante, "User-Agent": CF})
    assert risposta.json()["persona"] == CF
    (riga,) = lette(righe)
    assert (riga["event"], riga["metodo"], riga["rotta"], riga["stato"]) == ("richiesta", "GET", "/v1/persone/{persona}", 200)
    assert riga["richiesta_id"] == risposta.headers["richiesta-id"] != chiamante
    assert riga["richiesta_chiamante"] == chiamante
    assert riga["ms"] >= 0
    assert CF not in righe.getvalue()


async def test_un_id_del_chiamante_che_non_e_uuid_si_ignora(client: httpx.AsyncClient, righe: io.StringIO) -> None:
    await client.get("/v1/persone/a", headers={"X-Request-Id": CF})
    assert "richiesta_chiamante" not in lette(righe)[0]


async def test_un_percorso_ignoto_non_si_scrive(client: httpx.AsyncClient, righe: io.StringIO) -> None:
    await client.get(f"/{CF}")
    assert lette(righe)[0]["rotta"] == "(nessuna)"
    assert CF not in righe.getvalue()


async def test_le_metriche_contano_per_modello(client: httpx.AsyncClient) -> None:
    def conta() -> float:
        etichette = {"metodo": "GET", "rotta": "/v1/persone/{persona}", "stato": "200"}
        return metriche.REGISTRO.get_sample_value("ambito_richieste_http_total", etichette) or 0.0

    prima = conta()
    for nome in ("a", "b", "c"):
        await client.get(f"/v1/persone/{nome}")
    assert conta() - prima == 3
    testo = metriche.esponi(database=False).decode()
    assert 'ambito_durata_richieste_secondi_count{metodo="GET",rotta="/v1/persone/{persona}"}' in testo
    assert 'le="+Inf"' in testo
    assert "/persone/a" not in testo


def test_le_durate_cadono_nella_loro_classe() -> None:
    raccolta = metriche.Richieste()
    for secondi in (0.001, 0.0025, 0.3, 99.0):
        raccolta.osserva("GET", "/x", 200, secondi)
    conteggi, durate = raccolta.collect()
    assert [c.value for c in conteggi.samples] == [4]
    classi = {c.labels["le"]: c.value for c in durate.samples if c.name.endswith("_bucket")}
    assert (classi["0.0025"], classi["0.25"], classi["0.5"], classi["10.0"], classi["+Inf"]) == (2, 2, 3, 3, 4)
    assert next(c.value for c in durate.samples if c.name.endswith("_sum")) == pytest.approx(99.3035)


async def test_un_metodo_inventato_non_si_scrive(client: httpx.AsyncClient, righe: io.StringIO) -> None:
    assert (await client.request(CF, "/v1/pagina")).status_code == 405
    assert lette(righe)[0]["metodo"] == "(altro)"
    assert CF not in righe.getvalue()


async def test_una_risposta_interrotta_chiude_la_connessione(app: FastAPI, righe: io.StringIO) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://prova") as c:
        with pytest.raises(RispostaInterrotta) as preso:
            await c.get("/v1/interrotta")
    assert preso.value.__suppress_context__
    guasto = lette(righe)[0]
    assert (guasto["event"], guasto["eccezione"]) == ("errore_interno", "builtins.ValueError")
    assert CF not in righe.getvalue()


async def test_un_cliente_che_se_ne_va_e_499(app: FastAPI, righe: io.StringIO) -> None:
    async def ricevi() -> Message:
        return {"type": "http.disconnect"}

    async def invia(_: Message) -> None:
        pytest.fail("nobody is there to answer")

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/persone", "raw_path": b"/v1/persone", "query_string": b"", "root_path": "",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"9")],
        "client": ("127.0.0.1", 1), "server": ("prova", 80),
    }  # fmt: skip
    await app(scope, ricevi, invia)
    assert lette(righe)[-1]["stato"] == 499


@pytest.mark.parametrize(
    ("percorso", "grezzo", "query", "sano"),
    [
        ("/a", b"/a", b"", True),
        ("/è", "/è".encode(), b"", True),
        ("/è", b"/%C3%A8", b"q=%C3%A8+x", True),
        ("/a\x00", b"/a%00", b"", False),
        ("/\udcff", b"/%ff", b"", False),
        ("/a", b"/a", b"q=%00", False),
        ("/a", b"/a", b"q=\x00", False),
        ("/a", b"/a", b"q=%ff", False),
        ("/a", b"/a", b"q=\xff", False),
        ("/a", b"/a", b"q=%zz", True),
    ],
)
def test_indirizzi(percorso: str, grezzo: bytes, query: bytes, sano: bool) -> None:
    assert indirizzo_sano({"path": percorso, "raw_path": grezzo, "query_string": query}) is sano


@pytest.mark.parametrize(
    ("testate", "stato"),
    [
        ([(b"content-length", b"11")], 413),
        ([(b"content-length", b"99999999999999999999999")], 400),
        ([(b"content-length", b"-1")], 400),
        ([(b"content-length", b"1"), (b"content-length", b"2")], 400),
        ([(b"content-length", b"10"), (b"content-length", b"10")], 200),
        ([], 200),
    ],
)
async def test_la_lunghezza_dichiarata(testate: list[tuple[bytes, bytes]], stato: int) -> None:
    visti: list[int] = []

    async def dentro(scope: Any, receive: Any, send: Any) -> None:
        await Response()(scope, receive, send)

    async def ricevi() -> Message:
        return {"type": "http.request", "body": b""}

    async def invia(messaggio: Message) -> None:
        if messaggio["type"] == "http.response.start":
            visti.append(messaggio["status"])

    await LimiteCorpo(dentro, limite=10)({"type": "http", "method": "POST", "headers": testate}, ricevi, invia)
    assert visti == [stato]


async def test_richieste_contemporanee_non_si_scambiano_l_id(client: httpx.AsyncClient, righe: io.StringIO) -> None:
    risposte = await asyncio.gather(*(client.get(f"/v1/persone/{i}") for i in range(20)))
    attesi = {r.headers["richiesta-id"] for r in risposte}
    assert len(attesi) == 20
    assert {riga["richiesta_id"] for riga in lette(righe)} == attesi
    assert all(UUID(i).version == 7 for i in attesi)


async def test_cio_che_non_e_http_passa_intatto() -> None:
    visti: list[str] = []

    async def dentro(scope: Any, receive: Any, send: Any) -> None:
        visti.append(scope["type"])

    for tipo in ("lifespan", "websocket"):
        await Bordo(LimiteCorpo(dentro, limite=10))({"type": tipo}, None, None)  # type: ignore[arg-type]
    assert visti == ["lifespan", "websocket"]


async def test_la_documentazione_non_chiama_nessuno(client: httpx.AsyncClient) -> None:
    pagina = await client.get("/documentazione")
    assert pagina.status_code == 200
    assert '<html lang="it">' in pagina.text
    assert "http://" not in pagina.text
    assert "https://" not in pagina.text
    assert "'unsafe" not in pagina.headers["content-security-policy"]
    for risorsa, tipo in (
        ("risorse/swagger-ui.css", "text/css"),
        ("risorse/swagger-ui-bundle.js", "text/javascript"),
        ("risorse/favicon-32x32.png", "image/png"),
        ("avvio.js", "text/javascript"),
    ):
        assert f"/documentazione/{risorsa}" in pagina.text
        trovata = await client.get(f"/documentazione/{risorsa}")
        assert (trovata.status_code, trovata.headers["content-type"].split(";")[0]) == (200, tipo)
    assert "validatorUrl: null" in (await client.get("/documentazione/avvio.js")).text
    for fuori in ("index.html", "../../__init__.py", "..%2f..%2f__init__.py", "swagger-ui.js"):
        assert (await client.get(f"/documentazione/risorse/{fuori}")).status_code == 404
