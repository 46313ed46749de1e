"""The household of a reserved cartella: a code typed elsewhere meets nobody, and the team in charge works as ever."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.core.platform.ids import nuovo_id
from tests.attack.test_esistenza import NESSUNO, cerca, riserva
from tests.casa import Casa, ammetti, persona, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

OGGI = "2025-09-15"


async def aggiungi(casa: Casa, cartella: str, chi: dict[str, Any], versione: int = 1) -> httpx.Response:
    corpo = {"persona": chi, "relazione": "figlio", "dal": OGGI}
    return await casa.post("as-crema", f"/cartelle/{cartella}/componenti", corpo, if_match=f'"{versione}"')


async def apri(casa: Casa, chi: dict[str, Any], da: str = "segretariato-crema") -> httpx.Response:
    return await casa.post(da, "/cartelle", {"persona": chi, "servizio": "disabilita", "aperta_il": OGGI})


async def celata(casa: Casa, persona_id: str) -> bool:
    trovata: bool = await casa.admin.fetchval("SELECT celata FROM persona WHERE id = $1", UUID(persona_id))
    return trovata


async def riservata(casa: Casa) -> str:
    """A reserved cartella to which as-crema is admitted."""
    creata = await casa.apri(servizio="adulti_inclusione")
    await riserva(casa, creata["id"])
    await ammetti(casa, "as-crema", UUID(creata["id"]))
    return str(creata["id"])


async def test_chi_era_nel_nucleo_prima_non_si_rivela_dopo(casa: Casa) -> None:
    """The mother's cartella becomes reserved when she hides: from then on the child's code meets nobody."""
    madre, bambina = await casa.apri(servizio="adulti_inclusione"), persona(nome="Uliva")
    aggiunta = await aggiungi(casa, madre["id"], bambina)
    assert aggiunta.status_code == 201, aggiunta.text
    problema(await apri(casa, bambina), 409, "conflitto")
    await riserva(casa, madre["id"])
    assert await celata(casa, aggiunta.json()["persona_id"])
    assert await cerca(casa, bambina["codice_fiscale"]) == NESSUNO
    aperta = await apri(casa, bambina)
    assert aperta.status_code == 201, "as for a code never seen"
    assert (await cerca(casa, bambina["codice_fiscale"]))["persona"]["id"] == aperta.json()["persona_id"]
    problema(await apri(casa, bambina), 409, "conflitto")  # with the one just opened, which anybody may know of


async def test_chi_entra_in_un_nucleo_riservato_non_incontra_e_non_rivela_nessuno(casa: Casa) -> None:
    """The team registers the child, known elsewhere or not, and reads her; to the others she is not there."""
    cartella, nota, ignota = await riservata(casa), persona(nome="Ulrica"), persona(nome="Ulpia")
    assert (await apri(casa, nota)).status_code == 201
    for versione, chi in enumerate((nota, ignota), start=1):
        aggiunta = await aggiungi(casa, cartella, chi, versione)
        assert aggiunta.status_code == 201, aggiunta.text
        assert await celata(casa, aggiunta.json()["persona_id"])
    nucleo = (await casa.get("as-crema", f"/cartelle/{cartella}")).json()["nucleo"]
    assert {"Ulrica", "Ulpia"} <= {c["nome"] for c in nucleo}
    assert (await apri(casa, ignota)).status_code == 201
    assert (await cerca(casa, nota["codice_fiscale"]))["trovata"] is True, "the one anybody may know of"


async def test_chi_e_noto_per_altra_via_resta_nella_chiave(casa: Casa) -> None:
    """A son with a household of his own that is not reserved: his code is what the search says it is."""
    madre, figlio = await casa.apri(servizio="adulti_inclusione"), persona(nome="Ugo", sesso="F")
    aggiunto = (await aggiungi(casa, madre["id"], figlio)).json()
    altrove = await casa.apri()
    nucleo = await casa.admin.fetchval("SELECT nucleo_id FROM cartella WHERE id = $1", UUID(altrove["id"]))
    siedi = """INSERT INTO componente (id, ambito_id, nucleo_id, persona_id, relazione, dal)
               VALUES ($1, 1, $2, $3, 'altro', '2025-09-15')"""
    await casa.admin.execute(siedi, nuovo_id(), nucleo, UUID(aggiunto["persona_id"]))
    await riserva(casa, madre["id"])
    assert not await celata(casa, aggiunto["persona_id"])
    assert (await cerca(casa, figlio["codice_fiscale"]))["trovata"] is True
    problema(await apri(casa, figlio), 409, "conflitto")


async def test_tolta_la_riserva_i_doppioni_si_uniscono_prima(casa: Casa) -> None:
    """What was registered twice meanwhile stops whoever lifts the reservation: nobody else is told."""
    cartella, bambina = await riservata(casa), persona(nome="Ulla")
    aggiunta = (await aggiungi(casa, cartella, bambina)).json()
    aperta = (await apri(casa, bambina)).json()
    togli = "UPDATE cartella SET riservata = false WHERE id = $1"
    with pytest.raises(asyncpg.UniqueViolationError):
        await casa.admin.execute(togli, UUID(cartella))
    await casa.admin.execute("UPDATE persona SET codice_fiscale = NULL WHERE id = $1", UUID(aperta["persona_id"]))
    await casa.admin.execute(togli, UUID(cartella))
    assert not await celata(casa, aggiunta["persona_id"])
    assert (await cerca(casa, bambina["codice_fiscale"]))["trovata"] is True


async def test_l_applicazione_non_toglie_il_velo(casa: Casa) -> None:
    connessione = await asyncpg.connect(casa.settings.dsn_app)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connessione.execute("UPDATE persona SET celata = false")
    finally:
        await connessione.close()
