"""Leaks 1, 3, 4 and 5 of docs/security/attacchi.md: searches, lists, filters and totals that see more than the single reading."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.core.access.operazioni import OPERAZIONI
from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from tests.attack.mondo import ADA, LEO, Mondo, operazioni
from tests.casa import Casa, ammetti, problema, semina

pytestmark = pytest.mark.asyncio(loop_scope="module")

IERI = date(2025, 9, 14)


@dataclass(frozen=True)
class Popolo:
    """Cartelle of several Comuni and services, some reserved, some opened by a team; and who tries them."""

    casa: Casa
    cartelle: tuple[UUID, ...]
    operatori: dict[str, str]
    ambiti: dict[str, int]

    def con(self, operazione: str) -> list[str]:
        """The operators whose role has an operation."""
        return [chi for chi, ruolo in self.operatori.items() if ruolo in OPERAZIONI[operazione].ruoli]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def popolo(mondo: Mondo) -> Popolo:
    casa, ora = mondo.casa, adesso()
    istanti = [ora - timedelta(minutes=i) for i in range(2)]
    riservate = await semina(casa.admin, istanti, "Crema", "adulti_inclusione", riservata=True)
    aperte = [
        *await semina(casa.admin, istanti, "Crema", "disabilita"),
        *await semina(casa.admin, istanti, "Crema", "tutela_minori"),
        *await semina(casa.admin, istanti, "Offanengo", "disabilita"),
        *await semina(casa.admin, istanti, "Pandino", "servizio_sociale_base"),
    ]
    lontane = await semina(casa.admin, istanti, "Lodi", "disabilita")
    await ammetti(casa, "antiviolenza-crema", riservate[0])
    await ammetti(casa, "as-crema", riservate[1])
    await ammetti(casa, "asst-crema", aperte[4])
    await ammetti(casa, "educatrice-ets", aperte[6], al=IERI, dal=date(2025, 1, 1))
    await ammetti(casa, "as-lodi", aperte[5], al=IERI, dal=date(2025, 1, 1))
    righe = await casa.admin.fetch(
        """SELECT o.soggetto, min(i.ruolo) AS ruolo, min(i.ambito_id) AS ambito
           FROM operatore o JOIN incarico i ON i.operatore_id = o.id WHERE i.al IS NULL
           GROUP BY 1 HAVING count(*) = 1 ORDER BY 1"""
    )
    ruoli, ambiti = ({r["soggetto"]: r[cosa] for r in righe} for cosa in ("ruolo", "ambito"))
    return Popolo(casa, (ADA, LEO, *riservate, *aperte, *lontane), ruoli, ambiti)


async def elenco(casa: Casa, chi: str, percorso: str, limite: int = 100) -> list[dict[str, Any]]:
    """Every page of a list."""
    elementi: list[dict[str, Any]] = []
    cursore = ""
    while True:
        risposta = await casa.get(chi, f"{percorso}?limite={limite}{cursore}")
        assert risposta.status_code == 200, (chi, percorso, risposta.text)
        corpo = risposta.json()
        assert set(corpo) == {"elementi", "successivo"}
        elementi += corpo["elementi"]
        if corpo["successivo"] is None:
            return elementi
        cursore = f"&cursore={corpo['successivo']}"


async def singole(popolo: Popolo, chi: str) -> set[str]:
    """The cartelle that `chi` can open one by one."""
    aperte = set()
    for cartella in popolo.cartelle:
        risposta = await popolo.casa.get(chi, f"/cartelle/{cartella}")
        assert risposta.status_code in (200, 404), (chi, risposta.text)
        if risposta.status_code == 200:
            aperte.add(str(cartella))
    return aperte


async def test_3_l_elenco_e_l_insieme_delle_singole(popolo: Popolo) -> None:
    """For every operator there is: what the list names she can open, and what she can open it names; so for what hangs."""
    viste: dict[str, set[str]] = {}
    for chi in popolo.con("leggiCartella"):
        viste[chi] = await singole(popolo, chi)
        nominate = {e["id"] for e in await elenco(popolo.casa, chi, "/cartelle", 7)} & {str(c) for c in popolo.cartelle}
        assert nominate == viste[chi], chi
    assert len(viste) >= 18
    assert {0, 1, 2} < {len(v) for v in viste.values()}, "who sees nothing, one and many"
    assert not any(viste["as-lodi"] & v for chi, v in viste.items() if chi in ("as-crema", "coord-csc", "asst-crema"))
    for chi in ("as-offanengo", "coord-csc"):
        for cartella in popolo.cartelle:
            for coda in ("fatti", "domande", "equipe", "assegnazioni", "flussi"):
                risposta = await popolo.casa.get(chi, f"/cartelle/{cartella}/{coda}")
                assert risposta.status_code == (200 if str(cartella) in viste[chi] else 404), (chi, coda)


async def test_3_l_elenco_dei_casi_e_l_insieme_dei_singoli(popolo: Popolo, mondo: Mondo) -> None:
    caso, visti = str(mondo.ids["caso_id"]), {}
    for chi in popolo.con("leggiCasoPippi"):
        risposta = await popolo.casa.get(chi, f"/casi-pippi/{caso}")
        visti[chi] = risposta.status_code == 200
        assert [e["id"] for e in await elenco(popolo.casa, chi, "/casi-pippi")] == ([caso] if visti[chi] else []), chi
    assert visti["tutela-csc"]
    assert visti["educatrice-ets"]
    assert sum(visti.values()) == 2


async def test_1_la_ricerca_apre_solo_cio_che_l_elenco_nomina(popolo: Popolo) -> None:
    """The search runs with its owner's rights: the cartella it gives is one that the caller opens, never another."""
    casa = popolo.casa
    codici = []
    for comune, chi in (("crema", "as-crema"), ("offanengo", "as-offanengo"), ("lodi", "as-lodi")):
        creata = await casa.apri(chi, comune=comune)
        codice = "SELECT codice_fiscale FROM persona WHERE id = $1"
        codici.append((creata["id"], await casa.admin.fetchval(codice, UUID(creata["persona_id"]))))
    trovate = 0
    for chi in popolo.con("cercaPersona"):
        for cartella, codice in codici:
            risposta = await casa.post(chi, "/persone/ricerca", {"codice_fiscale": codice}, finalita="presa_in_carico")
            trovata = risposta.json()["cartella_id"]
            dell_ambito = popolo.ambiti[chi] == (2 if cartella == codici[-1][0] else 1)
            assert (risposta.status_code, risposta.json()["trovata"]) == (200, dell_ambito), chi
            apre = (await casa.get(chi, f"/cartelle/{cartella}")).status_code == 200
            assert trovata == (cartella if apre else None), chi
            trovate += trovata is not None
    assert trovate >= 4


async def test_1_gli_indicatori_contano_solo_le_cartelle_che_si_aprono(popolo: Popolo, mondo: Mondo) -> None:
    """One contribution for each cartella: the number, its parts and what can be opened are three readings of the same set."""
    casa, indicatore = popolo.casa, mondo.ids["indicatore_id"]
    for cartella in popolo.cartelle:
        await casa.admin.execute(
            """INSERT INTO contributo (id, ambito_id, cartella_id, indicatore_id, record_tipo, record_id, periodo, numeratore,
                                       denominatore, posizione, versione)
               SELECT $1, c.ambito_id, c.id, $2, 'progetto', $1, '2025-09-01', 1, 1, 1, 1 FROM cartella c WHERE c.id = $3""",
            nuovo_id(), indicatore, cartella,
        )  # fmt: skip
    numeri = {}
    for chi in popolo.con("leggiIndicatore"):
        letto = await casa.get(chi, f"/indicatori/{indicatore}")
        if letto.status_code == 404:
            assert chi.endswith(("lodi", "acsi", "asp", "codogno")), chi
            continue
        apribili = await singole(popolo, chi)
        parti = await elenco(casa, chi, f"/indicatori/{indicatore}/contributi", 3)
        assert {p["cartella_id"] for p in parti} == apribili, chi
        assert letto.json()["contributi"] == len(apribili), chi
        [nell_elenco] = [i for i in await elenco(casa, chi, "/indicatori") if i["id"] == str(indicatore)]
        assert nell_elenco["contributi"] == len(apribili)
        numeri[chi] = len(apribili)
    assert len(set(numeri.values())) >= 4, numeri


IGNOTI = (
    "ignoto=1", "ambito_id=2", "persona_id=x", "cartella_id=x", "stato=aperta", "ruolo=dpo", "offset=0", "page=2",
    "ordina=cognome", "expand=nucleo", "include=persona", "campi=tutti", "q=a", "Limite=1", "LIMITE=1", "limite%20=1",
    "limite[]=1", "cursore[eq]=a",
    "ente_id[ne]=x", "_method=GET", "=1", "tutti", "%6Cimite%00=1", "e%6Ete_id2=x",
)  # fmt: skip


async def test_4_un_filtro_ignoto_non_si_ignora(mondo: Mondo) -> None:
    """Every operation, half of the filters each: refused before anything is read, so that it never means "everything"."""
    casa, provati = mondo.casa, 0
    for percorso in ("/cartelle", "/avvisi", "/operatori", "/indicatori"):
        assert (await casa.get("as-crema", f"{percorso}?limite=1")).status_code == 200
    prima = await casa.impronta("audit")
    righe = await casa.admin.fetchval("SELECT count(*) FROM audit WHERE esito = 'consentita'")
    for i, (metodo, percorso, _) in enumerate(operazioni(casa)):
        url = percorso.format(**mondo.ids)
        for ignoto in IGNOTI[i % 2 :: 2]:
            testate = casa.token("as-crema", finalita="controllo", if_match='"1"')
            risposta = await casa.client.request(metodo, f"{url}?{ignoto}", headers=testate)
            assert risposta.status_code in (400, 422), (metodo, percorso, ignoto, risposta.text)
            assert risposta.headers["content-type"] == "application/problem+json"
            provati += 1
    assert provati > 500
    assert await casa.impronta("audit") == prima
    assert await casa.admin.fetchval("SELECT count(*) FROM audit WHERE esito = 'consentita'") == righe


async def test_4_un_filtro_noto_ripetuto_o_d_altra_operazione_e_rifiutato(casa: Casa) -> None:
    for percorso in (
        "/operatori?ente_id={0}&ente_id={1}", "/audit?esito=negata&esito=consentita", "/cartelle?ente_id={0}",
        "/avvisi?esito=negata", "/cartelle?limite=1&limite=100", "/io?limite=1",
    ):  # fmt: skip
        chi = "dpo-crema" if percorso.startswith("/audit") else "as-crema"
        problema(await casa.get(chi, percorso.format(nuovo_id(), nuovo_id())), 422, "dati-non-validi")


async def test_5_nessuna_risposta_conta_cio_che_non_mostra(popolo: Popolo) -> None:
    """No member, header or next page tells of rows that are not hers: older, newer and in between."""
    casa = popolo.casa
    for chi in popolo.con("elencaCartelle"):
        propri = len(await elenco(casa, chi, "/cartelle"))
        esatta = await casa.get(chi, f"/cartelle?limite={max(propri, 1)}")
        corpo = esatta.json()
        assert (len(corpo["elementi"]), corpo["successivo"]) == (propri, None), chi
        if propri > 1:
            corta = (await casa.get(chi, f"/cartelle?limite={propri - 1}")).json()
            assert len(corta["elementi"]) == propri - 1, "the page is full: invisible rows do not thin it out"
            assert corta["successivo"] is not None
        vietate = ("x-total-count", "content-range", "link", "x-total", "total-count", "x-pagination")
        assert not [n for n in esatta.headers if n.lower() in vietate]


async def test_5_il_contratto_non_ha_totali(casa: Casa) -> None:
    """A page is its elements and the next cursor; nobody adds a count without passing here."""
    schemi = casa.app.openapi()["components"]["schemas"]
    pagine = {n: s for n, s in schemi.items() if "elementi" in s.get("properties", {})}
    assert len(pagine) >= 13
    assert all(set(s["properties"]) == {"elementi", "successivo"} for s in pagine.values())


async def test_5_la_riga_invisibile_in_mezzo_non_accorcia_la_pagina(casa: Casa) -> None:
    """Interleaved by instant with those of another Comune and with reserved ones: full pages, in order, no gap to be seen."""
    ora = adesso() + timedelta(hours=1)
    proprie = await semina(casa.admin, [ora + timedelta(seconds=3 * i) for i in range(6)], "Soncino", "disabilita")
    await semina(casa.admin, [ora + timedelta(seconds=3 * i + 1) for i in range(6)], "Pandino", "disabilita")
    await semina(casa.admin, [ora + timedelta(seconds=3 * i + 2) for i in range(6)], "Soncino", "disabilita", riservata=True)
    incarico = await casa.admin.fetchval(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal)
           SELECT $1, $2, 1, e.id, 'assistente_sociale', '2025-01-01' FROM ente e WHERE e.codice = 'comune-soncino'
           RETURNING id""",
        nuovo_id(), await casa.operatore("as-offanengo"),
    )  # fmt: skip
    viste: list[UUID] = []
    pagine: list[int] = []
    url: str | None = "/cartelle?limite=2"
    while url is not None:
        corpo = (await casa.get("as-offanengo", url, incarico=str(incarico))).json()
        viste += [UUID(e["id"]) for e in corpo["elementi"]]
        pagine.append(len(corpo["elementi"]))
        url = f"/cartelle?limite=2&cursore={corpo['successivo']}" if corpo["successivo"] else None
    await casa.admin.execute("DELETE FROM incarico WHERE id = $1", incarico)
    assert viste[:6] == proprie[::-1]
    assert pagine[:-1] == [2] * (len(pagine) - 1)
