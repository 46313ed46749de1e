"""Makes keys and tokens for tests, including those no honest issuer would make (so not through the module under test)."""

import asyncio
import base64
import json
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from services.core.platform.chiavi import ChiavePubblica, carica_privata, genera_chiave_rsa, jwk_pubblico
from services.core.platform.errori import ServizioEsterno

ORA = 1_757_930_400.0  # 2025-09-15T10:00:00Z


@cache
def chiave(nome: str, bit: int = 2048) -> rsa.RSAPrivateKey:
    """A private key per name, made once per process."""
    if bit < 2048:
        return rsa.generate_private_key(65537, bit)
    return carica_privata(genera_chiave_rsa(bit))


def pubblica(nome: str, kid: str) -> ChiavePubblica:
    """The public part of `chiave(nome)` under `kid`."""
    return jwk_pubblico(chiave(nome), kid)


def pem_pubblico(nome: str) -> bytes:
    """The public key as PEM, the classic HMAC confusion secret."""
    return chiave(nome).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def der_pubblico(nome: str) -> bytes:
    """The same as DER."""
    return chiave(nome).public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def b64(dati: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(dati).rstrip(b"=").decode()


def componi(intestazione: object, contenuto: object, privata: rsa.RSAPrivateKey) -> str:
    """Any header and content, truly signed with RS256. `bytes` are taken as they are, other values as JSON."""
    grezzi = [v if isinstance(v, bytes) else json.dumps(v).encode() for v in (intestazione, contenuto)]
    firmato = ".".join(map(b64, grezzi))
    return f"{firmato}.{b64(privata.sign(firmato.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class Orologio:
    """A clock moved by hand, in seconds."""

    def __init__(self) -> None:
        self.ora = ORA

    def __call__(self) -> float:
        return self.ora


class Pubblicate:
    """The key sets as issuers publish them by address; counts the reads."""

    def __init__(self, **insiemi: list[Mapping[str, object]]) -> None:
        self.insiemi: dict[str, list[Mapping[str, object]]] = dict(insiemi)
        self.letture = 0
        self.giu = False

    async def __call__(self, url: str) -> Mapping[str, object]:
        self.letture += 1
        await asyncio.sleep(0)  # as the network does: others run meanwhile
        if self.giu:
            raise ServizioEsterno
        return {"keys": self.insiemi[url]}
