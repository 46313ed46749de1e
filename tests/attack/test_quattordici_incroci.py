"""Leaks 2, 8 and 14 of docs/security/attacchi.md: what is nested in an answer, what a join carries along, who heads a unit."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.core.platform.ids import nuovo_id
from tests.attack.altrui import Altrui, di_lodi
from tests.attack.mondo import ADA, Mondo
from tests.casa import Casa, ammetti, persona, problema
from tests.percorsi import COMUNE_CREMA, Percorso

pytestmark = pytest.mark.asyncio(loop_scope="module")

NASCOSTA = "Xqznascosta"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lontani(casa: Casa) -> Altrui:
    """Lodi's world."""
    return await di_lodi(casa)


async def _in_famiglia(casa: Casa) -> tuple[str, str]:
    """An open cartella whose household, équipe and project hold a person who has her own reserved cartella: the two of them."""
    p, carla = Percorso(casa.client, casa.token), str(await casa.operatore("as-crema"))
    aperta = await casa.apri()
    lei = {"persona": persona(cognome=NASCOSTA), "relazione": "coniuge", "dal": "2025-09-01"}
    aggiunta = await casa.post("as-crema", f"/cartelle/{aperta['id']}/componenti", lei, if_match='"1"')
    assert aggiunta.status_code == 201, aggiunta.text
    persona_id = aggiunta.json()["persona_id"]
    membri = [
        {"qualifica": "assistente_sociale", "operatore_id": carla, "ente_id": str(COMUNE_CREMA)},
        {"qualifica": "caregiver", "persona_id": persona_id},
    ]
    squadra = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": membri}
    await p.crea("as-crema", f"/cartelle/{aperta['id']}/equipe", squadra)
    riservata = nuovo_id()
    await casa.admin.execute(
        """INSERT INTO cartella (id, versione, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata, aperta_il,
                                 creata_il)
           SELECT $1, 1, c.ambito_id, $2, c.nucleo_id, c.competenza_id, 'aperta', true, c.aperta_il, clock_timestamp()
           FROM cartella c WHERE c.id = $3""",
        riservata, UUID(persona_id), UUID(aperta["id"]),
    )  # fmt: skip
    return aperta["id"], str(riservata)


async def test_2_cio_che_e_annidato_ha_il_suo_permesso(casa: Casa) -> None:
    """The household and the team of an open cartella hold a protected person: her name is there only for who opens her own."""
    aperta, riservata = await _in_famiglia(casa)
    letture = (f"/cartelle/{aperta}", f"/cartelle/{aperta}/equipe", "/cartelle?limite=100", f"/cartelle/{aperta}/fatti")

    async def nominata(chi: str) -> list[bool]:
        risposte = [await casa.get(chi, percorso) for percorso in letture]
        assert [r.status_code for r in risposte] == [200] * len(letture)
        return [NASCOSTA in r.text for r in risposte]

    for chi in ("as-crema", "coord-csc"):
        assert await nominata(chi) == [False] * 4, chi
    await ammetti(casa, "as-crema", UUID(riservata))
    assert await nominata("as-crema") == [True, True, True, False], "household, team and her own line in the list"
    assert await nominata("coord-csc") == [False] * 4
    assert riservata not in (await casa.get("coord-csc", "/cartelle?limite=100")).text


@pytest.mark.parametrize(
    "espansione", ["expand=persona", "expand=nucleo.persona", "_expand=true", "include=cartella", "fields=*"]
)
async def test_2_non_c_e_un_espansione_da_aggirare(mondo: Mondo, espansione: str) -> None:
    for percorso in (f"/cartelle/{ADA}", "/cartelle", f"/domande/{mondo.ids['domanda_id']}"):
        assert (await mondo.casa.get("as-crema", percorso)).status_code == 200
        problema(await mondo.casa.get("as-crema", f"{percorso}?{espansione}"), 422, "dati-non-validi")


async def _pianta(casa: Casa, ids: dict[str, UUID], persona_id: UUID, operatore_id: UUID, ente_id: UUID) -> None:
    """Rows of Crema, as an administrator's mistake could leave them, that point to that person, operator and ente."""
    await casa.admin.execute(
        """INSERT INTO componente (id, ambito_id, nucleo_id, persona_id, relazione, dal)
           SELECT $1, 1, c.nucleo_id, $2, 'altro', '2025-09-01' FROM cartella c WHERE c.id = $3""",
        nuovo_id(), persona_id, ADA,
    )  # fmt: skip
    for colonna, valore, ente in (("persona_id", persona_id, None), ("operatore_id", operatore_id, ente_id)):
        await casa.admin.execute(
            f"""INSERT INTO membro_equipe (id, ambito_id, cartella_id, equipe_id, custodia_id, {colonna}, ente_id, qualifica, dal)
                SELECT $1, 1, q.cartella_id, q.id, q.custodia_id, $2, $3, 'altro', '2025-09-02' FROM equipe q WHERE q.id = $4""",
            nuovo_id(), valore, ente, ids["equipe_id"],
        )  # fmt: skip


async def test_8_una_congiunzione_non_porta_oltre_il_confine(mondo: Mondo, lontani: Altrui) -> None:
    """Rows that should not exist join Crema's records to Lodi's: the names stay there. Those of Crema's own are shown."""
    casa, ids = mondo.casa, mondo.ids
    dario, di_dario = await casa.operatore("as-offanengo"), lontani.ids
    ente_dario = await casa.admin.fetchval("SELECT ente_id FROM incarico WHERE operatore_id = $1", dario)
    proprio = await casa.apri(cognome="Xqzvicino")
    await _pianta(casa, ids, UUID(proprio["persona_id"]), dario, ente_dario)
    await _pianta(casa, ids, *(UUID(di_dario[tipo]) for tipo in ("persona", "operatore", "ente")))
    cognome_lodi = await casa.admin.fetchval("SELECT cognome FROM operatore WHERE id = $1", UUID(di_dario["operatore"]))
    lodi = await casa.admin.fetchval("SELECT denominazione FROM ente WHERE id = $1", UUID(di_dario["ente"]))
    for percorso, atteso in ((f"/cartelle/{ADA}", 1), (f"/equipe/{ids['equipe_id']}", 2), (f"/cartelle/{ADA}/equipe", 2)):
        letto = await casa.get("as-crema", percorso)
        assert letto.status_code == 200, letto.text
        assert sum(nome in letto.text for nome in ("Xqzvicino", "Qwxsociale")) == atteso, percorso
        assert not [n for n in (*lontani.parole, cognome_lodi, lodi) if n in letto.text], percorso


async def test_8_un_contributo_di_altri_non_entra_nel_numero(mondo: Mondo, lontani: Altrui) -> None:
    """A contribution written under Crema's ambito for a cartella of Lodi is summed for nobody."""
    casa, indicatore = mondo.casa, mondo.ids["indicatore_id"]

    async def numero() -> int:
        valore: int = (await casa.get("as-crema", f"/indicatori/{indicatore}")).json()["contributi"]
        return valore

    prima = await numero()
    for cartella, dopo in ((ADA, prima + 1), (UUID(lontani.ids["cartella"]), prima + 1)):
        await casa.admin.execute(
            """INSERT INTO contributo (id, ambito_id, cartella_id, indicatore_id, record_tipo, record_id, periodo, numeratore,
                                       denominatore, posizione, versione)
               VALUES ($1, 1, $2, $3, 'progetto', $1, '2025-09-01', 1, 1, 1, 1)""",
            nuovo_id(), cartella, indicatore,
        )  # fmt: skip
        assert await numero() == dopo
    assert not lontani.tradito((await casa.get("as-crema", f"/indicatori/{indicatore}/contributi")).text)


VISTE = """SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
           AND (c.relkind = 'm' OR (c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)))
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"""


async def test_8_nessuna_vista_gira_con_i_diritti_di_chi_la_possiede(casa: Casa) -> None:
    """A view without `security_invoker`, or a materialized one, reads past the row policies for whoever selects from it."""
    assert await casa.admin.fetch(VISTE) == []
    transazione = casa.admin.transaction()
    await transazione.start()
    await casa.admin.execute(
        "CREATE VIEW v1 AS SELECT 1 AS uno; CREATE VIEW v2 WITH (security_invoker = true) AS SELECT 1 AS uno"
    )
    await casa.admin.execute("CREATE MATERIALIZED VIEW v3 AS SELECT 1 AS uno")
    assert {r["relname"] for r in await casa.admin.fetch(VISTE)} == {"v1", "v3"}, "the question finds them"
    await transazione.rollback()


async def _domanda_in(casa: Casa, mondo: Mondo, servizio: str, posizione: int) -> tuple[str, UUID]:
    """A cartella of Crema in a service, with a domanda under the common avviso and its line in the graduatoria."""
    protocollo = f"Xqz{posizione}"
    aperta = await casa.apri(servizio=servizio)
    domanda = nuovo_id()
    await casa.admin.execute(
        """INSERT INTO domanda (id, versione, ambito_id, cartella_id, avviso_id, stato, tipo_intervento, presentata_il,
                                protocollo, dati)
           VALUES ($1, 1, 1, $2, $3, 'in_graduatoria', 'buono_caregiver', '2025-09-15', $4, '{}')""",
        domanda, UUID(aperta["id"]), mondo.ids["avviso_id"], protocollo,
    )  # fmt: skip
    await casa.admin.execute(
        """INSERT INTO voce_graduatoria (id, ambito_id, graduatoria_id, domanda_id, protocollo, posizione, esito,
                                         importo_centesimi, chiavi)
           SELECT $1, 1, $2, $3, $4, $5, 'idonea_non_finanziata', 0, v.chiavi FROM voce_graduatoria v
           WHERE v.graduatoria_id = $2 ORDER BY posizione LIMIT 1""",
        nuovo_id(), mondo.ids["graduatoria_id"], domanda, protocollo, posizione,
    )  # fmt: skip
    return aperta["id"], domanda


async def test_14_la_responsabile_di_un_servizio_vede_quello(mondo: Mondo) -> None:
    """Of the same Comune, under the same avviso and in the same graduatoria: only what belongs to her service."""
    casa, graduatoria = mondo.casa, mondo.ids["graduatoria_id"]
    servizi = ("disabilita", "tutela_minori", "adulti_inclusione", "servizio_sociale_base")
    viste: dict[str, Any] = {s: await _domanda_in(casa, mondo, s, 50 + i) for i, s in enumerate(servizi)}
    attese = {"resp-disabilita-csc": {"disabilita"}, "coord-csc": set(servizi[:3]), "as-crema": set(servizi)}
    for chi, propri in attese.items():
        for servizio, (cartella, domanda) in viste.items():
            for percorso in (f"/cartelle/{cartella}", f"/cartelle/{cartella}/domande", f"/domande/{domanda}"):
                risposta = await casa.get(chi, percorso)
                assert risposta.status_code == (200 if servizio in propri else 404), (chi, percorso, servizio)
    voci = await casa.get("resp-disabilita-csc", f"/graduatorie/{graduatoria}/voci?limite=100")
    assert {v["protocollo"] for v in voci.json()["elementi"]} >= {f"Xqz{50 + i}" for i in range(4)}, (
        "who forms it reads every line"
    )
    nomi = {str(v) for s in servizi[1:] for v in viste[s]}
    assert not [n for n in nomi if n in voci.text], "by its protocollo, and by nothing that leads to the person"
    problema(await casa.get("as-crema", f"/graduatorie/{graduatoria}/voci"), 403, "operazione-non-consentita")


async def test_14_la_coordinatrice_di_un_comune_non_vede_l_altro(casa: Casa) -> None:
    """The highest role of a unit gives its unit: a coordinator of Offanengo meets Crema as an outsider does."""
    chi = f"zzq-{nuovo_id()}"
    operatore = nuovo_id()
    await casa.admin.execute(
        "INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES ($1, $2, $3, 'Zzqcapo', 'Ivo')",
        operatore, casa.settings.oidc_issuer, chi,
    )  # fmt: skip
    await casa.admin.execute(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal)
           SELECT $1, $2, 1, e.id, 'responsabile_servizio', '2025-01-01' FROM ente e WHERE e.codice = 'comune-offanengo'""",
        nuovo_id(), operatore,
    )  # fmt: skip
    propria = await casa.apri("as-offanengo", comune="offanengo")
    assert (await casa.get(chi, f"/cartelle/{propria['id']}")).status_code == 200
    for servizio in ("disabilita", "segretariato"):
        altrui = await casa.apri(servizio=servizio)
        problema(await casa.get(chi, f"/cartelle/{altrui['id']}"), 404, "non-trovato")
        assert altrui["id"] not in (await casa.get(chi, "/cartelle?limite=100")).text
