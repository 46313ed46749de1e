"""The documents lead where they say, and the index of the decisions names every one."""

import re
from pathlib import Path

import pytest

from services.core.platform.settings import RADICE_PROGETTO as RADICE
from services.core.platform.settings import Settings

CARTELLE = ("docs", "deploy", "examples")
DOCUMENTI = sorted([*RADICE.glob("*.md"), *(p for c in CARTELLE for p in (RADICE / c).rglob("*.md"))])
CODICE = ("services", "tests", "migrations")
RIMANDO = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
ADR = re.compile(r"docs/adr/(\d{4})")


@pytest.mark.parametrize("documento", DOCUMENTI, ids=lambda p: str(p.relative_to(RADICE)))
def test_i_rimandi_portano_a_un_file(documento: Path) -> None:
    mancano = [r for r in RIMANDO.findall(documento.read_text(encoding="utf-8")) if not (documento.parent / r).exists()]
    assert mancano == []


def test_l_indice_delle_decisioni_e_completo() -> None:
    cartella = RADICE / "docs" / "adr"
    decisioni = {p.name for p in cartella.glob("[0-9]*.md")}
    assert {r for r in RIMANDO.findall((cartella / "README.md").read_text("utf-8")) if "/" not in r} == decisioni
    numeri = [d[:4] for d in decisioni]
    assert len(numeri) == len(set(numeri))


def test_il_codice_cita_decisioni_che_ci_sono() -> None:
    ci_sono = {p.name[:4] for p in (RADICE / "docs" / "adr").glob("[0-9]*.md")}
    testi = [p.read_text(encoding="utf-8") for c in CODICE for p in (RADICE / c).rglob("*.py")]
    assert {n for testo in testi for n in ADR.findall(testo)} - ci_sono == set()


def test_le_istruzioni_nominano_variabili_che_ci_sono() -> None:
    """A variable of the instructions is a setting, or one of those that only the tests and the example programs read."""
    ci_sono = {f"AMBITO_{nome.upper()}" for nome in Settings.model_fields}
    for documento in DOCUMENTI:
        nominate = set(re.findall(r"`(AMBITO_[A-Z_]*[A-Z])[`=]", documento.read_text(encoding="utf-8")))
        assert {n for n in nominate - ci_sono if not n.startswith("AMBITO_TEST_")} == set(), documento
