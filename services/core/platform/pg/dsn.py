"""Connection addresses of PostgreSQL, kept as text: asyncpg, psycopg and libpq read the same URI, a socket directory included."""

from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

SCHEMI = ("postgresql", "postgres")


def verifica_dsn(dsn: str) -> str:
    """Return `dsn` when it is a PostgreSQL URI naming a database; raise `ValueError`, without repeating it, otherwise."""
    parti = urlsplit(dsn)
    if parti.scheme not in SCHEMI:
        raise ValueError("l'indirizzo deve cominciare con postgresql://")
    if len(parti.path) < 2:
        raise ValueError("l'indirizzo deve nominare un database, come in postgresql://utente@host:5432/ambito")
    return dsn


def componi_dsn(dsn: str, *, utente: str | None = None, password: str | None = None, database: str | None = None) -> str:
    """Return `dsn` with another user, password or database.

    Naming a user drops the password that stood there: a secret of one role is never sent for another.
    """
    parti = urlsplit(dsn)
    credenziali, _, indirizzi = parti.netloc.rpartition("@")
    if utente is not None:
        credenziali = quote(utente, safe="")
    if password is not None:
        credenziali = f"{credenziali.partition(':')[0]}:{quote(password, safe='')}"
    netloc = f"{credenziali}@{indirizzi}" if credenziali else indirizzi
    percorso = parti.path if database is None else f"/{quote(database, safe='')}"
    # built by hand: urlunsplit drops the empty authority of postgresql:///db?host=/socket
    return f"postgresql://{netloc}{percorso}" + (f"?{parti.query}" if parti.query else "")


def dsn_socket(cartella: str, *, utente: str, password: str, database: str) -> str:
    """The address of a server that listens on the Unix socket of `cartella` only."""
    return f"postgresql://{quote(utente, safe='')}:{quote(password, safe='')}@/{quote(database, safe='')}?host={quote(cartella)}"


def trasferisci_credenziali(dsn: str, indirizzo: str) -> str:
    """Return the server of `indirizzo` reached with the user, password and database of `dsn` (the way around PgBouncer)."""
    origine, meta = urlsplit(dsn), urlsplit(indirizzo)
    credenziali, indirizzi = origine.netloc.rpartition("@")[0], meta.netloc.rpartition("@")[2]
    netloc = f"{credenziali}@{indirizzi}" if credenziali else indirizzi
    return f"postgresql://{netloc}{origine.path}" + (f"?{meta.query}" if meta.query else "")


def nome_database(dsn: str) -> str:
    """The database a DSN names."""
    return unquote(urlsplit(dsn).path.removeprefix("/"))


def url_sqlalchemy(dsn: str) -> str:
    """The same address for SQLAlchemy's asyncpg dialect, which knows `ssl` where libpq says `sslmode`."""
    parti = urlsplit(dsn)
    query = urlencode([("ssl" if k == "sslmode" else k, v) for k, v in parse_qsl(parti.query)], safe="/")
    return f"postgresql+asyncpg://{parti.netloc}{parti.path}" + (f"?{query}" if query else "")
