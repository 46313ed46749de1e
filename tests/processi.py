"""Real processes and real addresses for the tests that kill: an HTTP server in a thread, a worker as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from services.core.platform.settings import RADICE_PROGETTO, Settings


def porta_libera() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        porta: int = s.getsockname()[1]
        return porta


@contextmanager
def servi(app: FastAPI, porta: int, **opzioni: Any) -> Iterator[str]:
    """Serve `app` on 127.0.0.1 meanwhile and give its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=porta, log_config=None, lifespan="off", ws="none", **opzioni)
    )
    filo = threading.Thread(target=server.run, daemon=True)
    filo.start()
    try:
        aspetta(lambda: server.started, "il server HTTP")
        yield f"{'https' if opzioni else 'http'}://127.0.0.1:{porta}"
    finally:
        server.should_exit = True
        filo.join(10)


def aspetta(condizione: Callable[[], Any], che_cosa: str, secondi: float = 40.0) -> Any:
    """Wait until `condizione` is true and return what it gave; fail naming `che_cosa`."""
    fine = time.monotonic() + secondi
    while True:
        esito = condizione()
        if esito:
            return esito
        assert time.monotonic() < fine, f"tempo scaduto: {che_cosa}"
        time.sleep(0.03)


class ProcessoWorker:
    """`python -m services.worker.main`, in a session of its own so that it can be killed whole."""

    def __init__(
        self, settings: Settings, uscita: Path, broker_url: str | None = None, *, processi: int = 1, **altro: str
    ) -> None:
        ambiente = {nome: valore for nome, valore in os.environ.items() if not nome.startswith("AMBITO_")}
        ambiente |= {
            "AMBITO_ENV": "test",
            "AMBITO_STATO_DIR": str(settings.stato_dir),
            "AMBITO_DATABASE_URL": settings.dsn_admin,
            "AMBITO_DATABASE_WORKER_URL": settings.dsn_worker,
            "AMBITO_DATA_RIFERIMENTO": "2025-09-15",
            "AMBITO_SEGRETO_WEBHOOK": settings.segreto_webhook.get_secret_value(),
            "PYTHONUNBUFFERED": "1",
        }
        ambiente |= altro
        if broker_url is not None:
            ambiente["AMBITO_BROKER_URL"] = broker_url
        self.registro = uscita
        self._da = uscita.stat().st_size if uscita.exists() else 0
        with uscita.open("ab") as file:
            self.processo = subprocess.Popen(
                [sys.executable, "-m", "services.worker.main", "--processi", str(processi)],
                cwd=RADICE_PROGETTO,
                env=ambiente,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def scritto(self) -> str:
        """What the process has logged since it was started."""
        return self.registro.read_bytes()[self._da :].decode()

    def pronto(self) -> "ProcessoWorker":
        """Wait until it sequences and its readers can be woken."""
        aspetta(lambda: "sequenziatore_eletto" in self.scritto(), f"l'avvio del worker: {self.scritto()[-2000:]}")
        return self

    def figli(self) -> list[int]:
        """The processes it supervises."""
        elenco = Path(f"/proc/{self.processo.pid}/task/{self.processo.pid}/children").read_text()
        return [int(p) for p in elenco.split()]

    def uccidi(self) -> None:
        """SIGKILL to the whole of it, at once."""
        if self.processo.poll() is None:
            os.killpg(self.processo.pid, signal.SIGKILL)
        self.processo.wait(10)

    def ferma(self) -> int:
        """SIGTERM to the supervisor alone, as systemd does with KillMode=mixed; return its exit code."""
        self.processo.terminate()
        return self.processo.wait(30)
