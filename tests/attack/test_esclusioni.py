"""An operator kept from a cartella: to her it does not exist, by any way and at any door, and she cannot let herself in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from services.core.platform.ids import nuovo_id
from tests.ambiente import GIORNO
from tests.attack.mondo import ADA, LEO, Mondo, come_app, crea, operazioni, senza_numero
from tests.attack.test_sql import ambiente
from tests.casa import Casa, persona, problema
from tests.percorsi import PERSONA_ADA

pytestmark = pytest.mark.asyncio(loop_scope="module")

IERI, DOMANI = GIORNO - timedelta(days=1), GIORNO + timedelta(days=1)
DI_ADA = ("cartella_id", "domanda_id", "equipe_id", "valutazione_id", "progetto_id")
"""Path parameters that name Ada's objects."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mondo(casa: Casa) -> Mondo:
    """Crema's objects; the graduatoria still to form."""
    return await crea(casa, graduatoria=False)


@asynccontextmanager
async def escluso(casa: Casa, chi: str, cartella: UUID, **giorni: object) -> AsyncIterator[UUID]:
    """Keep an operator from a cartella, as the database has it; given back at the end."""
    id_ = nuovo_id()
    date = {"dal": GIORNO, "al": None} | giorni
    await casa.admin.execute(
        """INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal, al)
           SELECT $1, 1, ambito_id, id, $3, 'parentela', $4, $5 FROM cartella WHERE id = $2""",
        id_, cartella, await casa.operatore(chi), date["dal"], date["al"],
    )  # fmt: skip
    try:
        yield id_
    finally:
        await casa.admin.execute("DELETE FROM esclusione WHERE id = $1", id_)


def letture(casa: Casa, parametri: tuple[str, ...]) -> list[str]:
    """The paths of every GET of the contract that names one of those objects."""
    return [p for m, p, d in operazioni(casa) if m == "GET" and any(f"{{{nome}}}" in p for nome in parametri)]


@pytest.mark.parametrize(("chi", "via"), [("as-crema", "territorio"), ("coord-csc", "delega"), ("asst-crema", "squadra")])
async def test_ogni_porta_e_quella_di_cio_che_non_esiste(mondo: Mondo, chi: str, via: str) -> None:
    casa = mondo.casa
    percorsi = letture(casa, DI_ADA)
    assert len(percorsi) >= 10
    inventati = {nome: nuovo_id() for nome in mondo.ids}
    aperte = [p for p in percorsi if (await casa.get(chi, p.format(**mondo.ids), finalita="valutazione")).status_code == 200]
    assert "/cartelle/{cartella_id}" in aperte, via
    async with escluso(casa, chi, ADA):
        for percorso in percorsi:
            risposte = [
                senza_numero(await casa.get(chi, percorso.format(**ids), finalita="valutazione"))
                for ids in (mondo.ids, inventati)
            ]
            assert risposte[0] == risposte[1], percorso
            assert risposte[0][0] in ((404,) if percorso in aperte else (403, 404)), percorso
        assert str(ADA) not in (await casa.get(chi, "/cartelle?limite=100", finalita="valutazione")).text
        assert (await casa.get("resp-disabilita-csc", f"/cartelle/{ADA}")).status_code == 200, "the others see it as before"
    assert (await casa.get(chi, f"/cartelle/{ADA}")).status_code == 200


async def test_nemmeno_chi_vi_siede_la_ricerca_e_le_altre_cartelle(mondo: Mondo) -> None:
    """Not in a search, nor as household of another cartella; the search of others still finds her."""
    casa = mondo.casa
    codice = await casa.admin.fetchval("SELECT codice_fiscale FROM persona WHERE id = $1", PERSONA_ADA)

    async def cerca(chi: str) -> bool:
        risposta = await casa.post(chi, "/persone/ricerca", {"codice_fiscale": codice}, finalita="presa_in_carico")
        assert risposta.status_code == 200, risposta.text
        trovata: bool = risposta.json()["trovata"]
        return trovata

    async def nucleo_di_leo(chi: str) -> set[str]:
        risposta = await casa.get(chi, f"/cartelle/{LEO}")
        assert risposta.status_code == 200, risposta.text
        return {c["persona_id"] for c in risposta.json()["nucleo"]}

    assert await cerca("as-crema")
    assert str(PERSONA_ADA) in await nucleo_di_leo("as-crema")
    async with escluso(casa, "as-crema", ADA):
        assert not await cerca("as-crema")
        assert await cerca("segretariato-crema")
        assert str(PERSONA_ADA) not in await nucleo_di_leo("as-crema")
        corpo = {"persona": persona(codice_fiscale=codice), "servizio": "disabilita", "aperta_il": "2025-09-15"}
        assert (await casa.post("as-crema", "/cartelle", corpo)).status_code in (409, 422), "the key stays one"


async def test_il_caso_pippi_e_chiuso_a_chi_e_nella_sua_squadra(mondo: Mondo) -> None:
    casa, caso = mondo.casa, mondo.ids["caso_id"]
    for chi in ("tutela-csc", "educatrice-ets"):
        assert (await casa.get(chi, f"/casi-pippi/{caso}")).status_code == 200
        async with escluso(casa, chi, LEO):
            problema(await casa.get(chi, f"/casi-pippi/{caso}"), 404, "non-trovato")
            assert (await casa.get(chi, "/casi-pippi")).json()["elementi"] == []
            t1 = {"tempo": "T1", "data": "2025-09-15", "punteggi": {"autonomia": 2}}
            risposta = await casa.post(chi, f"/casi-pippi/{caso}/rilevazioni", t1, finalita="valutazione")
            problema(risposta, 404, "non-trovato")


@pytest.mark.parametrize(
    ("dal", "al", "vede"),
    [(GIORNO, None, False), (GIORNO, GIORNO, False), (IERI, IERI, True), (DOMANI, None, True), (IERI, DOMANI, False)],
)
async def test_vale_nei_suoi_giorni_compresi(mondo: Mondo, dal: object, al: object, vede: bool) -> None:
    async with escluso(mondo.casa, "as-crema", ADA, dal=dal, al=al):
        assert (await mondo.casa.get("as-crema", f"/cartelle/{ADA}")).status_code == (200 if vede else 404)


async def test_vale_sotto_ogni_incarico(mondo: Mondo) -> None:
    casa = mondo.casa
    incarichi = await casa.admin.fetch("SELECT id FROM incarico WHERE operatore_id = $1", await casa.operatore("as-due-comuni"))
    for riga in incarichi:
        assert (await casa.get("as-due-comuni", "/cartelle?limite=100", incarico=str(riga["id"]))).status_code == 200
    doro = await casa.admin.fetchval(
        "SELECT c.id FROM cartella c JOIN competenza k ON k.id = c.competenza_id JOIN comune x ON x.id = k.comune_id"
        " WHERE x.denominazione = 'Pandino' LIMIT 1"
    )
    viste = [await casa.get("as-due-comuni", f"/cartelle/{doro}", incarico=str(r["id"])) for r in incarichi]
    assert sorted(v.status_code for v in viste) == [200, 404]
    async with escluso(casa, "as-due-comuni", doro):
        viste = [await casa.get("as-due-comuni", f"/cartelle/{doro}", incarico=str(r["id"])) for r in incarichi]
        assert [v.status_code for v in viste] == [404, 404]


async def test_nessuno_toglie_la_propria(mondo: Mondo) -> None:
    """Kept out by herself: neither the exclusion nor its list is found, and under the application role nothing changes."""
    casa = mondo.casa
    risposta = await casa.post("coord-csc", f"/cartelle/{ADA}/astensioni", {"motivo": "vicinato"})
    assert risposta.status_code == 201, risposta.text
    propria = risposta.json()["id"]
    problema(await casa.post("coord-csc", f"/esclusioni/{propria}/revoca", if_match='"1"'), 404, "non-trovato")
    problema(await casa.get("coord-csc", f"/cartelle/{ADA}/esclusioni"), 404, "non-trovato")
    problema(await casa.get("coord-csc", f"/cartelle/{ADA}"), 404, "non-trovato")
    competenze = await casa.admin.fetchval(
        "SELECT competenze_dell_incarico(i.id, '2025-09-15')::text FROM incarico i WHERE i.operatore_id = $1",
        await casa.operatore("coord-csc"),
    )
    for escluse in (f"{{{ADA}}}", "{}"):  # entered, and with the array forged empty
        async with come_app(casa.settings, **await ambiente(mondo, "coord-csc", competenze, escluse=escluse)) as c:
            cambiate = await c.execute(
                "UPDATE esclusione SET al = '2025-09-15', revocata_il = now() WHERE id = $1", UUID(propria)
            )
            assert cambiate == "UPDATE 0"
    revoca = await casa.post("resp-disabilita-csc", f"/esclusioni/{propria}/revoca", if_match='"1"')
    assert revoca.status_code == 200, revoca.text
    assert (await casa.get("coord-csc", f"/cartelle/{ADA}")).status_code == 200


async def test_la_ripetizione_non_riapre(mondo: Mondo) -> None:
    """The stored answer of her own abstention is not given again to who no longer sees the cartella."""
    casa = mondo.casa
    testate = {"idempotency_key": "astensione-1"}
    prima = await casa.post("as-crema", f"/cartelle/{ADA}/astensioni", {"motivo": "parentela"}, **testate)
    assert prima.status_code == 201, prima.text
    problema(await casa.post("as-crema", f"/cartelle/{ADA}/astensioni", {"motivo": "parentela"}, **testate), 404, "non-trovato")
    id_ = prima.json()["id"]
    assert (await casa.post("coord-csc", f"/esclusioni/{id_}/revoca", if_match='"1"')).status_code == 200


async def test_chi_non_decide_non_esclude_altri(mondo: Mondo) -> None:
    casa = mondo.casa
    collega = await casa.operatore("coord-csc")
    corpo = {"operatore_id": str(collega), "motivo": "altro"}
    problema(await casa.post("as-crema", f"/cartelle/{ADA}/esclusioni", corpo), 403, "operazione-non-consentita")
    problema(await casa.get("as-crema", f"/cartelle/{ADA}/esclusioni"), 403, "operazione-non-consentita")
    competenze = await casa.admin.fetchval(
        "SELECT competenze_dell_incarico(i.id, '2025-09-15')::text FROM incarico i WHERE i.operatore_id = $1",
        await casa.operatore("as-crema"),
    )
    async with come_app(casa.settings, **await ambiente(mondo, "as-crema", competenze)) as c:
        inserisci = """INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal)
                       VALUES ($1, 1, 1, $2, $3, 'altro', '2025-09-15')"""
        assert await c.execute(inserisci, nuovo_id(), ADA, await casa.operatore("as-crema")) == "INSERT 0 1", "herself she may"
        with pytest.raises(Exception, match="row-level security"):
            await c.execute(inserisci, nuovo_id(), ADA, collega)


async def test_chi_e_in_conflitto_non_forma_la_graduatoria(mondo: Mondo) -> None:
    """The refusal is the same whether who she is kept from has a domanda or not: it tells nothing of it."""
    casa, avviso = mondo.casa, mondo.ids["avviso_id"]
    senza_domanda = UUID((await casa.apri(servizio="disabilita"))["id"])
    fuori = UUID((await casa.apri(servizio="servizio_sociale_base"))["id"])
    percorso, corpo = f"/avvisi/{avviso}/graduatoria", {"chiusura_anticipata": True}
    testate = {"if_match": f'"{await casa.admin.fetchval("SELECT versione FROM avviso WHERE id = $1", avviso)}"'}
    rifiuti = []
    for cartella in (ADA, senza_domanda):
        async with escluso(casa, "amm-misure-csc", cartella):
            risposta = await casa.post("amm-misure-csc", percorso, corpo, **testate)
            rifiuti.append(problema(risposta, 409, "stato-non-ammesso"))
    assert rifiuti[0] == rifiuti[1]
    async with escluso(casa, "amm-misure-csc", fuori):
        assert (await casa.post("amm-misure-csc", percorso, corpo, **testate)).status_code == 201
