"""Alembic environment: one connection as administrator acting as `ambito_owner`, one migration at a time, short lock waits."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from services.core.platform.settings import get_settings
from services.core.tabelle import metadata

config = context.config
BLOCCO_MIGRAZIONI = 0x414D4247


def _url() -> str:
    dsn: str = config.attributes.get("dsn") or get_settings().dsn_admin_diretto
    return "postgresql+psycopg" + dsn[dsn.index("://") :]


def _includi(nome: str | None, tipo: str, _: object) -> bool:
    return not (tipo == "schema" and nome == "dramatiq")


def esegui_offline() -> None:
    """Print the SQL (linted by squawk in CI)."""
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def esegui_online() -> None:
    """Run against the database, holding an advisory lock so that two deployments wait for each other."""
    motore = create_engine(_url(), poolclass=pool.NullPool)
    with motore.connect() as connessione:
        connessione.execute(text("SELECT pg_advisory_lock(:b)"), {"b": BLOCCO_MIGRAZIONI})
        connessione.execute(text("SET ROLE ambito_owner"))
        connessione.execute(text("SET lock_timeout = '4s'"))
        connessione.execute(text("SET statement_timeout = '60s'"))
        connessione.commit()
        context.configure(
            connection=connessione,
            target_metadata=metadata,
            include_name=_includi,
            compare_server_default=False,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    motore.dispose()


if context.is_offline_mode():
    esegui_offline()
else:
    esegui_online()
