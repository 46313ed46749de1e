"""Child processes of the supervisor: each in its own process group, ended with it even when it is killed."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.terminale import ErroreComando

ATTESA_PORTA_S = 6.0
ATTESA_ARRESTO_S = 30.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def verifica_porta(host: str, porta: int, a_chi: str, variabile: str) -> None:
    """Make sure that `porta` can be listened on, waiting a little for a previous run that is still stopping.

    Raises:
        ErroreComando: another program holds it.
    """
    scadenza = time.monotonic() + ATTESA_PORTA_S
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as prova:
            prova.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                prova.bind((host, porta))
            except OSError as errore:
                if time.monotonic() > scadenza:
                    raise ErroreComando(
                        f"La porta {porta}, che serve {a_chi}, non è disponibile ({errore.strerror}): "
                        f"fermare il programma che la usa o indicarne un'altra con {variabile}."
                    ) from None
            else:
                return
        time.sleep(0.1)


def _muori_col_padre(padre: int) -> Callable[[], None]:
    """What a child does before it becomes its program: ask Linux for SIGTERM at the death of the supervisor."""

    def prima() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != padre:
                os._exit(1)

    return prima


@dataclass(slots=True)
class Processo:
    """One program: how to start it, where its output goes, and how it is asked to end (SIGTERM to it alone, not to its group)."""

    nome: str
    argomenti: Sequence[str]
    ambiente: Mapping[str, str]
    registro: Path
    figlio: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def avvia(self) -> None:
        """Start the program, with its log from the beginning."""
        with self.registro.open("wb") as uscita:
            self.figlio = subprocess.Popen(
                [sys.executable, *self.argomenti],
                env={**os.environ, **self.ambiente},
                stdin=subprocess.DEVNULL,
                stdout=uscita,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=_muori_col_padre(os.getpid()),  # noqa: PLW1509  # the supervisor has no other thread
            )

    @property
    def vivo(self) -> bool:
        """Whether the program is running."""
        return self.figlio is not None and self.figlio.poll() is None

    @property
    def uscita(self) -> int | None:
        """Its exit status, when it has ended."""
        return self.figlio.poll() if self.figlio is not None else None

    def ferma(self) -> None:
        """Ask the program to end and wait; what is left of its group after that is killed."""
        if self.figlio is None:
            return
        if self.figlio.poll() is None:
            self.figlio.terminate()
            try:
                self.figlio.wait(ATTESA_ARRESTO_S)
            except subprocess.TimeoutExpired:
                self.uccidi()
        self.figlio = None

    def uccidi(self) -> None:
        """SIGKILL to the whole group: what a crash or the kernel's memory killer would do."""
        if self.figlio is None:
            return
        try:
            os.killpg(self.figlio.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.figlio.wait()

    def fine_registro(self, righe: int = 8) -> str:
        """The last lines of its log."""
        testo = self.registro.read_text("utf-8", errors="replace") if self.registro.exists() else ""
        return "\n".join(testo.splitlines()[-righe:])

    def attendi(self, pronto: Callable[[], bool], secondi: float) -> None:
        """Wait until `pronto`.

        Raises:
            ErroreComando: the program ended, or time ran out; the end of its log is in the text.
        """
        scadenza = time.monotonic() + secondi
        while not pronto():
            if not self.vivo:
                raise ErroreComando(f"Avvio non riuscito: {self.nome} (uscita {self.uscita}):\n{self.fine_registro()}")
            if time.monotonic() > scadenza:
                raise ErroreComando(f"Avvio non riuscito: {self.nome} tace dopo {secondi:.0f} secondi:\n{self.fine_registro()}")
            time.sleep(0.03)
