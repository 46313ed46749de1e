"""`GET /metrics` for Prometheus: numbers only, no identifiers. Outside the contract; a proxy keeps it inside (docs/adr/0008)."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from services.api.deps import stato
from services.core.platform import metriche


async def _esponi(request: Request) -> Response:
    async with stato(request).database.lettura("SELECT 1") as connessione:
        await metriche.misura_database(connessione)
    return Response(metriche.esponi(), media_type=metriche.CONTENT_TYPE)


def monta(app: FastAPI) -> None:
    """Add the route to `app`."""
    app.add_route("/metrics", _esponi, include_in_schema=False)
