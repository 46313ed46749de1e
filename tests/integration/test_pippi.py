"""A P.I.P.P.I. case over HTTP, as its team lives it."""

import httpx
import pytest

from tests.conftest import Intestazioni
from tests.percorsi import ADA, BRUNO, ETS, LEO, Percorso


@pytest.fixture
def p(client: httpx.AsyncClient, token: Intestazioni) -> Percorso:
    return Percorso(client, token)


def campi(risposta: httpx.Response) -> list[str]:
    assert risposta.status_code == 422, risposta.text
    return [c["campo"] for c in risposta.json()["campi"]]


async def test_dalla_proposta_al_microprogetto(p: Percorso) -> None:
    caso = await p.caso_avviato()
    assert (caso["stato"], caso["versione"], caso["adesione_il"]) == ("in_corso", 3, "2025-09-15")
    assert caso["bambino"] == "Qwxesempi Leo"
    assert [m["qualifica"] for m in caso["membri"]] == ["assistente_sociale", "educatore", "insegnante", "genitore"]
    assert [m["nominativo"] for m in caso["membri"]] == ["Zkwtutele Nives", "Zzqeducati Pia", None, "Qwxesempi Bruno"]
    (t0,) = caso["rilevazioni"]
    assert {r["sottodimensione"]: r["punteggio"] for r in t0["punteggi"] if r["punteggio"]} == {"autonomia": 2, "imparare": 3}
    assert len(t0["non_rilevate"]) == 15
    assert "abitazione" in t0["non_rilevate"]
    assert [m["dispositivo"] for m in caso["microprogetti"]] == ["educativa_domiciliare"]
    elenco = (await p.get("educatrice-ets", "/casi-pippi")).json()
    assert [c["id"] for c in elenco["elementi"]] == [caso["id"]]


async def test_l_andamento_da_t0_a_t2(p: Percorso) -> None:
    caso = await p.caso_avviato()
    base = f"/casi-pippi/{caso['id']}"
    for tempo, voto in (("T1", 4), ("T2", 3)):
        await p.crea("tutela-csc", f"{base}/rilevazioni", {"tempo": tempo, "data": "2025-09-15", "punteggi": {"autonomia": voto}})
    corso = {a["sottodimensione"]: a for a in (await p.get("tutela-csc", base)).json()["andamento"]}
    autonomia, imparare = corso["autonomia"], corso["imparare"]
    assert [autonomia[d] for d in ("delta_t0_t1", "delta_t1_t2", "delta_t0_t2")] == [2, -1, 1]
    assert (imparare["t0"], imparare["t2"], imparare["delta_t0_t2"]) == (3, None, None)


async def test_fuori_dal_suo_tempo_ogni_atto_e_rifiutato_e_nulla_cambia(p: Percorso) -> None:
    caso = await p.caso()
    base = f"/casi-pippi/{caso['id']}"
    t0 = {"tempo": "T0", "data": "2025-09-15", "punteggi": {"autonomia": 2}}
    micro = {
        "sottodimensione": "autonomia",
        "situazione_osservata": "x",
        "risultato_atteso": "y",
        "dispositivo": "gruppi",
        "responsabile": "z",
        "entro": "2025-12-01",
    }
    assert (await p.post("tutela-csc", f"{base}/rilevazioni", t0)).status_code == 409
    assert (await p.post("tutela-csc", f"{base}/microprogetti", micro)).status_code == 409
    presto = await p.post("tutela-csc", f"{base}/adesione", {"adesione_il": "2025-09-14"}, if_match='"1"')
    assert campi(presto) == ["adesione_il"]
    assert (await p.post("tutela-csc", f"{base}/adesione", {"adesione_il": "2025-09-15"})).status_code == 428
    assert (await p.post("tutela-csc", f"{base}/adesione", {"adesione_il": "2025-09-15"}, if_match='"5"')).status_code == 409
    assert (await p.post("tutela-csc", f"{base}/adesione", {"adesione_il": "2025-09-15"}, if_match='"1"')).status_code == 200
    assert (await p.post("tutela-csc", f"{base}/rilevazioni", t0 | {"tempo": "T1"})).status_code == 409
    assert campi(await p.post("tutela-csc", f"{base}/rilevazioni", t0 | {"data": "2025-09-16"})) == ["data"]
    assert campi(await p.post("tutela-csc", f"{base}/rilevazioni", t0 | {"punteggi": {}})) == ["punteggi"]
    assert campi(await p.post("tutela-csc", f"{base}/rilevazioni", t0 | {"punteggi": {"autonomia": 7}})) != []
    assert (await p.post("tutela-csc", f"{base}/rilevazioni", t0 | {"punteggi": {"felicita": 3}})).status_code == 422
    await p.crea("tutela-csc", f"{base}/rilevazioni", t0)
    assert (await p.post("tutela-csc", f"{base}/rilevazioni", t0)).status_code == 409
    assert campi(await p.post("tutela-csc", f"{base}/microprogetti", micro | {"entro": "2025-09-14"})) == ["entro"]
    letto = (await p.get("tutela-csc", base)).json()
    assert (letto["versione"], len(letto["rilevazioni"]), letto["microprogetti"]) == (3, 1, [])


async def test_solo_per_un_minorenne_e_senza_contarsi_due_volte(p: Percorso) -> None:
    corpo = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": []}
    assert (await p.post("as-crema", f"/cartelle/{ADA}/casi-pippi", corpo)).status_code == 422
    nives = (await p.caso())["membri"][0]
    se_stessa = {"qualifica": "psicologo", "operatore_id": nives["operatore_id"], "ente_id": nives["ente_id"]}
    assert campi(await p.post("tutela-csc", f"/cartelle/{LEO}/casi-pippi", corpo | {"membri": [se_stessa]})) == ["membri"]


async def test_un_nuovo_componente_vede_il_caso_da_quel_giorno(p: Percorso) -> None:
    caso = await p.caso()
    base = f"/casi-pippi/{caso['id']}"
    assert (await p.get("psicologa-csc", base)).status_code == 404
    olga = await p.operatore("tutela-csc", caso["membri"][0]["ente_id"], "Xxqpsiche")
    membro = {"qualifica": "psicologo", "operatore_id": olga, "ente_id": caso["membri"][0]["ente_id"]}
    aggiunta = await p.crea("tutela-csc", f"{base}/membri", membro)
    assert (aggiunta["versione"], len(aggiunta["membri"])) == (2, 5)
    assert (await p.get("psicologa-csc", base)).status_code == 200
    assert (await p.post("tutela-csc", f"{base}/membri", membro)).status_code == 409
    assert (await p.post("tutela-csc", f"{base}/membri", {"qualifica": "genitore", "persona_id": str(BRUNO)})).status_code == 409
    sconosciuto = {"qualifica": "educatore", "operatore_id": nives_di(caso), "ente_id": str(ETS)}
    assert campi(await p.post("tutela-csc", f"{base}/membri", sconosciuto)) == ["membro[0]"]


def nives_di(caso: dict[str, list[dict[str, str]]]) -> str:
    return caso["membri"][0]["operatore_id"]
