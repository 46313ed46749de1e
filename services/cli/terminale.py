"""What every command prints with, and the errors that are said in one sentence. Light to import: `up` must start at once."""

from rich.console import Console

from services.core.platform.pg.errori import ErroreBootstrap, ErroreServer
from services.core.platform.settings import ConfigurazioneNonValida

console = Console(highlight=False)
errori = Console(stderr=True, highlight=False)


class ErroreComando(Exception):
    """A command cannot go on; the text is one Italian sentence."""


ERRORI_ATTESI = (ErroreComando, ErroreServer, ErroreBootstrap, ConfigurazioneNonValida)
