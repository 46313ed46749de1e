"""The door of INPS: what a voucher opens, outcomes made to break the notification, and one ente against another."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

from services.core.platform.db import crea_engine
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.attack.mondo import come_app
from tests.casa import clone
from tests.conftest import Intestazioni
from tests.mondo_flussi import Lavoratore, Mondo, Varianti, assegna, crea_mondo

LODI = "https://ambito-lodi.esempio.it/waas/v1"

Testate = Callable[[str], Awaitable[dict[str, str]]]


@pytest.fixture
def settings(server: Server, modello: str) -> Iterator[Settings]:
    """A clone for each test: outcomes are written on the flows."""
    with clone(server, modello) as trovate:
        yield trovate


@pytest.fixture
async def mondo(admin: Any, settings: Settings) -> Mondo:
    """Four flows of Crema's ente: the first has a surname that XML cannot carry, the third one that looks like a declaration."""
    trovato = await crea_mondo(admin)
    motore = crea_engine(settings.dsn_admin, massimo=2)
    async with async_sessionmaker(motore)() as sessione, sessione.begin():
        for varianti in (Varianti(cognome="Zzq\u0001prova"), Varianti(), Varianti(cognome='Zzq<!ENTITY a "b">&a;'), Varianti()):
            await assegna(admin, sessione, trovato, varianti)
    await motore.dispose()
    lavoratore = Lavoratore.di(settings)
    await lavoratore.lavora()
    await lavoratore.motore.dispose()
    return trovato


@pytest.fixture
def voucher(app: FastAPI, sandbox: FastAPI, mondo: Mondo) -> Testate:
    """Headers with a voucher of PDND for an audience."""
    sandbox.state.trasporto_api = httpx.ASGITransport(app=app)

    async def testate(audience: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await sandbox.state.poller_inps[mondo.audience]._voucher(audience)}"}

    return testate


def ostili(voce: dict[str, Any]) -> list[str]:
    """Items of a notification, as JSON text: only the last one is an outcome INPS would send."""
    buono = {n: voce[n] for n in ("id_flusso", "tipo", "ts_flusso")} | {
        "ts_acquisizione": "2025-09-16T08:00:00.000Z",
        "codice_esito": "OK",
    }
    istanti = (
        "9999-12-31T23:59:59.999-23:59", "0001-01-01T00:00:00+23:59", "2025-02-30T00:00:00Z", "2025-09-16T24:00:00Z", "infinity",
        "now", "2025-09-16", "1", "", " ", "\u0001", "'; DROP TABLE flusso; --", "2025-09-16T08:00:00.1234567891Z",
    )  # fmt: skip
    strani: list[Any] = [None, True, 0, -1, 1e308, 10**400, [], {}, [[]], "x" * 5000, "\u202e", "a\u0000b", "\ud800"]
    testi = [json.dumps(buono | {campo: testo}) for testo in istanti for campo in ("ts_acquisizione", "ts_flusso")]
    testi += [json.dumps(buono | {campo: strano}) for strano in strani for campo in (*buono, "descrizione_esito", "altro")]
    testi += [json.dumps(v) for v in strani]
    testi += [json.dumps(buono | {f"campo{i}": "x" * 100 for i in range(200)})]
    return [*testi, json.dumps(buono)]


async def test_un_esito_ostile_non_ferma_quello_buono(
    client: httpx.AsyncClient, voucher: Testate, mondo: Mondo, admin: Any
) -> None:
    """INPS repeats a refused notification for ever: whatever item there is beside it, the good outcome is applied."""
    testate = await voucher(mondo.audience)
    voci = (await client.get("/waas/v1/flussi?since=0", headers=testate)).json()["elenco_flussi"]
    buona, altra, _ = voci
    for testo in ostili(altra)[:-1]:
        corpo = f'{{"elenco_esiti":[{testo}]}}'.encode()
        risposta = await client.post("/waas/v1/esiti", content=corpo, headers=testate | {"content-type": "application/json"})
        assert risposta.status_code == 204, (testo[:200], risposta.text)
    corpo = f'{{"elenco_esiti":[{",".join([*ostili(altra)[-20:-1], ostili(buona)[-1]])}]}}'.encode()
    risposta = await client.post("/waas/v1/esiti", content=corpo, headers=testate | {"content-type": "application/json"})
    assert risposta.status_code == 204, risposta.text
    assert await admin.fetchval("SELECT stato FROM flusso WHERE id_flusso = $1", buona["id_flusso"]) == "acquisito"


async def test_una_notifica_che_non_e_json_e_400_del_contratto(
    client: httpx.AsyncClient, voucher: Testate, mondo: Mondo, admin: Any
) -> None:
    testate = await voucher(mondo.audience) | {"content-type": "application/json"}
    for testo in ("1e999", "-1e999", '{"altro":[1e400]}', "NaN", '{"a":1,"a":2}', '{"a":' * 40 + "1" + "}" * 40, "[" * 10_000):
        risposta = await client.post("/waas/v1/esiti", content=f'{{"elenco_esiti":[{testo}]}}'.encode(), headers=testate)
        assert risposta.status_code == 400, (testo[:40], risposta.text)
    assert await admin.fetchval("SELECT count(*) FROM esito_flusso") == 0


async def test_un_nome_che_xml_non_porta_non_ferma_gli_altri(mondo: Mondo, admin: Any) -> None:
    """A control character in a surname would stop the reader of every ambito at that event."""
    righe = await admin.fetch("SELECT stato, motivo FROM flusso ORDER BY creato_il, id")
    assert [r["stato"] for r in righe] == ["scartato", "pubblicato", "pubblicato", "pubblicato"]
    assert "caratteri" in righe[0]["motivo"]
    assert "ENTITY" not in "".join(r["motivo"] for r in righe)
    assert await admin.fetchval("SELECT errore FROM cursore WHERE lettore = 'flussi'") is None


async def test_il_voucher_di_un_ente_non_tocca_nulla_d_altro(
    client: httpx.AsyncClient, voucher: Testate, mondo: Mondo, admin: Any, settings: Settings, token: Intestazioni
) -> None:
    testate = await voucher(mondo.audience)
    [voce, *_] = (await client.get("/waas/v1/flussi?since=0", headers=testate)).json()["elenco_flussi"]
    di_lodi = await voucher(LODI)
    assert (await client.get("/waas/v1/flussi?since=0", headers=di_lodi)).json() == {"elenco_flussi": []}
    esito = json.loads(ostili(voce)[-1])
    assert (await client.post("/waas/v1/esiti", json={"elenco_esiti": [esito]}, headers=di_lodi)).status_code == 204
    assert await admin.fetchval("SELECT stato FROM flusso WHERE id_flusso = $1", voce["id_flusso"]) == "pubblicato"
    for percorso in ("/cartelle", "/io", "/audit", "/avvisi"):
        assert (await client.get(percorso, headers=testate)).status_code == 401
    for intestazioni in (token("as-crema"), token("dpo-crema")):
        assert (await client.get("/waas/v1/flussi?since=0", headers=intestazioni)).status_code == 401
    altro_ente = await admin.fetchval("SELECT ente_id FROM ente_waas WHERE audience = $1", LODI)
    async with come_app(settings, ambito=1, ente_waas=mondo.ente_id) as c:
        assert await c.fetchval("SELECT count(*) FROM flusso WHERE ente_id = $1", mondo.ente_id) > 0
        for tabella in ("cartella", "persona", "domanda", "fatto", "valutazione", "audit", "accesso"):
            assert await c.fetchval(f"SELECT count(*) FROM {tabella}") == 0, tabella
        cambiate = await c.execute("UPDATE ente_waas SET ultimo_ts = 0 WHERE ente_id = $1", altro_ente)
        assert cambiate == "UPDATE 0"
        assert await c.execute("UPDATE flusso SET ente_id = ente_id WHERE ente_id = $1", altro_ente) == "UPDATE 0"
    for quasi in ("audience || '/'", "upper(audience)", "audience || ' '", "'%'"):
        await admin.execute(f"UPDATE ente_waas SET audience = {quasi} WHERE ente_id = $1", mondo.ente_id)
        assert (await client.get("/waas/v1/flussi?since=0", headers=testate)).status_code == 401, quasi
        await admin.execute("UPDATE ente_waas SET audience = $2 WHERE ente_id = $1", mondo.ente_id, mondo.audience)
    async with come_app(settings, ambito=2, ente_waas=mondo.ente_id) as c:
        assert await c.fetchval("SELECT count(*) FROM flusso") == 0, "the ambito is a second wall"


async def test_la_traccia_di_inps_non_porta_persone(
    client: httpx.AsyncClient, voucher: Testate, mondo: Mondo, admin: Any
) -> None:
    risposta = await client.get("/waas/v1/flussi?since=0", headers=await voucher(mondo.audience))
    [riga] = await admin.fetch("SELECT * FROM audit WHERE richiesta_id = $1", UUID(risposta.headers["richiesta-id"]))
    assert (riga["operazione"], riga["operatore_id"], riga["ambito_id"]) == ("elencaFlussiWaas", None, mondo.ambito_id)
    assert len(riga["oggetti"]) == 3
    assert "Zzq" not in str(dict(riga))
