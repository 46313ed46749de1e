"""The catalogue in force: the registered rules and the parameter files shipped with the package, read once and checked whole."""

from functools import cache
from importlib import resources

from pydantic import ValidationError

from services.core.misure import graduatoria
from services.core.misure.parametro import Parametri, ParametriNonValidi, VersioneParametro, analizza
from services.core.misure.registro import REGISTRO, Registro
from services.core.misure.regole import fna_b2_2025

TABELLE = {**fna_b2_2025.TABELLE, **graduatoria.TABELLE}


@cache
def parametri() -> Parametri:
    """Load every parameter file.

    Raises:
        ParametriNonValidi: any file is wrong, or a table does not have the columns its rules read.
    """
    versioni: list[VersioneParametro] = []
    cartella = resources.files("services.core.misure") / "parametri"
    for file in sorted(cartella.iterdir(), key=lambda voce: voce.name):
        if file.name.endswith(".yaml"):
            versioni += analizza(file.read_text(encoding="utf-8"), file.name)
    controlla_tabelle(versioni)
    return Parametri(versioni)


def controlla_tabelle(versioni: list[VersioneParametro]) -> None:
    """Check the content of tables and lists against what the rules expect.

    Raises:
        ParametriNonValidi: a table does not validate, or a code is repeated inside it.
    """
    for versione in versioni:
        adattatore = TABELLE.get(versione.codice)
        if adattatore is None:
            continue
        try:
            adattatore.validate_python(versione.valore)
        except ValidationError as errore:
            raise ParametriNonValidi(f"{versione.codice} dal {versione.dal.isoformat()}: {errore}") from errore
        codici = [voce["codice"] for voce in versione.valore if isinstance(voce, dict) and "codice" in voce]
        if len(set(codici)) != len(codici):
            raise ParametriNonValidi(f"{versione.codice} dal {versione.dal.isoformat()}: codice ripetuto nella tabella")


def registro() -> Registro:
    """The registered rules."""
    return REGISTRO
