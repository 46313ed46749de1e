"""Who is no holder of the records sees what an agreement in force shares with her ente for that purpose, and not a row more."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.core.access.ruoli import Classe
from services.core.territorio.carico import identificativo
from tests.ambiente import GIORNO
from tests.attack.mondo import ADA, LEO, Mondo, come_app, senza_numero
from tests.attack.test_sql import ambiente
from tests.casa import Casa, problema
from tests.percorsi import ASST, PERSONA_ADA

pytestmark = pytest.mark.asyncio(loop_scope="module")

IERI, DOMANI = GIORNO - timedelta(days=1), GIORNO + timedelta(days=1)
C = Classe
ACCORDO = identificativo("cremasco", "accordo", "asst-valutazione-integrata")
PORTE = (
    "/cartelle/{cartella_id}", "/cartelle/{cartella_id}/fatti", "/cartelle/{cartella_id}/equipe", "/equipe/{equipe_id}",
    "/valutazioni/{valutazione_id}", "/progetti/{progetto_id}",
)  # fmt: skip
"""What the operator of the ASST opens in Ada's record, as a member of its équipe."""


@asynccontextmanager
async def mutati(casa: Casa, tabella: str, condizione: str, **valori: Any) -> AsyncIterator[None]:
    """Rows as the law of another day would have them; given back at the end. The token stays the same."""
    prima = await casa.admin.fetch(f"SELECT * FROM {tabella} WHERE {condizione}")
    assert prima
    nuovi = ", ".join(f"{nome} = ${n}" for n, nome in enumerate(valori, start=1))
    await casa.admin.execute(f"UPDATE {tabella} SET {nuovi} WHERE {condizione}", *valori.values())
    try:
        yield
    finally:
        for riga in prima:
            vecchi = ", ".join(f"{nome} = ${n}" for n, nome in enumerate(valori, start=2))
            await casa.admin.execute(f"UPDATE {tabella} SET {vecchi} WHERE id = $1", riga["id"], *(riga[n] for n in valori))


def condivise(**valori: Any) -> dict[str, Any]:
    """What changes of the sharings with the ASST of Crema."""
    return {"tabella": "condivisione", "condizione": f"ente_id = '{ASST}'"} | valori


async def chiusa(mondo: Mondo, finalita: str = "valutazione") -> None:
    """Every door of Ada's record answers the ASST as for what does not exist, and no list shows it."""
    for porta in PORTE:
        percorso = porta.format(**mondo.ids)
        problema(await mondo.casa.get("asst-crema", percorso, finalita=finalita), 404, "non-trovato")
    elenco = await mondo.casa.get("asst-crema", "/cartelle", finalita=finalita)
    assert elenco.json() == {"elementi": [], "successivo": None}
    impronta = {"ruolo_firmatario": "asst", "impronta": mondo.impronta}
    firma = await mondo.casa.post("asst-crema", f"/progetti/{mondo.ids['progetto_id']}/firme", impronta, finalita=finalita)
    assert firma.status_code in (404, 422), firma.text


async def aperta(mondo: Mondo) -> None:
    for porta in PORTE:
        assert (await mondo.casa.get("asst-crema", porta.format(**mondo.ids), finalita="valutazione")).status_code == 200, porta


async def test_revocato_l_accordo_la_porta_e_chiusa_subito(mondo: Mondo) -> None:
    """The same token, a moment later: the sharing, or the agreement it stands on."""
    await aperta(mondo)
    async with mutati(mondo.casa, **condivise(al=IERI)):
        await chiusa(mondo)
    async with mutati(mondo.casa, "accordo", f"id = '{ACCORDO}'", al=IERI):
        await chiusa(mondo)
    await aperta(mondo)


@pytest.mark.parametrize(("dal", "al", "vede"), [
    (date(2024, 1, 1), IERI, False), (date(2024, 1, 1), GIORNO, True), (GIORNO, None, True), (DOMANI, None, False),
])  # fmt: skip
async def test_i_giorni_sono_compresi(mondo: Mondo, dal: date, al: date | None, vede: bool) -> None:
    for tabella, condizione in (("condivisione", f"ente_id = '{ASST}'"), ("accordo", f"id = '{ACCORDO}'")):
        async with mutati(mondo.casa, tabella, condizione, dal=dal, al=al):
            await (aperta(mondo) if vede else chiusa(mondo))


@pytest.mark.parametrize("finalita", ["erogazione", "programmazione", "controllo", "flusso_statale"])
async def test_una_finalita_non_condivisa_non_apre(mondo: Mondo, finalita: str) -> None:
    await chiusa(mondo, finalita)
    for soggetto in ("as-crema", "coord-csc"):
        risposta = await mondo.casa.get(soggetto, f"/cartelle/{ADA}", finalita=finalita)
        assert risposta.status_code == 200, "the holders need no agreement"


async def test_una_classe_non_condivisa_resta_chiusa(mondo: Mondo) -> None:
    casa, ids = mondo.casa, mondo.ids

    async def stato(porta: str) -> int:
        return (await casa.get("asst-crema", porta.format(**ids), finalita="valutazione")).status_code

    async with mutati(casa, **condivise(classi=int(C.IDENTITA))):
        assert (await stato("/cartelle/{cartella_id}"), await stato("/equipe/{equipe_id}")) == (200, 200)
        assert (await stato("/valutazioni/{valutazione_id}"), await stato("/progetti/{progetto_id}")) == (404, 404)
        assert (await casa.get("asst-crema", f"/cartelle/{ADA}/fatti", finalita="valutazione")).json()["elementi"] == []
    async with mutati(casa, **condivise(classi=int(C.IDENTITA | C.BISOGNO))):
        assert await stato("/valutazioni/{valutazione_id}") == 404
        assert await stato("/progetti/{progetto_id}") == 404, "it is read with the assessment it rests on"
        assert (await casa.get("asst-crema", f"/cartelle/{ADA}/fatti", finalita="valutazione")).json()["elementi"]
    async with mutati(casa, **condivise(classi=int(C.SANITARIA | C.BISOGNO))):
        await chiusa(mondo)
    async with mutati(casa, **condivise(classi=63)):
        fatti = (await casa.get("asst-crema", f"/cartelle/{ADA}/fatti", finalita="valutazione")).json()["elementi"]
        assert not any(f["tipo"].startswith("isee") for f in fatti), "an agreement gives no class the role has not"


async def test_l_accordo_di_un_altro_ente_non_serve(mondo: Mondo) -> None:
    altro = identificativo("cremasco", "ente", "ets-domiciliarita")
    asst_lodi = identificativo("lodi", "ente", "asst-lodi")
    for ente in (altro, asst_lodi):
        async with mutati(mondo.casa, **condivise(ente_id=ente)):
            await chiusa(mondo)


async def test_un_accordo_fondato_sul_consenso_non_apre(mondo: Mondo) -> None:
    """No consent of single persons is recorded: until it is, such an agreement fails closed, and the list of them says so."""
    async with mutati(mondo.casa, "accordo", f"id = '{ACCORDO}'", base_giuridica="consenso"):
        await chiusa(mondo)
        [voce] = [a for a in (await mondo.casa.get("dpo-crema", "/accordi")).json()["elementi"] if a["id"] == str(ACCORDO)]
        assert [c["in_vigore"] for c in voce["condivisioni"]] == [False, False]


async def test_il_caso_pippi_segue_l_accordo(mondo: Mondo) -> None:
    casa, caso = mondo.casa, mondo.ids["caso_id"]
    educativa = f"ente_id = '{identificativo('cremasco', 'ente', 'ets-educativa')}'"
    assert (await casa.get("educatrice-ets", f"/casi-pippi/{caso}")).json()["rilevazioni"]
    async with mutati(casa, "condivisione", educativa, al=IERI):
        problema(await casa.get("educatrice-ets", f"/casi-pippi/{caso}"), 404, "non-trovato")
        assert (await casa.get("educatrice-ets", "/casi-pippi")).json()["elementi"] == []
        problema(await casa.get("educatrice-ets", f"/cartelle/{LEO}"), 404, "non-trovato")
    async with mutati(casa, "condivisione", educativa, classi=int(C.IDENTITA)):
        letto = (await casa.get("educatrice-ets", f"/casi-pippi/{caso}")).json()
        assert (letto["rilevazioni"], letto["microprogetti"]) == ([], []), "a survey is of the class BISOGNO"
    assert (await casa.get("tutela-csc", f"/casi-pippi/{caso}")).json()["rilevazioni"]


async def test_accolta_l_opposizione_la_condivisione_si_ferma(mondo: Mondo) -> None:
    casa = mondo.casa
    corpo = {"tipo": "opposizione", "richiesta_il": "2025-09-12", "motivazione": "Non vuole che l'ASST legga la cartella."}
    problema(await casa.post("asst-crema", f"/cartelle/{ADA}/limitazioni", corpo), 403, "operazione-non-consentita")
    chiesta = await casa.post("as-crema", f"/cartelle/{ADA}/limitazioni", corpo)
    assert chiesta.status_code == 201, chiesta.text
    id_ = chiesta.json()["id"]
    await aperta(mondo)
    decisione = {"accolta": True, "motivazione": "Nessun motivo prevalente."}
    problema(
        await casa.post("as-crema", f"/limitazioni/{id_}/decisione", decisione, if_match='"1"'), 403, "operazione-non-consentita"
    )
    accolta = await casa.post("coord-csc", f"/limitazioni/{id_}/decisione", decisione, if_match='"1"')
    assert accolta.status_code == 200, accolta.text
    await chiusa(mondo)
    for chi in ("as-crema", "coord-csc"):
        assert (await casa.get(chi, f"/cartelle/{ADA}")).status_code == 200
    assert (await casa.get("educatrice-ets", f"/cartelle/{LEO}")).status_code == 200, "it is of that cartella alone"
    nucleo = (await casa.get("educatrice-ets", f"/cartelle/{LEO}")).json()["nucleo"]
    assert str(PERSONA_ADA) not in {c["persona_id"] for c in nucleo}, "nor is she seen from her child's"
    finita = await casa.post("coord-csc", f"/limitazioni/{id_}/termine", {"al": "2025-09-15"}, if_match='"2"')
    assert finita.status_code == 200, finita.text
    await chiusa(mondo)
    await casa.admin.execute("UPDATE limitazione SET dal = $2, al = $2 WHERE id = $1", UUID(id_), IERI)
    await aperta(mondo)
    nucleo = (await casa.get("educatrice-ets", f"/cartelle/{LEO}")).json()["nucleo"]
    assert str(PERSONA_ADA) in {c["persona_id"] for c in nucleo}


async def test_respinta_o_in_esame_non_ferma_nulla(mondo: Mondo) -> None:
    casa = mondo.casa
    corpo = {"tipo": "limitazione", "richiesta_il": "2025-09-15", "motivazione": "Contesta l'esattezza dei dati."}
    id_ = (await casa.post("as-crema", f"/cartelle/{ADA}/limitazioni", corpo)).json()["id"]
    await aperta(mondo)
    decisione = {"accolta": False, "motivazione": "I dati sono esatti."}
    assert (await casa.post("coord-csc", f"/limitazioni/{id_}/decisione", decisione, if_match='"1"')).status_code == 200
    await aperta(mondo)


async def test_sotto_l_applicazione_lo_scope_mancante_non_mostra_nulla(mondo: Mondo) -> None:
    """The array of what is kept, unset: no cartella, no person, no case, by the team's grant or by the territory."""
    for chi in ("asst-crema", "as-crema"):
        competenze = await mondo.casa.admin.fetchval(
            "SELECT competenze_dell_incarico(i.id, '2025-09-15')::text FROM incarico i WHERE i.operatore_id = $1",
            await mondo.casa.operatore(chi),
        )
        completo = await ambiente(mondo, chi, competenze)
        async with come_app(mondo.casa.settings, **completo) as c:
            assert await c.fetchval("SELECT count(*) FROM cartella") > 0
        async with come_app(mondo.casa.settings, **(completo | {"escluse": ""})) as c:
            for tabella in ("cartella", "persona", "fatto", "domanda", "equipe", "caso_pippi", "componente", "esclusione"):
                assert await c.fetchval(f"SELECT count(*) FROM {tabella}") == 0, (chi, tabella)
            assert await c.fetchval("SELECT count(*) FROM cerca_codice_fiscale('ZZQDAA67C52D142D')") == 0


async def test_gli_accordi_li_legge_solo_chi_ne_risponde(mondo: Mondo) -> None:
    casa = mondo.casa
    viste = [senza_numero(await casa.get(chi, "/accordi")) for chi in ("resp-disabilita-csc", "udp-crema", "dpo-crema")]
    assert viste[0] == viste[1] == viste[2]
    assert [a["codice"] for a in viste[0][2]["elementi"]] == [
        "asst-valutazione-integrata", "domiciliarita-accreditata", "pippi-educativa",
    ]  # fmt: skip
    for chi in ("as-crema", "asst-crema", "educatrice-ets", "coord-csc", "admin"):
        problema(await casa.get(chi, "/accordi"), 403, "operazione-non-consentita")
    lodi = (await casa.get("dpo-lodi", "/accordi")).json()["elementi"]
    assert [a["codice"] for a in lodi] == ["asst-cartella-condivisa"]
