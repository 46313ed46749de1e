"""The reader of the plan: contributions follow the log, and reading it again from the beginning gives the same rows."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.piano import service
from services.core.piano.lettore import LettorePiano
from services.core.platform.db import crea_engine
from services.core.platform.eventi import Evento, aggiungi, sequenzia
from services.core.platform.ids import nuovo_id
from services.core.platform.pg import ruoli
from services.core.platform.settings import Settings
from services.core.progetti.events import ProgettoFirmato
from services.core.progetti.models import TipoProgetto
from services.core.territorio.carico import carica, identificativo
from services.worker.lettori import Corsa, esegui
from tests.ambiente import ESEMPI

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Sessioni: TypeAlias = async_sessionmaker[AsyncSession]

CREMASCO, LODI = 1, 2
ADA = identificativo("cremasco", "cartella", "zzqprova-ada")
A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
GIORNO = date(2025, 9, 15)


@pytest.fixture
async def sessioni(settings: Settings) -> AsyncIterator[Sessioni]:
    engine = crea_engine(settings.dsn_worker, massimo=2)
    yield async_sessionmaker(engine, class_=AsyncSession, autoflush=False)
    await engine.dispose()


@pytest.fixture
async def scrivi(settings: Settings) -> AsyncIterator[Sessioni]:
    engine = crea_engine(settings.dsn_admin, massimo=1)
    yield async_sessionmaker(engine, class_=AsyncSession, autoflush=False)
    await engine.dispose()


def firmato(progetto: UUID, enti: list[UUID], versione: int = 2, giorno: date = GIORNO, cartella: UUID = ADA) -> Evento:
    return ProgettoFirmato(
        aggregato_id=progetto,
        versione=versione,
        cartella_id=cartella,
        tipo_progetto=TipoProgetto.PROGETTO_INDIVIDUALIZZATO,
        equipe_id=nuovo_id(),
        enti_coinvolti=enti,
        equipe_integrata=True,
        valutazione_id=None,
        domanda_id=None,
        firmato_il=giorno,
    )


async def accade(scrivi: Sessioni, *eventi: Evento, ambito: int = CREMASCO) -> None:
    async with scrivi() as s, s.begin():
        for evento in eventi:
            await aggiungi(s, evento, ambito_id=ambito)


async def segui(sessioni: Sessioni) -> Corsa:
    async with sessioni() as s, s.begin():
        await s.execute(text("SET LOCAL ROLE ambito_sequenziatore"))
        await sequenzia(s)
    while (corsa := await esegui(sessioni, LettorePiano())) is Corsa.ANCORA:
        pass
    return corsa


async def contributi(admin: Admin, indicatore: str = "DOM-OC-1") -> list[dict[str, Any]]:
    query = "SELECT c.* FROM contributo c JOIN indicatore i ON i.id = c.indicatore_id WHERE i.codice = $1 ORDER BY c.posizione"
    return [dict(r) for r in await admin.fetch(query, indicatore)]


async def test_un_progetto_co_costruito_contribuisce(admin: Admin, scrivi: Sessioni, sessioni: Sessioni) -> None:
    uno, due, fuori = nuovo_id(), nuovo_id(), nuovo_id()
    await accade(scrivi, firmato(uno, [A, B]), firmato(due, [A]), firmato(fuori, [A, B], giorno=date(2024, 12, 31)))
    assert await segui(sessioni) is Corsa.FINITO
    [riga] = await contributi(admin)
    assert (riga["record_tipo"], riga["record_id"], riga["cartella_id"]) == ("progetto", uno, ADA)
    assert (riga["periodo"], riga["numeratore"], riga["denominatore"], riga["versione"]) == (date(2025, 9, 1), 1, None, 2)
    quota = await contributi(admin, "DOM-QT-1")
    assert [(r["record_id"], r["numeratore"], r["denominatore"]) for r in quota] == [(uno, 1, 1), (due, 0, 1)]


async def test_un_evento_successivo_sostituisce_il_contributo(admin: Admin, scrivi: Sessioni, sessioni: Sessioni) -> None:
    progetto = nuovo_id()
    await accade(scrivi, firmato(progetto, [A, B], 2))
    await segui(sessioni)
    [prima] = await contributi(admin)
    await accade(scrivi, firmato(progetto, [A, C], 5, date(2025, 10, 1)))
    await segui(sessioni)
    [dopo] = await contributi(admin)
    assert dopo["id"] == prima["id"]
    assert dopo["posizione"] > prima["posizione"]
    assert (dopo["periodo"], dopo["versione"]) == (date(2025, 10, 1), 5)
    await accade(scrivi, firmato(progetto, [A], 6))
    await segui(sessioni)
    assert await contributi(admin) == []


async def test_ogni_ambito_ha_i_suoi(admin: Admin, scrivi: Sessioni, sessioni: Sessioni) -> None:
    lodigiana = identificativo("lodi", "cartella", "zzqlodini-rina")
    await accade(scrivi, firmato(nuovo_id(), [A, B], cartella=lodigiana), ambito=LODI)
    await segui(sessioni)
    assert await contributi(admin) == []
    [riga] = await contributi(admin, "D1-OC-1")
    assert riga["ambito_id"] == LODI


async def test_rileggere_da_capo_da_le_stesse_righe(admin: Admin, scrivi: Sessioni, sessioni: Sessioni) -> None:
    progetti = [nuovo_id() for _ in range(12)]
    enti = [[A, B], [A], [A, B, C], [B]]
    for versione in range(2, 6):
        await accade(scrivi, *(firmato(p, enti[(n + versione) % 4], versione) for n, p in enumerate(progetti)))
    await segui(sessioni)
    prima = [await contributi(admin, codice) for codice in ("DOM-OC-1", "DOM-QT-1")]
    assert (len(prima[0]), len(prima[1])) == (6, 12)
    await admin.execute("UPDATE cursore SET posizione = 0 WHERE lettore = 'piano'")
    assert await esegui(sessioni, LettorePiano(), lotto=5) is Corsa.FINITO
    assert [await contributi(admin, codice) for codice in ("DOM-OC-1", "DOM-QT-1")] == prima
    async with sessioni() as s, s.begin():
        await s.execute(text(f"SET LOCAL ROLE {ruoli.lettore(LettorePiano.nome)}"))
        await service.ricomincia(s)
    assert await contributi(admin) == []
    await segui(sessioni)
    assert [await contributi(admin, codice) for codice in ("DOM-OC-1", "DOM-QT-1")] == prima


async def test_un_indicatore_nuovo_conta_anche_il_passato(
    settings: Settings, admin: Admin, scrivi: Sessioni, sessioni: Sessioni
) -> None:
    await accade(scrivi, firmato(nuovo_id(), [A, B]))
    await admin.execute("DELETE FROM indicatore WHERE codice = 'DOM-OC-1'")
    await segui(sessioni)
    assert (len(await contributi(admin)), len(await contributi(admin, "DOM-QT-1"))) == (0, 1)
    await carica(settings, ESEMPI / "cremasco")
    await segui(sessioni)
    assert (len(await contributi(admin)), len(await contributi(admin, "DOM-QT-1"))) == (1, 1)


async def test_una_formula_sconosciuta_ferma_il_lettore(admin: Admin, scrivi: Sessioni, sessioni: Sessioni) -> None:
    """It waits for a release that has it: nothing is skipped, nothing is counted less."""
    await accade(scrivi, firmato(nuovo_id(), [A, B]))
    await admin.execute("UPDATE indicatore SET formula = 'di_domani' WHERE codice = 'DOM-QT-1'")
    assert await segui(sessioni) is Corsa.ERRORE
    assert await contributi(admin) == []
    assert "FormulaSconosciuta" in str(await admin.fetchval("SELECT errore FROM cursore WHERE lettore = 'piano'"))
    await admin.execute("UPDATE indicatore SET formula = 'quota_progetti_co_costruiti' WHERE codice = 'DOM-QT-1'")
    await admin.execute("UPDATE cursore SET prossimo_tentativo = NULL WHERE lettore = 'piano'")
    assert await segui(sessioni) is Corsa.FINITO
    assert len(await contributi(admin)) == 1


async def test_il_ruolo_del_lettore_non_vede_le_cartelle(sessioni: Sessioni) -> None:
    for tabella in ("cartella", "persona", "progetto", "membro_equipe"):
        async with sessioni() as s:
            await s.execute(text(f"SET LOCAL ROLE {ruoli.lettore(LettorePiano.nome)}"))
            with pytest.raises(Exception, match="permission denied"):
                await s.execute(text(f"SELECT 1 FROM {tabella}"))
