"""The ASST of the sandbox, which receives our webhooks and behaves as it is told."""

from typing import Any

from services.cli.demo.scena import Scena

TUTTI = 1000
"""More attempts than any delivery makes while the demonstration lasts: the ASST is away until told otherwise."""


def rifiuta_i_primi(scena: Scena, quanti: int) -> None:
    """From now on the first `quanti` attempts of every new delivery are answered 503."""
    scena.sandbox.post("/asst/_comando", json={"primi_503": quanti}).raise_for_status()


def trattieni(scena: Scena, *tipi: str) -> None:
    """From now on an accepted delivery of an event of these types is counted at once and answered when it is no longer held."""
    scena.sandbox.post("/asst/_comando", json={"trattieni": tipi}).raise_for_status()


def ricevuta(scena: Scena, tipo: str, oggetto: str) -> dict[str, Any] | None:
    """What the ASST knows of the delivery of the event `tipo` about the record `oggetto`."""
    ricevuti = scena.sandbox.get("/asst/_ricevuti").raise_for_status().json()
    trovati: list[dict[str, Any]] = [r for r in ricevuti["elementi"] if r["tipo"] == tipo and r["aggregato_id"] == oggetto]
    return trovati[0] if trovati else None
