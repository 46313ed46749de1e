"""The WaaS e-service through the real application, as INPS calls it: the contract, the voucher, outcomes of every kind."""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

from services.core.flussi.orologio import leggi_ts, stampa_ts
from services.core.flussi.ps_xml import leggi_xml
from services.core.platform.db import crea_engine
from services.core.platform.settings import Settings
from services.sandbox.inps import Guasto, PollerINPS
from services.sandbox.oidc import EmittenteOidc
from tests.mondo_flussi import Lavoratore, Mondo, Varianti, assegna, crea_mondo

LODI = "https://ambito-lodi.esempio.it/waas/v1"
Voucher = Callable[[str], Awaitable[dict[str, str]]]
MEMBRI_PROBLEMA = {"type", "title", "status", "detail", "instance"}


@dataclass(slots=True)
class Ambiente:
    """The application with published flows, and INPS at its door."""

    client: httpx.AsyncClient
    admin: Any
    mondo: Mondo
    inps: PollerINPS
    settings: Settings

    async def pubblica(self, *varianti: Varianti) -> None:
        motore = crea_engine(self.settings.dsn_admin, massimo=2)
        async with async_sessionmaker(motore)() as sessione, sessione.begin():
            for v in varianti:
                await assegna(self.admin, sessione, self.mondo, v)
        await motore.dispose()
        lavoratore = Lavoratore.di(self.settings)
        await lavoratore.lavora()
        await lavoratore.motore.dispose()

    async def leggi(self, since: Any = 0, *, audience: str | None = None, **parametri: Any) -> httpx.Response:
        testate = await self.testate(audience)
        return await self.client.get("/waas/v1/flussi", params={"since": since, **parametri}, headers=testate)

    async def notifica(self, *esiti: Any, audience: str | None = None) -> httpx.Response:
        testate = {**await self.testate(audience), "Content-Type": "application/json"}
        corpo = json.dumps({"elenco_esiti": list(esiti)}).encode()
        return await self.client.post("/waas/v1/esiti", content=corpo, headers=testate)

    async def testate(self, audience: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.inps._voucher(audience or self.mondo.audience)}"}

    async def flusso(self, id_flusso: str) -> Any:
        return await self.admin.fetchrow("SELECT * FROM flusso WHERE id_flusso = $1", id_flusso)

    async def esiti(self) -> list[Any]:
        return await self.admin.fetch("SELECT * FROM esito_flusso ORDER BY id")


@pytest.fixture
async def ambiente(app: FastAPI, client: httpx.AsyncClient, sandbox: FastAPI, settings: Settings, admin: Any) -> Ambiente:
    sandbox.state.trasporto_api = httpx.ASGITransport(app=app)
    mondo = await crea_mondo(admin)
    return Ambiente(client, admin, mondo, sandbox.state.poller_inps[mondo.audience], settings)


def esito(voce: dict[str, Any], codice: str = "OK", quando: str = "2025-09-16T08:00:00.000Z", **altro: Any) -> dict[str, Any]:
    """An outcome for an entry of a page."""
    base = {nome: voce[nome] for nome in ("id_flusso", "tipo", "ts_flusso")}
    return base | {"ts_acquisizione": quando, "codice_esito": codice} | altro


def e_un_problema(risposta: httpx.Response, stato: int) -> None:
    """Exactly the contract's Problem: no further member."""
    assert risposta.status_code == stato, risposta.text
    assert risposta.headers["content-type"] == "application/problem+json"
    corpo = risposta.json()
    assert set(corpo) == MEMBRI_PROBLEMA
    assert corpo["status"] == stato


async def test_la_sandbox_inps_legge_controlla_e_risponde(ambiente):
    await ambiente.pubblica(*[Varianti() for _ in range(12)], Varianti(codice_fiscale=None))
    resoconto = await ambiente.inps.giro()
    assert resoconto.anomalie == []
    assert (resoconto.flussi, resoconto.pagine, resoconto.esiti) == (12, 3, {"OK": 12})
    righe = await ambiente.admin.fetch("SELECT * FROM flusso WHERE ts_flusso IS NOT NULL ORDER BY ts_flusso")
    assert [r["id_flusso"] for r in righe] == ambiente.inps.letti
    assert {r["stato"] for r in righe} == {"acquisito"}
    assert all(r["id_acquisizione_siuss"] and r["ts_acquisizione"] and r["versione"] == 2 for r in righe)
    eventi = await ambiente.admin.fetch("SELECT * FROM evento WHERE tipo = 'flussi.flusso.esitato'")
    assert {(e["versione"], json.loads(e["dati"])["codice_esito"]) for e in eventi} == {(2, "OK")}
    assert len(eventi) == 12


async def test_le_pagine(ambiente):
    await ambiente.pubblica(*[Varianti() for _ in range(12)])
    predefinita = (await ambiente.leggi()).json()["elenco_flussi"]
    assert len(predefinita) == 10
    assert [leggi_ts(v["ts_flusso"]) for v in predefinita] == sorted({leggi_ts(v["ts_flusso"]) for v in predefinita})
    assert set(predefinita[0]) == {"codice_ente", "denominazione_ente", "id_flusso", "tipo", "ts_flusso", "flusso"}
    assert leggi_xml(base64.b64decode(predefinita[0]["flusso"])).nome == predefinita[0]["id_flusso"]
    seconda = (await ambiente.leggi(leggi_ts(predefinita[-1]["ts_flusso"]), limit=100)).json()["elenco_flussi"]
    assert len(seconda) == 2
    ultimo = leggi_ts(seconda[-1]["ts_flusso"])
    assert (await ambiente.leggi(ultimo)).json() == {"elenco_flussi": []}
    assert (await ambiente.leggi(0, limit=0)).json() == {"elenco_flussi": []}
    for lontano in (10**15, 2**63, 10**20):
        assert (await ambiente.leggi(lontano)).json() == {"elenco_flussi": []}


SBAGLIATI: list[dict[str, str]] = [
    {},
    {"since": "-1"},
    {"since": "ieri"},
    {"since": "1.5"},
    {"since": ""},
    {"since": str(10**20 + 1)},
    {"since": "0", "limit": "101"},
    {"since": "0", "limit": "-1"},
    {"since": "0", "limit": "dieci"},
]


async def test_i_parametri_sbagliati_sono_400_e_mai_422(ambiente):
    testate = await ambiente.testate()
    for parametri in SBAGLIATI:
        e_un_problema(await ambiente.client.get("/waas/v1/flussi", params=parametri, headers=testate), 400)


async def test_un_parametro_ripetuto_e_400_e_uno_ignoto_si_tollera(ambiente):
    testate = await ambiente.testate()
    e_un_problema(await ambiente.client.get("/waas/v1/flussi?since=0&since=1", headers=testate), 400)
    assert (await ambiente.client.get("/waas/v1/flussi?since=0&max_entries=5", headers=testate)).status_code == 200


async def test_il_voucher_serve_sempre(ambiente, token):
    async def rifiutato(testate: dict[str, str]) -> None:
        e_un_problema(await ambiente.client.get("/waas/v1/flussi?since=0", headers=testate), 401)
        e_un_problema(await ambiente.client.post("/waas/v1/esiti", json={"elenco_esiti": []}, headers=testate), 401)

    buono = (await ambiente.testate())["Authorization"]
    await rifiutato({})
    await rifiutato({"Authorization": "Bearer x.y.z"})
    await rifiutato({"Authorization": buono.replace("Bearer", "Basic")})
    await rifiutato({"Authorization": buono[:-6] + "AAAAAA"})
    await rifiutato(token("as-crema"))
    await ambiente.admin.execute("DELETE FROM ente_waas WHERE audience = $1", ambiente.mondo.audience)
    await rifiutato({"Authorization": buono})


async def test_un_voucher_non_apre_le_rotte_degli_operatori(ambiente):
    risposta = await ambiente.client.get("/cartelle", headers=await ambiente.testate())
    assert risposta.status_code == 401


async def test_lo_stato_e_aperto_a_tutti(ambiente):
    risposta = await ambiente.client.get("/waas/v1/status")
    e_un_problema(risposta, 200)


async def test_un_ente_non_vede_ne_tocca_i_flussi_di_un_altro(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    assert (await ambiente.leggi(audience=LODI)).json() == {"elenco_flussi": []}
    assert (await ambiente.notifica(esito(voce), audience=LODI)).status_code == 204
    assert (await ambiente.flusso(voce["id_flusso"]))["stato"] == "pubblicato"
    [registrato] = await ambiente.esiti()
    assert (registrato["stato"], registrato["flusso_id"], registrato["cartella_id"]) == ("sconosciuto", None, None)


async def test_un_rifiuto_si_spiega_e_si_vede_dalla_cartella(ambiente, token):
    await ambiente.pubblica(Varianti(mobilita=None))
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    detto = "In cooperazione è possibile inviare solo un beneficiario"
    assert (await ambiente.notifica(esito(voce, "RICHIESTA_INVALIDA", descrizione_esito=detto))).status_code == 204
    flusso = await ambiente.flusso(voce["id_flusso"])
    assert flusso["stato"] == "respinto"
    risposta = await ambiente.client.get(f"/cartelle/{flusso['cartella_id']}/flussi", headers=token("as-crema"))
    assert risposta.status_code == 200, risposta.text
    [vista] = risposta.json()["elementi"]
    assert (vista["stato"], vista["id_flusso"], vista["anno"]) == ("respinto", voce["id_flusso"], 2025)
    assert [(m["codice"], m["gravita"]) for m in vista["motivi"]] == [
        ("sina-incompleta", "avviso"),
        ("RICHIESTA_INVALIDA", "inps"),
    ]
    assert vista["motivi"][1]["testo"] == detto
    assert stampa_ts(flusso["ts_flusso"]) == voce["ts_flusso"]
    altrove = await ambiente.client.get(f"/cartelle/{flusso['cartella_id']}/flussi", headers=token("as-lodi"))
    assert altrove.status_code == 404


async def test_lo_stesso_esito_due_volte_ha_un_effetto(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    uno = esito(voce, id_acquisizione_siuss="22738")
    for corpo in ((uno,), (uno,), (uno, uno), (dict(reversed(list(uno.items()))),)):
        assert (await ambiente.notifica(*corpo)).status_code == 204
    assert len(await ambiente.esiti()) == 1
    flusso = await ambiente.flusso(voce["id_flusso"])
    assert (flusso["stato"], flusso["versione"], flusso["id_acquisizione_siuss"]) == ("acquisito", 2, "22738")
    assert await ambiente.admin.fetchval("SELECT count(*) FROM evento WHERE tipo = 'flussi.flusso.esitato'") == 1


async def test_due_esiti_contraddittori_nello_stesso_istante(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    for _ in range(2):
        await ambiente.notifica(esito(voce), esito(voce, "ERRORE_GENERICO"))
    assert (await ambiente.flusso(voce["id_flusso"]))["stato"] == "acquisito"
    assert [e["stato"] for e in await ambiente.esiti()] == ["applicato", "malformato"]


async def test_esiti_fuori_ordine(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    await ambiente.notifica(esito(voce, quando="2025-09-16T10:00:00Z"))
    await ambiente.notifica(esito(voce, "ERRORE_GENERICO", quando="2025-09-16T09:00:00Z"))
    assert (await ambiente.flusso(voce["id_flusso"]))["stato"] == "acquisito"
    await ambiente.notifica(esito(voce, "DATI_NON_TROVATI", quando="2025-09-16T11:00:00Z"))
    flusso = await ambiente.flusso(voce["id_flusso"])
    assert (flusso["stato"], flusso["versione"]) == ("respinto", 3)
    assert [e["stato"] for e in await ambiente.esiti()] == ["applicato", "superato", "applicato"]


async def test_un_esito_malformato_si_tiene_e_non_ferma_gli_altri(ambiente):
    await ambiente.pubblica(Varianti(), Varianti())
    prima, seconda = (await ambiente.leggi()).json()["elenco_flussi"]
    strani = ["testo", 7, None, [], {"id_flusso": "x\x00y"}, {"a\x00": "\ud800"}, esito(prima, "BOH"), {"a": [1e300, 10**30]}]
    corpo = json.dumps({"elenco_esiti": [esito(prima), *strani, esito(seconda)], "in_piu": 1}).encode()
    testate = {**await ambiente.testate(), "Content-Type": "application/json"}
    for _ in range(2):
        risposta = await ambiente.client.post("/waas/v1/esiti", content=corpo, headers=testate)
        assert risposta.status_code == 204, risposta.text
        assert risposta.content == b""
    assert (await ambiente.flusso(prima["id_flusso"]))["stato"] == "acquisito"
    assert (await ambiente.flusso(seconda["id_flusso"]))["stato"] == "acquisito"
    stati = [e["stato"] for e in await ambiente.esiti()]
    assert sorted(stati) == ["applicato"] * 2 + ["malformato"] * 8


ILLEGGIBILI = [
    b"",
    b"{",
    b"[]",
    b'{"elenco_esiti": null}',
    b'{"elenco_esiti": {}}',
    b'{"elenco_esiti": [], "elenco_esiti": []}',
    b'{"elenco_esiti": [NaN]}',
    b'{"elenco_esiti": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"elenco_esiti": ["\\u0000"' + b"[" * 5000 + b"]" * 5000 + b"}",
    json.dumps({"elenco_esiti": [1] * 101}).encode(),
]


async def test_una_notifica_illeggibile_e_400_una_vuota_e_accettata(ambiente):
    testate = {**await ambiente.testate(), "Content-Type": "application/json"}
    for corpo in ILLEGGIBILI:
        e_un_problema(await ambiente.client.post("/waas/v1/esiti", content=corpo, headers=testate), 400)
    for corpo in (b"{}", b'{"elenco_esiti": []}'):
        assert (await ambiente.client.post("/waas/v1/esiti", content=corpo, headers=testate)).status_code == 204
    assert await ambiente.esiti() == []


async def test_l_esito_di_un_flusso_mai_pubblicato_va_in_lista(ambiente):
    await ambiente.pubblica(Varianti(codice_fiscale=None))
    resoconto = await ambiente.inps.giro([Guasto.ID_SCONOSCIUTO, Guasto.ESITO_MALFORMATO])
    assert resoconto.anomalie == []
    assert sorted(e["stato"] for e in await ambiente.esiti()) == ["malformato"] * 3 + ["sconosciuto"]
    assert await ambiente.admin.fetchval("SELECT stato FROM flusso") == "scartato"


async def test_ogni_lettura_di_inps_e_ricordata(ambiente):
    await ambiente.pubblica(Varianti(), Varianti())
    await ambiente.inps.giro()
    righe = await ambiente.admin.fetch("SELECT * FROM audit WHERE operazione LIKE '%Waas' ORDER BY id")
    assert [r["operazione"] for r in righe] == ["elencaFlussiWaas", "elencaFlussiWaas", "registraEsitiWaas"]
    assert [len(r["oggetti"]) for r in righe] == [2, 0, 2]
    assert {r["finalita"] for r in righe} == {"flusso_statale"}
    assert all(r["motivo"].startswith("client PDND ") and r["ambito_id"] == ambiente.mondo.ambito_id for r in righe)


async def test_le_pagine_dei_flussi_di_una_cartella(ambiente, token):
    await ambiente.pubblica(Varianti(al=date(2028, 9, 30)))
    cartella = await ambiente.admin.fetchval("SELECT cartella_id FROM flusso LIMIT 1")
    visti, cursore = [], None
    while True:
        parametri = {"limite": 1} | ({"cursore": cursore} if cursore else {})
        risposta = await ambiente.client.get(f"/cartelle/{cartella}/flussi", params=parametri, headers=token("as-crema"))
        assert risposta.status_code == 200, risposta.text
        visti += [v["anno"] for v in risposta.json()["elementi"]]
        cursore = risposta.json()["successivo"]
        if cursore is None:
            break
    assert sorted(visti) == [2025, 2026, 2027, 2028]
    assert len(visti) == 4


async def test_un_commit_fallito_non_lascia_uscire_il_204(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    await ambiente.admin.execute(
        """CREATE FUNCTION zz_rifiuta() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN RAISE EXCEPTION USING ERRCODE = ''40001''; END';
           CREATE CONSTRAINT TRIGGER zz AFTER INSERT ON esito_flusso DEFERRABLE INITIALLY DEFERRED
           FOR EACH ROW EXECUTE FUNCTION zz_rifiuta()"""
    )
    risposta = await ambiente.notifica(esito(voce))
    assert risposta.status_code == 503
    assert (await ambiente.flusso(voce["id_flusso"]))["stato"] == "pubblicato"


def test_i_token_della_sandbox_sono_di_un_altro_emittente(settings: Settings):
    """A guard on the tests above: the operator's token and the voucher differ by issuer, not by chance."""
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=Path(settings.stato_dir), produzione=False
    )
    assert emittente.iss != settings.pdnd_issuer


async def test_un_esito_con_caratteri_illeciti_si_applica(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    assert (await ambiente.notifica(esito(voce, "ERRORE_GENERICO", descrizione_esito="guasto\x00 \ud800!"))).status_code == 204
    flusso = await ambiente.flusso(voce["id_flusso"])
    assert json.loads(flusso["motivo"])[0]["testo"] == "guasto\ufffd \ufffd!"


async def test_il_tipo_di_un_altro_flusso_non_si_applica(ambiente):
    await ambiente.pubblica(Varianti())
    [voce] = (await ambiente.leggi()).json()["elenco_flussi"]
    await ambiente.notifica(esito(voce, tipo="SINBA"))
    assert (await ambiente.flusso(voce["id_flusso"]))["stato"] == "pubblicato"
    assert [e["stato"] for e in await ambiente.esiti()] == ["sconosciuto"]
