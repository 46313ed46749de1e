"""The guardian of one embedded server: its only parent, alive as long as somebody uses the server.

Run as a program (`python -I -S guardiano.py '<json>'`), standard library only. It detaches, starts `postgres`, and listens
on a Unix socket. Every process using the server keeps one connection open: the kernel closes it even when that process
is killed, so the last one out, however it went, stops the server cleanly. Nothing polls and nothing is left behind.

Conversation: the guardian says `pronto` when the server accepts connections; a client says `ferma` and hears `fermato`,
or `in uso` when others are still there. If the guardian itself is killed, Linux sends the server the same fast-shutdown signal.
"""

import ctypes
import errno
import json
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn, TypedDict

ATTESA_AVVIO_S = 60.0
ATTESA_ARRESTO_S = 30.0
ATTESA_CLIENTE_S = 20.0
_PR_SET_PDEATHSIG = 1


class DaEseguire(TypedDict):
    """What to run: the server's command line, environment, account (-1: this one) and data; the socket to listen on."""

    argv: list[str]
    env: dict[str, str]
    uid: int
    gid: int
    dati: str
    presa: str


def _ascolta_su(percorso: str) -> socket.socket:
    """Listen on a Unix socket that only this account may open."""
    os.umask(0o077)
    with suppress(FileNotFoundError):
        os.unlink(percorso)
    presa = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    presa.bind(percorso)
    presa.listen(64)
    return presa


def _stacca() -> None:
    """Leave the caller's session and process group; the caller's wait ends at once."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")


def _avvia_server(da_eseguire: DaEseguire) -> int:
    """Fork and execute the server under its account; return its process id."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    guardiano = os.getpid()
    figlio = os.fork()
    if figlio:
        return figlio
    try:
        if da_eseguire["uid"] >= 0:
            os.setgroups([])
            os.setgid(da_eseguire["gid"])
            os.setuid(da_eseguire["uid"])
        if libc is not None:
            # after setuid, which clears it; then the check that closes the race with a guardian already dead
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
            if os.getppid() != guardiano:
                os._exit(1)
        os.umask(0o077)
        for segnale in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(segnale, signal.SIG_DFL)
        os.execve(da_eseguire["argv"][0], da_eseguire["argv"], da_eseguire["env"])
    except OSError as errore:
        os.write(2, f"ambito: il server non parte: {errore}\n".encode())
    finally:
        os._exit(127)


class Guardiano:
    """The server's process, the listening socket and the connected users."""

    def __init__(self, da_eseguire: DaEseguire, presa: socket.socket) -> None:
        self.da_eseguire = da_eseguire
        self.presa = presa
        self.clienti: set[socket.socket] = set()
        self.selettore = selectors.DefaultSelector()
        self.sveglia_r, sveglia_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(self.sveglia_r, False)
        os.set_blocking(sveglia_w, False)
        signal.set_wakeup_fd(sveglia_w)
        self.termina = False
        signal.signal(signal.SIGTERM, self._su_termine)
        signal.signal(signal.SIGINT, self._su_termine)
        signal.signal(signal.SIGCHLD, lambda _s, _f: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        self.server = _avvia_server(da_eseguire)

    def _su_termine(self, _segnale: int, _quadro: FrameType | None) -> None:
        self.termina = True

    def _server_finito(self) -> bool:
        try:
            return os.waitpid(self.server, os.WNOHANG)[0] == self.server
        except ChildProcessError:
            return True

    def attendi_pronto(self) -> bool:
        """Wait until the server writes `ready` in its lock file; false when it ended instead, or time ran out."""
        scadenza = time.monotonic() + ATTESA_AVVIO_S
        while time.monotonic() < scadenza and not self.termina:
            if self._server_finito():
                self.server = 0
                return False
            serratura = f"{self.da_eseguire['dati']}/postmaster.pid"
            with suppress(OSError, IndexError, ValueError), open(serratura, encoding="utf-8") as file:
                righe = file.read().splitlines()
                if int(righe[0]) == self.server and righe[7].strip() == "ready":
                    return True
            time.sleep(0.01)
        return False

    def servi(self) -> None:
        """Serve until the last user leaves, a signal asks to end, or the server ends by itself."""
        self.selettore.register(self.presa, selectors.EVENT_READ)
        self.selettore.register(self.sveglia_r, selectors.EVENT_READ)
        primo_entro = time.monotonic() + ATTESA_CLIENTE_S
        arrivato = False
        while not self.termina:
            if not self.clienti and (arrivato or time.monotonic() > primo_entro):
                return
            for chiave, _ in self.selettore.select(timeout=None if self.clienti else 1.0):
                oggetto = chiave.fileobj
                if oggetto is self.presa:
                    arrivato = self._accogli() or arrivato
                elif isinstance(oggetto, socket.socket):
                    self._ascolta(oggetto)
                else:
                    with suppress(BlockingIOError):
                        os.read(self.sveglia_r, 4096)
                    if self._server_finito():
                        self.server = 0
                        return

    def _accogli(self) -> bool:
        if self.termina:  # the last user just left: whoever knocks in the same instant must not hear `pronto`
            return False
        try:
            cliente, _ = self.presa.accept()
        except OSError as errore:
            if errore.errno in (errno.ECONNABORTED, errno.EAGAIN):
                return False
            raise
        with suppress(OSError):
            cliente.sendall(b"pronto\n")
        self.clienti.add(cliente)
        self.selettore.register(cliente, selectors.EVENT_READ)
        return True

    def _ascolta(self, cliente: socket.socket) -> None:
        try:
            detto = cliente.recv(64)
        except OSError:
            detto = b""
        if detto.startswith(b"ferma") and len(self.clienti) == 1:
            self.termina = True
            return
        self.selettore.unregister(cliente)
        self.clienti.discard(cliente)
        with suppress(OSError):
            if detto:
                cliente.sendall(b"in uso\n")
        cliente.close()

    def arresta(self) -> None:
        """Stop the server: fast shutdown, then an immediate one (crash-safe) when it takes too long; then answer and go."""
        # no newcomer is told `pronto` from here on: its connection is closed and it starts a server anew
        self.presa.close()
        with suppress(FileNotFoundError):
            os.unlink(self.da_eseguire["presa"])
        for segnale, attesa in ((signal.SIGINT, ATTESA_ARRESTO_S), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
            if not self.server:
                break
            with suppress(ProcessLookupError):
                os.kill(self.server, segnale)
            scadenza = time.monotonic() + attesa
            while time.monotonic() < scadenza:
                if self._server_finito():
                    self.server = 0
                    break
                time.sleep(0.005)
        for cliente in self.clienti:
            with suppress(OSError):
                cliente.sendall(b"fermato\n")
            cliente.close()


def main() -> NoReturn:
    """Guard the server described by the first argument."""
    da_eseguire: DaEseguire = json.loads(sys.argv[1])
    # the caller may connect as soon as it sees us detached
    presa = _ascolta_su(da_eseguire["presa"])
    _stacca()
    guardiano = Guardiano(da_eseguire, presa)
    pronto = guardiano.attendi_pronto()
    if pronto:
        guardiano.servi()
    guardiano.arresta()
    sys.exit(0 if pronto else 1)


if __name__ == "__main__":
    main()
