"""Pure ASGI middleware of the edge. `installa(app, ...)` mounts it in the right order."""

from fastapi import FastAPI

from services.api.middleware.bordo import Bordo
from services.api.middleware.corpo import LimiteCorpo

__all__ = ["Bordo", "LimiteCorpo", "installa"]


def installa(app: FastAPI, *, limite_corpo: int, https: bool = False) -> None:
    """Mount the edge on `app`: outermost `Bordo`, then the body limit.

    Args:
        limite_corpo: bytes a request body may have.
        https: the service is reached by HTTPS only, so `Strict-Transport-Security` is sent.
    """
    app.add_middleware(LimiteCorpo, limite=limite_corpo)
    app.add_middleware(Bordo, https=https)
