"""What every command prints with, and the errors that are said in one sentence. Light to import: `up` must start at once."""

from rich.console import Console

from services.core.platform.pg.errori import ErroreBootstrap, ErroreServer
from services.core.platform.settings import ConfigurazioneNonValida

console = Console(highlight=False)
errori = Console(stderr=True, highlight=False)


class ErroreComando(Exception):
    """A command cannot go on; the text is one Italian sentence."""


ERRORI_ATTESI = (ErroreComando, ErroreServer, ErroreBootstrap, ConfigurazioneNonValida)


def riga(regge: bool, numero: int, nome: str, testo: str, ms: float) -> None:
    """Print one step of a demonstration: whether it held, what it proved, how long it took in milliseconds."""
    segno = "[green]✓[/]" if regge else "[red]✗[/]"
    console.print(f"{segno} [bold]{numero:>2}. {nome}[/]", end=": ", soft_wrap=True)
    console.print(f"{testo} ({ms:.0f} ms)", markup=False, soft_wrap=True)
