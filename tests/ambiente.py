"""What tests stand on: a server, a template database migrated and loaded once, and clones of it."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from services.cli.ambiente import migra
from services.core.platform.pg.bootstrap import bootstrap
from services.core.platform.pg.dsn import componi_dsn
from services.core.platform.pg.lanciatore import Lanciatore
from services.core.platform.pg.ruoli import APP, WORKER
from services.core.platform.settings import RADICE_PROGETTO, Ambiente, Settings
from services.core.territorio.carico import carica

GIORNO = date(2025, 9, 15)
ESEMPI = RADICE_PROGETTO / "examples"
AMBITI = ("cremasco", "lodi")


def impostazioni(dsn: str | None, stato: Path, **altro: object) -> Settings:
    """Settings of a test: the given database, the pinned day, secrets of its own."""
    return Settings(
        env=Ambiente.TEST,
        stato_dir=stato,
        database_url=dsn,
        data_riferimento=GIORNO,
        segreto_cursori=SecretStr("prova-cursori-" + "x" * 32),
        segreto_webhook=SecretStr("prova-webhook-" + "x" * 32),
        pool_app_min=0,
        **altro,
    )


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server for the tests: where it is and which it is."""

    dsn_admin: str
    descrizione: str
    stato: Path

    def settings(self, database: str, **altro: object) -> Settings:
        """Settings whose database is `database` on this server."""
        return impostazioni(componi_dsn(self.dsn_admin, database=database), self.stato, **altro)

    def clona(self, modello: str) -> str:
        """Create a database from a template and return its name."""
        nome = f"prova_{uuid4().hex[:16]}"
        self._esegui(f'CREATE DATABASE "{nome}" TEMPLATE "{modello}"')
        self._esegui(f'REVOKE ALL ON DATABASE "{nome}" FROM PUBLIC; GRANT CONNECT ON DATABASE "{nome}" TO {APP}, {WORKER}')
        return nome

    def elimina(self, nome: str) -> None:
        """Drop a database, whoever is still connected."""
        self._esegui(f'DROP DATABASE IF EXISTS "{nome}" WITH (FORCE)')

    def _esegui(self, sql: str) -> None:
        async def fai() -> None:
            connessione = await asyncpg.connect(componi_dsn(self.dsn_admin, database="postgres"))
            try:
                await connessione.execute(sql)
            finally:
                await connessione.close()

        asyncio.run(fai())

    def prepara(self, nome: str, ambiti: tuple[str, ...] = AMBITI) -> Settings:
        """Create database `nome`, migrated and with the example ambiti loaded."""
        settings = self.settings(nome)
        asyncio.run(
            bootstrap(
                settings.dsn_admin,
                password_app=settings.password_ruolo(APP) if self.descrizione.startswith("incorporato") else None,
                password_worker=settings.password_ruolo(WORKER) if self.descrizione.startswith("incorporato") else None,
            )
        )
        migra(settings)
        for ambito in ambiti:
            asyncio.run(carica(settings, ESEMPI / ambito))
        return settings


@contextmanager
def server_di_prova(url: str | None, *, veloce: bool = True) -> Iterator[Server]:
    """The server at `url`, or an embedded one of our own, thrown away at the end; durable unless `veloce`."""
    stato = Path(tempfile.mkdtemp(prefix="ambito-prove-"))
    settings = impostazioni(url, stato)
    try:
        if url is not None:
            yield Server(url, "server indicato da AMBITO_TEST_DATABASE_URL", stato)
            return
        with Lanciatore(settings, veloce=veloce) as lanciatore:
            yield Server(lanciatore.dsn(), "incorporato", stato)
    finally:
        shutil.rmtree(stato, ignore_errors=True)
        shutil.rmtree(settings.pg_dir, ignore_errors=True)


def url_di_prova() -> str | None:
    """The given server, when this run is on it."""
    return os.environ.get("AMBITO_TEST_DATABASE_URL") if os.environ.get("AMBITO_PROVE_SUL_SERVER") else None
