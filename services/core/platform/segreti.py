"""Secrets of a development installation: made once, at random, kept in one private file of the state directory.

They exist so that nothing has a working default. In production every secret comes from the environment and this file is not read.
"""

import contextlib
import fcntl
import json
import os
import secrets
from pathlib import Path

NOME_FILE = "segreti.json"


def prepara_cartella(cartella: Path) -> Path:
    """Create the state directory, mode 0700, and return it.

    Raises `PermissionError` when the directory belongs to another user: its secrets would be theirs.
    """
    cartella.mkdir(mode=0o700, parents=True, exist_ok=True)
    stato = cartella.stat()
    if stato.st_uid != os.geteuid():
        raise PermissionError(f"{cartella} appartiene a un altro utente: indicarne una propria con AMBITO_STATO_DIR")
    if stato.st_mode & 0o077:
        cartella.chmod(0o700)
    return cartella


def segreto_generato(cartella: Path, nome: str) -> str:
    """Return the secret `nome` of this installation, making it (256 random bits) at first use.

    Two processes starting at once get the same value: reading and making happen under a file lock,
    and the file is replaced whole, so that a killed process leaves the old one.
    """
    prepara_cartella(cartella)
    percorso = cartella / NOME_FILE
    with contextlib.ExitStack() as pila:
        serratura = os.open(cartella / f".{NOME_FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        pila.callback(os.close, serratura)
        fcntl.flock(serratura, fcntl.LOCK_EX)
        noti: dict[str, str] = json.loads(percorso.read_text("utf-8")) if percorso.exists() else {}
        if nome not in noti:
            noti[nome] = secrets.token_urlsafe(32)
            provvisorio = cartella / f".{NOME_FILE}.nuovo"
            provvisorio.unlink(missing_ok=True)
            descrittore = os.open(provvisorio, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descrittore, "w", encoding="utf-8") as uscita:
                json.dump(noti, uscita, indent=1)
                uscita.flush()
                os.fsync(uscita.fileno())
            provvisorio.replace(percorso)
        return noti[nome]
