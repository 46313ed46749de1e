"""Traces are off unless asked for, and a span has no room for what a request says of a person."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry import trace

from services.api import middleware, telemetria
from services.api.main import create_app
from services.api.telemetria import Tracce
from services.core.platform.settings import RADICE_PROGETTO, ConfigurazioneNonValida, Settings

CF = "ZZQPRV80A01D142K"
ESTRANEO = {
    "user-agent": f"Zzqprova {CF}",
    "baggage": f"cf={CF}",
    "tracestate": "zzqprova=1",
    "x-forwarded-for": "203.0.113.9",
}


class SpanFinto:
    """Keeps what it is told."""

    def __init__(self, nome: str, contesto: Any, specie: Any) -> None:
        self.nome, self.contesto, self.specie = nome, contesto, specie
        self.attributi: dict[str, object] = {}
        self.esito: object = None
        self.chiuso = False

    def update_name(self, nome: str) -> None:
        self.nome = nome

    def set_attribute(self, nome: str, valore: object) -> None:
        self.attributi[nome] = valore

    def set_attributes(self, attributi: dict[str, object]) -> None:
        self.attributi |= attributi

    def set_status(self, esito: object) -> None:
        self.esito = esito

    def end(self) -> None:
        self.chiuso = True


class TracciatoreFinto:
    def __init__(self) -> None:
        self.spans: list[SpanFinto] = []

    def start_span(self, nome: str, *, context: Any, kind: Any) -> SpanFinto:
        self.spans.append(SpanFinto(nome, context, kind))
        return self.spans[-1]


def impostazioni(tmp_path: Path, **altro: Any) -> Settings:
    return Settings(stato_dir=tmp_path / "stato", **altro)


@pytest.fixture
def tracciatore() -> TracciatoreFinto:
    return TracciatoreFinto()


@pytest.fixture
def app(tracciatore: TracciatoreFinto) -> FastAPI:
    app = FastAPI(telemetry=telemetria.DEL_FRAMEWORK)

    @app.get("/persone/{codice}")
    async def leggi(codice: str) -> dict[str, str]:
        return {"codice": codice}

    @app.get("/guasto")
    async def guasto() -> None:
        raise RuntimeError(f"non si trova {CF}")

    middleware.installa(app, limite_corpo=100_000)
    app.add_middleware(Tracce, tracciatore=tracciatore)
    return app


async def chiedi(app: FastAPI, percorso: str, metodo: str = "GET", **altro: Any) -> httpx.Response:
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as cliente:
        return await cliente.request(metodo, percorso, **altro)


def test_senza_indirizzo_non_costa_nulla(tmp_path: Path) -> None:
    app = FastAPI()
    telemetria.avvia(app, impostazioni(tmp_path))
    assert app.user_middleware == []


def test_senza_indirizzo_i_pacchetti_non_si_caricano(tmp_path: Path) -> None:
    codice = (
        "import sys; from services.api.main import create_app; create_app();"
        "assert not [m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))]"
    )
    ambiente = {"PATH": os.environ["PATH"], "AMBITO_STATO_DIR": str(tmp_path / "stato")}
    subprocess.run([sys.executable, "-c", codice], cwd=RADICE_PROGETTO, env=ambiente, check=True, timeout=60)


def test_indirizzo_senza_pacchetti_e_una_frase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)  # as where the extra is not installed
    settings = impostazioni(tmp_path, otel_endpoint="http://raccoglitore:4318/v1/traces")
    with pytest.raises(ConfigurazioneNonValida) as errore:
        create_app(settings)
    testo = str(errore.value)
    assert "AMBITO_OTEL_ENDPOINT" in testo
    assert "lock/otel.txt" in testo
    assert "raccoglitore" not in testo


def test_il_framework_non_traccia_di_suo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its spans copy path and query string, its logs the text of exceptions: no variable of the environment may start them."""
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)  # as if one were configured
    acceso, spento = FastAPI(), create_app(impostazioni(tmp_path))
    assert acceso._native_telemetry.enabled()
    assert not spento._native_telemetry.enabled()
    assert not spento._telemetry["auto_configure"]


async def test_lo_span_ha_il_modello_e_nient_altro(app: FastAPI, tracciatore: TracciatoreFinto) -> None:
    risposta = await chiedi(app, f"/persone/{CF}?cf={CF}", headers=ESTRANEO)
    assert risposta.status_code == 200
    (span,) = tracciatore.spans
    assert (span.nome, span.specie, span.chiuso, span.esito) == ("GET /persone/{codice}", trace.SpanKind.SERVER, True, None)
    assert span.attributi == {
        "http.request.method": "GET",
        "http.route": "/persone/{codice}",
        "http.response.status_code": 200,
        "ambito.richiesta_id": risposta.headers["richiesta-id"],
    }
    assert span.contesto is None


async def test_un_guasto_non_porta_il_suo_testo(app: FastAPI, tracciatore: TracciatoreFinto) -> None:
    assert (await chiedi(app, "/guasto")).status_code == 500
    (span,) = tracciatore.spans
    assert span.esito == trace.StatusCode.ERROR
    assert span.chiuso
    assert CF not in str(span.attributi)


async def test_metodo_e_percorso_ignoti_non_si_ripetono(app: FastAPI, tracciatore: TracciatoreFinto) -> None:
    assert (await chiedi(app, f"/{CF}", metodo="ZZQPROVA")).status_code == 404
    (span,) = tracciatore.spans
    assert span.nome == "_OTHER (nessuna)"
    assert CF not in str(span.attributi)
    assert "ZZQPROVA" not in str(span.attributi)


async def test_la_traccia_di_chi_chiama_prosegue(app: FastAPI, tracciatore: TracciatoreFinto) -> None:
    genitore = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await chiedi(app, "/persone/x", headers=ESTRANEO | {"traceparent": genitore})
    contesto = trace.get_current_span(tracciatore.spans[0].contesto).get_span_context()
    assert f"{contesto.trace_id:032x}" == genitore[3:35]
    assert f"{contesto.span_id:016x}" == genitore[36:52]
    assert contesto.is_remote
    assert contesto.trace_flags.sampled
    assert len(contesto.trace_state) == 0


@pytest.mark.parametrize(
    "genitore",
    ["", "00-zz", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01", CF],
)
async def test_una_traccia_illeggibile_si_ignora(app: FastAPI, tracciatore: TracciatoreFinto, genitore: str) -> None:
    assert (await chiedi(app, "/persone/x", headers={"traceparent": genitore})).status_code == 200
    assert tracciatore.spans[0].contesto is None


@pytest.mark.parametrize("valore", ["raccoglitore:4318", "file:///etc/passwd"])
def test_un_indirizzo_che_non_e_http_si_rifiuta(tmp_path: Path, valore: str) -> None:
    with pytest.raises(ValueError, match="otel_endpoint"):
        impostazioni(tmp_path, otel_endpoint=valore)
