"""The clock at the edge of validity: the day of what a team opens, the pinned day and the real one, midnight in Italy, the
second in which a token ends, and what was obtained before the end and is used after it.

The edges of incarichi and deleghe, and of the grant on a reserved cartella, are in tests/integration/test_cartelle_visibili.py.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.core.platform import clock
from services.core.platform.clock import adesso_ms
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from tests.ambiente import GIORNO
from tests.attack.mondo import ADA, Mondo
from tests.casa import Casa, apri_casa, persona, problema
from tests.percorsi import COMUNE_CREMA

pytestmark = pytest.mark.asyncio(loop_scope="module")

IERI, DOMANI = GIORNO - timedelta(days=1), GIORNO + timedelta(days=1)
SCARTO_S = 30
"""Seconds of difference between clocks that the verification of tokens forgives."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def senza_giorno(settings: Settings) -> AsyncIterator[Casa]:
    """The application on the same database, its legal day read from the clock, as in production."""
    async with apri_casa(settings.model_copy(update={"data_riferimento": None})) as aperta:
        yield aperta


@contextmanager
def alle(istante: str) -> Iterator[None]:
    """The clock of the application stopped at an instant (UTC)."""
    fermo = datetime.fromisoformat(istante).replace(tzinfo=UTC)

    class Fermo(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime, as the callers use it
            return fermo.astimezone(tz)

    with pytest.MonkeyPatch.context() as toppa:
        toppa.setattr(clock, "datetime", Fermo)
        yield


@pytest.mark.parametrize(
    ("dal", "al", "vede"),
    [(GIORNO, GIORNO, True), (IERI, None, True), (IERI, GIORNO, True), (IERI, IERI, False), (DOMANI, None, False)],
    ids=["quel giorno solo", "in corso", "ultimo giorno", "finito ieri", "da domani"],
)
async def test_cio_che_apre_una_squadra_nei_suoi_giorni(mondo: Mondo, dal: date, al: date | None, vede: bool) -> None:
    """Not only the cartella: everything that hangs from it, and the list."""
    casa, ids = mondo.casa, mondo.ids
    sara = await casa.operatore("asst-crema")
    della_squadra = "FROM accesso WHERE operatore_id = $1 AND cartella_id = $2"
    prima = await casa.admin.fetchrow(f"SELECT min(dal) AS dal, max(al) AS al {della_squadra}", sara, ADA)
    assert prima is not None
    cambia = "UPDATE accesso SET dal = $3, al = $4 WHERE operatore_id = $1 AND cartella_id = $2"
    await casa.admin.execute(cambia, sara, ADA, dal, al)
    try:
        for percorso in (
            f"/cartelle/{ADA}", f"/cartelle/{ADA}/fatti", f"/cartelle/{ADA}/equipe", f"/equipe/{ids['equipe_id']}",
            f"/valutazioni/{ids['valutazione_id']}", f"/progetti/{ids['progetto_id']}",
        ):  # fmt: skip
            risposta = await casa.get("asst-crema", percorso, finalita="valutazione")
            assert risposta.status_code == (200 if vede else 404), percorso
        assert (str(ADA) in (await casa.get("asst-crema", "/cartelle?limite=100")).text) is vede
    finally:
        await casa.admin.execute(cambia, sara, ADA, prima["dal"], prima["al"])


async def _incarico(casa: Casa, dal: date, al: date | None) -> str:
    """An incarico of an operator who has no other in force, and her name."""
    operatore = nuovo_id()
    soggetto = f"zzq-{operatore}"
    await casa.admin.execute(
        "INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES ($1, $2, $3, 'Zzqdata', 'Tea')",
        operatore, casa.settings.oidc_issuer, soggetto,
    )  # fmt: skip
    await casa.admin.execute(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal, al)
           VALUES ($1, $2, 1, $3, 'assistente_sociale', $4, $5)""",
        nuovo_id(), operatore, COMUNE_CREMA, dal, al,
    )  # fmt: skip
    return soggetto


async def _stato(casa: Casa, chi: str) -> int:
    return (await casa.get(chi, f"/cartelle/{ADA}")).status_code


async def test_il_giorno_fissato_vale_contro_l_orologio_e_senza_vale_l_orologio(casa: Casa, senza_giorno: Casa) -> None:
    """Pinned on 15 September 2025, the clock of March 2026 neither prolongs nor ends anything; unpinned, it alone decides."""
    finito = await _incarico(casa, date(2024, 1, 1), date(2025, 12, 31))
    futuro = await _incarico(casa, date(2026, 1, 1), None)
    sempre = await _incarico(casa, date(2024, 1, 1), None)
    with alle("2026-03-10T12:00:00"):
        assert [await _stato(casa, chi) for chi in (finito, futuro, sempre)] == [200, 403, 200]
        assert [await _stato(senza_giorno, chi) for chi in (finito, futuro, sempre)] == [403, 200, 200]
        giorni = [(await c.get(sempre, "/io")).json()["data_riferimento"] for c in (casa, senza_giorno)]
        assert giorni == ["2025-09-15", "2026-03-10"]


@pytest.mark.parametrize(
    ("giorno", "ultimo_istante", "primo_istante"),
    [
        (date(2026, 1, 15), "2026-01-15T22:59:59.999999", "2026-01-15T23:00:00"),  # CET
        (date(2026, 3, 29), "2026-03-29T21:59:59.999999", "2026-03-29T22:00:00"),  # 23 hours long, ends in CEST
        (date(2026, 10, 25), "2026-10-25T22:59:59.999999", "2026-10-25T23:00:00"),  # 25 hours long, ends in CET
    ],
    ids=["inverno", "torna l'ora legale", "finisce l'ora legale"],
)
async def test_il_giorno_finisce_a_mezzanotte_in_italia(
    casa: Casa, senza_giorno: Casa, giorno: date, ultimo_istante: str, primo_istante: str
) -> None:
    """An incarico that ends that day and one that begins the next, seen one after the other by the same process."""
    esce, entra = await _incarico(casa, date(2024, 1, 1), giorno), await _incarico(casa, giorno + timedelta(days=1), None)
    for istante, attesi in ((ultimo_istante, [200, 403]), (primo_istante, [403, 200]), (ultimo_istante, [200, 403])):
        with alle(istante):
            assert [await _stato(senza_giorno, chi) for chi in (esce, entra)] == attesi, istante


@pytest.fixture
def orologio(casa: Casa, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock by which tokens are verified."""

    def sposta(ora: float) -> None:
        monkeypatch.setattr(casa.app.state.ambito.servizi.verificatore, "_orologio", lambda: ora)

    return sposta


@pytest.mark.parametrize("ricordato", [True, False], ids=["già visto", "mai visto"])
async def test_il_token_finisce_al_secondo(casa: Casa, orologio: Callable[[float], None], ricordato: bool) -> None:
    prima, durata = adesso_ms() // 1000, 900
    token = casa.emittente.token("as-crema", durata_s=durata)
    emesso = adesso_ms() // 1000
    if emesso != prima:  # the second turned between the two readings: the token's own is not known
        prima, token = emesso, casa.emittente.token("as-crema", durata_s=durata)
    testate = {"Authorization": f"Bearer {token}"}

    async def stato(ora: float) -> int:
        orologio(ora)
        risposta = await casa.client.get("/cartelle", headers=testate)
        assert risposta.status_code == 200 or await casa.audit(risposta) == []
        return risposta.status_code

    if ricordato:
        assert await stato(prima + 1) == 200
        assert casa.app.state.ambito.servizi.verificatore.verifica_ricordato(token) is not None
    fine = prima + durata + SCARTO_S
    assert await stato(fine) == 401
    assert await stato(fine - 0.001) == 200, "its clock back: nothing of the refusal is remembered"
    assert await stato(fine) == 401
    assert await stato(fine + 3600) == 401


async def test_un_token_del_futuro_non_vale_ancora(casa: Casa, orologio: Callable[[float], None]) -> None:
    testate = {"Authorization": f"Bearer {casa.emittente.token('as-crema')}"}
    adesso = adesso_ms() // 1000
    orologio(adesso - SCARTO_S - 2)
    assert (await casa.client.get("/cartelle", headers=testate)).status_code == 401
    orologio(adesso - SCARTO_S + 2)
    assert (await casa.client.get("/cartelle", headers=testate)).status_code == 200


async def test_cio_che_si_ebbe_prima_della_fine_non_serve_dopo(casa: Casa) -> None:
    """A cursor, an idempotency key and a version had while the incarico ran: the next day they open nothing."""
    chi = await _incarico(casa, date(2024, 1, 1), None)
    operatore = await casa.operatore(chi)
    creata = await casa.apri(chi)
    cursore = (await casa.get(chi, "/cartelle?limite=1")).json()["successivo"]
    assert cursore
    apertura = {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    chiave = str(nuovo_id())

    async def con_cio_che_ebbe() -> list[Any]:
        return [
            await casa.get(chi, f"/cartelle?limite=1&cursore={cursore}"),
            await casa.post(chi, "/cartelle", apertura, idempotency_key=chiave),
            await casa.post(chi, f"/cartelle/{creata['id']}/chiusura", if_match='"1"'),
        ]

    assert [r.status_code for r in await con_cio_che_ebbe()] == [200, 201, 200]
    await casa.admin.execute("UPDATE incarico SET al = $2 WHERE operatore_id = $1", operatore, IERI)
    prima = await casa.impronta("audit")
    for risposta in await con_cio_che_ebbe():
        problema(risposta, 403, "operazione-non-consentita")
        [riga] = await casa.audit(risposta)
        assert (riga["esito"], riga["operatore_id"]) == ("negata", operatore)
    assert await casa.impronta("audit") == prima


async def test_una_delega_finita_tra_una_pagina_e_l_altra(casa: Casa) -> None:
    """The cursor is still hers; what is no longer delegated is not in the page it gives."""
    delegate = await casa.admin.fetch(
        """SELECT d.id FROM delega d JOIN ente e ON e.id = d.ente_gestore_id
           WHERE e.codice = 'csc' AND d.al IS NULL AND d.dal < $1""",
        GIORNO,
    )
    ids: list[UUID] = [r["id"] for r in delegate]
    prima = (await casa.get("coord-csc", "/cartelle?limite=1")).json()
    assert prima["successivo"]
    seguito = f"/cartelle?limite=100&cursore={prima['successivo']}"
    assert (await casa.get("coord-csc", seguito)).json()["elementi"]
    await casa.admin.execute("UPDATE delega SET al = $2 WHERE id = ANY ($1::uuid[])", ids, IERI)
    try:
        dopo = await casa.get("coord-csc", seguito)
        assert (dopo.status_code, dopo.json()) == (200, {"elementi": [], "successivo": None})
    finally:
        await casa.admin.execute("UPDATE delega SET al = NULL WHERE id = ANY ($1::uuid[])", ids)
