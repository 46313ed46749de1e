"""The account that runs the server: PostgreSQL refuses root, so root lends it to `nobody`, in directories closed to others."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.core.platform.pg.errori import ErroreServer

_RIMEDIO = "indicarne un'altra con AMBITO_STATO_DIR."


@dataclass(frozen=True)
class Conto:
    """User and group of the server; `diverso` when they are not those of this process."""

    uid: int
    gid: int
    nome: str

    @property
    def diverso(self) -> bool:
        """Whether files and processes must be handed over."""
        return self.uid != os.geteuid()

    def per_subprocess(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that run a child as this account, without supplementary groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.diverso else {}


def conto_del_server() -> Conto:
    """The running user, or `nobody` for root. Raises `ErroreServer` when the account has no name, which initdb asks for."""
    utente = os.geteuid()
    try:
        voce = pwd.getpwnam("nobody") if utente == 0 else pwd.getpwuid(utente)
    except KeyError as errore:
        chi = "«nobody», con cui gira per root," if utente == 0 else f"il numero {utente}"
        raise ErroreServer(
            f"Al server incorporato serve un utente noto alla macchina, e {chi} non lo è: usare AMBITO_DATABASE_URL."
        ) from errore
    return Conto(voce.pw_uid, voce.pw_gid, voce.pw_name)


def apri_a(conto: Conto, percorso: Path, modo: int) -> None:
    """Give `percorso` to the account with mode `modo`."""
    if conto.diverso:
        os.chown(percorso, conto.uid, conto.gid)
    percorso.chmod(modo)


def cartella_privata(conto: Conto, cartella: Path) -> None:
    """Make sure `cartella` exists, is 0700, belongs to the account, and can be reached by it.

    Raises `ErroreServer` when it belongs to someone else, is a link, or stands below a directory the account cannot cross.
    Parent directories are never opened: the cure would be worse.
    """
    try:
        cartella.parent.mkdir(parents=True, exist_ok=True)
        try:
            cartella.mkdir(mode=0o700)
            apri_a(conto, cartella, 0o700)
        except FileExistsError:
            pass
        stato = cartella.lstat()
    except OSError as errore:
        raise ErroreServer(f"La cartella {cartella} non si può creare ({errore.strerror}): {_RIMEDIO}") from errore
    if not stat.S_ISDIR(stato.st_mode) or stato.st_uid != conto.uid:
        raise ErroreServer(f"{cartella} esiste già e non è una cartella dell'utente «{conto.nome}»: {_RIMEDIO}")
    if stato.st_mode & 0o077:
        cartella.chmod(0o700)
    for superiore in cartella.parents:
        if conto.diverso and not _attraversabile(conto, superiore):
            raise ErroreServer(
                f"L'utente «{conto.nome}», che esegue il server, non può attraversare {superiore}: "
                "indicare con AMBITO_STATO_DIR una cartella fuori dalle home, per esempio sotto /var/lib."
            )


def _attraversabile(conto: Conto, cartella: Path) -> bool:
    stato = cartella.stat()
    if stato.st_uid == conto.uid:
        return bool(stato.st_mode & stat.S_IXUSR)
    if stato.st_gid == conto.gid:
        return bool(stato.st_mode & stat.S_IXGRP)
    return bool(stato.st_mode & stat.S_IXOTH)
