"""`ambito audit`: the verification of the audit trail, and the erasure of what need be kept no more."""

import asyncio
import json
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.cli.terminale import ERRORI_ATTESI, ErroreComando, console, errori
from services.core.platform.settings import Settings, carica_settings

if TYPE_CHECKING:
    from services.core.sigillo.rapporto import Rapporto
    from services.core.sigillo.verifica import Fiduciari

gruppo = typer.Typer(help="L'audit sigillato: verificarlo, obliare ciò che non va più conservato.", no_args_is_help=True)

MANOMESSO = 1
NON_VERIFICATO = 2

Chiavi = Annotated[list[Path] | None, typer.Option("--chiave", help="Chiave pubblica del sigillatore (PEM); si può ripetere.")]
ChiaviTestimone = Annotated[
    list[Path] | None, typer.Option("--chiave-testimone", help="Chiave pubblica del testimone (PEM); si può ripetere.")
]
FileDelTestimone = Annotated[
    Path | None, typer.Option("--testimone", metavar="FILE", help="Il file della catena, avuto da chi tiene il testimone.")
]


class _Revisore(BaseSettings):
    """What an auditor needs of the environment: nothing else of the installation's settings."""

    model_config = SettingsConfigDict(env_prefix="AMBITO_", extra="ignore", env_ignore_empty=True)

    database_revisore_url: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class _Fonti:
    dsn: str
    chiavi: list[Path]
    chiavi_testimone: list[Path]


@gruppo.command()
def verify(
    *,
    testimone: FileDelTestimone = None,
    chiave: Chiavi = None,
    chiave_testimone: ChiaviTestimone = None,
    finestra: Annotated[float, typer.Option(min=1, help="Dopo quanti secondi una riga senza numero è un rilievo.")] = 60.0,
    come_json: Annotated[bool, typer.Option("--json", help="Stampa il rapporto in JSON.")] = False,
) -> None:
    """Verifica tutto l'audit sigillato. Esce con 0 se integro, 1 se c'è un rilievo, 2 se non ha potuto verificare."""
    from services.core.sigillo.revisione import NonVerificabile

    try:
        with ExitStack() as pila:
            fonti = _fonti(pila, chiave or [], chiave_testimone or [])
            rapporto = _verifica(fonti, _fiduciari(fonti, testimone), timedelta(seconds=finestra), mostra=not come_json)
    except (*ERRORI_ATTESI, NonVerificabile) as errore:
        errori.print("Non verificato:", style="bold red", end=" ")
        errori.print(str(errore), markup=False, soft_wrap=True)
        raise typer.Exit(NON_VERIFICATO) from None
    if testimone is None:
        rapporto.note.append(
            "Senza il file del testimone (--testimone) non si vedono né una coda tagliata né una catena riscritta con la chiave."
        )
    if come_json:
        typer.echo(json.dumps(rapporto.come_json(), ensure_ascii=False, indent=1))
    else:
        _stampa(rapporto)
    raise typer.Exit(0 if rapporto.integro else MANOMESSO)


def _fonti(pila: ExitStack, chiavi: list[Path], chiavi_testimone: list[Path]) -> _Fonti:
    """Where to read and whom to trust: what is given, and for the rest the settings of an installation."""
    dato = _Revisore().database_revisore_url
    if dato is not None and chiavi:
        return _Fonti(dato.get_secret_value(), chiavi, chiavi_testimone)
    from services.cli.ambiente import server
    from services.core.sigillo.chiavi import crea_chiavi

    settings = carica_settings()
    if settings.produzione and not chiavi:
        raise ErroreComando("In produzione la chiave pubblica del sigillatore si indica con --chiave.")
    if not settings.produzione:
        crea_chiavi(settings)
    pila.enter_context(server(settings))
    note = [settings.testimone_chiave] if settings.testimone_chiave is not None else []
    proprie = [settings.sigillo_chiave.with_suffix(".pub")] if settings.sigillo_chiave is not None else []
    return _Fonti(settings.database_revisore_url or settings.dsn_admin_diretto, chiavi or proprie, chiavi_testimone or note)


def _fiduciari(fonti: _Fonti, file: Path | None) -> "Fiduciari":
    from services.core.platform.chiavi import ChiaveNonValida
    from services.core.sigillo.firme import Fiducia, leggi_pubblica
    from services.core.sigillo.testimonianza import FileTestimone
    from services.core.sigillo.verifica import Fiduciari

    if file is not None and not fonti.chiavi_testimone:
        raise ErroreComando("Per confrontare il file del testimone serve la sua chiave pubblica (--chiave-testimone).")
    if file is not None and not file.is_file():
        raise ErroreComando(f"Il file del testimone {file} non c'è.")
    try:
        sigillo = Fiducia(leggi_pubblica(p) for p in fonti.chiavi)
        testimone = Fiducia(leggi_pubblica(p) for p in fonti.chiavi_testimone) if fonti.chiavi_testimone else None
    except (OSError, ChiaveNonValida) as errore:
        raise ErroreComando(f"Una chiave pubblica non è utilizzabile: {errore}") from None
    return Fiduciari(sigillo, testimone, FileTestimone(file) if file is not None else None)


def _verifica(fonti: _Fonti, fiduciari: "Fiduciari", finestra: timedelta, *, mostra: bool) -> "Rapporto":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from services.core.sigillo.revisione import verifica

    colonne = (TextColumn("righe"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*colonne, console=errori, transient=True, disable=not mostra) as barra:
        lavoro = barra.add_task("righe", total=None)

        def avanza(fatte: int, tutte: int) -> None:
            barra.update(lavoro, completed=fatte, total=tutte)

        return asyncio.run(verifica(fonti.dsn, fiduciari, finestra=finestra, avanza=avanza))


def _stampa(r: "Rapporto") -> None:
    esito = "[green]✓ Integro[/]" if r.integro else "[red]✗ Non integro[/]"
    console.print(f"{esito}: {r.righe} righe in {r.lotti} lotti", end="")
    console.print(f", {r.obliate} obliate con {r.atti_di_oblio} atti" if r.atti_di_oblio else "", end="")
    testimoniato = f"testimoniato fino al lotto {r.testimoniato_fino_a}" if r.testimoniato_fino_a else "non testimoniato"
    console.print(f"; {testimoniato}. Catena {r.archivio or 'non iniziata'}.", markup=False, soft_wrap=True)
    for rilievo in r.rilievi:
        console.print(f"  - {rilievo.testo()}", markup=False, soft_wrap=True)
    if sum(r.conteggi.values()) > sum(x.a - x.da + 1 for x in r.rilievi):
        console.print(f"  … in tutto {sum(r.conteggi.values())}.", markup=False)
    if r.ultima_testa:
        console.print(f"Ultima testa: lotto {r.lotti}, impronta {r.ultima_testa}", markup=False, soft_wrap=True)
    if r.da_testimoniare:
        console.print(f"Lotti che il testimone non ha ancora: {r.da_testimoniare}.", markup=False)
    for nota in r.note:
        console.print(f"Nota: {nota}", markup=False, soft_wrap=True)


@gruppo.command()
def oblia(
    *,
    prima_del: Annotated[
        datetime, typer.Option("--prima-del", formats=["%Y-%m-%d"], help="Le righe scritte prima di quel giorno.")
    ],
    motivo: Annotated[str, typer.Option(help="Il motivo e l'atto che lo dispone; senza nomi: resta per sempre.")],
    da_numero: Annotated[int, typer.Option(min=1, help="Solo dal numero.")] = 1,
    a_numero: Annotated[int | None, typer.Option(min=1, help="Solo fino al numero.")] = None,
    confermato: Annotated[bool, typer.Option("--si", help="Non chiedere conferma.")] = False,
) -> None:
    """Toglie per sempre dall'audit chi ha agito e su quali documenti, lasciando un atto firmato nella catena."""
    from services.cli.ambiente import server

    settings = carica_settings()
    if not confermato:
        typer.confirm("Ciò che si oblia non si recupera. Procedere?", abort=True)
    with server(settings):
        righe, atti = asyncio.run(_oblia(settings, prima_del.replace(tzinfo=UTC), motivo, da_numero, a_numero))
    console.print(f"Righe obliate: {righe}, con {atti} atti firmati.")


async def _oblia(settings: Settings, prima_di: datetime, motivo: str, da: int, a: int | None) -> tuple[int, int]:
    import asyncpg

    from services.core.platform.clock import adesso
    from services.core.platform.errori import DatiNonValidi
    from services.core.sigillo.chiavi import firmatario
    from services.core.sigillo.oblio import ILLIMITATO, Quali, oblia

    firma, righe, atti = firmatario(settings), 0, 0
    try:
        connessione = await asyncpg.connect(settings.dsn_admin_diretto)
    except (OSError, asyncpg.PostgresError) as errore:
        raise ErroreComando("Il database non risponde, o rifiuta le credenziali dell'amministratore.") from errore
    try:
        while atto := await oblia(connessione, firma, Quali(prima_di, da, a or ILLIMITATO), motivo=motivo, ora=adesso()):
            righe += sum(ultimo - primo + 1 for primo, ultimo in atto.numeri)
            atti += 1
            errori.print(f"Obliate {righe} righe…", end="\r")
    except DatiNonValidi as errore:
        raise ErroreComando(errore.dettaglio) from None
    finally:
        await connessione.close()
    return righe, atti
