"""Incarichi ended, covered and handed over by who answers for them; and what nobody may give, herself least of all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import GIORNO, Server
from tests.casa import Casa, apri_casa, clone, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

RESPONSABILE = "resp-disabilita-csc"
IERI, DOMANI = GIORNO - timedelta(days=1), GIORNO + timedelta(days=1)
FRA_UN_MESE = GIORNO + timedelta(days=30)


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def incaricata(
    casa: Casa,
    ruolo: str = "assistente_sociale",
    ente: str = "csc",
    servizi: list[str] | None = None,
    dal: date = date(2024, 1, 1),
    al: date | None = None,
    **altro: Any,
) -> tuple[str, UUID]:
    """An operator with that incarico alone, by default of the service of the responsible; her subject, and the incarico."""
    operatore, incarico = nuovo_id(), nuovo_id()
    soggetto = f"zzq-{operatore}"
    await casa.admin.execute(
        "INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES ($1, $2, $3, 'Zzqtempi', 'Tea')",
        operatore, casa.settings.oidc_issuer, soggetto,
    )  # fmt: skip
    await casa.admin.execute(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, servizi, dal, al, pronto_intervento)
           SELECT $1, $2, 1, e.id, $3, $4, $5, $6, $8 FROM ente e WHERE e.codice = $7 AND e.ambito_id = 1""",
        incarico, operatore, ruolo, servizi or ["disabilita"], dal, al, ente, altro.get("pronto", False),
    )  # fmt: skip
    return soggetto, incarico


async def cessa(casa: Casa, incarico: UUID, giorno: date = GIORNO, chi: str = RESPONSABILE, versione: int = 1) -> Any:
    corpo = {"ultimo_giorno": giorno.isoformat()}
    return await casa.post(chi, f"/incarichi/{incarico}/cessazione", corpo, if_match=f'"{versione}"')


async def sostituisce(casa: Casa, incarico: UUID, sostituta: str, chi: str = RESPONSABILE, **altro: Any) -> Any:
    corpo = {
        "operatore_id": str(await casa.operatore(sostituta)),
        "dal": GIORNO.isoformat(),
        "al": FRA_UN_MESE.isoformat(),
    }
    return await casa.post(chi, f"/incarichi/{incarico}/sostituzioni", corpo | altro)


async def test_si_vedono_quelli_di_cui_si_risponde(casa: Casa) -> None:
    _, mio = await incaricata(casa)
    _, cessato = await incaricata(casa, al=IERI)
    altrui = [
        (await incaricata(casa, servizi=["tutela_minori"]))[1],
        (await incaricata(casa, servizi=["disabilita", "tutela_minori"]))[1],
        (await incaricata(casa, ente="comune-crema"))[1],
        (await incaricata(casa, ruolo="antiviolenza"))[1],
        (await incaricata(casa, ruolo="dpo"))[1],
        (await incaricata(casa, ruolo="ets_gestore"))[1],
    ]
    for filtro, attesi in (("", {mio, cessato}), ("&in_corso=true", {mio}), ("&in_corso=false", {cessato})):
        elenco = (await casa.get(RESPONSABILE, f"/incarichi?limite=100{filtro}")).json()["elementi"]
        trovati = {UUID(v["id"]) for v in elenco}
        assert trovati & {mio, cessato} == attesi
        assert not trovati & set(altrui)
    letto = await casa.get(RESPONSABILE, f"/incarichi/{mio}")
    assert (letto.status_code, letto.headers["etag"], letto.json()["servizi"]) == (200, '"1"', ["disabilita"])
    for id_ in (*altrui, nuovo_id()):
        problema(await casa.get(RESPONSABILE, f"/incarichi/{id_}"), 404, "non-trovato")
        problema(await cessa(casa, id_), 404, "non-trovato")
        problema(await sostituisce(casa, id_, "coord-csc"), 404, "non-trovato")
        problema(await casa.get(RESPONSABILE, f"/incarichi/{id_}/consegne"), 404, "non-trovato")
    for chi in ("coord-csc", "as-crema", "admin", "dpo-crema", "udp-crema"):
        problema(await casa.get(chi, f"/incarichi/{mio}"), 403, "operazione-non-consentita")
        problema(await cessa(casa, mio, chi=chi), 403, "operazione-non-consentita")


async def test_la_cessazione_vale_subito_e_ha_i_suoi_controlli(casa: Casa) -> None:
    chi, incarico = await incaricata(casa)
    assert (await casa.get(chi, "/cartelle")).status_code == 200
    indirizzo = f"/incarichi/{incarico}/cessazione"
    problema(await casa.post(RESPONSABILE, indirizzo, {"ultimo_giorno": "2025-09-15"}), 428, "precondizione-richiesta")
    problema(await cessa(casa, incarico, versione=2), 409, "versione-superata")
    problema(await cessa(casa, incarico, IERI), 422, "dati-non-validi")
    prevista = await cessa(casa, incarico, FRA_UN_MESE)
    assert (prevista.status_code, prevista.json()["al"], prevista.json()["revocato_il"]) == (200, "2025-10-15", None)
    assert (await casa.get(chi, "/cartelle")).status_code == 200
    problema(await cessa(casa, incarico, FRA_UN_MESE + timedelta(days=1), versione=2), 409, "stato-non-ammesso")
    finita = await cessa(casa, incarico, versione=2)
    assert (finita.status_code, finita.json()["al"], finita.headers["etag"]) == (200, "2025-09-15", '"3"')
    assert finita.json()["revocato_il"] is not None
    problema(await casa.get(chi, "/cartelle"), 403, "operazione-non-consentita")
    problema(await cessa(casa, incarico, versione=3), 409, "stato-non-ammesso")
    [riga] = await casa.audit(finita)
    assert (riga["oggetto_tipo"], riga["oggetti"], riga["esito"]) == ("incarico", [incarico], "consentita")
    eventi = await casa.admin.fetch("SELECT tipo, versione FROM evento WHERE aggregato_id = $1 ORDER BY versione", incarico)
    assert [tuple(e) for e in eventi] == [("incarichi.incarico.cessato", 2), ("incarichi.incarico.cessato", 3)]
    assert str(incarico) not in (await casa.get("as-crema", "/operatori?limite=100")).text


async def test_chi_finisce_oggi_puo_finire_subito(casa: Casa) -> None:
    chi, incarico = await incaricata(casa, al=GIORNO)
    assert (await casa.get(chi, "/cartelle")).status_code == 200
    assert (await cessa(casa, incarico)).status_code == 200
    problema(await casa.get(chi, "/cartelle"), 403, "operazione-non-consentita")


async def test_nessuna_chiude_il_proprio(casa: Casa) -> None:
    mio = await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", await casa.operatore(RESPONSABILE))
    problema(await cessa(casa, mio), 409, "conflitto")


async def test_due_richieste_in_volo_dopo_la_revoca_sono_403(casa: Casa) -> None:
    """Requests go on with a token that is still good; those begun after the revocation was answered are all refused."""
    chi, incarico = await incaricata(casa)
    viste: list[tuple[float, int]] = []
    fermi = asyncio.Event()

    async def legge() -> None:
        while not fermi.is_set():
            inizio = monotonic()
            viste.append((inizio, (await casa.get(chi, "/cartelle?limite=1")).status_code))

    lettori = [asyncio.create_task(legge()) for _ in range(2)]
    async with asyncio.timeout(20):
        while len(viste) < 10:  # noqa: ASYNC110  # what is waited for are the readings themselves
            await asyncio.sleep(0.005)
        esiti = await asyncio.gather(cessa(casa, incarico), cessa(casa, incarico))
        revocata = monotonic()
        while sum(inizio > revocata for inizio, _ in viste) < 10:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.005)
    fermi.set()
    await asyncio.gather(*lettori)
    assert sorted(r.status_code for r in esiti) == [200, 409], "two at once: one ends it, the other finds it changed"
    assert {stato for _, stato in viste} == {200, 403}
    assert {stato for inizio, stato in viste if inizio > revocata} == {403}


async def test_la_sostituzione(casa: Casa) -> None:
    _, titolare = await incaricata(casa, pronto=True)
    sostituta, suo = await incaricata(casa, servizi=["tutela_minori"])
    creata = await casa.apri(servizio="disabilita")
    assert (await casa.get(sostituta, f"/cartelle/{creata['id']}")).status_code == 404
    fatta = await sostituisce(casa, titolare, sostituta)
    assert fatta.status_code == 201, fatta.text
    nuova = fatta.json()
    assert fatta.headers["location"] == f"/incarichi/{nuova['id']}"
    attesa = {
        "sostituisce_id": str(titolare), "ruolo": "assistente_sociale", "servizi": ["disabilita"], "al": "2025-10-15",
        "pronto_intervento": False,
    }  # fmt: skip
    assert {k: nuova[k] for k in attesa} == attesa
    problema(await casa.get(sostituta, "/cartelle"), 400, "richiesta-malformata")
    assert (await casa.get(sostituta, f"/cartelle/{creata['id']}", incarico=nuova["id"])).status_code == 200
    assert (await casa.get(sostituta, f"/cartelle/{creata['id']}", incarico=str(suo))).status_code == 404
    [evento] = await casa.admin.fetch("SELECT tipo FROM evento WHERE aggregato_id = $1", UUID(nuova["id"]))
    assert evento["tipo"] == "incarichi.incarico.sostituzione_registrata"
    problema(await sostituisce(casa, UUID(nuova["id"]), "coord-csc"), 409, "stato-non-ammesso")
    assert (await cessa(casa, titolare)).status_code == 200, "the substitution ends with it"
    problema(await casa.get(sostituta, "/cartelle", incarico=nuova["id"]), 403, "operazione-non-consentita")
    assert (await casa.get(sostituta, "/cartelle")).status_code == 200
    problema(await sostituisce(casa, titolare, sostituta), 409, "stato-non-ammesso")


async def test_la_fine_prevista_accorcia_la_sostituzione(casa: Casa) -> None:
    _, titolare = await incaricata(casa)
    nuova = (await sostituisce(casa, titolare, "tutela-csc")).json()
    futura = (await sostituisce(casa, titolare, "coord-csc", dal="2025-10-10", al="2025-10-12")).json()
    assert (await cessa(casa, titolare, DOMANI)).status_code == 200
    righe = {r["id"]: r for r in await casa.admin.fetch("SELECT * FROM incarico WHERE sostituisce_id = $1", titolare)}
    assert (righe[UUID(nuova["id"])]["al"], righe[UUID(nuova["id"])]["revocato_il"]) == (DOMANI, None)
    assert righe[UUID(futura["id"])]["revocato_il"] is not None, "it would begin after the end"
    eventi = await casa.admin.fetchval(
        "SELECT count(*) FROM evento WHERE tipo = 'incarichi.incarico.cessato' AND aggregato_id = ANY ($1)", [titolare, *righe]
    )
    assert eventi == 3
    for id_ in righe:
        await casa.admin.execute("UPDATE incarico SET revocato_il = now() WHERE id = $1", id_)


async def test_non_si_da_piu_di_cio_che_c_e(casa: Casa) -> None:
    _, titolare = await incaricata(casa, dal=date(2025, 9, 1), al=FRA_UN_MESE)
    di_altro_ente, _ = await incaricata(casa, ente="comune-crema")
    breve, _ = await incaricata(casa, al=DOMANI)
    prima = await casa.impronta("audit")
    for sbagliata, campo in (
        ({"servizi": ["tutela_minori"]}, "servizi"),
        ({"comuni": ["999999"]}, "comuni"),
        ({"comuni": ["098031"]}, "comuni"),
        ({"pronto_intervento": True}, "pronto_intervento"),
        ({"dal": IERI.isoformat()}, "dal"),
        ({"al": (FRA_UN_MESE + timedelta(days=1)).isoformat()}, "al"),
        ({"dal": DOMANI.isoformat(), "al": GIORNO.isoformat()}, "al"),
        ({"operatore_id": str(nuovo_id())}, "operatore_id"),
        ({"operatore_id": str(await casa.operatore(di_altro_ente))}, "operatore_id"),
        ({"operatore_id": str(await casa.operatore(breve))}, "operatore_id"),
    ):
        risposta = problema(await sostituisce(casa, titolare, "tutela-csc", **sbagliata), 422, "dati-non-validi")
        assert [c["campo"] for c in risposta["campi"]] == [campo]
    problema(await sostituisce(casa, titolare, RESPONSABILE), 409, "conflitto")
    assert await casa.impronta("audit") == prima
    ristretta = await sostituisce(casa, titolare, "tutela-csc", comuni=["019035"])
    assert (ristretta.status_code, ristretta.json()["comuni"]) == (201, ["019035"])
    await casa.admin.execute("UPDATE incarico SET revocato_il = now() WHERE id = $1", UUID(ristretta.json()["id"]))


@pytest.mark.parametrize(
    "cambiata",
    [
        {"operatore_id": "app_operatore()"},
        {"ruolo": "'dpo'"},
        {"ruolo": "'responsabile_servizio'"},
        {"servizi": "NULL"},
        {"servizi": "'{tutela_minori}'"},
        {"ente_id": "(SELECT id FROM ente WHERE codice = 'comune-crema')"},
        {"dal": "app_data() - 1"},
        {"al": "NULL"},
        {"sostituisce_id": "NULL"},
        {"pronto_intervento": "true"},
        {"ambito_id": "2"},
        {},
    ],
    ids=lambda c: next(iter(c), "nulla di cambiato"),
)
async def test_il_database_rifiuta_cio_che_il_servizio_rifiuta(casa: Casa, settings: Settings, cambiata: dict[str, str]) -> None:
    """As an injected statement would, under the application role and the responsible's scope; unchanged, it passes."""
    _, titolare = await incaricata(casa)
    sostituta, _ = await incaricata(casa, servizi=["tutela_minori"])
    valori = {
        "id": f"'{nuovo_id()}'", "operatore_id": f"'{await casa.operatore(sostituta)}'", "ambito_id": "app_ambito()",
        "ente_id": "app_ente()", "ruolo": "'assistente_sociale'", "servizi": "'{disabilita}'", "dal": "app_data()",
        "al": "app_data() + 3", "sostituisce_id": f"'{titolare}'", "pronto_intervento": "false", "versione": "1",
    } | cambiata  # fmt: skip
    istruzione = f"INSERT INTO incarico ({', '.join(valori)}) SELECT {', '.join(valori.values())}"
    chi = await casa.operatore(RESPONSABILE)
    incarico = await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", chi)
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        transazione = connessione.transaction()
        await transazione.start()
        await connessione.execute(
            f"SELECT app_entra('{chi}', '{incarico}', '{{responsabile_servizio}}', '2025-09-15', 'controllo')"
        )
        if cambiata:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)):
                await connessione.execute(istruzione)
        else:
            assert await connessione.execute(istruzione) == "INSERT 0 1"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connessione.execute("UPDATE incarico SET al = NULL")
        await transazione.rollback()
    finally:
        await connessione.close()


async def test_la_sostituzione_e_la_cessazione_insieme(casa: Casa) -> None:
    """Whichever comes first, nobody stands in for one who is gone."""
    for _ in range(3):
        _, titolare = await incaricata(casa)
        sostituta, _ = await incaricata(casa, servizi=["tutela_minori"])
        esiti = await asyncio.gather(sostituisce(casa, titolare, sostituta), cessa(casa, titolare))
        assert esiti[1].status_code == 200
        assert esiti[0].status_code in (201, 404, 409)
        vive = "SELECT count(*) FROM incarico WHERE sostituisce_id = $1 AND revocato_il IS NULL"
        assert await casa.admin.fetchval(vive, titolare) == 0


async def test_l_emergenza_finisce_con_l_incarico(casa: Casa) -> None:
    chi, incarico = await incaricata(casa, pronto=True)
    creata = await casa.apri(servizio="tutela_minori")
    corpo = {"cartella_id": creata["id"], "motivazione": "Zzqsegnalazione notturna della Questura", "ore": 2}
    aperta = await casa.post(chi, "/accessi-emergenza", corpo)
    assert aperta.status_code == 201, aperta.text
    _, altro = await incaricata(casa, dal=date(2024, 2, 1))
    await casa.admin.execute(
        "UPDATE incarico SET operatore_id = $2 WHERE id = $1", altro, await casa.operatore(chi)
    )  # fmt: skip
    assert (await casa.get(chi, f"/cartelle/{creata['id']}", incarico=str(altro))).status_code == 200, "same ente"
    assert (await cessa(casa, incarico)).status_code == 200
    problema(await casa.get(chi, f"/cartelle/{creata['id']}", incarico=str(altro)), 404, "non-trovato")


async def test_le_consegne(casa: Casa) -> None:
    """Her place in a team, the draft assessment, the draft progetto; of what the responsible sees, and until taken over."""
    chi, incarico = await incaricata(casa)
    csc = await casa.admin.fetchval("SELECT id FROM ente WHERE codice = 'csc'")
    attese = set()
    equipe: dict[str, Any] = {}
    for servizio in ("disabilita", "tutela_minori"):
        creata = await casa.apri(servizio=servizio)
        base = f"/cartelle/{creata['id']}"
        membro = {"qualifica": "assistente_sociale", "operatore_id": str(await casa.operatore(chi)), "ente_id": str(csc)}
        corpo = {"tipo": "equipe_multidisciplinare", "costituita_il": "2025-09-15", "membri": [membro]}
        formata = await casa.post("as-crema", f"{base}/equipe", corpo)
        assert formata.status_code == 201, formata.text
        bozza = await casa.post(
            "as-crema", f"{base}/valutazioni", {"equipe_id": formata.json()["id"], "data_valutazione": "2025-09-15"},
            finalita="valutazione",
        )  # fmt: skip
        assert bozza.status_code == 201, bozza.text
        obiettivi = [{"testo": "Uscire", "risultato_atteso": "Due volte"}]
        progetto = await casa.post(
            "as-crema", f"{base}/progetti",
            {"tipo": "pai", "equipe_id": formata.json()["id"], "dal": "2025-09-15", "obiettivi": obiettivi},
        )  # fmt: skip
        assert progetto.status_code == 201, progetto.text
        if servizio == "disabilita":
            equipe = formata.json()
            tre = {"equipe": equipe["id"], "valutazione": bozza.json()["id"], "progetto": progetto.json()["id"]}
            attese = {(creata["id"], specie, id_) for specie, id_ in tre.items()}
    assert (await cessa(casa, incarico)).status_code == 200
    indirizzo = f"/incarichi/{incarico}/consegne"
    lette = await casa.get(RESPONSABILE, indirizzo)
    assert {(c["cartella_id"], c["specie"], c["id"]) for c in lette.json()["elementi"]} == attese
    a_pezzi, successivo = [], ""
    for _ in range(3):
        pagina = (await casa.get(RESPONSABILE, f"{indirizzo}?limite=1{successivo}")).json()
        a_pezzi += [c["id"] for c in pagina["elementi"]]
        successivo = f"&cursore={pagina['successivo']}"
    assert pagina["successivo"] is None
    assert sorted(a_pezzi) == sorted(c["id"] for c in lette.json()["elementi"])
    assert {r["oggetto_tipo"] for r in await casa.audit(lette)} == {"incarico", "cartella"}
    [seduta] = [m for m in equipe["membri"] if m["operatore_id"] is not None]
    uscita = await casa.post(
        "as-crema", f"/equipe/{equipe['id']}/uscite", {"membro_id": seduta["id"], "al": "2025-09-15"}, if_match='"1"'
    )
    assert uscita.status_code == 200, uscita.text
    assert (await casa.get(RESPONSABILE, indirizzo)).json()["elementi"] == []


async def test_un_caso_pippi_non_e_fra_le_consegne(casa: Casa) -> None:
    """The team of a case stays unknown to who is not in it, also when one of the team goes."""
    chi, incarico = await incaricata(casa)
    creata = await casa.apri("as-crema", "disabilita", data_nascita="2016-05-04", codice_fiscale=None)
    prima = (await casa.get(RESPONSABILE, f"/incarichi/{incarico}/consegne")).json()
    csc = await casa.admin.fetchval("SELECT id FROM ente WHERE codice = 'csc'")
    membro = {"qualifica": "assistente_sociale", "operatore_id": str(await casa.operatore(chi)), "ente_id": str(csc)}
    caso = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": [membro]}
    creato = await casa.post("as-crema", f"/cartelle/{creata['id']}/casi-pippi", caso)
    assert creato.status_code == 201, creato.text
    assert (await cessa(casa, incarico)).status_code == 200
    assert (await casa.get(RESPONSABILE, f"/incarichi/{incarico}/consegne")).json() == prima
