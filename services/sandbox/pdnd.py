"""A stand-in of PDND's authorization server: checks client assertions as PDND does and sells vouchers.

The numbers 80xx are those of PDND's own validator, where the refusal has one. It can be told to misbehave with
`POST /_comando {"modo": "lento|giù|scaduto|normale"}`.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.platform.chiavi import ALGORITMO, ChiavePubblica, Orologio
from services.core.platform.clock import adesso_ms
from services.core.platform.forma_token import TokenNonValido, TokenScomposto, istante, scomponi
from services.core.platform.ids import nuovo_id
from services.core.platform.pdnd import TIPO_ASSERZIONE
from services.core.platform.portachiavi import CoppiaChiavi
from services.core.platform.tokens import TIPO_ACCESSO, firma, firma_valida
from services.sandbox.chiavi import rifiuta_produzione
from services.sandbox.risposte import CorpoNonValido, leggi_corpo, leggi_modo, problema

ASSERZIONE_MASSIMA_S = 86_400
SCARTO_S = 30
LENTEZZA_S = 20.0

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KID = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ESADECIMALE = re.compile(r"[0-9a-f]+")


class Modo(StrEnum):
    """How the server behaves."""

    NORMALE = "normale"
    LENTO = "lento"
    GIU = "giù"
    SCADUTO = "scaduto"


@dataclass(frozen=True, slots=True)
class FinalitaRegistrata:
    """A purpose: for which e-service audience it buys vouchers, and the names PDND writes in them. `durata_s` in seconds."""

    destinatario: str
    consumatore: UUID
    erogatore: UUID
    eservice: UUID
    descrittore: UUID
    durata_s: int = 600
    attiva: bool = True


@dataclass(frozen=True, slots=True)
class ClientRegistrato:
    """A client: its public keys by kid and its purposes by identifier."""

    chiavi: Mapping[str, ChiavePubblica]
    finalita: Mapping[UUID, FinalitaRegistrata]


Registro = Mapping[UUID, ClientRegistrato]


class Rifiuto(Exception):
    """An OAuth refusal (RFC 6749 §5.2), with PDND's number when it has one."""

    def __init__(self, errore: str, motivo: str, numero: str | None = None, stato: int = 400) -> None:
        super().__init__(motivo)
        self.errore, self.stato = errore, stato
        self.descrizione = f"{numero}: {motivo}" if numero else motivo


@dataclass(slots=True)
class PdndSandbox:
    """The authorization server: registry, key, behaviour, and the `jti` already seen."""

    iss: str
    destinatario_asserzione: str
    registro: Registro
    chiavi: CoppiaChiavi
    produzione: bool
    lentezza_s: float = LENTEZZA_S
    orologio: Orologio = field(default=lambda: adesso_ms() / 1000)
    modo: Modo = Modo.NORMALE
    richieste: int = 0
    _visti: dict[tuple[UUID, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rifiuta_produzione(self.produzione)

    async def scarica(self, _: str) -> Mapping[str, object]:
        """Give the key set to a verifier of this same process."""
        return self.chiavi.jwks()

    def rilascia(self, modulo: Mapping[str, str]) -> dict[str, object]:
        """Answer a token request.

        Raises:
            Rifiuto: one of the checks failed.
        """
        client_id = modulo.get("client_id", "")
        if not _UUID.fullmatch(client_id):
            raise Rifiuto("invalid_request", "client_id non è un UUID", "8001")
        if modulo.get("grant_type") != "client_credentials":
            raise Rifiuto("unsupported_grant_type", "grant_type non ammesso", "8002")
        if modulo.get("client_assertion_type") != TIPO_ASSERZIONE:
            raise Rifiuto("invalid_request", "client_assertion_type non ammesso", "8003")
        try:
            asserzione = scomponi(modulo.get("client_assertion", ""))
        except TokenNonValido:
            raise Rifiuto("invalid_request", "client_assertion illeggibile") from None
        return self._vendi(UUID(client_id), asserzione)

    def _vendi(self, client_id: UUID, asserzione: TokenScomposto) -> dict[str, object]:
        ora = self.orologio()
        kid = _controlla_intestazione(asserzione.intestazione)
        exp = self._controlla_contenuto(str(client_id), asserzione.contenuto, ora)
        finalita_id = _finalita_dichiarata(asserzione.contenuto)
        digest = _digest(asserzione.contenuto)
        client = self.registro.get(client_id)
        chiave = client.chiavi.get(kid) if client else None
        if client is None or chiave is None:
            raise Rifiuto("invalid_client", "la chiave non appartiene al client", "8099", 401)
        if not firma_valida(asserzione, chiave):
            raise Rifiuto("invalid_client", "firma non valida", "8023", 401)
        self._una_volta(client_id, str(asserzione.contenuto["jti"]), exp, ora)
        finalita = client.finalita.get(finalita_id)
        if finalita is None:
            raise Rifiuto("invalid_scope", "la finalità non è del client", "8025")
        if not finalita.attiva:
            raise Rifiuto("invalid_scope", "la finalità non è attiva", "8026")
        return {
            "access_token": self._voucher(client_id, finalita_id, finalita, digest, ora),
            "token_type": "Bearer",
            "expires_in": finalita.durata_s,
        }

    def _controlla_contenuto(self, client_id: str, contenuto: Mapping[str, object], ora: float) -> float:
        if contenuto.get("sub") != client_id:
            raise Rifiuto("invalid_client", "sub diverso dal client_id", "8007", 401)
        if contenuto.get("iss") != client_id:
            raise Rifiuto("invalid_client", "iss diverso dal client_id", "8017", 401)
        aud = contenuto.get("aud")
        if aud not in (self.destinatario_asserzione, [self.destinatario_asserzione]):
            raise Rifiuto("invalid_client", "aud non ammesso", "8010", 401)
        jti = contenuto.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= 128:
            raise Rifiuto("invalid_client", "jti assente", "8015", 401)
        iat = _istante(contenuto, "iat", "8016")
        exp = _istante(contenuto, "exp", "8018")
        if iat > ora + SCARTO_S:
            raise Rifiuto("invalid_client", "iat nel futuro", "8016", 401)
        if not ora < exp <= iat + ASSERZIONE_MASSIMA_S:
            raise Rifiuto("invalid_client", "exp passato o troppo lontano", "8018", 401)
        return exp

    def _una_volta(self, client_id: UUID, jti: str, exp: float, ora: float) -> None:
        for vista in [v for v, fine in self._visti.items() if fine <= ora]:
            del self._visti[vista]
        if (client_id, jti) in self._visti:
            raise Rifiuto("invalid_client", "asserzione già usata", "8015", 401)
        self._visti[client_id, jti] = exp

    def _voucher(
        self, client_id: UUID, finalita_id: UUID, finalita: FinalitaRegistrata, digest: dict[str, str] | None, ora: float
    ) -> str:
        emesso = int(ora) - (finalita.durata_s + 3600 if self.modo is Modo.SCADUTO else 0)
        contenuto: dict[str, object] = {
            "iss": self.iss,
            "sub": str(client_id),
            "client_id": str(client_id),
            "aud": finalita.destinatario,
            "iat": emesso,
            "nbf": emesso,
            "exp": emesso + finalita.durata_s,
            "jti": str(nuovo_id()),
            "purposeId": str(finalita_id),
            "consumerId": str(finalita.consumatore),
            "producerId": str(finalita.erogatore),
            "eserviceId": str(finalita.eservice),
            "descriptorId": str(finalita.descrittore),
        }
        if digest is not None:
            contenuto["digest"] = digest
        return firma(contenuto, self.chiavi.privata, kid=self.chiavi.kid, typ=TIPO_ACCESSO)


def _controlla_intestazione(intestazione: Mapping[str, object]) -> str:
    if intestazione.get("alg") != ALGORITMO:
        raise Rifiuto("invalid_client", "alg non ammesso", "8014", 401)
    if intestazione.get("typ") != "JWT" or "crit" in intestazione:
        raise Rifiuto("invalid_client", "intestazione non ammessa", stato=401)
    kid = intestazione.get("kid")
    if not isinstance(kid, str) or not kid:
        raise Rifiuto("invalid_client", "kid assente", "8013", 401)
    if not _KID.fullmatch(kid):
        raise Rifiuto("invalid_client", "caratteri non ammessi nel kid", "8033", 401)
    return kid


def _istante(contenuto: Mapping[str, object], nome: str, numero: str) -> float:
    try:
        return istante(contenuto, nome)
    except TokenNonValido:
        raise Rifiuto("invalid_client", f"{nome} assente o non numerico", numero, 401) from None


def _finalita_dichiarata(contenuto: Mapping[str, object]) -> UUID:
    valore = contenuto.get("purposeId")
    if valore is None:
        raise Rifiuto("invalid_scope", "purposeId assente", "8024")
    if not isinstance(valore, str) or not _UUID.fullmatch(valore):
        raise Rifiuto("invalid_scope", "purposeId non è un UUID", "8009")
    return UUID(valore)


def _digest(contenuto: Mapping[str, object]) -> dict[str, str] | None:
    digest = contenuto.get("digest")
    if digest is None:
        return None
    if not isinstance(digest, dict) or not isinstance(digest.get("value"), str):
        raise Rifiuto("invalid_request", "digest senza value", "8020")
    if not isinstance(digest.get("alg"), str):
        raise Rifiuto("invalid_request", "digest senza alg", "8019")
    if digest["alg"] != "SHA256":
        raise Rifiuto("invalid_request", "algoritmo del digest non ammesso", "8012")
    if len(digest["value"]) != 64 or not _ESADECIMALE.fullmatch(digest["value"]):
        raise Rifiuto("invalid_request", "digest di lunghezza diversa da SHA-256", "8011")
    return {"alg": "SHA256", "value": digest["value"]}


async def _leggi_modulo(richiesta: Request) -> dict[str, str]:
    try:
        testo = (await leggi_corpo(richiesta, "application/x-www-form-urlencoded")).decode("ascii")
        coppie = parse_qsl(testo, keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError:
        raise Rifiuto("invalid_request", "modulo illeggibile") from None
    modulo = dict(coppie)
    if len(modulo) != len(coppie):
        raise Rifiuto("invalid_request", "parametro ripetuto")
    return modulo


def app(server: PdndSandbox) -> Starlette:
    """Token endpoint, key set and command, to be mounted at the path of the server's `iss`."""

    async def token(richiesta: Request) -> Response:
        server.richieste += 1
        if server.modo is Modo.GIU:
            return JSONResponse({"error": "temporarily_unavailable"}, 503, headers={"Retry-After": "5"})
        if server.modo is Modo.LENTO:
            await asyncio.sleep(server.lentezza_s)
        try:
            corpo = server.rilascia(await _leggi_modulo(richiesta))
        except Rifiuto as rifiuto:
            return JSONResponse({"error": rifiuto.errore, "error_description": rifiuto.descrizione}, rifiuto.stato)
        return JSONResponse(corpo, headers={"Cache-Control": "no-store"})

    async def jwks(_: Request) -> Response:
        return JSONResponse(server.chiavi.jwks())

    async def comando(richiesta: Request) -> Response:
        try:
            server.modo = await leggi_modo(richiesta, Modo)
        except CorpoNonValido as errore:
            return problema(400, "Comando non valido", str(errore))
        return JSONResponse({"modo": server.modo.value})

    return Starlette(
        routes=[
            Route("/token.oauth2", token, methods=["POST"]),
            Route("/jwks.json", jwks),
            Route("/_comando", comando, methods=["POST"]),
        ]
    )
