"""Where INPS's published contract lies on this machine.

The XSD, the OpenAPI document and the table of codes are INPS's: they are read beside the repository, or where AMBITO_SIUSS_DIR
says, and never copied into it. Continuous integration must have them (`CI=true`, or AMBITO_TEST_RIFERIMENTI_OBBLIGATORI as
`.ci/run` sets it): there their absence is an error.
"""

import os
from functools import cache
from pathlib import Path

import pytest

_ACCANTO = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "siuss"
_ATTESI = ("PS_PSA_SINA201812.xsd", "SINBA.xsd", "api-comuni.yaml", "codici_prestazione.csv")


@cache
def _mancanti(cartella: Path) -> tuple[str, ...]:
    return tuple(nome for nome in _ATTESI if not (cartella / nome).is_file())


def cartella_siuss() -> Path:
    """Return the directory of INPS's files, or skip the test; under CI, fail."""
    cartella = Path(os.environ.get("AMBITO_SIUSS_DIR") or _ACCANTO)
    if not (mancanti := _mancanti(cartella)):
        return cartella
    motivo = f"mancano i documenti INPS ({', '.join(mancanti)}): indicare la cartella con AMBITO_SIUSS_DIR"
    if os.environ.get("CI", "").lower() == "true" or os.environ.get("AMBITO_TEST_RIFERIMENTI_OBBLIGATORI"):
        pytest.fail(motivo, pytrace=False)
    pytest.skip(motivo)
