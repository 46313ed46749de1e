"""`make bench`: the hot reads against the floor, on an embedded server of its own with durable settings.

    python -m tests.bench [--cartelle 100000,1000000] [--secondi 8] [--uscita FILE.json]

Every measure is preceded by a warm-up; floor and Ambito alternate on the same data, so read the ratios. CPU seconds per
request are those of the API process and of the PostgreSQL server, from /proc: on two cores shared with the load they say
more than requests per second.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from services.core.platform.settings import Settings
from services.sandbox.oidc import EmittenteOidc
from tests.ambiente import impostazioni, server_di_prova
from tests.bench.carico_http import Esito, carica
from tests.bench.popola import AMBITO, popola

PORTA_API, PORTA_PAVIMENTO, PORTA_SANDBOX = 8790, 8791, 8792
TICK = os.sysconf("SC_CLK_TCK")
RISCALDAMENTO_S = 2.0


def cpu_di(pid: int) -> float:
    """CPU seconds of a process and of its live children."""
    totale = 0.0
    for cartella in Path("/proc").iterdir():
        if cartella.name.isdigit():
            try:
                campi = (cartella / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(cartella.name) == pid or int(campi[1]) == pid:
                totale += (int(campi[11]) + int(campi[12])) / TICK
    return totale


def postmaster(dati: Path) -> int:
    """Process id of the server."""
    return int((dati / "postmaster.pid").read_text().splitlines()[0])


@contextmanager
def processo_http(argomenti: list[str], porta: int, ambiente: dict[str, str]) -> Iterator[int]:
    """A Python process serving on a loopback port, ready to answer; its process id."""
    processo = subprocess.Popen([sys.executable, "-m", *argomenti], env={**os.environ, **ambiente})
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{porta}/status", timeout=1)
                break
            except httpx.TransportError:
                if processo.poll() is not None:
                    raise SystemExit(f"{argomenti[0]} non si è avviato") from None
                asyncio.run(asyncio.sleep(0.05))
        yield processo.pid
    finally:
        processo.terminate()
        processo.wait(20)


def uvicorn(bersaglio: str, porta: int) -> list[str]:
    """Arguments of uvicorn for an application factory."""
    return [
        "uvicorn",
        "--factory",
        bersaglio,
        "--host",
        "127.0.0.1",
        "--port",
        str(porta),
        "--log-level",
        "error",
        "--no-access-log",
    ]


def riassunto(esito: Esito, cpu_api: float, cpu_db: float) -> dict[str, Any]:
    """One measure as JSON."""
    n = len(esito.latenze)
    return {
        "richieste_al_secondo": round(esito.al_secondo, 1),
        "cpu_api_ms": round(cpu_api / n * 1000, 3),
        "cpu_db_ms": round(cpu_db / n * 1000, 3),
        "cpu_totale_ms": round((cpu_api + cpu_db) / n * 1000, 3),
        "p50_ms": round(esito.percentile(0.50), 2),
        "p95_ms": round(esito.percentile(0.95), 2),
        "p99_ms": round(esito.percentile(0.99), 2),
        "richieste": n,
        "errori": esito.errori,
    }


async def misura(porta: int, pid: int, pid_db: int, percorsi: list[str], testate: str, secondi: float) -> dict[str, Any]:
    """Warm up, then measure."""
    await carica(porta, percorsi, testate=testate, secondi=RISCALDAMENTO_S)
    api, db = cpu_di(pid), cpu_di(pid_db)
    esito = await carica(porta, percorsi, testate=testate, secondi=secondi)
    return riassunto(esito, cpu_di(pid) - api, cpu_di(pid_db) - db)


async def _righe(dsn: str, sql: str) -> list[Any]:
    connessione = await asyncpg.connect(dsn)
    try:
        return [r[0] for r in await connessione.fetch(sql)]
    finally:
        await connessione.close()


def un_profilo(settings: Settings, dsn: str, pid_db: int, soggetto: str, secondi: float) -> dict[str, Any]:
    """List and single read for one operator, Ambito beside the floor."""
    incarico = "coordinatore" if soggetto == "azienda" else "assistente_sociale"
    sql = (
        "SELECT unnest(competenze_dell_incarico(id, '2025-09-15')) FROM incarico"
        f" WHERE ambito_id = {AMBITO} AND ruolo = '{incarico}'"
    )
    competenze = asyncio.run(_righe(dsn, sql))
    elenco = ",".join(map(str, competenze))
    ids = asyncio.run(_righe(dsn, f"SELECT id FROM cartella WHERE competenza_id IN ({elenco}) ORDER BY md5(id::text) LIMIT 500"))
    emittente = EmittenteOidc(iss="banco", destinatario=settings.oidc_audience, stato=settings.stato_dir, produzione=False)
    testate = f"Authorization: Bearer {emittente.token(soggetto)}\r\n"
    prove = {"elenco": ["/cartelle"], "singola": [f"/cartelle/{i}" for i in ids]}
    ambiente_pavimento = {"BANCO_DSN": dsn, "BANCO_COMPETENZE": elenco, "BANCO_AMBITO": str(AMBITO)}
    ambiente = {
        "AMBITO_ENV": "sviluppo",
        "AMBITO_STATO_DIR": str(settings.stato_dir),
        "AMBITO_DATABASE_URL": dsn,
        "AMBITO_DATA_RIFERIMENTO": "2025-09-15",
        "AMBITO_OIDC_ISSUER": "banco",
        "AMBITO_OIDC_JWKS_URL": f"http://127.0.0.1:{PORTA_SANDBOX}/oidc/jwks.json",
        "AMBITO_SANDBOX_PORT": str(PORTA_SANDBOX),
        "AMBITO_LOG_LIVELLO": "WARNING",
    }
    esiti: dict[str, Any] = {"competenze": len(competenze)}
    with (
        processo_http(["services.sandbox.main"], PORTA_SANDBOX, ambiente),
        processo_http(
            uvicorn("tests.bench.pavimento:crea_app", PORTA_PAVIMENTO), PORTA_PAVIMENTO, ambiente_pavimento
        ) as pid_pavimento,
        processo_http(uvicorn("services.api.main:create_app", PORTA_API), PORTA_API, ambiente) as pid_api,
    ):
        for nome, percorsi in prove.items():
            pavimento = asyncio.run(misura(PORTA_PAVIMENTO, pid_pavimento, pid_db, percorsi, "", secondi))
            ambito = asyncio.run(misura(PORTA_API, pid_api, pid_db, percorsi, testate, secondi))
            rapporto = {
                "richieste_al_secondo": round(ambito["richieste_al_secondo"] / pavimento["richieste_al_secondo"], 3),
                "cpu": round(pavimento["cpu_totale_ms"] / ambito["cpu_totale_ms"], 3),
            }
            esiti[nome] = {"pavimento": pavimento, "ambito": ambito, "del_pavimento": rapporto}
            print(
                f"  {soggetto:8} {nome:8}"
                f" pavimento {pavimento['richieste_al_secondo']:7} req/s {pavimento['cpu_totale_ms']:6} ms CPU |"
                f" ambito {ambito['richieste_al_secondo']:7} req/s {ambito['cpu_totale_ms']:6} ms CPU"
                f" (API {ambito['cpu_api_ms']}, DB {ambito['cpu_db_ms']})"
                f" p50/p95/p99 {ambito['p50_ms']}/{ambito['p95_ms']}/{ambito['p99_ms']} ms |"
                f" rapporto req/s {rapporto['richieste_al_secondo']} CPU {rapporto['cpu']}",
                flush=True,
            )
    return esiti


def main() -> None:
    """Measure at each size and write the results."""
    argomenti = argparse.ArgumentParser(description="Banco di prova delle letture calde")
    argomenti.add_argument("--cartelle", default="100000,1000000")
    argomenti.add_argument("--secondi", type=float, default=8)
    argomenti.add_argument("--uscita", type=Path, default=None)
    scelte = argomenti.parse_args()
    risultati: dict[str, Any] = {"python": sys.version.split()[0], "cpu": os.cpu_count(), "misure": {}}
    with server_di_prova(None, veloce=False) as server:
        for quante in (int(n) for n in scelte.cartelle.split(",")):
            nome = f"banco_{quante}"
            settings = server.prepara(nome, ambiti=())
            asyncio.run(popola(settings.dsn_admin, quante))
            print(f"{quante} cartelle", flush=True)
            pid_db = postmaster(impostazioni(None, server.stato).pg_dir / "dati")
            risultati["misure"][quante] = {
                soggetto: un_profilo(settings, settings.dsn_admin, pid_db, soggetto, scelte.secondi)
                for soggetto in ("comune", "azienda")
            }
            server.elimina(nome)
    testo = json.dumps(risultati, indent=2)
    if scelte.uscita:
        scelte.uscita.write_text(testo + "\n")
    else:
        print(testo)


if __name__ == "__main__":
    main()
