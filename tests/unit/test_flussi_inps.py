"""The INPS of the sandbox against a small WaaS that follows the published contract, or breaks it on purpose."""

import asyncio
import base64
import json
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.core.flussi.contratto import CodiceEsito, EsitoLetto, EsitoMalformato, leggi_esito
from services.core.flussi.identificativi import scrivi_id
from services.core.flussi.orologio import leggi_ts, stampa_ts
from services.core.flussi.ps import FlussoPS
from services.core.flussi.ps_xml import scrivi_xml
from services.core.flussi.vocabolario import Operazione
from services.core.platform.errori import ServizioEsterno
from services.sandbox.inps import Guasto, PollerINPS, monta, router
from tests.unit.flussi_esempi import OCCASIONALE, PRESTAZIONE, cf, flusso

AUDIENCE = "https://ambito.example/waas/D142"
TS = 1_757_900_000_000


class WaasFinto:
    """An ente: flows in a list, outcomes received, and switches to misbehave."""

    def __init__(self) -> None:
        self.flussi: list[dict[str, Any]] = []
        self.ricevuti: list[list[Any]] = []
        self.limiti: list[int] = []
        self.voucher: list[str] = []
        self.stato_flussi = 200
        self.stati_esiti: list[int] = []
        self.senza_filtro = False
        app = Starlette(routes=[Route("/waas/v1/flussi", self.leggi), Route("/waas/v1/esiti", self.notifica, methods=["POST"])])
        self.trasporto = httpx.ASGITransport(app=app)

    def pubblica(self, f: FlussoPS, **altro: Any) -> str:
        numero = len(self.flussi) + 1
        id_flusso = scrivi_id("D142", "PS", date(2025, 9, 15), numero)
        voce = {
            "codice_ente": "D142",
            "denominazione_ente": "Comunità Sociale Esempio",
            "id_flusso": id_flusso,
            "tipo": "PS_PSA_SINA",
            "ts_flusso": stampa_ts(TS + numero),
            "flusso": base64.b64encode(scrivi_xml(replace(f, nome=id_flusso))).decode(),
        }
        self.flussi.append(voce | altro)
        return id_flusso

    async def leggi(self, richiesta: Request) -> Response:
        self.voucher.append(richiesta.headers.get("authorization", ""))
        if self.stato_flussi != 200:
            return JSONResponse({"title": "Guasto", "status": self.stato_flussi}, self.stato_flussi)
        since, limite = int(richiesta.query_params["since"]), int(richiesta.query_params["limit"])
        self.limiti.append(limite)
        nuovi = [f for f in self.flussi if self.senza_filtro or leggi_ts(f["ts_flusso"]) > since]
        return JSONResponse({"elenco_flussi": nuovi[:limite]})

    async def notifica(self, richiesta: Request) -> Response:
        self.voucher.append(richiesta.headers.get("authorization", ""))
        stato = self.stati_esiti.pop(0) if self.stati_esiti else 204
        if stato == 204:
            self.ricevuti.append(json.loads(await richiesta.body())["elenco_esiti"])
        return Response(status_code=stato)

    @property
    def esiti(self) -> list[Any]:
        return [e for lotto in self.ricevuti for e in lotto]


@pytest.fixture
def waas() -> WaasFinto:
    return WaasFinto()


def poller(waas: WaasFinto, limite: int = 10, voucher: Any = None) -> PollerINPS:
    async def concedi(audience: str) -> str:
        return f"voucher-per-{audience}"

    return PollerINPS(
        fabbrica_client=lambda: httpx.AsyncClient(transport=waas.trasporto, base_url="http://ente.example"),
        voucher=voucher or concedi,
        base_url="http://ente.example/waas/v1/",
        audience=AUDIENCE,
        limite=limite,
    )


def diversi(quanti: int) -> list[FlussoPS]:
    return [flusso(prestazione={"protocollo_domanda": f"2025-{n:07d}"}) for n in range(quanti)]


@pytest.mark.parametrize(("quanti", "limite", "pagine"), [(0, 10, 1), (1, 10, 2), (25, 10, 4), (7, 1, 8), (120, 100, 3)])
async def test_ogni_flusso_una_volta_e_nell_ordine(waas, quanti, limite, pagine):
    attesi = [waas.pubblica(f) for f in diversi(quanti)]
    inps = poller(waas, limite)
    resoconto = await inps.giro()
    assert inps.letti == attesi
    assert (resoconto.pagine, resoconto.flussi, resoconto.anomalie) == (pagine, quanti, [])
    assert [e["id_flusso"] for e in waas.esiti] == attesi
    assert all(len(lotto) <= 100 for lotto in waas.ricevuti)
    assert set(waas.voucher) <= {f"Bearer voucher-per-{AUDIENCE}"}
    assert set(waas.limiti) == {limite}
    assert all(isinstance(leggi_esito(e), EsitoLetto) for e in waas.esiti)


async def test_il_giro_dopo_riparte_dal_cursore(waas):
    primo, secondo = diversi(2)
    inps = poller(waas)
    waas.pubblica(primo)
    await inps.giro()
    nuovo = waas.pubblica(secondo)
    resoconto = await inps.giro()
    assert resoconto.flussi == 1
    assert inps.letti[-1] == nuovo
    assert inps.cursore == TS + 2
    assert len(waas.esiti) == 2


async def test_gli_esiti_non_presi_si_ripetono(waas):
    for f in diversi(3):
        waas.pubblica(f)
    inps = poller(waas)
    waas.stati_esiti = [503]
    primo = await inps.giro()
    assert (primo.notifiche_consegnate, primo.notifiche_rimandate) == (0, 3)
    assert primo.anomalie == ["POST /esiti ha risposto 503"]
    assert waas.esiti == []
    secondo = await inps.giro()
    assert (secondo.flussi, secondo.notifiche_consegnate, secondo.notifiche_rimandate) == (0, 3, 0)
    assert [e["codice_esito"] for e in waas.esiti] == ["OK"] * 3


async def test_un_lotto_rifiutato_non_ferma_gli_altri(waas):
    for f in diversi(90):
        waas.pubblica(f)
    inps = poller(waas, 100)
    waas.stati_esiti = [204, 500, 204]
    resoconto = await inps.giro()
    assert (resoconto.notifiche_consegnate, resoconto.notifiche_rimandate) == (50, 40)
    await inps.giro()
    assert sorted(e["id_flusso"] for e in waas.esiti) == sorted(f["id_flusso"] for f in waas.flussi)


async def _esito_di(waas: WaasFinto, f: FlussoPS, **altro: Any) -> dict[str, Any]:
    waas.pubblica(f, **altro)
    await poller(waas).giro()
    return waas.esiti[-1]


async def test_una_regola_rotta_e_spiegata(waas):
    esito = await _esito_di(waas, flusso(indirizzo={"regione": "03"}))
    assert esito["codice_esito"] == "RICHIESTA_INVALIDA"
    assert "Indirizzo.CodiceRegione" in esito["descrizione_esito"]
    assert "id_acquisizione_siuss" not in esito


async def test_due_prestazioni_con_le_parole_di_inps(waas):
    persona = replace(flusso().beneficiari[0], prestazioni=(PRESTAZIONE, OCCASIONALE))
    esito = await _esito_di(waas, replace(flusso(), beneficiari=(persona,)))
    assert esito["codice_esito"] == "RICHIESTA_INVALIDA"
    assert esito["descrizione_esito"] == "In cooperazione è possibile inviare solo un beneficiario e una prestazione sociale"


@pytest.mark.parametrize(
    "contenuto",
    [
        "non base64!",
        base64.b64encode(b"<Flusso/>").decode(),
        base64.b64encode(b'<!DOCTYPE f [<!ENTITY a "b">]><f>&a;</f>').decode(),
    ],
)
async def test_un_contenuto_illeggibile(waas, contenuto):
    assert (await _esito_di(waas, flusso(), flusso=contenuto))["codice_esito"] == "RICHIESTA_INVALIDA"


async def test_il_nome_dentro_e_quello_fuori(waas):
    altrui = base64.b64encode(scrivi_xml(flusso(nome="D142.PS.20250915.0000099"))).decode()
    assert (await _esito_di(waas, flusso(), flusso=altrui))["codice_esito"] == "RICHIESTA_INVALIDA"


async def test_inserimento_cancellazione_inserimento(waas):
    inserisci = flusso()
    cancella = flusso(prestazione={"operazione": Operazione.CANCELLAZIONE})
    altra = flusso(beneficiario={"codice_fiscale": cf("QWXSMP51C52D142")}, anagrafica={"cognome": "Qwxesempi"})
    for f in (cancella, inserisci, inserisci, altra, cancella, inserisci):
        waas.pubblica(f)
    await poller(waas).giro()
    assert [e["codice_esito"] for e in waas.esiti] == ["DATI_NON_TROVATI", "OK", "DATI_NON_TROVATI", "OK", "OK", "OK"]
    numeri = [e["id_acquisizione_siuss"] for e in waas.esiti if e["codice_esito"] == "OK"]
    assert len(set(numeri)) == 4


@pytest.mark.parametrize(
    ("altro", "anomalia"),
    [
        ({"ts_flusso": "2025-09-15T10:00:00Z"}, "pagina non conforme"),
        ({"ts_flusso": "2025-09-31T10:00:00.000Z"}, "non è un istante"),
        ({"codice_ente": "d142"}, "pagina non conforme"),
        ({"extra": 1}, "pagina non conforme"),
        ({"tipo": "ALTRO"}, "pagina non conforme"),
    ],
)
async def test_le_risposte_fuori_contratto_si_notano(waas, altro, anomalia):
    waas.pubblica(flusso(), **altro)
    waas.senza_filtro = True
    resoconto = await poller(waas).giro()
    assert resoconto.flussi == 0
    assert anomalia in resoconto.anomalie[0]


async def test_due_flussi_nello_stesso_istante_si_notano(waas):
    primo, secondo = diversi(2)
    waas.pubblica(primo)
    waas.pubblica(secondo, ts_flusso=stampa_ts(TS + 1))
    resoconto = await poller(waas).giro()
    assert resoconto.flussi == 1
    assert "non crescente" in resoconto.anomalie[0]


async def test_chi_ignora_since_non_fa_girare_a_vuoto(waas):
    waas.pubblica(flusso())
    waas.senza_filtro = True
    resoconto = await asyncio.wait_for(poller(waas).giro(), 5)
    assert "non crescente" in resoconto.anomalie[0]
    assert resoconto.flussi == 1


async def test_un_ente_spento(waas):
    waas.stato_flussi = 503
    assert (await poller(waas).giro()).anomalie == ["GET /flussi ha risposto 503"]

    async def nega(audience: str) -> str:
        raise ServizioEsterno("PDND non risponde")

    assert (await poller(waas, voucher=nega).giro()).anomalie == ["nessuna risposta: ServizioEsterno"]


async def test_esiti_doppi(waas):
    waas.pubblica(flusso())
    resoconto = await poller(waas).giro([Guasto.ESITI_DOPPI])
    assert waas.ricevuti[0] == waas.ricevuti[1]
    assert len(waas.ricevuti) == 2
    assert resoconto.notifiche_consegnate == 1


async def test_esiti_fuori_ordine(waas):
    id_flusso = waas.pubblica(flusso())
    await poller(waas).giro([Guasto.FUORI_ORDINE])
    buono, vecchio = (leggi_esito(e) for e in waas.esiti)
    assert buono.id_flusso == vecchio.id_flusso == id_flusso
    assert (buono.codice, vecchio.codice) == (CodiceEsito.OK, CodiceEsito.ERRORE_GENERICO)
    assert vecchio.ts_acquisizione < buono.ts_acquisizione


async def test_esiti_sconosciuti_e_malformati_anche_senza_flussi(waas):
    await poller(waas).giro([Guasto.ID_SCONOSCIUTO, Guasto.ESITO_MALFORMATO])
    letti = [leggi_esito(e) for e in waas.esiti]
    assert [type(e) for e in letti] == [EsitoLetto] + [EsitoMalformato] * 3
    assert letti[0].id_flusso == "Z999.PS.20000101.0000001"


async def test_tutti_i_guasti_restano_entro_cento_esiti(waas):
    for f in diversi(100):
        waas.pubblica(f)
    await poller(waas, 100).giro(list(Guasto))
    assert max(len(lotto) for lotto in waas.ricevuti) <= 100


@pytest.mark.parametrize("limite", [0, 101])
def test_un_limite_fuori_contratto(waas, limite):
    with pytest.raises(ValueError):
        poller(waas, limite)


async def test_le_rotte_della_sandbox(waas):
    waas.pubblica(flusso())
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox.example") as client:
        assert (await client.post("/inps/_giro", json={})).status_code == 503
        monta(app.state, [poller(waas)])
        giro = await client.post("/inps/_giro", json={"guasti": ["esiti_doppi"]})
        assert giro.json()[AUDIENCE]["esiti"] == {"OK": 1}
        stato = (await client.get("/inps/_stato")).json()["elementi"][0]
        assert stato["esiti"] == {"D142.PS.20250915.0000001": "OK"}
        assert (stato["cursore"], stato["flussi_letti"], stato["esiti_in_attesa"]) == (TS + 1, 1, 0)
        assert (await client.post("/inps/_giro", json={"audience": "altra"})).status_code == 404
        assert (await client.post("/inps/_giro", json={"guasti": ["altro"]})).status_code == 422
