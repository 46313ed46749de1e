"""Exclusions, oppositions and limitations over HTTP: what is written, said in the log and in the trail, and refused."""

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
from tests.casa import Casa, apri_casa, clone, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

OGGI = GIORNO.isoformat()
IERI, DOMANI = (GIORNO - timedelta(days=1)).isoformat(), (GIORNO + timedelta(days=1)).isoformat()


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def eventi(casa: Casa, aggregato: str) -> list[tuple[str, int, dict[str, Any]]]:
    righe = await casa.admin.fetch(
        "SELECT tipo, versione, dati::text AS dati, cartella_id FROM evento WHERE aggregato_id = $1 ORDER BY numero",
        UUID(aggregato),
    )
    assert all(r["cartella_id"] is not None for r in righe)
    return [(r["tipo"], r["versione"], r["dati"]) for r in righe]


async def esclude(casa: Casa, cartella: str, chi: str = "as-crema", **altro: Any) -> httpx.Response:
    corpo = {"operatore_id": str(await casa.operatore(chi)), "motivo": "parentela"} | altro
    return await casa.post("coord-csc", f"/cartelle/{cartella}/esclusioni", corpo)


def motivo(risposta: httpx.Response, campo: str) -> str:
    [voce] = [c for c in problema(risposta, 422, "dati-non-validi")["campi"] if c["campo"] == campo]
    return str(voce["motivo"])


async def test_si_esclude_si_elenca_si_revoca(casa: Casa) -> None:
    cartella = (await casa.apri())["id"]
    creata = await esclude(casa, cartella)
    assert (creata.status_code, creata.headers["etag"]) == (201, '"1"'), creata.text
    e = creata.json()
    assert (e["dal"], e["al"], e["revocata_il"], e["motivo"]) == (OGGI, None, None, "parentela")
    problema(await casa.get("as-crema", f"/cartelle/{cartella}"), 404, "non-trovato")
    [voce] = (await casa.get("coord-csc", f"/cartelle/{cartella}/esclusioni")).json()["elementi"]
    assert voce == e | {"nominativo": "Zzqassistente Carla"}
    revocata = await casa.post("resp-disabilita-csc", f"/esclusioni/{e['id']}/revoca", if_match='"1"')
    assert (revocata.status_code, revocata.headers["etag"]) == (200, '"2"'), revocata.text
    assert revocata.json()["al"] == OGGI
    assert revocata.json()["revocata_il"] is not None
    assert (await casa.get("as-crema", f"/cartelle/{cartella}")).status_code == 200
    scritti = await eventi(casa, e["id"])
    assert [(t, v) for t, v, _ in scritti] == [
        ("contitolarita.esclusione.registrata", 1), ("contitolarita.esclusione.revocata", 2),
    ]  # fmt: skip
    assert not any("parentela" in str(dati) for _, _, dati in scritti), "why is in the record, not in the log"
    tracce = await casa.audit(creata)
    assert {t["oggetto_tipo"]: t["oggetti"] for t in tracce} == {"cartella": [UUID(cartella)], "esclusione": [UUID(e["id"])]}


async def test_una_fine_prevista_e_una_nuova_esclusione(casa: Casa) -> None:
    cartella = (await casa.apri())["id"]
    assert "passato" in motivo(await esclude(casa, cartella, al=IERI), "al")
    assert (await esclude(casa, cartella, al=OGGI)).status_code == 201
    problema(await esclude(casa, cartella), 409, "stato-non-ammesso")
    await casa.admin.execute(
        "UPDATE esclusione SET dal = $2, al = $2 WHERE cartella_id = $1", UUID(cartella), GIORNO - timedelta(days=1)
    )
    assert (await casa.get("as-crema", f"/cartelle/{cartella}")).status_code == 200
    assert (await esclude(casa, cartella, al=DOMANI)).status_code == 201
    elenco = (await casa.get("coord-csc", f"/cartelle/{cartella}/esclusioni?limite=1")).json()
    seguito = (await casa.get("coord-csc", f"/cartelle/{cartella}/esclusioni?cursore={elenco['successivo']}")).json()
    assert [e["al"] for e in (*elenco["elementi"], *seguito["elementi"])] == [DOMANI, IERI]
    assert seguito["successivo"] is None
    finita = seguito["elementi"][0]["id"]
    problema(await casa.post("coord-csc", f"/esclusioni/{finita}/revoca", if_match='"1"'), 409, "stato-non-ammesso")


async def test_cio_che_non_si_puo_escludere(casa: Casa) -> None:
    cartella = (await casa.apri())["id"]
    for sconosciuto in (nuovo_id(), await casa.operatore("as-lodi")):
        assert "sconosciuto" in motivo(await esclude(casa, cartella, operatore_id=str(sconosciuto)), "operatore_id")
    assert motivo(await esclude(casa, cartella, motivo="antipatia"), "motivo")
    problema(await esclude(casa, str(nuovo_id())), 404, "non-trovato")
    lontana = (await casa.apri("as-lodi", comune="lodi"))["id"]
    problema(await esclude(casa, lontana), 404, "non-trovato")
    e = (await esclude(casa, cartella)).json()
    problema(await casa.post("coord-csc", f"/esclusioni/{e['id']}/revoca"), 428, "precondizione-richiesta")
    problema(await casa.post("coord-csc", f"/esclusioni/{e['id']}/revoca", if_match='"7"'), 409, "versione-superata")
    problema(await casa.post("coord-csc", f"/esclusioni/{nuovo_id()}/revoca", if_match='"1"'), 404, "non-trovato")
    assert (await casa.post("coord-csc", f"/esclusioni/{e['id']}/revoca", if_match='"1"')).status_code == 200
    problema(await casa.post("coord-csc", f"/esclusioni/{e['id']}/revoca", if_match='"2"'), 409, "stato-non-ammesso")


async def test_quattro_insieme_ne_scrivono_una(casa: Casa) -> None:
    """The lock of the cartella: the others wait, and find the first."""
    cartella = (await casa.apri())["id"]
    risposte = await asyncio.gather(*(esclude(casa, cartella) for _ in range(4)))
    assert sorted(r.status_code for r in risposte) == [201, 409, 409, 409]
    vive = "SELECT count(*) FROM esclusione WHERE cartella_id = $1 AND revocata_il IS NULL"
    assert await casa.admin.fetchval(vive, UUID(cartella)) == 1


async def test_ripetuta_con_la_chiave_e_una_sola(casa: Casa) -> None:
    cartella = (await casa.apri())["id"]
    corpo = {"operatore_id": str(await casa.operatore("as-offanengo")), "motivo": "vicinato"}
    risposte = [
        await casa.post("coord-csc", f"/cartelle/{cartella}/esclusioni", corpo, idempotency_key="esclusione-1") for _ in range(2)
    ]
    assert [r.status_code for r in risposte] == [201, 201]
    assert risposte[0].content == risposte[1].content
    assert await casa.admin.fetchval("SELECT count(*) FROM esclusione WHERE cartella_id = $1", UUID(cartella)) == 1


async def test_la_limitazione_si_chiede_si_decide_si_termina(casa: Casa) -> None:
    cartella = (await casa.apri())["id"]
    base = f"/cartelle/{cartella}/limitazioni"
    corpo = {"tipo": "opposizione", "richiesta_il": IERI, "motivazione": "Non vuole che altri enti leggano la cartella."}
    assert "futuro" in motivo(await casa.post("as-crema", base, corpo | {"richiesta_il": DOMANI}), "richiesta_il")
    chiesta = await casa.post("as-crema", base, corpo)
    assert (chiesta.status_code, chiesta.headers["etag"]) == (201, '"1"'), chiesta.text
    id_ = chiesta.json()["id"]
    percorso, accoglie = f"/limitazioni/{id_}", {"accolta": True, "motivazione": "Accolta."}
    problema(await casa.post("coord-csc", f"{percorso}/termine", {"al": OGGI}, if_match='"1"'), 409, "stato-non-ammesso")
    problema(await casa.post("coord-csc", f"{percorso}/decisione", accoglie, if_match='"3"'), 409, "versione-superata")
    decisa = await casa.post("coord-csc", f"{percorso}/decisione", accoglie, if_match='"1"')
    assert decisa.status_code == 200, decisa.text
    assert (decisa.json()["esito"], decisa.json()["dal"], decisa.json()["decisa_il"]) == ("accolta", OGGI, OGGI)
    problema(await casa.post("coord-csc", f"{percorso}/decisione", accoglie, if_match='"2"'), 409, "stato-non-ammesso")
    assert "passato" in motivo(await casa.post("coord-csc", f"{percorso}/termine", {"al": IERI}, if_match='"2"'), "al")
    finita = await casa.post("coord-csc", f"{percorso}/termine", {"al": DOMANI}, if_match='"2"')
    assert (finita.status_code, finita.json()["al"], finita.headers["etag"]) == (200, DOMANI, '"3"'), finita.text
    problema(await casa.post("coord-csc", f"{percorso}/termine", {"al": OGGI}, if_match='"3"'), 409, "stato-non-ammesso")
    respinta = (await casa.post("as-crema", base, corpo)).json()["id"]
    rifiuta = {"accolta": False, "motivazione": "Prevale il compito di tutela."}
    letta = await casa.post("coord-csc", f"/limitazioni/{respinta}/decisione", rifiuta, if_match='"1"')
    assert (letta.json()["esito"], letta.json()["dal"]) == ("respinta", None)
    elenco = (await casa.get("as-crema", f"{base}?limite=1")).json()
    seguito = (await casa.get("as-crema", f"{base}?cursore={elenco['successivo']}")).json()
    assert [e["id"] for e in (*elenco["elementi"], *seguito["elementi"])] == [respinta, id_]
    scritti = await eventi(casa, id_)
    assert [t for t, _, _ in scritti] == [f"contitolarita.limitazione.{fatto}" for fatto in ("richiesta", "decisa", "terminata")]
    assert not any("vuole" in str(dati) or "Accolta" in str(dati) for _, _, dati in scritti)


async def test_chi_non_ha_in_carico_non_legge_le_limitazioni(casa: Casa) -> None:
    cartella = (await casa.apri())["id"]
    corpo = {"tipo": "limitazione", "richiesta_il": OGGI, "motivazione": "Contesta i dati."}
    chiesta = (await casa.post("as-crema", f"/cartelle/{cartella}/limitazioni", corpo)).json()["id"]
    for chi in ("as-offanengo", "as-lodi"):
        problema(await casa.get(chi, f"/cartelle/{cartella}/limitazioni"), 404, "non-trovato")
    problema(await casa.get("segretariato-crema", f"/cartelle/{cartella}/limitazioni"), 403, "operazione-non-consentita")
    decisione = {"accolta": True, "motivazione": "Sì."}
    ignota = await casa.post("resp-disabilita-csc", f"/limitazioni/{nuovo_id()}/decisione", decisione, if_match='"1"')
    problema(ignota, 404, "non-trovato")
    tutela = (await casa.apri(servizio="tutela_minori"))["id"]
    altra = (await casa.post("as-crema", f"/cartelle/{tutela}/limitazioni", corpo)).json()["id"]
    fuori = await casa.post("resp-disabilita-csc", f"/limitazioni/{altra}/decisione", decisione, if_match='"1"')
    problema(fuori, 404, "non-trovato")
    assert chiesta != altra


async def test_gli_accordi_dicono_che_cosa_e_condiviso_con_chi(casa: Casa) -> None:
    primo = (await casa.get("dpo-crema", "/accordi?limite=1")).json()
    seguito = (await casa.get("dpo-crema", f"/accordi?cursore={primo['successivo']}")).json()
    [asst] = primo["elementi"]
    assert asst["base_giuridica"] == "gdpr_9_2_h"
    assert [(c["ente"], c["classi"], c["finalita"], c["in_vigore"]) for c in asst["condivisioni"]] == [
        ("ASST di Crema", ["identita", "bisogno", "sanitaria"], "presa_in_carico", True),
        ("ASST di Crema", ["identita", "bisogno", "sanitaria"], "valutazione", True),
    ]
    assert [a["codice"] for a in seguito["elementi"]] == ["domiciliarita-accreditata", "pippi-educativa"]
    [traccia] = await casa.audit(await casa.get("udp-crema", "/accordi"))
    assert (traccia["oggetto_tipo"], len(traccia["oggetti"])) == ("accordo", 3)
