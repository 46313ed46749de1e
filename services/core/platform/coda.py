"""The queue of the wake-ups: its name, which those who fill it and those who measure it must know alike."""

import re

from services.core.platform.pg.dsn import nome_database

CODA = "ambito_sveglie"
"""Beginning of the queue's name; the database's follows, so that two installations may share a RabbitMQ."""


def nome_coda(dsn: str) -> str:
    """Return the name of the queue of the installation whose database is `dsn`. Installations with one name need two vhosts."""
    return f"{CODA}_{re.sub('[^a-zA-Z0-9_]', '_', nome_database(dsn))}"
