"""Two revocations at once while others read: what begins after the first commit is refused, and nothing fails.

On real connections: the readers are requests on the pools of the application, the revocations two administrators' transactions
that meet on the same row, or two requests that dissolve one team (that end an incarico: tests/integration/test_incarichi.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio

from tests.ambiente import GIORNO
from tests.attack.mondo import ADA, Mondo
from tests.casa import Casa
from tests.percorsi import Percorso

pytestmark = pytest.mark.asyncio(loop_scope="module")

LETTORI = 4
IERI = GIORNO - timedelta(days=1)
FINE = timedelta(milliseconds=60)
"""How long each revocation holds the row, so that the other waits for it."""


@dataclass(frozen=True)
class Vista:
    """What one reading showed: when it began and ended, its status, and whether the cartella was in it."""

    inizio: float
    fine: float
    percorso: str
    stato: int
    mostra: bool


@dataclass(frozen=True)
class Revoca:
    """A relation by which `chi` reads `percorsi`, the statement that ends it, and the answer afterwards."""

    chi: str
    percorsi: tuple[str, ...]
    istruzione: str
    chiave: UUID
    dopo: int


@dataclass
class Scena:
    casa: Casa
    revoca: Revoca
    cartella: str = str(ADA)
    viste: list[Vista] = field(default_factory=list)
    fermi: asyncio.Event = field(default_factory=asyncio.Event)
    bastano: asyncio.Event = field(default_factory=asyncio.Event)
    attese: int = 0

    def _vista(self, inizio: float, percorso: str, risposta: httpx.Response) -> Vista:
        mostra = risposta.status_code == 200 and (percorso != "/cartelle?limite=100" or self.cartella in risposta.text)
        return Vista(inizio, monotonic(), percorso, risposta.status_code, mostra)

    async def legge(self, primo: int) -> None:
        """Read the paths round and round until told to stop."""
        giro = primo
        while not self.fermi.is_set():
            percorso = self.revoca.percorsi[giro % len(self.revoca.percorsi)]
            inizio = monotonic()
            risposta = await self.casa.get(self.revoca.chi, percorso, finalita="valutazione")
            self.viste.append(self._vista(inizio, percorso, risposta))
            if len(self.viste) >= self.attese:
                self.bastano.set()
            giro += 1

    async def revoca_insieme(self, insieme: asyncio.Barrier, annulla: bool) -> float | None:
        """End the relation in a transaction of its own, and return when it was; None if it changes its mind (`annulla`)."""
        connessione = await asyncpg.connect(self.casa.settings.dsn_admin)
        try:
            transazione = connessione.transaction()
            await insieme.wait()
            await transazione.start()
            assert await connessione.execute(self.revoca.istruzione, self.revoca.chiave, IERI) == "UPDATE 1"
            await asyncio.sleep(FINE.total_seconds())
            await (transazione.rollback() if annulla else transazione.commit())
            return None if annulla else monotonic()
        finally:
            await connessione.close()

    async def recita(self, *revoche: Awaitable[float | None]) -> tuple[float, float]:
        """Readers for a while, the revocations together, readers for a while again; when they began and when the first held."""
        lettori = [asyncio.create_task(self.legge(i)) for i in range(LETTORI)]
        await self._letture(20)
        inizio = monotonic()
        finite = await asyncio.gather(*revoche)
        await self._letture(len(self.viste) + 40)
        self.fermi.set()
        await asyncio.gather(*lettori)
        return inizio, min(f for f in finite if f is not None)

    async def _letture(self, quante: int) -> None:
        self.attese = quante
        self.bastano.clear()
        async with asyncio.timeout(20):
            await self.bastano.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def revoche(mondo: Mondo) -> dict[str, Revoca]:
    """The three relations by which a cartella is seen, each of another operator."""
    casa, ids = mondo.casa, mondo.ids
    annessi = (f"/cartelle/{ADA}", "/cartelle?limite=100", f"/equipe/{ids['equipe_id']}", f"/valutazioni/{ids['valutazione_id']}")
    squadra = """UPDATE accesso SET al = $2, dal = least(dal, $2) WHERE cartella_id = $1 AND operatore_id =
                 (SELECT id FROM operatore WHERE soggetto = 'asst-crema')"""
    competenza = await casa.admin.fetchval("SELECT competenza_id FROM cartella WHERE id = $1", ADA)
    delega: UUID = await casa.admin.fetchval(
        """SELECT d.id FROM delega d JOIN ente e ON e.id = d.ente_gestore_id
           WHERE d.competenza_id = $1 AND e.codice = 'csc' AND d.al IS NULL""",
        competenza,
    )
    incarico = "SELECT id FROM incarico WHERE operatore_id = $1"
    della_as: UUID = await casa.admin.fetchval(incarico, await casa.operatore("as-crema"))
    return {
        "accesso": Revoca("asst-crema", (*annessi, f"/progetti/{ids['progetto_id']}"), squadra, ADA, 404),
        "delega": Revoca("coord-csc", (*annessi, f"/cartelle/{ADA}/fatti"), _FINISCE.format("delega"), delega, 404),
        "incarico": Revoca("as-crema", (*annessi, f"/cartelle/{ADA}/domande", "/io"), _FINISCE.format("incarico"), della_as, 403),
    }  # fmt: skip


_FINISCE = "UPDATE {} SET al = $2 WHERE id = $1"
_RIPRENDE: dict[str, Callable[[str], str]] = {
    "accesso": lambda istruzione: istruzione.replace("al = $2, dal = least(dal, $2)", "al = NULL"),
    "delega": lambda istruzione: istruzione.replace("$2", "NULL"),
    "incarico": lambda istruzione: istruzione.replace("$2", "NULL"),
}


def _prova(viste: list[Vista], revoca: Revoca, inizio: float, revocata: float) -> None:
    assert {v.stato for v in viste} <= {200, revoca.dopo}, "no fault, whatever the moment"
    prima = [v for v in viste if v.fine < inizio]
    assert len(prima) >= 15
    assert all(v.mostra for v in prima), "while it lasts it opens every door"
    dopo = [v for v in viste if v.inizio > revocata]
    assert len(dopo) >= 30
    assert {v.percorso for v in dopo} == set(revoca.percorsi)
    assert [v for v in dopo if v.mostra] == []


@pytest.mark.parametrize("annullate", [(False, False), (True, False)], ids=["tutt'e due", "una sola"])
@pytest.mark.parametrize("nome", ["accesso", "delega", "incarico"])
async def test_dopo_la_revoca_nessuna_lettura_mostra(
    casa: Casa, revoche: dict[str, Revoca], nome: str, annullate: tuple[bool, bool]
) -> None:
    scena = Scena(casa, revoche[nome])
    insieme = asyncio.Barrier(2)
    inizio, revocata = await scena.recita(*(scena.revoca_insieme(insieme, annulla) for annulla in annullate))
    _prova(scena.viste, scena.revoca, inizio, revocata)
    ripresa = _RIPRENDE[nome](scena.revoca.istruzione)
    await casa.admin.execute(ripresa, scena.revoca.chiave)
    tornata: Any = await casa.get(scena.revoca.chi, f"/cartelle/{ADA}")
    assert tornata.status_code == 200, "nothing of the refusal was remembered either"


async def test_una_squadra_sciolta_due_volte_insieme(casa: Casa) -> None:
    """By the API, by two colleagues at once: one does it, the other is told, and from the first answer on nobody is let in."""
    cartella = UUID((await casa.apri())["id"])
    equipe = await Percorso(casa.client, casa.token).equipe_integrata(cartella)
    percorsi = (f"/cartelle/{cartella}", "/cartelle?limite=100", f"/equipe/{equipe['id']}", f"/cartelle/{cartella}/equipe")
    scena = Scena(casa, Revoca("asst-crema", percorsi, "", cartella, 404), str(cartella))
    esiti = []

    async def scioglie(chi: str) -> float | None:
        risposta = await casa.post(chi, f"/equipe/{equipe['id']}/scioglimento", {"cessata_il": str(GIORNO)}, if_match='"1"')
        esiti.append(risposta.status_code)
        return monotonic() if risposta.status_code == 200 else None

    inizio, revocata = await scena.recita(scioglie("as-crema"), scioglie("coord-csc"))
    assert sorted(esiti) == [200, 409]
    _prova(scena.viste, scena.revoca, inizio, revocata)
