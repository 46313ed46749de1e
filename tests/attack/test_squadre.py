"""A team is no door: a guest lets nobody in, nobody lets in for longer than herself, and who leaves is out at once."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.core.platform.ids import nuovo_id
from tests.attack.mondo import LEO, Mondo, come_app, senza_numero
from tests.attack.test_sql import ambiente, rifiutata
from tests.casa import Casa, ammetti, problema
from tests.percorsi import ASST, COMUNE_CREMA, CSC, ETS, Percorso

pytestmark = pytest.mark.asyncio(loop_scope="module")

OGGI, FINE_ANNO = "2025-09-15", "2025-12-31"
CONCEDI = """INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al)
             VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8)"""


def membro(operatore: UUID, ente: UUID, qualifica: str = "altro") -> dict[str, Any]:
    return {"qualifica": qualifica, "operatore_id": str(operatore), "ente_id": str(ente)}


def uvm(*membri: dict[str, Any]) -> dict[str, Any]:
    return {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": list(membri)}


async def equipe(casa: Casa, cartella: str, *membri: dict[str, Any], chi: str = "as-crema") -> dict[str, Any]:
    risposta = await casa.post(chi, f"/cartelle/{cartella}/equipe", uvm(*membri))
    assert risposta.status_code == 201, risposta.text
    creata: dict[str, Any] = risposta.json()
    return creata


async def dario(casa: Casa) -> dict[str, Any]:
    """A colleague of another Comune, as a member."""
    operatore = await casa.operatore("as-offanengo")
    ente = await casa.admin.fetchval("SELECT ente_id FROM incarico WHERE operatore_id = $1", operatore)
    return membro(operatore, ente)


async def riservata(casa: Casa, al: date | None) -> str:
    """A reserved cartella of Crema, to which as-crema is admitted until `al`."""
    id_ = (await casa.apri(servizio="adulti_inclusione"))["id"]
    await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", UUID(id_))
    await ammetti(casa, "as-crema", UUID(id_), al)
    return str(id_)


async def accessi(casa: Casa, origine: str) -> list[tuple[UUID, date, date | None, bool]]:
    righe = await casa.admin.fetch(
        "SELECT operatore_id, dal, al, revocato_il IS NOT NULL AS r FROM accesso WHERE origine_id = $1 ORDER BY id", UUID(origine)
    )
    return [(r["operatore_id"], r["dal"], r["al"], r["r"]) for r in righe]


async def test_l_ospite_di_una_squadra_non_ne_forma_un_altra(casa: Casa) -> None:
    """She sees the cartella and her role forms équipes elsewhere: here it is a conflict, remembered, with a friend or without."""
    cartella = (await casa.apri())["id"]
    ospite = await dario(casa)
    await equipe(casa, cartella, ospite)
    assert (await casa.get("as-offanengo", f"/cartelle/{cartella}")).status_code == 200
    amica = membro(await casa.operatore("asst-medico"), ASST)
    senza_operatori = {"qualifica": "medico", "ente_id": str(ASST), "descrizione": "x"}
    prima = await casa.impronta("audit")
    for membri in ([ospite], [amica], [senza_operatori]):
        risposta = await casa.post("as-offanengo", f"/cartelle/{cartella}/equipe", uvm(*membri))
        problema(risposta, 409, "conflitto")
        [riga] = await casa.audit(risposta)
        assert (riga["esito"], riga["oggetti"]) == ("negata", [UUID(cartella)])
    assert await casa.impronta("audit") == prima
    caso = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": []}
    await casa.admin.execute("UPDATE persona SET data_nascita = '2016-01-01' WHERE cartella_id = $1", UUID(cartella))
    prima = await casa.impronta("audit")
    problema(await casa.post("as-offanengo", f"/cartelle/{cartella}/casi-pippi", caso), 409, "conflitto")
    assert await casa.impronta("audit") == prima


async def test_chi_e_nel_programma_non_forma_una_squadra_fuori(mondo: Mondo) -> None:
    """A member of a P.I.P.P.I. team without the child's territory adds to her own case, and forms nothing else."""
    casa, caso = mondo.casa, mondo.ids["caso_id"]
    ospite = membro(await casa.operatore("resp-disabilita-csc"), CSC)
    aggiunta = await casa.post("tutela-csc", f"/casi-pippi/{caso}/membri", ospite)
    assert aggiunta.status_code == 201, aggiunta.text
    problema(await casa.post("resp-disabilita-csc", f"/cartelle/{LEO}/equipe", uvm(ospite)), 409, "conflitto")
    medico = membro(await casa.operatore("asst-medico"), ASST, "medico")
    assert (await casa.post("resp-disabilita-csc", f"/casi-pippi/{caso}/membri", medico)).status_code == 201


async def test_su_una_cartella_riservata_nessuno_concede_oltre_il_proprio_accesso(casa: Casa) -> None:
    """She holds it by territory and by a grant that ends: what she gives ends with it. By territory alone nobody sees it."""
    cartella = await riservata(casa, date(2025, 12, 31))
    sara = membro(await casa.operatore("asst-crema"), ASST)
    formata = await equipe(casa, cartella, sara)
    assert [(dal, al) for _, dal, al, _ in await accessi(casa, formata["id"])] == [(date(2025, 9, 15), date(2025, 12, 31))]
    assert [m["al"] for m in formata["membri"]] == [FINE_ANNO], "she sits as long as she sees"
    problema(await casa.post("coord-csc", f"/cartelle/{cartella}/equipe", uvm(sara)), 404, "non-trovato")
    fine = await casa.post("coord-csc", f"/equipe/{formata['id']}/scioglimento", {"cessata_il": OGGI}, if_match='"1"')
    problema(fine, 404, "non-trovato")


async def test_con_il_ruolo_dell_applicazione_non_si_concede_oltre(mondo: Mondo) -> None:
    """The policy says what the service computes: by a statement of one's own, for longer, backwards, or as a guest, nothing."""
    casa, oggi, fine = mondo.casa, date(2025, 9, 15), date(2025, 12, 31)
    cartella, altra = UUID(await riservata(casa, fine)), UUID((await casa.apri())["id"])
    sara, carla = await casa.operatore("asst-crema"), await casa.operatore("as-crema")
    await ammetti(casa, "as-offanengo", altra, date(2026, 6, 30))
    query = "SELECT array_agg(DISTINCT competenza_id)::text FROM cartella WHERE id = ANY ($1)"
    competenze = await casa.admin.fetchval(query, [cartella, altra])
    negati = (
        (cartella, sara, ASST, "equipe", oggi, None),
        (cartella, sara, ASST, "equipe", oggi, date(2026, 1, 1)),
        (cartella, carla, COMUNE_CREMA, "equipe", oggi, None),
        (cartella, sara, ASST, "pippi", oggi, None),
        (altra, sara, ASST, "equipe", date(2025, 9, 14), None),
    )
    async with come_app(casa.settings, **await ambiente(mondo, "as-crema", competenze)) as c:
        for id_, chi, ente, motivo, dal, al in negati:
            assert await rifiutata(c, CONCEDI, nuovo_id(), id_, chi, ente, motivo, nuovo_id(), dal, al) == "42501", (
                motivo,
                dal,
                al,
            )
        await c.execute(CONCEDI, nuovo_id(), cartella, sara, ASST, "equipe", nuovo_id(), oggi, fine)
        await c.execute(CONCEDI, nuovo_id(), altra, sara, ASST, "equipe", nuovo_id(), oggi, None)
        for istruzione in ("UPDATE accesso SET al = NULL", "UPDATE accesso SET revocato_il = NULL", "DELETE FROM accesso"):
            assert await rifiutata(c, istruzione) == "42501", istruzione
    async with come_app(casa.settings, **await ambiente(mondo, "as-offanengo")) as c:
        assert await c.fetchval("SELECT count(*) FROM cartella WHERE id = $1", altra) == 1, "a guest"
        for al in (oggi, date(2026, 6, 30), None):
            assert await rifiutata(c, CONCEDI, nuovo_id(), altra, sara, ASST, "equipe", nuovo_id(), oggi, al) == "42501", al
        squadra = """INSERT INTO equipe (id, versione, ambito_id, cartella_id, custodia_id, tipo, costituita_il)
                     VALUES ($1, 1, 1, $2, $2, 'uvm', '2025-09-15')"""
        assert await rifiutata(c, squadra, nuovo_id(), altra) == "42501"


async def test_nel_programma_nessuno_concede_oltre_il_proprio_accesso_ne_su_altre_cartelle(mondo: Mondo) -> None:
    """The psychologist is in until December: who she adds is too; her grant on one case opens no other cartella."""
    casa, caso = mondo.casa, mondo.ids["caso_id"]
    olga, remo = await casa.operatore("psicologa-csc"), await casa.operatore("domiciliarita-ets")
    letto = await casa.post("tutela-csc", f"/casi-pippi/{caso}/membri", membro(olga, CSC, "psicologo"))
    assert letto.status_code == 201, letto.text
    await casa.admin.execute("UPDATE accesso SET al = '2025-12-31' WHERE origine_id = $1 AND operatore_id = $2", caso, olga)
    ente = await casa.admin.fetchval("SELECT ente_id FROM incarico WHERE operatore_id = $1", remo)
    aggiunto = await casa.post("psicologa-csc", f"/casi-pippi/{caso}/membri", membro(remo, ente, "educatore"))
    assert aggiunto.status_code == 201, aggiunto.text
    dato = await casa.admin.fetchrow("SELECT dal, al FROM accesso WHERE origine_id = $1 AND operatore_id = $2", caso, remo)
    assert dato is not None
    assert (dato["dal"], dato["al"]) == (date(2025, 9, 15), date(2025, 12, 31))
    altra, oggi = UUID((await casa.apri())["id"]), date(2025, 9, 15)
    await ammetti(casa, "psicologa-csc", altra)
    async with come_app(casa.settings, **await ambiente(mondo, "psicologa-csc")) as c:
        for cartella, al in ((LEO, None), (LEO, date(2026, 1, 1)), (altra, oggi)):
            assert await rifiutata(c, CONCEDI, nuovo_id(), cartella, remo, ETS, "pippi", caso, oggi, al) == "42501", (
                cartella,
                al,
            )


async def test_sciolta_l_equipe_chi_vi_sedeva_e_fuori_subito(casa: Casa) -> None:
    """The members' grants end that day, and at once; the history stays with who holds the cartella; the act has one effect."""
    cartella, sara = (await casa.apri())["id"], await casa.operatore("asst-crema")
    carla = await casa.operatore("as-crema")
    formata = await equipe(casa, cartella, membro(sara, ASST), membro(carla, COMUNE_CREMA))
    percorso, corpo = f"/equipe/{formata['id']}/scioglimento", {"cessata_il": OGGI}
    assert (await casa.get("asst-crema", f"/cartelle/{cartella}")).status_code == 200
    for chi in ("as-offanengo", "as-lodi"):
        problema(await casa.post(chi, percorso, corpo, if_match='"1"'), 404, "non-trovato")
    problema(await casa.post("as-crema", percorso, {"cessata_il": "2025-09-09"}, if_match='"1"'), 422, "dati-non-validi")
    chiave = str(nuovo_id())
    risposte = [await casa.post("as-crema", percorso, corpo, if_match='"1"', idempotency_key=chiave) for _ in range(2)]
    assert [r.status_code for r in risposte] == [200, 200], risposte[0].text
    assert risposte[0].content == risposte[1].content
    sciolta = risposte[0].json()
    assert (sciolta["cessata_il"], [m["al"] for m in sciolta["membri"]]) == (OGGI, [OGGI, OGGI])
    assert risposte[0].headers["etag"] == '"2"'
    assert {(al, chiuso) for _, _, al, chiuso in await accessi(casa, formata["id"])} == {(date(2025, 9, 15), True)}
    for percorso_letto in (f"/cartelle/{cartella}", f"/equipe/{formata['id']}", f"/cartelle/{cartella}/equipe"):
        problema(await casa.get("asst-crema", percorso_letto), 404, "non-trovato")
        assert (await casa.get("as-crema", percorso_letto)).status_code == 200
    problema(await casa.post("as-crema", percorso, corpo, if_match='"1"'), 409, "versione-superata")
    problema(await casa.post("as-crema", percorso, {"cessata_il": "2025-09-12"}, if_match='"2"'), 409, "stato-non-ammesso")
    query = "SELECT dati::text FROM evento WHERE tipo = 'valutazioni.equipe.sciolta' AND aggregato_id = $1"
    [evento] = await casa.admin.fetch(query, UUID(formata["id"]))
    assert OGGI in evento["dati"]
    assert str(sara) not in evento["dati"]


async def test_una_fine_futura_si_puo_solo_avvicinare(casa: Casa) -> None:
    cartella, sara = (await casa.apri())["id"], await casa.operatore("asst-crema")
    formata = await equipe(casa, cartella, membro(sara, ASST))
    percorso = f"/equipe/{formata['id']}/scioglimento"
    assert (await casa.post("as-crema", percorso, {"cessata_il": FINE_ANNO}, if_match='"1"')).status_code == 200
    assert await accessi(casa, formata["id"]) == [(sara, date(2025, 9, 15), date(2025, 12, 31), False)]
    assert (await casa.get("asst-crema", f"/cartelle/{cartella}")).status_code == 200, "until then"
    problema(await casa.post("as-crema", percorso, {"cessata_il": "2026-01-31"}, if_match='"2"'), 409, "stato-non-ammesso")
    assert (await casa.post("as-crema", percorso, {"cessata_il": "2025-10-31"}, if_match='"2"')).status_code == 200
    assert await accessi(casa, formata["id"]) == [(sara, date(2025, 9, 15), date(2025, 10, 31), False)]
    assert (await casa.post("as-crema", percorso, {"cessata_il": "2025-09-12"}, if_match='"3"')).status_code == 200
    assert await accessi(casa, formata["id"]) == [(sara, date(2025, 9, 15), date(2025, 9, 15), True)], "she could see until today"
    problema(await casa.get("asst-crema", f"/cartelle/{cartella}"), 404, "non-trovato")


async def test_chi_lascia_l_equipe_e_fuori_e_gli_altri_restano(casa: Casa) -> None:
    """Only her grant, of this équipe, for the ente she sat for: those of another team, and of the others, stay."""
    cartella = (await casa.apri())["id"]
    sara, tullio = await casa.operatore("asst-crema"), await casa.operatore("asst-medico")
    formata = await equipe(casa, cartella, membro(sara, ASST), membro(tullio, ASST))
    di_sara, di_tullio = (next(m["id"] for m in formata["membri"] if m["operatore_id"] == str(o)) for o in (sara, tullio))
    percorso, uscita = f"/equipe/{formata['id']}/uscite", {"membro_id": di_sara, "al": OGGI}
    altra = await equipe(casa, cartella, membro(tullio, ASST))
    estranei = [{"membro_id": altra["membri"][0]["id"], "al": OGGI}, {"membro_id": str(nuovo_id()), "al": OGGI}]
    viste = [await casa.post("as-crema", percorso, corpo, if_match='"1"') for corpo in estranei]
    assert [v.status_code for v in viste] == [404, 404]
    assert senza_numero(viste[0]) == senza_numero(viste[1]), "a member of another équipe, or nobody"
    problema(await casa.post("as-crema", percorso, uscita | {"al": "2025-09-09"}, if_match='"1"'), 422, "dati-non-validi")
    uscita_sara = await casa.post("as-crema", percorso, uscita, if_match='"1"')
    assert uscita_sara.status_code == 200, uscita_sara.text
    problema(await casa.get("asst-crema", f"/cartelle/{cartella}"), 404, "non-trovato")
    assert (await casa.get("asst-medico", f"/equipe/{formata['id']}")).json()["membri"][0]["al"] == OGGI
    problema(await casa.post("as-crema", percorso, uscita, if_match='"2"'), 409, "stato-non-ammesso")
    assert (await casa.post("as-crema", percorso, {"membro_id": di_tullio, "al": OGGI}, if_match='"2"')).status_code == 200
    assert (await casa.get("asst-medico", f"/cartelle/{cartella}")).status_code == 200, "he sits in the other one too"
    eventi = await casa.admin.fetch("SELECT versione FROM evento WHERE tipo = 'valutazioni.equipe.membro_uscito' ORDER BY numero")
    assert [e["versione"] for e in eventi] == [2, 3]


async def test_l_ospite_non_scioglie_e_non_toglie(casa: Casa) -> None:
    """She sees the équipe she sits in: to change it is not hers, and neither her own way out nor a statement does it."""
    cartella, ospite = (await casa.apri())["id"], await dario(casa)
    formata = await equipe(casa, cartella, ospite, membro(await casa.operatore("asst-crema"), ASST))
    base = f"/equipe/{formata['id']}"
    prima = await casa.impronta("audit")
    for membro_ in formata["membri"]:
        corpo = {"membro_id": membro_["id"], "al": OGGI}
        problema(await casa.post("as-offanengo", f"{base}/uscite", corpo, if_match='"1"'), 409, "conflitto")
    problema(await casa.post("as-offanengo", f"{base}/scioglimento", {"cessata_il": OGGI}, if_match='"1"'), 409, "conflitto")
    assert await casa.impronta("audit") == prima


async def esegui(mondo: Mondo, chi: str, competenze: str, *istruzioni: tuple[Any, ...]) -> None:
    """Statements of the application's own role under an operator's settings, committed."""
    connessione = await asyncpg.connect(mondo.casa.settings.dsn_app)
    try:
        async with connessione.transaction():
            for nome, valore in (await ambiente(mondo, chi, competenze)).items():
                await connessione.execute("SELECT set_config($1, $2, true)", f"app.{nome}", str(valore))
            for istruzione, *valori in istruzioni:
                await connessione.execute(istruzione, *valori)
    finally:
        await connessione.close()


async def test_con_il_ruolo_dell_applicazione_non_si_toglie_agli_altri(mondo: Mondo) -> None:
    """`termina_accessi` ends the grants of a team for who could give them, never lengthens one, and never rewrites the past."""
    casa, settembre = mondo.casa, date(2025, 9, 1)
    cartella = (await casa.apri())["id"]
    formata = await equipe(casa, cartella, await dario(casa), membro(await casa.operatore("asst-crema"), ASST))
    origine, caso = UUID(formata["id"]), mondo.ids["caso_id"]
    termina = "SELECT termina_accessi($1, $2, NULL, NULL, $3)"
    sciogli = "UPDATE equipe SET cessata_il = '2025-09-15' WHERE id = $1"
    tutte = await casa.admin.fetchval("SELECT array_agg(id)::text FROM competenza WHERE ambito_id = 1")
    prima = await casa.impronta()
    for chi, competenze in (("as-offanengo", "{}"), ("asst-crema", "{}"), ("dpo-crema", "{}"), ("as-lodi", tutte)):
        atti = ((termina, "equipe", origine, settembre), (termina, "pippi", caso, settembre), (sciogli, origine))
        await esegui(mondo, chi, competenze, *atti)
        assert await casa.impronta() == prima, chi
    await esegui(
        mondo, "as-crema", tutte, (termina, "equipe", origine, settembre), (termina, "equipe", origine, date(2030, 1, 1))
    )
    assert {(al, chiuso) for _, _, al, chiuso in await accessi(casa, str(origine))} == {(date(2025, 9, 15), True)}
    await esegui(mondo, "as-crema", tutte, (termina, "pippi", caso, settembre))
    assert not any(chiuso for *_, chiuso in await accessi(casa, str(caso))), "the territory ends no grant of a reserved programme"


async def test_chi_lascia_il_programma_non_ne_sa_piu_nulla(mondo: Mondo) -> None:
    """Herself included: her answer is the last she reads. The last operator stays, or nobody could ever open the case again."""
    casa, p = mondo.casa, Percorso(mondo.casa.client, mondo.casa.token)
    caso = await p.caso("as-crema", LEO)
    base, fine = f"/casi-pippi/{caso['id']}", {"cessata_il": OGGI}
    pia, carla, genitore = (
        next(m["id"] for m in caso["membri"] if m["qualifica"] == q) for q in ("educatore", "assistente_sociale", "genitore")
    )
    dell_altro = (await casa.get("tutela-csc", f"/casi-pippi/{mondo.ids['caso_id']}")).json()["membri"][0]["id"]

    async def esce(membro_id: str, versione: int, chi: str = "as-crema", **testate: str) -> httpx.Response:
        return await casa.post(chi, f"{base}/uscite", {"membro_id": membro_id, "al": OGGI}, if_match=f'"{versione}"', **testate)

    problema(await esce(dell_altro, 1), 404, "non-trovato")
    problema(await esce(pia, 1, "tutela-csc"), 404, "non-trovato")
    problema(await casa.post("as-crema", f"/equipe/{caso['equipe_id']}/scioglimento", fine, if_match='"1"'), 409, "conflitto")
    assert (await esce(genitore, 1)).status_code == 200
    assert (await esce(pia, 2)).status_code == 200
    problema(await casa.get("educatrice-ets", base), 404, "non-trovato")
    problema(await esce(carla, 3), 409, "conflitto")
    nives = membro(await casa.operatore("tutela-csc"), CSC, "assistente_sociale")
    assert (await casa.post("as-crema", f"{base}/membri", nives)).status_code == 201
    chiave = str(nuovo_id())
    uscita = await esce(carla, 4, idempotency_key=chiave)
    assert (uscita.status_code, uscita.json()["versione"]) == (200, 5), uscita.text
    problema(await esce(carla, 4, idempotency_key=chiave), 404, "non-trovato")
    problema(await casa.get("as-crema", base), 404, "non-trovato")
    assert (await casa.get("tutela-csc", base)).status_code == 200
    uscite = await casa.admin.fetch("SELECT dati::text, cartella_id FROM evento WHERE tipo = 'pippi.caso.membro_uscito'")
    assert {e["cartella_id"] for e in uscite} == {None}
    assert not [e for e in uscite if str(LEO) in e["dati"] or caso["equipe_id"] in e["dati"]]
    rientra = membro(await casa.operatore("educatrice-ets"), ETS, "educatore")
    problema(await casa.post("tutela-csc", f"{base}/membri", rientra), 409, "conflitto")  # today was her last day


async def test_cio_che_una_squadra_sciolta_stava_facendo_resta_e_non_si_conclude(casa: Casa) -> None:
    """Drafts are kept and read by who holds the cartella; nobody concludes or signs them; nothing new rests on that équipe."""
    p = Percorso(casa.client, casa.token)
    cartella = (await casa.apri())["id"]
    formata = await p.equipe_integrata(cartella)
    nuova = {"equipe_id": formata["id"], "data_valutazione": "2025-09-12"}
    nuovo = {"tipo": "pai", "equipe_id": formata["id"], "dal": OGGI, "obiettivi": [{"testo": "x", "risultato_atteso": "y"}]}
    bozza = await p.crea("as-crema", f"/cartelle/{cartella}/valutazioni", nuova)
    progetto = await p.crea("as-crema", f"/cartelle/{cartella}/progetti", nuovo)
    assert (
        await p.post("as-crema", f"/equipe/{formata['id']}/scioglimento", {"cessata_il": OGGI}, if_match='"1"')
    ).status_code == 200
    # the last day counts: who holds the record anyway still sits today
    await casa.admin.execute("UPDATE equipe SET cessata_il = '2025-09-14' WHERE id = $1", UUID(formata["id"]))
    conclusione = await p.post("as-crema", f"/valutazioni/{bozza['id']}/conclusione", {}, if_match='"1"')
    assert "sciolta" in problema(conclusione, 409, "conflitto")["detail"]
    for ruolo in ("responsabile_caso", "persona"):
        firma = await p.firma("as-crema", progetto, ruolo)
        assert "sciolta" in problema(firma, 409, "conflitto")["detail"]
    for percorso in (f"/valutazioni/{bozza['id']}", f"/progetti/{progetto['id']}", f"/equipe/{formata['id']}"):
        assert (await p.get("as-crema", percorso)).status_code == 200
        problema(await p.get("asst-crema", percorso), 404, "non-trovato")
    for percorso, corpo in (("valutazioni", nuova), ("progetti", nuovo)):
        rifiuto = problema(await p.post("as-crema", f"/cartelle/{cartella}/{percorso}", corpo), 422, "dati-non-validi")
        assert rifiuto["campi"][0]["campo"] == "equipe_id"
