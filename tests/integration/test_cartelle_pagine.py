"""The list of the cartelle: pages that lose and repeat nothing, cursors good for one list only, one statement and its plan."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from services.core.access.ingresso import Richiesta, istruzione
from services.core.access.operazioni import OPERAZIONI
from services.core.cartelle import repository
from services.core.platform import cursori
from services.core.platform.clock import adesso, adesso_ms
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import GIORNO, Server
from tests.bench.popola import AMBITO, OPERATORE_AZIENDA, OPERATORE_COMUNE, popola
from tests.casa import Casa, ammetti, apri_casa, clone, persona, problema, semina

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def attese(casa: Casa, soggetto: str) -> list[str]:
    """What the operator must see, in order: said by hand here, not taken from the scope rule."""
    territorio = {
        "as-offanengo": """SELECT k.id FROM competenza k JOIN comune x ON x.id = k.comune_id
                           WHERE x.denominazione = 'Offanengo'""",
        "coord-csc": """SELECT d.competenza_id FROM delega d JOIN ente e ON e.id = d.ente_gestore_id
                        WHERE e.codice = 'csc' AND d.al IS NULL""",
    }[soggetto]
    righe = await casa.admin.fetch(
        f"""SELECT c.id FROM cartella c WHERE (NOT c.riservata AND c.competenza_id IN ({territorio}))
              OR c.id IN (SELECT a.cartella_id FROM accesso a JOIN operatore o ON o.id = a.operatore_id WHERE o.soggetto = $1)
            ORDER BY c.creata_il DESC, c.id DESC""",
        soggetto,
    )
    return [str(r["id"]) for r in righe]


async def cammina(casa: Casa, chi: str, limite: int, intanto: Any = None) -> list[list[str]]:
    """Every page, from the first; `intanto` happens between two of them."""
    pagine: list[list[str]] = []
    cursore = ""
    while True:
        risposta = await casa.get(chi, f"/cartelle?limite={limite}{cursore}")
        assert risposta.status_code == 200, risposta.text
        corpo = risposta.json()
        pagine.append([e["id"] for e in corpo["elementi"]])
        assert len(pagine) < 500
        if corpo["successivo"] is None:
            return pagine
        cursore = f"&cursore={corpo['successivo']}"
        if intanto is not None:
            await intanto()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def molte(casa: Casa) -> list[UUID]:
    """130 cartelle of Offanengo, seven at a time at the same instant, and eight elsewhere that two operators see by team."""
    base = datetime.fromisoformat("2024-03-01T08:00:00+00:00")
    seminate = await semina(casa.admin, [base + timedelta(microseconds=i // 7) for i in range(130)])
    altrove = await semina(
        casa.admin, [base + timedelta(microseconds=i * 3) for i in range(8)], "Crema", "segretariato", riservata=True
    )
    for cartella in altrove:
        await ammetti(casa, "as-offanengo", cartella)
        await ammetti(casa, "coord-csc", cartella)
    return seminate


@pytest.mark.parametrize("chi", ["as-offanengo", "coord-csc"])
@pytest.mark.parametrize("limite", [7, 10, 50, 100])
async def test_le_pagine_non_perdono_e_non_ripetono(casa: Casa, molte: list[UUID], chi: str, limite: int) -> None:
    """as-offanengo has six competenze (one branch each), coord-csc hundreds (one scan): the two shapes of the list."""
    aspettate = await attese(casa, chi)
    assert len(aspettate) >= 138
    pagine = await cammina(casa, chi, limite)
    assert [id_ for pagina in pagine for id_ in pagina] == aspettate
    assert all(len(pagina) == limite for pagina in pagine[:-1])
    assert 1 <= len(pagine[-1]) <= limite, "no empty page at the end"


@pytest.mark.parametrize("chi", ["as-offanengo", "coord-csc"])
async def test_chi_entra_fra_due_pagine_non_sposta_le_altre(casa: Casa, molte: list[UUID], chi: str) -> None:
    aspettate = await attese(casa, chi)
    nuove: list[UUID] = []

    async def intanto() -> None:
        """New ones at the head, also at one same instant, and a change to one already shown and to one still to come."""
        ora = adesso()
        nuove.extend(await semina(casa.admin, [ora, ora, ora + timedelta(microseconds=1)]))
        await casa.admin.execute("UPDATE cartella SET versione = versione + 1 WHERE id = ANY($1)", [molte[0], molte[-1]])

    pagine = await cammina(casa, chi, 20, intanto)
    assert [id_ for pagina in pagine for id_ in pagina] == aspettate
    assert len(nuove) == 3 * (len(pagine) - 1)
    assert await cammina(casa, chi, 100) != pagine


async def test_l_elenco_vuoto_e_la_pagina_esatta(casa: Casa) -> None:
    assert (await casa.get("domiciliarita-ets", "/cartelle")).json() == {"elementi": [], "successivo": None}
    ids = await semina(casa.admin, [adesso(), adesso()], "Crema")
    for cartella in ids:
        await ammetti(casa, "domiciliarita-ets", cartella)
    esatta = (await casa.get("domiciliarita-ets", "/cartelle?limite=2")).json()
    assert [e["id"] for e in esatta["elementi"]] == [str(i) for i in reversed(ids)]
    assert esatta["successivo"] is None


# cursors


async def primo_cursore(casa: Casa, chi: str, **intestazioni: str) -> str:
    risposta = await casa.get(chi, "/cartelle?limite=1", **intestazioni)
    cursore: str = risposta.json()["successivo"]
    assert cursore
    return cursore


async def test_un_cursore_forgiato_o_di_altri_e_rifiutato(casa: Casa, molte: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    buono = await primo_cursore(casa, "as-offanengo")
    grezzo = base64.urlsafe_b64decode(buono + "=" * (-len(buono) % 4))
    forgiati = [
        base64.urlsafe_b64encode(bytes([*grezzo[:i], grezzo[i] ^ 1, *grezzo[i + 1 :]])).decode().rstrip("=")
        for i in range(len(grezzo))
    ]
    forgiati += [buono[:-4], buono + "AAAA", buono.swapcase(), "A", "", "....", base64.urlsafe_b64encode(os.urandom(80)).decode()]
    for forgiato in forgiati:
        corpo = problema(await casa.get("as-offanengo", f"/cartelle?limite=1&cursore={forgiato}"), 422, "dati-non-validi")
        assert corpo["campi"] == [
            {"campo": "query.cursore", "motivo": "cursore non valido o scaduto: ripartire dalla prima pagina"}
        ]
    problema(await casa.get("as-crema", f"/cartelle?cursore={buono}"), 422, "dati-non-validi")
    problema(await casa.get("as-lodi", f"/cartelle?cursore={buono}"), 422, "dati-non-validi")
    problema(await casa.get("as-offanengo", f"/cartelle/{molte[0]}/domande?cursore={buono}"), 422, "dati-non-validi")
    del_dpo = (await casa.get("dpo-crema", "/audit?limite=1")).json()["successivo"]
    problema(await casa.get("dpo-crema", f"/audit?cursore={buono}"), 422, "dati-non-validi")
    problema(await casa.get("as-offanengo", f"/cartelle?cursore={del_dpo}"), 422, "dati-non-validi")
    assert (await casa.get("as-offanengo", f"/cartelle?limite=3&cursore={buono}")).status_code == 200, (
        "another page size is the same list"
    )
    monkeypatch.setattr(cursori, "adesso_ms", lambda: adesso_ms() + (cursori.VALIDITA_S + 1) * 1000)
    problema(await casa.get("as-offanengo", f"/cartelle?limite=1&cursore={buono}"), 422, "dati-non-validi")


async def test_un_cursore_vale_per_l_incarico_sotto_cui_fu_dato(casa: Casa) -> None:
    righe = await casa.admin.fetch(
        "SELECT i.id, e.denominazione FROM incarico i JOIN ente e ON e.id = i.ente_id WHERE i.operatore_id = $1 ORDER BY 2",
        await casa.operatore("as-due-comuni"),
    )
    pandino, spino = (str(r["id"]) for r in righe)
    ora = adesso()
    await semina(casa.admin, [ora, ora], "Pandino")
    cursore = await primo_cursore(casa, "as-due-comuni", incarico=pandino)
    assert (await casa.get("as-due-comuni", f"/cartelle?cursore={cursore}", incarico=pandino)).status_code == 200
    problema(await casa.get("as-due-comuni", f"/cartelle?cursore={cursore}", incarico=spino), 422, "dati-non-validi")


class Istruzioni:
    """The statements that the application sends to the database while a request is served, through both its doors."""

    def __init__(self) -> None:
        self.testi: list[str] = []

    def di_sqlalchemy(self, _c: Any, _k: Any, testo: str, *_: Any) -> None:
        self.testi.append(testo)

    def di_asyncpg(self, riga: Any) -> None:
        self.testi.append(riga.query)

    async def di(self, chiamata: Any) -> list[str]:
        """The statements of one call that ends well."""
        self.testi.clear()
        risposta = await chiamata
        assert risposta.is_success, risposta.text
        return list(self.testi)


@asynccontextmanager
async def ascolta(casa: Casa) -> AsyncIterator[Istruzioni]:
    database = casa.app.state.ambito.database
    istruzioni = Istruzioni()
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", istruzioni.di_sqlalchemy)
    async with database._pool.acquire() as connessione:  # the pool gives the last one returned: the requests get this one
        connessione.add_query_logger(istruzioni.di_asyncpg)
    try:
        yield istruzioni
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", istruzioni.di_sqlalchemy)
        async with database._pool.acquire() as connessione:
            connessione.remove_query_logger(istruzioni.di_asyncpg)


async def test_l_elenco_e_la_singola_sono_una_istruzione(casa: Casa, molte: list[UUID]) -> None:
    async with ascolta(casa) as istruzioni:
        for limite in (1, 100):
            inizio, lettura, fine = await istruzioni.di(casa.get("as-offanengo", f"/cartelle?limite={limite}"))
            assert inizio.startswith("BEGIN; SET LOCAL synchronous_commit = off; SELECT app_entra(")
            assert (lettura, fine) == (repository.ELENCO, "COMMIT")
        creata = await casa.apri()
        for quanti in (1, 6):
            for n in range(quanti - 1):
                figlio = {"persona": persona(), "relazione": "figlio", "dal": "2025-09-15"}
                assert (
                    await casa.post("as-crema", f"/cartelle/{creata['id']}/componenti", figlio, if_match=f'"{n + 1}"')
                ).is_success
            _, lettura, fine = await istruzioni.di(casa.get("as-crema", f"/cartelle/{creata['id']}"))
            assert (lettura, fine) == (repository.SINGOLA, "COMMIT")


async def test_le_istruzioni_di_una_modifica_non_crescono_con_il_nucleo(casa: Casa) -> None:
    creata = await casa.apri()
    quante = []
    async with ascolta(casa) as istruzioni:
        for n in range(1, 8):
            figlio = {"persona": persona(), "relazione": "figlio", "dal": "2025-09-15"}
            chiamata = casa.post("as-crema", f"/cartelle/{creata['id']}/componenti", figlio, if_match=f'"{n}"')
            quante.append(len(await istruzioni.di(chiamata)))
    assert len(set(quante)) == 1, quante


@pytest.fixture(scope="module")
def grande(server: Server, modello: str) -> Iterator[Settings]:
    """50 000 more cartelle, in an ambito of 48 Comuni and six services, and 20 000 grants by team."""
    with clone(server, modello) as trovate:
        asyncio.run(popola(trovate.dsn_admin, 50_000))
        asyncio.run(_ammetti_molti(trovate.dsn_admin))
        yield trovate


async def _ammetti_molti(dsn: str) -> None:
    """Grants of two thousand other operators, and twenty of each of the two who read."""
    connessione = await asyncpg.connect(dsn)
    try:
        await connessione.execute(
            f"""INSERT INTO operatore (id, emittente, soggetto, cognome, nome)
                  SELECT gen_random_uuid(), 'banco', 'altro-' || i, 'Zzbanco', 'Altro' FROM generate_series(1, 2000) i;
                INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal)
                  SELECT gen_random_uuid(), {AMBITO}, c.id, o.id, i.ente_id, 'equipe', gen_random_uuid(), '2025-01-01'
                  FROM (SELECT id, row_number() OVER () % 2002 AS n FROM cartella WHERE ambito_id = {AMBITO} LIMIT 22000) c
                  JOIN (SELECT id, row_number() OVER () - 1 AS n FROM operatore WHERE emittente = 'banco') o ON o.n = c.n
                  CROSS JOIN (SELECT ente_id FROM incarico WHERE ambito_id = {AMBITO} ORDER BY id LIMIT 1) i;
                ANALYZE accesso;"""
        )
    finally:
        await connessione.close()


def nodi(piano: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield piano
    for figlio in piano.get("Plans", ()):
        yield from nodi(figlio)


def albero(testo: str) -> dict[str, Any]:
    piano: dict[str, Any] = json.loads(testo)[0]["Plan"]
    return piano


PER_RIGA = ("Filter", "Join Filter", "Index Cond", "Recheck Cond", "Hash Cond")
FUNZIONI_NOSTRE = ("app_", "current_setting", "vede_cartella", "concede_pippi")


def righe_lette(piano: dict[str, Any]) -> int:
    """Return how many rows the plan reads, after checking that it scans no big table and calls nothing of ours for each row."""
    lette = 0
    for nodo in nodi(piano):
        assert not (
            nodo["Node Type"] == "Seq Scan" and nodo["Relation Name"] in ("cartella", "persona", "componente", "accesso")
        ), nodo
        for campo in PER_RIGA:
            assert not any(f in nodo.get(campo, "") for f in FUNZIONI_NOSTRE), (campo, nodo[campo])
        if nodo.get("Relation Name") in ("cartella", "persona", "componente"):
            scartate = sum(nodo.get(k, 0) for k in ("Rows Removed by Filter", "Rows Removed by Index Recheck"))
            lette += int((nodo["Actual Rows"] + scartate) * nodo["Actual Loops"])
    return lette


@pytest.mark.parametrize("piano", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("operatore", [OPERATORE_COMUNE, OPERATORE_AZIENDA], ids=["comune", "azienda"])
async def test_le_letture_calde_non_scorrono_le_tabelle(grande: Settings, operatore: UUID, piano: str) -> None:
    """Under the application role, with its policies. A prepared statement comes to a generic plan: both are checked."""
    regola = OPERAZIONI["elencaCartelle"]
    connessione = await asyncpg.connect(grande.dsn_app)
    try:
        await connessione.execute(f"SET plan_cache_mode = {piano}")
        await connessione.execute("BEGIN")
        richiesta = Richiesta(operatore, None, "elencaCartelle", regola, regola.finalita, GIORNO, nuovo_id())
        await connessione.execute(istruzione(richiesta))
        meta = await connessione.fetchrow(
            "SELECT id, creata_il FROM cartella ORDER BY creata_il DESC, id DESC OFFSET 150 LIMIT 1"
        )
        await connessione.execute(f"PREPARE elenco (uuid, text, text, timestamptz, uuid, int) AS {repository.ELENCO}")
        await connessione.execute(f"PREPARE singola (uuid, text, text, uuid) AS {repository.SINGOLA}")
        assert meta is not None
        capo = f"'{nuovo_id()}', 'x', 'controllo'"
        for chiamata, minimo, massimo in (
            (f"elenco({capo}, '9999-01-01', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 50)", 50, 2_000),
            (f"elenco({capo}, '{meta['creata_il'].isoformat()}', '{meta['id']}', 50)", 50, 2_000),
            (f"singola({capo}, '{meta['id']}')", 2, 20),
            (f"singola({capo}, '{nuovo_id()}')", 0, 0),
        ):
            testo = await connessione.fetchval(f"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) EXECUTE {chiamata}")
            assert minimo <= righe_lette(albero(testo)) <= massimo, chiamata
        await connessione.execute("ROLLBACK")
    finally:
        await connessione.close()
