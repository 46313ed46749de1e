"""The `ambito` command."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from typer.core import TyperGroup

from services.cli import audit, testimone
from services.cli.terminale import ERRORI_ATTESI, ErroreComando, console, errori
from services.core.platform.settings import RADICE_PROGETTO, carica_settings

OPENAPI = RADICE_PROGETTO / "openapi" / "openapi.yaml"


class Gruppo(TyperGroup):
    """Expected errors end a command with one sentence and status 1; any other shows its traceback, because it is a defect."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ERRORI_ATTESI as errore:
            errori.print("Errore:", style="bold red", end=" ")
            errori.print(str(errore), markup=False, soft_wrap=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=Gruppo,
    name="ambito",
    help="Il backend aperto di un ambito territoriale sociale.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
gruppo_openapi = typer.Typer(help="Il contratto dell'API.", no_args_is_help=True)
app.add_typer(gruppo_openapi, name="openapi")
app.add_typer(audit.gruppo, name="audit")
app.add_typer(testimone.gruppo, name="testimone")
gruppo_authz = typer.Typer(help="Chi può vedere che cosa, provato.", no_args_is_help=True)
app.add_typer(gruppo_authz, name="authz")


@app.command()
def up() -> None:
    """Avvia tutto: database, migrazioni, esempi, API, worker, testimone e sandbox. Ctrl-C ferma tutto."""
    from services.cli.up import esegui

    esegui(carica_settings())


@app.command()
def demo() -> None:
    """Esegue il lavoro principale via HTTP, passo per passo, su un database d'esempio ricreato ogni volta."""
    from services.cli.demo.regia import esegui

    raise typer.Exit(0 if esegui(carica_settings()) else 1)


@app.command(name="demo-audit")
def demo_audit() -> None:
    """Sigilla richieste vere, poi prova ogni manomissione da proprietario delle tabelle e la ritrova."""
    from services.cli.demo_audit.regia import esegui

    raise typer.Exit(0 if esegui(carica_settings()) else 1)


@app.command(name="bootstrap")
def comando_bootstrap() -> None:
    """Prepara il server PostgreSQL: ruoli, database, diritti. Si può ripetere."""
    from services.cli.ambiente import prepara_server, server

    settings = carica_settings()
    with server(settings):
        esito = prepara_server(settings)
    creati = ", ".join(esito.ruoli_creati) or "nessuno"
    console.print(f"Ruoli creati: {creati}. Database: {'creato' if esito.database_creato else 'già presente'}.", soft_wrap=True)


@app.command(name="migrate")
def comando_migrate() -> None:
    """Porta lo schema del database all'ultima migrazione. Si può ripetere."""
    from services.cli.ambiente import migra, prepara_server, server

    settings = carica_settings()
    with server(settings):
        if settings.incorporato:
            prepara_server(settings)
        console.print(f"Schema alla migrazione {migra(settings)}.")


@app.command(name="load")
def comando_load(percorso: Annotated[Path, typer.Argument(metavar="PATH", help="Cartella che descrive un ambito.")]) -> None:
    """Carica un ambito dai suoi file (territorio, enti, operatori, piano, dati d'esempio). Si può ripetere."""
    from services.cli.ambiente import carica_ambito, server

    if not (percorso / "ambito.yaml").is_file():
        raise ErroreComando(f"{percorso} non descrive un ambito: manca ambito.yaml.")
    settings = carica_settings()
    colonne = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with server(settings), Progress(*colonne, console=errori, transient=True) as barra:
        lavoro = barra.add_task("territorio", total=None)
        riepilogo = carica_ambito(
            settings,
            percorso,
            lambda nome, fatti, totale: barra.update(lavoro, description=nome, completed=fatti, total=totale),
        )
    for tabella, quante in riepilogo.aggiunte.items():
        if quante:
            console.print(f"  {tabella}: {quante}")
    console.print(f"Righe aggiunte: {riepilogo.totale}.")


@app.command(name="token")
def comando_token(
    operatore: Annotated[str, typer.Argument(metavar="OPERATORE", help="Soggetto dell'operatore, per esempio as-crema.")],
) -> None:
    """Stampa un token di sviluppo per un operatore registrato; vale un'ora."""
    from services.cli.ambiente import server
    from services.cli.token import emittente, verifica_operatore

    settings = carica_settings()
    emette = emittente(settings)
    with server(settings):
        asyncio.run(verifica_operatore(settings, operatore))
    console.print(emette.token(operatore), soft_wrap=True)


@gruppo_openapi.command()
def export(
    *,
    verifica: Annotated[bool, typer.Option("--verifica", help="Non scrivere: fallire se il file è diverso dal codice.")] = False,
) -> None:
    """Scrive openapi/openapi.yaml dal codice."""
    from services.api.main import create_app
    from services.api.openapi import esporta

    testo = esporta(create_app(carica_settings()))
    if not verifica:
        OPENAPI.parent.mkdir(exist_ok=True)
        OPENAPI.write_text(testo, encoding="utf-8")
        console.print(f"Scritto {OPENAPI.relative_to(RADICE_PROGETTO)}.")
    elif not OPENAPI.is_file() or OPENAPI.read_text("utf-8") != testo:
        raise ErroreComando("openapi/openapi.yaml non corrisponde al codice: eseguire «make openapi» e rivedere la differenza.")


@gruppo_authz.command()
def matrix(
    *,
    in_json: Annotated[bool, typer.Option("--json", help="Stampa ogni cella in JSON, con «cells» e «failures».")] = False,
) -> None:
    """Esegue la matrice su un database proprio, poi eliminato: ogni operazione, ruolo e relazione. Esce 1 se una fallisce."""
    from services.cli.authz.comando import matrice

    raise typer.Exit(0 if matrice(carica_settings(), in_json=in_json) else 1)


if __name__ == "__main__":
    app()
