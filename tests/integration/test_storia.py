"""Could she see it then? The DPO asks, by identifiers; the history answers, and nobody but the trigger writes it."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.casa import Casa, ammetti, apri_casa, clone, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

INDIRIZZO = "/access/v1/verifica-storica"
PER_ACCORDO = ("accordo", "condivisione", "limitazione")


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def domanda(casa: Casa, chi: str, cartella: str, **altro: Any) -> dict[str, Any]:
    operatore = await casa.operatore(chi)
    incarico = await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", operatore)
    base = {"operatore_id": str(operatore), "incarico_id": str(incarico), "cartella_id": cartella, "giorno": "2025-09-15"}
    return base | altro


async def chiede(casa: Casa, chi: str, cartella: str, **altro: Any) -> dict[str, Any]:
    risposta = await casa.post("dpo-crema", INDIRIZZO, await domanda(casa, chi, cartella, **altro))
    assert risposta.status_code == 200, risposta.text
    corpo: dict[str, Any] = risposta.json()
    return corpo


def a_quell_ora(istante: datetime) -> dict[str, str]:
    """As the system would have answered then."""
    return {"noto_al": istante.isoformat(), "istante": istante.isoformat()}


async def test_il_territorio_e_la_sua_ragione(casa: Casa) -> None:
    prima = adesso()
    creata = await casa.apri(servizio="disabilita")
    comune = await casa.admin.fetchval("SELECT id FROM ente WHERE codice = 'comune-crema'")
    delega = await casa.admin.fetchval(
        """SELECT d.id FROM delega d JOIN cartella c ON c.competenza_id = d.competenza_id
           WHERE c.id = $1 AND d.al IS NULL""",
        UUID(creata["id"]),
    )
    per_il_comune = await chiede(casa, "as-crema", creata["id"])
    assert (per_il_comune["poteva"], per_il_comune["vie"]) == (True, ["territorio"])
    assert per_il_comune["fondamenti"] == [{"tabella": "ente", "id": str(comune)}]
    per_delega = await chiede(casa, "coord-csc", creata["id"])
    assert per_delega["fondamenti"] == [{"tabella": "delega", "id": str(delega)}]
    altrove = await chiede(casa, "as-offanengo", creata["id"])
    assert (altrove["poteva"], altrove["motivo"]) == (False, "nessuna_via")
    non_c_era = await chiede(casa, "as-crema", creata["id"], noto_al=prima.isoformat())
    assert (non_c_era["poteva"], non_c_era["motivo"]) == (False, "ignoti")
    cessata = await chiede(casa, "as-cessata", creata["id"])
    assert cessata["motivo"] == "incarico_non_in_corso"
    assert (await chiede(casa, "as-cessata", creata["id"], giorno="2024-12-31"))["poteva"]


async def test_un_emergenza_dall_inizio_alla_fine(casa: Casa) -> None:
    """Before, while, after; each by what was known then, and the next day by what is known now."""
    creata = await casa.apri()
    await casa.admin.execute(
        "UPDATE incarico SET pronto_intervento = true WHERE operatore_id = $1", await casa.operatore("tutela-csc")
    )
    prima = adesso()
    corpo = {"cartella_id": creata["id"], "motivazione": "Zzqsegnalazione della Questura, di notte", "ore": 4}
    aperta = await casa.post("tutela-csc", "/accessi-emergenza", corpo)
    assert aperta.status_code == 201, aperta.text
    durante = adesso()
    chiusa = await casa.post("tutela-csc", f"/accessi-emergenza/{aperta.json()['id']}/chiusura", if_match='"1"')
    assert chiusa.status_code == 200
    dopo = adesso()
    grant = await casa.admin.fetchval("SELECT id FROM accesso WHERE origine_id = $1", UUID(aperta.json()["id"]))
    assert not (await chiede(casa, "tutela-csc", creata["id"], **a_quell_ora(prima)))["poteva"]
    allora = await chiede(casa, "tutela-csc", creata["id"], **a_quell_ora(durante))
    assert (allora["poteva"], allora["vie"], allora["fondamenti"]) == (
        True,
        ["squadra"],
        [{"tabella": "accesso", "id": str(grant)}],
    )
    assert not (await chiede(casa, "tutela-csc", creata["id"], **a_quell_ora(dopo)))["poteva"]
    saputo_ora = await chiede(casa, "tutela-csc", creata["id"], istante=durante.isoformat())
    assert saputo_ora["poteva"], "what is known now of a moment then"
    assert not (await chiede(casa, "tutela-csc", creata["id"], istante=(dopo + timedelta(hours=5)).isoformat()))["poteva"]


async def test_l_esclusione_e_la_sua_revoca(casa: Casa) -> None:
    creata = await casa.apri()
    esclusione = nuovo_id()
    await casa.admin.execute(
        """INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal)
           VALUES ($1, 1, 1, $2, $3, 'vicinato', '2025-01-01')""",
        esclusione, UUID(creata["id"]), await casa.operatore("as-crema"),
    )  # fmt: skip
    esclusa = adesso()
    await casa.admin.execute("UPDATE esclusione SET al = '2025-09-15', revocata_il = clock_timestamp() WHERE id = $1", esclusione)
    vista = await chiede(casa, "as-crema", creata["id"], **a_quell_ora(esclusa))
    assert (vista["motivo"], vista["fondamenti"]) == ("preclusa", [{"tabella": "esclusione", "id": str(esclusione)}])
    assert (await chiede(casa, "as-crema", creata["id"], **a_quell_ora(adesso())))["poteva"]


async def test_di_un_giorno_senza_momento_basta_un_momento(casa: Casa) -> None:
    """An exclusion that ended during a day of the clock: that day she could, in the end."""
    creata = await casa.apri()
    oggi = adesso()
    await casa.admin.execute(
        """INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal, al, revocata_il)
           VALUES ($1, 1, 1, $2, $3, 'altro', '2025-01-01', '2099-01-01', clock_timestamp())""",
        nuovo_id(), UUID(creata["id"]), await casa.operatore("as-crema"),
    )  # fmt: skip
    assert (await chiede(casa, "as-crema", creata["id"], giorno=oggi.date().isoformat()))["poteva"]
    ieri = (oggi - timedelta(days=2)).date().isoformat()
    assert not (await chiede(casa, "as-crema", creata["id"], giorno=ieri))["poteva"]


async def test_chi_chiede_e_che_cosa_ne_resta(casa: Casa) -> None:
    creata = await casa.apri()
    corpo = await domanda(casa, "as-crema", creata["id"])
    for chi in ("as-crema", "resp-disabilita-csc", "admin", "udp-crema"):
        problema(await casa.post(chi, INDIRIZZO, corpo), 403, "operazione-non-consentita")
    domani = (adesso() + timedelta(days=1)).isoformat()
    problema(await casa.post("dpo-crema", INDIRIZZO, corpo | {"noto_al": domani}), 422, "dati-non-validi")
    risposta = await casa.post("dpo-crema", INDIRIZZO, corpo)
    righe = await casa.audit(risposta)
    assert {(r["oggetto_tipo"], tuple(r["oggetti"])) for r in righe} == {
        ("cartella", (UUID(creata["id"]),)),
        ("incarico", (UUID(corpo["incarico_id"]),)),
    }
    assert {r["operazione"] for r in righe} == {"verificaAccessoStorico"}


async def test_di_un_altro_ambito_e_come_se_non_ci_fosse(casa: Casa) -> None:
    di_lodi = await casa.apri("as-lodi", comune="lodi")
    qui = await casa.apri()
    assert (await chiede(casa, "as-lodi", di_lodi["id"]))["motivo"] == "ignoti"
    assert (await chiede(casa, "as-crema", di_lodi["id"]))["motivo"] == "ignoti"
    assert (await chiede(casa, "as-crema", str(nuovo_id())))["motivo"] == "ignoti"
    altrui = await domanda(casa, "as-offanengo", qui["id"])
    mescolata = await chiede(casa, "as-crema", qui["id"], incarico_id=altrui["incarico_id"])
    assert mescolata["motivo"] == "ignoti", "the incarico of another"


async def test_la_storia_non_ha_dati_personali_e_nessuno_la_riscrive(casa: Casa, settings: Settings) -> None:
    creata = await casa.apri()
    await ammetti(casa, "asst-crema", UUID(creata["id"]))
    colonne = await casa.admin.fetch("SELECT DISTINCT tabella, jsonb_object_keys(riga) AS colonna FROM storia_accesso")
    ricordate: dict[str, set[str]] = {}
    for riga in colonne:
        ricordate.setdefault(riga["tabella"], set()).add(riga["colonna"])
    assert (
        ricordate.items()
        >= {
            "incarico": {"operatore_id", "ente_id", "ruolo", "comuni", "servizi", "dal", "al", "revocato_il"},
            "accesso": {"cartella_id", "operatore_id", "ente_id", "motivo", "dal", "al", "revocato_il", "scade_il"},
            "cartella": {"competenza_id", "riservata"},
            "ente": {"tipo", "comune_id"},
            "delega": {"competenza_id", "ente_gestore_id", "dal", "al"},
            "esclusione": {"cartella_id", "operatore_id", "dal", "al", "revocata_il"},
        }.items()
    )
    assert ricordate.keys() <= {"incarico", "accesso", "cartella", "ente", "delega", "esclusione", *PER_ACCORDO}
    for ruolo in ("ambito_app", "ambito_caricatore", "ambito_worker"):
        for privilegio in ("INSERT", "UPDATE", "DELETE"):
            assert not await casa.admin.fetchval("SELECT has_table_privilege($1, 'storia_accesso', $2)", ruolo, privilegio)
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        async with connessione.transaction():
            operatore = await casa.operatore("as-crema")
            incarico = (await domanda(casa, "as-crema", creata["id"]))["incarico_id"]
            await connessione.execute(
                f"SELECT app_entra('{operatore}', '{incarico}', '{{assistente_sociale}}', '2025-09-15', 'presa_in_carico')"
            )
            assert await connessione.fetchval("SELECT count(*) FROM storia_accesso") == 0, "the history is the DPO's"
    finally:
        await connessione.close()


async def test_ogni_cambiamento_segue_il_precedente(casa: Casa) -> None:
    """Changes of one row in one instant of the clock are told apart, and a change of what the rule does not read is none."""
    creata = UUID((await casa.apri())["id"])
    async with casa.admin.transaction():
        for riservata in (True, False, True):
            await casa.admin.execute("UPDATE cartella SET riservata = $2 WHERE id = $1", creata, riservata)
        await casa.admin.execute("UPDATE cartella SET versione = versione + 1, riservata = true WHERE id = $1", creata)
    righe = await casa.admin.fetch("SELECT * FROM storia_accesso WHERE riga_id = $1 ORDER BY registrato_il", creata)
    assert len(righe) == 4
    for prima, dopo in pairwise(righe):
        assert prima["registrato_il"] < prima["registrato_al"] == dopo["registrato_il"]
    assert righe[-1]["registrato_al"] is None
