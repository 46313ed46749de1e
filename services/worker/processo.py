"""One process of the worker: the actors' threads, a sequencer and a sealer that stand for election among all processes."""

import asyncio
import os
import signal
import sys

import structlog
from dramatiq import Worker
from dramatiq.asyncio import get_event_loop_thread

from services.core.platform import registro as registro_log
from services.core.platform.coda import nome_coda
from services.core.platform.db import RuoloNonSicuro, crea_engine, verifica_ruolo
from services.core.platform.http import cliente_http
from services.core.platform.settings import ConfigurazioneNonValida, Settings, carica_settings
from services.core.sigillo import chiavi
from services.core.sigillo.firme import Fiducia, Firmatario
from services.worker.broker import crea_broker
from services.worker.contesto import Chiusura, ContestoWorker
from services.worker.main import CONFIGURAZIONE
from services.worker.registro import DOPO, lettori
from services.worker.sequenziatore import Sequenziatore
from services.worker.sigillatore import Sigillatore
from services.worker.sveglie import Orario, Sveglie, registra_attore

FILI = 4
ARRESTO_MS = 20_000
"""Longest time for the work at hand when stopping; an attempt of delivery lasts at most 10 s."""

log = structlog.get_logger()


def lavora(settings: Settings, padre: int | None) -> int:
    """Run all of it until SIGTERM or SIGINT, or until the process `padre` is gone; return the exit code."""
    contesto = ContestoWorker(settings, lettori(settings), DOPO)
    broker = crea_broker(settings.broker_url, settings.dsn_worker_diretto, fili=FILI, altri=[Chiusura(contesto)])
    coda = nome_coda(settings.dsn_worker)
    sveglie = Sveglie(broker, coda)
    registra_attore(broker, contesto, sveglie, coda)
    operai = Worker(broker, worker_threads=FILI, worker_timeout=1000)
    operai.start()
    if get_event_loop_thread() is None:
        log.error("ciclo_non_avviato")
        return 1
    try:
        asyncio.run(_vivi(settings, contesto, sveglie, padre))
    finally:
        sveglie.chiudi()
        operai.stop(timeout=ARRESTO_MS)
        broker.close()
    log.info("worker_fermato")
    return 0


async def _verifica(settings: Settings) -> None:
    """Refuse to work as a role that row-level security does not bind. Raises `RuoloNonSicuro`."""
    motore = crea_engine(settings.dsn_worker, massimo=1)
    try:
        async with motore.connect() as connessione:
            await verifica_ruolo(connessione)
    finally:
        await motore.dispose()


async def _vivi(settings: Settings, contesto: ContestoWorker, sveglie: Sveglie, padre: int | None) -> None:
    fermata = asyncio.Event()
    ciclo = asyncio.get_running_loop()
    for segnale in (signal.SIGTERM, signal.SIGINT):
        ciclo.add_signal_handler(segnale, fermata.set)
    orario = Orario(contesto.lettori, sveglie.chiedi)
    sequenziatore = Sequenziatore(settings.dsn_worker_diretto, contesto.lettori, sveglie.chiedi, orario.giro)
    async with cliente_http() as cliente:
        sigillatore = Sigillatore(settings.dsn_worker_diretto, *_sigillo(settings), cliente)
        log.info("worker_avviato", lettori=sorted(contesto.lettori), broker="rabbitmq" if settings.broker_url else "postgresql")
        await asyncio.gather(sequenziatore.vivi(fermata), sigillatore.vivi(fermata), _guarda_padre(padre, fermata))


def _sigillo(settings: Settings) -> tuple[Firmatario, str, Fiducia]:
    """The sealer's key, the witness's address and key. Raises `ConfigurazioneNonValida`."""
    testimone = chiavi.fiducia_nel_testimone(settings)
    return chiavi.firmatario(settings), str(settings.testimone_url), testimone


async def _guarda_padre(padre: int | None, fermata: asyncio.Event) -> None:
    """End this process with its supervisor, even when that one was killed without a word."""
    while not fermata.is_set():
        if padre is not None and os.getppid() != padre:
            log.warning("supervisore_scomparso")
            fermata.set()
        try:
            await asyncio.wait_for(fermata.wait(), 1.0)
        except TimeoutError:
            continue


def main(padre: int | None) -> int:
    """Entry point. Returns 2, with one sentence, when the settings cannot be used."""
    try:
        settings = carica_settings()
    except ConfigurazioneNonValida as errore:
        sys.stderr.write(f"{errore}\n")
        return CONFIGURAZIONE
    registro_log.configura(settings.log_livello.lower())
    try:
        _sigillo(settings)
        asyncio.run(_verifica(settings))
    except (RuoloNonSicuro, ConfigurazioneNonValida) as errore:
        sys.stderr.write(f"{errore}\n")
        return CONFIGURAZIONE
    return lavora(settings, padre)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
