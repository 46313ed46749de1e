"""The trail: can something be read without a row, refused without a row, or written so that nobody sees the row."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.core.access.operazioni import OPERAZIONI
from services.core.platform.ids import nuovo_id
from tests.attack.mondo import ADA, Mondo, operazioni
from tests.casa import Casa, problema
from tests.percorsi import COMUNE_CREMA

pytestmark = pytest.mark.asyncio(loop_scope="module")

DI_CREMA = ("as-crema", "tutela-csc", "amm-misure-csc", "coord-csc", "resp-disabilita-csc", "dpo-crema")
SENZA_OGGETTO = {"elencaAudit", "elencaOperatori", "leggiIo"}
"""Reads of no record of a person: who may be called, who I am, the trail itself."""


async def test_ogni_lettura_riuscita_ha_la_sua_riga_con_cio_che_nomina(mondo: Mondo) -> None:
    """Every GET there is, by one who may: the row says who, why, under which incarico, and on what."""
    casa, lette = mondo.casa, set()
    for metodo, percorso, definizione in operazioni(casa):
        if metodo != "GET":
            continue
        operazione = definizione["operationId"]
        for chi in DI_CREMA:
            risposta = await casa.get(chi, percorso.format(**mondo.ids), finalita="controllo")
            righe = await casa.audit(risposta)
            assert righe, (operazione, chi)
            assert {r["operatore_id"] for r in righe} == {await casa.operatore(chi)}
            if risposta.status_code != 200:
                continue
            lette.add(operazione)
            assert {(r["esito"], r["operazione"], r["finalita"], r["ambito_id"]) for r in righe} == {
                ("consentita", operazione, "controllo", 1)
            }
            assert all(r["incarico_id"] for r in righe)
            if "{" in percorso:
                nome = percorso.partition("{")[2].partition("}")[0]
                assert mondo.ids[nome] in [o for r in righe for o in r["oggetti"]], operazione
            elif operazione not in SENZA_OGGETTO and risposta.json()["elementi"]:
                mostrati = {UUID(e["id"]) for e in risposta.json()["elementi"]}
                assert mostrati <= {o for r in righe for o in r["oggetti"]}, operazione
    assert lette == {d["operationId"] for m, _, d in operazioni(casa) if m == "GET"}


@pytest.mark.parametrize("metodo", ["HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND"])
async def test_nessun_altro_metodo_legge(mondo: Mondo, metodo: str) -> None:
    casa = mondo.casa
    righe = await casa.admin.fetchval("SELECT count(*) FROM audit")
    for _, percorso, _ in operazioni(casa):
        risposta = await casa.client.request(metodo, percorso.format(**mondo.ids), headers=casa.token("as-crema"))
        assert risposta.status_code == 405, percorso
        assert "etag" not in risposta.headers
        assert str(ADA) not in risposta.text
    assert await casa.admin.fetchval("SELECT count(*) FROM audit") == righe


@pytest.mark.parametrize(
    "testate",
    [
        {"If-None-Match": '"1"'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Sun, 22 Nov 2099 00:00:00 GMT"},
        {"Range": "bytes=0-10"},
        {"X-HTTP-Method-Override": "HEAD"},
        {"X-Request-Id": str(UUID(int=1))},
        {"Accept": "text/html"},
        {"Prefer": "return=minimal"},
    ],
)
async def test_una_lettura_condizionata_e_una_lettura(mondo: Mondo, testate: dict[str, str]) -> None:
    """Whatever the header, what is answered is recorded, under a number that the caller does not choose."""
    casa = mondo.casa
    for percorso in (f"/cartelle/{ADA}", "/cartelle", f"/domande/{mondo.ids['domanda_id']}"):
        risposta = await casa.client.get(percorso, headers=casa.token("as-crema") | testate)
        assert risposta.status_code == 200
        righe = await casa.audit(risposta)
        assert [r["esito"] for r in righe if "cartella" in (r["oggetto_tipo"] or "") or r["oggetti"]]
        assert {r["richiesta_id"] for r in righe} != {UUID(int=1)}


async def test_l_incarico_di_un_altro_si_vede_da_tutt_e_due_i_garanti(casa: Casa) -> None:
    """Delia, of Lodi, acts under an incarico of Crema: both officers see it, and it is not written as if it were hers."""
    altrui = await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", await casa.operatore("as-crema"))
    for percorso in ("/cartelle", f"/cartelle/{nuovo_id()}", "/io"):
        risposta = await casa.get("as-lodi", percorso, incarico=str(altrui))
        problema(risposta, 403, "operazione-non-consentita")
        [riga] = await casa.audit(risposta)
        assert (riga["esito"], riga["incarico_id"], riga["ambito_id"], riga["ambito_oggetto_id"]) == ("negata", None, 2, 1)
        for dpo in ("dpo-lodi", "dpo-crema"):
            ultima = (await casa.get(dpo, "/audit?esito=negata&limite=1")).json()["elementi"][0]
            assert ultima["richiesta_id"] == risposta.headers["richiesta-id"], dpo
    inventato = await casa.get("as-lodi", "/cartelle", incarico=str(nuovo_id()))
    [riga] = await casa.audit(inventato)
    assert (riga["ambito_id"], riga["ambito_oggetto_id"]) == (2, None)


async def test_un_diniego_va_all_ambito_in_cui_si_opera_quel_giorno(casa: Casa) -> None:
    """Who is to move next month to another ambito is refused in this one, and this one's officer must know."""
    operatore = await casa.operatore("segretariato-crema")
    lodi = await casa.admin.fetchval("SELECT ente_id FROM incarico WHERE operatore_id = $1", await casa.operatore("as-lodi"))
    await casa.admin.execute(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal)
           VALUES ($1, $2, 2, $3, 'segretariato', $4)""",
        nuovo_id(), operatore, lodi, date(2025, 10, 1),
    )  # fmt: skip
    risposta = await casa.get("segretariato-crema", "/audit")
    problema(risposta, 403, "operazione-non-consentita")
    [riga] = await casa.audit(risposta)
    assert riga["ambito_id"] == 1
    visti = (await casa.get("dpo-crema", "/audit?esito=negata&limite=1")).json()["elementi"][0]
    assert visti["richiesta_id"] == risposta.headers["richiesta-id"]


async def test_una_risposta_ripetuta_lascia_la_sua_riga(mondo: Mondo) -> None:
    """The stored answer holds names: to have it again is a reading too."""
    casa, chiave = mondo.casa, str(nuovo_id())
    carla = str(await casa.operatore("as-crema"))
    membri = [{"qualifica": "assistente_sociale", "operatore_id": carla, "ente_id": str(COMUNE_CREMA)}]
    corpo = {"tipo": "uvm", "costituita_il": "2025-09-15", "membri": membri}
    risposte = [await casa.post("as-crema", f"/cartelle/{ADA}/equipe", corpo, idempotency_key=chiave) for _ in range(3)]
    assert {r.content for r in risposte} == {risposte[0].content}
    for risposta in risposte:
        righe = await casa.audit(risposta)
        assert {(r["operazione"], r["esito"]) for r in righe} == {("costituisciEquipe", "consentita")}
        assert {o for r in righe for o in r["oggetti"]} == {ADA, UUID(risposte[0].json()["id"])}


async def test_chi_non_e_dpo_non_scorre_l_audit_e_il_dpo_non_esce_dal_suo_ambito(mondo: Mondo) -> None:
    casa = mondo.casa
    assert OPERAZIONI["elencaAudit"].ruoli == {"dpo"}
    ambiti: dict[str, set[Any]] = {"dpo-crema": {1}, "dpo-lodi": {2}}
    await casa.get("as-lodi", f"/cartelle/{ADA}")
    for dpo, propri in ambiti.items():
        cursore, ids = "", []
        while True:
            pagina = (await casa.get(dpo, f"/audit?limite=100{cursore}")).json()
            ids += [e["id"] for e in pagina["elementi"]]
            if pagina["successivo"] is None:
                break
            cursore = f"&cursore={pagina['successivo']}"
        righe = await casa.admin.fetch("SELECT ambito_id, ambito_oggetto_id FROM audit WHERE id = ANY ($1::bigint[])", ids)
        assert len(righe) == len(ids) > 50 if dpo == "dpo-crema" else righe
        assert all(propri & {r["ambito_id"], r["ambito_oggetto_id"]} for r in righe)
