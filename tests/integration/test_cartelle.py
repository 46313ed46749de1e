"""The cartella through the real API: opening, reading, household, closing; two writers; requests repeated under one key."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import GIORNO, Server
from tests.casa import Casa, apri_casa, clone, persona, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOMANI = GIORNO + timedelta(days=1)


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def eventi(casa: Casa, cartella: str) -> list[tuple[str, int]]:
    righe = await casa.admin.fetch("SELECT tipo, versione FROM evento WHERE aggregato_id = $1 ORDER BY numero", UUID(cartella))
    return [(r["tipo"], r["versione"]) for r in righe]


async def test_dalla_apertura_alla_chiusura(casa: Casa) -> None:
    dati = persona()
    corpo = {"persona": dati, "servizio": "disabilita", "aperta_il": "2025-09-10"}
    aperta = await casa.post("segretariato-crema", "/cartelle", corpo)
    assert (aperta.status_code, aperta.headers["etag"]) == (201, '"1"')
    id_ = aperta.json()["id"]
    assert aperta.headers["location"] == f"/cartelle/{id_}"
    letta = await casa.get("as-crema", f"/cartelle/{id_}")
    assert (letta.status_code, letta.headers["etag"]) == (200, '"1"')
    cartella = letta.json()
    assert (cartella["stato"], cartella["riservata"], cartella["aperta_il"]) == ("aperta", False, "2025-09-10")
    assert (cartella["comune"], cartella["servizio"]) == ("Crema", "disabilita")
    assert cartella["persona"]["codice_fiscale"] == dati["codice_fiscale"]
    assert cartella["persona"]["data_nascita"] == dati["data_nascita"]
    assert [(m["relazione"], m["dal"], m["al"]) for m in cartella["nucleo"]] == [("intestatario", "2025-09-10", None)]
    figlio = {"persona": persona(nome="Leo", codice_fiscale=None, sesso="M"), "relazione": "figlio", "dal": "2025-09-12"}
    aggiunto = await casa.post("as-crema", f"/cartelle/{id_}/componenti", figlio, if_match='"1"')
    assert (aggiunto.status_code, aggiunto.headers["etag"], aggiunto.json()["versione"]) == (201, '"2"', 2)
    riletta = (await casa.get("coord-csc", f"/cartelle/{id_}")).json()
    assert [m["relazione"] for m in riletta["nucleo"]] == ["intestatario", "figlio"]
    assert riletta["versione"] == 2
    prima = (await casa.get("as-crema", "/cartelle?limite=1")).json()["elementi"][0]
    assert (prima["id"], prima["versione"], prima["persona"]["cognome"]) == (id_, 2, "Zzqprova")
    problema(await casa.post("segretariato-crema", f"/cartelle/{id_}/chiusura", if_match='"2"'), 403, "operazione-non-consentita")
    chiusa = await casa.post("as-crema", f"/cartelle/{id_}/chiusura", if_match='"2"')
    assert (chiusa.status_code, chiusa.headers["etag"], chiusa.json()["stato"]) == (200, '"3"', "chiusa")
    problema(await casa.post("as-crema", f"/cartelle/{id_}/chiusura", if_match='"3"'), 409, "stato-non-ammesso")
    tardi = {"persona": persona(), "relazione": "figlio", "dal": "2025-09-12"}
    problema(await casa.post("as-crema", f"/cartelle/{id_}/componenti", tardi, if_match='"3"'), 409, "stato-non-ammesso")
    assert await eventi(casa, id_) == [
        ("cartelle.cartella.aperta", 1), ("cartelle.nucleo.componente_aggiunto", 2), ("cartelle.cartella.chiusa", 3),
    ]  # fmt: skip


async def test_una_cartella_per_persona(casa: Casa) -> None:
    corpo = {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-10"}
    assert (await casa.post("as-crema", "/cartelle", corpo)).status_code == 201
    prima = await casa.impronta("audit")
    problema(await casa.post("as-crema", "/cartelle", corpo), 409, "conflitto")
    problema(await casa.post("as-crema", "/cartelle", corpo | {"servizio": "adulti_inclusione"}), 409, "conflitto")
    assert await casa.impronta("audit") == prima


DATE_IMPOSSIBILI = {
    "aperta prima della nascita": ("aperta_il", "1949-12-31"),
    "aperta domani": ("aperta_il", DOMANI.isoformat()),
}


@pytest.mark.parametrize("nome", DATE_IMPOSSIBILI)
async def test_una_data_di_apertura_impossibile_non_cambia_nulla(casa: Casa, nome: str) -> None:
    campo, valore = DATE_IMPOSSIBILI[nome]
    prima = await casa.impronta()
    corpo = {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-10"} | {campo: valore}
    rifiuto = problema(await casa.post("as-crema", "/cartelle", corpo), 422, "dati-non-validi")
    assert [c["campo"] for c in rifiuto["campi"]] == [campo]
    assert await casa.impronta() == prima


async def test_la_versione_superata_dice_quella_attuale(casa: Casa) -> None:
    creata = await casa.apri()
    base = f"/cartelle/{creata['id']}"
    figlio = {"persona": persona(), "relazione": "figlio", "dal": "2025-09-15"}
    assert (await casa.post("coord-csc", f"{base}/componenti", figlio, if_match='"1"')).status_code == 201
    prima = await casa.impronta()
    altro = {"persona": persona(), "relazione": "altro", "dal": "2025-09-15"}
    for percorso, corpo in ((f"{base}/chiusura", None), (f"{base}/componenti", altro)):
        rifiuto = problema(await casa.post("as-crema", percorso, corpo, if_match='"1"'), 409, "versione-superata")
        assert rifiuto["versione_attuale"] == 2
        problema(await casa.post("as-crema", percorso, corpo), 428, "precondizione-richiesta")
        for informe in ("1", 'W/"1"', "*", '"1", "2"', '"x"', '"0"', '""'):
            problema(await casa.post("as-crema", percorso, corpo, if_match=informe), 400, "richiesta-malformata")
    assert await casa.impronta() == prima
    etag = (await casa.get("as-crema", base)).headers["etag"]
    assert (await casa.post("as-crema", f"{base}/chiusura", if_match=etag)).status_code == 200


@pytest.mark.parametrize("giro", range(4))
async def test_due_scrittori_nello_stesso_istante_uno_solo_vince(casa: Casa, giro: int) -> None:
    creata = await casa.apri()
    base = f"/cartelle/{creata['id']}"

    def scrittore(n: int) -> Any:
        chi = ("as-crema", "coord-csc")[n % 2]
        if (n + giro) % 3 == 0:
            return casa.post(chi, f"{base}/chiusura", if_match='"1"')
        figlio = {"persona": persona(), "relazione": "figlio", "dal": "2025-09-15"}
        return casa.post(chi, f"{base}/componenti", figlio, if_match='"1"')

    risposte: list[httpx.Response] = await asyncio.gather(*(scrittore(n) for n in range(6)))
    vinte = [r for r in risposte if r.is_success]
    assert len(vinte) == 1
    assert vinte[0].headers["etag"] == '"2"'
    for risposta in risposte:
        if not risposta.is_success:
            assert problema(risposta, 409, "versione-superata")["versione_attuale"] == 2
            assert [(r["esito"]) for r in await casa.audit(risposta)] == []
    assert [v for _, v in await eventi(casa, creata["id"])] == [1, 2]
    nucleo = (await casa.get("as-crema", base)).json()["nucleo"]
    assert len(nucleo) == (2 if vinte[0].status_code == 201 else 1), "the persons of the losers are not there"


async def test_la_stessa_chiave_nello_stesso_istante_ha_un_effetto_e_una_risposta(casa: Casa) -> None:
    corpo = {"persona": persona(codice_fiscale=None, nome="Ripetuta"), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    chiave = str(nuovo_id())
    risposte = await asyncio.gather(*(casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave) for _ in range(8)))
    assert {r.status_code for r in risposte} == {201}
    assert len({(r.content, r.headers["etag"], r.headers["location"]) for r in risposte}) == 1
    creata = risposte[0].json()
    assert await casa.admin.fetchval("SELECT count(*) FROM persona WHERE nome = 'Ripetuta'") == 1
    assert await eventi(casa, creata["id"]) == [("cartelle.cartella.aperta", 1)]
    righe = [await casa.audit(r) for r in risposte]
    assert all(len(r) == 1 and r[0]["esito"] == "consentita" for r in righe), "one row per request, repetitions included"
    altro = corpo | {"persona": corpo["persona"] | {"nome": "Diversa"}}  # type: ignore[operator]  # a dict inside
    problema(await casa.post("as-crema", "/cartelle", altro, idempotency_key=chiave), 422, "chiave-di-idempotenza-riusata")
    problema(
        await casa.post("as-crema", f"/cartelle/{creata['id']}/chiusura", idempotency_key=chiave), 428, "precondizione-richiesta"
    )


async def test_corpi_diversi_sotto_la_stessa_chiave_nello_stesso_istante(casa: Casa) -> None:
    corpi = [
        {"persona": persona(nome=f"Gara{i}", codice_fiscale=None), "servizio": "disabilita", "aperta_il": "2025-09-15"}
        for i in range(5)
    ]
    risposte = await asyncio.gather(*(casa.post("as-crema", "/cartelle", c, idempotency_key="gara-di-corpi") for c in corpi))
    assert sorted(r.status_code for r in risposte) == [201, 422, 422, 422, 422]
    assert await casa.admin.fetchval("SELECT count(*) FROM persona WHERE nome LIKE 'Gara%'") == 1
    [vinta] = [i for i, r in enumerate(risposte) if r.status_code == 201]
    ripetuta = await casa.post("as-crema", "/cartelle", corpi[vinta], idempotency_key="gara-di-corpi")
    assert ripetuta.content == risposte[vinta].content


async def test_la_chiave_ripete_anche_la_modifica_senza_rifarla(casa: Casa) -> None:
    creata = await casa.apri()
    percorso = f"/cartelle/{creata['id']}/chiusura"
    risposte = await asyncio.gather(
        *(casa.post("as-crema", percorso, if_match='"1"', idempotency_key="chiudo-una-volta") for _ in range(4))
    )
    assert [r.status_code for r in risposte] == [200] * 4
    assert len({r.content for r in risposte}) == 1
    assert [v for _, v in await eventi(casa, creata["id"])] == [1, 2]
    altra = await casa.post("as-crema", percorso, if_match='"2"', idempotency_key="chiudo-una-volta")
    problema(altra, 422, "chiave-di-idempotenza-riusata")
