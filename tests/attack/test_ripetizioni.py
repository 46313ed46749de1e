"""An answer kept under an Idempotency-Key is had again only by who could have it now: the same door, each time."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.platform.ids import nuovo_id
from tests.attack.mondo import Mondo, senza_numero
from tests.casa import Casa, persona, problema
from tests.percorsi import ASST

pytestmark = pytest.mark.asyncio(loop_scope="module")

OGGI = "2025-09-15"


async def equipe_con_sara(casa: Casa) -> tuple[str, dict[str, Any]]:
    """A cartella of Crema, and an équipe that opens it to the ASST."""
    cartella = (await casa.apri())["id"]
    sara = {"qualifica": "infermiere", "operatore_id": str(await casa.operatore("asst-crema")), "ente_id": str(ASST)}
    corpo = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": [sara]}
    formata = await casa.post("as-crema", f"/cartelle/{cartella}/equipe", corpo)
    assert formata.status_code == 201, formata.text
    return cartella, formata.json()


async def valutazione(casa: Casa, cartella: str, equipe: str, chiave: str) -> httpx.Response:
    corpo = {"equipe_id": equipe, "data_valutazione": "2025-09-12"}
    percorso = f"/cartelle/{cartella}/valutazioni"
    return await casa.post("asst-crema", percorso, corpo, idempotency_key=chiave, finalita="valutazione")


async def test_finita_la_squadra_la_risposta_conservata_e_404(casa: Casa) -> None:
    """While she sits there, the same bytes; then the 404 of what does not exist, recorded with what was sought."""
    cartella, equipe = await equipe_con_sara(casa)
    chiave = str(nuovo_id())
    risposte = [await valutazione(casa, cartella, equipe["id"], chiave) for _ in range(2)]
    assert [r.status_code for r in risposte] == [201, 201], risposte[0].text
    assert risposte[0].content == risposte[1].content
    righe = await casa.audit(risposte[1])
    assert {(r["operazione"], r["esito"]) for r in righe} == {("apriValutazione", "consentita")}
    visti = {o for r in righe for o in r["oggetti"]}
    assert {UUID(v) for v in (cartella, equipe["id"], risposte[0].json()["id"])} == visti, "the repetition is a reading of these"
    fine = await casa.post("as-crema", f"/equipe/{equipe['id']}/scioglimento", {"cessata_il": OGGI}, if_match='"1"')
    assert fine.status_code == 200, fine.text
    ripetuta = await valutazione(casa, cartella, equipe["id"], chiave)
    problema(ripetuta, 404, "non-trovato")
    assert senza_numero(ripetuta) == senza_numero(await valutazione(casa, cartella, equipe["id"], str(nuovo_id())))
    [riga] = await casa.audit(ripetuta)
    assert (riga["esito"], riga["motivo"], riga["ambito_oggetto_id"]) == ("negata", "non-trovato", 1)
    assert UUID(cartella) in riga["oggetti"]
    assert await casa.admin.fetchval("SELECT count(*) FROM valutazione WHERE cartella_id = $1", UUID(cartella)) == 1


async def test_tolto_il_solo_accesso_la_risposta_conservata_e_404(casa: Casa) -> None:
    """As a database administrator, or an end date that comes, would take it away."""
    cartella, equipe = await equipe_con_sara(casa)
    chiave = str(nuovo_id())
    assert (await valutazione(casa, cartella, equipe["id"], chiave)).status_code == 201
    termina = "UPDATE accesso SET dal = '2025-09-01', al = $2 WHERE cartella_id = $1"
    await casa.admin.execute(termina, UUID(cartella), date(2025, 9, 14))
    problema(await valutazione(casa, cartella, equipe["id"], chiave), 404, "non-trovato")
    await casa.admin.execute(termina, UUID(cartella), None)
    assert (await valutazione(casa, cartella, equipe["id"], chiave)).status_code == 201, "hers again, the answer too"


async def test_cio_che_diventa_riservato_non_torna_con_la_chiave(casa: Casa) -> None:
    """The answer of an opening names the person: once the cartella is reserved, its opener repeats into nothing."""
    chiave = str(nuovo_id())
    corpo = {"persona": persona(), "servizio": "adulti_inclusione", "aperta_il": OGGI}
    prima = await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave)
    assert prima.status_code == 201, prima.text
    id_ = prima.json()["id"]
    assert (await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave)).content == prima.content
    await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", UUID(id_))
    ripetuta = await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave)
    problema(ripetuta, 404, "non-trovato")
    assert id_ not in ripetuta.text
    assert prima.json()["persona_id"] not in ripetuta.text


async def test_finito_l_incarico_la_chiave_non_apre(casa: Casa) -> None:
    chiave, operatrice = str(nuovo_id()), await casa.operatore("as-offanengo")
    corpo = {"persona": persona("offanengo"), "servizio": "disabilita", "aperta_il": OGGI}
    prima = await casa.post("as-offanengo", "/cartelle", corpo, idempotency_key=chiave)
    assert prima.status_code == 201, prima.text
    await casa.admin.execute("UPDATE incarico SET al = '2025-09-14' WHERE operatore_id = $1", operatrice)
    ripetuta = await casa.post("as-offanengo", "/cartelle", corpo, idempotency_key=chiave)
    problema(ripetuta, 403, "operazione-non-consentita")
    assert prima.json()["id"] not in ripetuta.text
    await casa.admin.execute("UPDATE incarico SET al = NULL WHERE operatore_id = $1", operatrice)
    assert (await casa.post("as-offanengo", "/cartelle", corpo, idempotency_key=chiave)).content == prima.content


async def test_ogni_risposta_conservata_dice_di_che_cosa_parla(mondo: Mondo) -> None:
    """None could be had again without a look at what it is about."""
    casa, ids = mondo.casa, mondo.ids
    prove: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("as-crema", f"/cartelle/{ids['cartella_id']}/requisiti", REQUISITO),
        ("tutela-csc", f"/casi-pippi/{ids['caso_id']}/rilevazioni", T1),
        ("tutela-csc", f"/casi-pippi/{ids['caso_id']}/membri", {"qualifica": "medico", "ente_id": str(ASST), "descrizione": "x"}),
    )
    for chi, percorso, corpo in prove:
        chiave = str(nuovo_id())
        risposte = [await casa.post(chi, percorso, corpo, idempotency_key=chiave) for _ in range(2)]
        assert [r.status_code for r in risposte] == [201, 201], risposte[0].text
        assert risposte[0].content == risposte[1].content
    conservate = await casa.admin.fetch("SELECT operazione, oggetti::text AS oggetti FROM idempotenza WHERE stato IS NOT NULL")
    assert len(conservate) >= len(prove)
    assert [r["operazione"] for r in conservate if r["oggetti"] in (None, "{}")] == []


REQUISITO = {"requisito": "L104_ART3_C3", "stato": "accertata", "fonte": "verbale", "dal": "2025-01-01"}
T1 = {"tempo": "T1", "data": OGGI, "punteggi": {"autonomia": 2}}
