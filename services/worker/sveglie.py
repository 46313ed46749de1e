"""The one actor, and how it is woken: a message only names what may have work.

Wake-ups are published by one thread, so that a slow or absent broker holds nobody; those asked meanwhile for the same name
become one.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dramatiq
import psycopg
import structlog
from dramatiq.errors import BrokerError

from services.worker.contesto import ContestoWorker
from services.worker.lettori import Corsa, codice_errore, dove, esegui
from services.worker.mittente import invia_tutte
from services.worker.nomi import INVII, PULIZIA
from services.worker.pulizia import pulisci

GIRO_LETTORI_S = 5.0
GIRO_INVII_S = 1.0
GIRO_PULIZIA_S = 3600.0
RIPRESA_S = 2.0
ATTORE = "sveglia"

log = structlog.get_logger()


class Sveglie:
    """Collects names to wake and publishes them from one thread of its own. `chiedi` may be called from any thread."""

    def __init__(self, broker: dramatiq.Broker, coda: str) -> None:
        self._broker, self._coda = broker, coda
        self._nomi: set[str] = set()
        self._filo = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sveglie")

    def chiedi(self, nomi: Iterable[str]) -> None:
        """Ask for `nomi` to be woken; returns at once. After `chiudi` it does nothing."""
        self._nomi.update(nomi)
        # after shutdown there is nobody to wake, and the next start wakes everybody
        with contextlib.suppress(RuntimeError):
            self._filo.submit(self._pubblica)

    def chiudi(self) -> None:
        """Drop what was not published yet. The thread ends with the publication at hand, or when the broker is closed."""
        self._filo.shutdown(wait=False, cancel_futures=True)

    def _pubblica(self) -> None:
        nomi, self._nomi = self._nomi, set()
        try:
            for nome in sorted(nomi):
                self._broker.enqueue(
                    dramatiq.Message(queue_name=self._coda, actor_name=ATTORE, args=(nome,), kwargs={}, options={})
                )
        except (BrokerError, psycopg.Error, OSError) as errore:
            log.warning("broker_non_raggiungibile", errore=type(errore).__name__)
            time.sleep(RIPRESA_S)


def registra_attore(broker: dramatiq.Broker, contesto: ContestoWorker, sveglie: Sveglie, coda: str) -> dramatiq.Actor[[str], Any]:
    """Declare on `broker` the one actor, `sveglia(nome)`: it runs a reader, or the sender, until there is nothing more to do."""

    @dramatiq.actor(actor_name=ATTORE, queue_name=coda, broker=broker)
    async def sveglia(nome: str) -> None:
        try:
            altri = await _lavora(contesto, nome)
        except Exception as errore:  # noqa: BLE001  # the work is in rows: the periodic wake-up finds it again
            codice = codice_errore(errore)
            log.error("sveglia_fallita", sveglia=nome, errore=codice, dove=dove(errore))  # noqa: TRY400  # its text may tell who
        else:
            if altri:
                sveglie.chiedi(altri)

    return sveglia


async def _lavora(contesto: ContestoWorker, nome: str) -> tuple[str, ...]:
    """Do what `nome` has to do and return the names to wake next."""
    if nome == INVII:
        return () if await invia_tutte(contesto) else (INVII,)
    if nome == PULIZIA:
        await pulisci(contesto.sessioni)
        return ()
    lettore = contesto.lettori.get(nome)
    if lettore is None:
        log.warning("sveglia_sconosciuta", sveglia=nome)
        return ()
    inizio = time.monotonic()
    corsa = await esegui(contesto.sessioni, lettore, fermato=contesto.fermato)
    log.debug("lettore_eseguito", lettore=nome, corsa=corsa.value, secondi=round(time.monotonic() - inizio, 3))
    dopo = contesto.dopo.get(nome, ()) if corsa in (Corsa.FINITO, Corsa.ANCORA) else ()
    return ((nome,) if corsa is Corsa.ANCORA else ()) + dopo


class Orario:
    """Which names are due for their periodic wake-up. Called by the elected process only, at least once a second."""

    def __init__(self, lettori: Iterable[str], chiedi: Callable[[Iterable[str]], None]) -> None:
        self._ogni = dict.fromkeys(lettori, GIRO_LETTORI_S) | {INVII: GIRO_INVII_S, PULIZIA: GIRO_PULIZIA_S}
        self._ultima = dict.fromkeys(self._ogni, float("-inf"))
        self._chiedi = chiedi

    def giro(self) -> None:
        """Ask for those whose time has come."""
        ora = time.monotonic()
        dovuti = [nome for nome, ogni in self._ogni.items() if ora - self._ultima[nome] >= ogni]
        for nome in dovuti:
            self._ultima[nome] = ora
        if dovuti:
            self._chiedi(dovuti)
