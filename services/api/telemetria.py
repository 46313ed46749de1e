"""OpenTelemetry traces of the requests: an extra, off unless `AMBITO_OTEL_ENDPOINT` says where to send them.

The span is made here. FastAPI has traces of its own, that any global provider or `FASTAPI_OTEL_AUTO_CONFIGURE` would start:
they copy path, query string, client address and the text of exceptions, so they are switched off for good (`DEL_FRAMEWORK`).
Ours knows method, route template, status and the id of the request that the log has, and nothing else.
"""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.middleware.bordo import METODI
from services.api.middleware.rotta import Modelli
from services.core.platform.settings import ConfigurazioneNonValida, Settings

DEL_FRAMEWORK: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""What the application is built with: no telemetry but ours, whatever the environment says."""

SERVIZIO = "ambito-api"
_ALTRO = "_OTHER"
"""What the semantic conventions call a method they do not know: the caller's text is not repeated."""

_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def avvia(app: FastAPI, settings: Settings) -> None:
    """Trace the requests of `app`, when the settings give an address to send the spans to; else do nothing at all.

    To be called last: the layer it adds is the outermost. The other settings of the SDK (sampling, queue, headers for the
    collector) are its own `OTEL_*` variables. Spans not yet sent leave when the process ends.

    Raises:
        ConfigurazioneNonValida: the address is there and the packages are not.
    """
    if settings.otel_endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise ConfigurazioneNonValida(
            "AMBITO_OTEL_ENDPOINT è indicata ma OpenTelemetry non è installato: togliere la variabile, "
            "o installare l'extra otel (pip install --require-hashes -r lock/otel.txt)."
        ) from None
    risorsa = Resource.create({"service.name": SERVIZIO, "deployment.environment.name": settings.env.value})
    fornitore = TracerProvider(resource=risorsa)
    fornitore.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otel_endpoint)))
    app.add_middleware(Tracce, tracciatore=fornitore.get_tracer(SERVIZIO))


class Tracce:
    """One span for each request. `tracciatore` is a `Tracer` of OpenTelemetry."""

    def __init__(self, app: ASGIApp, tracciatore: Any) -> None:
        from opentelemetry import trace

        self.app = app
        self._trace, self._tracciatore = trace, tracciatore
        self._modello = Modelli()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        metodo = scope["method"] if scope["method"] in METODI else _ALTRO
        span = self._tracciatore.start_span(metodo, context=self._chiamante(scope), kind=self._trace.SpanKind.SERVER)
        stato = 0

        async def annota(messaggio: Message) -> None:
            nonlocal stato
            if messaggio["type"] == "http.response.start":
                stato = messaggio["status"]
            await send(messaggio)

        try:
            await self.app(scope, receive, annota)
        finally:
            self._descrivi(span, scope, metodo, stato)
            span.end()

    def _descrivi(self, span: Any, scope: Scope, metodo: str, stato: int) -> None:
        rotta = self._modello(scope)
        span.update_name(f"{metodo} {rotta}")
        span.set_attributes({"http.request.method": metodo, "http.route": rotta})
        richiesta_id = scope.get("state", {}).get("richiesta_id")
        if richiesta_id is not None:
            span.set_attribute("ambito.richiesta_id", str(richiesta_id))
        if stato:
            span.set_attribute("http.response.status_code", stato)
        if stato >= 500:
            span.set_status(self._trace.StatusCode.ERROR)

    def _chiamante(self, scope: Scope) -> Any:
        """The context of the caller's trace, if the request names one: its two identifiers, never `tracestate` or baggage."""
        trovato = next((_TRACEPARENT.fullmatch(v) for n, v in scope["headers"] if n == b"traceparent"), None)
        if trovato is None:
            return None
        traccia, padre, opzioni = (int(parte, 16) for parte in trovato.groups())
        contesto = self._trace.SpanContext(traccia, padre, is_remote=True, trace_flags=self._trace.TraceFlags(opzioni & 1))
        return self._trace.set_span_in_context(self._trace.NonRecordingSpan(contesto)) if contesto.is_valid else None
