"""Ed25519 keys of the sealer and of the witness: signing, and trusting the signatures of given keys only.

A key is named by its `kid`: the first 16 bytes of the SHA-256 of the raw public key, in hexadecimal.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.core.platform.chiavi import ChiaveNonValida
from services.core.platform.portachiavi import pem_persistente


def kid(pubblica: Ed25519PublicKey) -> str:
    """Return the name of a key."""
    return hashlib.sha256(pubblica.public_bytes_raw()).digest()[:16].hex()


class Firmatario:
    """A private key that signs."""

    def __init__(self, privata: Ed25519PrivateKey) -> None:
        self._privata = privata
        self.pubblica = privata.public_key()
        self.kid = kid(self.pubblica)

    def firma(self, dati: bytes) -> bytes:
        """Sign `dati`."""
        return self._privata.sign(dati)


class Fiducia:
    """The public keys one trusts; any other proves nothing."""

    def __init__(self, pubbliche: Iterable[Ed25519PublicKey]) -> None:
        self._chiavi = {kid(pubblica): pubblica for pubblica in pubbliche}

    def __contains__(self, nome: object) -> bool:
        return nome in self._chiavi

    @property
    def nomi(self) -> tuple[str, ...]:
        """The names of the trusted keys."""
        return tuple(self._chiavi)

    def verifica(self, nome: str, dati: bytes, firma: bytes) -> bool:
        """Tell whether the trusted key called `nome` signed `dati`."""
        chiave = self._chiavi.get(nome)
        if chiave is None:
            return False
        try:
            chiave.verify(firma, dati)
        except InvalidSignature:
            return False
        return True


def leggi_privata(percorso: Path) -> Firmatario:
    """Return the key kept at `percorso` (unencrypted PEM).

    Raises:
        OSError: the file cannot be read.
        ChiaveNonValida: it holds no Ed25519 private key.
    """
    return _privata(percorso.read_text("ascii", errors="replace"), percorso)


def leggi_pubblica(percorso: Path) -> Ed25519PublicKey:
    """Return the public key at `percorso` (PEM). Raises as `leggi_privata`."""
    try:
        chiave = serialization.load_pem_public_key(percorso.read_bytes())
    except (ValueError, UnsupportedAlgorithm):
        chiave = None
    if not isinstance(chiave, Ed25519PublicKey):
        raise ChiaveNonValida(f"{percorso.name} non contiene una chiave pubblica Ed25519 in PEM")
    return chiave


def firmatario_persistente(percorso: Path) -> Firmatario:
    """As `leggi_privata`, making the key when missing, with its public half beside it (`.pub`): for development.

    Raises:
        PermissionError: the file belongs to another user.
        ChiaveNonValida: it holds no Ed25519 private key.
    """
    firmatario = _privata(pem_persistente(percorso, _genera), percorso)
    pem_persistente(percorso.with_suffix(".pub"), lambda: pem_pubblico(firmatario.pubblica))
    return firmatario


def pem_pubblico(pubblica: Ed25519PublicKey) -> str:
    """Return the PEM to hand to whoever has to trust this key."""
    pem = pubblica.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode("ascii")


def _genera() -> str:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode("ascii")


def _privata(pem: str, percorso: Path) -> Firmatario:
    try:
        chiave = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        chiave = None
    if not isinstance(chiave, Ed25519PrivateKey):
        raise ChiaveNonValida(f"{percorso.name} non contiene una chiave privata Ed25519 in PEM senza password")
    return Firmatario(chiave)
