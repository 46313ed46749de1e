"""The database made ready: server, roles, migrations, examples."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy.exc
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from services.cli.terminale import ErroreComando
from services.core.platform.pg.bootstrap import Esito, bootstrap
from services.core.platform.pg.lanciatore import Lanciatore
from services.core.platform.pg.ruoli import APP, WORKER
from services.core.platform.settings import RADICE_PROGETTO, Settings
from services.core.territorio.carico import CaricoNonRiuscito, Riepilogo, carica
from services.core.territorio.esempi import EsempioNonValido


@contextmanager
def server(settings: Settings) -> Iterator[Lanciatore | None]:
    """Keep the embedded server running meanwhile; nothing to do when a database is given."""
    if not settings.incorporato:
        yield None
        return
    with Lanciatore(settings) as lanciatore:
        yield lanciatore


def prepara_server(settings: Settings, database: str | None = None) -> Esito:
    """Roles and database (by default the settings'). In production passwords are the administrator's and stay."""
    generate = not settings.produzione
    return asyncio.run(
        bootstrap(
            settings.dsn_admin_diretto,
            database,
            password_app=settings.password_ruolo(APP) if generate and settings.database_app_url is None else None,
            password_worker=settings.password_ruolo(WORKER) if generate and settings.database_worker_url is None else None,
        )
    )


def migra(settings: Settings) -> str:
    """Bring the schema to the newest migration and return its identifier. Raises `ErroreComando` when the database refuses."""
    configurazione = Config(str(RADICE_PROGETTO / "alembic.ini"))
    configurazione.attributes["dsn"] = settings.dsn_admin_diretto
    try:
        command.upgrade(configurazione, "head")
    except sqlalchemy.exc.OperationalError as errore:
        raise ErroreComando(f"Il database non risponde o non concede il blocco: {_breve(errore)}") from errore
    except sqlalchemy.exc.ProgrammingError as errore:
        if "ambito_owner" in str(errore.orig):
            raise ErroreComando("Sul server mancano i ruoli di Ambito: eseguire prima «ambito bootstrap».") from errore
        raise
    return ScriptDirectory.from_config(configurazione).get_current_head() or "nessuna"


def carica_ambito(settings: Settings, cartella: Path, avanzamento: Callable[[str, int, int], None] | None = None) -> Riepilogo:
    """Load the folder of an ambito. Raises `ErroreComando` when its files are wrong or contradict the database."""
    try:
        return asyncio.run(carica(settings, cartella, avanzamento))
    except (EsempioNonValido, CaricoNonRiuscito) as errore:
        raise ErroreComando(str(errore)) from errore


def _breve(errore: sqlalchemy.exc.DBAPIError) -> str:
    return str(errore.orig).strip().splitlines()[0]
