"""`ambito up`: everything running, what to open and with which token, until Ctrl-C."""

from contextlib import ExitStack

from rich.table import Table

from services.cli.supervisore import Interrotto, Pila, ambiti_esempio, cartella_testimone, fermabile
from services.cli.terminale import console
from services.core.platform.settings import Settings


def esegui(settings: Settings) -> None:
    """Start, say where everything is, stay until a signal, stop. Raises `ErroreComando` when something ends by itself."""
    try:
        with fermabile(), ExitStack() as aperta:
            with console.status("Avvio…") as stato:
                pila = aperta.enter_context(Pila(settings, passo=lambda cosa: stato.update(f"Avvio: {cosa}…")))
            _presenta(pila)
            pila.guarda()
    except Interrotto:
        console.print("Fermato.")


def _presenta(pila: Pila) -> None:
    from services.cli.token import emittente
    from services.core.territorio.esempi import leggi

    s = pila.settings
    console.print(f"[bold]Ambito è attivo[/] al giorno {s.giorno():%d/%m/%Y}. Ctrl-C per fermare tutto.\n")
    indirizzi = Table(box=None, show_header=False, padding=(0, 2))
    indirizzi.add_row("API", pila.indirizzo_api)
    indirizzi.add_row("Documentazione", f"{pila.indirizzo_api}/documentazione")
    indirizzi.add_row("Contratto", f"{pila.indirizzo_api}/openapi.json")
    indirizzi.add_row("Stato", f"{pila.indirizzo_api}/status")
    indirizzi.add_row("Metriche", f"{pila.indirizzo_api}/metrics")
    indirizzi.add_row("Sandbox", s.sandbox_url)
    indirizzi.add_row("Testimone", f"{s.testimone_url} (file in {cartella_testimone(s)})")
    indirizzi.add_row("Registri", str(pila.registri))
    console.print(indirizzi)
    emette = emittente(s)
    for cartella in ambiti_esempio():
        esempio = leggi(cartella)
        console.print(f"\n[bold]{esempio.ambito.denominazione}[/]: operatori d'esempio (token validi un'ora)")
        for operatore in esempio.operatori.operatori:
            ruoli = ", ".join(dict.fromkeys(f"{i.ruolo.value} di {i.ente}" for i in operatore.incarichi))
            console.print(f"\n  [cyan]{operatore.soggetto}[/] ({ruoli})")
            console.print(f"  {emette.token(operatore.soggetto)}", soft_wrap=True, markup=False)
    console.print(
        f'\nPer esempio: curl -H "Authorization: Bearer $(.venv/bin/ambito token as-crema)" {pila.indirizzo_api}/cartelle',
        soft_wrap=True,
        markup=False,
    )
