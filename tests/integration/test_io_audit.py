"""Who I am here, the audit trail that only the data protection officer reads, and the numbers for Prometheus."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import APIRouter

from services.api import main
from services.api.main import OperazioneSenzaRegola, create_app
from services.api.rotte import RottaAmbito
from services.api.schemas.access import AuditVoce, Io
from services.api.schemas.base import Pagina
from services.core.platform.settings import Settings
from tests.conftest import Intestazioni


async def pagine(client: httpx.AsyncClient, testate: dict[str, str], **parametri: Any) -> list[AuditVoce]:
    voci: list[AuditVoce] = []
    while True:
        risposta = await client.get("/audit", params=parametri, headers=testate)
        assert risposta.status_code == 200, risposta.text
        pagina = Pagina[AuditVoce].model_validate_json(risposta.content)
        voci += pagina.elementi
        if pagina.successivo is None:
            return voci
        parametri["cursore"] = pagina.successivo


async def test_io(client: httpx.AsyncClient, token: Intestazioni) -> None:
    io = Io.model_validate_json((await client.get("/io", headers=token("as-crema"))).content)
    assert (io.operatore.cognome, io.ambito.denominazione, io.ruolo) == ("Zzqassistente", "Ambito Cremasco", "assistente_sociale")
    assert [i.id for i in io.incarichi] == [io.incarico_id]
    assert io.data_riferimento.isoformat() == "2025-09-15"


async def test_io_con_piu_incarichi(client: httpx.AsyncClient, token: Intestazioni, admin: asyncpg.Connection) -> None:
    senza = await client.get("/io", headers=token("as-due-comuni"))
    assert (senza.status_code, senza.json()["type"].rpartition("/")[2]) == (400, "richiesta-malformata")
    incarichi = await admin.fetch(
        "SELECT i.id FROM incarico i JOIN operatore o ON o.id = i.operatore_id WHERE o.soggetto = 'as-due-comuni' ORDER BY i.id"
    )
    visti = [
        Io.model_validate_json((await client.get("/io", headers=token("as-due-comuni", incarico=str(r["id"])))).content)
        for r in incarichi
    ]
    assert [io.incarico_id for io in visti] == [r["id"] for r in incarichi]
    assert {i.id for i in visti[0].incarichi} == {r["id"] for r in incarichi}


async def test_un_incarico_cessato_non_entra(client: httpx.AsyncClient, token: Intestazioni) -> None:
    assert (await client.get("/io", headers=token("as-cessata"))).status_code == 403


async def test_il_dpo_vede_accessi_e_dinieghi_e_la_sua_lettura(
    client: httpx.AsyncClient, token: Intestazioni, admin: asyncpg.Connection
) -> None:
    vista = (await client.get("/cartelle", headers=token("as-crema"))).json()["elementi"][0]["id"]
    letta = await client.get(f"/cartelle/{vista}", headers=token("as-crema"))
    negata = await client.get(f"/cartelle/{vista}", headers=token("as-offanengo"))
    da_lodi = await client.get(f"/cartelle/{vista}", headers=token("as-lodi"))
    assert [r.status_code for r in (letta, negata, da_lodi)] == [200, 404, 404]

    per_richiesta = {v.richiesta_id: v for v in await pagine(client, token("dpo-crema"), limite=2)}
    consentita = per_richiesta[UUID(letta.headers["richiesta-id"])]
    assert (consentita.operazione, consentita.esito, consentita.oggetto_tipo) == ("leggiCartella", "consentita", "cartella")
    assert consentita.oggetti == [UUID(vista)]
    for risposta in (negata, da_lodi):
        voce = per_richiesta[UUID(risposta.headers["richiesta-id"])]
        assert (voce.esito, voce.motivo, voce.oggetti) == ("negata", "non-trovato", [UUID(vista)])

    della_lettura = [v for v in await pagine(client, token("dpo-crema")) if v.operazione == "elencaAudit"]
    assert della_lettura
    assert all(v.oggetto_tipo == "audit" and v.oggetti == [] for v in della_lettura)


async def test_le_pagine_sono_intere_e_in_ordine(client: httpx.AsyncClient, token: Intestazioni) -> None:
    for _ in range(7):
        await client.get("/io", headers=token("as-crema"))
    voci = [v for v in await pagine(client, token("dpo-crema"), limite=3) if v.operazione == "leggiIo"]
    assert len(voci) == 7
    assert [v.id for v in voci] == sorted((v.id for v in voci), reverse=True)


async def test_i_filtri(client: httpx.AsyncClient, token: Intestazioni) -> None:
    await client.get("/io", headers=token("as-crema"))
    await client.get(f"/cartelle/{UUID(int=5)}", headers=token("as-offanengo"))
    negate = await pagine(client, token("dpo-crema"), esito="negata")
    assert negate
    assert {v.esito for v in negate} == {"negata"}
    operatore = negate[0].operatore_id
    assert {v.operatore_id for v in await pagine(client, token("dpo-crema"), operatore_id=str(operatore))} == {operatore}


async def test_ogni_dpo_vede_il_suo_ambito(client: httpx.AsyncClient, token: Intestazioni) -> None:
    di_crema = await client.get("/io", headers=token("as-crema"))
    assert UUID(di_crema.headers["richiesta-id"]) not in {v.richiesta_id for v in await pagine(client, token("dpo-lodi"))}


@pytest.mark.parametrize("soggetto", ["as-crema", "coord-csc", "sindaca-crema", "admin", "asst-crema"])
async def test_nessun_altro_legge_l_audit(client: httpx.AsyncClient, token: Intestazioni, soggetto: str) -> None:
    risposta = await client.get("/audit", headers=token(soggetto))
    assert (risposta.status_code, risposta.json()["type"].rpartition("/")[2]) == (403, "operazione-non-consentita")


async def test_metriche(client: httpx.AsyncClient, token: Intestazioni) -> None:
    await client.get("/cartelle", headers=token("as-crema"))
    risposta = await client.get("/metrics")
    assert risposta.status_code == 200
    assert risposta.headers["content-type"].startswith("text/plain")
    righe = dict(riga.rsplit(" ", 1) for riga in risposta.text.splitlines() if not riga.startswith("#"))
    assert float(righe['ambito_richieste_http_total{metodo="GET",rotta="/cartelle",stato="200"}']) >= 1
    assert float(righe["ambito_eventi_da_numerare"]) > 0  # the examples' events: no sequencer runs here
    for lettore in ("webhooks", "piano", "flussi"):
        assert f'ambito_ritardo_lettore{{lettore="{lettore}"}}' in righe
    assert {"ambito_ultima_posizione", "ambito_consegne_in_attesa", "ambito_eta_xmin_transazioni"} <= righe.keys()


async def test_status(client: httpx.AsyncClient) -> None:
    risposta = await client.get("/status")
    assert (risposta.status_code, risposta.headers["content-type"]) == (200, "application/problem+json")
    assert risposta.json()["title"] == "Il servizio è attivo"


async def test_status_quando_il_database_non_risponde(
    client: httpx.AsyncClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def giu(_: str) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(app.state.ambito.database, "lettura", giu)
    risposta = await client.get("/status")
    assert (risposta.status_code, risposta.headers["content-type"]) == (503, "application/problem+json")
    assert risposta.headers["retry-after"]


def test_una_rotta_senza_regola_ferma_l_applicazione(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    abusiva = APIRouter(route_class=RottaAmbito)

    @abusiva.get("/abusiva", operation_id="leggiAbusiva")
    async def leggi_abusiva() -> dict[str, str]:
        return {}

    veri = main.import_module

    def con_una_in_piu(nome: str) -> Any:
        modulo = veri(nome)
        if nome.endswith(".io"):
            return type("Finto", (), {"router": abusiva})
        return modulo

    monkeypatch.setattr(main, "import_module", con_una_in_piu)
    with pytest.raises(OperazioneSenzaRegola, match=r"senza regola: \['leggiAbusiva'\]; senza rotta: \['leggiIo'\]"):
        create_app(settings)
