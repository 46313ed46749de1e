"""The decision endpoint: what it tells, to whom, and the trace it leaves."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import Server
from tests.casa import Casa, apri_casa, clone, problema
from tests.percorsi import ADA, LEO

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNA, MOLTE = "/access/v1/evaluation", "/access/v1/evaluations"


@pytest.fixture(scope="module")
def settings(server: Server, modello: str) -> Iterator[Settings]:
    with clone(server, modello) as trovate:
        yield trovate


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def casa(settings: Settings) -> AsyncIterator[Casa]:
    async with apri_casa(settings) as aperta:
        yield aperta


def risorsa(id_: object, tipo: str = "cartella") -> dict[str, str]:
    return {"type": tipo, "id": str(id_)}


async def chiedi(
    casa: Casa, chi: str, operazione: str, oggetto: dict[str, str], soggetto: dict[str, Any] | None = None, **altro: Any
) -> httpx.Response:
    proprio = {"type": "operatore", "id": str(await casa.operatore(chi))}
    corpo = {"subject": soggetto or proprio, "action": {"name": operazione}, "resource": oggetto} | altro
    return await casa.post(chi, UNA, corpo, finalita="presa_in_carico")


async def test_cio_che_puo_e_cio_che_no(casa: Casa) -> None:
    """The decision is that of the operation itself, with its reason."""
    for chi, operazione, oggetto, motivo in (
        ("as-crema", "leggiCartella", risorsa(ADA), "consentita"),
        ("as-crema", "chiudiCartella", risorsa(ADA), "consentita"),
        ("as-crema", "elencaFlussiCartella", risorsa(ADA), "consentita"),
        ("as-offanengo", "leggiCartella", risorsa(ADA), "non-trovato"),
        ("as-lodi", "leggiCartella", risorsa(ADA), "non-trovato"),
        ("asst-crema", "leggiCartella", risorsa(LEO), "non-trovato"),
        ("segretariato-crema", "chiudiCartella", risorsa(ADA), "operazione-non-consentita"),
        ("dpo-crema", "leggiCartella", risorsa(ADA), "operazione-non-consentita"),
        ("dpo-crema", "elencaAudit", risorsa(1, "ambito"), "consentita"),
        ("dpo-lodi", "elencaAudit", risorsa(1, "ambito"), "non-trovato"),
        ("as-crema", "elencaCartelle", risorsa(1, "ambito"), "consentita"),
        ("as-crema", "elencaCartelle", risorsa(2, "ambito"), "non-trovato"),
        ("as-crema", "elencaCartelle", risorsa(7777, "ambito"), "non-trovato"),
    ):
        risposta = await chiedi(casa, chi, operazione, oggetto)
        assert risposta.status_code == 200, risposta.text
        corpo = risposta.json()
        assert (corpo["decision"], corpo["context"]["id"]) == (motivo == "consentita", motivo), (chi, operazione)
        assert corpo["context"]["reason_user"]["it"]


async def test_cio_che_si_nasconde_e_cio_che_non_esiste_sono_la_stessa_risposta(casa: Casa) -> None:
    altrove = (await casa.apri("as-offanengo", comune="offanengo"))["id"]
    riservata = (await casa.apri())["id"]
    await casa.admin.execute("UPDATE cartella SET riservata = true WHERE id = $1", UUID(riservata))
    risposte = [await chiedi(casa, "as-crema", "leggiCartella", risorsa(id_)) for id_ in (altrove, riservata, nuovo_id())]
    assert len({r.content for r in risposte}) == 1
    senza_numero = [{n: v for n, v in r.headers.items() if n != "richiesta-id"} for r in risposte]
    assert senza_numero[0] == senza_numero[1] == senza_numero[2]
    assert [len(await casa.audit(r)) for r in risposte] == [2, 2, 2]


async def test_chi_ha_la_classe_e_chi_no(casa: Casa) -> None:
    """An operation on health data, by roles that see the cartella alike."""
    for operazione, chi, motivo in (
        ("apriValutazione", "as-crema", "consentita"),
        ("apriValutazione", "amm-misure-csc", "operazione-non-consentita"),
    ):
        assert (await chiedi(casa, chi, operazione, risorsa(ADA))).json()["context"]["id"] == motivo


async def test_non_si_chiede_di_altri(casa: Casa) -> None:
    """Neither of a colleague nor of another incarico of one's own: it would be a way of probing rights."""
    collega = {"type": "operatore", "id": str(await casa.operatore("coord-csc"))}
    risposta = await chiedi(casa, "as-crema", "leggiCartella", risorsa(ADA), collega)
    problema(risposta, 403, "operazione-non-consentita")
    [riga] = await casa.audit(risposta)
    assert (riga["esito"], riga["operazione"], riga["operatore_id"]) == (
        "negata", "valutaAccesso", await casa.operatore("as-crema"),
    )  # fmt: skip
    elsa = await casa.operatore("as-due-comuni")
    incarichi = [str(r["id"]) for r in await casa.admin.fetch("SELECT id FROM incarico WHERE operatore_id = $1", elsa)]
    io = {"type": "operatore", "id": str(elsa), "properties": {"incarico_id": incarichi[0]}}
    corpo = {"subject": io, "action": {"name": "leggiCartella"}, "resource": risorsa(ADA)}
    for incarico, stato in zip(incarichi, (200, 403), strict=True):
        risposta = await casa.post("as-due-comuni", UNA, corpo, finalita="presa_in_carico", incarico=incarico)
        assert risposta.status_code == stato
    uno_di_troppo = [{"action": {"name": "leggiCartella"}, "resource": risorsa(ADA)}, {"subject": collega}]
    proprio = {"type": "operatore", "id": str(await casa.operatore("as-crema"))}
    insieme = {"subject": proprio, **uno_di_troppo[0], "evaluations": uno_di_troppo}
    prima = await casa.impronta("audit")
    problema(await casa.post("as-crema", MOLTE, insieme, finalita="controllo"), 403, "operazione-non-consentita")
    assert await casa.impronta("audit") == prima


async def test_la_finalita_si_dichiara(casa: Casa) -> None:
    proprio = {"type": "operatore", "id": str(await casa.operatore("as-crema"))}
    corpo = {"subject": proprio, "action": {"name": "leggiCartella"}, "resource": risorsa(ADA)}
    trovato = problema(await casa.post("as-crema", UNA, corpo), 422, "dati-non-validi")
    assert trovato["campi"][0]["campo"] == "header.Finalita"


async def test_resta_scritto_come_un_tentativo(casa: Casa) -> None:
    """What is granted leaves the row of a reading; what is hidden, also that of a refusal, which the object's DPO is told."""
    concessa = await chiedi(casa, "as-crema", "leggiCartella", risorsa(ADA))
    [riga] = await casa.audit(concessa)
    assert (riga["esito"], riga["operazione"], riga["oggetto_tipo"], riga["oggetti"]) == (
        "consentita", "valutaAccesso", "cartella", [ADA],
    )  # fmt: skip
    assert riga["finalita"] == "presa_in_carico"
    nascosta = await chiedi(casa, "as-lodi", "leggiCartella", risorsa(ADA))
    domanda, diniego = await casa.audit(nascosta)
    assert (domanda["esito"], domanda["oggetti"]) == ("consentita", [])
    assert (diniego["esito"], diniego["motivo"], diniego["oggetti"]) == ("negata", "non-trovato", [ADA])
    assert (diniego["ambito_id"], diniego["ambito_oggetto_id"]) == (2, 1)
    del_dpo = (await casa.get("dpo-crema", "/audit?esito=negata&limite=1")).json()["elementi"]
    assert [v["richiesta_id"] for v in del_dpo] == [nascosta.headers["richiesta-id"]]
    del_ruolo = await chiedi(casa, "dpo-crema", "leggiCartella", risorsa(ADA))
    [sola] = await casa.audit(del_ruolo)
    assert (sola["esito"], sola["oggetti"]) == ("consentita", [])


async def test_non_cambia_nulla(casa: Casa) -> None:
    prima = await casa.impronta("audit")
    for operazione in ("leggiCartella", "chiudiCartella", "redigiDomanda", "apriCasoPippi"):
        await chiedi(casa, "as-crema", operazione, risorsa(LEO))
    assert await casa.impronta("audit") == prima


@pytest.mark.parametrize(
    ("operazione", "oggetto", "altro"),
    [
        ("leggiTutto", risorsa(ADA), {}),
        ("leggiStato", risorsa(ADA), {}),
        ("leggiCartella", risorsa(ADA, "domanda"), {}),
        ("leggiCartella", risorsa(1, "ambito"), {}),
        ("leggiCartella", risorsa(ADA, "persona"), {}),
        ("leggiCartella", risorsa("1"), {}),
        ("leggiCartella", risorsa(f"{ADA}0"), {}),
        ("leggiCartella", risorsa("' OR true"), {}),
        ("elencaCartelle", risorsa(ADA, "ambito"), {}),
        ("elencaCartelle", risorsa("0", "ambito"), {}),
        ("elencaCartelle", risorsa("-1", "ambito"), {}),
        ("elencaCartelle", risorsa(2**40, "ambito"), {}),
        ("elencaCartelle", risorsa("٣", "ambito"), {}),
        ("leggiCartella", risorsa(ADA), {"context": {"time": "2025-09-15T10:00:00Z"}}),
        ("leggiCartella", risorsa(ADA) | {"properties": {}}, {}),
        ("leggiCartella", risorsa(ADA), {"ruolo": "dpo"}),
    ],
)
async def test_cio_che_non_si_capisce_e_rifiutato(
    casa: Casa, operazione: str, oggetto: dict[str, str], altro: dict[str, Any]
) -> None:
    risposta = await chiedi(casa, "as-crema", operazione, oggetto, **altro)
    trovato = problema(risposta, 422, "dati-non-validi")
    assert trovato["campi"]
    assert str(ADA) not in risposta.text


async def test_un_contesto_vuoto_si_accetta(casa: Casa) -> None:
    assert (await chiedi(casa, "as-crema", "leggiCartella", risorsa(ADA), context={})).json()["decision"] is True


async def molte(casa: Casa, chi: str, corpo: dict[str, Any]) -> httpx.Response:
    proprio = {"type": "operatore", "id": str(await casa.operatore(chi))}
    return await casa.post(chi, MOLTE, {"subject": proprio} | corpo, finalita="presa_in_carico")


async def test_piu_domande_con_valori_per_tutte(casa: Casa) -> None:
    """Each takes what it lacks from above, and its own where it has one; the answers keep the order."""
    corpo = {
        "action": {"name": "leggiCartella"},
        "resource": risorsa(ADA),
        "evaluations": [
            {},
            {"resource": risorsa(nuovo_id())},
            {"action": {"name": "elencaAudit"}, "resource": risorsa(1, "ambito")},
            {"action": {"name": "chiudiCartella"}},
        ],
    }
    risposta = await molte(casa, "as-crema", corpo)
    assert [v["context"]["id"] for v in risposta.json()["evaluations"]] == [
        "consentita", "non-trovato", "operazione-non-consentita", "consentita",
    ]  # fmt: skip
    righe = await casa.audit(risposta)
    assert [(r["esito"], r["operazione"]) for r in righe] == [("consentita", "valutaAccessi"), ("negata", "valutaAccessi")]
    assert righe[0]["oggetti"] == [ADA]


@pytest.mark.parametrize(
    ("semantica", "attese"),
    [
        (None, [False, True, True]),
        ("execute_all", [False, True, True]),
        ("deny_on_first_deny", [False]),
        ("permit_on_first_permit", [False, True]),
    ],
)
async def test_dove_ci_si_ferma(casa: Casa, semantica: str | None, attese: list[bool]) -> None:
    corpo: dict[str, Any] = {
        "action": {"name": "leggiCartella"},
        "evaluations": [{"resource": risorsa(id_)} for id_ in (nuovo_id(), ADA, LEO)],
    }
    if semantica is not None:
        corpo["options"] = {"evaluations_semantic": semantica}
    risposta = await molte(casa, "as-crema", corpo)
    assert [v["decision"] for v in risposta.json()["evaluations"]] == attese


@pytest.mark.parametrize(
    "corpo",
    [
        {},
        {"evaluations": []},
        {"evaluations": [{"action": {"name": "leggiCartella"}}]},
        {"evaluations": [{"resource": risorsa(ADA)}]},
        {"evaluations": [{"action": {"name": "leggiCartella"}, "resource": risorsa(ADA)}] * 101},
        {"evaluations": [{"action": {"name": "leggiDomanda"}, "resource": risorsa(ADA)}]},
        {"evaluations": [{"action": {"name": "leggiCartella"}, "resource": risorsa(ADA)}], "options": {"altra": 1}},
        {
            "evaluations": [{"action": {"name": "leggiCartella"}, "resource": risorsa(ADA)}],
            "options": {"evaluations_semantic": "x"},
        },
    ],
)
async def test_molte_che_non_si_capiscono(casa: Casa, corpo: dict[str, Any]) -> None:
    problema(await molte(casa, "as-crema", corpo), 422, "dati-non-validi")


async def test_un_incarico_finito_non_decide_piu(casa: Casa) -> None:
    problema(await chiedi(casa, "as-cessata", "leggiIo", risorsa(1, "ambito")), 403, "operazione-non-consentita")
