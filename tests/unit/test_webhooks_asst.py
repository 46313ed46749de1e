"""The stand-in receiver, and the body it receives."""

import asyncio
import json
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from services.core.platform.clock import adesso
from services.core.platform.eventi import EventoRegistrato
from services.core.platform.ids import nuovo_id
from services.core.webhooks.catalogo import PUBBLICI
from services.core.webhooks.corpo import corpo, estratto
from services.core.webhooks.firma import firma, nuovo_segreto
from services.sandbox.asst import StatoAsst, crea_router

SEGRETO = nuovo_segreto()
EVENTO = EventoRegistrato(
    posizione=41,
    tipo="misure.assegnazione.creata",
    schema_versione=1,
    ambito_id=1,
    aggregato="assegnazione",
    aggregato_id=UUID(int=9),
    versione=1,
    cartella_id=UUID(int=8),
    dati={"importo_mensile_centesimi": 40000},
    operatore_id=UUID(int=7),
    incarico_id=UUID(int=6),
    finalita="erogazione",
    registrato_il=datetime(2025, 9, 15, 10, 0, tzinfo=UTC),
)


@pytest.fixture
async def cliente():
    app = FastAPI()
    app.include_router(crea_router(StatoAsst(segreti=[SEGRETO])))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox") as cliente:
        yield cliente


def messaggio(segreto: str = SEGRETO) -> tuple[bytes, dict[str, str]]:
    identificativo = nuovo_id()
    testo = corpo(identificativo, EVENTO, "cremasco")
    return testo, firma([segreto], str(identificativo), adesso(), testo)


def test_il_corpo_e_un_riferimento_e_nient_altro():
    identificativo = nuovo_id()
    contenuto = json.loads(corpo(identificativo, EVENTO, "cremasco"))
    assert contenuto == {
        "id": str(identificativo),
        "tipo": "misure.assegnazione.creata",
        "schema_versione": 1,
        "registrato_il": "2025-09-15T10:00:00+00:00",
        "ambito": "cremasco",
        "aggregato": "assegnazione",
        "aggregato_id": str(UUID(int=9)),
        "versione": 1,
    }


def test_niente_di_riservato_esce():
    assert not [t for t in PUBBLICI if t.startswith(("pippi.", "webhooks.", "cartelle.", "access."))]


def test_estratto_senza_nul_e_breve():
    assert estratto(b"a\x00b\xff", 10) == "ab\N{REPLACEMENT CHARACTER}"
    assert len(estratto(b"x" * 5000, 2048)) == 2048


async def test_ripetizioni_contate_una_volta(cliente):
    testo, intestazioni = messaggio()
    risposte = await asyncio.gather(*(cliente.post("/asst/webhook", content=testo, headers=intestazioni) for _ in range(5)))
    assert {r.status_code for r in risposte} == {204}
    (ricevuto,) = (await cliente.get("/asst/_ricevuti")).json()["elementi"]
    assert (ricevuto["id"], ricevuto["tentativi"], ricevuto["contata"]) == (intestazioni["webhook-id"], 5, 1)


async def test_prima_503_poi_accetta_per_ogni_identificativo(cliente):
    await cliente.post("/asst/_comando", json={"primi_503": 1})
    for _ in range(2):
        testo, intestazioni = messaggio()
        stati = [(await cliente.post("/asst/webhook", content=testo, headers=intestazioni)).status_code for _ in range(3)]
        assert stati == [503, 204, 204]
    elementi = (await cliente.get("/asst/_ricevuti")).json()["elementi"]
    assert [(e["tentativi"], e["contata"]) for e in elementi] == [(3, 1), (3, 1)]


async def test_firma_sbagliata_non_conta(cliente):
    testo, intestazioni = messaggio(nuovo_segreto())
    risposta = await cliente.post("/asst/webhook", content=testo, headers=intestazioni)
    assert risposta.status_code == 401
    assert risposta.headers["content-type"] == "application/problem+json"
    assert (await cliente.get("/asst/_ricevuti")).json() == {"elementi": [], "firme_rifiutate": 1}


async def test_corpo_di_un_altro_identificativo_e_rifiutato(cliente):
    testo, _ = messaggio()
    intestazioni = firma([SEGRETO], str(nuovo_id()), adesso(), testo)
    assert (await cliente.post("/asst/webhook", content=testo, headers=intestazioni)).status_code == 400
    for strano in (b"[]", b"{}", b"non json"):
        intestazioni = firma([SEGRETO], "x", adesso(), strano)
        assert (await cliente.post("/asst/webhook", content=strano, headers=intestazioni)).status_code == 400


async def test_trattiene_la_risposta_dopo_aver_contato(cliente):
    await cliente.post("/asst/_comando", json={"trattieni": [EVENTO.tipo]})
    testo, intestazioni = messaggio()
    invio = asyncio.create_task(cliente.post("/asst/webhook", content=testo, headers=intestazioni))
    await asyncio.sleep(0.1)
    (ricevuto,) = (await cliente.get("/asst/_ricevuti")).json()["elementi"]
    assert (ricevuto["contata"], ricevuto["risposte"]) == (1, [])
    assert not invio.done()
    await cliente.post("/asst/_comando", json={"trattieni": []})
    assert (await invio).status_code == 204
    assert (await cliente.get("/asst/_ricevuti")).json()["elementi"][0]["risposte"] == [204]


async def test_trattiene_solo_i_tipi_nominati_e_mai_un_rifiuto(cliente):
    await cliente.post("/asst/_comando", json={"trattieni": ["progetti.progetto.firmato"], "primi_503": 1})
    testo, intestazioni = messaggio()
    for atteso in (503, 204):
        assert (await cliente.post("/asst/webhook", content=testo, headers=intestazioni)).status_code == atteso
    await cliente.post("/asst/_comando", json={"trattieni": [EVENTO.tipo]})
    testo, intestazioni = messaggio()
    assert (await cliente.post("/asst/webhook", content=testo, headers=intestazioni)).status_code == 503
    elementi = (await cliente.get("/asst/_ricevuti")).json()["elementi"]
    assert [e["risposte"] for e in elementi] == [[503, 204], [503]]


async def test_comando_sconosciuto_rifiutato(cliente):
    assert (await cliente.post("/asst/_comando", json={"primi_504": 1})).status_code == 422
    await cliente.post("/asst/webhook", content=b"{}")
    await cliente.post("/asst/_comando", json={"azzera": True})
    assert (await cliente.get("/asst/_ricevuti")).json() == {"elementi": [], "firme_rifiutate": 0}
