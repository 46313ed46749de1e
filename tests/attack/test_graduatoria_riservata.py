"""A ranking with a reserved applicant: it is formed, complete and right, and tells who forms it nothing of who she is."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.core.misure.graduatoria import riesegui
from services.core.platform.ids import nuovo_id
from tests.attack.mondo import Mondo, come_app
from tests.attack.test_sql import ambiente, rifiutata
from tests.casa import Casa, ammetti, problema
from tests.integration.test_misure import ADA, CINO, GEMMA, IVO, Ambiente

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHI = "amm-misure-csc"
CAMPI_DELLA_VOCE = {"id", "protocollo", "posizione", "esito", "importo_centesimi", "valori", "segue_per", "esclusione"}
PUNTEGGI = {ADA: (1, 2), GEMMA: (0, 1), CINO: (2, 1)}
ELENCA = "SELECT domanda_id FROM candidature_graduatoria($1)"


@dataclass
class Gara:
    """The applicants by codice fiscale: cartella, domanda, protocol code. Gemma, the frailest, is reserved after presenting."""

    casa: Casa
    misure: Ambiente
    cartelle: dict[str, UUID]
    domande: dict[str, UUID]
    protocolli: dict[str, str]
    graduatoria: dict[str, Any]

    async def chiudi(self, chi: str = CHI, chiave: str | None = None, da_chiarire: str = "escludi") -> httpx.Response:
        testate = {} if chiave is None else {"idempotency_key": chiave}
        versione = await self.misure.versione_avviso() if not self.graduatoria else 1
        corpo = {"chiusura_anticipata": True, "domande_da_chiarire": da_chiarire}
        percorso = f"/avvisi/{self.misure.avviso}/graduatoria"
        return await self.casa.post(chi, percorso, corpo, if_match=f'"{versione}"', **testate)

    def nomi(self, *codici: str) -> set[str]:
        """The identifiers by which those applicants could be known."""
        return {str(v) for c in codici for v in (self.cartelle[c], self.domande[c])}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gara(casa: Casa) -> Gara:
    avviso = await casa.admin.fetchval("SELECT id FROM avviso WHERE codice = 'b2-2025' AND ambito_id = 1")
    misure = Ambiente(casa.client, casa.token, casa.admin, avviso)
    cartelle, domande, protocolli = {}, {}, {}
    for codice in (ADA, GEMMA, CINO, IVO):
        cartelle[codice] = await misure.cartella(codice)
        domande[codice] = UUID((await misure.presentata("coord-csc", cartelle[codice]))["domanda_id"])
        letta = await casa.get("coord-csc", f"/domande/{domande[codice]}")
        protocolli[codice] = letta.json()["protocollo"]
    await casa.admin.execute("UPDATE avviso SET budget_centesimi = 250000 WHERE id = $1", avviso)
    await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", cartelle[GEMMA])
    await ammetti(casa, "as-crema", cartelle[GEMMA])
    return Gara(casa, misure, cartelle, domande, protocolli, {})


async def test_cio_che_manca_si_dice_per_protocollo(gara: Gara) -> None:
    """Who is to clarify and who lacks an assessment: the reserved one among the others, and no identifier of anybody."""
    casa = gara.casa
    problema(await casa.get(CHI, f"/cartelle/{gara.cartelle[GEMMA]}"), 404, "non-trovato")
    for codice in (ADA, CINO):
        await gara.misure.valuta(gara.cartelle[codice], gara.domande[codice], *PUNTEGGI[codice])
    await casa.admin.execute("UPDATE decisione SET esito = 'da_chiarire' WHERE domanda_id = $1", gara.domande[GEMMA])
    dubbia = await gara.chiudi(da_chiarire="blocca")
    atteso = sorted([gara.protocolli[GEMMA], gara.protocolli[IVO]])
    assert problema(dubbia, 409, "stato-non-ammesso")["domande_da_chiarire"] == atteso
    await casa.admin.execute("UPDATE decisione SET esito = 'ammissibile' WHERE domanda_id = $1", gara.domande[GEMMA])
    incompleta = await gara.chiudi()
    assert problema(incompleta, 409, "graduatoria-incompleta")["mancanti"] == {gara.protocolli[GEMMA]: ["fragilita"]}
    for risposta in (dubbia, incompleta):
        assert not [n for n in gara.nomi(*gara.domande) if n in risposta.text]


async def test_chi_non_ha_tutto_il_territorio_non_la_forma_e_non_sa_perche(gara: Gara) -> None:
    """The same refusal whether the domanda beyond her territory is of a reserved cartella or not."""
    viste = []
    for riservata in (False, True):
        await gara.casa.admin.execute("UPDATE cartella SET riservata = $2 WHERE id = $1", gara.cartelle[CINO], riservata)
        viste.append(problema(await gara.chiudi("resp-disabilita-csc"), 409, "stato-non-ammesso"))
    await gara.casa.admin.execute("UPDATE cartella SET riservata = false WHERE id = $1", gara.cartelle[CINO])
    assert viste[0] == viste[1]


async def test_solo_chi_la_forma_nel_suo_territorio_ha_cio_da_cui_dipende(gara: Gara, mondo_finto: Mondo) -> None:
    """With the application's own role: the keys of the order to the roles that form it; of person and cartella nothing."""
    casa, avviso = gara.casa, gara.misure.avviso
    tutte = await casa.admin.fetchval("SELECT array_agg(id)::text FROM competenza WHERE ambito_id = 1")
    async with come_app(casa.settings, **await ambiente(mondo_finto, CHI, tutte)) as c:
        righe = await c.fetch("SELECT * FROM candidature_graduatoria($1)", avviso)
        assert {r["domanda_id"] for r in righe} == set(gara.domande.values())
        assert not [nome for nome in righe[0].keys() if "cartella" in nome or "persona" in nome]  # noqa: SIM118  # a Record
        assert await c.fetchval("SELECT count(*) FROM domanda WHERE id = $1", gara.domande[GEMMA]) == 0
    for chi in ("as-crema", "coord-csc", "segretariato-crema", "dpo-crema", "asst-crema", "udp-crema"):
        async with come_app(casa.settings, **await ambiente(mondo_finto, chi, tutte)) as c:
            assert await c.fetch(ELENCA, avviso) == [], chi
    for forgiato in ({"ambito": 2}, {"competenze": "{}"}, {"competenze": ""}, {"ruolo": ""}):
        async with come_app(casa.settings, **(await ambiente(mondo_finto, CHI, tutte) | forgiato)) as c:
            assert await c.fetch(ELENCA, avviso) == [], forgiato


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mondo_finto(casa: Casa) -> Mondo:
    """What `ambiente` needs: the house."""
    return Mondo(casa, None, {}, nuovo_id(), "")  # type: ignore[arg-type]  # no walk is made here


async def test_la_graduatoria_si_chiude_completa_e_giusta(gara: Gara) -> None:
    """Gemma is first and funded, Ada second, Cino beyond the line; no gap in the positions; domande, benefits, events follow."""
    casa, chiave = gara.casa, str(nuovo_id())
    await gara.misure.valuta(gara.cartelle[GEMMA], gara.domande[GEMMA], *PUNTEGGI[GEMMA])
    chiusa = await gara.chiudi(chiave=chiave)
    assert chiusa.status_code == 201, chiusa.text
    gara.graduatoria = chiusa.json()
    assert gara.graduatoria["impegnato_centesimi"] == 240000
    voci = (await casa.get(CHI, f"/graduatorie/{gara.graduatoria['id']}/voci")).json()["elementi"]
    attese = [(GEMMA, "idonea_finanziata"), (ADA, "idonea_finanziata"), (CINO, "idonea_non_finanziata"), (IVO, "non_idonea")]
    assert [(v["protocollo"], v["esito"]) for v in voci] == [(gara.protocolli[c], esito) for c, esito in attese]
    assert [v["posizione"] for v in voci] == [1, 2, 3, 4]
    stati = dict(await casa.admin.fetch("SELECT id, stato FROM domanda WHERE id = ANY ($1)", list(gara.domande.values())))
    assert [stati[gara.domande[c]] for c, _ in attese] == ["assegnata", "assegnata", "in_graduatoria", "respinta"]
    [beneficio] = await casa.admin.fetch("SELECT * FROM assegnazione WHERE cartella_id = $1", gara.cartelle[GEMMA])
    assert (beneficio["domanda_id"], beneficio["mesi"], beneficio["dal"]) == (gara.domande[GEMMA], 12, date(2025, 10, 1))
    for tipo, quanti in (("misure.domanda.in_graduatoria", 4), ("misure.assegnazione.creata", 2)):
        eventi = await casa.admin.fetch("SELECT cartella_id FROM evento WHERE tipo = $1", tipo)
        assert len(eventi) == quanti
        assert gara.cartelle[GEMMA] in {e["cartella_id"] for e in eventi}
    istantanea = await casa.admin.fetchval("SELECT istantanea FROM graduatoria WHERE id = $1", UUID(gara.graduatoria["id"]))
    assert riesegui(istantanea.encode()) == riesegui(riesegui(istantanea.encode()))


async def test_chi_la_legge_non_sa_di_chi_e_nessuna_riga(gara: Gara) -> None:
    """Every line alike, by protocol code: no identifier of a domanda, a cartella or a person, hers or others'."""
    casa = gara.casa
    persone = {str(r["persona_id"]) for r in await casa.admin.fetch("SELECT persona_id FROM cartella WHERE ambito_id = 1")}
    vietati = gara.nomi(*gara.domande) | persone
    for chi in (CHI, "resp-disabilita-csc"):
        risposta = await casa.get(chi, f"/graduatorie/{gara.graduatoria['id']}/voci")
        elementi = risposta.json()["elementi"]
        assert len(elementi) == 4
        assert {frozenset(v) for v in elementi} == {frozenset(CAMPI_DELLA_VOCE)}
        assert not [v for v in vietati if v in risposta.text]
        problema(await casa.get(chi, f"/domande/{gara.domande[GEMMA]}"), 404, "non-trovato")
        problema(await casa.get(chi, f"/cartelle/{gara.cartelle[GEMMA]}/assegnazioni"), 404, "non-trovato")
    propria = (await casa.get("as-crema", f"/domande/{gara.domande[GEMMA]}")).json()
    assert (propria["protocollo"], propria["graduatoria"]["posizione"]) == (gara.protocolli[GEMMA], 1), "her own worker knows"


async def test_la_chiusura_ripetuta_e_tracciata_per_intero(gara: Gara) -> None:
    """The trail names every domanda ranked, for the DPO; repeating the closing is not refused for those who cannot be seen."""
    casa = gara.casa
    oggetti = await casa.admin.fetch("SELECT oggetti FROM audit WHERE operazione = 'chiudiGraduatoria' AND esito = 'consentita'")
    assert set(gara.domande.values()) <= {o for r in oggetti for o in r["oggetti"]}
    chiave = await casa.admin.fetchrow("SELECT chiave FROM idempotenza WHERE operazione = 'chiudiGraduatoria'")
    assert chiave is not None
    versione = await gara.misure.versione_avviso() - 1
    percorso, corpo = f"/avvisi/{gara.misure.avviso}/graduatoria", {"chiusura_anticipata": True, "domande_da_chiarire": "escludi"}
    ripetuta = await casa.post(CHI, percorso, corpo, if_match=f'"{versione}"', idempotency_key=chiave["chiave"])
    assert ripetuta.status_code == 201, ripetuta.text
    assert ripetuta.json() == gara.graduatoria


async def test_con_il_ruolo_dell_applicazione_una_graduatoria_chiusa_non_si_tocca(gara: Gara, mondo_finto: Mondo) -> None:
    """Nor applied again, nor by who has not the role, nor line by line."""
    casa, graduatoria = gara.casa, UUID(gara.graduatoria["id"])
    applica = "SELECT count(*) FROM applica_graduatoria($1, $2, $3, '[]')"
    tutte = await casa.admin.fetchval("SELECT array_agg(id)::text FROM competenza WHERE ambito_id = 1")
    ids = list(gara.domande.values())
    prima = await casa.impronta("audit")
    for chi in (CHI, "as-crema", "dpo-crema"):
        async with come_app(casa.settings, **await ambiente(mondo_finto, chi, tutte)) as c:
            for stato in ("assegnata", "respinta", "ritirata", "bozza"):
                assert await c.fetchval(applica, graduatoria, ids, [stato] * len(ids)) == 0, (chi, stato)
            for istruzione in ("UPDATE voce_graduatoria SET posizione = 9", "DELETE FROM voce_graduatoria"):
                assert await rifiutata(c, istruzione) == "42501", (chi, istruzione)
    assert await casa.impronta("audit") == prima
    vedono = {CHI: 4, "coord-csc": 3, "as-crema": 4, "segretariato-crema": 0, "dpo-crema": 0, "as-lodi": 0}
    for chi, quante in vedono.items():
        async with come_app(casa.settings, **await ambiente(mondo_finto, chi, tutte if chi != "as-lodi" else "{}")) as c:
            assert await c.fetchval("SELECT count(*) FROM voce_graduatoria") == quante, chi
