"""The settings of a transaction never outlive it: one connection, a request that breaks in the middle, then somebody else's.

The pools have one connection each, so that whoever comes next gets the very one that was left.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.core.cartelle import repository, service
from services.core.misure import repository as misure
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.attack.mondo import ADA
from tests.casa import Casa, clone

pytestmark = pytest.mark.asyncio(loop_scope="module")

PORTE = {
    "lettura calda": ("GET", f"/cartelle/{ADA}"),
    "lettura ricca": ("GET", f"/cartelle/{ADA}/fatti"),
    "scrittura": ("POST", f"/cartelle/{ADA}/chiusura"),
}
"""One operation by each way to the database: asyncpg, SQLAlchemy to read, SQLAlchemy to change."""


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    """Pools of one connection."""
    with clone(server, modello) as trovate:
        yield trovate.model_copy(update={"pool_app_min": 1, "pool_app_max": 1})


class Stretta:
    """The application with one connection for each of its two doors."""

    def __init__(self, casa: Casa, impostazioni: tuple[str, ...], versione: int) -> None:
        self.casa = casa
        self.database = casa.app.state.ambito.database
        self._impostazioni, self._versione = impostazioni, versione

    async def chiedi(self, porta: str, chi: str = "as-crema") -> httpx.Response:
        metodo, percorso = PORTE[porta]
        testate = self.casa.token(chi, **({"if_match": f'"{self._versione}"'} if metodo == "POST" else {}))
        return await self.casa.client.request(metodo, percorso, headers=testate)

    async def pulita(self) -> None:
        """Both connections, as the next request finds them: no transaction, no setting of ours, no row to be seen."""
        valori = ", ".join(f"coalesce(current_setting('{nome}', true), '')" for nome in self._impostazioni)
        domanda = f"SELECT concat({valori}) || current_setting('row_security') || current_user || current_setting('search_path')"
        atteso = 'onambito_app"$user", public'
        async with self.database._pool.acquire() as connessione:
            assert not connessione.is_in_transaction()
            assert await connessione.fetchval(domanda) == atteso
            assert await connessione.fetchval("SELECT count(*) FROM cartella") == 0
        async with self.database.engine.connect() as altra:
            assert (await altra.exec_driver_sql(domanda)).scalar_one() == atteso
            assert (await altra.exec_driver_sql("SELECT count(*) FROM cartella")).scalar_one() == 0

    async def serve_altri(self) -> None:
        """Who comes next sees what is hers, and nothing of who came before; who came before finds it all again."""
        for porta in ("lettura calda", "lettura ricca"):
            assert (await self.chiedi(porta, "as-lodi")).status_code == 404
        altrui = await self.casa.get("as-lodi", "/cartelle?limite=100")
        assert altrui.status_code == 200
        assert str(ADA) not in altrui.text
        for porta in ("lettura calda", "lettura ricca"):
            assert (await self.chiedi(porta)).status_code == 200

    @asynccontextmanager
    async def ferma(self) -> AsyncIterator[None]:
        """Hold the table of the cartelle, so that a request stops in the middle, its scope already set."""
        connessione = await asyncpg.connect(self.casa.settings.dsn_admin)
        try:
            async with connessione.transaction():
                await connessione.execute("LOCK TABLE cartella IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await connessione.close()

    async def in_attesa(self) -> int:
        """The backend of the request that waits for the table."""
        async with asyncio.timeout(5):
            while True:
                pid = await self.casa.admin.fetchval(
                    """SELECT pid FROM pg_stat_activity
                       WHERE datname = current_database() AND usename = 'ambito_app' AND wait_event_type = 'Lock'"""
                )
                if pid is not None:
                    return int(pid)
                await asyncio.sleep(0.005)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stretta(casa: Casa) -> Stretta:
    nomi = await casa.admin.fetch(
        r"""SELECT DISTINCT m[1] AS nome FROM pg_proc p
            CROSS JOIN LATERAL regexp_matches(pg_get_functiondef(p.oid), '''(app\.\w+)''', 'g') m
            WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
              AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"""
    )
    impostazioni = tuple(sorted(riga["nome"] for riga in nomi))
    assert {"app.ambito", "app.operatore", "app.competenze", "app.ente_waas"} <= set(impostazioni)
    return Stretta(casa, impostazioni, await casa.admin.fetchval("SELECT versione FROM cartella WHERE id = $1", ADA))


async def test_nel_mezzo_della_richiesta_le_impostazioni_ci_sono(stretta: Stretta, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other tests look for after the request is there during it, on that connection."""
    visti = []
    vero = repository.leggi

    async def leggi(connessione: Any, *altro: Any) -> Any:
        visti.append(await connessione.fetchrow("SELECT current_setting('app.ambito') AS ambito, pg_backend_pid() AS pid"))
        return await vero(connessione, *altro)

    monkeypatch.setattr(repository, "leggi", leggi)
    assert (await stretta.chiedi("lettura calda")).status_code == 200
    assert (await stretta.chiedi("lettura calda", "as-lodi")).status_code == 404
    assert [riga["ambito"] for riga in visti] == ["1", "2"]
    assert visti[0]["pid"] == visti[1]["pid"], "the same connection"
    await stretta.pulita()


class Guasto(Exception):
    """A fault of ours, in the middle of a request."""


async def _rompe(*_: Any) -> Any:
    raise Guasto


async def _divide_per_zero(contesto: Any, *_: Any) -> Any:
    sessione = getattr(contesto, "sessione", None)
    if sessione is None:
        return await contesto.fetchval("SELECT 1 / (app_ambito() - app_ambito())")
    connessione = await sessione.connection()
    return await connessione.exec_driver_sql("SELECT 1 / (app_ambito() - app_ambito())")


@pytest.mark.parametrize("cosa", [_rompe, _divide_per_zero], ids=["eccezione", "errore SQL"])
@pytest.mark.parametrize("porta", PORTE)
async def test_dopo_un_errore(stretta: Stretta, monkeypatch: pytest.MonkeyPatch, porta: str, cosa: Any) -> None:
    prima = await stretta.casa.impronta("audit")
    with monkeypatch.context() as toppa:
        toppa.setattr(repository, "leggi", cosa)
        toppa.setattr(misure, "fatti", cosa)
        toppa.setattr(service, "chiudi", cosa)
        assert (await stretta.chiedi(porta)).status_code in (422, 500)
    await stretta.pulita()
    await stretta.serve_altri()
    assert await stretta.casa.impronta("audit") == prima


async def _annullata(stretta: Stretta, pid: int, _: asyncio.Task[httpx.Response]) -> None:
    assert await stretta.casa.admin.fetchval("SELECT pg_cancel_backend($1)", pid)


async def _terminata(stretta: Stretta, pid: int, _: asyncio.Task[httpx.Response]) -> None:
    assert await stretta.casa.admin.fetchval("SELECT pg_terminate_backend($1)", pid)


async def _cliente_andato(_: Stretta, __: int, compito: asyncio.Task[httpx.Response]) -> None:
    compito.cancel()


async def _cliente_andato_due_volte(_: Stretta, __: int, compito: asyncio.Task[httpx.Response]) -> None:
    """The second cancellation reaches the request while it gives its transaction up."""
    compito.cancel()
    await asyncio.sleep(0)
    compito.cancel()


Interruzione = Callable[[Stretta, int, "asyncio.Task[httpx.Response]"], Awaitable[None]]


@pytest.mark.parametrize("interrompi", [_annullata, _terminata, _cliente_andato, _cliente_andato_due_volte])
@pytest.mark.parametrize("porta", PORTE)
async def test_dopo_un_interruzione_a_meta(stretta: Stretta, porta: str, interrompi: Interruzione) -> None:
    """The statement cancelled, the connection lost, the client gone: 503 or nobody to answer, and nothing stays behind."""
    prima = await stretta.casa.impronta("audit")
    async with stretta.ferma():
        compito = asyncio.create_task(stretta.chiedi(porta))
        await interrompi(stretta, await stretta.in_attesa(), compito)
        with suppress(asyncio.CancelledError):
            risposta = await compito
            assert risposta.status_code == 503, risposta.text
            assert str(ADA) not in risposta.text
    await stretta.pulita()
    await stretta.serve_altri()
    assert await stretta.casa.impronta("audit") == prima


@pytest.mark.parametrize("porta", PORTE)
async def test_dopo_lo_scadere_del_tempo_di_un_istruzione(stretta: Stretta, porta: str) -> None:
    """`statement_timeout`, here of the session and short: in production it is that of the role (platform/pg/bootstrap.py)."""
    tempo = "SET statement_timeout = {}"
    async with stretta.database._pool.acquire() as connessione:
        assert await connessione.fetchval("SHOW statement_timeout") == "30s", "that of the role"
        await connessione.execute(tempo.format("150"))
    async with stretta.database.engine.begin() as altra:
        await altra.exec_driver_sql(tempo.format("150"))
    prima = await stretta.casa.impronta("audit")
    async with stretta.ferma():
        risposta = await stretta.chiedi(porta)
    assert risposta.status_code == 503, risposta.text
    async with stretta.database._pool.acquire() as connessione:
        assert await connessione.fetchval("SHOW statement_timeout") == "150ms", "the same connection as before"
        await connessione.execute(tempo.format("DEFAULT"))
    async with stretta.database.engine.begin() as altra:
        await altra.exec_driver_sql(tempo.format("DEFAULT"))
    await stretta.pulita()
    await stretta.serve_altri()
    assert await stretta.casa.impronta("audit") == prima


async def test_un_cliente_che_se_ne_va_mentre_manda_il_corpo(stretta: Stretta) -> None:
    """Below any client: half a body, then nobody. Nothing is answered, written or left on the connections."""
    casa, risposte = stretta.casa, []
    testate = casa.token("as-crema") | {"Content-Type": "application/json"}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/cartelle", "raw_path": b"/cartelle", "query_string": b"", "root_path": "",
        "headers": [(n.lower().encode(), v.encode()) for n, v in testate.items()],
        "server": ("prova", 80), "client": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    messaggi = iter(({"type": "http.request", "body": b'{"persona":', "more_body": True}, {"type": "http.disconnect"}))

    async def ricevi() -> dict[str, Any]:
        return next(messaggi)

    async def manda(messaggio: Any) -> None:
        risposte.append(messaggio)

    prima = await casa.impronta()
    await casa.app(scope, ricevi, manda)
    assert risposte == []
    assert await casa.impronta() == prima
    await stretta.pulita()
    await stretta.serve_altri()


async def test_chi_entra_dalla_porta_di_inps_non_eredita_l_operatore(stretta: Stretta) -> None:
    """That entry sets two settings only: on a connection just used by an operator, the others must not be hers."""
    casa = stretta.casa
    audience = await casa.admin.fetchval("SELECT audience FROM ente_waas WHERE ambito_id = 1 LIMIT 1")
    letterale = await casa.admin.fetchval("SELECT quote_literal($1)", audience)
    assert (await stretta.chiedi("lettura calda")).status_code == 200
    async with stretta.database.lettura(f"SELECT app_entra_waas({letterale})") as connessione:
        assert await connessione.fetchval("SELECT app_ambito()") == 1
        assert await connessione.fetchval("SELECT coalesce(app_operatore()::text, app_ruolo(), '') || app_classi()") == "0"
        assert await connessione.fetchval("SELECT count(*) FROM cartella") == 0


async def test_e_quando_nulla_si_rompe_la_modifica_si_fa(stretta: Stretta) -> None:
    """Last, because it closes the cartella: the change the other tests broke was one that would have been made."""
    assert (await stretta.chiedi("scrittura")).status_code == 200
    assert await stretta.casa.admin.fetchval("SELECT stato FROM cartella WHERE id = $1", ADA) == "chiusa"
    await stretta.pulita()
