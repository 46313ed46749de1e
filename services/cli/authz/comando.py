"""`ambito authz matrix`: prepare a database of its own, run the matrix, print it, drop the database."""

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from contextlib import redirect_stdout
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.cli.ambiente import server
from services.cli.authz.banco import database_di_prova
from services.cli.authz.celle import Cella, Matrice
from services.cli.authz.esecuzione import esegui
from services.cli.supervisore import Interrotto, fermabile
from services.cli.terminale import ErroreComando, console, errori
from services.core.access.matrice import Esito
from services.core.access.ruoli import Ruolo
from services.core.access.situazioni import NON_COSTRUITE, SITUAZIONI
from services.core.platform.settings import Settings

T = TypeVar("T")

LARGHEZZA = 132
"""Columns of the table: an operation and fifteen roles."""

FALLITE_MOSTRATE = 50

_R = Ruolo
SIGLE = {
    _R.SEGRETARIATO: "Segr",
    _R.ASSISTENTE_SOCIALE: "AS",
    _R.COORDINATORE: "Coord",
    _R.RESPONSABILE_SERVIZIO: "Resp",
    _R.CASE_MANAGER: "CM",
    _R.AMMINISTRATIVO_MISURA: "Amm",
    _R.UFFICIO_DI_PIANO: "UdP",
    _R.AMMINISTRATORE_PUBBLICO: "Sind",
    _R.OPERATORE_ASST: "ASST",
    _R.RSA: "RSA",
    _R.ETS_GESTORE: "ETSg",
    _R.ETS_COPROGRAMMATORE: "ETSc",
    _R.ANTIVIOLENZA: "AntiV",
    _R.DPO: "DPO",
    _R.AMMINISTRATORE_TECNICO: "Tecn",
}


def matrice(settings: Settings, *, in_json: bool) -> bool:
    """Run and print the matrix; tell whether every cell was as expected.

    Raises:
        ErroreComando: in production, where its tokens could not be made.
    """
    if settings.produzione:
        raise ErroreComando(
            "La matrice scrive un mondo inventato e si dà i propri token: in produzione non si esegue. "
            "Su una propria installazione: AMBITO_ENV=test e gli stessi indirizzi del server (docs/security/accesso.md)."
        )
    try:
        with fermabile(), redirect_stdout(sys.stderr):  # the application logs on standard output, which is for the outcome
            eseguita = _esegui(settings)
    except Interrotto:
        errori.print("Interrotta: nessun esito.")
        return False
    if in_json:
        typer.echo(json.dumps(eseguita.come_json(), ensure_ascii=False, indent=1))
    else:
        _stampa(eseguita)
    return not eseguita.fallite


def _esegui(settings: Settings) -> Matrice:
    colonne = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with server(settings), Progress(*colonne, console=errori, transient=True) as barra:
        lavoro = barra.add_task("Preparo", total=None)
        with database_di_prova(settings) as proprie:
            return asyncio.run(
                interrompibile(
                    esegui(
                        proprie, lambda fatte, quante: barra.update(lavoro, description="Celle", completed=fatte, total=quante)
                    )
                )
            )


async def interrompibile(lavoro: Coroutine[Any, Any, T]) -> T:
    """Run `lavoro` to its end, or until a signal.

    What a signal handler raises comes out of whichever task is running, and the application would answer it with a 500: so the
    loop is told instead. After that, signals are ignored until `fermabile` ends: the database is being dropped.

    Raises:
        Interrotto: a signal came.
    """
    ciclo, compito = asyncio.get_running_loop(), asyncio.ensure_future(lavoro)
    segnali = (signal.SIGINT, signal.SIGTERM)
    for segnale in segnali:
        ciclo.add_signal_handler(segnale, compito.cancel)
    try:
        return await compito
    except asyncio.CancelledError:
        raise Interrotto from None
    finally:
        for segnale in segnali:
            ciclo.remove_signal_handler(segnale)
            signal.signal(segnale, signal.SIG_IGN)


def _stampa(eseguita: Matrice) -> None:
    larga = Console(width=max(console.width, LARGHEZZA), highlight=False)
    larga.print(_tabella(eseguita))
    larga.print(f"In ogni casella: in quante delle {len(SITUAZIONI)} relazioni l'operazione riesce; – il ruolo non la ha.")
    altre = [cella for cella in eseguita.celle if cella.prova != "accesso"]
    larga.print(f"Altre prove (conflitti di chiave, valori aggregati): {len(altre)}, {_quante_fallite(altre)}.")
    for relazione, perche in NON_COSTRUITE.items():
        larga.print(f"[bold yellow]NON PROVATA[/] {relazione}: {perche}.")
    for cella in eseguita.fallite[:FALLITE_MOSTRATE]:
        larga.print("[bold red]✗[/]", end=" ")
        larga.print(_riga(cella), markup=False, soft_wrap=True)
    colore = "red" if eseguita.fallite else "green"
    larga.print(f"[{colore}]{len(eseguita.celle)} celle, {_quante_fallite(eseguita.celle)}[/] ({eseguita.secondi:.0f} s).")


def _quante_fallite(celle: list[Cella]) -> str:
    quante = sum(not cella.ok for cella in celle)
    return f"{quante or 'nessuna'} {'fallite' if quante > 1 else 'fallita'}"


def _riga(cella: Cella) -> str:
    esito = f"atteso {cella.atteso}, ottenuto {cella.ottenuto}"
    return f"{cella.operazione} · {cella.ruolo} · {cella.relazione} · {cella.prova}: {'; '.join([esito, *cella.difetti])}"


def _tabella(eseguita: Matrice) -> Table:
    tabella = Table(title="Chi può che cosa", box=None, padding=(0, 1))
    tabella.add_column("operazione")
    for ruolo in Ruolo:
        tabella.add_column(SIGLE[ruolo], justify="right")
    per_casella: dict[str, dict[str, list[Cella]]] = {}
    for cella in eseguita.celle:
        if cella.prova == "accesso":
            per_casella.setdefault(cella.operazione, {}).setdefault(cella.ruolo, []).append(cella)
    for operazione, per_ruolo in per_casella.items():
        tabella.add_row(operazione, *(_casella(per_ruolo[ruolo]) for ruolo in Ruolo))
    return tabella


def _casella(celle: list[Cella]) -> str:
    fallite = sum(not cella.ok for cella in celle)
    if fallite:
        return f"[bold red]✗{fallite}[/]"
    if all(cella.ottenuto in (Esito.VIETATA, Esito.NON_AUTENTICATA) for cella in celle):
        return "[dim]–[/]"
    return f"[green]{sum(cella.ottenuto == Esito.CONSENTITA for cella in celle)}[/]"
