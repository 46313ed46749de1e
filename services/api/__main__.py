"""The API as a process: `python -m services.api`, where the settings say, with every line of the log through structlog."""

import sys

import uvicorn

from services.api.main import create_app
from services.core.platform.settings import ConfigurazioneNonValida, carica_settings

ARRESTO_S = 20
"""Longest wait for the requests at hand when stopping, in seconds."""


def main() -> int:
    """Serve until a signal. Returns 2, with one sentence, for unusable settings; 3 when it does not start."""
    try:
        settings = carica_settings()
    except ConfigurazioneNonValida as errore:
        sys.stderr.write(f"{errore}\n")
        return 2
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=ARRESTO_S,
        )
    )
    server.run()
    return 0 if server.started else 3


if __name__ == "__main__":
    sys.exit(main())
