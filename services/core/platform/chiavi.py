"""RSA keys as JWK (RFC 7517): strict reading of what an issuer publishes, one cached key set per issuer, making of our own keys.

A JWK leaves this module only after it was checked and rebuilt from its four public members, so that no list, nested key
set, private part or foreign algorithm ever reaches the signature library.
"""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from services.core.platform.errori import ServizioEsterno

ALGORITMO = "RS256"
BIT_MINIMI = 2048
BIT_MASSIMI = 8192
CHIAVI_MASSIME = 100
KID_MASSIMO = 256

Scarica = Callable[[str], Awaitable[Mapping[str, object]]]
"""Fetch a JSON document by address. It raises `ServizioEsterno` when the other side does not answer properly."""

Orologio = Callable[[], float]
"""Technical time in seconds since the epoch."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_PARTI_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_log = structlog.get_logger()


class ChiaveNonValida(ValueError):
    """A key that may not be used; the message says why and never quotes it."""


@dataclass(frozen=True, slots=True)
class ChiavePubblica:
    """A checked RSA signature key: `n` and `e` are base64url as in RFC 7518 §6.3.1."""

    kid: str
    n: str
    e: str

    def jwk(self) -> dict[str, str]:
        """Return the JWK to publish or to hand to the signature library."""
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "alg": ALGORITMO, "n": self.n, "e": self.e}


def decodifica_base64url(testo: str) -> bytes:
    """Decode unpadded base64url, refusing any character or trailing bit that a second spelling could use.

    Raises:
        ValueError: not the one canonical spelling.
    """
    if not _BASE64URL.fullmatch(testo):
        raise ValueError("base64url non valido")
    dati = base64.urlsafe_b64decode(testo + "=" * (-len(testo) % 4))
    if codifica_base64url(dati) != testo:
        raise ValueError("base64url non canonico")
    return dati


def codifica_base64url(dati: bytes) -> str:
    """Encode as unpadded base64url (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(dati).rstrip(b"=").decode("ascii")


def valida_kid(kid: object) -> str:
    """Return `kid` if it is a usable key identifier: 1–256 printable ASCII characters.

    Raises:
        ChiaveNonValida: it is not.
    """
    if not isinstance(kid, str) or not 0 < len(kid) <= KID_MASSIMO or not kid.isascii() or not kid.isprintable():
        raise ChiaveNonValida("kid assente o non ammesso")
    return kid


def valida_jwk(jwk: object) -> ChiavePubblica:
    """Check a JWK as an RS256 verification key and return its public members.

    Raises:
        ChiaveNonValida: not RSA, private or incoherent members, fewer than 2048 bits (RFC 7518 §3.3) or an unusable exponent.
    """
    if not isinstance(jwk, Mapping):
        raise ChiaveNonValida("non è un oggetto")
    if jwk.get("kty") != "RSA":
        raise ChiaveNonValida("kty diverso da RSA")
    if _PARTI_PRIVATE & set(jwk):
        raise ChiaveNonValida("contiene parti private")
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", ALGORITMO) != ALGORITMO:
        raise ChiaveNonValida("use o alg non ammessi")
    operazioni = jwk.get("key_ops", ["verify"])
    if not isinstance(operazioni, list) or "verify" not in operazioni:
        raise ChiaveNonValida("key_ops non ammette la verifica")
    kid = valida_kid(jwk.get("kid"))
    n, e = jwk.get("n"), jwk.get("e")
    if not isinstance(n, str) or not isinstance(e, str) or len(n) > BIT_MASSIMI // 4 or len(e) > 8:
        raise ChiaveNonValida("n o e assenti o fuori misura")
    try:
        modulo, esponente = (int.from_bytes(decodifica_base64url(v), "big") for v in (n, e))
    except ValueError:
        raise ChiaveNonValida("n o e non sono base64url") from None
    if not BIT_MINIMI <= modulo.bit_length() <= BIT_MASSIMI or modulo % 2 == 0:
        raise ChiaveNonValida("modulo fuori misura")
    if not 65537 <= esponente < 2**32 or esponente % 2 == 0:
        raise ChiaveNonValida("esponente non ammesso")
    return ChiavePubblica(kid, n, e)


def leggi_jwks(documento: object) -> dict[str, ChiavePubblica]:
    """Return the usable keys of a JWK Set by `kid`. Keys for other uses are skipped; a `kid` given twice identifies no key.

    Raises:
        ChiaveNonValida: not a JWK Set, too long, or without a single usable key.
    """
    voci = documento.get("keys") if isinstance(documento, Mapping) else None
    if not isinstance(voci, list) or len(voci) > CHIAVI_MASSIME:
        raise ChiaveNonValida("non è un insieme di chiavi")
    chiavi: dict[str, ChiavePubblica] = {}
    doppie: set[str] = set()
    for voce in voci:
        try:
            chiave = valida_jwk(voce)
        except ChiaveNonValida as errore:
            _log.info("chiave_scartata", motivo=str(errore))
            continue
        if chiave.kid in chiavi:
            doppie.add(chiave.kid)
        chiavi[chiave.kid] = chiave
    usabili = {kid: chiave for kid, chiave in chiavi.items() if kid not in doppie}
    if not usabili:
        raise ChiaveNonValida("nessuna chiave utilizzabile")
    return usabili


@dataclass(frozen=True, slots=True)
class TempiChiavi:
    """How a key set is kept, in seconds: fresh for `durata`; used at most `scorta` when the issuer does not answer.

    An unknown `kid` or a failure may cause a new fetch only after the two `attesa`, so that forged tokens cannot make
    us call the issuer at will.
    """

    durata: float = 600
    scorta: float = 3600
    attesa: float = 30
    attesa_dopo_errore: float = 2


class InsiemeChiavi:
    """The key set of one issuer, cached, fetched by one caller at a time."""

    def __init__(
        self,
        url: str,
        scarica: Scarica,
        orologio: Orologio,
        tempi: TempiChiavi,
        al_cambio: Callable[[], None],
    ) -> None:
        self._url, self._scarica, self._orologio, self._tempi, self._al_cambio = url, scarica, orologio, tempi, al_cambio
        self._chiavi: dict[str, ChiavePubblica] = {}
        self._presa_il = float("-inf")
        self._tentata_il = float("-inf")
        self._fallita = False
        self._tentativi = 0
        self._uno_alla_volta = asyncio.Lock()

    def fresco(self) -> bool:
        """Tell whether the keys were read within `durata`."""
        return self._orologio() - self._presa_il < self._tempi.durata

    async def chiave(self, kid: str) -> ChiavePubblica | None:
        """Return the one key called `kid`, reading the set again when it is old or the name is new.

        Raises:
            ServizioEsterno: no usable set, and the issuer does not give one.
        """
        if not self.fresco() and self._puo_tentare(0):
            await self._aggiorna()
        if kid not in self._chiavi and self._puo_tentare(self._tempi.attesa):
            await self._aggiorna()
        if self._orologio() - self._presa_il >= self._tempi.durata + self._tempi.scorta:
            raise ServizioEsterno("Le chiavi dell'emittente delle credenziali non sono al momento disponibili")
        return self._chiavi.get(kid)

    def _puo_tentare(self, attesa: float) -> bool:
        minima = max(attesa, self._tempi.attesa_dopo_errore) if self._fallita else attesa
        return self._orologio() - self._tentata_il >= minima

    async def _aggiorna(self) -> None:
        visti = self._tentativi
        async with self._uno_alla_volta:
            if self._tentativi != visti:
                return
            try:
                nuove = leggi_jwks(await self._scarica(self._url))
            except (ServizioEsterno, ChiaveNonValida) as errore:
                self._fallita = True
                _log.warning("chiavi_non_aggiornate", motivo=type(errore).__name__)
            else:
                self._fallita = False
                self._presa_il = self._orologio()
                cambiate, self._chiavi = nuove != self._chiavi, nuove
                if cambiate:
                    self._al_cambio()
            self._tentata_il = self._orologio()
            self._tentativi += 1


def genera_chiave_rsa(bit: int = 3072) -> str:
    """Return a new RSA private key as PKCS#8 PEM, not encrypted: who keeps it must protect it.

    Raises:
        ChiaveNonValida: fewer than 2048 bits asked.
    """
    if bit < BIT_MINIMI:
        raise ChiaveNonValida("chiave troppo corta")
    chiave = rsa.generate_private_key(public_exponent=65537, key_size=bit)
    pem = chiave.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode("ascii")


def carica_privata(pem: str) -> rsa.RSAPrivateKey:
    """Load an unencrypted PEM private key.

    Raises:
        ChiaveNonValida: not readable, not RSA or fewer than 2048 bits.
    """
    try:
        chiave = serialization.load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError):
        raise ChiaveNonValida("chiave privata illeggibile") from None
    if not isinstance(chiave, rsa.RSAPrivateKey) or chiave.key_size < BIT_MINIMI:
        raise ChiaveNonValida("serve una chiave RSA di almeno 2048 bit")
    return chiave


def jwk_pubblico(chiave: rsa.RSAPrivateKey, kid: str | None = None) -> ChiavePubblica:
    """Return the public part of `chiave`; without `kid` its name is the RFC 7638 thumbprint."""
    numeri = chiave.public_key().public_numbers()
    n, e = (codifica_base64url(v.to_bytes((v.bit_length() + 7) // 8, "big")) for v in (numeri.n, numeri.e))
    canonico = json.dumps({"e": e, "kty": "RSA", "n": n}, separators=(",", ":"), sort_keys=True)
    impronta = codifica_base64url(hashlib.sha256(canonico.encode("ascii")).digest())
    return ChiavePubblica(valida_kid(impronta if kid is None else kid), n, e)
