"""The database and `access/politiche.py` agree, no table is uncovered, the few definer functions are the named ones."""

from typing import TypeAlias

import asyncpg
import pytest

from services.core.access import politiche
from services.core.access.ruoli import CLASSI_DEL_RUOLO, RUOLI_PER_ACCORDO, RUOLI_TERRITORIALI
from services.core.platform.db import Database, RuoloNonSicuro
from services.core.platform.settings import Settings
from services.core.tabelle import nomi_tabelle

Connessione: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

FUNZIONI_DEFINER = {
    "puo_sostituire",
    "governa_incarico",
    "cessa_incarico",
    "app_entra",
    "app_entra_waas",
    "apri_emergenza",
    "applica_graduatoria",
    "candidature_graduatoria",
    "cartella_della_persona",
    "cartelle_limitate",
    "cerca_codice_fiscale",
    "cessa_emergenze",
    "chiudi_emergenza",
    "classi_condivise",
    "competenze_dell_incarico",
    "concede_fino_a",
    "conta_domande_presentate",
    "elimina_risposte_scadute",
    "esclusa_nel_territorio",
    "misura_code",
    "misura_lettori",
    "misura_sigillo",
    "misura_sveglie",
    "operatore_del_token",
    "persone_celate",
    "registra_diniego",
    "ricorda_accesso",
    "termina_accessi",
}
"""Reviewed one by one; a new one is added here together with its attack test."""

_POLITICHE = """SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check
                FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2, 4, 5"""


async def _lette(connessione: Connessione) -> list[tuple[object, ...]]:
    return [tuple(r) for r in await connessione.fetch(_POLITICHE)]


@pytest.mark.server
async def test_il_database_ha_le_politiche_di_politiche_py(admin: Connessione) -> None:
    prima = await _lette(admin)
    transazione = admin.transaction()
    await transazione.start()
    for tabella, nome, *_ in prima:
        await admin.execute(f'DROP POLICY "{nome}" ON "{tabella}"')
    for politica in politiche.politiche(nomi_tabelle()):
        await admin.execute(politica.sql())
    dopo = await _lette(admin)
    await transazione.rollback()
    assert prima == dopo


async def test_ogni_tabella_ha_la_sicurezza_di_riga_attiva_e_forzata(admin: Connessione) -> None:
    scoperte = await admin.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
        " AND relname <> 'alembic_version' AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert [r["relname"] for r in scoperte] == []


async def test_le_funzioni_con_i_diritti_del_proprietario_sono_quelle_nominate(admin: Connessione) -> None:
    righe = await admin.fetch(
        "SELECT proname, pg_get_userbyid(proowner) AS proprietario, proconfig::text AS ambiente FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {r["proname"] for r in righe} == FUNZIONI_DEFINER
    assert {r["proprietario"] for r in righe} == {"ambito_definer"}
    assert all("search_path=public, pg_temp" in r["ambiente"] for r in righe)
    pubbliche = await admin.fetch(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        " AND has_function_privilege('public', oid, 'EXECUTE')"
    )
    assert pubbliche == []


async def test_le_regole_dei_ruoli_nel_database_sono_quelle_di_ruoli_py(admin: Connessione) -> None:
    lette = await admin.fetch("SELECT ruolo, classi, territoriale, per_accordo FROM regola_ruolo")
    righe = {r["ruolo"]: (r["classi"], r["territoriale"], r["per_accordo"]) for r in lette}
    assert righe == {r.value: (int(c), r in RUOLI_TERRITORIALI, r in RUOLI_PER_ACCORDO) for r, c in CLASSI_DEL_RUOLO.items()}
    assert RUOLI_TERRITORIALI.isdisjoint(RUOLI_PER_ACCORDO), "who sees by agreement sees by team alone"


async def test_il_ruolo_dell_api_non_scrive_dove_non_deve(admin: Connessione) -> None:
    for privilegio, tabella in (
        ("UPDATE", "audit"),
        ("DELETE", "audit"),
        ("UPDATE", "evento"),
        ("SELECT", "evento"),
        ("SELECT", "cursore"),
    ):
        assert not await admin.fetchval("SELECT has_table_privilege('ambito_app', $1, $2)", tabella, privilegio), (
            privilegio,
            tabella,
        )


async def test_senza_ingresso_non_si_vede_nulla(settings: Settings) -> None:
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        for tabella in (
            "cartella",
            "persona",
            "componente",
            "comune",
            "ente",
            "incarico",
            "accesso",
            "audit",
            "domanda",
            "contributo",
        ):
            assert await connessione.fetchval(f"SELECT count(*) FROM {tabella}") == 0, tabella
    finally:
        await connessione.close()


async def test_chi_scavalca_le_politiche_non_si_avvia(settings: Settings) -> None:
    database = Database(settings.dsn_admin, massimo=2)
    with pytest.raises(RuoloNonSicuro):
        await database.apri()
    await database.chiudi()


async def test_una_tabella_scoperta_ferma_l_avvio(settings: Settings, admin: Connessione) -> None:
    await admin.execute("ALTER TABLE persona NO FORCE ROW LEVEL SECURITY")
    database = Database(settings.dsn_app, massimo=2)
    with pytest.raises(RuoloNonSicuro):
        await database.apri()
    await database.chiudi()
