"""COMMIT fails: no 2xx leaves, nothing changed, nothing is remembered as done. COMMIT holds: it came before the answer."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.core.access.contesto import Contesto
from services.core.cartelle import repository, service
from services.core.persone import service as persone
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.casa import Admin, Casa, apri_casa, clone, persona, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUASTI = {
    "contesa": ("RAISE EXCEPTION 'no' USING ERRCODE = '40001'", 503, "sistema-occupato"),
    "vincolo differito": ("RAISE EXCEPTION 'no' USING ERRCODE = '23514'", 409, "conflitto"),
    "guasto nostro": ("RAISE EXCEPTION 'no'", 500, "errore-interno"),
    "disco pieno": ("RAISE EXCEPTION 'no' USING ERRCODE = '53100'", 503, "servizio-non-disponibile"),
    "connessione perduta": ("PERFORM pg_terminate_backend(pg_backend_pid())", 503, "servizio-non-disponibile"),
}
"""What happens at COMMIT, and what the client is told."""


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


@asynccontextmanager
async def guasto(admin: Admin, tabella: str, cosa: str = GUASTI["contesa"][0]) -> AsyncIterator[None]:
    """Let every COMMIT that added a row to `tabella` fail; the statements before it succeed."""
    await admin.execute(
        f"""CREATE FUNCTION guasta() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {cosa}; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER al_commit AFTER INSERT ON {tabella} DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION guasta()"""
    )
    try:
        yield
    finally:
        await admin.execute("DROP FUNCTION guasta() CASCADE")


def apertura() -> dict[str, Any]:
    return {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"}


@pytest.mark.parametrize("nome", GUASTI)
async def test_una_scrittura_che_non_si_conclude_non_da_un_2xx(casa: Casa, nome: str) -> None:
    cosa, stato, tipo = GUASTI[nome]
    corpo = apertura()
    prima = await casa.impronta("audit")
    async with guasto(casa.admin, "cartella", cosa):
        risposta = await casa.post("as-crema", "/cartelle", corpo)
    problema(risposta, stato, tipo)
    assert "location" not in risposta.headers
    assert "etag" not in risposta.headers
    assert await casa.impronta("audit") == prima
    tracce = [(r["esito"], r["motivo"]) for r in await casa.audit(risposta)]
    assert tracce == ([("negata", "conflitto")] if stato == 409 else []), "what was not done is not said to be done"
    assert (await casa.post("as-crema", "/cartelle", corpo)).status_code == 201, "the pool recovers, and the code is still free"


@pytest.mark.parametrize("nome", GUASTI)
async def test_una_lettura_calda_che_non_si_conclude_non_da_un_2xx(casa: Casa, nome: str) -> None:
    cosa, stato, tipo = GUASTI[nome]
    creata = await casa.apri()
    for percorso in (f"/cartelle/{creata['id']}", "/cartelle"):
        prima = await casa.impronta()
        async with guasto(casa.admin, "audit", cosa):
            risposta = await casa.get("as-crema", percorso)
        problema(risposta, stato, tipo)
        assert creata["persona_id"] not in risposta.text
        assert await casa.impronta() == prima
        assert (await casa.get("as-crema", percorso)).status_code == 200, "the pool recovers"


async def test_dopo_un_commit_fallito_nessuna_connessione_ricorda_chi_la_usava(casa: Casa) -> None:
    creata = await casa.apri()
    async with guasto(casa.admin, "audit"):
        for _ in range(3):
            problema(await casa.get("as-crema", f"/cartelle/{creata['id']}"), 503, "sistema-occupato")
            problema(await casa.post("as-crema", "/cartelle", apertura()), 503, "sistema-occupato")
    database = casa.app.state.ambito.database
    domanda = "SELECT coalesce(current_setting('app.operatore', true), '') || coalesce(current_setting('app.ambito', true), '')"
    async with database._pool.acquire() as connessione:
        assert not connessione.is_in_transaction()
        assert await connessione.fetchval(domanda) == ""
        assert await connessione.fetchval("SELECT count(*) FROM cartella") == 0
    async with database.engine.connect() as altra:
        assert (await altra.exec_driver_sql(domanda)).scalar_one() == ""


class Filo:
    """What happened, in order, each time with what another connection could see at that moment."""

    def __init__(self, casa: Casa, sguardo: str, *argomenti: Any) -> None:
        self.casa, self.sguardo, self.argomenti = casa, sguardo, argomenti
        self.visto: list[tuple[str, Any]] = []

    async def segna(self, che: str) -> None:
        self.visto.append((che, await self.casa.admin.fetchval(self.sguardo, *self.argomenti)))

    async def chiedi(self, metodo: str, percorso: str, testate: dict[str, str]) -> int:
        """Call the application below any client, so that the moment when the answer leaves is seen."""
        stati: list[int] = []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": metodo, "scheme": "http",
            "path": percorso, "raw_path": percorso.encode(), "query_string": b"", "root_path": "",
            "headers": [(n.lower().encode(), v.encode()) for n, v in testate.items()],
            "server": ("prova", 80), "client": ("127.0.0.1", 1), "state": {},
        }  # fmt: skip

        async def ricevi() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def manda(messaggio: Any) -> None:
            if messaggio["type"] == "http.response.start":
                stati.append(messaggio["status"])
                await self.segna("risposta")

        await self.casa.app(scope, ricevi, manda)
        [stato] = stati
        return stato


async def test_prima_il_lavoro_poi_il_commit_poi_la_risposta(casa: Casa, monkeypatch: pytest.MonkeyPatch) -> None:
    creata = await casa.apri()
    filo = Filo(casa, "SELECT stato FROM cartella WHERE id = $1", UUID(creata["id"]))
    vero = service.chiudi

    async def chiudi(ctx: Contesto, cartella_id: UUID, versione: int) -> Any:
        fatto = await vero(ctx, cartella_id, versione)
        await filo.segna("lavoro")
        return fatto

    monkeypatch.setattr(service, "chiudi", chiudi)
    stato = await filo.chiedi("POST", f"/cartelle/{creata['id']}/chiusura", casa.token("as-crema", if_match='"1"'))
    assert stato == 200
    assert filo.visto == [("lavoro", "aperta"), ("risposta", "chiusa")]


async def test_anche_l_audit_di_una_lettura_precede_la_risposta(casa: Casa, monkeypatch: pytest.MonkeyPatch) -> None:
    creata = await casa.apri()
    filo = Filo(
        casa, "SELECT count(*) FROM audit WHERE operazione = 'leggiCartella' AND oggetti @> ARRAY[$1::uuid]", creata["id"]
    )
    vero = repository.leggi

    async def leggi(*argomenti: Any) -> Any:
        letta = await vero(*argomenti)
        await filo.segna("lavoro")
        return letta

    monkeypatch.setattr(repository, "leggi", leggi)
    assert await filo.chiedi("GET", f"/cartelle/{creata['id']}", casa.token("as-crema")) == 200
    assert filo.visto == [("lavoro", 0), ("risposta", 1)]


async def test_la_risposta_idempotente_non_si_conserva_se_il_commit_fallisce(casa: Casa) -> None:
    corpo, chiave = apertura(), str(nuovo_id())
    conta = "SELECT count(*) FROM idempotenza WHERE chiave = $1"
    async with guasto(casa.admin, "cartella"):
        problema(await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave), 503, "sistema-occupato")
    assert await casa.admin.fetchval(conta, chiave) == 0
    creata = await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave)
    assert creata.status_code == 201
    ripetuta = await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave)
    assert (ripetuta.status_code, ripetuta.content) == (201, creata.content)
    assert await casa.admin.fetchval(conta, chiave) == 1
    assert (
        await casa.admin.fetchval("SELECT count(*) FROM cartella WHERE persona_id = $1", UUID(creata.json()["persona_id"])) == 1
    )


async def rifiutata(casa: Casa, come: str, cartella: str) -> httpx.Response:
    """A request that is refused: a hot read and a change of what the caller may not see, and a change her role may not make."""
    if come == "lettura calda":
        return await casa.get("as-offanengo", f"/cartelle/{cartella}")
    chi = "as-offanengo" if come == "scrittura" else "udp-crema"
    return await casa.post(chi, f"/cartelle/{cartella}/chiusura", if_match='"1"')


RIFIUTI = {"lettura calda": (404, "non-trovato"), "scrittura": (404, "non-trovato"), "ruolo": (403, "operazione-non-consentita")}


@pytest.mark.parametrize("come", RIFIUTI)
async def test_il_rifiuto_resta_scritto_dopo_l_annullamento(casa: Casa, come: str) -> None:
    creata = await casa.apri()
    prima = await casa.impronta("audit")
    risposta = await rifiutata(casa, come, creata["id"])
    problema(risposta, *RIFIUTI[come])
    [riga] = await casa.audit(risposta)
    assert (riga["esito"], riga["motivo"], riga["oggetti"]) == ("negata", RIFIUTI[come][1], [UUID(creata["id"])])
    assert await casa.impronta("audit") == prima


async def test_un_rifiuto_a_meta_del_lavoro_lascia_solo_il_rifiuto(casa: Casa, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person is written, then the cartella's competenza turns out to be another's: the refusal stays, the person does not."""
    corpo = {"persona": persona(), "servizio": "segretariato", "aperta_il": "2025-09-15"}
    prima = await casa.impronta("audit")
    scritte: list[UUID] = []
    vero = persone.crea

    async def crea(ctx: Contesto, dati: Any) -> Any:
        fatta = await vero(ctx, dati)
        scritte.append(fatta.id)
        return fatta

    monkeypatch.setattr(persone, "crea", crea)
    risposta = await casa.post("resp-disabilita-csc", "/cartelle", corpo)
    problema(risposta, 404, "non-trovato")
    assert len(scritte) == 1, "the person had been written when the cartella was refused"
    [riga] = await casa.audit(risposta)
    assert (riga["esito"], riga["operazione"]) == ("negata", "apriCartella")
    assert await casa.impronta("audit") == prima


@pytest.mark.parametrize("come", RIFIUTI)
async def test_un_rifiuto_che_non_si_puo_scrivere_non_esce(casa: Casa, come: str) -> None:
    creata = await casa.apri()
    prima = await casa.impronta()
    async with guasto(casa.admin, "audit"):
        risposta = await rifiutata(casa, come, creata["id"])
    problema(risposta, 503, "sistema-occupato")
    assert await casa.impronta() == prima


async def test_il_guasto_di_prova_non_disturba_le_istruzioni(casa: Casa) -> None:
    """The trigger of these tests fires at COMMIT and not before: else they would show nothing about COMMIT."""
    creata = await casa.apri()
    connessione = await asyncpg.connect(casa.settings.dsn_admin)
    try:
        async with guasto(casa.admin, "audit"):
            transazione = connessione.transaction()
            await transazione.start()
            await connessione.execute(
                "INSERT INTO audit (richiesta_id, operazione, esito, oggetti) VALUES ($1, 'x', 'negata', '{}')",
                UUID(creata["id"]),
            )
            with pytest.raises(asyncpg.SerializationError):
                await transazione.commit()
    finally:
        await connessione.close()
