"""A development OIDC issuer: key set, discovery, and access tokens for the example operators.

It stands where SPID/CIE behind an identity provider stands in production. There is no sign-in page: whoever can read the
state directory is the developer, and tokens are made by a function (RFC 9068 profile).
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.core.platform.chiavi import ALGORITMO
from services.core.platform.clock import adesso_ms
from services.core.platform.ids import nuovo_id
from services.core.platform.portachiavi import chiave_persistente
from services.core.platform.tokens import TIPO_ACCESSO, firma
from services.sandbox.chiavi import rifiuta_produzione

NOME_CHIAVE = "oidc_sviluppo.pem"
CLIENT_ID = "ambito-sviluppo"
DURATA_MINIMA_S = 15 * 60
DURATA_MASSIMA_S = 60 * 60


class EmittenteOidc:
    """The issuer `iss` with its key in `stato`, a private directory."""

    def __init__(self, *, iss: str, destinatario: str, stato: Path, produzione: bool) -> None:
        rifiuta_produzione(produzione)
        self.iss, self._destinatario = iss, destinatario
        self._chiavi = chiave_persistente(stato / NOME_CHIAVE)

    def token(self, soggetto: str, *, durata_s: int = DURATA_MASSIMA_S) -> str:
        """Return an access token of the operator `soggetto` (the `sub` known to Ambito), good for `durata_s` seconds from now.

        Raises:
            ValueError: empty subject, or a duration outside 15–60 minutes.
        """
        if not soggetto or not DURATA_MINIMA_S <= durata_s <= DURATA_MASSIMA_S:
            raise ValueError("soggetto vuoto o durata fuori da 15–60 minuti")
        ora = adesso_ms() // 1000
        contenuto = {
            "iss": self.iss,
            "sub": soggetto,
            "aud": self._destinatario,
            "client_id": CLIENT_ID,
            "iat": ora,
            "exp": ora + durata_s,
            "jti": str(nuovo_id()),
        }
        return firma(contenuto, self._chiavi.privata, kid=self._chiavi.kid, typ=TIPO_ACCESSO)

    def jwks(self) -> dict[str, object]:
        """The published key set."""
        return self._chiavi.jwks()

    def configurazione(self) -> dict[str, object]:
        """Discovery metadata (OpenID Connect Discovery 1.0 §3, RFC 8414); no grant is offered over HTTP."""
        return {
            "issuer": self.iss,
            "jwks_uri": f"{self.iss}/jwks.json",
            "response_types_supported": [],
            "grant_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITMO],
        }


def app(emittente: EmittenteOidc) -> Starlette:
    """The issuer's two documents, to be mounted at the path of its `iss`."""

    async def configurazione(_: Request) -> JSONResponse:
        return JSONResponse(emittente.configurazione())

    async def jwks(_: Request) -> JSONResponse:
        return JSONResponse(emittente.jwks())

    return Starlette(routes=[Route("/.well-known/openid-configuration", configurazione), Route("/jwks.json", jwks)])
