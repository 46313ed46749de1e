"""The documentation page in a real browser: it draws every operation, asks nobody else, and breaks no rule of its own policy.

Chromium from the command line, in a profile thrown away; names outside this machine resolve to nothing.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.api.main import create_app
from tests.ambiente import impostazioni
from tests.processi import porta_libera, servi

NOMI = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ATTESA_S = 90.0
pytestmark = pytest.mark.lento


@dataclass(frozen=True)
class Vista:
    """What the browser made of a page: the document, what it wrote in its console, whom the page asked."""

    dom: str
    console: list[str]
    richieste: set[str]


@pytest.fixture(scope="module")
def contratto_e_vista(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], Vista, str]]:
    """The contract, the page as the browser shows it, and the address of both."""
    programma = next((trovato for nome in NOMI if (trovato := shutil.which(nome))), None)
    if programma is None:
        pytest.skip(f"la pagina di documentazione NON è stata aperta in un browser: manca Chromium ({', '.join(NOMI)})")
    app = create_app(impostazioni(None, tmp_path_factory.mktemp("stato")))
    with servi(app, porta_libera()) as indirizzo:
        yield app.openapi(), apri(programma, f"{indirizzo}/documentazione", tmp_path_factory.mktemp("profilo")), indirizzo


def apri(programma: str, pagina: str, cartella: Path) -> Vista:
    """Open a page, let its scripts run, and look."""
    registro = cartella / "rete.json"
    comando = [
        programma, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={cartella}", "--enable-logging=stderr",
        f"--log-net-log={registro}", "--virtual-time-budget=20000", "--dump-dom", pagina,
    ]  # fmt: skip
    browser = subprocess.Popen(
        comando, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )
    try:
        dom, errori = browser.communicate(timeout=ATTESA_S)
    finally:
        if browser.poll() is None:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
    assert browser.returncode == 0, errori[-2000:]
    eventi = [evento.get("params", {}) for evento in json.loads(registro.read_text("utf-8"))["events"]]
    # what the browser asks on its own account has no origin as initiator
    della_pagina = {e["url"] for e in eventi if "url" in e and str(e.get("initiator", "")).startswith("http")}
    return Vista(dom, [riga for riga in errori.splitlines() if ":CONSOLE" in riga], della_pagina)


def test_la_pagina_mostra_ogni_operazione_e_si_usa_da_tastiera(contratto_e_vista: tuple[dict[str, Any], Vista, str]) -> None:
    """Each operation is drawn with its summary under a button, which the keyboard reaches and opens."""
    contratto, vista, _ = contratto_e_vista
    operazioni = {
        operazione["operationId"]: operazione["summary"]
        for percorso in contratto["paths"].values()
        for operazione in percorso.values()
        if isinstance(operazione, dict) and "operationId" in operazione
    }
    assert len(operazioni) > 40
    assert set(re.findall(r'class="opblock [^"]*" id="operations-[^"]*-([A-Za-z0-9]+)"', vista.dom)) == operazioni.keys()
    assert vista.dom.count("opblock-summary-description") == len(operazioni)
    bottoni = re.findall(r'<button[^>]*aria-expanded="false"[^>]*class="opblock-summary-control"', vista.dom)
    assert len(bottoni) == len(operazioni)
    for riassunto in operazioni.values():
        assert riassunto.replace("&", "&amp;") in vista.dom


def test_la_pagina_non_chiede_nulla_fuori_e_non_viola_la_sua_politica(
    contratto_e_vista: tuple[dict[str, Any], Vista, str],
) -> None:
    _, vista, indirizzo = contratto_e_vista
    assert vista.console == []
    sue = {url for url in vista.richieste if not url.startswith("data:")}
    assert {url.removeprefix(indirizzo) for url in sue} >= {
        "/openapi.json",
        "/documentazione/avvio.js",
        "/documentazione/risorse/swagger-ui.css",
        "/documentazione/risorse/swagger-ui-bundle.js",
    }
    assert [url for url in sue if not url.startswith(f"{indirizzo}/")] == []
