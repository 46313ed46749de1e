"""Reading a JSON body strictly (RFC 8259, RFC 7493): UTF-8, no repeated names, no NaN, no NUL, no lone surrogates."""

from typing import Any

from starlette.requests import Request

from services.core.platform import jsonstretto
from services.core.platform.errori import DatiNonValidi, RichiestaMalformata, TipoNonSupportato

PROFONDITA_MASSIMA = 32
"""Levels of nesting admitted in a body."""

_CARATTERI = "Il corpo contiene caratteri non ammessi."


def testo_ammesso(testo: str) -> bool:
    """Tell whether `testo` can be stored: no NUL, no half of a surrogate pair."""
    return "\x00" not in testo and not any("\ud800" <= c <= "\udfff" for c in testo)


def _controlla(valore: Any, livello: int, caratteri: bool) -> None:
    if livello > PROFONDITA_MASSIMA:
        raise RichiestaMalformata("Il corpo della richiesta è annidato troppo in profondità.")
    if isinstance(valore, dict):
        for nome, contenuto in valore.items():
            if caratteri and not testo_ammesso(nome):
                raise DatiNonValidi(_CARATTERI)
            _controlla(contenuto, livello + 1, caratteri)
    elif isinstance(valore, list):
        for elemento in valore:
            _controlla(elemento, livello + 1, caratteri)
    elif caratteri and isinstance(valore, str) and not testo_ammesso(valore):
        raise DatiNonValidi(_CARATTERI)


def leggi_json(corpo: bytes) -> Any:
    """Parse `corpo`.

    Raises:
        RichiestaMalformata: not JSON in UTF-8, a repeated name, NaN or Infinity, nesting too deep.
        DatiNonValidi: a NUL or a lone surrogate, which PostgreSQL cannot store.
    """
    try:
        valore = jsonstretto.leggi_json(corpo)
    except ValueError:
        raise RichiestaMalformata("Il corpo della richiesta non è JSON valido.") from None
    _controlla(valore, 1, b"\\u" in corpo)
    return valore


def esige_json(content_type: str | None) -> None:
    """Raise `TipoNonSupportato` unless the media type is `application/json`, in UTF-8 if a charset is named."""
    tipo, _, parametri = (content_type or "").partition(";")
    if tipo.strip().lower() != "application/json":
        raise TipoNonSupportato("Il corpo della richiesta deve essere application/json.")
    nome, _, valore = parametri.partition("=")
    if nome.strip().lower() == "charset" and valore.strip().strip('"').lower() not in ("utf-8", "utf8"):
        raise TipoNonSupportato("Il corpo della richiesta deve essere in UTF-8.")


class RichiestaJson(Request):
    """The request as the endpoints of ours see it: `json()` is the strict reading above."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = leggi_json(await self.body())
        return self._json
