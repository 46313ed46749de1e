"""Attacks on ADR 0011: whoever is not in the team finds the same world with a P.I.P.P.I. case and without it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.access.ingresso import Richiesta, entra
from services.core.access.operazioni import OPERAZIONI
from services.core.access.ruoli import Finalita
from services.core.pippi.events import PREFISSO
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.core.territorio.carico import identificativo_operatore
from services.core.webhooks.catalogo import PUBBLICI
from services.worker.registro import lettori
from tests.ambiente import GIORNO
from tests.conftest import Intestazioni
from tests.percorsi import ASST, BRUNO, COMUNE_CREMA, CSC, LEO, Percorso

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COLLEGHI = ("as-crema", "coord-csc", "psicologa-csc")
"""They rightly see the child's cartella, by territory."""

ESTRANEI = (*COLLEGHI, "asst-crema", "as-offanengo", "domiciliarita-ets", "as-lodi")
"""They have the operations of the programme and are not in this team. The ASST one sits in the cartella's ordinary équipe."""

SENZA_OPERAZIONE = ("dpo-crema", "udp-crema", "segretariato-crema", "amm-misure-csc", "sindaca-crema", "rsa-1", "admin")


@pytest.fixture
def p(client: httpx.AsyncClient, token: Intestazioni) -> Percorso:
    return Percorso(client, token)


@dataclass
class Mondo:
    """The child's cartella with an ordinary équipe, seen by everybody before and after the case is opened."""

    p: Percorso
    ordinaria: str

    async def vista(self, chi: str, caso: str = str(UUID(int=1)), equipe: str = str(UUID(int=2))) -> dict[str, Any]:
        """Every answer an operator can get that could tell of a case: status, ETag and body without the request's own id."""
        percorsi = {
            "cartelle": "/cartelle?limite=100",
            "cartella": f"/cartelle/{LEO}",
            "fatti": f"/cartelle/{LEO}/fatti",
            "domande": f"/cartelle/{LEO}/domande",
            "assegnazioni": f"/cartelle/{LEO}/assegnazioni",
            "flussi": f"/cartelle/{LEO}/flussi",
            "equipes": f"/cartelle/{LEO}/equipe",
            "ordinaria": f"/equipe/{self.ordinaria}",
            "casi": "/casi-pippi",
            "indicatori": "/indicatori",
            "caso": f"/casi-pippi/{caso}",
            "riservata": f"/equipe/{equipe}",
        }
        return {nome: await self._letta(chi, percorso) for nome, percorso in percorsi.items()}

    async def _letta(self, chi: str, percorso: str) -> tuple[int, str | None, Any]:
        r = await self.p.get(chi, percorso)
        corpo = r.json()
        corpo.pop("instance", None)
        return r.status_code, r.headers.get("etag"), corpo


@pytest.fixture
async def mondo(p: Percorso) -> Mondo:
    carla = await p.operatore("as-crema", COMUNE_CREMA, "Zzqassistente")
    sara = await p.operatore("as-crema", ASST, "Yzqsanitari")
    membri = [
        {"qualifica": "assistente_sociale", "operatore_id": carla, "ente_id": str(COMUNE_CREMA)},
        {"qualifica": "infermiere", "operatore_id": sara, "ente_id": str(ASST)},
    ]
    corpo = {"tipo": "equipe_multidisciplinare", "costituita_il": "2025-09-10", "membri": membri}
    equipe = await p.crea("as-crema", f"/cartelle/{LEO}/equipe", corpo)
    return Mondo(p, equipe["id"])


async def test_il_mondo_degli_estranei_e_lo_stesso_con_il_caso_e_senza(mondo: Mondo) -> None:
    chi = (*ESTRANEI, *SENZA_OPERAZIONE)
    prima = {c: await mondo.vista(c) for c in chi}
    assert {nome for nome, (stato, _, _) in prima["as-crema"].items() if stato != 200} == {"caso", "riservata"}
    assert len(prima["asst-crema"]["equipes"][2]["elementi"]) == 1
    caso = await mondo.p.caso_avviato()
    dopo = {c: await mondo.vista(c, caso["id"], caso["equipe_id"]) for c in chi}
    assert dopo == prima
    assert {prima[c]["caso"][0] for c in ESTRANEI} == {404}
    assert {prima[c]["caso"][0] for c in SENZA_OPERAZIONE} == {403}
    assert (await mondo.vista("tutela-csc", caso["id"], caso["equipe_id"]))["caso"][0] == 200


async def test_ogni_scrittura_di_un_estraneo_e_404_anche_con_l_identificativo_in_mano(mondo: Mondo) -> None:
    p, caso = mondo.p, await mondo.p.caso_avviato()
    base, vuoto = f"/casi-pippi/{caso['id']}", f"/casi-pippi/{nuovo_id()}"
    micro = {
        "sottodimensione": "autonomia",
        "situazione_osservata": "x",
        "risultato_atteso": "y",
        "dispositivo": "gruppi",
        "responsabile": "z",
        "entro": "2025-12-01",
    }
    genitore = {"qualifica": "genitore", "persona_id": str(BRUNO)}
    atti: list[tuple[str, Any, dict[str, str]]] = [
        ("/adesione", {"adesione_il": "2025-09-15"}, {"if_match": '"1"'}),
        ("/adesione", {"adesione_il": "2025-09-15"}, {"if_match": '"3"'}),
        ("/rilevazioni", {"tempo": "T0", "data": "2025-09-15", "punteggi": {"autonomia": 2}}, {}),
        ("/microprogetti", micro, {}),
        ("/membri", genitore, {}),
    ]
    for chi in COLLEGHI:
        for atto, corpo, intestazioni in atti:
            risposte = [await p.post(chi, b + atto, corpo, **intestazioni) for b in (base, vuoto)]
            assert [r.status_code for r in risposte] == [404, 404]
            del_caso, del_nulla = ({**r.json(), "instance": ""} for r in risposte)
            assert del_caso == del_nulla
    letto = (await p.get("tutela-csc", base)).json()
    assert letto == caso


async def test_l_equipe_riservata_non_regge_atti_visibili_da_fuori(mondo: Mondo) -> None:
    p, caso = mondo.p, await mondo.p.caso()
    obiettivi = [{"testo": "x", "risultato_atteso": "y"}]
    progetto = {"tipo": "progetto_quadro", "equipe_id": caso["equipe_id"], "dal": "2025-09-15", "obiettivi": obiettivi}
    valutazione = {"equipe_id": caso["equipe_id"], "data_valutazione": "2025-09-15"}
    for percorso, corpo in (("progetti", progetto), ("valutazioni", valutazione)):
        assert (await p.post("as-crema", f"/cartelle/{LEO}/{percorso}", corpo)).status_code == 404
        della_squadra = await p.post("tutela-csc", f"/cartelle/{LEO}/{percorso}", corpo)
        assert (della_squadra.status_code, della_squadra.json()["campi"][0]["campo"]) == (422, "equipe_id")


async def test_un_secondo_caso_dello_stesso_bambino_non_rivela_il_primo(mondo: Mondo) -> None:
    primo = await mondo.p.caso()
    secondo = await mondo.p.caso("as-crema")
    assert secondo["id"] != primo["id"]
    assert (await mondo.p.get("as-crema", f"/casi-pippi/{primo['id']}")).status_code == 404
    assert (await mondo.p.get("tutela-csc", f"/casi-pippi/{secondo['id']}")).status_code == 404
    entrambi = [c["id"] for c in (await mondo.p.get("educatrice-ets", "/casi-pippi")).json()["elementi"]]
    assert entrambi == [secondo["id"], primo["id"]]


async def test_chi_siede_in_un_altra_squadra_della_stessa_cartella_vede_solo_la_sua(mondo: Mondo) -> None:
    caso = await mondo.p.caso()
    equipes = (await mondo.p.get("asst-crema", f"/cartelle/{LEO}/equipe")).json()["elementi"]
    assert [e["id"] for e in equipes] == [mondo.ordinaria]
    assert (await mondo.p.get("asst-crema", f"/equipe/{caso['equipe_id']}")).status_code == 404
    della_squadra = (await mondo.p.get("tutela-csc", f"/cartelle/{LEO}/equipe")).json()["elementi"]
    assert [e["tipo"] for e in della_squadra] == ["equipe_pippi", "equipe_multidisciplinare"]


async def test_eventi_e_lettori_non_portano_fuori_nulla(mondo: Mondo, admin: Admin, settings: Settings) -> None:
    caso = await mondo.p.caso_avviato()
    eventi = await admin.fetch("SELECT tipo, cartella_id, dati::text FROM evento WHERE tipo LIKE 'pippi.%'")
    assert {e["tipo"] for e in eventi} == {
        "pippi.caso.proposto",
        "pippi.caso.aderito",
        "pippi.caso.avviato",
        "pippi.rilevazione.registrata",
        "pippi.microprogetto.aggiunto",
    }
    assert {e["cartella_id"] for e in eventi} == {None}
    nomi = [str(LEO), caso["equipe_id"], str(BRUNO), *(m["operatore_id"] for m in caso["membri"] if m["operatore_id"])]
    assert not [e for e in eventi if any(n in e["dati"] for n in nomi)]
    della_cartella = await admin.fetch("SELECT tipo FROM evento WHERE cartella_id = $1 ORDER BY numero", LEO)
    assert [e["tipo"] for e in della_cartella] == ["cartelle.cartella.aperta", "valutazioni.equipe.costituita"]
    assert not [t for lettore in lettori(settings).values() for t in lettore.tipi if t.startswith(PREFISSO)]
    assert not [t for t in PUBBLICI if t.startswith(PREFISSO)]


async def test_la_traccia_degli_accessi_nomina_il_caso_e_non_la_cartella(mondo: Mondo, admin: Admin) -> None:
    inizio = await admin.fetchval("SELECT coalesce(max(id), 0) FROM audit")
    caso = await mondo.p.caso_avviato()
    righe = await admin.fetch(
        "SELECT operazione, oggetto_tipo, oggetti FROM audit WHERE id > $1 AND operazione ~ 'Pippi|Micro'", inizio
    )
    assert {r["operazione"] for r in righe} >= {"apriCasoPippi", "aderisciCasoPippi", "rilevaCasoPippi", "leggiCasoPippi"}
    assert {r["oggetto_tipo"] for r in righe} == {"caso_pippi"}
    assert {o for r in righe for o in r["oggetti"]} == {UUID(caso["id"])}


@asynccontextmanager
async def come(app: FastAPI, settings: Settings, soggetto: str) -> AsyncIterator[AsyncSession]:
    """A session of the application's own role under an operator's scope: what an injected statement could do. Rolled back."""
    richiesta = Richiesta(
        operatore_id=identificativo_operatore(settings.oidc_issuer, soggetto),
        incarico_id=None,
        operazione="leggiIo",
        regola=OPERAZIONI["leggiIo"],
        finalita=Finalita.CONTROLLO,
        data_riferimento=GIORNO,
        richiesta_id=nuovo_id(),
    )
    async with AsyncSession(app.state.ambito.database.engine) as sessione:
        await sessione.begin()
        await entra(sessione, richiesta)
        yield sessione
        await sessione.rollback()


CONTA = {
    "caso_pippi": "SELECT count(*) FROM caso_pippi",
    "rilevazione_pippi": "SELECT count(*) FROM rilevazione_pippi",
    "microprogetto": "SELECT count(*) FROM microprogetto",
    "equipe": "SELECT count(*) FROM equipe WHERE tipo = 'equipe_pippi' OR custodia_id <> cartella_id",
    "membro_equipe": "SELECT count(*) FROM membro_equipe WHERE custodia_id <> cartella_id",
    "accesso": "SELECT count(*) FROM accesso WHERE motivo = 'pippi'",
    "idempotenza": "SELECT count(*) FROM idempotenza",
}


async def test_con_il_solo_ruolo_dell_applicazione_non_si_conta_ne_si_tocca_nulla(
    app: FastAPI, settings: Settings, mondo: Mondo
) -> None:
    caso = await mondo.p.caso_avviato()
    ids = {"caso": UUID(caso["id"]), "equipe": UUID(caso["equipe_id"])}
    modifiche = (
        "UPDATE caso_pippi SET edizione = 'x'",
        "UPDATE rilevazione_pippi SET versione = 9",
        "UPDATE microprogetto SET verifica = 1",
        "UPDATE membro_equipe SET descrizione = 'x' WHERE equipe_id = :equipe",
        "UPDATE equipe SET cessata_il = '2025-09-15' WHERE id = :equipe",
    )
    for chi in (*ESTRANEI, *SENZA_OPERAZIONE):
        async with come(app, settings, chi) as sessione:
            contati = {nome: await sessione.scalar(text(q)) for nome, q in CONTA.items()}
            assert contati == dict.fromkeys(CONTA, 0), chi
            for modifica in modifiche:
                esito = await sessione.execute(text(modifica), {k: v for k, v in ids.items() if f":{k}" in modifica})
                assert esito.rowcount == 0, (chi, modifica)  # type: ignore[attr-defined]  # a CursorResult
    async with come(app, settings, "tutela-csc") as sessione:
        contati = {nome: await sessione.scalar(text(q)) for nome, q in CONTA.items()}
        assert (contati["caso_pippi"], contati["equipe"], contati["membro_equipe"], contati["accesso"]) == (1, 1, 4, 1)


CONCEDI = """INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal)
             VALUES (:id, 1, :cartella, :operatore, :ente, 'pippi', :caso, '2025-09-15')"""
SIEDI = """INSERT INTO membro_equipe (id, ambito_id, cartella_id, equipe_id, custodia_id, persona_id, qualifica, dal)
           VALUES (:id, 1, :cartella, :equipe, :custodia, :persona, 'altro', '2025-09-15')"""
APRI = """INSERT INTO caso_pippi (id, versione, ambito_id, cartella_id, equipe_id, edizione, stato, proposto_il)
          VALUES (:id, 1, 1, :cartella, :equipe, 'x', 'proposto', '2025-09-15')"""


async def _rifiutata(app: FastAPI, settings: Settings, chi: str, istruzione: str, **valori: object) -> None:
    async with come(app, settings, chi) as sessione:
        with pytest.raises(DBAPIError) as errore:
            await sessione.execute(text(istruzione), valori)
        assert errore.value.orig is not None
        assert getattr(errore.value.orig, "sqlstate", None) == "42501", errore.value


async def test_chi_conosce_l_identificativo_del_caso_non_si_fa_entrare(app: FastAPI, settings: Settings, mondo: Mondo) -> None:
    caso = await mondo.p.caso()
    carla = identificativo_operatore(settings.oidc_issuer, "as-crema")
    comuni = {"id": nuovo_id(), "cartella": LEO}
    await _rifiutata(app, settings, "as-crema", CONCEDI, **comuni, operatore=carla, ente=COMUNE_CREMA, caso=UUID(caso["id"]))
    await _rifiutata(app, settings, "psicologa-csc", CONCEDI, **comuni, operatore=carla, ente=CSC, caso=UUID(caso["id"]))
    siedi = comuni | {"equipe": UUID(caso["equipe_id"]), "persona": BRUNO}
    await _rifiutata(app, settings, "as-crema", SIEDI, **siedi, custodia=UUID(caso["id"]))
    await _rifiutata(app, settings, "as-crema", APRI, **comuni, equipe=UUID(mondo.ordinaria))


async def test_un_membro_non_puo_essere_piu_visibile_della_sua_equipe(app: FastAPI, settings: Settings, mondo: Mondo) -> None:
    caso = await mondo.p.caso()
    valori = {"id": nuovo_id(), "cartella": LEO, "equipe": UUID(caso["equipe_id"]), "persona": BRUNO, "custodia": LEO}
    async with come(app, settings, "tutela-csc") as sessione:
        with pytest.raises(DBAPIError) as errore:
            await sessione.execute(text(SIEDI), valori)
        assert getattr(errore.value.orig, "sqlstate", None) == "23503"


async def test_finito_l_accesso_il_caso_torna_a_non_esistere(mondo: Mondo, admin: Admin) -> None:
    caso = await mondo.p.caso()
    assert (await mondo.p.get("educatrice-ets", f"/casi-pippi/{caso['id']}")).status_code == 200
    await admin.execute(
        "UPDATE accesso SET dal = '2025-09-01', al = '2025-09-14' WHERE motivo = 'pippi' AND ente_id = $1", _ets(caso)
    )
    assert (await mondo.p.get("educatrice-ets", f"/casi-pippi/{caso['id']}")).status_code == 404
    assert (await mondo.p.get("educatrice-ets", "/casi-pippi")).json()["elementi"] == []


def _ets(caso: dict[str, Any]) -> UUID:
    return UUID(next(m["ente_id"] for m in caso["membri"] if m["qualifica"] == "educatore"))


async def test_la_chiave_di_idempotenza_di_una_non_da_la_risposta_a_un_altra(mondo: Mondo) -> None:
    corpo = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": []}
    percorso = f"/cartelle/{LEO}/casi-pippi"
    prima = await mondo.p.post("tutela-csc", percorso, corpo, idempotency_key="la-stessa")
    altra = await mondo.p.post("as-crema", percorso, corpo, idempotency_key="la-stessa")
    assert [prima.status_code, altra.status_code] == [201, 201]
    assert json.loads(prima.content)["id"] != json.loads(altra.content)["id"]
