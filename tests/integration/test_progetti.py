"""Équipe, valutazione and progetto over HTTP: the whole walk, and what is refused along it."""

import json
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.core.territorio.carico import identificativo, identificativo_operatore
from tests.conftest import Intestazioni
from tests.percorsi import ADA, ADL, ALTRI_RILIEVI, ASST, BRUNO, COMUNE_CREMA, IADL, LEO, PERSONA_ADA, Percorso

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
CINO = identificativo("cremasco", "cartella", "xyzfinto-cino")


@pytest.fixture
def p(client: httpx.AsyncClient, token: Intestazioni) -> Percorso:
    return Percorso(client, token)


def motivi(risposta: httpx.Response) -> dict[str, str]:
    assert risposta.status_code == 422, risposta.text
    return {c["campo"]: c["motivo"] for c in risposta.json()["campi"]}


async def test_dall_equipe_al_progetto_firmato(p: Percorso, admin: Admin) -> None:
    assert (await p.get("asst-crema", f"/cartelle/{ADA}")).status_code == 404
    equipe = await p.equipe_integrata()
    assert equipe["integrata"] is True
    assert [m["nominativo"] for m in equipe["membri"]] == ["Zzqassistente Carla", "Yzqsanitari Sara", "Qwxesempi Bruno"]
    assert (await p.get("asst-crema", f"/cartelle/{ADA}")).status_code == 200

    v = await p.valutazione_conclusa(equipe["id"])
    assert (v["stato"], v["punteggio_adl"], v["punteggio_iadl"], v["voci_mancanti"]) == ("conclusa", 3, 3, [])
    progetto = await p.progetto(equipe["id"], v["id"])
    manca = {c["codice"] for c in progetto["condizioni"] if c["esito"] != "soddisfatta"}
    assert manca == {"firma_persona", "firma_responsabile", "firma_asst"}

    prima = await p.firma("as-crema", progetto, "persona", persona_id=str(PERSONA_ADA))
    seconda = await p.firma("as-crema", progetto, "responsabile_caso")
    assert [prima.status_code, seconda.status_code] == [201, 201]
    assert seconda.json()["stato"] == "bozza"
    ultima = await p.firma("asst-crema", progetto, "asst")
    assert ultima.status_code == 201
    assert (ultima.json()["stato"], ultima.json()["firmato_il"], ultima.json()["versione"]) == ("firmato", "2025-09-15", 4)
    assert ultima.headers["etag"] == '"4"'

    evento = await admin.fetchrow("SELECT versione, cartella_id, dati FROM evento WHERE tipo = 'progetti.progetto.firmato'")
    assert evento is not None
    dati = json.loads(evento["dati"])
    assert (evento["versione"], evento["cartella_id"]) == (4, ADA)
    assert dati["enti_coinvolti"] == sorted([str(COMUNE_CREMA), str(ASST)])
    assert dati["equipe_integrata"] is True
    assert dati["firmato_il"] == "2025-09-15"


async def test_nessun_evento_porta_punteggi_o_nomi(p: Percorso, admin: Admin) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    progetto = await p.progetto(equipe["id"], v["id"])
    rappresentante = {"nominativo": "Avv. Xyztutori", "titolo_rappresentanza": "amministratore_sostegno"}
    assert (await p.firma("as-crema", progetto, "rappresentante", **rappresentante)).status_code == 201
    testi = [r["dati"] for r in await admin.fetch("SELECT dati::text FROM evento WHERE tipo ~ '^(valutazioni|progetti)'")]
    assert len(testi) == 5
    assert not [t for t in testi if "Xyztutori" in t or "Zzqprova" in t or "adl" in t or "punteggi" in t or "Uscire" in t]


async def test_chi_legge_resta_scritto(p: Percorso, admin: Admin) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    await p.get("asst-crema", f"/valutazioni/{v['id']}")
    righe = await admin.fetch(
        "SELECT oggetti, finalita FROM audit WHERE operazione = 'leggiValutazione' AND oggetto_tipo = 'valutazione'"
    )
    assert [(r["oggetti"], r["finalita"]) for r in righe] == [([UUID(v["id"])], "valutazione")]


async def test_concludere_nomina_ogni_voce_che_manca_e_non_cambia_nulla(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    corpo = {"equipe_id": equipe["id"], "data_valutazione": "2025-09-12", "adl": {"vestirsi": 1}, "mobilita": "assistito"}
    v = await p.crea("as-crema", f"/cartelle/{ADA}/valutazioni", corpo)
    assert (v["punteggio_adl"], v["adl"]["vestirsi"], v["adl"]["continenza"]) == (None, 1, None)
    quasi = {"adl": {k: n for k, n in ADL.items() if k != "continenza"}}
    rifiutata = await p.post("asst-crema", f"/valutazioni/{v['id']}/conclusione", quasi, if_match='"1"')
    attesi = {k: "da indicare" for k in ALTRI_RILIEVI if k != "mobilita"}
    assert motivi(rifiutata) == attesi | {"adl.continenza": "voce non rilevata"}
    riletta = (await p.get("as-crema", f"/valutazioni/{v['id']}")).json()
    assert riletta == v


async def test_conclude_solo_chi_siede_nell_equipe(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.crea("as-crema", f"/cartelle/{ADA}/valutazioni", {"equipe_id": equipe["id"], "data_valutazione": "2025-09-12"})
    tutto = {"adl": ADL, "iadl": IADL, **ALTRI_RILIEVI}
    assert (await p.post("coord-csc", f"/valutazioni/{v['id']}/conclusione", tutto, if_match='"1"')).status_code == 409
    assert (await p.post("as-crema", f"/valutazioni/{v['id']}/conclusione", tutto, if_match='"1"')).status_code == 200
    di_nuovo = await p.post("as-crema", f"/valutazioni/{v['id']}/conclusione", tutto, if_match='"2"')
    assert (di_nuovo.status_code, di_nuovo.json()["type"].rpartition("/")[2]) == (409, "stato-non-ammesso")


async def test_senza_versione_o_con_una_superata_non_si_conclude(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.crea("as-crema", f"/cartelle/{ADA}/valutazioni", {"equipe_id": equipe["id"], "data_valutazione": "2025-09-12"})
    percorso = f"/valutazioni/{v['id']}/conclusione"
    assert (await p.post("as-crema", percorso, {})).status_code == 428
    superata = await p.post("as-crema", percorso, {}, if_match='"7"')
    assert (superata.status_code, superata.json()["versione_attuale"]) == (409, 1)


async def test_la_finalita_va_dichiarata(client: httpx.AsyncClient, token: Intestazioni, p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    senza = await client.get(f"/valutazioni/{v['id']}", headers=token("as-crema"))
    assert list(motivi(senza)) == ["header.Finalita"]


async def test_una_rettifica_supera_la_valutazione_e_non_la_cambia(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    corpo = {"equipe_id": equipe["id"], "data_valutazione": "2025-09-15", "rettifica_di": v["id"], **ALTRI_RILIEVI}
    nuova = await p.crea("as-crema", f"/cartelle/{ADA}/valutazioni", corpo)
    doppia = await p.post("as-crema", f"/cartelle/{ADA}/valutazioni", corpo)
    assert doppia.status_code == 409
    adl = ADL | {"vestirsi": 1}
    assert (await p.post("as-crema", f"/valutazioni/{nuova['id']}/conclusione", {"adl": adl}, if_match='"1"')).status_code == 200
    vecchia = (await p.get("as-crema", f"/valutazioni/{v['id']}")).json()
    assert vecchia == v | {"stato": "rettificata", "versione": 3}


async def test_firme_rifiutate(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    progetto = await p.progetto(equipe["id"], v["id"])
    assert (await p.firma("coord-csc", progetto, "responsabile_caso")).status_code == 409
    assert (await p.firma("as-crema", progetto, "asst")).status_code == 409
    assert (await p.firma("asst-crema", progetto, "responsabile_caso")).status_code == 409
    assert (await p.firma("as-crema", progetto | {"impronta": "0" * 64}, "responsabile_caso")).status_code == 409
    assert list(motivi(await p.firma("as-crema", progetto, "persona", persona_id=str(BRUNO)))) == ["persona_id"]
    assert list(motivi(await p.firma("as-crema", progetto, "persona"))) == ["persona_id"]
    assert list(motivi(await p.firma("as-crema", progetto, "rappresentante", persona_id=str(BRUNO)))) == ["titolo_rappresentanza"]
    sola = {"persona_id": str(PERSONA_ADA), "titolo_rappresentanza": "procuratore"}
    assert list(motivi(await p.firma("as-crema", progetto, "rappresentante", **sola))) == ["persona_id"]
    assert list(motivi(await p.firma("as-crema", progetto, "membro_equipe", nominativo="Zzqaltri"))) == ["ruolo_firmatario"]
    assert (await p.firma("as-crema", progetto, "responsabile_caso")).status_code == 201
    assert (await p.firma("as-crema", progetto, "responsabile_caso")).status_code == 409
    letto = (await p.get("as-crema", f"/progetti/{progetto['id']}")).json()
    assert (letto["versione"], len(letto["firme"]), letto["stato"]) == (2, 1, "bozza")


async def test_senza_valutazione_conclusa_tutte_le_firme_non_bastano(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    progetto = await p.progetto(equipe["id"], None)
    await p.firma("as-crema", progetto, "persona", persona_id=str(PERSONA_ADA))
    await p.firma("as-crema", progetto, "responsabile_caso")
    ultima = (await p.firma("asst-crema", progetto, "asst")).json()
    assert ultima["stato"] == "bozza"
    assert [c["codice"] for c in ultima["condizioni"] if c["esito"] != "soddisfatta"] == ["valutazione_conclusa"]


async def test_un_progetto_firmato_non_riceve_altre_firme(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    progetto = await p.progetto(equipe["id"], v["id"])
    await p.firma("as-crema", progetto, "persona", persona_id=str(PERSONA_ADA))
    await p.firma("as-crema", progetto, "responsabile_caso")
    await p.firma("asst-crema", progetto, "asst")
    tardi = await p.firma("as-crema", progetto, "membro_equipe")
    assert (tardi.status_code, tardi.json()["type"].rpartition("/")[2]) == (409, "stato-non-ammesso")


SBAGLIATI: list[tuple[dict[str, Any], str]] = [
    ({"operatore_id": str(UUID(int=1)), "ente_id": str(ASST)}, "l'operatore non ha un incarico in corso presso quell'ente"),
    ({"operatore_id": str(UUID(int=1))}, "un operatore siede per un ente"),
    ({"persona_id": str(UUID(int=1))}, "persona sconosciuta"),
    ({"persona_id": str(identificativo("lodi", "persona", "zzqlodini-rina"))}, "persona sconosciuta"),
    ({"ente_id": str(UUID(int=1)), "descrizione": "qualcuno"}, "ente sconosciuto"),
    ({"ente_id": str(identificativo("lodi", "ente", "acsi")), "descrizione": "qualcuno"}, "ente sconosciuto"),
    ({"ente_id": str(ASST)}, "indicare un operatore"),
    ({}, "indicare un operatore"),
    ({"persona_id": str(BRUNO), "ente_id": str(ASST)}, "una persona della cartella non siede per un ente"),
]


async def test_ogni_componente_sbagliato_e_indicato_per_posizione(p: Percorso) -> None:
    buono = {"qualifica": "caregiver", "persona_id": str(PERSONA_ADA)}
    membri = [buono, *({"qualifica": "altro", **dati} for dati, _ in SBAGLIATI)]
    trovati = motivi(
        await p.post("as-crema", f"/cartelle/{ADA}/equipe", {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": membri})
    )
    assert list(trovati) == [f"membri[{i}]" for i in range(1, len(membri))]
    for (_, motivo), trovato in zip(SBAGLIATI, trovati.values(), strict=True):
        assert trovato.startswith(motivo)
    assert (await p.get("as-crema", f"/cartelle/{ADA}/equipe")).json()["elementi"] == []


async def test_chi_ha_cessato_l_incarico_o_non_vede_persone_non_siede_in_equipe(
    p: Percorso, settings: Settings, admin: Admin
) -> None:
    for soggetto, ente in (("as-cessata", "comune-crema"), ("udp-crema", "ufficio-di-piano"), ("admin", "csc")):
        id_ = identificativo_operatore(settings.oidc_issuer, soggetto)
        assert await admin.fetchval("SELECT count(*) FROM operatore WHERE id = $1", id_) == 1
        ente_id = identificativo("cremasco", "ente", ente)
        membro = {"qualifica": "altro", "operatore_id": str(id_), "ente_id": str(ente_id)}
        corpo = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": [membro]}
        assert list(motivi(await p.post("as-crema", f"/cartelle/{ADA}/equipe", corpo))) == ["membri[0]"]
    assert await admin.fetchval("SELECT count(*) FROM accesso") == 0


async def test_lo_stesso_due_volte_il_futuro_e_il_programma_riservato_sono_rifiutati(p: Percorso) -> None:
    bruno = {"qualifica": "caregiver", "persona_id": str(BRUNO)}
    base = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": [bruno]}
    percorso = f"/cartelle/{ADA}/equipe"
    assert motivi(await p.post("as-crema", percorso, base | {"membri": [bruno, bruno]})) == {"membri[1]": "compare due volte"}
    assert motivi(await p.post("as-crema", percorso, base | {"costituita_il": "2025-09-16"})) == {"costituita_il": "è nel futuro"}
    assert list(motivi(await p.post("as-crema", percorso, base | {"tipo": "equipe_pippi"}))) == ["tipo"]


async def test_fuori_dal_proprio_ambito_di_visibilita_tutto_e_404(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    progetto = await p.progetto(equipe["id"], v["id"])
    corpo_v = {"equipe_id": equipe["id"], "data_valutazione": "2025-09-12"}
    for chi in ("as-offanengo", "as-lodi"):
        for percorso in (f"/equipe/{equipe['id']}", f"/valutazioni/{v['id']}", f"/progetti/{progetto['id']}"):
            assert (await p.get(chi, percorso)).status_code == 404
        assert (await p.get(chi, f"/cartelle/{ADA}/equipe")).status_code == 404
        assert (await p.post(chi, f"/cartelle/{ADA}/valutazioni", corpo_v)).status_code == 404
        assert (await p.firma(chi, progetto, "responsabile_caso")).status_code == 404
    altrui = await p.post("as-offanengo", f"/cartelle/{CINO}/valutazioni", corpo_v)
    assert altrui.status_code == 404
    di_un_altra = await p.post("as-crema", f"/cartelle/{LEO}/valutazioni", corpo_v)
    assert di_un_altra.status_code == 404


async def test_chi_non_ha_la_classe_sanitaria_non_legge_la_valutazione(p: Percorso) -> None:
    equipe = await p.equipe_integrata()
    v = await p.valutazione_conclusa(equipe["id"])
    assert (await p.get("segretariato-crema", f"/valutazioni/{v['id']}")).status_code == 403
    assert (await p.get("amm-misure-csc", f"/valutazioni/{v['id']}")).status_code == 403


async def test_le_equipe_si_elencano_a_pagine(p: Percorso) -> None:
    corpo = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": [{"qualifica": "caregiver", "persona_id": str(BRUNO)}]}
    create = [(await p.crea("as-crema", f"/cartelle/{ADA}/equipe", corpo))["id"] for _ in range(3)]
    viste: list[str] = []
    percorso = f"/cartelle/{ADA}/equipe?limite=2"
    while percorso:
        pagina = (await p.get("as-crema", percorso)).json()
        viste += [e["id"] for e in pagina["elementi"]]
        percorso = f"/cartelle/{ADA}/equipe?limite=2&cursore={pagina['successivo']}" if pagina["successivo"] else ""
    assert viste == create[::-1]


async def test_gli_operatori_da_chiamare_sono_quelli_in_corso_del_proprio_ambito(p: Percorso) -> None:
    trovati: list[dict[str, Any]] = []
    cursore = ""
    while True:
        pagina = (await p.get("as-crema", f"/operatori?limite=5{cursore}", finalita="presa_in_carico")).json()
        trovati += pagina["elementi"]
        if pagina["successivo"] is None:
            break
        cursore = f"&cursore={pagina['successivo']}"
    cognomi = {o["cognome"] for o in trovati}
    assert {"Zzqassistente", "Yzqsanitari", "Zzqeducati"} <= cognomi
    assert not {"Wqxpassati", "Xyzpiani", "Zzqlodigiani", "Zkwgaranti"} & cognomi
    assert len({(o["operatore_id"], o["ente_id"], o["ruolo"]) for o in trovati}) == len(trovati)


async def test_una_richiesta_ripetuta_costituisce_una_sola_equipe(p: Percorso) -> None:
    corpo = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": [{"qualifica": "caregiver", "persona_id": str(BRUNO)}]}
    risposte = [await p.post("as-crema", f"/cartelle/{ADA}/equipe", corpo, idempotency_key="chiave-1") for _ in range(2)]
    assert [r.status_code for r in risposte] == [201, 201]
    assert risposte[0].content == risposte[1].content
    assert len((await p.get("as-crema", f"/cartelle/{ADA}/equipe")).json()["elementi"]) == 1


async def test_per_una_domanda_servono_entrambe_le_scale_e_una_sola_conclusione(p: Percorso, admin: Admin) -> None:
    avviso = await admin.fetchval("SELECT id FROM avviso WHERE ambito_id = 1 LIMIT 1")
    domanda = nuovo_id()
    await admin.execute(
        "INSERT INTO domanda (id, versione, ambito_id, cartella_id, avviso_id, stato, tipo_intervento, dati)"
        " VALUES ($1, 1, 1, $2, $3, 'bozza', 'prova', '{}')",
        domanda, ADA, avviso,
    )  # fmt: skip
    equipe = await p.equipe_integrata()
    base = {"equipe_id": equipe["id"], "data_valutazione": "2025-09-12", "domanda_id": str(domanda), **ALTRI_RILIEVI}
    prima, seconda = [(await p.crea("as-crema", f"/cartelle/{ADA}/valutazioni", base))["id"] for _ in range(2)]
    sola = await p.post("as-crema", f"/valutazioni/{prima}/conclusione", {"adl": ADL}, if_match='"1"')
    assert set(motivi(sola)) == {f"iadl.{voce}" for voce in IADL}
    tutto = {"adl": ADL, "iadl": IADL}
    assert (await p.post("as-crema", f"/valutazioni/{prima}/conclusione", tutto, if_match='"1"')).status_code == 200
    assert (await p.post("as-crema", f"/valutazioni/{seconda}/conclusione", tutto, if_match='"1"')).status_code == 409
