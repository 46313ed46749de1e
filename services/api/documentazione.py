"""The documentation pages: Swagger UI from the package in the lock, the contract in JSON and YAML, nothing from outside."""

from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, Response
from swagger_ui_bundle import swagger_ui_path

from services.api.openapi import in_yaml
from services.core.platform.errori import NonTrovato

PERCORSO = "/documentazione"

_RISORSE = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_GIORNO = {"cache-control": "public, max-age=86400"}

_PAGINA = f"""<!DOCTYPE html>
<html lang="it">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ambito: documentazione dell'API</title>
<link rel="stylesheet" href="{PERCORSO}/risorse/swagger-ui.css">
<link rel="icon" type="image/png" href="{PERCORSO}/risorse/favicon-32x32.png">
</head>
<body>
<main id="documentazione"></main>
<noscript><p>La pagina chiede JavaScript. Il contratto è leggibile anche in <a href="/openapi.yaml">YAML</a>.</p></noscript>
<script src="{PERCORSO}/risorse/swagger-ui-bundle.js"></script>
<script src="{PERCORSO}/avvio.js"></script>
</body>
</html>
"""

_AVVIO = """window.onload = function () {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#documentazione",
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout"
  });
};
"""


async def _pagina(_: Request) -> Response:
    return HTMLResponse(_PAGINA)


async def _avvio(_: Request) -> Response:
    return Response(_AVVIO, media_type="text/javascript", headers=_GIORNO)


async def _risorsa(request: Request) -> Response:
    nome = request.path_params["nome"]
    tipo = _RISORSE.get(nome)
    if tipo is None:
        raise NonTrovato
    return FileResponse(Path(swagger_ui_path) / nome, media_type=tipo, headers=_GIORNO)


async def _contratto_yaml(request: Request) -> Response:
    return Response(in_yaml(request.app.openapi()), media_type="application/yaml")


def monta(app: FastAPI) -> None:
    """Add the pages to `app`, which must be built with `openapi_url="/openapi.json"`, `docs_url=None`, `redoc_url=None`."""
    app.add_route(PERCORSO, _pagina, include_in_schema=False)
    app.add_route(f"{PERCORSO}/avvio.js", _avvio, include_in_schema=False)
    app.add_route(f"{PERCORSO}/risorse/{{nome}}", _risorsa, include_in_schema=False)
    app.add_route("/openapi.yaml", _contratto_yaml, include_in_schema=False)
