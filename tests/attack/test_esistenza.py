"""Oracles: what an answer, a conflict, a key, a cursor or a version could tell of what the caller may not see."""

from typing import Any
from uuid import UUID

import pytest

from services.core.platform.ids import nuovo_id
from tests.attack.mondo import ADA, LEO, Mondo, senza_numero
from tests.casa import Casa, persona, problema
from tests.percorsi import COMUNE_CREMA

pytestmark = pytest.mark.asyncio(loop_scope="module")

NESSUNO = {"trovata": False, "persona": None, "cartella_id": None, "in_carico_ad_altro_ente": False}


async def cerca(casa: Casa, codice: str) -> dict[str, Any]:
    risposta = await casa.post("segretariato-crema", "/persone/ricerca", {"codice_fiscale": codice}, finalita="presa_in_carico")
    assert risposta.status_code == 200, risposta.text
    corpo: dict[str, Any] = risposta.json()
    return corpo


async def codice_di(casa: Casa, persona_id: str) -> str:
    trovato: str = await casa.admin.fetchval("SELECT codice_fiscale FROM persona WHERE id = $1", UUID(persona_id))
    return trovato


async def riserva(casa: Casa, cartella: str) -> None:
    await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", UUID(cartella))


async def test_chi_ha_la_cartella_riservata_non_si_rivela_col_conflitto(casa: Casa) -> None:
    """The search finds nobody; typing the code in a new cartella must then meet nobody either."""
    dati = persona()
    corpo = {"persona": dati, "servizio": "adulti_inclusione", "aperta_il": "2025-09-15"}
    creata = await casa.post("as-crema", "/cartelle", corpo)
    await riserva(casa, creata.json()["id"])
    assert await cerca(casa, dati["codice_fiscale"]) == NESSUNO
    ancora = await casa.post("as-crema", "/cartelle", corpo)
    assert ancora.status_code == 201, "as for a code never seen"


async def test_una_cartella_riservata_senza_persona_protetta_non_si_scrive(casa: Casa) -> None:
    """The database keeps the two together, whoever writes."""
    creata = await casa.apri()
    await riserva(casa, creata["id"])
    assert await casa.admin.fetchval("SELECT protetta FROM persona WHERE id = $1", UUID(creata["persona_id"])) is True


async def test_i_familiari_di_una_cartella_riservata_non_si_trovano(casa: Casa) -> None:
    """A child is in the records only because her mother hides: her code must not say where."""
    creata = await casa.apri(servizio="adulti_inclusione")
    bambina = persona(nome="Uliva")
    corpo = {"persona": bambina, "relazione": "figlio", "dal": "2025-09-15"}
    aggiunta = await casa.post("as-crema", f"/cartelle/{creata['id']}/componenti", corpo, if_match='"1"')
    assert aggiunta.status_code == 201, aggiunta.text
    assert (await cerca(casa, bambina["codice_fiscale"]))["trovata"] is True
    await riserva(casa, creata["id"])
    assert await cerca(casa, bambina["codice_fiscale"]) == NESSUNO
    altrove = await casa.apri(servizio="disabilita")
    nucleo = await casa.admin.fetchval("SELECT nucleo_id FROM cartella WHERE id = $1", UUID(altrove["id"]))
    await casa.admin.execute(
        """INSERT INTO componente (id, ambito_id, nucleo_id, persona_id, relazione, dal)
           VALUES ($1, 1, $2, $3, 'altro', '2025-09-15')""",
        nuovo_id(), nucleo, UUID(aggiunta.json()["persona_id"]),
    )  # fmt: skip
    assert (await cerca(casa, bambina["codice_fiscale"]))["trovata"] is True, "a household anybody may know of"


async def test_cercare_per_conflitto_lascia_traccia(casa: Casa) -> None:
    """A codice fiscale of Offanengo, typed in Crema in a new cartella or household: a search without its name, and remembered."""
    altrove = await casa.apri("as-offanengo", comune="offanengo")
    noto = persona()
    noto |= {"comune_nascita": "G004", "codice_fiscale": await codice_di(casa, altrove["persona_id"])}
    noto["data_nascita"] = (
        await casa.admin.fetchval("SELECT data_nascita FROM persona WHERE id = $1", UUID(altrove["persona_id"]))
    ).isoformat()
    propria = await casa.apri()
    prove: tuple[tuple[str, Any, dict[str, str]], ...] = (
        ("/cartelle", {"persona": noto, "servizio": "disabilita", "aperta_il": "2025-09-15"}, {}),
        (
            f"/cartelle/{propria['id']}/componenti",
            {"persona": noto, "relazione": "altro", "dal": "2025-09-15"},
            {"if_match": '"1"'},
        ),
    )
    prima = await casa.impronta("audit")
    for percorso, corpo, testate in prove:
        risposta = await casa.post("as-crema", percorso, corpo, **testate)
        problema(risposta, 409, "conflitto")
        assert noto["codice_fiscale"] not in risposta.text
        assert altrove["persona_id"] not in risposta.text
        [riga] = await casa.audit(risposta)
        assert (riga["esito"], riga["motivo"]) == ("negata", "conflitto")
        assert riga["operatore_id"] == await casa.operatore("as-crema")
        del_dpo = (await casa.get("dpo-crema", "/audit?esito=negata&limite=1")).json()["elementi"][0]
        assert del_dpo["richiesta_id"] == risposta.headers["richiesta-id"]
    assert await casa.impronta("audit") == prima


async def test_la_chiave_di_un_altro_non_apre_la_sua_risposta(mondo: Mondo) -> None:
    """Same key, same path, same body, by a colleague, by an outsider, by the same operator under another incarico."""
    casa, chiave = mondo.casa, str(nuovo_id())
    carla = str(await casa.operatore("as-crema"))
    corpo = {
        "tipo": "uvm", "costituita_il": "2025-09-15",
        "membri": [{"qualifica": "assistente_sociale", "operatore_id": carla, "ente_id": str(COMUNE_CREMA)}],
    }  # fmt: skip
    prima = await casa.post("as-crema", f"/cartelle/{ADA}/equipe", corpo, idempotency_key=chiave)
    assert prima.status_code == 201
    assert (await casa.post("as-crema", f"/cartelle/{ADA}/equipe", corpo, idempotency_key=chiave)).content == prima.content
    for chi in ("as-offanengo", "as-lodi"):
        for chiave_provata in (chiave, str(nuovo_id())):
            risposta = await casa.post(chi, f"/cartelle/{ADA}/equipe", corpo, idempotency_key=chiave_provata)
            problema(risposta, 404, "non-trovato")
    collega = await casa.post("coord-csc", f"/cartelle/{ADA}/equipe", corpo, idempotency_key=chiave)
    assert collega.status_code == 201
    assert collega.json()["id"] != prima.json()["id"]


async def test_una_risposta_conservata_non_passa_a_un_altro_incarico(casa: Casa) -> None:
    chi, chiave = "as-due-comuni", str(nuovo_id())
    incarichi = [
        str(r["id"])
        for r in await casa.admin.fetch("SELECT id FROM incarico WHERE operatore_id = $1 ORDER BY id", await casa.operatore(chi))
    ]
    istat = await casa.admin.fetchval(
        """SELECT c.codice_istat FROM incarico i JOIN ente e ON e.id = i.ente_id JOIN comune c ON c.id = e.comune_id
           WHERE i.id = $1""",
        UUID(incarichi[0]),
    )
    corpo = {"persona": persona(comune_residenza=istat), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    prima = await casa.post(chi, "/cartelle", corpo, incarico=incarichi[0], idempotency_key=chiave)
    assert prima.status_code == 201, prima.text
    ripetuta = await casa.post(chi, "/cartelle", corpo, incarico=incarichi[1], idempotency_key=chiave)
    problema(ripetuta, 422, "chiave-di-idempotenza-riusata")
    assert prima.json()["id"] not in ripetuta.text


async def test_un_cursore_non_passa_di_mano(casa: Casa) -> None:
    """Another operator, another list, another filter, another incarico: refused alike, and as a forged one."""
    await casa.apri()
    await casa.apri()
    operatori = (await casa.get("as-crema", "/operatori?limite=1")).json()["successivo"]
    cartelle = (await casa.get("as-crema", "/cartelle?limite=1")).json()["successivo"]
    audit = (await casa.get("dpo-crema", "/audit?limite=1")).json()["successivo"]
    fatti = (await casa.get("as-crema", f"/cartelle/{ADA}/fatti?limite=1")).json()["successivo"]
    assert operatori
    assert cartelle
    assert audit
    prove = [
        ("coord-csc", f"/operatori?cursore={operatori}"),
        ("as-lodi", f"/operatori?cursore={operatori}"),
        ("as-crema", f"/cartelle?cursore={operatori}"),
        ("as-crema", f"/operatori?ente_id={COMUNE_CREMA}&cursore={operatori}"),
        ("as-offanengo", f"/cartelle?cursore={cartelle}"),
        ("dpo-lodi", f"/audit?cursore={audit}"),
        ("dpo-crema", f"/audit?esito=negata&cursore={audit}"),
        ("as-crema", f"/cartelle/{LEO}/fatti?cursore={fatti or cartelle}"),
        ("as-crema", f"/cartelle?cursore={cartelle[:-2]}AA"),
    ]
    risposte = [problema(await casa.get(chi, percorso), 422, "dati-non-validi") for chi, percorso in prove]
    assert all(r == risposte[0] for r in risposte)


async def test_la_versione_di_cio_che_non_si_vede_non_si_indovina(mondo: Mondo) -> None:
    """409 would give the version away: to an outsider every If-Match, right or wrong, is the 404 of what does not exist."""
    casa, ids = mondo.casa, mondo.ids
    modifica = {"tipo_intervento": "buono_caregiver", "dati": {}}
    versioni = {
        nome: await casa.admin.fetchval(f"SELECT versione FROM {tabella} WHERE id = $1", ids[nome])
        for nome, tabella in (
            ("cartella_id", "cartella"), ("domanda_id", "domanda"), ("valutazione_id", "valutazione"), ("caso_id", "caso_pippi"),
        )
    }  # fmt: skip
    prove = (
        ("POST", "/cartelle/{}/chiusura", "cartella_id", None),
        ("POST", "/domande/{}/ritiro", "domanda_id", None),
        ("POST", "/domande/{}/presentazione", "domanda_id", None),
        ("PUT", "/domande/{}", "domanda_id", modifica),
        ("POST", "/valutazioni/{}/conclusione", "valutazione_id", {}),
        ("POST", "/casi-pippi/{}/adesione", "caso_id", {"adesione_il": "2025-09-15"}),
    )
    for chi in ("as-offanengo", "as-lodi"):
        for metodo, percorso, nome, corpo in prove:
            viste = []
            for id_ in (ids[nome], nuovo_id()):
                for versione in (versioni[nome], 10**6):
                    testate = casa.token(chi, if_match=f'"{versione}"', finalita="valutazione")
                    r = await casa.client.request(metodo, percorso.format(id_), json=corpo, headers=testate)
                    assert r.status_code == 404, (chi, percorso)
                    viste.append(senza_numero(r))
            assert all(v == viste[0] for v in viste)


async def test_il_404_di_chi_vede_la_cartella_e_non_il_caso_non_distingue(mondo: Mondo) -> None:
    """as-crema opens the child's cartella every day: of the case, its équipe and its parts she gets what she gets of nothing."""
    casa = mondo.casa
    for percorso, id_ in (("/casi-pippi/{}", mondo.ids["caso_id"]), ("/equipe/{}", mondo.equipe_pippi)):
        esistente, inventato = [await casa.get("as-crema", percorso.format(v)) for v in (id_, nuovo_id())]
        assert senza_numero(esistente) == senza_numero(inventato)
    valutazione = {"equipe_id": "", "data_valutazione": "2025-09-15"}
    viste = [
        await casa.post("as-crema", f"/cartelle/{LEO}/valutazioni", valutazione | {"equipe_id": str(v)}, finalita="valutazione")
        for v in (mondo.equipe_pippi, nuovo_id())
    ]
    assert senza_numero(viste[0]) == senza_numero(viste[1])
