"""The reader of the log that writes a delivery for every destinazione an event concerns."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.platform.clock import adesso
from services.core.platform.eventi import EventoRegistrato
from services.core.webhooks.catalogo import PUBBLICI
from services.core.webhooks.service import prepara


class LettoreWebhooks:
    """Follows the public events. `giorno` tells the day on which an ente must sit in an équipe to hear of a cartella."""

    nome: ClassVar[str] = "webhooks"
    tipi: ClassVar[frozenset[str]] = PUBBLICI

    def __init__(self, giorno: Callable[[], date]) -> None:
        self._giorno = giorno

    async def elabora(self, sessione: AsyncSession, eventi: Sequence[EventoRegistrato]) -> None:
        """Prepare the deliveries, in the order of the events."""
        await prepara(sessione, eventi, pubblici=PUBBLICI, giorno=self._giorno(), adesso=adesso())
