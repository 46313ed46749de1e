"""What the sandbox services share: bounded reading of bodies, problems, and commands to misbehave."""

from enum import StrEnum
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse

from services.core.platform.jsonstretto import leggi_oggetto

CORPO_MASSIMO = 64 * 1024
M = TypeVar("M", bound=StrEnum)


class CorpoNonValido(ValueError):
    """A body too long, of another media type, or unreadable."""


async def leggi_corpo(richiesta: Request, tipo: str) -> bytes:
    """Return the body, at most 64 KiB, if it is declared as `tipo`.

    Raises:
        CorpoNonValido: it is not, or is longer.
    """
    if richiesta.headers.get("content-type", "").partition(";")[0].strip().lower() != tipo:
        raise CorpoNonValido("tipo di contenuto non ammesso")
    corpo = bytearray()
    async for pezzo in richiesta.stream():
        corpo += pezzo
        if len(corpo) > CORPO_MASSIMO:
            raise CorpoNonValido("corpo troppo lungo")
    return bytes(corpo)


def problema(stato: int, titolo: str, dettaglio: str) -> JSONResponse:
    """A problem document (RFC 9457)."""
    return JSONResponse(
        {"type": "about:blank", "title": titolo, "status": stato, "detail": dettaglio},
        stato,
        media_type="application/problem+json",
    )


async def leggi_modo(richiesta: Request, modi: type[M]) -> M:
    """Return the `modo` of a command `{"modo": …}`.

    Raises:
        CorpoNonValido: anything else than one of `modi`.
    """
    try:
        oggetto = leggi_oggetto(await leggi_corpo(richiesta, "application/json"))
        if set(oggetto) != {"modo"}:
            raise CorpoNonValido("atteso il solo campo «modo»")
        return modi(str(oggetto["modo"]))
    except ValueError as errore:
        ammessi = ", ".join(modo.value for modo in modi)
        raise CorpoNonValido(f"comando non valido: {errore.__class__.__name__}; modi ammessi: {ammessi}") from None
