"""Break-glass: who is on duty for the pronto intervento opens a cartella for some hours; it is judged afterwards by another."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.casa import Casa, apri_casa, clone, persona, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHI = "as-offanengo"
"""Of another Comune: a cartella of Crema is closed to her until the emergency."""
MOTIVAZIONE = "Zzqsegnalazione della Polizia locale: minore solo in casa, serve sapere chi lo ha in carico"
INDIRIZZO = "/accessi-emergenza"


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        for soggetto in (CHI, "as-crema", "resp-disabilita-csc", "as-lodi"):
            await aperta.admin.execute(
                "UPDATE incarico SET pronto_intervento = true WHERE operatore_id = $1", await aperta.operatore(soggetto)
            )
        yield aperta


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nessuna_in_corso(casa: Casa) -> None:
    """The limit of live ones is per operator, not per test."""
    await casa.admin.execute("UPDATE emergenza SET chiusa_il = clock_timestamp() WHERE chiusa_il IS NULL")
    await casa.admin.execute("UPDATE accesso SET revocato_il = clock_timestamp() WHERE motivo = 'emergenza'")


def corpo(cartella: str | UUID, **altro: Any) -> dict[str, Any]:
    return {"cartella_id": str(cartella), "motivazione": MOTIVAZIONE, "ore": 4} | altro


async def apre(casa: Casa, cartella: str | UUID, chi: str = CHI, **altro: Any) -> dict[str, Any]:
    risposta = await casa.post(chi, INDIRIZZO, corpo(cartella, **altro))
    assert risposta.status_code == 201, risposta.text
    aperta: dict[str, Any] = risposta.json()
    return aperta


async def vede(casa: Casa, chi: str, cartella: str | UUID) -> bool:
    risposta = await casa.get(chi, f"/cartelle/{cartella}")
    assert risposta.status_code in (200, 404)
    elenco = str(cartella) in (await casa.get(chi, "/cartelle?limite=100")).text
    assert elenco == (risposta.status_code == 200)
    return elenco


async def scade(casa: Casa, emergenza: str) -> None:
    """Let its hours pass."""
    for istruzione in (
        "UPDATE emergenza SET aperta_il = aperta_il - interval '5 hours', scade_il = scade_il - interval '5 hours' WHERE id = $1",
        "UPDATE accesso SET scade_il = scade_il - interval '5 hours' WHERE origine_id = $1",
    ):
        await casa.admin.execute(istruzione, UUID(emergenza))


async def test_si_apre_si_vede_con_le_proprie_classi_e_resta_nel_registro(casa: Casa) -> None:
    creata = await casa.apri()
    assert not await vede(casa, CHI, creata["id"])
    risposta = await casa.post(CHI, INDIRIZZO, corpo(creata["id"]))
    assert risposta.status_code == 201, risposta.text
    aperta = risposta.json()
    assert risposta.headers["location"] == f"{INDIRIZZO}/{aperta['id']}"
    assert risposta.headers["etag"] == '"1"'
    assert (aperta["stato"], aperta["esito"], aperta["letta_il"]) == ("in_corso", "da_riesaminare", None)
    assert aperta["motivazione"] == MOTIVAZIONE
    assert await vede(casa, CHI, creata["id"])
    righe = await casa.audit(risposta)
    assert {r["motivo"] for r in righe} == {"emergenza"}
    assert {(r["oggetto_tipo"], tuple(r["oggetti"])) for r in righe} == {
        ("emergenza", (UUID(aperta["id"]),)),
        ("cartella", (UUID(creata["id"]),)),
    }
    [evento] = await casa.admin.fetch("SELECT * FROM evento WHERE aggregato_id = $1", UUID(aperta["id"]))
    assert (evento["tipo"], evento["cartella_id"]) == ("emergenze.emergenza.aperta", UUID(creata["id"]))
    assert "Zzq" not in evento["dati"]
    grant = await casa.admin.fetchrow("SELECT * FROM accesso WHERE origine_id = $1", UUID(aperta["id"]))
    assert grant is not None
    assert (grant["motivo"], grant["scade_il"].isoformat()) == ("emergenza", aperta["scade_il"].replace("Z", "+00:00"))


async def test_per_codice_fiscale_nel_corpo(casa: Casa) -> None:
    dati = persona()
    creata = await casa.apri(codice_fiscale=dati["codice_fiscale"], data_nascita=dati["data_nascita"])
    richiesta = {"codice_fiscale": dati["codice_fiscale"], "motivazione": MOTIVAZIONE, "ore": 1}
    aperta = await casa.post(CHI, INDIRIZZO, richiesta)
    assert (aperta.status_code, aperta.json()["cartella_id"]) == (201, creata["id"])
    assert await vede(casa, CHI, creata["id"])


async def test_senza_abilitazione_403_qualunque_sia_la_cartella(casa: Casa) -> None:
    creata = await casa.apri()
    for id_ in (creata["id"], nuovo_id()):
        for chi in ("tutela-csc", "dpo-crema", "asst-crema"):
            problema(await casa.post(chi, INDIRIZZO, corpo(id_)), 403, "operazione-non-consentita")
    assert not await vede(casa, "tutela-csc", creata["id"])


async def test_cio_che_non_si_apre_e_come_cio_che_non_esiste(casa: Casa) -> None:
    """Another ambito, a reserved cartella, a protected person, one she is excluded from; by identifier and by codice fiscale."""
    nessuno = persona()["codice_fiscale"]
    per_id = [problema(await casa.post(CHI, INDIRIZZO, corpo(nuovo_id())), 404, "non-trovato")]
    senza = {"motivazione": MOTIVAZIONE, "ore": 1}
    per_codice = [problema(await casa.post(CHI, INDIRIZZO, senza | {"codice_fiscale": nessuno}), 404, "non-trovato")]
    for caso in ("altro_ambito", "riservata", "protetta", "esclusa"):
        dati = persona("lodi" if caso == "altro_ambito" else "crema")
        propri = {k: dati[k] for k in ("codice_fiscale", "data_nascita")}
        if caso == "altro_ambito":
            creata = await casa.apri("as-lodi", comune="lodi", **propri)
        else:
            creata = await casa.apri(**propri)
        await _nascondi(casa, caso, UUID(creata["id"]))
        per_id.append(problema(await casa.post(CHI, INDIRIZZO, corpo(creata["id"])), 404, "non-trovato"))
        richiesta = senza | {"codice_fiscale": dati["codice_fiscale"]}
        per_codice.append(problema(await casa.post(CHI, INDIRIZZO, richiesta), 404, "non-trovato"))
        assert not await vede(casa, CHI, creata["id"])
    assert all(p == per_id[0] for p in per_id)
    assert all(p == per_codice[0] for p in per_codice)
    assert await casa.admin.fetchval("SELECT count(*) FROM emergenza WHERE chiusa_il IS NULL") == 0


async def _nascondi(casa: Casa, caso: str, cartella: UUID) -> None:
    if caso == "riservata":
        await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", cartella)
    if caso == "protetta":
        await casa.admin.execute(
            "UPDATE persona SET protetta = true WHERE id = (SELECT persona_id FROM cartella WHERE id = $1)", cartella
        )
    if caso == "esclusa":
        await escludi(casa, CHI, cartella)


async def escludi(casa: Casa, chi: str, cartella: UUID) -> None:
    await casa.admin.execute(
        """INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal)
           SELECT $1, 1, c.ambito_id, c.id, $3, 'parentela', '2025-01-01' FROM cartella c WHERE c.id = $2""",
        nuovo_id(), cartella, await casa.operatore(chi),
    )  # fmt: skip


async def test_i_limiti(casa: Casa) -> None:
    creata = await casa.apri()
    for sbagliato, campo in (
        ({"ore": 13}, "ore"),
        ({"motivazione": "urgente"}, "motivazione"),
        ({"ore": 0}, "ore"),
        ({"codice_fiscale": persona()["codice_fiscale"]}, "corpo"),
    ):
        risposta = problema(await casa.post(CHI, INDIRIZZO, corpo(creata["id"], **sbagliato)), 422, "dati-non-validi")
        assert [c["campo"] for c in risposta["campi"]] == [campo], risposta
        assert "Zzq" not in str(risposta)
    assert not await vede(casa, CHI, creata["id"])
    altre = [await casa.apri() for _ in range(3)]
    aperte = [await apre(casa, c["id"]) for c in altre]
    for id_ in (creata["id"], nuovo_id()):
        problema(await casa.post(CHI, INDIRIZZO, corpo(id_)), 409, "conflitto")
    ancora = await casa.post(CHI, INDIRIZZO, corpo(altre[0]["id"]))
    assert (ancora.status_code, ancora.json()["id"]) == (200, aperte[0]["id"]), "the limit does not stop what is open already"
    chiusa = await casa.post(CHI, f"{INDIRIZZO}/{aperte[0]['id']}/chiusura", if_match='"1"')
    assert chiusa.status_code == 200
    await apre(casa, creata["id"])


async def test_dove_si_vede_gia_non_serve(casa: Casa) -> None:
    creata = await casa.apri()
    problema(await casa.post("as-crema", INDIRIZZO, corpo(creata["id"])), 409, "conflitto")


async def test_due_insieme_sono_una(casa: Casa) -> None:
    creata = await casa.apri()
    due: list[httpx.Response] = list(await asyncio.gather(*(casa.post(CHI, INDIRIZZO, corpo(creata["id"])) for _ in range(4))))
    assert sorted(r.status_code for r in due) == [200, 200, 200, 201]
    assert len({r.json()["id"] for r in due}) == 1
    for tabella in ("accesso", "emergenza"):
        assert await casa.admin.fetchval(f"SELECT count(*) FROM {tabella} WHERE cartella_id = $1", UUID(creata["id"])) == 1


async def test_alla_scadenza_e_finita(casa: Casa) -> None:
    creata = await casa.apri()
    aperta = await apre(casa, creata["id"])
    await scade(casa, aperta["id"])
    assert not await vede(casa, CHI, creata["id"])
    letta = (await casa.get(CHI, f"{INDIRIZZO}/{aperta['id']}")).json()
    assert letta["stato"] == "cessata"
    problema(await casa.post(CHI, f"{INDIRIZZO}/{aperta['id']}/chiusura", if_match='"1"'), 409, "stato-non-ammesso")
    assert (await apre(casa, creata["id"]))["id"] != aperta["id"]


async def test_scade_anche_dentro_una_transazione(casa: Casa, settings: Settings) -> None:
    creata = await casa.apri()
    aperta = await apre(casa, creata["id"])
    await casa.admin.execute(
        "UPDATE accesso SET scade_il = clock_timestamp() + interval '1 second' WHERE origine_id = $1", UUID(aperta["id"])
    )
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        async with connessione.transaction():
            await entra(casa, connessione, CHI, "assistente_sociale")
            conta = "SELECT count(*) FROM cartella WHERE id = $1"
            assert await connessione.fetchval(conta, UUID(creata["id"])) == 1
            await asyncio.sleep(1.1)
            assert await connessione.fetchval(conta, UUID(creata["id"])) == 0
    finally:
        await connessione.close()


async def entra(casa: Casa, connessione: "asyncpg.Connection[asyncpg.Record]", chi: str, ruolo: str) -> None:
    """Enter a transaction under the application role, as an operator with one incarico."""
    operatore = await casa.operatore(chi)
    incarico = await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", operatore)
    await connessione.execute(f"SELECT app_entra('{operatore}', '{incarico}', '{{{ruolo}}}', '2025-09-15', 'presa_in_carico')")


async def test_chi_la_apre_la_chiude_prima(casa: Casa) -> None:
    creata = await casa.apri()
    aperta = await apre(casa, creata["id"])
    indirizzo = f"{INDIRIZZO}/{aperta['id']}/chiusura"
    problema(await casa.post(CHI, indirizzo), 428, "precondizione-richiesta")
    problema(await casa.post(CHI, indirizzo, if_match='"2"'), 409, "versione-superata")
    problema(await casa.post("resp-disabilita-csc", indirizzo, if_match='"1"'), 409, "conflitto")
    problema(await casa.post("tutela-csc", indirizzo, if_match='"1"'), 404, "non-trovato")
    chiusa = await casa.post(CHI, indirizzo, if_match='"1"')
    assert (chiusa.status_code, chiusa.json()["stato"], chiusa.headers["etag"]) == (200, "cessata", '"2"')
    assert not await vede(casa, CHI, creata["id"])
    tipi = [
        r["tipo"]
        for r in await casa.admin.fetch("SELECT tipo FROM evento WHERE aggregato_id = $1 ORDER BY versione", UUID(aperta["id"]))
    ]
    assert tipi == ["emergenze.emergenza.aperta", "emergenze.emergenza.chiusa"]


async def test_la_coda_e_di_chi_risponde_del_territorio_e_del_dpo(casa: Casa) -> None:
    creata = await casa.apri(servizio="disabilita")
    aperta = await apre(casa, creata["id"])
    for chi in ("resp-disabilita-csc", "coord-csc", "dpo-crema", CHI):
        elenco = (await casa.get(chi, f"{INDIRIZZO}?letta=false&esito=da_riesaminare&stato=in_corso")).json()["elementi"]
        [voce] = [v for v in elenco if v["id"] == aperta["id"]]
        assert (voce["motivazione"] is None) == (chi == "dpo-crema"), chi
        letta = await casa.get(chi, f"{INDIRIZZO}/{aperta['id']}")
        assert letta.json() == voce
        assert ("Zzqsegnalazione" in letta.text) == (chi != "dpo-crema")
    for chi in ("as-crema", "tutela-csc", "as-lodi"):
        assert aperta["id"] not in (await casa.get(chi, INDIRIZZO)).text
        problema(await casa.get(chi, f"{INDIRIZZO}/{aperta['id']}"), 404, "non-trovato")
    problema(await casa.get("udp-crema", INDIRIZZO), 403, "operazione-non-consentita")
    problema(await casa.get("dpo-crema", f"/cartelle/{creata['id']}"), 403, "operazione-non-consentita")


async def test_presa_visione_e_riesame(casa: Casa) -> None:
    creata = await casa.apri(servizio="disabilita")
    aperta = await apre(casa, creata["id"])
    base = f"{INDIRIZZO}/{aperta['id']}"
    vista = await casa.post("coord-csc", f"{base}/presa-visione", if_match='"1"')
    assert (vista.status_code, vista.json()["letta_da"]) == (200, str(await casa.operatore("coord-csc")))
    assert aperta["id"] not in (await casa.get("coord-csc", f"{INDIRIZZO}?letta=false")).text
    problema(await casa.post("resp-disabilita-csc", f"{base}/presa-visione", if_match='"2"'), 409, "stato-non-ammesso")
    giudizio = {"esito": "legittimo", "nota": "Intervento dovuto: minore accompagnato in comunità"}
    problema(await casa.post("resp-disabilita-csc", f"{base}/riesame", giudizio), 428, "precondizione-richiesta")
    problema(await casa.post("resp-disabilita-csc", f"{base}/riesame", giudizio, if_match='"1"'), 409, "versione-superata")
    problema(
        await casa.post("resp-disabilita-csc", f"{base}/riesame", giudizio | {"esito": "da_riesaminare"}, if_match='"2"'),
        422,
        "dati-non-validi",
    )
    fatto = await casa.post("resp-disabilita-csc", f"{base}/riesame", giudizio, if_match='"2"')
    assert (fatto.status_code, fatto.json()["esito"], fatto.json()["nota"]) == (200, "legittimo", giudizio["nota"])
    assert await vede(casa, CHI, creata["id"]), "a legitimate one lasts its hours"
    problema(await casa.post("coord-csc", f"{base}/riesame", giudizio, if_match='"3"'), 409, "stato-non-ammesso")
    assert (await casa.get("dpo-crema", base)).json()["nota"] is None


async def test_non_legittimo_chiude_subito(casa: Casa) -> None:
    creata = await casa.apri(servizio="disabilita")
    aperta = await apre(casa, creata["id"])
    giudizio = {"esito": "non_legittimo", "nota": "Nessun intervento risulta in quelle ore"}
    fatto = await casa.post("resp-disabilita-csc", f"{INDIRIZZO}/{aperta['id']}/riesame", giudizio, if_match='"1"')
    assert (fatto.status_code, fatto.json()["stato"], fatto.headers["etag"]) == (200, "cessata", '"3"')
    assert not await vede(casa, CHI, creata["id"])
    tipi = [
        r["tipo"]
        for r in await casa.admin.fetch("SELECT tipo FROM evento WHERE aggregato_id = $1 ORDER BY versione", UUID(aperta["id"]))
    ]
    assert tipi == [f"emergenze.emergenza.{x}" for x in ("aperta", "chiusa", "riesaminata")]


async def test_nessuna_giudica_la_propria_ne_quella_di_un_territorio_non_suo(casa: Casa) -> None:
    """The responsible of disability opens a cartella of child protection; then a second one of hers, so both are hers."""
    creata = await casa.apri(servizio="tutela_minori")
    aperta = await apre(casa, creata["id"], "resp-disabilita-csc")
    giudizio = {"esito": "legittimo", "nota": "Va bene così"}
    base = f"{INDIRIZZO}/{aperta['id']}"
    for atto in ("riesame", "presa-visione"):
        risposta = await casa.post(
            "resp-disabilita-csc", f"{base}/{atto}", giudizio if atto == "riesame" else None, if_match='"1"'
        )
        problema(risposta, 409, "conflitto")
    di_altra = await apre(casa, creata["id"], CHI)
    problema(await casa.get("resp-disabilita-csc", f"{INDIRIZZO}/{di_altra['id']}"), 404, "non-trovato")
    problema(await casa.post(CHI, f"{base}/riesame", giudizio, if_match='"1"'), 403, "operazione-non-consentita")
    problema(await casa.post("dpo-crema", f"{base}/riesame", giudizio, if_match='"1"'), 403, "operazione-non-consentita")
    assert await casa.admin.fetchval("SELECT esito FROM emergenza WHERE id = $1", UUID(aperta["id"])) == "da_riesaminare"


@pytest.mark.parametrize("caso", ["riservata", "protetta", "esclusa"])
async def test_cio_che_si_chiude_a_tutti_chiude_anche_l_emergenza(casa: Casa, caso: str) -> None:
    creata = await casa.apri()
    await apre(casa, creata["id"])
    await _nascondi(casa, caso, UUID(creata["id"]))
    assert not await vede(casa, CHI, creata["id"])
    problema(await casa.post(CHI, INDIRIZZO, corpo(creata["id"])), 404, "non-trovato")


async def test_chi_e_ospite_per_emergenza_non_apre_ad_altri(casa: Casa) -> None:
    creata = await casa.apri()
    await apre(casa, creata["id"])
    csc = await casa.admin.fetchval("SELECT id FROM ente WHERE codice = 'csc'")
    membro = {"qualifica": "altro", "operatore_id": str(await casa.operatore("tutela-csc")), "ente_id": str(csc)}
    equipe = {"tipo": "equipe_multidisciplinare", "costituita_il": "2025-09-15", "membri": [membro]}
    problema(await casa.post(CHI, f"/cartelle/{creata['id']}/equipe", equipe), 409, "conflitto")


async def test_un_caso_pippi_non_si_vede_e_non_cambia_la_risposta(casa: Casa) -> None:
    """With the case and without, the same opening; through it the cartella, never the case."""
    con, senza = await casa.apri("tutela-csc", "tutela_minori", data_nascita="2016-05-04", codice_fiscale=None), await casa.apri()
    caso = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": []}
    creato = await casa.post("tutela-csc", f"/cartelle/{con['id']}/casi-pippi", caso)
    assert creato.status_code == 201, creato.text
    risposte = [await apre(casa, c["id"]) for c in (con, senza)]
    assert {tuple(sorted(r)) for r in risposte} == {tuple(sorted(risposte[0]))}
    problema(await casa.get(CHI, f"/casi-pippi/{creato.json()['id']}"), 404, "non-trovato")
    assert (await casa.get(CHI, "/casi-pippi")).json()["elementi"] == []
    assert (await casa.get(CHI, f"/cartelle/{con['id']}/equipe")).json()["elementi"] == []


@pytest.mark.parametrize(
    "istruzione",
    [
        """INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al, scade_il)
           SELECT gen_random_uuid(), app_ambito(), $1, app_operatore(), app_ente(), 'emergenza', gen_random_uuid(), app_data(),
                  app_data(), clock_timestamp() + interval '1 hour'""",
        "UPDATE accesso SET scade_il = 'infinity' WHERE cartella_id = $1",
        "UPDATE emergenza SET scade_il = aperta_il + interval '70 hours' WHERE cartella_id = $1",
        """INSERT INTO emergenza
             (id, versione, ambito_id, cartella_id, operatore_id, incarico_id, ente_id, aperta_il, scade_il, esito)
           SELECT gen_random_uuid(), 1, app_ambito(), $1, app_operatore(), app_incarico(), app_ente(), now(),
                  now() + interval '1 hour', 'legittimo'""",
        "SELECT apri_emergenza(gen_random_uuid(), $1, NULL, 'x', 1000, 1000)",
    ],
    ids=["concedersi", "prolungarsi", "prolungare", "scriversi", "oltre il massimo"],
)
async def test_il_ruolo_dell_applicazione_non_puo_fare_da_se(casa: Casa, settings: Settings, istruzione: str) -> None:
    creata = await casa.apri()
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        async with connessione.transaction():
            await entra(casa, connessione, CHI, "assistente_sociale")
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)):
                async with connessione.transaction():
                    await connessione.execute(istruzione.replace("$1", f"'{creata['id']}'"))
    finally:
        await connessione.close()
    assert not await vede(casa, CHI, creata["id"])


async def test_il_giudizio_di_un_altra_non_si_riscrive(casa: Casa, settings: Settings) -> None:
    """Under the application role, with the statement an injection would write: once judged it is closed to everybody else."""
    creata = await casa.apri(servizio="disabilita")
    aperta = await apre(casa, creata["id"])
    giudizio = {"esito": "legittimo", "nota": "Va bene così"}
    assert (
        await casa.post("resp-disabilita-csc", f"{INDIRIZZO}/{aperta['id']}/riesame", giudizio, if_match='"1"')
    ).status_code == 200
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        async with connessione.transaction():
            await entra(casa, connessione, "coord-csc", "coordinatore")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connessione.transaction():
                    await connessione.execute(f"UPDATE emergenza SET esito = 'non_legittimo' WHERE id = '{aperta['id']}'")
    finally:
        await connessione.close()


async def test_la_ripetizione_con_la_stessa_chiave(casa: Casa) -> None:
    creata = await casa.apri()
    chiave = str(nuovo_id())
    prima = await casa.post(CHI, INDIRIZZO, corpo(creata["id"]), idempotency_key=chiave)
    ancora = await casa.post(CHI, INDIRIZZO, corpo(creata["id"]), idempotency_key=chiave)
    assert (prima.status_code, ancora.status_code) == (201, 201)
    assert prima.json() == ancora.json()
    await scade(casa, prima.json()["id"])
    dopo = await casa.post(CHI, INDIRIZZO, corpo(creata["id"]), idempotency_key=chiave)
    problema(dopo, 404, "non-trovato")
