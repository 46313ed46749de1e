"""Calls to outside services: the one factory of HTTP clients and the bounded way of reading their answers.

No redirect is followed (the other side must not choose where our credentials go), nothing is taken from the environment
(`.netrc`, proxy variables), every answer is bounded in bytes and in time, and compressed answers are refused.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from services.core.platform.errori import ServizioEsterno
from services.core.platform.jsonstretto import leggi_oggetto

CONNESSIONE_S = 5.0
LETTURA_S = 15.0
DURATA_MASSIMA_S = 30.0
RISPOSTA_MASSIMA = 1024 * 1024
USER_AGENT = "ambito"


class RispostaInattesa(ServizioEsterno):
    """The other side answered, but not as its contract says."""

    def __init__(self, servizio: str, codice: str) -> None:
        super().__init__(f"Il servizio «{servizio}» ha dato una risposta inattesa")
        self.servizio, self.codice = servizio, codice


class NonRaggiungibile(ServizioEsterno):
    """The other side did not answer in time, or could not be reached."""

    def __init__(self, servizio: str, codice: str) -> None:
        super().__init__(f"Il servizio «{servizio}» non risponde")
        self.servizio, self.codice = servizio, codice


@dataclass(frozen=True, slots=True)
class Risposta:
    """An answer read whole, within its limits."""

    servizio: str
    stato: int
    intestazioni: httpx.Headers = field(repr=False)
    corpo: bytes = field(repr=False)

    def oggetto(self) -> dict[str, object]:
        """Return the body as a JSON object.

        Raises:
            RispostaInattesa: it is not one, or is not declared as JSON.
        """
        tipo = self.intestazioni.get("content-type", "").partition(";")[0].strip().lower()
        if tipo != "application/json" and not tipo.endswith("+json"):
            raise RispostaInattesa(self.servizio, "tipo-di-contenuto")
        try:
            return leggi_oggetto(self.corpo)
        except ValueError:
            raise RispostaInattesa(self.servizio, "json") from None


def cliente_http(
    *,
    connessione_s: float = CONNESSIONE_S,
    lettura_s: float = LETTURA_S,
    proxy: str | None = None,
    tls: ssl.SSLContext | bool = True,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Return a client for outside services; close it with the process. Times in seconds.

    `transport` replaces the network in tests. `tls` adds an authority of one's own; False is for tests only.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(lettura_s, connect=connessione_s, pool=connessione_s),
        limits=httpx.Limits(max_connections=50, max_keepalive_connections=10, keepalive_expiry=30),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
        proxy=proxy,
        verify=tls,
        transport=transport,
    )


async def leggi_limitato(risposta: httpx.Response, servizio: str, massimo: int = RISPOSTA_MASSIMA) -> bytes:
    """Read the body of a streamed answer, at most `massimo` bytes.

    Raises:
        RispostaInattesa: longer than that, or compressed (a small body could grow without bound).
    """
    if risposta.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RispostaInattesa(servizio, "compressa")
    corpo = bytearray()
    async for pezzo in risposta.aiter_bytes():
        corpo += pezzo
        if len(corpo) > massimo:
            raise RispostaInattesa(servizio, "troppo-lunga")
    return bytes(corpo)


async def richiedi(
    cliente: httpx.AsyncClient,
    metodo: str,
    url: str,
    *,
    servizio: str,
    intestazioni: Mapping[str, str] | None = None,
    contenuto: bytes | None = None,
    massimo: int = RISPOSTA_MASSIMA,
    durata_massima_s: float = DURATA_MASSIMA_S,
) -> Risposta:
    """Do one request and read the answer within `massimo` bytes and `durata_massima_s` seconds in all.

    `servizio` is the name shown to people if it fails. Any status is an answer; it is for the caller to judge.

    Raises:
        NonRaggiungibile: no answer, or not in time.
        RispostaInattesa: an answer beyond its limits.
    """
    try:
        async with (
            asyncio.timeout(durata_massima_s),
            cliente.stream(metodo, url, headers=dict(intestazioni or {}), content=contenuto) as risposta,
        ):
            corpo = await leggi_limitato(risposta, servizio, massimo)
            return Risposta(servizio, risposta.status_code, risposta.headers, corpo)
    except (TimeoutError, httpx.TimeoutException):
        raise NonRaggiungibile(servizio, "tempo-scaduto") from None
    except httpx.HTTPError as errore:
        raise NonRaggiungibile(servizio, type(errore).__name__) from None


async def scarica_json(cliente: httpx.AsyncClient, url: str, servizio: str = "chiavi pubbliche") -> Mapping[str, object]:
    """GET a JSON object, such as a key set.

    Raises:
        ServizioEsterno: no answer, a status other than 200, or not a JSON object.
    """
    risposta = await richiedi(cliente, "GET", url, servizio=servizio, intestazioni={"Accept": "application/json"})
    if risposta.stato != 200:
        raise RispostaInattesa(servizio, f"stato-{risposta.stato}")
    return risposta.oggetto()
