"""Roles and database of an installation, made once per server by an administrator; running it again changes nothing.

Roles belong to the whole server and need rights that migrations must not have, so they are made here. The API connects as
`ambito_app` and the worker as `ambito_worker`; neither owns a table nor bypasses row policies. The worker takes, one
transaction at a time, the narrow role of the reader it runs (NOINHERIT: without `SET ROLE` it has none of their rights).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

from services.core.platform.pg.binari import MINIMA
from services.core.platform.pg.dsn import componi_dsn, nome_database
from services.core.platform.pg.errori import ErroreBootstrap
from services.core.platform.pg.ruoli import (
    APP,
    DEFINER,
    PROPRIETARIO,
    RUOLI_DEL_WORKER,
    RUOLI_DELL_AMMINISTRATORE,
    TUTTI,
    WORKER,
)

Connessione: TypeAlias = "asyncpg.Connection[Any]"

_SERRATURA = 0x414D4249544F  # "AMBITO"
_TENTATIVI = 5
_COLLISIONI = (
    asyncpg.UniqueViolationError,
    asyncpg.DuplicateObjectError,
    asyncpg.DuplicateDatabaseError,
    asyncpg.InternalServerError,
)

# an idle transaction keeps its row locks: whoever changes the same records waits for it (its own events come late, nobody else's)
_LIMITI = {
    APP: {"lock_timeout": "5s", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "15s"},
    WORKER: {"lock_timeout": "10s", "statement_timeout": "120s", "idle_in_transaction_session_timeout": "60s"},
}


@dataclass(frozen=True)
class Esito:
    """What a run found to do: role names created, and whether the database was created."""

    ruoli_creati: tuple[str, ...]
    database_creato: bool


async def bootstrap(
    admin_dsn: str, database: str | None = None, *, password_app: str | None, password_worker: str | None
) -> Esito:
    """Create what is missing among roles and database, and put their attributes right.

    `admin_dsn` must belong to a superuser or to a role with CREATEROLE and CREATEDB; `database` is by default the one it
    names. A password that is None is left as it is (in production the administrator sets it). Safe when several run at once.
    Raises `ErroreBootstrap` when the server is too old, unreachable, or refuses.
    """
    database = database or nome_database(admin_dsn)
    for tentativo in range(_TENTATIVI):
        try:
            return await _esegui(admin_dsn, database, {APP: password_app, WORKER: password_worker})
        except _COLLISIONI:
            # another run, behind another database, where our lock does not reach: "tuple concurrently updated" and its like
            if tentativo == _TENTATIVI - 1:
                raise
            await asyncio.sleep(0.1 * (tentativo + 1))
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as errore:
            raise ErroreBootstrap("Il server PostgreSQL rifiuta le credenziali dell'amministratore.") from errore
        except asyncpg.InsufficientPrivilegeError as errore:
            raise ErroreBootstrap(
                f"L'utente di AMBITO_DATABASE_URL non può preparare il server ({errore}): serve un superuser, "
                "oppure un ruolo con CREATEROLE e CREATEDB."
            ) from errore
        except OSError as errore:
            raise ErroreBootstrap(f"Il server PostgreSQL non risponde: {errore.strerror or errore}.") from errore
    raise AssertionError("irraggiungibile")


async def _esegui(admin_dsn: str, database: str, password: dict[str, str | None]) -> Esito:
    """One run: roles on the maintenance database (the lock of all runs lives there), then the inside of the target."""
    manutenzione = await _connetti_manutenzione(admin_dsn)
    try:
        maggiore = manutenzione.get_server_version().major
        if maggiore < MINIMA:
            raise ErroreBootstrap(f"PostgreSQL {maggiore} è troppo vecchio: serve almeno la versione {MINIMA}.")
        await manutenzione.execute(f"SELECT pg_advisory_lock({_SERRATURA})")
        creati = await _ruoli(manutenzione, password)
        nuovo = not await manutenzione.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database)
        if nuovo:
            # builtin or libc, the order of text differs between servers: keys are ordered by COLLATE "C" in the queries
            await manutenzione.execute(
                f"CREATE DATABASE {_nome(database)} OWNER {PROPRIETARIO} TEMPLATE template0 ENCODING 'UTF8'"
            )
        await _diritti_sul_database(manutenzione, database)
        interno = await asyncpg.connect(componi_dsn(admin_dsn, database=database))
        try:
            await _schema(interno)
        finally:
            await interno.close()
        return Esito(tuple(creati), nuovo)
    finally:
        await manutenzione.close()


async def _connetti_manutenzione(admin_dsn: str) -> Connessione:
    """Connect to `postgres`, where runs meet; a server without it is reached by the database the address names."""
    try:
        return await asyncpg.connect(componi_dsn(admin_dsn, database="postgres"))
    except (asyncpg.InvalidCatalogNameError, asyncpg.InsufficientPrivilegeError):
        return await asyncpg.connect(admin_dsn)


async def _ruoli(connessione: Connessione, password: dict[str, str | None]) -> list[str]:
    """Create the missing roles, in order, and give every role the attributes it must have."""
    righe = await connessione.fetch("SELECT * FROM pg_roles WHERE rolname = ANY($1::text[])", list(TUTTI))
    esistenti = {riga["rolname"]: riga for riga in righe}
    creati = [ruolo for ruolo in TUTTI if ruolo not in esistenti]
    for ruolo in creati:
        await connessione.execute(f"CREATE ROLE {ruolo} {'LOGIN' if ruolo in _LIMITI else 'NOLOGIN'} NOINHERIT")
    for ruolo, riga in esistenti.items():
        accede = ruolo in _LIMITI
        di_troppo = any(riga[a] for a in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolinherit"))
        if di_troppo or riga["rolcanlogin"] != accede:
            await _riporta_attributi(connessione, ruolo, accede, superuser=riga["rolsuper"], bypass=riga["rolbypassrls"])
    for ruolo, segreto in password.items():
        # unlike CREATE and GRANT, PASSWORD takes no parameter: quote_literal makes the text safe, and the server hashes it
        if segreto is not None:
            letterale = await connessione.fetchval("SELECT quote_literal($1)", segreto)
            await connessione.execute(f"ALTER ROLE {ruolo} PASSWORD {letterale}")
        for nome, valore in _LIMITI[ruolo].items():
            await connessione.execute(f"ALTER ROLE {ruolo} SET {nome} = '{valore}'")
    for ruolo in RUOLI_DEL_WORKER:
        await _concedi(connessione, ruolo, WORKER)
    # the administrator migrates as the owner; the owner hands the few SECURITY DEFINER functions to their own role
    amministratore = await connessione.fetchval("SELECT current_user")
    for concesso in RUOLI_DELL_AMMINISTRATORE:
        await _concedi(connessione, concesso, amministratore)
    await _concedi(connessione, DEFINER, PROPRIETARIO)
    return creati


async def _riporta_attributi(connessione: Connessione, ruolo: str, accede: bool, *, superuser: bool, bypass: bool) -> None:
    """Take away what a role of ours must not have. Naming SUPERUSER or BYPASSRLS needs a superuser: only when they are there."""
    voci = ["LOGIN" if accede else "NOLOGIN", "NOINHERIT", "NOCREATEROLE", "NOCREATEDB"]
    voci += (["NOSUPERUSER"] if superuser else []) + (["NOBYPASSRLS"] if bypass else [])
    await connessione.execute(f"ALTER ROLE {ruolo} {' '.join(voci)}")


async def _concedi(connessione: Connessione, ruolo: str, a: str) -> None:
    """GRANT a role once: repeating it writes the catalogue again and makes concurrent runs collide."""
    gia = await connessione.fetchval(
        "SELECT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles g ON g.oid = m.member"
        " WHERE r.rolname = $1 AND g.rolname = $2 AND (current_setting('server_version_num')::int < 160000"
        " OR (to_jsonb(m) ->> 'set_option')::boolean))",
        ruolo,
        a,
    )
    if not gia:
        await connessione.execute(f"GRANT {ruolo} TO {_nome(a)}")


async def _diritti_sul_database(connessione: Connessione, database: str) -> None:
    """The owner owns the database; only our roles may connect."""
    proprietario = await connessione.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", database)
    if proprietario != PROPRIETARIO:
        await connessione.execute(f"ALTER DATABASE {_nome(database)} OWNER TO {PROPRIETARIO}")
    await connessione.execute(f"REVOKE ALL ON DATABASE {_nome(database)} FROM PUBLIC")
    await connessione.execute(f"GRANT CONNECT ON DATABASE {_nome(database)} TO {APP}, {WORKER}")


async def _schema(connessione: Connessione) -> None:
    """Only the owner creates objects in `public`, and hands the SECURITY DEFINER functions to their role.

    Since PostgreSQL 15 the schema is of `pg_database_owner`, as whom an administrator who is not superuser can act and our
    owner, which inherits nothing, could not. A database that comes from an older server has another owner, and is given ours.
    """
    del_database = await connessione.fetchval(
        "SELECT pg_get_userbyid(nspowner) = 'pg_database_owner' FROM pg_namespace WHERE nspname = 'public'"
    )
    if not del_database:
        await connessione.execute(f"ALTER SCHEMA public OWNER TO {PROPRIETARIO}")
    await connessione.execute(f"SET ROLE {'pg_database_owner' if del_database else PROPRIETARIO}")
    await connessione.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    await connessione.execute(f"GRANT USAGE ON SCHEMA public TO {', '.join(TUTTI)}")
    # asked of whoever is to own an object there; nobody logs in as the definer, and only the owner hands it functions
    await connessione.execute(f"GRANT CREATE ON SCHEMA public TO {PROPRIETARIO}, {DEFINER}")
    await connessione.execute(f"SET ROLE {PROPRIETARIO}")
    # trusted, and in every distribution of PostgreSQL; the constraint on the deleghe needs it
    await connessione.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def _nome(identificatore: str) -> str:
    """Quote an SQL identifier."""
    return '"' + identificatore.replace('"', '""') + '"'
