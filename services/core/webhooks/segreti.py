"""Signing secrets at rest: AES-256-GCM, bound to the row they belong to by the associated data.

Stored form: one byte of version, four of key fingerprint, twelve of nonce, then ciphertext and tag. The fingerprint lets a key be
rotated: the first key encrypts, any of them decrypts.
"""

import hashlib
import os
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSIONE = b"\x01"
BYTE_CHIAVE = 32
_IMPRONTA = 4
_NONCE = 12


class SegretoIllegibile(Exception):
    """The stored secret was not written by one of the keys given, or not for this row."""


def chiave(segreto: str) -> bytes:
    """Derive the encryption key from the installation's secret (`AMBITO_SEGRETO_WEBHOOK`), by HKDF-SHA256 (RFC 5869).

    Raises:
        ValueError: the secret is shorter than 32 bytes.
    """
    if len(segreto.encode()) < BYTE_CHIAVE:
        raise ValueError("il segreto dei webhook ha meno di 32 byte")
    return HKDF(hashes.SHA256(), BYTE_CHIAVE, salt=None, info=b"ambito.webhook.segreti").derive(segreto.encode())


def contesto(destinazione_id: UUID) -> bytes:
    """Return the associated data of a destinazione's secret: moved to another row it no longer decrypts."""
    return b"destinazione.segreto:" + destinazione_id.bytes


def cifra(chiavi: Sequence[bytes], legame: bytes, segreto: str) -> bytes:
    """Encrypt `segreto` under the first of `chiavi`.

    Raises:
        ValueError: no key, or a key that is not 32 bytes.
    """
    chiave = _controlla(chiavi)[0]
    nonce = os.urandom(_NONCE)
    return VERSIONE + _impronta(chiave) + nonce + AESGCM(chiave).encrypt(nonce, segreto.encode(), legame)


def decifra(chiavi: Sequence[bytes], legame: bytes, cifrato: bytes) -> str:
    """Decrypt what `cifra` wrote for the same `legame`.

    Raises:
        SegretoIllegibile: unknown version or key, or altered or moved bytes.
        ValueError: no key, or a key that is not 32 bytes.
    """
    versione, resto = cifrato[:1], cifrato[1:]
    impronta, resto = resto[:_IMPRONTA], resto[_IMPRONTA:]
    chiave = next((c for c in _controlla(chiavi) if _impronta(c) == impronta), None)
    if versione != VERSIONE or chiave is None:
        raise SegretoIllegibile("segreto scritto con una chiave o una versione non disponibile")
    try:
        return AESGCM(chiave).decrypt(resto[:_NONCE], resto[_NONCE:], legame).decode()
    except (InvalidTag, ValueError) as errore:
        raise SegretoIllegibile("segreto alterato o di un'altra destinazione") from errore


def _controlla(chiavi: Sequence[bytes]) -> Sequence[bytes]:
    if not chiavi or any(len(c) != BYTE_CHIAVE for c in chiavi):
        raise ValueError("servono una o più chiavi di 32 byte")
    return chiavi


def _impronta(chiave: bytes) -> bytes:
    return hashlib.sha256(b"impronta:" + chiave).digest()[:_IMPRONTA]
