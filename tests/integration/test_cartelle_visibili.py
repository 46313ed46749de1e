"""Who may open a cartella: to the others it is as one that does not exist, and every attempt is in the trail, once."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import GIORNO, Server
from tests.casa import Casa, ammetti, apri_casa, clone, persona, problema, semina

pytestmark = pytest.mark.asyncio(loop_scope="module")

IERI, DOMANI = GIORNO - timedelta(days=1), GIORNO + timedelta(days=1)
CSC = "(SELECT id FROM ente WHERE codice = 'csc')"


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def nascosta(casa: Casa, chi: str, cartella: str | UUID) -> None:
    """Every door of that cartella is closed to `chi`, with the words used for a cartella that does not exist."""
    figlio = {"persona": persona(), "relazione": "figlio", "dal": "2025-09-15"}
    for metodo, coda, corpo in (
        ("GET", "", None),
        ("POST", "/chiusura", None),
        ("POST", "/componenti", figlio),
        ("GET", "/fatti", None),
    ):
        corpi = []
        for id_ in (cartella, nuovo_id()):
            testate = casa.token(chi, if_match='"1"')
            r = await casa.client.request(metodo, f"/cartelle/{id_}{coda}", headers=testate, json=corpo)
            corpi.append(problema(r, 404, "non-trovato"))
            [riga] = await casa.audit(r)
            assert (riga["esito"], riga["motivo"], riga["oggetti"]) == ("negata", "non-trovato", [UUID(str(id_))])
        assert corpi[0] == corpi[1]
    elenco = await casa.get(chi, "/cartelle?limite=100")
    assert str(cartella) not in elenco.text


async def aperta_a(casa: Casa, chi: str, cartella: str | UUID) -> None:
    assert (await casa.get(chi, f"/cartelle/{cartella}")).status_code == 200
    assert str(cartella) in (await casa.get(chi, "/cartelle?limite=100")).text


@pytest.mark.parametrize("chi", ["as-offanengo", "as-lodi", "tutela-csc", "antiviolenza-crema", "base-acsi"])
async def test_altro_comune_altro_ambito_altro_servizio(casa: Casa, chi: str) -> None:
    creata = await casa.apri(servizio="disabilita")
    prima = await casa.impronta("audit")
    if chi == "antiviolenza-crema":  # she may read, not close: 403 on the change says nothing of the cartella
        problema(await casa.get(chi, f"/cartelle/{creata['id']}"), 404, "non-trovato")
        problema(await casa.post(chi, f"/cartelle/{creata['id']}/chiusura", if_match='"1"'), 403, "operazione-non-consentita")
        problema(await casa.post(chi, f"/cartelle/{nuovo_id()}/chiusura", if_match='"1"'), 403, "operazione-non-consentita")
    else:
        await nascosta(casa, chi, creata["id"])
    assert await casa.impronta("audit") == prima
    await aperta_a(casa, "as-crema", creata["id"])


async def test_l_azienda_vede_solo_cio_che_le_e_delegato_quel_giorno(casa: Casa) -> None:
    """Every edge of the dates of a delega; the Comune, which keeps the competenza, sees it all along."""
    creata = await casa.apri(servizio="disabilita")
    competenza = await casa.admin.fetchval("SELECT competenza_id FROM cartella WHERE id = $1", UUID(creata["id"]))
    dal, al = await casa.admin.fetchrow(
        f"SELECT dal, al FROM delega WHERE competenza_id = $1 AND ente_gestore_id = {CSC}", competenza
    )
    cambia = f"UPDATE delega SET dal = $2, al = $3 WHERE competenza_id = $1 AND ente_gestore_id = {CSC}"
    try:
        for inizio, fine, vede in (
            (dal, IERI, False), (dal, GIORNO, True), (dal, DOMANI, True), (GIORNO, GIORNO, True), (GIORNO, None, True),
            (DOMANI, None, False),
        ):  # fmt: skip
            await casa.admin.execute(cambia, competenza, inizio, fine)
            if vede:
                await aperta_a(casa, "coord-csc", creata["id"])
            else:
                await nascosta(casa, "coord-csc", creata["id"])
            assert (await casa.get("as-crema", f"/cartelle/{creata['id']}")).status_code == 200
    finally:
        await casa.admin.execute(cambia, competenza, dal, al)
    mai_delegata = await casa.apri(servizio="servizio_sociale_base")
    await nascosta(casa, "coord-csc", mai_delegata["id"])


async def test_le_aziende_di_lodi_si_dividono_i_comuni(casa: Casa) -> None:
    [di_acsi] = await semina(casa.admin, [adesso()], "Corte Palasio", "tutela_minori")
    [di_asp] = await semina(casa.admin, [adesso()], "Maleo", "tutela_minori")
    await aperta_a(casa, "tutela-acsi", di_acsi)
    await aperta_a(casa, "tutela-asp", di_asp)
    await nascosta(casa, "tutela-acsi", di_asp)
    await nascosta(casa, "tutela-asp", di_acsi)
    await nascosta(casa, "base-acsi", di_acsi)
    await nascosta(casa, "as-codogno", di_asp)


async def test_l_incarico_finito_non_apre_nulla(casa: Casa) -> None:
    """403 and not 404: there is no incarico, so the answer is the same whatever is asked for."""
    creata = await casa.apri()
    for id_ in (creata["id"], nuovo_id()):
        risposta = await casa.get("as-cessata", f"/cartelle/{id_}")
        problema(risposta, 403, "operazione-non-consentita")
        [riga] = await casa.audit(risposta)
        assert (riga["esito"], riga["oggetti"]) == ("negata", [UUID(str(id_))])
    corpo = {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    problema(await casa.post("as-cessata", "/cartelle", corpo), 403, "operazione-non-consentita")
    operatore = await casa.operatore("as-cessata")
    cambia = "UPDATE incarico SET dal = $2, al = $3 WHERE operatore_id = $1"
    try:
        for inizio, fine, stato in ((IERI, GIORNO, 200), (GIORNO, None, 200), (IERI, IERI, 403), (DOMANI, None, 403)):
            await casa.admin.execute(cambia, operatore, inizio, fine)
            assert (await casa.get("as-cessata", f"/cartelle/{creata['id']}")).status_code == stato
    finally:
        await casa.admin.execute(cambia, operatore, date(2020, 1, 1), date(2024, 12, 31))


async def test_l_incarico_di_un_altro_o_non_indicato(casa: Casa) -> None:
    creata = await casa.apri()
    altrui = await casa.admin.fetchval("SELECT i.id FROM incarico i WHERE i.operatore_id = $1", await casa.operatore("as-crema"))
    for chi in ("as-offanengo", "as-due-comuni", "dpo-crema"):
        risposta = await casa.get(chi, f"/cartelle/{creata['id']}", incarico=str(altrui))
        problema(risposta, 403, "operazione-non-consentita")
        [riga] = await casa.audit(risposta)
        assert riga["operatore_id"] == await casa.operatore(chi)
        assert riga["incarico_id"] is None, "the incarico of somebody else is not written as hers"
    for metodo, percorso in (
        ("GET", "/cartelle"),
        ("GET", f"/cartelle/{creata['id']}"),
        ("POST", f"/cartelle/{creata['id']}/chiusura"),
    ):
        r = await casa.client.request(metodo, percorso, headers=casa.token("as-due-comuni", if_match='"1"'))
        problema(r, 400, "richiesta-malformata")


async def test_uno_di_due_incarichi_e_finito(casa: Casa) -> None:
    operatore = await casa.operatore("as-due-comuni")
    finito = await casa.admin.fetchval(
        "SELECT i.id FROM incarico i JOIN ente e ON e.id = i.ente_id WHERE operatore_id = $1 AND e.codice LIKE '%spino%'",
        operatore,
    )
    assert finito is not None
    await casa.admin.execute("UPDATE incarico SET al = $2 WHERE id = $1", finito, IERI)
    try:
        risposta = await casa.get("as-due-comuni", "/cartelle")
        assert risposta.status_code == 200, "the only one left is implied"
        problema(await casa.get("as-due-comuni", "/cartelle", incarico=str(finito)), 403, "operazione-non-consentita")
    finally:
        await casa.admin.execute("UPDATE incarico SET al = NULL WHERE id = $1", finito)


async def test_la_cartella_riservata_e_solo_della_sua_squadra(casa: Casa) -> None:
    [riservata] = await semina(casa.admin, [adesso()], "Crema", "adulti_inclusione", riservata=True)
    for chi in ("as-crema", "coord-csc", "as-offanengo", "tutela-csc"):
        await nascosta(casa, chi, riservata)
    problema(await casa.get("antiviolenza-crema", f"/cartelle/{riservata}"), 404, "non-trovato")
    await ammetti(casa, "antiviolenza-crema", riservata)
    await aperta_a(casa, "antiviolenza-crema", riservata)
    letta = (await casa.get("antiviolenza-crema", f"/cartelle/{riservata}")).json()
    assert letta["riservata"] is True
    assert letta["persona"]["cognome"] == "Zzqprova"
    await nascosta(casa, "as-crema", riservata)
    for inizio, fine, stato in ((GIORNO, IERI, None), (IERI, IERI, 404), (DOMANI, None, 404), (IERI, GIORNO, 200)):
        if stato is not None:
            await casa.admin.execute("UPDATE accesso SET dal = $2, al = $3 WHERE cartella_id = $1", riservata, inizio, fine)
            assert (await casa.get("antiviolenza-crema", f"/cartelle/{riservata}")).status_code == stato


async def test_una_riga_per_richiesta_con_gli_oggetti_mostrati(casa: Casa) -> None:
    creata = await casa.apri()
    await semina(casa.admin, [adesso()] * 10)
    pagina = await casa.get("as-offanengo", "/cartelle?limite=9", finalita="controllo")
    [riga] = await casa.audit(pagina)
    assert (riga["operazione"], riga["esito"], riga["oggetto_tipo"], riga["finalita"]) == (
        "elencaCartelle", "consentita", "cartella", "controllo",
    )  # fmt: skip
    assert sorted(map(str, riga["oggetti"])) == sorted(e["id"] for e in pagina.json()["elementi"])
    assert len(riga["oggetti"]) == 9, "and not the tenth, which only told that there is more"
    singola = await casa.get("as-crema", f"/cartelle/{creata['id']}")
    [riga] = await casa.audit(singola)
    assert (riga["operazione"], riga["oggetti"], riga["finalita"]) == ("leggiCartella", [UUID(creata["id"])], "presa_in_carico")
    assert riga["operatore_id"] == await casa.operatore("as-crema")
    chiusa = await casa.post("as-crema", f"/cartelle/{creata['id']}/chiusura", if_match='"1"')
    [riga] = await casa.audit(chiusa)
    assert (riga["operazione"], riga["esito"], riga["oggetti"]) == ("chiudiCartella", "consentita", [UUID(creata["id"])])
    aperta = await casa.post("as-crema", "/cartelle", {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"})
    [riga] = await casa.audit(aperta)
    assert (riga["operazione"], riga["oggetti"]) == ("apriCartella", [UUID(aperta.json()["id"])])


async def righe_del_dpo(casa: Casa, chi: str, operatore: str, esito: str = "negata") -> list[dict[str, Any]]:
    filtro = f"?esito={esito}&operatore_id={await casa.operatore(operatore)}&limite=100"
    risposta = await casa.get(chi, f"/audit{filtro}")
    assert risposta.status_code == 200, risposta.text
    elementi: list[dict[str, Any]] = risposta.json()["elementi"]
    return elementi


async def test_il_dpo_dell_ambito_dell_oggetto_vede_il_tentativo(casa: Casa) -> None:
    creata = await casa.apri()
    tentativo = await casa.get("as-lodi", f"/cartelle/{creata['id']}")
    a_vuoto = await casa.get("as-lodi", f"/cartelle/{nuovo_id()}")
    numeri = {nome: r.headers["richiesta-id"] for nome, r in (("tentativo", tentativo), ("a vuoto", a_vuoto))}
    di_crema = {r["richiesta_id"]: r for r in await righe_del_dpo(casa, "dpo-crema", "as-lodi")}
    di_lodi = {r["richiesta_id"]: r for r in await righe_del_dpo(casa, "dpo-lodi", "as-lodi")}
    assert numeri["tentativo"] in di_crema
    assert di_crema[numeri["tentativo"]]["oggetti"] == [creata["id"]]
    assert numeri["a vuoto"] not in di_crema, "what aims at nothing of the ambito is not its business"
    assert set(numeri.values()) <= set(di_lodi), "the DPO of the operator's own ambito sees both"
    lecita = await casa.get("as-crema", f"/cartelle/{creata['id']}")
    assert lecita.status_code == 200
    assert not await righe_del_dpo(casa, "dpo-lodi", "as-crema", "consentita")
    assert lecita.headers["richiesta-id"] in {
        r["richiesta_id"] for r in await righe_del_dpo(casa, "dpo-crema", "as-crema", "consentita")
    }
    problema(await casa.get("as-crema", "/audit"), 403, "operazione-non-consentita")
