"""`ambito testimone`: the witness of the audit trail. It needs no other setting of Ambito, and no database."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.cli.terminale import ErroreComando, console, errori

gruppo = typer.Typer(
    help="Il testimone dell'audit: un altro programma, un'altra chiave, meglio un altro ente.", no_args_is_help=True
)

NON_UTILIZZABILE = 2
"""Exit code of a witness whose keys or folder cannot be used: starting it again would change nothing."""

Cartella = Annotated[Path, typer.Option(help="Dove stanno i file del testimone, uno per catena.")]
Chiave = Annotated[Path, typer.Option(help="Chiave privata del testimone (PEM Ed25519).")]


@gruppo.command()
def avvia(
    *,
    cartella: Cartella,
    chiave: Chiave,
    ammessa: Annotated[list[Path], typer.Option(help="Chiave pubblica di un sigillatore (PEM); si può ripetere.")],
    host: Annotated[str, typer.Option(help="Indirizzo su cui ascolta.")] = "127.0.0.1",
    porta: Annotated[int, typer.Option(min=1, max=65535, help="Porta su cui ascolta.")] = 8702,
) -> None:
    """Riceve le teste dell'audit, controlla che proseguano quelle che conosce, le conserva e le controfirma."""
    from services.core.platform import registro
    from services.testimone.processo import NonParte, avvia

    registro.configura()
    try:
        uscita = avvia(cartella, chiave, ammessa, host, porta)
    except NonParte as errore:
        errori.print(f"Il testimone non può partire: {errore}", markup=False, soft_wrap=True)
        uscita = NON_UTILIZZABILE
    raise typer.Exit(uscita)


@gruppo.command()
def ripristina(
    *,
    cartella: Cartella,
    chiave: Chiave,
    archivio: Annotated[UUID, typer.Option(help="La catena.")],
    lotto: Annotated[int, typer.Option(min=1, help="L'ultimo lotto rimasto nella base dati ripristinata.")],
    motivo: Annotated[str, typer.Option(help="Perché si riparte da lì: resta nel file.")],
) -> None:
    """Dichiara, a testimone fermo, che la base dati è stata ripristinata da una copia e riparte da un lotto precedente."""
    from services.testimone.archivio import Rifiuto
    from services.testimone.processo import NonParte, ripristina

    try:
        ripristina(cartella, chiave, archivio, lotto, motivo)
    except (NonParte, Rifiuto) as errore:
        raise ErroreComando(str(errore)) from None
    console.print("Ripristino dichiarato.")
