"""Signed tokens (RFC 7519, 8725, 9068): verification and signing, the only module that touches python-jose.

The library is used for one thing, the RS256 operation with one key already chosen and checked. Header, key choice and
claims are ours, because the library accepts any `typ` and `crit`, unbounded `iat` and `exp`, and tries key sets key by
key (docs/adr/0004-token.md).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from types import MappingProxyType
from typing import cast

import structlog
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk as jose_jwk
from jose import jws as jose_jws
from jose.backends.base import Key

from services.core.platform.chiavi import (
    ALGORITMO,
    ChiavePubblica,
    InsiemeChiavi,
    Orologio,
    Scarica,
    TempiChiavi,
    carica_privata,
    valida_kid,
)
from services.core.platform.clock import adesso_ms
from services.core.platform.forma_token import (
    TOKEN_MASSIMO,
    TokenNonValido,
    TokenScomposto,
    controlla_intestazione,
    controlla_tempi,
    destinatario,
    istante,
    scomponi,
    testo,
)

RICORDATI_MASSIMI = 4096
TIPO_ACCESSO = "at+jwt"

# Members that only ID tokens, logout tokens, DPoP proofs and sender-constrained tokens carry: none may pass as a bearer token.
_SOLO_DI_ALTRI_TOKEN = frozenset({"at_hash", "c_hash", "s_hash", "events", "htm", "htu", "cnf"})
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attestazioni:
    """The claims of a verified token. Times are seconds since the epoch; `destinatario` is the one audience of ours it names."""

    iss: str
    sub: str
    destinatario: str
    iat: float
    exp: float
    nbf: float | None
    jti: str | None
    kid: str
    altre: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Emittente:
    """An issuer we trust, and what its tokens must look like. Times in seconds; the algorithm is always RS256.

    `destinatari` are our audiences. None means that they live elsewhere: then a token must name exactly one audience, and
    whoever verifies it must refuse one that is not ours.
    """

    iss: str
    destinatari: frozenset[str] | None
    jwks_url: str
    tipo: str = TIPO_ACCESSO
    durata_massima: float = 3600
    scarto_orologio: float = 30
    tempi_chiavi: TempiChiavi = field(default_factory=TempiChiavi)

    def __post_init__(self) -> None:
        if not self.iss or not self.tipo or not self.jwks_url or "" in (self.destinatari or ()):
            raise ValueError("emittente incompleto")


@lru_cache(maxsize=128)
def _chiave_jose(chiave: ChiavePubblica) -> Key:
    return jose_jwk.construct(chiave.jwk(), algorithm=ALGORITMO)


def firma_valida(token: TokenScomposto, chiave: ChiavePubblica) -> bool:
    """Tell whether `chiave` made the RS256 signature of `token`. The header must have been checked before."""
    return bool(_chiave_jose(chiave).verify(token.firmato, token.firma))


def firma(contenuto: Mapping[str, object], chiave: rsa.RSAPrivateKey | str, *, kid: str, typ: str = "JWT") -> str:
    """Sign `contenuto` with RS256 as a compact JWS; `chiave` is a loaded key or its PEM.

    Raises:
        ChiaveNonValida: the key or its name may not be used.
    """
    privata = carica_privata(chiave) if isinstance(chiave, str) else chiave
    intestazioni = {"kid": valida_kid(kid), "typ": typ}
    firmata = jose_jws.sign(dict(contenuto), jose_jwk.construct(privata, ALGORITMO), headers=intestazioni, algorithm=ALGORITMO)
    return cast(str, firmata)


class _Fidato:
    """An issuer with its key set."""

    def __init__(self, emittente: Emittente, chiavi: InsiemeChiavi) -> None:
        self.emittente = emittente
        self.chiavi = chiavi


class VerificatoreToken:
    """Verifies bearer tokens of the configured issuers and remembers the outcome of the signature check.

    What is remembered is only that a token was well signed and for us, until it expires or its issuer's key set changes
    or gets old; who the bearer is and may do is read from the database at each request.
    """

    def __init__(
        self,
        emittenti: Iterable[Emittente],
        scarica: Scarica,
        *,
        orologio: Orologio | None = None,
        ricordati: int = RICORDATI_MASSIMI,
    ) -> None:
        self._orologio: Orologio = orologio or (lambda: adesso_ms() / 1000)
        self._massimo = ricordati
        self._ricordati: OrderedDict[bytes, Attestazioni] = OrderedDict()
        self._fidati: dict[str, _Fidato] = {}
        for emittente in emittenti:
            if emittente.iss in self._fidati:
                raise ValueError("emittente configurato due volte")
            iss = emittente.iss
            chiavi = InsiemeChiavi(
                emittente.jwks_url, scarica, self._orologio, emittente.tempi_chiavi, partial(self._dimentica, iss)
            )
            self._fidati[iss] = _Fidato(emittente, chiavi)

    def verifica_ricordato(self, token: str) -> Attestazioni | None:
        """Return the claims of a token already verified and still good, else None; never waits. The hot path."""
        if len(token) > TOKEN_MASSIMO or not token.isascii():
            return None
        impronta = hashlib.sha256(token.encode("ascii")).digest()
        attestazioni = self._ricordati.get(impronta)
        if attestazioni is None:
            return None
        fidato = self._fidati[attestazioni.iss]
        if self._orologio() >= attestazioni.exp + fidato.emittente.scarto_orologio:
            del self._ricordati[impronta]
            return None
        if not fidato.chiavi.fresco():
            return None
        self._ricordati.move_to_end(impronta)
        return attestazioni

    async def verifica(self, token: str) -> Attestazioni:
        """Verify a token and return its claims.

        Raises:
            TokenNonValido: refused, with the reason as code.
            ServizioEsterno: the issuer's keys cannot be had.
        """
        ricordate = self.verifica_ricordato(token)
        if ricordate is not None:
            return ricordate
        try:
            return await self._verifica(token)
        except TokenNonValido as errore:
            _log.info("token_rifiutato", codice=errore.codice)
            raise

    async def _verifica(self, token: str) -> Attestazioni:
        scomposto = scomponi(token)
        fidato = self._fidati.get(testo(scomposto.contenuto, "iss"))
        if fidato is None:
            raise TokenNonValido("iss")
        kid = controlla_intestazione(scomposto.intestazione, fidato.emittente.tipo)
        chiave = await fidato.chiavi.chiave(kid)
        if chiave is None:
            raise TokenNonValido("kid")
        if not firma_valida(scomposto, chiave):
            raise TokenNonValido("firma")
        attestazioni = self._attesta(fidato.emittente, kid, scomposto.contenuto)
        self._ricorda(token, attestazioni)
        return attestazioni

    def _attesta(self, emittente: Emittente, kid: str, contenuto: dict[str, object]) -> Attestazioni:
        if _SOLO_DI_ALTRI_TOKEN & contenuto.keys():
            raise TokenNonValido("uso")
        iat, exp = controlla_tempi(contenuto, self._orologio(), emittente.durata_massima, emittente.scarto_orologio)
        return Attestazioni(
            iss=emittente.iss,
            sub=testo(contenuto, "sub"),
            destinatario=destinatario(contenuto, emittente.destinatari),
            iat=iat,
            exp=exp,
            nbf=istante(contenuto, "nbf") if "nbf" in contenuto else None,
            jti=testo(contenuto, "jti") if "jti" in contenuto else None,
            kid=kid,
            altre=MappingProxyType(contenuto),
        )

    def cambia_destinatari(self, iss: str, destinatari: frozenset[str]) -> None:
        """Replace our audiences at an issuer and forget its tokens (an ente was added or left)."""
        fidato = self._fidati[iss]
        fidato.emittente = replace(fidato.emittente, destinatari=destinatari)
        self._dimentica(iss)

    def _ricorda(self, token: str, attestazioni: Attestazioni) -> None:
        self._ricordati[hashlib.sha256(token.encode("ascii")).digest()] = attestazioni
        while len(self._ricordati) > self._massimo:
            self._ricordati.popitem(last=False)

    def _dimentica(self, iss: str) -> None:
        for impronta in [i for i, a in self._ricordati.items() if a.iss == iss]:
            del self._ricordati[impronta]
