"""The reader `flussi` of the log: every assegnazione becomes the flows that declare it to INPS."""

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.flussi.service import pubblica_assegnazioni
from services.core.platform.eventi import EventoRegistrato


class LettoreFlussi:
    """Composes, checks and publishes. A record that breaks a rule becomes a discarded flow with its reasons: it stops nothing."""

    nome: ClassVar[str] = "flussi"
    tipi: ClassVar[frozenset[str]] = frozenset({"misure.assegnazione.creata"})

    async def elabora(self, sessione: AsyncSession, eventi: Sequence[EventoRegistrato]) -> None:
        """Publish the flows of `eventi`, in their order."""
        await pubblica_assegnazioni(sessione, eventi)
