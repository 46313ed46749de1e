"""Loading the agreements: as written, again is nothing, and only an end may come nearer."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import yaml

from services.core.access.ruoli import Classe
from services.core.platform.settings import Settings
from services.core.territorio.carico import carica, identificativo
from services.core.territorio.esempi import leggi
from tests.ambiente import AMBITI, ESEMPI

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
ACCORDO = identificativo("cremasco", "accordo", "asst-valutazione-integrata")
ASST = identificativo("cremasco", "ente", "asst-crema")


async def _tutto(admin: Admin) -> list[str]:
    return [str(r) for t in ("accordo", "condivisione") for r in await admin.fetch(f"SELECT * FROM {t} ORDER BY id")]


def _copia(tmp_path: Path, nome: str, **cambi: Any) -> Path:
    """The folder of the Cremasco with its first agreement changed; `al_condivisione` ends what it shares."""
    cartella = tmp_path / nome
    shutil.copytree(ESEMPI / "cremasco", cartella)
    percorso = cartella / "accordi.yaml"
    dati = yaml.safe_load(percorso.read_text("utf-8"))
    primo = dati["accordi"][0]
    if "al_condivisione" in cambi:
        primo["condivisioni"][0]["al"] = cambi.pop("al_condivisione")
    primo.update(cambi)
    percorso.write_text(yaml.safe_dump(dati, allow_unicode=True), encoding="utf-8")
    return cartella


async def test_gli_accordi_sono_caricati_come_scritti(settings: Settings, admin: Admin) -> None:
    for nome in AMBITI:
        e = leggi(ESEMPI / nome)
        for tabella, attese in (
            ("accordo", len(e.accordi.accordi)),
            ("condivisione", sum(len(c.finalita) for a in e.accordi.accordi for c in a.condivisioni)),
        ):
            assert await admin.fetchval(f"SELECT count(*) FROM {tabella} WHERE ambito_id = $1", e.ambito.id) == attese
    righe = await admin.fetch("SELECT classi, finalita, dal, al FROM condivisione WHERE ente_id = $1 ORDER BY finalita", ASST)
    classi = int(Classe.IDENTITA | Classe.BISOGNO | Classe.SANITARIA)
    assert [tuple(r) for r in righe] == [
        (classi, finalita, date(2021, 12, 22), None) for finalita in ("presa_in_carico", "valutazione")
    ]
    prima = await _tutto(admin)
    for nome in AMBITI:
        assert (await carica(settings, ESEMPI / nome)).totale == 0
    assert await _tutto(admin) == prima


async def test_una_fine_si_anticipa_e_non_si_sposta_in_avanti(settings: Settings, admin: Admin, tmp_path: Path) -> None:
    async def fini() -> tuple[date | None, set[date | None]]:
        accordo = await admin.fetchval("SELECT al FROM accordo WHERE id = $1", ACCORDO)
        condivisioni = await admin.fetch("SELECT al FROM condivisione WHERE accordo_id = $1", ACCORDO)
        return accordo, {r["al"] for r in condivisioni}

    titolo = await admin.fetchval("SELECT titolo FROM accordo WHERE id = $1", ACCORDO)
    assert await fini() == (None, {None})
    giugno, maggio = date(2025, 6, 30), date(2025, 5, 31)
    await carica(settings, _copia(tmp_path, "giugno", al=giugno, titolo="Altro titolo", al_condivisione=giugno))
    assert await fini() == (giugno, {giugno})
    await carica(settings, _copia(tmp_path, "maggio", al_condivisione=maggio))
    assert await fini() == (giugno, {maggio})
    await carica(settings, _copia(tmp_path, "luglio", al=date(2025, 7, 31), al_condivisione=date(2025, 7, 31)))
    await carica(settings, ESEMPI / "cremasco")
    assert await fini() == (giugno, {maggio}), "an end written is not taken back by a file"
    assert await admin.fetchval("SELECT titolo FROM accordo WHERE id = $1", ACCORDO) == titolo
