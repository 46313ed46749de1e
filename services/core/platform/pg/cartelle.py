"""Where the embedded server lives on disk: pure functions, so that a process that did not start it finds it too."""

import hashlib
import os
import tempfile
from pathlib import Path

# sockaddr_un.sun_path is 108 bytes on Linux and 104 on macOS, closing NUL included
LIMITE_SOCKET = 103
_NOME_SOCKET = "/.s.PGSQL.5432"


def cartella_pg(stato_dir: Path) -> Path:
    """The server's directory. For root a sibling of the state directory (0700), which the server's account cannot cross."""
    return stato_dir.with_name(f"{stato_dir.name}-pg") if os.geteuid() == 0 else stato_dir / "pg"


def cartella_socket(radice: Path) -> Path:
    """The socket's directory: inside `radice`, or a temporary one of ours when that path is too long for a socket."""
    interna = radice / "run"
    if len(f"{interna}{_NOME_SOCKET}".encode()) <= LIMITE_SOCKET:
        return interna
    impronta = hashlib.sha256(str(radice).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ambito-pg-{impronta}"
