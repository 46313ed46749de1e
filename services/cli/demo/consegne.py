"""A delivery's row as the administrator sees it, and held by her so that who must write it waits.

This is how a step stops the sender between the receiver's 2xx and its own commit, without anything in the product that knows
of it: a row lock is what any slow transaction would be.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from services.cli.demo.scena import NonRegge, Scena
from services.core.platform.pg.ruoli import CARICATORE

ATTESA_CONNESSIONE_S = 10

_ASPETTA = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
"""Whether somebody waits for what this connection holds. Of a delivery, only the sender that records an outcome waits: claims
pass over a row that is held."""


def letta(scena: Scena, consegna: str) -> tuple[str, int, list[int]]:
    """State of a delivery, attempts claimed, and the statuses of the attempts whose record was committed, in order."""
    with _connessione(scena) as connessione:
        riga = connessione.execute("SELECT stato, tentativi FROM consegna WHERE id = %s", (consegna,)).fetchone()
        if riga is None:
            raise NonRegge("la consegna che l'ASST ha ricevuto non è nel database")
        stati = connessione.execute(
            "SELECT stato_http FROM tentativo_consegna WHERE consegna_id = %s ORDER BY quando", (consegna,)
        ).fetchall()
        return riga[0], riga[1], [s[0] for s in stati]


@contextmanager
def trattenuta(scena: Scena, consegna: str) -> Iterator[Callable[[], bool]]:
    """Hold the row of a delivery meanwhile; give a question: does the sender wait for it?"""
    with _connessione(scena) as connessione:
        connessione.execute("SELECT 1 FROM consegna WHERE id = %s FOR UPDATE", (consegna,))

        def aspetta() -> bool:
            riga = connessione.execute(_ASPETTA).fetchone()
            return riga is not None and bool(riga[0])

        yield aspetta


@contextmanager
def _connessione(scena: Scena) -> Iterator[psycopg.Connection]:
    """One transaction as the role that may read every row; whoever the administrator is, row policies are forced on her too."""
    try:
        with psycopg.connect(scena.settings.dsn_admin_diretto, connect_timeout=ATTESA_CONNESSIONE_S) as connessione:
            connessione.execute(f"SET LOCAL ROLE {CARICATORE}")
            yield connessione
    except psycopg.Error as errore:
        raise NonRegge(f"l'amministratore del database non può guardare le consegne: {type(errore).__name__}") from errore
