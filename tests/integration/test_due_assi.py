"""Two axes of time: the days on which a fact is true, and the instants between which it was believed. Nothing is overwritten."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.api.deps import transazione
from services.core.access.contesto import Contesto
from services.core.access.ingresso import Richiesta
from services.core.access.operazioni import OPERAZIONI
from services.core.access.ruoli import Classe
from services.core.cartelle import service
from services.core.cartelle.models import Fatto
from services.core.platform.errori import DatiNonValidi, NonTrovato
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import GIORNO, Server
from tests.casa import Casa, apri_casa, clone

pytestmark = pytest.mark.asyncio(loop_scope="module")

L104, ADA = "L104_ART3_C3", "ZZQDAA67C52D142D"
FONTE = "verbale di prova"


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


async def richiesta(casa: Casa, chi: str = "as-crema") -> Richiesta:
    regola = OPERAZIONI["registraRequisito"]
    return Richiesta(await casa.operatore(chi), None, "registraRequisito", regola, regola.finalita, GIORNO, nuovo_id())


def dati(stato: str, dal: date, al: date | None = None, fonte: str = FONTE, classe: Classe = Classe.BISOGNO) -> service.DatiFatto:
    return service.DatiFatto("certificazione.prova", classe, {"stato": stato}, fonte, "prova/1", dal, al)


async def registra(casa: Casa, cartella: UUID, *fatti: service.DatiFatto) -> list[UUID]:
    """Record facts, all in one transaction, as as-crema."""
    async with transazione(casa.app.state.ambito.database, await richiesta(casa)) as ctx:
        return [(await service.registra_fatto(ctx, cartella, fatto)).id for fatto in fatti]


async def nuova(casa: Casa) -> UUID:
    return UUID((await casa.apri())["id"])


async def versioni(casa: Casa, cartella: UUID) -> list[dict[str, Any]]:
    righe = await casa.admin.fetch("SELECT * FROM fatto WHERE cartella_id = $1 ORDER BY registrato_il", cartella)
    return [dict(r) | {"stato": json.loads(r["valore"])["stato"]} for r in righe]


CREDUTO = """SELECT valore ->> 'stato' FROM fatto
             WHERE cartella_id = $1 AND valido_dal <= $2 AND coalesce(valido_al, 'infinity') >= $2
               AND registrato_il <= $3 AND coalesce(registrato_al, 'infinity') > $3
             ORDER BY 1"""
"""What was believed, at the instant $3, to be true on the day $2."""


async def creduto(casa: Casa, cartella: UUID, giorno: date, quando: datetime) -> list[str]:
    return [r[0] for r in await casa.admin.fetch(CREDUTO, cartella, giorno, quando)]


async def test_la_correzione_conserva_le_due_versioni(casa: Casa) -> None:
    cartella = await nuova(casa)
    [prima_id] = await registra(casa, cartella, dati("in_attesa", date(2025, 3, 1)))
    [seconda_id] = await registra(casa, cartella, dati("accertata", date(2025, 3, 1)))
    prima, seconda = await versioni(casa, cartella)
    assert (prima["id"], prima["stato"]) == (prima_id, "in_attesa"), "nothing was overwritten"
    assert (seconda["id"], seconda["stato"]) == (seconda_id, "accertata")
    assert prima["registrato_il"] < prima["registrato_al"] == seconda["registrato_il"], (
        "no instant without a belief, none with two"
    )
    assert seconda["registrato_al"] is None
    assert (prima["valido_dal"], prima["valido_al"]) == (date(2025, 3, 1), None)


async def test_che_cosa_si_credeva_allora_e_che_cosa_si_crede_ora(casa: Casa) -> None:
    """On day X the certification was pending, we believed; after the correction we believe it had been granted since January."""
    cartella = await nuova(casa)
    await registra(casa, cartella, dati("in_attesa", date(2025, 3, 1)))
    await registra(casa, cartella, dati("accertata", date(2025, 1, 10)))
    prima, seconda = await versioni(casa, cartella)
    allora, ora = prima["registrato_il"], seconda["registrato_il"]
    attimo = timedelta(microseconds=1)
    for giorno, si_credeva, si_crede in (
        (date(2025, 1, 9), [], []),
        (date(2025, 1, 10), [], ["accertata"]),
        (date(2025, 2, 28), [], ["accertata"]),
        (date(2025, 3, 1), ["in_attesa"], ["accertata"]),
        (GIORNO, ["in_attesa"], ["accertata"]),
    ):
        assert await creduto(casa, cartella, giorno, allora - attimo) == []
        assert await creduto(casa, cartella, giorno, allora) == si_credeva
        assert await creduto(casa, cartella, giorno, ora - attimo) == si_credeva
        assert await creduto(casa, cartella, giorno, ora) == si_crede
        async with transazione(casa.app.state.ambito.database, await richiesta(casa)) as ctx:
            creduti = await service.fatti_creduti(ctx, cartella, giorno)
        assert [f.valore["stato"] for f in creduti] == si_crede, "the service answers what the table says now"


async def test_un_fatto_di_altri_giorni_non_e_una_correzione(casa: Casa) -> None:
    cartella = await nuova(casa)
    anni = [dati(f"anno-{a}", date(a, 1, 1), date(a, 12, 31)) for a in (2023, 2025, 2024)]
    for fatto in anni:
        await registra(casa, cartella, fatto)
    assert all(v["registrato_al"] is None for v in await versioni(casa, cartella))
    await registra(casa, cartella, dati("corretto", date(2024, 6, 1), date(2024, 12, 31)))
    aperte = {v["stato"] for v in await versioni(casa, cartella) if v["registrato_al"] is None}
    assert aperte == {"anno-2023", "anno-2025", "corretto"}
    await registra(casa, cartella, dati("confine", date(2025, 12, 31)))
    aperte = {v["stato"] for v in await versioni(casa, cartella) if v["registrato_al"] is None}
    assert aperte == {"anno-2023", "corretto", "confine"}, "the last day is included"


async def test_un_altra_fonte_non_corregge_la_prima(casa: Casa) -> None:
    cartella = await nuova(casa)
    await registra(casa, cartella, dati("accertata", date(2025, 1, 1)))
    await registra(casa, cartella, dati("assente", date(2025, 1, 1), fonte="dichiarazione della persona"))
    assert await creduto(casa, cartella, GIORNO, (await versioni(casa, cartella))[1]["registrato_il"]) == ["accertata", "assente"]


async def test_due_correzioni_nella_stessa_transazione(casa: Casa) -> None:
    cartella = await nuova(casa)
    stati = [f"versione-{n}" for n in range(12)]
    await registra(casa, cartella, *(dati(stato, date(2025, 1, 1)) for stato in stati))
    righe = await versioni(casa, cartella)
    assert [r["stato"] for r in righe] == stati
    istanti = [r["registrato_il"] for r in righe]
    assert all(a < b for a, b in pairwise(istanti)), "strictly, though the transaction is one"
    assert [r["registrato_al"] for r in righe] == [*istanti[1:], None]


async def test_le_correzioni_insieme_si_mettono_in_fila(casa: Casa) -> None:
    """Two writers at once: the second waits for the row lock, and its instant comes after."""
    cartella = await nuova(casa)
    await casa.operatore("as-crema")
    await asyncio.gather(*(registra(casa, cartella, dati(f"n{n}", date(2025, 1, 1))) for n in range(8)))
    righe = await versioni(casa, cartella)
    assert len(righe) == 8
    istanti = [r["registrato_il"] for r in righe]
    assert len(set(istanti)) == 8
    assert [r["registrato_al"] for r in righe] == [*istanti[1:], None]
    assert await casa.admin.fetchval("SELECT versione FROM cartella WHERE id = $1", cartella) == 9


async def test_l_orologio_che_torna_indietro_non_riordina_le_versioni(casa: Casa) -> None:
    """The server's clock was an hour ahead when the first version was recorded, and was then put right."""
    cartella = await nuova(casa)
    await registra(casa, cartella, dati("prima", date(2025, 1, 1)))
    await casa.admin.execute(
        "UPDATE fatto SET registrato_il = clock_timestamp() + interval '1 hour' WHERE cartella_id = $1", cartella
    )
    await registra(casa, cartella, dati("seconda", date(2025, 1, 1)))
    await registra(casa, cartella, dati("terza", date(2025, 1, 1)))
    prima, seconda, terza = await versioni(casa, cartella)
    assert [prima["stato"], seconda["stato"], terza["stato"]] == ["prima", "seconda", "terza"]
    assert prima["registrato_al"] == seconda["registrato_il"] == prima["registrato_il"] + timedelta(microseconds=1)
    assert seconda["registrato_al"] == terza["registrato_il"]


async def test_la_tabella_rifiuta_gli_assi_rovesciati(casa: Casa) -> None:
    cartella = await nuova(casa)
    with pytest.raises(DatiNonValidi):
        await registra(casa, cartella, dati("x", date(2025, 2, 1), date(2025, 1, 31)))
    await registra(casa, cartella, dati("un giorno", date(2025, 2, 1), date(2025, 2, 1)))
    for rovesciato in (
        "registrato_al = registrato_il",
        "registrato_al = registrato_il - interval '1 second'",
        "valido_al = valido_dal - 1",
    ):
        with pytest.raises(Exception, match="ck_fatto_"):
            await casa.admin.execute(f"UPDATE fatto SET {rovesciato} WHERE cartella_id = $1", cartella)
    assert len(await versioni(casa, cartella)) == 1


async def test_la_correzione_annullata_non_lascia_traccia(casa: Casa) -> None:
    cartella = await nuova(casa)
    await registra(casa, cartella, dati("buona", date(2025, 1, 1)))
    prima = await casa.impronta()

    async def interrotta(ctx: Contesto) -> None:
        await service.registra_fatto(ctx, cartella, dati("mai", date(2025, 1, 1)))
        raise NonTrovato

    with pytest.raises(NonTrovato):
        async with transazione(casa.app.state.ambito.database, await richiesta(casa)) as ctx:
            await interrotta(ctx)
    assert await casa.impronta() == prima


async def test_chi_non_vede_la_classe_non_la_scrive_e_non_la_legge(casa: Casa) -> None:
    cartella = await nuova(casa)
    await registra(casa, cartella, dati("salute", date(2025, 1, 1), classe=Classe.SANITARIA))
    async with transazione(casa.app.state.ambito.database, await richiesta(casa, "coord-csc")) as ctx:
        assert len(await service.fatti_creduti(ctx, cartella, GIORNO)) == 1
    async with transazione(casa.app.state.ambito.database, await richiesta(casa, "amm-misure-csc")) as ctx:
        assert await service.fatti_creduti(ctx, cartella, GIORNO) == []
    elenco = await casa.get("amm-misure-csc", f"/cartelle/{cartella}/fatti")
    assert elenco.json()["elementi"] == []


async def decisa(casa: Casa, cartella: UUID) -> dict[str, Any]:
    """A domanda for the B2 presented on the facts known now."""
    avviso = await casa.admin.fetchval("SELECT id FROM avviso WHERE codice = 'b2-2025' AND ambito_id = 1")
    risposte = {"vive_a_domicilio": True, "caregiver_familiare": True, "prestazioni_in_corso": [], "continuita": False}
    corpo = {"avviso_id": str(avviso), "tipo_intervento": "buono_caregiver", "dati": risposte}
    bozza = await casa.post("as-crema", f"/cartelle/{cartella}/domande", corpo)
    assert bozza.status_code == 201, bozza.text
    domanda = bozza.json()["id"]
    isee = await casa.post("as-crema", f"/domande/{domanda}/isee")
    assert isee.status_code == 200, isee.text
    presentata = await casa.post("as-crema", f"/domande/{domanda}/presentazione", if_match=isee.headers["etag"])
    assert presentata.status_code == 200, presentata.text
    decisione: dict[str, Any] = presentata.json()
    return decisione | {"domanda": domanda}


async def test_la_decisione_tiene_la_versione_che_ha_usato(casa: Casa) -> None:
    """The certification is corrected after the decision, by the same source: the decision still names the version it read."""
    cartella = await casa.admin.fetchval(
        "SELECT c.id FROM cartella c JOIN persona p ON p.id = c.persona_id WHERE p.codice_fiscale = $1", ADA
    )
    decisione = await decisa(casa, cartella)
    usati = {f["tipo"]: f for f in decisione["fatti"]}
    [tipo] = [t for t in usati if L104 in t]
    usato = UUID(usati[tipo]["id"])
    corretto = await casa.post(
        "as-crema",
        f"/cartelle/{cartella}/requisiti",
        {"requisito": L104, "stato": "assente", "fonte": usati[tipo]["fonte"], "dal": "2025-01-01"},
    )
    assert corretto.status_code == 201, corretto.text
    riletta = (await casa.get("as-crema", f"/domande/{decisione['domanda']}/decisione")).json()
    assert {f["tipo"]: f["id"] for f in riletta["fatti"]}[tipo] == str(usato)
    riga = await casa.admin.fetchrow("SELECT * FROM fatto WHERE id = $1", usato)
    nuova_id = UUID(corretto.json()["id"])
    nuova_il = await casa.admin.fetchval("SELECT registrato_il FROM fatto WHERE id = $1", nuova_id)
    assert riga is not None
    assert (json.loads(riga["valore"])["stato"], riga["registrato_al"]) == ("accertata", nuova_il)
    quando = await casa.admin.fetchval(
        "SELECT registrato_il FROM evento WHERE tipo = 'misure.domanda.presentata' AND aggregato_id = $1",
        UUID(decisione["domanda"]),
    )
    ora = [f.id for f in await creduti_ora(casa, cartella) if f.tipo == tipo]
    assert ora == [nuova_id]
    allora = await casa.admin.fetchval(
        """SELECT id FROM fatto WHERE cartella_id = $1 AND tipo = $2
             AND registrato_il <= $3 AND coalesce(registrato_al, 'infinity') > $3""",
        cartella,
        tipo,
        quando,
    )
    assert allora == usato, "what was believed when the decision was taken, by the table alone"


async def creduti_ora(casa: Casa, cartella: UUID) -> list[Fatto]:
    async with transazione(casa.app.state.ambito.database, await richiesta(casa)) as ctx:
        return await service.fatti_creduti(ctx, cartella, GIORNO)
