"""The template of the route that served a request: what logs and metrics show in place of the path."""

from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.types import Scope

NESSUNA = "(nessuna)"
"""No route of ours: logs and metrics do not repeat the path that was asked."""


class Modelli:
    """Template by endpoint, read once from the application's routes."""

    def __init__(self) -> None:
        self._modelli: dict[Any, str] = {}

    def __call__(self, scope: Scope) -> str:
        punto = scope.get("endpoint")
        if punto is None:
            return NESSUNA
        modello = self._modelli.get(punto)
        if modello is None:
            self._leggi(scope)
            modello = self._modelli.setdefault(punto, NESSUNA)
        return modello

    def _leggi(self, scope: Scope) -> None:
        for contesto in iter_route_contexts(scope["app"].routes):
            punto = contesto.endpoint or getattr(contesto.original_route, "app", None)
            if punto is not None:
                self._modelli[punto] = contesto.path_format or contesto.path or NESSUNA
