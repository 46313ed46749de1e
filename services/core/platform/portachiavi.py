"""A private key kept in a file of its own: made at first use in development, only read elsewhere."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from services.core.platform.chiavi import ChiavePubblica, carica_privata, genera_chiave_rsa, jwk_pubblico


@dataclass(frozen=True, slots=True)
class CoppiaChiavi:
    """A private key with the public part to publish."""

    privata: rsa.RSAPrivateKey = field(repr=False)
    pubblica: ChiavePubblica

    @property
    def kid(self) -> str:
        """The published name of the key."""
        return self.pubblica.kid

    def jwks(self) -> dict[str, object]:
        """The key set with this one key (RFC 7517 §5)."""
        return {"keys": [self.pubblica.jwk()]}


def leggi_chiave(percorso: Path, *, kid: str | None = None) -> CoppiaChiavi:
    """Return the key kept at `percorso` (unencrypted PEM); without `kid` its name is its thumbprint.

    Raises:
        OSError: the file cannot be read.
        ChiaveNonValida: it holds no usable key.
    """
    privata = carica_privata(percorso.read_text("ascii", errors="replace"))
    return CoppiaChiavi(privata, jwk_pubblico(privata, kid))


def chiave_persistente(percorso: Path, *, kid: str | None = None, bit: int = 2048) -> CoppiaChiavi:
    """As `leggi_chiave`, making the key when missing, with mode 0600: for development, where no one has registered it anywhere.

    The file appears whole or not at all, and of two processes that start together both read the first one's.

    Raises:
        PermissionError: the file belongs to another user.
        ChiaveNonValida: the file holds no usable key.
    """
    privata = carica_privata(pem_persistente(percorso, lambda: genera_chiave_rsa(bit)))
    return CoppiaChiavi(privata, jwk_pubblico(privata, kid))


def pem_persistente(percorso: Path, genera: Callable[[], str]) -> str:
    """Return the text kept at `percorso`, making it with `genera` when missing, whole or not at all, with mode 0600.

    Raises:
        PermissionError: the file belongs to another user.
    """
    if not percorso.exists():
        _crea(percorso, genera())
    stato = percorso.stat()
    if stato.st_uid != os.geteuid():
        raise PermissionError(f"La chiave {percorso.name} appartiene a un altro utente.")
    if stato.st_mode & 0o077:
        percorso.chmod(0o600)
    return percorso.read_text("ascii", errors="replace")


def _crea(percorso: Path, pem: str) -> None:
    percorso.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    provvisorio = percorso.with_name(f".{percorso.name}.{secrets.token_hex(8)}")
    descrittore = os.open(provvisorio, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descrittore, "w", encoding="ascii") as uscita:
            uscita.write(pem)
            uscita.flush()
            os.fsync(uscita.fileno())
        try:
            os.link(provvisorio, percorso)
        except FileExistsError:
            return  # another process was first: its key is the one
    finally:
        provvisorio.unlink()
