"""`ambito up`, as `make run` starts it: it says where everything is, its tokens work, Ctrl-C stops all of it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pika
import pytest

from services.cli.supervisore import variabili
from services.core.platform.coda import nome_coda
from services.core.platform.settings import RADICE_PROGETTO, Settings
from tests.ambiente import Server
from tests.processi import aspetta, porta_libera

pytestmark = [pytest.mark.server, pytest.mark.lento]
DATABASE = "prova_up"


@pytest.fixture
def nuova(server: Server) -> Iterator[Settings]:
    """An installation whose database is not there yet."""
    broker = os.environ.get("AMBITO_TEST_BROKER_URL") if os.environ.get("AMBITO_PROVE_SUL_SERVER") else None
    server.elimina(DATABASE)
    porte = {nome: porta_libera() for nome in ("api_port", "sandbox_port", "testimone_port")}
    settings = server.settings(DATABASE, broker_url=broker, **porte)
    yield settings
    server.elimina(DATABASE)
    if broker is not None:
        with pika.BlockingConnection(pika.URLParameters(broker)) as connessione:
            connessione.channel().queue_delete(nome_coda(settings.dsn_worker))


def token_di(scritto: str, operatore: str) -> str:
    """The line after the operator's name."""
    righe = [riga.strip() for riga in scritto.splitlines()]
    return righe[next(n for n, riga in enumerate(righe) if riga.startswith(f"{operatore} (")) + 1]


def test_up_presenta_tutto_e_si_ferma_con_ctrl_c(nuova: Settings, tmp_path: Path) -> None:
    ambiente = {nome: valore for nome, valore in os.environ.items() if not nome.startswith("AMBITO_")}
    ambiente |= variabili(nuova) | {"AMBITO_DATABASE_URL": nuova.dsn_admin}
    uscita = tmp_path / "up.txt"
    with uscita.open("wb") as file:
        up = subprocess.Popen(
            [sys.executable, "-m", "services.cli.main", "up"], cwd=RADICE_PROGETTO, env=ambiente, stdout=file, stderr=file
        )
    try:
        aspetta(lambda: "Per esempio" in uscita.read_text("utf-8") or up.poll() is not None, "la presentazione", 90.0)
        scritto = uscita.read_text("utf-8")
        assert up.poll() is None, scritto
        indirizzo = f"http://127.0.0.1:{nuova.api_port}"
        with httpx.Client(base_url=indirizzo, trust_env=False) as api:
            for pagina in ("/documentazione", "/openapi.json", "/status", "/metrics"):
                assert f"{indirizzo}{pagina}" in scritto
                assert api.get(pagina).status_code == 200
            io = api.get("/io", headers={"Authorization": f"Bearer {token_di(scritto, 'as-crema')}"})
            assert (io.status_code, io.json()["ruolo"]) == (200, "assistente_sociale")
        up.send_signal(signal.SIGINT)
        assert up.wait(40) == 0
        assert uscita.read_text("utf-8").rstrip().endswith("Fermato.")
    finally:
        up.kill()
        up.wait()
    for porta in (nuova.api_port, nuova.sandbox_port, nuova.testimone_port):
        with socket.socket() as prova:
            assert prova.connect_ex(("127.0.0.1", porta)) != 0, "è rimasto qualcuno in ascolto"
