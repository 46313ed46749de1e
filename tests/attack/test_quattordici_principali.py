"""Leaks 6, 7, 9 and 11 of docs/security/attacchi.md: other protocols, service accounts, roles that see all, who says who."""

import re
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Route

from services.core.access.operazioni import OPERAZIONI
from services.core.access.politiche import PERMESSI_DI_SISTEMA
from services.core.access.ruoli import CLASSI_DEL_RUOLO, RUOLI_TERRITORIALI, Ruolo
from services.core.platform.clock import adesso_ms
from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import APP, CARICATORE, DEFINER, PROPRIETARIO, RUOLI_DEL_WORKER
from services.core.platform.tokens import TIPO_ACCESSO, firma
from tests.attack.mondo import ADA, Mondo, come_app, operazioni
from tests.attack.test_ambito import CORPI, riempi
from tests.casa import Casa, problema
from tests.percorsi import COMUNE_CREMA, CSC, PERSONA_ADA

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODICE = re.compile(r"(?i)[a-z]{6}\d\d[a-z]\d\d[a-z]\d{3}[a-z]")


def indirizzi(casa: Casa) -> Iterator[tuple[str, str]]:
    """Method and path of everything the application answers, in the contract or beside it."""
    for contesto in iter_route_contexts(casa.app.routes):
        rotta = contesto.original_route
        assert isinstance(rotta, Route | APIRoute), f"{rotta}: mounted, and this test does not see into it"
        assert contesto.path is not None
        yield from ((metodo, contesto.path) for metodo in sorted(rotta.methods or ()))


async def _nomi(casa: Casa) -> set[str]:
    righe = await casa.admin.fetch(
        "SELECT cognome FROM persona UNION SELECT cognome FROM operatore UNION SELECT id::text FROM cartella"
    )
    return {r[0].lower() for r in righe}


async def test_6_nessuna_porta_senza_token_da_un_dato(mondo: Mondo) -> None:
    """Every route there is, in the contract or beside it: nobody's request gets 401, or an answer without a name in it."""
    casa, provate, aperte = mondo.casa, 0, set()
    nomi = await _nomi(casa)
    assert "zzqprova" in (await casa.get("as-crema", f"/cartelle/{ADA}")).text.lower()
    for metodo, percorso in sorted(set(indirizzi(casa))):
        url = percorso.format(**({"nome": "swagger-ui.css"} | {n: str(v) for n, v in mondo.ids.items()}))
        risposta = await casa.client.request(metodo, url)
        provate += 1
        if risposta.status_code == 401:
            continue
        assert risposta.status_code in (200, 400, 405, 503), (metodo, percorso, risposta.status_code)
        aperte.add(percorso)
        parole = set(re.split(r"[^0-9a-zà-ù-]+", risposta.text.lower()))
        assert not nomi & parole, (percorso, nomi & parole)
        assert percorso.endswith((".js", ".css", "{nome}")) or not CODICE.search(risposta.text), percorso
    assert provate >= 55
    assert aperte <= {
        "/status", "/metrics", "/waas/v1/status", "/openapi.json", "/openapi.yaml", "/documentazione", "/documentazione/avvio.js",
        "/documentazione/risorse/{nome}",
    }, aperte  # fmt: skip


async def test_6_le_due_porte_del_database_hanno_la_stessa_regola(casa: Casa) -> None:
    """asyncpg and SQLAlchemy, each entered as the same operator: the same rows of every table; not entered, none."""
    database = casa.app.state.ambito.database
    tabelle = await casa.admin.fetch(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
           AND has_table_privilege('ambito_app', oid, 'SELECT') ORDER BY 1"""
    )
    conta = " UNION ALL ".join(f"SELECT '{t['relname']}', count(*) FROM {t['relname']}" for t in tabelle)
    piene = set()
    for chi in ("as-crema", "as-lodi", "dpo-crema"):
        ruoli = ",".join(Ruolo)
        entra = f"SELECT app_entra('{await casa.operatore(chi)}', NULL, '{{{ruoli}}}', '2025-09-15', NULL)"
        async with database.lettura(entra) as connessione:
            calda = {r[0]: r[1] for r in await connessione.fetch(conta)}
        async with database.sessione() as sessione:
            altra = await sessione.connection()
            await altra.exec_driver_sql(entra)
            ricca = {r[0]: r[1] for r in await altra.exec_driver_sql(conta)}
        assert calda == ricca, chi
        piene |= {t for t, quante in calda.items() if quante}
    assert {"cartella", "persona", "fatto", "incarico"} <= piene
    async with database.lettura("SELECT 1") as connessione:
        nude = {r[0] for r in await connessione.fetch(conta) if r[1]}
    assert nude == {"servizio"}


async def test_7_un_account_di_servizio_non_e_senza_filtro(casa: Casa) -> None:
    """The worker's login sees nothing by itself, and as each of its roles only the tables that role is for."""
    worker = await asyncpg.connect(casa.settings.dsn_worker)
    try:
        tabelle = [r["tablename"] for r in await casa.admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for ruolo in (None, *RUOLI_DEL_WORKER):
            permesse = {t for t, p in PERMESSI_DI_SISTEMA.get(ruolo or "", {}).items() if "SELECT" in p}
            async with worker.transaction():
                if ruolo is not None:
                    await worker.execute(f"SET LOCAL ROLE {ruolo}")
                lette = {t for t in tabelle if await _legge(worker, t)}
            assert lette == permesse, ruolo
        for vietato in (APP, PROPRIETARIO, DEFINER, CARICATORE, "postgres"):
            with pytest.raises(asyncpg.PostgresError):
                await worker.execute(f"SET ROLE {vietato}")
    finally:
        await worker.close()


async def _legge(connessione: "asyncpg.Connection[asyncpg.Record]", tabella: str) -> bool:
    try:
        async with connessione.transaction():
            await connessione.execute(f"SELECT FROM {tabella} LIMIT 1")
    except asyncpg.InsufficientPrivilegeError:
        return False
    return True


async def test_7_chi_e_entrato_senza_operatore_non_e_chiunque(casa: Casa) -> None:
    """An ambito alone, as a machine account would be given, is not "every row of the ambito"."""
    async with come_app(casa.settings, ambito=1) as c:
        for tabella in ("cartella", "persona", "domanda", "fatto", "valutazione", "accesso", "audit"):
            assert await c.fetchval(f"SELECT count(*) FROM {tabella}") == 0, tabella
    async with come_app(casa.settings, ambito=1, ruolo="amministratore_tecnico", classi=63, data="2025-09-15") as c:
        assert await c.fetchval("SELECT count(*) FROM cartella") == 0
    assert await casa.admin.fetchval("SELECT count(*) FROM cartella WHERE ambito_id = 1") > 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def per_ruolo(mondo: Mondo) -> dict[Ruolo, str]:
    """An operator for each role there is, at the Azienda, to which four services of every Comune are delegated."""
    casa, fatti = mondo.casa, {}
    for ruolo in Ruolo:
        operatore, soggetto = nuovo_id(), f"zzq-{ruolo}"
        await casa.admin.execute(
            "INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES ($1, $2, $3, 'Zzqruolo', 'Rea')",
            operatore, casa.settings.oidc_issuer, soggetto,
        )  # fmt: skip
        await casa.admin.execute(
            """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal)
               VALUES ($1, $2, 1, $3, $4, '2025-01-01')""",
            nuovo_id(), operatore, CSC, ruolo,
        )  # fmt: skip
        fatti[ruolo] = soggetto
    return fatti


async def test_9_nessun_ruolo_vede_tutto(mondo: Mondo, per_ruolo: dict[Ruolo, str]) -> None:
    """A role "to look at" gives no cartella by itself: only the territorial ones do, and only what is delegated that day."""
    casa = mondo.casa
    delegate = await casa.admin.fetch(
        """SELECT c.id FROM cartella c JOIN delega d ON d.competenza_id = c.competenza_id
           WHERE d.ente_gestore_id = $1 AND d.al IS NULL AND NOT c.riservata""",
        CSC,
    )
    attese = {str(r["id"]) for r in delegate}
    assert len(attese) >= 3
    assert await casa.admin.fetchval("SELECT count(*) FROM cartella") > len(attese), "and there are others to be seen"
    for ruolo, chi in per_ruolo.items():
        risposta = await casa.get(chi, "/cartelle?limite=100")
        if ruolo not in OPERAZIONI["elencaCartelle"].ruoli:
            problema(risposta, 403, "operazione-non-consentita")
            continue
        assert {e["id"] for e in risposta.json()["elementi"]} == (attese if ruolo in RUOLI_TERRITORIALI else set()), ruolo
        assert (await casa.get(chi, f"/cartelle/{ADA}")).status_code == (200 if ruolo in RUOLI_TERRITORIALI else 404), ruolo


async def test_9_un_ruolo_senza_classi_non_ha_operazioni_sulle_persone(mondo: Mondo, per_ruolo: dict[Ruolo, str]) -> None:
    """Aggregates, plans, the trail and the machine: every operation on the record of a person is 403, by any method."""
    casa = mondo.casa
    ciechi = [r for r in Ruolo if not CLASSI_DEL_RUOLO[r]]
    assert len(ciechi) >= 5
    prima = await casa.impronta("audit")
    for ruolo in ciechi:
        for metodo, percorso, definizione in operazioni(casa):
            operazione = definizione["operationId"]
            if ruolo in OPERAZIONI[operazione].ruoli:
                assert "cartell" not in percorso, (ruolo, operazione)
                continue
            testate = casa.token(per_ruolo[ruolo], if_match='"1"', finalita="controllo")
            corpo = riempi(CORPI.get(operazione), mondo.ids)
            risposta = await casa.client.request(metodo, percorso.format(**mondo.ids), json=corpo, headers=testate)
            problema(risposta, 403, "operazione-non-consentita")
    assert await casa.impronta("audit") == prima


async def test_9_le_righe_seguono_il_ruolo_anche_sotto_l_applicazione(mondo: Mondo, per_ruolo: dict[Ruolo, str]) -> None:
    """Entered as each role on the database itself, with every operation allowed: the rows are still those of the territory."""
    casa, viste = mondo.casa, {}
    for ruolo, chi in per_ruolo.items():
        async with come_app(casa.settings) as c:
            await c.execute("SELECT app_entra($1, NULL, $2, '2025-09-15', 'presa_in_carico')", await casa.operatore(chi), [ruolo])
            viste[ruolo] = [
                await c.fetchval(f"SELECT count(*) FROM {t}") for t in ("cartella", "persona", "fatto", "valutazione")
            ]
    for ruolo, conti in viste.items():
        assert (conti[0] > 0) is (ruolo in RUOLI_TERRITORIALI), ruolo
        assert ruolo in RUOLI_TERRITORIALI or conti == [0, 0, 0, 0], ruolo
    assert viste[Ruolo.SEGRETARIATO][3] == 0, "the health class is not hers"
    assert viste[Ruolo.COORDINATORE][3] > 0


DICHIARATI = {
    "X-User-Id": "{}", "X-User": "coord-csc", "X-Remote-User": "coord-csc", "Remote-User": "coord-csc",
    "X-Forwarded-User": "coord-csc", "X-Auth-Request-User": "coord-csc", "X-Authenticated-User": "coord-csc",
    "X-Forwarded-Email": "coord-csc@esempio.it", "From": "coord-csc@esempio.it", "Operatore": "{}", "X-Operatore-Id": "{}",
    "X-Ruolo": "dpo", "X-Ambito-Id": "2", "X-Role": "admin", "NLX-Request-User-Id": "{}", "X-Audit-Toelichting": "{}",
    "Impersonate-User": "coord-csc", "X-Original-Url": "/audit", "X-Rewrite-Url": "/audit", "X-Forwarded-Prefix": "/audit",
    "Forwarded": "for=127.0.0.1;by=coord-csc",
}  # fmt: skip
"""Headers by which other systems, or a proxy in front of them, are told who is asking."""


async def test_11_chi_si_e_lo_dice_solo_l_emittente_in_intestazione(casa: Casa) -> None:
    """Whatever the caller declares, the answer and its row in the trail are those of the token's subject."""
    carla, livia = await casa.operatore("as-crema"), await casa.operatore("coord-csc")
    propria, sua = (await casa.get("as-crema", "/io")).json(), (await casa.get("coord-csc", "/io")).json()
    assert propria != sua
    for nome, valore in DICHIARATI.items():
        testate = casa.token("as-crema") | {nome: valore.format(livia)}
        risposta = await casa.client.get("/io", headers=testate)
        assert risposta.json() == propria, nome
        assert {r["operatore_id"] for r in await casa.audit(risposta)} == {carla}, nome
        senza = await casa.client.get("/io", headers={nome: valore.format(livia)})
        assert senza.status_code == 401, nome


def _token(casa: Casa, **altre: object) -> str:
    ora = adesso_ms() // 1000
    chiavi = casa.emittente._chiavi
    contenuto = {
        "iss": casa.emittente.iss, "sub": "as-crema", "aud": casa.settings.oidc_audience, "client_id": "x", "iat": ora,
        "exp": ora + 600, "jti": str(nuovo_id()),
    }  # fmt: skip
    return firma(contenuto | altre, chiavi.privata, kid=chiavi.kid, typ=TIPO_ACCESSO)


async def test_11_le_attestazioni_in_piu_del_token_non_danno_nulla(casa: Casa) -> None:
    """Signed by our issuer for as-crema, with claims that name somebody or something else: they are not read."""
    livia = str(await casa.operatore("coord-csc"))
    suo = str(await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", UUID(livia)))
    propria = (await casa.get("as-crema", "/io")).json()
    attestazioni: dict[str, object] = {
        "user_id": livia, "user_representation": "Livia", "operatore_id": livia, "preferred_username": "coord-csc",
        "email": "x@y.it", "act": {"sub": "coord-csc"}, "may_act": {"sub": "coord-csc"},
        "on_behalf_of": "coord-csc", "incarico": suo,
        "Incarico": suo, "ruolo": "dpo", "role": "admin", "roles": ["admin", "dpo"],
        "groups": ["/ambito/admin"], "scope": "admin *",
        "ambito_id": 2, "ente_id": str(CSC), "classi": 63, "realm_access": {"roles": ["admin"]}, "superuser": True,
    }  # fmt: skip
    for insieme in ({}, *({nome: valore} for nome, valore in attestazioni.items()), attestazioni):
        risposta = await casa.client.get("/io", headers={"Authorization": f"Bearer {_token(casa, **insieme)}"})
        assert (risposta.status_code, risposta.json()) == (200, propria), insieme
    altra: httpx.Response = await casa.client.get("/io", headers={"Authorization": f"Bearer {_token(casa, sub='coord-csc')}"})
    assert altra.json()["operatore"]["id"] == livia, "only the subject says who she is"


async def test_11_il_corpo_non_dice_chi_scrive(mondo: Mondo) -> None:
    """An équipe with another operator in it, a signature "for" another: author, event and trail are the caller."""
    casa, carla = mondo.casa, await mondo.casa.operatore("as-crema")
    due_comuni = await casa.operatore("asst-medico")
    ente = await casa.admin.fetchval("SELECT ente_id FROM incarico WHERE operatore_id = $1", due_comuni)
    membri = [
        {"qualifica": "assistente_sociale", "operatore_id": str(carla), "ente_id": str(COMUNE_CREMA)},
        {"qualifica": "medico", "operatore_id": str(due_comuni), "ente_id": str(ente)},
    ]
    fatta = await casa.post(
        "as-crema", f"/cartelle/{ADA}/equipe", {"tipo": "uvm", "costituita_il": "2025-09-15", "membri": membri}
    )
    assert fatta.status_code == 201, fatta.text
    autori = await casa.admin.fetch("SELECT operatore_id FROM evento WHERE aggregato_id = $1", UUID(fatta.json()["id"]))
    assert {r["operatore_id"] for r in autori} == {carla}
    assert {r["operatore_id"] for r in await casa.audit(fatta)} == {carla}
    firma_altrui = {"ruolo_firmatario": "asst", "impronta": mondo.impronta, "persona_id": str(PERSONA_ADA)}
    rifiutata = await casa.post("as-crema", f"/progetti/{mondo.ids['progetto_id']}/firme", firma_altrui)
    problema(rifiutata, 422, "dati-non-validi")
