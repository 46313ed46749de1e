"""The worker: `python -m services.worker.main [--processi N]`.

A supervisor keeps N processes alive (see `processo`). SIGTERM or SIGINT end all of them in good order; a process that dies is
started again; when the supervisor itself is killed its processes notice within a second and leave. The supervisor loads
nothing of what the processes need: it has little to go wrong.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import structlog

from services.core.platform import registro

ARRESTO_S = 25.0
"""Longest time for the work at hand when stopping, a little more than what the processes give themselves."""

RIAVVIO_MASSIMO_S = 30.0
VITA_BUONA_S = 60.0
CONFIGURAZIONE = 2
"""Exit code of a process that cannot use the settings: starting it again would change nothing."""

log = structlog.get_logger()


class Processo:
    """One supervised process and when it may be started again."""

    def __init__(self, numero: int) -> None:
        self.numero = numero
        self.figlio: subprocess.Popen[bytes] | None = None
        self.uscita: int | None = None
        self._avviato = 0.0
        self._attesa = 0.5
        self._non_prima = 0.0

    def cura(self) -> None:
        """Start the process if it is not running and its pause is over; each early death doubles the pause."""
        ora = time.monotonic()
        if self.figlio is not None:
            self.uscita = self.figlio.poll()
            if self.uscita is None:
                return
            self.figlio = None
            self._attesa = 0.5 if ora - self._avviato > VITA_BUONA_S else min(self._attesa * 2, RIAVVIO_MASSIMO_S)
            self._non_prima = ora + self._attesa
            log.error("processo_terminato", numero=self.numero, uscita=self.uscita, riavvio_tra_s=self._attesa)
        if ora >= self._non_prima:
            self.figlio = subprocess.Popen([sys.executable, "-m", "services.worker.processo", str(os.getpid())])
            self._avviato = ora

    def segnala(self) -> None:
        """Ask the process to end."""
        if self.figlio is not None and self.figlio.poll() is None:
            self.figlio.send_signal(signal.SIGTERM)

    def ferma(self, fino: float) -> None:
        """Wait for the end until `fino` (monotonic), then kill."""
        if self.figlio is None:
            return
        try:
            self.figlio.wait(max(0.1, fino - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("processo_ucciso", numero=self.numero)  # noqa: TRY400  # no trace is of use here
            self.figlio.kill()
            self.figlio.wait()


def supervisiona(quanti: int) -> int:
    """Keep `quanti` processes alive until SIGTERM or SIGINT; return the exit code.

    Returns 2 when a process finds the settings unusable: it has said why in one sentence.
    """
    fermata = False
    uscita = 0

    def segnale(*_: object) -> None:
        nonlocal fermata
        fermata = True

    signal.signal(signal.SIGTERM, segnale)
    signal.signal(signal.SIGINT, segnale)
    processi = [Processo(n) for n in range(1, quanti + 1)]
    while not fermata:
        for processo in processi:
            processo.cura()
            if processo.uscita == CONFIGURAZIONE:
                fermata, uscita = True, CONFIGURAZIONE
        time.sleep(0.2)
    for processo in processi:
        processo.segnala()
    fino = time.monotonic() + ARRESTO_S
    for processo in processi:
        processo.ferma(fino)
    return uscita


def main(argomenti: Sequence[str] | None = None) -> int:
    """Entry point."""
    lettura = argparse.ArgumentParser(prog="python -m services.worker.main", description="Il worker di Ambito.")
    lettura.add_argument("--processi", type=int, default=1, choices=range(1, 33), metavar="N", help="quanti processi (1-32)")
    scelte = lettura.parse_args(argomenti)
    registro.configura()
    return supervisiona(scelte.processi)


if __name__ == "__main__":
    sys.exit(main())
