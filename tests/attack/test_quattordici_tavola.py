"""The page of the attacks says what is true: each of the fourteen has its row, and every test it names exists."""

import re

from services.core.platform.settings import RADICE_PROGETTO

PAGINA = RADICE_PROGETTO / "docs" / "security" / "attacchi.md"
_NOME = re.compile(r"`(?:(?P<file>[\w/]+\.py))?(?:::(?P<prova>\w+))?`")


def _riga(testo: str) -> list[tuple[str, str | None]]:
    """Files and tests a row names; a test without a file is of the file named before it."""
    trovati, ultimo = [], ""
    for nome in _NOME.finditer(testo):
        ultimo = nome["file"] or ultimo
        if ultimo and (nome["file"] or nome["prova"]):
            trovati.append((ultimo if "/" in ultimo else f"tests/attack/{ultimo}", nome["prova"]))
    return trovati


def test_ogni_prova_nominata_esiste() -> None:
    nominate = [n for riga in PAGINA.read_text(encoding="utf-8").splitlines() for n in _riga(riga)]
    assert len([prova for _, prova in nominate if prova]) >= 40
    for file, prova in nominate:
        testo = (RADICE_PROGETTO / file).read_text(encoding="utf-8")
        assert prova is None or re.search(rf"def {prova}\(", testo), (file, prova)


def test_le_quattordici_ci_sono_tutte_e_ogni_prova_numerata_e_nella_pagina() -> None:
    testo = PAGINA.read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\| (\d+) \|", testo) == [str(n) for n in range(1, 15)]
    scritte = {
        prova
        for file in (RADICE_PROGETTO / "tests" / "attack").glob("test_quattordici_*.py")
        for prova in re.findall(r"def (test_\d+_\w+)\(", file.read_text(encoding="utf-8"))
    }
    assert len(scritte) >= 25
    assert [p for p in sorted(scritte) if p not in testo] == []
