"""The embedded PostgreSQL: for development, demonstrations and tests, with nothing installed on the machine.

Data, a copy of the binaries and the socket live in one 0700 directory. The server listens on that Unix socket only, asks
for a random password (scram-sha-256), and is durable unless `veloce` says the data may be lost. Several processes may use
it at once; the last one out stops it (see `guardiano`).
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from services.core.platform.pg import guardiano
from services.core.platform.pg.binari import Binari, trova_binari
from services.core.platform.pg.cartelle import LIMITE_SOCKET, cartella_socket
from services.core.platform.pg.conto import apri_a, cartella_privata, conto_del_server
from services.core.platform.pg.dsn import dsn_socket
from services.core.platform.pg.errori import ErroreServer
from services.core.platform.settings import RUOLO_INCORPORATO, Settings

ATTESA_SERRATURA_S = 60.0
_CON_LOCALE_INCORPORATO = 17  # major version that brought the builtin provider
REGISTRO_MASSIMO_BYTE = 10 * 1024 * 1024
_DUREVOLE = {"max_connections": "100", "shared_buffers": "128MB"}
_VELOCE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}


class Lanciatore:
    """One use of the embedded server of an installation; as a context manager it starts on entry and lets go on exit.

    `veloce` gives up durability for speed and is for tests only: a crash of the machine loses the data.
    Raises `ErroreServer` in production, whatever the rest.
    """

    def __init__(self, settings: Settings, *, radice: Path | None = None, veloce: bool = False) -> None:
        if settings.produzione:
            raise ErroreServer("In produzione il PostgreSQL incorporato è rifiutato: indicare AMBITO_DATABASE_URL.")
        self.radice = (radice or settings.pg_dir).absolute()
        self.veloce = veloce
        self._bindir = settings.pg_bindir
        self._password = settings.password_ruolo(RUOLO_INCORPORATO)
        self._conto = conto_del_server()
        self._filo: socket.socket | None = None

    @property
    def dati(self) -> Path:
        """The data directory."""
        return self.radice / "dati"

    @property
    def registro(self) -> Path:
        """The server's log."""
        return self.radice / "registro.log"

    @property
    def cartella_socket(self) -> Path:
        """The directory of the socket: the `host` of a connection."""
        return cartella_socket(self.radice)

    def dsn(self, database: str = "postgres") -> str:
        """Administrator's address of one database of this server."""
        return dsn_socket(str(self.cartella_socket), utente=RUOLO_INCORPORATO, password=self._password, database=database)

    def __enter__(self) -> Self:
        self.avvia()
        return self

    def __exit__(self, tipo: type[BaseException] | None, errore: BaseException | None, traccia: TracebackType | None) -> None:
        self.ferma()

    def avvia(self) -> None:
        """Use the running server, or start it (creating the data the first time). Returns when it accepts connections.

        Raises `ErroreServer` when it cannot start; the last lines of its log are in the text.
        """
        if self._filo is not None:
            return
        cartella_privata(self._conto, self.radice)
        cartella_privata(self._conto, self.cartella_socket)
        if len(str(self._presa).encode()) > LIMITE_SOCKET:
            raise ErroreServer(f"Il percorso {self._presa} è troppo lungo per un socket: indicare un AMBITO_STATO_DIR più corto.")
        with self._serratura() as serratura:
            self._filo = self._collegati()
            if self._filo is None:
                self._attendi_arresto()
                self._lancia(self._prepara_dati(serratura))
                self._filo = self._collegati()
            if self._filo is None:
                raise ErroreServer(f"Il server incorporato non si è avviato: {self._fine_registro()}")

    def ferma(self) -> None:
        """Let the server go: it stops, cleanly, when nobody else uses it. Returns when it has stopped, or is left to others."""
        if self._filo is None:
            return
        filo, self._filo = self._filo, None
        with filo, suppress(OSError):
            filo.settimeout(guardiano.ATTESA_ARRESTO_S + 20)
            filo.sendall(b"ferma\n")
            filo.recv(64)

    def attivo(self) -> bool:
        """Whether the server this process started or joined is still there."""
        if self._filo is None:
            return False
        self._filo.setblocking(False)
        try:
            self._filo.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self._filo.setblocking(True)
        # after `pronto` the guardian speaks only to say `fermato`, or hangs up
        return False

    @property
    def _presa(self) -> Path:
        return self.cartella_socket / "guardia.sock"

    @contextmanager
    def _serratura(self) -> Iterator[int]:
        """One launcher at a time prepares and starts. The lock dies with its holders: this process and the initdb it runs."""
        descrittore = os.open(self.radice / "avvio.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            scadenza = time.monotonic() + ATTESA_SERRATURA_S
            while True:
                try:
                    fcntl.flock(descrittore, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > scadenza:
                        raise ErroreServer(f"Un altro processo sta avviando da tempo il server in {self.radice}.") from None
                    time.sleep(0.02)
            yield descrittore
        finally:
            os.close(descrittore)

    def _collegati(self) -> socket.socket | None:
        """Connect to the guardian and wait for its `pronto`; none when there is no guardian, or it is leaving."""
        filo = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        filo.settimeout(guardiano.ATTESA_AVVIO_S + 5)
        try:
            filo.connect(str(self._presa))
            if filo.recv(64).startswith(b"pronto"):
                filo.settimeout(None)
                return filo
        except OSError:  # absent, stale, or closed under us: the caller starts a new one
            pass
        filo.close()
        return None

    def _attendi_arresto(self) -> None:
        """Wait for a server without guardian to end, and clear the lock file of one that ended badly."""
        scadenza = time.monotonic() + guardiano.ATTESA_ARRESTO_S
        sollecitato = False
        while (pid := self._postmaster()) is not None:
            if not sollecitato:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
                sollecitato = True
            if time.monotonic() > scadenza:
                raise ErroreServer(f"Un server PostgreSQL (processo {pid}) usa già {self.dati} e non si ferma.")
            time.sleep(0.02)
        (self.dati / "postmaster.pid").unlink(missing_ok=True)

    def _postmaster(self) -> int | None:
        """The process id of a living server of these data. A recycled id is told apart by its working directory or program."""
        try:
            pid = int((self.dati / "postmaster.pid").read_text("utf-8").splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        processo = Path(f"/proc/{pid}")
        if Path("/proc/self").exists():
            try:
                return pid if (processo / "cwd").readlink() == self.dati.resolve() else None
            except (FileNotFoundError, ProcessLookupError):
                return None
            except PermissionError:  # another account's: a server of ours would be readable
                return None
        comando = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
        return pid if "postgres" in comando else None

    def _prepara_dati(self, serratura: int) -> Binari:
        """Binaries for the data, which are created when missing."""
        versione = self.dati / "PG_VERSION"
        maggiore = int(versione.read_text("utf-8").strip()) if versione.exists() else None
        if maggiore is None and self.dati.exists():
            raise ErroreServer(f"{self.dati} esiste ma non contiene dati di PostgreSQL: spostarla altrove.")
        binari = trova_binari(self.radice, self._conto, bindir=self._bindir, maggiore_dati=maggiore)
        if maggiore is None:
            self._inizializza(binari, serratura)
        return binari

    def _inizializza(self, binari: Binari, serratura: int) -> None:
        """Create the data under a provisional name, so that a killed run leaves nothing that looks complete."""
        nuovi, chiave = self.radice / "dati.nuovi", self.radice / ".password"
        shutil.rmtree(nuovi, ignore_errors=True)
        chiave.unlink(missing_ok=True)
        descrittore = os.open(chiave, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descrittore, "w", encoding="ascii") as file:
            file.write(self._password)
        try:
            apri_a(self._conto, chiave, 0o600)
            incorporato = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            comando = [
                str(binari.bin / "initdb"),
                f"--pgdata={nuovi}",
                f"--username={RUOLO_INCORPORATO}",
                f"--pwfile={chiave}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                *(incorporato if binari.maggiore >= _CON_LOCALE_INCORPORATO else ["--locale=C.UTF-8"]),
                *(["--no-sync"] if self.veloce else []),
            ]
            esito = subprocess.run(
                comando,
                capture_output=True,
                text=True,
                check=False,
                env=self._ambiente(),
                cwd="/",
                umask=0o077,
                pass_fds=(serratura,),
                **self._conto.per_subprocess(),
            )
        finally:
            chiave.unlink(missing_ok=True)
        if esito.returncode != 0:
            shutil.rmtree(nuovi, ignore_errors=True)
            raise ErroreServer(f"La creazione dei dati in {self.radice} non è riuscita: {esito.stderr.strip()[-600:]}")
        nuovi.rename(self.dati)

    def _lancia(self, binari: Binari) -> None:
        if self.registro.exists() and self.registro.stat().st_size > REGISTRO_MASSIMO_BYTE:
            self.registro.replace(self.registro.with_suffix(".log.1"))
        opzioni = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.cartella_socket),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %q%u@%d ",
            **_DUREVOLE,
            **(_VELOCE if self.veloce else {}),
        }
        da_eseguire: guardiano.DaEseguire = {
            "argv": [
                str(binari.bin / "postgres"),
                "-D",
                str(self.dati),
                *(parte for nome, valore in opzioni.items() for parte in ("-c", f"{nome}={valore}")),
            ],
            "env": self._ambiente(),
            "uid": self._conto.uid if self._conto.diverso else -1,
            "gid": self._conto.gid if self._conto.diverso else -1,
            "dati": str(self.dati),
            "presa": str(self._presa),
        }
        descrittore = os.open(self.registro, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            subprocess.run(
                [sys.executable, "-I", "-S", guardiano.__file__, json.dumps(da_eseguire)],
                stdin=subprocess.DEVNULL,
                stdout=descrittore,
                stderr=descrittore,
                cwd="/",
                check=True,
            )
        finally:
            os.close(descrittore)

    def _ambiente(self) -> dict[str, str]:
        """A clean environment: no PG* variable of the caller may reach the server."""
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

    def _fine_registro(self) -> str:
        with suppress(OSError):
            righe = self.registro.read_text("utf-8", errors="replace").splitlines()
            return " / ".join(righe[-4:])
        return "il registro non si legge."
