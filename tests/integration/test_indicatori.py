"""Indicators through the API: the value moves for who may open the records, and only for them."""

from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.api.routes.indicatori import PERCORSI
from services.core.piano.formule import FORMULE
from services.core.platform.ids import nuovo_id
from services.core.territorio.carico import identificativo
from tests.conftest import Intestazioni
from tests.integration.test_piano_lettore import ADA, A, B, accade, firmato, scrivi, segui, sessioni

__all__ = ["scrivi", "sessioni"]

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

DOM = identificativo("cremasco", "indicatore", "pdz-2025-2027", "DOM-OC-1")
QUOTA = identificativo("cremasco", "indicatore", "pdz-2025-2027", "DOM-QT-1")
DI_LODI = identificativo("lodi", "indicatore", "pdz-2025-2027", "D1-OC-1")
CINO = identificativo("cremasco", "cartella", "xyzfinto-cino")
RISERVATA = identificativo("cremasco", "cartella", "xyzriservi-perla")


@pytest.fixture
def leggi(client: httpx.AsyncClient, token: Intestazioni) -> Any:
    async def get(soggetto: str, percorso: str, atteso: int = 200) -> dict[str, Any]:
        risposta = await client.get(percorso, headers=token(soggetto))
        assert risposta.status_code == atteso, risposta.text
        corpo: dict[str, Any] = risposta.json()
        return corpo

    return get


async def _due_progetti(scrivi: Any, sessioni: Any) -> tuple[UUID, UUID]:
    """One co-built for Ada in Crema, one signed by a single ente for Cino in Offanengo."""
    di_ada, di_cino = nuovo_id(), nuovo_id()
    await accade(scrivi, firmato(di_ada, [A, B], cartella=ADA), firmato(di_cino, [A], cartella=CINO))
    await segui(sessioni)
    return di_ada, di_cino


async def test_prima_dei_progetti(leggi: Any) -> None:
    """A count of nothing is zero; a ratio over nothing is not."""
    conteggio, quota = await leggi("as-crema", f"/indicatori/{DOM}"), await leggi("as-crema", f"/indicatori/{QUOTA}")
    assert (conteggio["stato"], conteggio["valore"], conteggio["raggiunto"]) == ("calcolato", "0", False)
    assert (conteggio["codice"], conteggio["valore_atteso"], conteggio["verso"]) == ("DOM-OC-1", "60", ">=")
    assert conteggio["piano"] == {
        "codice": "pdz-2025-2027",
        "denominazione": "Piano di Zona 2025-2027, illustrativo",
        "dal": "2025-01-01",
        "al": "2027-12-31",
    }
    assert (quota["stato"], quota["valore"], quota["denominatore"], quota["raggiunto"]) == ("non_calcolabile", None, None, None)
    assert quota["motivo"]


async def test_il_valore_si_muove_per_chi_puo_aprire_i_record(leggi: Any, scrivi: Any, sessioni: Any) -> None:
    await _due_progetti(scrivi, sessioni)
    visti = {s: await leggi(s, f"/indicatori/{DOM}") for s in ("as-crema", "coord-csc", "as-offanengo")}
    assert {s: v["valore"] for s, v in visti.items()} == {"as-crema": "1", "coord-csc": "1", "as-offanengo": "0"}
    quote = {s: await leggi(s, f"/indicatori/{QUOTA}") for s in visti}
    assert {s: (q["valore"], q["numeratore"], q["denominatore"]) for s, q in quote.items()} == {
        "as-crema": ("100.00", 1, 1),
        "coord-csc": ("50.00", 1, 2),
        "as-offanengo": ("0.00", 0, 1),
    }
    assert "Comune di Crema" in visti["as-crema"]["perimetro"]
    assert "non è il totale dell'ambito" in visti["as-crema"]["perimetro"]


async def test_si_scende_fino_al_record(leggi: Any, scrivi: Any, sessioni: Any, admin: Admin) -> None:
    di_ada, _ = await _due_progetti(scrivi, sessioni)
    pagina = await leggi("as-crema", f"/indicatori/{DOM}/contributi")
    [voce] = pagina["elementi"]
    assert pagina["successivo"] is None
    assert (voce["record_tipo"], voce["record_id"], voce["record"]) == ("progetto", str(di_ada), f"/progetti/{di_ada}")
    assert (voce["cartella_id"], voce["periodo"], voce["numeratore"]) == (str(ADA), "2025-09-01", 1)
    assert (await leggi("as-offanengo", f"/indicatori/{DOM}/contributi"))["elementi"] == []
    riga = await admin.fetchrow("SELECT * FROM audit WHERE operazione = 'elencaContributi' AND oggetto_tipo = 'cartella'")
    assert riga is not None
    assert (riga["esito"], riga["finalita"], riga["oggetti"]) == ("consentita", "programmazione", [ADA])


async def test_una_cartella_riservata_non_conta_per_chi_non_la_vede(leggi: Any, scrivi: Any, sessioni: Any) -> None:
    await accade(scrivi, firmato(nuovo_id(), [A, B], cartella=RISERVATA))
    await segui(sessioni)
    for soggetto in ("as-crema", "coord-csc"):
        assert (await leggi(soggetto, f"/indicatori/{DOM}"))["valore"] == "0"
        assert (await leggi(soggetto, f"/indicatori/{DOM}/contributi"))["elementi"] == []


async def test_un_altro_ambito_non_esiste(leggi: Any) -> None:
    for percorso in (f"/indicatori/{DI_LODI}", f"/indicatori/{DI_LODI}/contributi", f"/indicatori/{nuovo_id()}"):
        problema = await leggi("as-crema", percorso, 404)
        assert problema["type"].endswith("non-trovato")
    elenco = await leggi("as-lodi", "/indicatori")
    assert [v["codice"] for v in elenco["elementi"]] == ["D1-OC-1"]


async def test_ruoli_senza_l_operazione(leggi: Any) -> None:
    for soggetto in ("udp-crema", "dpo-crema", "admin", "asst-crema"):
        await leggi(soggetto, "/indicatori", 403)


async def test_pagine(leggi: Any, scrivi: Any, sessioni: Any, client: httpx.AsyncClient, token: Intestazioni) -> None:
    tutti = [v["codice"] for v in (await leggi("as-crema", "/indicatori"))["elementi"]]
    assert tutti == sorted(tutti) == ["DOM-OC-1", "DOM-QT-1"]
    prima = await leggi("as-crema", "/indicatori?limite=1")
    seconda = await leggi("as-crema", f"/indicatori?limite=1&cursore={prima['successivo']}")
    assert [v["codice"] for p in (prima, seconda) for v in p["elementi"]] == tutti
    assert seconda["successivo"] is None

    progetti = [nuovo_id() for _ in range(5)]
    await accade(scrivi, *(firmato(p, [A, B]) for p in progetti))
    await segui(sessioni)
    visti, percorso = [], f"/indicatori/{DOM}/contributi?limite=2"
    cursore: str | None = ""
    while cursore is not None:
        pagina = await leggi("as-crema", percorso + (f"&cursore={cursore}" if cursore else ""))
        visti += [v["record_id"] for v in pagina["elementi"]]
        cursore = pagina["successivo"]
    assert visti == [str(p) for p in reversed(progetti)]

    altrove = await leggi("as-crema", f"/indicatori/{QUOTA}/contributi?cursore={prima['successivo']}", 422)
    assert altrove["type"].endswith("dati-non-validi")


async def test_parametri_ignoti_rifiutati(leggi: Any) -> None:
    await leggi("as-crema", "/indicatori?colore=blu", 422)


def test_ogni_record_che_contribuisce_si_apre() -> None:
    assert {tipo.split(".")[1] for f in FORMULE.values() for tipo in f.tipi} <= PERCORSI.keys()
