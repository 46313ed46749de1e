"""Text that would be a statement, a setting or another identifier, in every header, address, filter and field of a body.

What may be kept is kept to the letter; the rest is refused without being repeated; and the connections stay as they were.
The headers `Incarico` and `Finalita` on the hot reads are also in test_sql.py, malformed addresses in test_corpi.py.
"""

from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from services.core.platform.ids import nuovo_id
from tests.attack.mondo import ADA, Mondo, operazioni
from tests.attack.schemi import posti
from tests.attack.test_ambito import CORPI
from tests.casa import Casa, persona, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

OSTILI = (
    "'; SET app.ambito = '2'; --",
    "2'); SELECT set_config('app.ambito','2',false); --",
    "app.ambito=2",
    "options=-c app.ambito=2",
    "$$; RESET ALL; $$",
    '"; SET ROLE ambito_owner; --',
    "1; SET SESSION AUTHORIZATION postgres",
    "{1,2}",
    "\\'; SET row_security = off; --",
    "%s %(operatore)s :operatore $1",
    "\u2019; SET app.ambito = \u20192\u2019; \u2014\u2014",
    "\uff07\uff1b\uff33\uff25\uff34 \uff41\uff50\uff50.\uff41\uff4d\uff42\uff49\uff54\uff4f",
)
"""The last two with typographic quotes and in full-width letters: harmless to PostgreSQL, unless somebody normalises them."""

CIFRE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789abcdef-"}
ARABE = {ord("0") + i: 0x0660 + i for i in range(10)}
INVISIBILI = ("\u200b{}", "{}\u200b", "\u202e{}", "{}\ufeff", "{}\u0000", " {}", "{}\t", "{}\u00a0", "{}%00", "{}'", "{};")


def travestiti(id_: UUID) -> list[str]:
    """The same identifier to the eye, or to a lenient reader: other digits, signs that are not seen, something at the end."""
    testo = str(id_)
    return [testo.translate(CIFRE), testo.translate(ARABE), *(modello.format(testo) for modello in INVISIBILI)]


async def intatte(casa: Casa) -> None:
    """The connections that the pools give next: no setting of a request, the application's role, policies on."""
    domanda = """SELECT concat(current_setting('app.ambito', true), current_setting('app.operatore', true),
                               current_setting('app.competenze', true), current_setting('row_security'), current_user,
                               session_user)"""
    database = casa.app.state.ambito.database
    async with database._pool.acquire() as connessione:
        assert await connessione.fetchval(domanda) == "onambito_appambito_app"
    async with database.engine.connect() as altra:
        assert (await altra.exec_driver_sql(domanda)).scalar_one() == "onambito_appambito_app"


async def manda(casa: Casa, metodo: str, url: str, testate: dict[str, str], corpo: Any = None) -> httpx.Response:
    """A request whose headers may hold any text, as bytes."""
    grezze = [(n.encode(), v.encode()) for n, v in testate.items()]
    return await casa.client.request(metodo, url, headers=grezze, json=corpo)


async def test_nessuna_intestazione_arriva_alle_impostazioni(mondo: Mondo) -> None:
    """Every header we read, and those by which other systems take a tenant: the scope stays that of the token's own incarico."""
    casa, visti = mondo.casa, 0
    propria = (await casa.get("as-crema", "/io")).json()
    nomi = ("Idempotency-Key", "If-Match", "X-Request-Id", "Traceparent", "Accept-Language", "X-Tenant", "X-Ambito", "App.Ambito",
            "X-App-Ambito", "X-Hasura-Role", "Cookie", "User-Agent", "PGOPTIONS")  # fmt: skip
    prima = await casa.impronta("audit")
    for testo in OSTILI:
        for nome in nomi:
            risposta = await manda(casa, "GET", "/io", casa.token("as-crema") | {nome: testo})
            assert (risposta.status_code, risposta.json()) == (200, propria), (nome, testo)
            visti += 1
        for nome in ("Incarico", "Finalita"):
            for percorso in ("/io", f"/cartelle/{ADA}/fatti", f"/cartelle/{ADA}"):
                risposta = await manda(casa, "GET", percorso, casa.token("as-crema") | {nome: testo})
                problema(risposta, 422, "dati-non-validi")
                assert testo not in risposta.text
        await intatte(casa)
    assert visti == len(OSTILI) * len(nomi)
    assert await casa.impronta("audit") == prima


async def test_una_chiave_o_una_versione_ostile_non_scrive(mondo: Mondo) -> None:
    """`Idempotency-Key` and `If-Match` on a change: refused as malformed, or kept as they are and no more."""
    casa, domanda = mondo.casa, mondo.ids["domanda_id"]
    for testo in OSTILI:
        prima = await casa.impronta("audit")
        for testate in ({"If-Match": testo}, {"If-Match": '"1"', "Idempotency-Key": testo}):
            url = f"/domande/{domanda}/ritiro"
            risposta = await manda(casa, "POST", url, casa.token("as-crema") | testate)
            assert risposta.status_code in (400, 409, 422), (testate, risposta.text)
            assert testo not in risposta.text
        assert await casa.impronta("audit") == prima
        await intatte(casa)
    chiave, corpo = "';SET/app.ambito='2';--", {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    risposte = [await casa.post("as-crema", "/cartelle", corpo, idempotency_key=chiave) for _ in range(2)]
    assert [r.status_code for r in risposte] == [201, 201]
    assert risposte[0].content == risposte[1].content
    assert await casa.admin.fetchval("SELECT count(*) FROM idempotenza WHERE chiave = $1", chiave) == 1


async def test_nessun_filtro_e_nessun_indirizzo_porta_altro(mondo: Mondo) -> None:
    """Every query parameter of every operation, and every identifier of every path; a third of the texts for each operation."""
    casa, provati = mondo.casa, 0
    prima = await casa.impronta("audit")
    for i, (metodo, percorso, definizione) in enumerate(operazioni(casa)):
        url = percorso.format(**mondo.ids)
        luoghi = {p["name"]: p["in"] for p in definizione.get("parameters", ())}
        for testo in OSTILI[i % 3 :: 3]:
            for nome in (n for n, luogo in luoghi.items() if luogo == "query"):
                risposta = await manda(
                    casa, metodo, f"{url}?{nome}={quote(testo)}", casa.token("dpo-crema", finalita="controllo")
                )
                assert risposta.status_code in (403, 422), (definizione["operationId"], nome, risposta.text)
                provati += 1
            for nome in (n for n, luogo in luoghi.items() if luogo == "path"):
                storto = percorso.format(**(mondo.ids | {nome: quote(testo, safe="")}))
                risposta = await manda(casa, metodo, storto, casa.token("as-crema", finalita="controllo", if_match='"1"'))
                assert 400 <= risposta.status_code < 500, (definizione["operationId"], risposta.text)
                assert testo not in risposta.text
                provati += 1
        await intatte(casa)
    assert provati > 200
    assert await casa.impronta("audit") == prima


async def test_un_identificativo_travestito_non_e_quello(mondo: Mondo) -> None:
    """In a path, a header and a filter, on both doors: what only looks like the identifier is refused as malformed."""
    casa, provati = mondo.casa, 0
    incarico = (await casa.get("as-crema", "/io")).json()["incarico_id"]
    proprio = await manda(casa, "GET", "/io", casa.token("as-crema") | {"Incarico": incarico})
    assert proprio.status_code == 200
    for metodo, percorso, definizione in operazioni(casa):
        for posto in posti(casa.app.openapi(), metodo, percorso, definizione):
            if metodo != "GET" or posto.luogo not in ("path", "query"):
                continue
            for testo in travestiti(ADA):
                valore = quote(testo, safe="%")
                url = percorso.format(**(mondo.ids | {posto.nome: valore}))
                url += f"?{posto.nome}={valore}" if posto.luogo == "query" else ""
                risposta = await manda(casa, "GET", url, casa.token("as-crema", finalita="controllo"))
                assert risposta.status_code in (400, 403, 404, 422), (str(posto), testo, risposta.text)
                assert "cognome" not in risposta.text
                provati += 1
    for testo in travestiti(UUID(incarico)):
        for percorso in ("/io", f"/cartelle/{ADA}", f"/cartelle/{ADA}/fatti"):
            risposta = await manda(casa, "GET", percorso, casa.token("as-crema") | {"Incarico": testo})
            assert risposta.status_code == 422 or testo.strip() == incarico, (testo, risposta.text)
    assert provati > 200
    await intatte(casa)


async def test_due_incarichi_nella_stessa_intestazione(casa: Casa) -> None:
    """Her own and a colleague's, in either order and in one header or two: under hers or refused, alike on both doors."""
    proprio = (await casa.get("as-crema", "/io")).json()["incarico_id"]
    altrui = str(await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", await casa.operatore("coord-csc")))
    for insieme in ([proprio, altrui], [altrui, proprio], [f"{proprio}, {altrui}"], [f"{altrui},{proprio}"]):
        stati = set()
        for percorso in ("/io", f"/cartelle/{ADA}", f"/cartelle/{ADA}/fatti"):
            testate = [*casa.token("as-crema").items(), *(("Incarico", valore) for valore in insieme)]
            risposta = await casa.client.get(percorso, headers=testate)
            stati.add(risposta.status_code)
            righe = await casa.audit(risposta)
            assert {r["incarico_id"] for r in righe} <= {UUID(proprio), None}
        assert len(stati) == 1, (insieme, stati)
        assert stati < {200, 403, 422}


async def test_i_testi_ostili_si_conservano_alla_lettera(mondo: Mondo) -> None:
    """Free text of the record is text: written, read again as it was, by both doors, and nothing else happened."""
    casa, ids = mondo.casa, mondo.ids
    for testo in OSTILI:
        apertura = {
            "persona": persona(cognome=testo, nome=testo), "servizio": "disabilita", "aperta_il": "2025-09-15",
        }  # fmt: skip
        creata = await casa.post("as-crema", "/cartelle", apertura)
        assert creata.status_code == 201, creata.text
        base = f"/cartelle/{creata.json()['id']}"
        letta = (await casa.get("as-crema", base)).json()
        assert (letta["persona"]["cognome"], letta["persona"]["nome"]) == (testo, testo)
        fatto = await casa.post("as-crema", f"{base}/requisiti", CORPI["registraRequisito"] | {"fonte": testo})
        assert fatto.status_code == 201, fatto.text
        [letto] = (await casa.get("as-crema", f"{base}/fatti")).json()["elementi"]
        assert letto["fonte"] == testo
        micro = CORPI["aggiungiMicroprogetto"] | {"situazione_osservata": testo, "responsabile": testo}
        aggiunto = await casa.post("tutela-csc", f"/casi-pippi/{ids['caso_id']}/microprogetti", micro)
        assert aggiunto.status_code == 201, aggiunto.text
        await intatte(casa)
    assert await casa.admin.fetchval("SELECT count(*) FROM persona WHERE ambito_id = 2 AND cognome = ANY ($1)", list(OSTILI)) == 0


async def test_un_nul_in_qualunque_testo_e_rifiutato(mondo: Mondo) -> None:
    """PostgreSQL cuts or refuses it, other readers end there: here it never arrives."""
    casa, ids = mondo.casa, mondo.ids
    prima = await casa.impronta("audit")
    micro, chi_e = CORPI["aggiungiMicroprogetto"], persona(cognome="Zzq\u0000prova")
    for percorso, chi, corpo in (
        ("/cartelle", "as-crema", {"persona": chi_e, "servizio": "disabilita", "aperta_il": "2025-09-15"}),
        (f"/cartelle/{ADA}/requisiti", "as-crema", CORPI["registraRequisito"] | {"fonte": "a\u0000b"}),
        (f"/casi-pippi/{ids['caso_id']}/microprogetti", "tutela-csc", micro | {"responsabile": "\u0000"}),
        ("/persone/ricerca", "as-crema", {"codice_fiscale": "ZZQDAA67C52D142\u0000"}),
    ):  # fmt: skip
        risposta = await casa.post(chi, percorso, corpo, finalita="controllo")
        assert risposta.status_code in (400, 422), risposta.text
    assert await casa.impronta("audit") == prima
    await intatte(casa)


@pytest.mark.parametrize(
    "codice",
    ["\uff3a\uff3a\uff31DAA67C52D142D", "ZZQDAA67C52D142D\u200b", "zzqdaa67c52d142d ", "ZZQDAA67C5\u0662D142D", "_" * 16],
)
async def test_un_codice_fiscale_travestito_non_trova_nessuno(casa: Casa, codice: str) -> None:
    """Letters of other alphabets, signs that are not seen and wildcards; the code as it is finds its person."""
    vero = await casa.post("as-crema", "/persone/ricerca", {"codice_fiscale": "ZZQDAA67C52D142D"}, finalita="controllo")
    assert vero.json()["trovata"] is True
    risposta = await casa.post("as-crema", "/persone/ricerca", {"codice_fiscale": codice}, finalita="controllo")
    if codice.strip().upper() == "ZZQDAA67C52D142D":
        assert risposta.json() == vero.json(), "spaces around and small letters are the same code"
    else:
        assert risposta.status_code == 422, risposta.text
        assert "Zzqprova" not in risposta.text


async def test_un_soggetto_ostile_in_un_token_vero_non_e_nessuno(casa: Casa) -> None:
    """Signed by our issuer: the subject goes to the database as a value, whatever it says."""
    prima = await casa.impronta("audit")
    for testo in (*OSTILI, "as-crema\u0000", "as-crema ", "AS-CREMA", "as\u2010crema", "%", str(nuovo_id())):
        risposta = await casa.client.get("/io", headers={"Authorization": f"Bearer {casa.emittente.token(testo)}"})
        assert risposta.status_code in (401, 403, 422), (testo, risposta.text)
    assert await casa.impronta("audit") == prima
    await intatte(casa)
