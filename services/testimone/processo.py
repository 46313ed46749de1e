"""The witness as a process, and what its operator may declare while it is stopped."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import uvicorn

from services.core.platform.chiavi import ChiaveNonValida
from services.core.sigillo.firme import Fiducia, leggi_privata, leggi_pubblica
from services.testimone.app import crea_app
from services.testimone.archivio import Archivi, CartellaOccupata, FileRovinato


class NonParte(Exception):
    """Keys or folder cannot be used; the text says which, in one Italian sentence."""


def avvia(cartella: Path, chiave: Path, ammesse: Sequence[Path], host: str, porta: int) -> int:
    """Serve until a signal; return the exit code. Raises `NonParte`."""
    with _aperti(cartella, chiave, ammesse) as archivi:
        server = uvicorn.Server(uvicorn.Config(crea_app(archivi), host=host, port=porta, log_config=None, access_log=False))
        server.run()
        return 0 if server.started else 3


def ripristina(cartella: Path, chiave: Path, archivio: UUID, lotto: int, motivo: str) -> None:
    """Declare a restore, with the witness stopped. Raises `NonParte`, and `Rifiuto`."""
    with _aperti(cartella, chiave, []) as archivi:
        archivi.ripristina(archivio, lotto, motivo)


@contextmanager
def _aperti(cartella: Path, chiave: Path, ammesse: Sequence[Path]) -> Iterator[Archivi]:
    """The witness's folder under its lock."""
    try:
        archivi = Archivi(cartella, leggi_privata(chiave), Fiducia(leggi_pubblica(ammessa) for ammessa in ammesse))
        try:
            yield archivi
        finally:
            archivi.chiudi()
    except (OSError, ChiaveNonValida, CartellaOccupata, FileRovinato) as errore:
        raise NonParte(str(errore)) from errore
