"""An audit trail to seal, a witness beside it, and the verification: for the tests that tamper with one or the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.core.sigillo.consegna import Consegna, Esito
from services.core.sigillo.firme import Fiducia, Firmatario
from services.core.sigillo.rapporto import Rapporto, Specie
from services.core.sigillo.revisione import verifica
from services.core.sigillo.service import Sigillo
from services.core.sigillo.testimonianza import FileTestimone
from services.core.sigillo.verifica import FINESTRA, Fiduciari
from services.testimone.app import crea_app
from services.testimone.archivio import Archivi

_INSERISCI = """INSERT INTO audit (richiesta_id, ambito_id, operatore_id, incarico_id, operazione, finalita, esito, motivo,
                                   oggetto_tipo, oggetti, quando)
  VALUES ($1, 1, $2, $3, 'leggiCartella', 'presa_in_carico', 'consentita', NULL, 'cartella', $4,
          coalesce($5::timestamptz, clock_timestamp()))"""


def nuova_chiave() -> Firmatario:
    """A key of its own for each test."""
    return Firmatario(Ed25519PrivateKey.generate())


async def scrivi(connessione: Any, quante: int = 1, quando: datetime | None = None) -> None:
    """Rows of audit, as the application leaves them."""
    righe = [(nuovo_id(), nuovo_id(), nuovo_id(), [nuovo_id()], quando) for _ in range(quante)]
    await connessione.executemany(_INSERISCI, righe)


@dataclass
class Custode:
    """A witness in this process: its files, and a client that reaches it without a socket."""

    cartella: Path
    sigillatori: list[Firmatario]
    chiave: Firmatario = field(default_factory=nuova_chiave)
    archivi: Archivi = field(init=False)
    cliente: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.apri()

    def apri(self) -> None:
        """Start it on its folder."""
        self.archivi = Archivi(self.cartella, self.chiave, Fiducia(f.pubblica for f in self.sigillatori))
        self.cliente = httpx.AsyncClient(transport=httpx.ASGITransport(app=crea_app(self.archivi)))

    async def chiudi(self) -> None:
        """Stop it."""
        await self.cliente.aclose()
        self.archivi.chiudi()

    async def riavvia(self) -> None:
        """Stop it and start it again: what it knows is what is on disk."""
        await self.chiudi()
        self.apri()

    def consegna(self) -> Consegna:
        """A handing over that begins now."""
        return Consegna(self.cliente, "http://testimone", Fiducia([self.chiave.pubblica]))

    async def riceve(self, connessione: Any) -> None:
        """Hand over all that is sealed."""
        consegna = self.consegna()
        while await consegna.giro(connessione) is Esito.ANCORA:
            pass


@dataclass
class Mondo:
    """One database with its trail, its sealer and its witness."""

    settings: Settings
    admin: Any
    chiave: Firmatario
    testimone: Custode
    sigillo: Sigillo

    async def sigilla(self, quante: int = 0, limite: int = 2000, quando: datetime | None = None) -> int:
        """Write rows and seal everything there is; return how many were sealed."""
        await scrivi(self.admin, quante, quando)
        totale = 0
        while sigillate := await self.sigillo.sigilla(self.admin, limite):
            totale += sigillate
        return totale

    async def archivio(self) -> UUID:
        """The name of the chain."""
        nome: UUID = await self.admin.fetchval("SELECT archivio FROM sigillo_testa ORDER BY lotto LIMIT 1")
        return nome

    async def file(self) -> Path:
        """The witness's file of the chain as it is named now."""
        return self.testimone.archivi.percorso(await self.archivio())

    async def verifica(
        self, file: Path | None = None, *, senza_testimone: bool = False, finestra: timedelta = FINESTRA
    ) -> Rapporto:
        """Verify, with the witness's receipts and, when given, its file."""
        testimone = None if senza_testimone else Fiducia([self.testimone.chiave.pubblica])
        fiduciari = Fiduciari(Fiducia([self.chiave.pubblica]), testimone, FileTestimone(file) if file else None)
        return await verifica(self.settings.dsn_admin, fiduciari, finestra=finestra)

    async def trova(self, file: Path | None = None, **altro: Any) -> dict[Specie, list[tuple[int, int]]]:
        """What a verification finds, by kind."""
        trovati: dict[Specie, list[tuple[int, int]]] = {}
        for rilievo in (await self.verifica(file, **altro)).rilievi:
            trovati.setdefault(rilievo.specie, []).append((rilievo.da, rilievo.a))
        return trovati

    async def manometti(self, *istruzioni: str) -> None:
        """Do it as the owner of the tables, who lifts the row policies and puts them back."""
        tabelle = ("audit", "sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_oblio", "sigillo_stato")
        async with self.admin.transaction():
            await self.admin.execute("SET LOCAL ROLE ambito_owner")
            await self.admin.execute("".join(f"ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY;" for t in tabelle))
            for istruzione in istruzioni:
                await self.admin.execute(istruzione)
            await self.admin.execute("".join(f"ALTER TABLE {t} FORCE ROW LEVEL SECURITY;" for t in tabelle))

    @asynccontextmanager
    async def da_rimettere(self, tabella: str) -> AsyncIterator[None]:
        """Put the rows of `tabella` back as they were at the end."""
        await self.manometti(f"CREATE TABLE prima AS TABLE {tabella}")
        yield
        rimetti = f"INSERT INTO {tabella} OVERRIDING SYSTEM VALUE SELECT * FROM prima"
        await self.manometti(f"DELETE FROM {tabella}", rimetti, "DROP TABLE prima")


@asynccontextmanager
async def apri_mondo(settings: Settings, cartella: Path) -> AsyncIterator[Mondo]:
    """A world on the database of `settings`, its witness's files in `cartella`."""
    admin = await asyncpg.connect(settings.dsn_admin)
    chiave = nuova_chiave()
    testimone = Custode(cartella, [chiave])
    try:
        yield Mondo(settings, admin, chiave, testimone, Sigillo(chiave))
    finally:
        await testimone.chiudi()
        await admin.close()


def data(giorni: int, ora: datetime) -> datetime:
    """An instant some days before `ora`."""
    return ora - timedelta(days=giorni)
