"""An administrator who is not superuser prepares and migrates a database, on the embedded server and on the given one."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from services.cli.ambiente import migra
from services.core.platform.pg.bootstrap import bootstrap
from services.core.platform.pg.dsn import componi_dsn
from services.core.platform.pg.ruoli import APP, PROPRIETARIO, WORKER
from services.core.platform.settings import Settings
from tests.ambiente import Server, impostazioni

pytestmark = pytest.mark.server

PASSWORD = "invece-di-un-superuser"


@pytest.fixture
def gestito(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a database that does not exist yet, with the address of such an administrator."""
    nome = f"gestore_{uuid4().hex[:12]}"
    with psycopg.connect(componi_dsn(server.dsn_admin, database="postgres"), autocommit=True) as c:
        c.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(sql.Identifier(nome), sql.Literal(PASSWORD))
        )
        try:
            # the roles of ours that other tests made here: whoever administers has them to give
            for ruolo in c.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'ambito\\_%'").fetchall():
                c.execute(sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(ruolo[0]), sql.Identifier(nome)))
            yield impostazioni(componi_dsn(server.dsn_admin, utente=nome, password=PASSWORD, database=nome), server.stato)
        finally:
            c.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(nome)))
            c.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(nome)))
            c.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(nome)))


def test_chi_non_e_superuser_prepara_e_migra(gestito: Settings) -> None:
    esito = asyncio.run(bootstrap(gestito.dsn_admin, password_app=None, password_worker=None))
    assert esito.database_creato
    migra(gestito)
    with psycopg.connect(gestito.dsn_admin) as c:
        assert c.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
        estranei = c.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND pg_get_userbyid(relowner) <> %s",
            (PROPRIETARIO,),
        ).fetchone()
        assert estranei == (0,)
        for ruolo in (APP, WORKER):
            assert c.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", (ruolo,)).fetchone() == (False,)
