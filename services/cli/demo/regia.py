"""Running the steps in order: one printed line each, with what was proved and how long it took."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from services.cli.demo import (
    p01_cartella,
    p02_isee,
    p03_domanda,
    p04_progetto,
    p05_graduatoria,
    p06_webhook,
    p07_waas,
    p08_indicatore,
    p09_pippi,
    p10_estranei,
)
from services.cli.demo.scena import NonRegge, Scena
from services.cli.supervisore import Interrotto, Pila, fermabile
from services.cli.terminale import ERRORI_ATTESI, console, errori, riga
from services.core.platform.settings import Settings

DATABASE = "ambito_demo"


@dataclass(frozen=True, slots=True)
class Passo:
    """A step: its number, its name, and the function that does it and returns, in one sentence, what it proved."""

    numero: int
    nome: str
    fai: Callable[[Scena], str]


PASSI = (
    Passo(1, "La cartella e il nucleo", p01_cartella.passo),
    Passo(2, "L'ISEE letto da INPS attraverso PDND", p02_isee.passo),
    Passo(3, "La domanda presentata e spiegata", p03_domanda.passo),
    Passo(4, "La valutazione e il progetto", p04_progetto.passo),
    Passo(5, "La graduatoria entro il budget", p05_graduatoria.passo),
    Passo(6, "Il webhook all'ASST", p06_webhook.passo),
    Passo(7, "Il flusso preso e riscontrato da INPS", p07_waas.passo),
    Passo(8, "L'indicatore del Piano di Zona", p08_indicatore.passo),
    Passo(9, "Il caso P.I.P.P.I. riservato", p09_pippi.passo),
    Passo(10, "Gli estranei trovano nulla, e resta scritto", p10_estranei.passo),
)


@dataclass(frozen=True, slots=True)
class Esito:
    """How a step went; `ms` is its duration."""

    passo: Passo
    regge: bool
    testo: str
    ms: float


def esegui_passo(scena: Scena, passo: Passo) -> Esito:
    """Run one step. What does not hold, or an answer that never comes, is its failure."""
    inizio = time.perf_counter()
    try:
        testo, regge = passo.fai(scena), True
    except NonRegge as errore:
        testo, regge = str(errore), False
    except httpx.HTTPError as errore:
        testo, regge = f"nessuna risposta: {type(errore).__name__}", False
    return Esito(passo, regge, testo, (time.perf_counter() - inizio) * 1000)


def esegui(settings: Settings) -> bool:
    """Run every step on a database made anew, and tell whether all of them held. After a failure the rest is not tried."""
    inizio = time.perf_counter()
    try:
        with fermabile(), console.status("Preparo…") as stato:
            pila = Pila(settings, database=DATABASE, da_capo=True, passo=lambda cosa: stato.update(f"Preparo: {cosa}…"))
            with pila:
                stato.stop()
                riga(True, 0, "Preparazione", preparato(pila), (time.perf_counter() - inizio) * 1000)
                return _tutti(Scena(pila), inizio)
    except Interrotto:
        console.print("Interrotto.")
        return False
    except ERRORI_ATTESI as errore:
        errori.print(f"Errore: {errore}", markup=False, soft_wrap=True)
        return False


def _tutti(scena: Scena, inizio: float) -> bool:
    try:
        for passo in PASSI:
            esito = esegui_passo(scena, passo)
            riga(esito.regge, passo.numero, passo.nome, esito.testo, esito.ms)
            if not esito.regge:
                errori.print(f"Il passo {passo.numero} non regge; i registri sono in {scena.pila.registri}.", markup=False)
                return False
    finally:
        scena.chiudi()
    console.print(f"\nTutti i {len(PASSI)} passi reggono ({time.perf_counter() - inizio:.1f} s).")
    return True


def preparato(pila: Pila) -> str:
    """On what the demonstration runs, in one sentence."""
    dove = "sul PostgreSQL incorporato" if pila.lanciatore is not None else "sul PostgreSQL indicato"
    sveglie = "RabbitMQ" if pila.settings.broker_url else "PostgreSQL"
    return f"due ambiti d'esempio {dove}, sveglie su {sveglie}, giorno {pila.settings.giorno():%d/%m/%Y}"
