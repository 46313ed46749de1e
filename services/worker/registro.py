"""The readers of the log, and whom each one's work concerns next."""

from services.core.flussi.lettore import LettoreFlussi
from services.core.piano.lettore import LettorePiano
from services.core.platform.settings import Settings
from services.core.webhooks.lettore import LettoreWebhooks
from services.worker.lettori import Lettore
from services.worker.nomi import INVII

DOPO: dict[str, tuple[str, ...]] = {LettoreWebhooks.nome: (INVII,)}
"""Whom to wake when a reader has run."""


def lettori(settings: Settings) -> dict[str, Lettore]:
    """Every reader of this installation, by name."""
    tutti: tuple[Lettore, ...] = (LettoreWebhooks(settings.giorno), LettorePiano(), LettoreFlussi())
    return {lettore.nome: lettore for lettore in tutti}
