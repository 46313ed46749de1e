"""The exact search by codice fiscale: what it says of whom, to whom, and what it leaves in the trail."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.core.persone.codice_fiscale import omocodie
from services.core.platform.clock import adesso
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.casa import Casa, ammetti, apri_casa, clone, persona, problema, semina

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADA, CINO, BRUNO, PERLA, RINA = "ZZQDAA67C52D142D", "XYZCNI12T03D142H", "QWXBRN64S02D142T", "XYZPRL88M58D142F", "ZZQRNI69A63E648X"
"""Of Crema; of Offanengo; husband of Ada, without a cartella; of Crema, protected; of Lodi."""

MAI_VISTO = "QWXNNE80A01F205D"
NESSUNO = {"trovata": False, "persona": None, "cartella_id": None, "in_carico_ad_altro_ente": False}
CERCANO = ("segretariato-crema", "as-crema", "coord-csc", "resp-disabilita-csc", "psicologa-csc")
NON_CERCANO = (
    "amm-misure-csc", "domiciliarita-ets", "asst-crema", "rsa-1", "antiviolenza-crema", "udp-crema", "sindaca-crema", "dpo-crema",
    "admin",
)  # fmt: skip


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def cerca(casa: Casa, chi: str, codice: str, **intestazioni: str) -> httpx.Response:
    testate = {"finalita": "presa_in_carico"} | intestazioni
    return await casa.post(chi, "/persone/ricerca", {"codice_fiscale": codice}, **testate)


async def trovata(casa: Casa, chi: str, codice: str) -> dict[str, Any]:
    risposta = await cerca(casa, chi, codice)
    assert risposta.status_code == 200, risposta.text
    corpo: dict[str, Any] = risposta.json()
    return corpo


async def cartella_di(casa: Casa, codice: str) -> UUID:
    query = "SELECT c.id FROM cartella c JOIN persona p ON p.id = c.persona_id WHERE p.codice_fiscale = $1"
    trovato: UUID = await casa.admin.fetchval(query, codice)
    return trovato


async def test_chi_e_nel_proprio_territorio_si_trova_con_la_sua_cartella(casa: Casa) -> None:
    cartella = str(await cartella_di(casa, ADA))
    for chi in ("segretariato-crema", "as-crema", "coord-csc"):
        corpo = await trovata(casa, chi, ADA)
        assert (corpo["trovata"], corpo["cartella_id"], corpo["in_carico_ad_altro_ente"]) == (True, cartella, False)
        assert set(corpo["persona"]) == {"id", "cognome", "nome", "anno_nascita"}, "minimal identity, and nothing else"
        assert (corpo["persona"]["cognome"], corpo["persona"]["nome"], corpo["persona"]["anno_nascita"]) == (
            "Zzqprova",
            "Ada",
            1967,
        )
        assert (await casa.get(chi, f"/cartelle/{cartella}")).status_code == 200


@pytest.mark.parametrize("chi", ["segretariato-crema", "as-crema", "tutela-csc"])
async def test_chi_e_in_carico_altrove_si_sa_e_la_cartella_resta_chiusa(casa: Casa, chi: str) -> None:
    """Cino is followed by Offanengo for disabilita: outside the territory, or outside the service."""
    corpo = await trovata(casa, chi, CINO)
    assert (corpo["trovata"], corpo["cartella_id"], corpo["in_carico_ad_altro_ente"]) == (True, None, True)
    assert (corpo["persona"]["cognome"], corpo["persona"]["nome"], corpo["persona"]["anno_nascita"]) == ("Xyzfinto", "Cino", 2012)
    cartella = await cartella_di(casa, CINO)
    assert str(cartella) not in str(corpo)
    problema(await casa.get(chi, f"/cartelle/{cartella}"), 404, "non-trovato")


async def test_chi_non_ha_una_cartella_si_trova_senza(casa: Casa) -> None:
    corpo = await trovata(casa, "segretariato-crema", BRUNO)
    assert (corpo["trovata"], corpo["cartella_id"], corpo["in_carico_ad_altro_ente"]) == (True, None, False)
    assert corpo["persona"]["nome"] == "Bruno"


async def test_solo_il_codice_esatto(casa: Casa) -> None:
    assert (await trovata(casa, "as-crema", ADA.lower()))["trovata"] is True
    assert (await trovata(casa, "as-crema", f"  {ADA} "))["trovata"] is True
    assert await trovata(casa, "as-crema", omocodie(ADA)[1]) == NESSUNO, "a code that differs is another code"
    prima = await casa.impronta("audit")
    for parte in ("", ADA[:6], f"{ADA[:15]}%", f"{ADA[:15]}_", "%" * 16, ADA + "X"):
        problema(await cerca(casa, "as-crema", parte), 422, "dati-non-validi")
    for sbagliato in (ADA[:-1], ADA[:-1] + ("A" if ADA[-1] != "A" else "B")):
        problema(await cerca(casa, "as-crema", sbagliato), 422, "codice-fiscale-non-valido")
    di_piu = {"codice_fiscale": ADA, "cognome": "Zzqprova"}
    problema(await casa.post("as-crema", "/persone/ricerca", di_piu, finalita="controllo"), 422, "dati-non-validi")
    problema(await casa.get("as-crema", f"/persone/ricerca?codice_fiscale={ADA}"), 405, "metodo-non-ammesso")
    assert await casa.impronta("audit") == prima


async def test_un_altro_ambito_non_si_cerca(casa: Casa) -> None:
    assert await trovata(casa, "as-crema", RINA) == NESSUNO
    assert await trovata(casa, "as-lodi", ADA) == NESSUNO
    assert (await trovata(casa, "as-lodi", RINA))["trovata"] is True


async def protetta(casa: Casa) -> dict[str, Any]:
    """A protected person of Crema with a cartella kept by her team; returns what an operator would type of her."""
    [cartella] = await semina(casa.admin, [adesso()], "Crema", "adulti_inclusione", riservata=True)
    dati = persona()
    await casa.admin.execute(
        """UPDATE persona SET codice_fiscale = $2, data_nascita = $3, nome = 'Iside'
           WHERE protetta AND id = (SELECT persona_id FROM cartella WHERE id = $1)""",
        cartella,
        dati["codice_fiscale"],
        date.fromisoformat(dati["data_nascita"]),
    )
    await ammetti(casa, "psicologa-csc", cartella)
    assert (await casa.get("psicologa-csc", f"/cartelle/{cartella}")).json()["persona"]["codice_fiscale"] == dati[
        "codice_fiscale"
    ]
    return dati


async def test_una_persona_protetta_non_si_trova_mai(casa: Casa) -> None:
    """Not even by who may open her cartella."""
    codici = [PERLA, (await protetta(casa))["codice_fiscale"], MAI_VISTO]
    for chi in CERCANO:
        risposte = [await cerca(casa, chi, codice) for codice in codici]
        assert [r.json() for r in risposte] == [NESSUNO] * 3
        assert len({(r.status_code, r.content) for r in risposte}) == 1


async def test_una_persona_protetta_non_si_rivela_col_conflitto(casa: Casa) -> None:
    """Her code, typed again for a new cartella or a new member of a household, meets nothing."""
    corpo = {"persona": await protetta(casa), "servizio": "adulti_inclusione", "aperta_il": "2025-09-15"}
    assert (await casa.post("as-crema", "/cartelle", corpo)).status_code == 201
    prima = await casa.impronta("audit")
    problema(
        await casa.post("as-crema", "/cartelle", corpo), 409, "conflitto"
    )  # with the one just written, which is not protected
    assert await casa.impronta("audit") == prima
    creata = await casa.apri()
    membro = {"persona": await protetta(casa), "relazione": "altro", "dal": "2025-09-15"}
    assert (await casa.post("as-crema", f"/cartelle/{creata['id']}/componenti", membro, if_match='"1"')).status_code == 201


async def test_la_persona_di_una_cartella_riservata_non_si_trova(casa: Casa) -> None:
    """A cartella made reserved hides who was found until then: from the search, and from the conflict of her code."""
    dati = persona()
    corpo = {"persona": dati, "servizio": "adulti_inclusione", "aperta_il": "2025-09-15"}
    creata = await casa.post("as-crema", "/cartelle", corpo)
    assert (await trovata(casa, "as-offanengo", dati["codice_fiscale"]))["in_carico_ad_altro_ente"] is True
    await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", UUID(creata.json()["id"]))
    for chi in CERCANO:
        assert await trovata(casa, chi, dati["codice_fiscale"]) == NESSUNO
    assert (await casa.post("as-crema", "/cartelle", corpo)).status_code == 201


async def test_la_finalita_e_obbligatoria(casa: Casa) -> None:
    senza = await casa.post("segretariato-crema", "/persone/ricerca", {"codice_fiscale": ADA})
    corpo = problema(senza, 422, "dati-non-validi")
    [voce] = corpo["campi"]
    assert voce["campo"].endswith(".Finalita")
    assert ADA not in senza.text
    problema(await cerca(casa, "segretariato-crema", ADA, finalita="curiosita"), 422, "dati-non-validi")
    assert await casa.audit(senza) == []


async def test_ogni_ricerca_resta_nell_audit(casa: Casa) -> None:
    ada = await casa.admin.fetchval("SELECT id FROM persona WHERE codice_fiscale = $1", ADA)
    for codice, oggetti in ((ADA, [ada]), (PERLA, []), (MAI_VISTO, [])):
        risposta = await cerca(casa, "segretariato-crema", codice, finalita="valutazione")
        [riga] = await casa.audit(risposta)
        assert (riga["operazione"], riga["esito"], riga["finalita"]) == ("cercaPersona", "consentita", "valutazione")
        assert (riga["oggetti"], riga["ambito_id"]) == (oggetti, 1)
        assert riga["operatore_id"] == await casa.operatore("segretariato-crema")
        assert codice not in str(riga), "who searched whom, not the code typed"
    visto = await casa.get("dpo-crema", "/audit?limite=1")
    assert visto.json()["elementi"][0]["operazione"] == "cercaPersona"


@pytest.mark.parametrize("chi", NON_CERCANO)
async def test_chi_non_fa_segretariato_ne_prende_in_carico_non_cerca(casa: Casa, chi: str) -> None:
    for codice in (ADA, MAI_VISTO):
        risposta = await cerca(casa, chi, codice)
        problema(risposta, 403, "operazione-non-consentita")
        [riga] = await casa.audit(risposta)
        assert (riga["operazione"], riga["esito"], riga["motivo"]) == ("cercaPersona", "negata", "operazione-non-consentita")


async def test_la_ricerca_non_cambia_nulla_e_non_lascia_il_codice_negli_eventi(casa: Casa) -> None:
    prima = await casa.impronta("audit")
    await trovata(casa, "as-crema", ADA)
    assert await casa.impronta("audit") == prima


async def test_sulla_funzione_del_database_il_codice_non_si_allarga(casa: Casa) -> None:
    """The definer function, called as the application may call it: no pattern, no other ambito, nothing without a scope."""
    async with casa.app.state.ambito.database._pool.acquire() as connessione:
        assert await connessione.fetch("SELECT * FROM cerca_codice_fiscale($1)", ADA) == []
        async with connessione.transaction():
            operatore = await casa.operatore("as-lodi")
            await connessione.execute("SELECT app_entra($1, NULL, ARRAY['assistente_sociale'], '2025-09-15', NULL)", operatore)
            for tentativo in (ADA, "%", f"{RINA[:15]}_", "", PERLA):
                assert await connessione.fetch("SELECT * FROM cerca_codice_fiscale($1)", tentativo) == []
            assert len(await connessione.fetch("SELECT * FROM cerca_codice_fiscale($1)", RINA)) == 1
