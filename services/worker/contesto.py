"""What the actors of one process share: settings, readers, and an engine that is made inside their own event loop."""

import asyncio
import ssl
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from dramatiq import Broker, Middleware
from dramatiq.asyncio import get_event_loop_thread
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.core import tabelle
from services.core.platform.db import crea_engine
from services.core.platform.settings import Settings
from services.core.webhooks.segreti import chiave
from services.worker.lettori import Lettore, Sessioni

TABELLE = tabelle.nomi_tabelle()
"""Every table, imported here: a foreign key is resolved by name, and a reader imports only the models of its own area."""


class ContestoWorker:
    """Shared by the actors of one process.

    Args:
        settings: the settings of the process.
        lettori: the readers, by name.
        dopo: names to wake after a reader has run, by reader: what it wrote is somebody else's work.
    """

    def __init__(
        self, settings: Settings, lettori: Mapping[str, Lettore], dopo: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.settings = settings
        self.lettori = dict(lettori)
        self.dopo = dict(dopo or {})
        self._fermata = threading.Event()
        self._motore: AsyncEngine | None = None

    @cached_property
    def sessioni(self) -> Sessioni:
        """Sessions as the worker's role; first used inside the loop of the actors, to which its connections belong."""
        asyncio.get_running_loop()
        self._motore = crea_engine(self.settings.dsn_worker, massimo=self.settings.pool_worker_max)
        return async_sessionmaker(self._motore, class_=AsyncSession, expire_on_commit=False, autoflush=False)

    @cached_property
    def chiavi_segreti(self) -> Sequence[bytes]:
        """Keys that decrypt the receivers' secrets."""
        return (chiave(self.settings.segreto_webhook.get_secret_value()),)

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """One TLS context for all deliveries: making it reads every authority of the machine."""
        return ssl.create_default_context()

    @cached_property
    def turno_invii(self) -> asyncio.Lock:
        """One sender at a time in this process; it sends many deliveries at once by itself."""
        return asyncio.Lock()

    def ferma(self) -> None:
        """Ask the actors to end after the batch or the delivery at hand."""
        self._fermata.set()

    def fermato(self) -> bool:
        """Whether `ferma` was called."""
        return self._fermata.is_set()

    async def chiudi(self) -> None:
        """Close the connections. To be called in the loop of the actors."""
        if self._motore is not None:
            await self._motore.dispose()


class Chiusura(Middleware):
    """Ends the actors' work and closes their engine, in their loop, before the loop itself is stopped (so: after `AsyncIO`)."""

    def __init__(self, contesto: ContestoWorker) -> None:
        self._contesto = contesto

    def before_worker_shutdown(self, broker: Broker, worker: Any) -> None:  # noqa: ARG002  # the signature is dramatiq's
        """Called before the threads are stopped."""
        self._contesto.ferma()

    def after_worker_shutdown(self, broker: Broker, worker: Any) -> None:  # noqa: ARG002  # as above
        """Called when no actor runs any more; the last middleware is called first."""
        ciclo = get_event_loop_thread()
        if ciclo is not None:
            ciclo.run_coroutine(self._contesto.chiudi())
