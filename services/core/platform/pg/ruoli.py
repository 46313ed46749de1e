"""Names of the database roles, written once: `bootstrap` makes them, the row policies give them rights, the worker takes them."""

import re

PROPRIETARIO = "ambito_owner"
APP = "ambito_app"
WORKER = "ambito_worker"
DEFINER = "ambito_definer"

CARICATORE = "ambito_caricatore"
"""Takes the example ambiti and imported archives into the tables: an administrator's act, by a role that owns nothing."""

SEQUENZIATORE = "ambito_sequenziatore"
MITTENTE = "ambito_mittente"
SIGILLATORE = "ambito_sigillatore"

REVISORE = "ambito_revisore"
"""Reads the audit trail and its seal, of every ambito, and writes nothing: who verifies takes it."""

OBLIO = "ambito_oblio"
"""Takes the identifying values from sealed rows of the audit trail, leaving a signed act: for an administrator, as loading."""

_NOME = re.compile(r"[a-z][a-z_]{0,30}")


def lettore(nome: str) -> str:
    """Return the role of the reader of the log called `nome`.

    Raises:
        ValueError: the name is not a plain identifier (it goes into SQL as such).
    """
    if not _NOME.fullmatch(nome):
        raise ValueError("nome di lettore non ammesso")
    return f"ambito_lettore_{nome}"


RUOLI_DEL_WORKER = (SEQUENZIATORE, *(lettore(nome) for nome in ("webhooks", "piano", "flussi")), MITTENTE, SIGILLATORE)
"""What the worker becomes, one transaction at a time; each gets its rights and policies in the migrations."""

RUOLI_DELL_AMMINISTRATORE = (PROPRIETARIO, DEFINER, CARICATORE, REVISORE, OBLIO)
"""What only the administrator may take; to verify, `REVISORE` alone may be granted to somebody else's login."""

TUTTI = (*RUOLI_DELL_AMMINISTRATORE, *RUOLI_DEL_WORKER, APP, WORKER)
