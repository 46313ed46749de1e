"""The one writer of the chain: numbers committed rows of the audit trail, hashes them, signs a head per batch, stores receipts.

A number is given after the commit of its row, by one writer, as the sequencer of the log does: a row committed late is sealed
late and never lost, a rolled-back one leaves no gap. Everything of a batch is one transaction: a sealer killed anywhere leaves
the batch whole or not at all.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import SIGILLATORE
from services.core.sigillo import repository
from services.core.sigillo.albero import Albero
from services.core.sigillo.firme import Firmatario
from services.core.sigillo.forma import CHIARE, PERSONALI, foglia, foglia_oblio, impegno, nuovo_sale
from services.core.sigillo.testa import INIZIO, RicevutaFirmata, Testa, TestaFirmata

LOTTO = 2000
"""Most rows in one batch."""

BLOCCO_SIGILLO = 0x53494749
"""Advisory lock of the transaction that seals (the letters SIGI)."""


@dataclass(frozen=True, slots=True)
class Voce:
    """What takes the next number: a row of audit with its salt, or an act of erasure."""

    foglia: bytes
    audit_id: int | None = None
    oblio_id: UUID | None = None
    sale: bytes | None = None


@asynccontextmanager
async def come(connessione: Any, ruolo: str) -> AsyncIterator[None]:
    """A transaction of `connessione` under `ruolo`."""
    async with connessione.transaction():
        await connessione.execute(f"SET LOCAL ROLE {ruolo}")
        yield


_SCRIVENTI = """SELECT virtualtransaction FROM pg_locks
  WHERE locktype = 'relation' AND relation = 'audit'::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

_DA_SIGILLARE = f"""SELECT {", ".join((*CHIARE, *PERSONALI))} FROM audit a
  WHERE a.id > $1 AND NOT EXISTS (SELECT 1 FROM sigillo_voce v WHERE v.audit_id = a.id AND v.audit_id > $1)
  ORDER BY a.id LIMIT $2"""

_ATTI_DA_SIGILLARE = """SELECT o.id, o.archivio, o.numeri, o.motivo, o.quando, o.kid, o.firma FROM sigillo_oblio o
  WHERE NOT EXISTS (SELECT 1 FROM sigillo_voce v WHERE v.oblio_id = o.id) ORDER BY o.quando, o.id LIMIT $1"""

_SCRIVI_VOCI = """INSERT INTO sigillo_voce (numero, audit_id, oblio_id, sale, foglia)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[])"""

_SCRIVI_TESTA = """INSERT INTO sigillo_testa (lotto, archivio, precedente, da, a, quante, radice, quando, kid, impronta, firma)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""


class Assodato:
    """Up to which row of audit nothing can appear any more, so that looking for late rows need not start from the beginning.

    A row's identifier is drawn while its transaction holds the table's lock for writing. So when all who held it at an instant
    have ended, every identifier drawn before that instant has its row visible or never will.
    """

    def __init__(self) -> None:
        self._fino, self._scriventi = 0, set[str]()

    async def osserva(self, connessione: Any) -> int:
        """Return the highest identifier known to be settled, 0 when there is none new. Read the rows after, not before."""
        ultimo = None if self._scriventi else await connessione.fetchval("SELECT max(id) FROM audit")
        adesso = {riga[0] for riga in await connessione.fetch(_SCRIVENTI)}
        if ultimo is not None:
            self._fino, self._scriventi = ultimo, adesso
        else:
            self._scriventi &= adesso
        return 0 if self._scriventi else self._fino


class Sigillo:
    """Seals on the connections it is given, one batch at a time. `archivio` names a chain that begins."""

    def __init__(self, firmatario: Firmatario, archivio: Callable[[], UUID] = nuovo_id) -> None:
        self._firmatario, self._archivio, self._assodato = firmatario, archivio, Assodato()

    async def sigilla(self, connessione: Any, limite: int = LOTTO) -> int:
        """Seal at most `limite` committed rows in one transaction of its own; return how many. 0 also when another is at it."""
        async with come(connessione, SIGILLATORE):
            if not await connessione.fetchval("SELECT pg_try_advisory_xact_lock($1)", BLOCCO_SIGILLO):
                return 0
            # a plan that does not know from where to look reads the whole trail
            await connessione.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            await connessione.execute("INSERT INTO sigillo_stato (id) VALUES (1) ON CONFLICT DO NOTHING")
            assodato = await connessione.fetchval("SELECT assodato FROM sigillo_stato WHERE id = 1")
            nuovo = await self._assodato.osserva(connessione)
            righe = await connessione.fetch(_DA_SIGILLARE, assodato, limite)
            atti = await connessione.fetch(_ATTI_DA_SIGILLARE, limite - len(righe))
            if righe or atti:
                await self._scrivi(connessione, righe, atti)
            if len(righe) == limite:
                nuovo = min(nuovo, righe[-1]["id"])  # after the last one taken there may be others
            if nuovo > assodato:
                await connessione.execute("UPDATE sigillo_stato SET assodato = $1 WHERE id = 1", nuovo)
            return len(righe) + len(atti)

    async def _scrivi(self, connessione: Any, righe: Sequence[Any], atti: Sequence[Any]) -> None:
        ultima = await repository.ultima_testa(connessione)
        da = ultima.testa.a + 1 if ultima else 1
        voci = [_voce(numero, riga) for numero, riga in enumerate(righe, da)]
        voci += [_voce_oblio(numero, riga) for numero, riga in enumerate(atti, da + len(righe))]
        quando = await connessione.fetchval("SELECT clock_timestamp()")
        await self._scrivi_testa(connessione, self._testa(ultima.testa if ultima else None, voci, quando))
        await connessione.execute(
            _SCRIVI_VOCI,
            list(range(da, da + len(voci))),
            [v.audit_id for v in voci],
            [v.oblio_id for v in voci],
            [v.sale for v in voci],
            [v.foglia for v in voci],
        )

    def _testa(self, ultima: Testa | None, voci: Sequence[Voce], quando: datetime) -> Testa:
        albero = Albero()
        for voce in voci:
            albero.aggiungi(voce.foglia)
        da = ultima.a + 1 if ultima else 1
        return Testa(
            archivio=ultima.archivio if ultima else self._archivio(),
            lotto=ultima.lotto + 1 if ultima else 1,
            precedente=ultima.impronta() if ultima else INIZIO,
            da=da,
            a=da + len(voci) - 1,
            quante=len(voci),
            radice=albero.radice().hex(),
            quando=quando,
            kid=self._firmatario.kid,
        )

    async def _scrivi_testa(self, connessione: Any, t: Testa) -> None:
        await connessione.execute(
            _SCRIVI_TESTA,
            t.lotto,
            t.archivio,
            bytes.fromhex(t.precedente),
            t.da,
            t.a,
            t.quante,
            bytes.fromhex(t.radice),
            t.quando,
            t.kid,
            bytes.fromhex(t.impronta()),
            self._firmatario.firma(t.byte()),
        )


def _voce(numero: int, riga: Any) -> Voce:
    sale = nuovo_sale()
    return Voce(foglia(numero, riga, impegno(sale, riga)), audit_id=riga["id"], sale=sale)


def _voce_oblio(numero: int, riga: Any) -> Voce:
    return Voce(foglia_oblio(numero, repository.atto(riga), riga["firma"]), oblio_id=riga["id"])


async def adotta_testimone(connessione: Any, kid: str) -> None:
    """Say which witness is in use, for the measures: what another one signed counts no more."""
    async with come(connessione, SIGILLATORE):
        await connessione.execute(
            "INSERT INTO sigillo_stato (id, testimone) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET testimone = $1", kid
        )


async def da_consegnare(connessione: Any, dopo: int, limite: int) -> list[TestaFirmata]:
    """Return the heads after batch `dopo`, in order, at most `limite`."""
    async with come(connessione, SIGILLATORE):
        return [letta.firmata() for letta in await repository.teste(connessione, dopo, limite)]


async def conserva_ricevuta(connessione: Any, firmata: RicevutaFirmata) -> None:
    """Store a receipt whose signature was checked; storing it again changes nothing."""
    r = firmata.ricevuta
    async with come(connessione, SIGILLATORE):
        await connessione.execute(
            """INSERT INTO sigillo_ricevuta (kid, lotto, archivio, testa, quando, firma) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT DO NOTHING""",
            r.kid,
            r.lotto,
            r.archivio,
            bytes.fromhex(r.testa),
            r.quando,
            bytes.fromhex(firmata.controfirma),
        )
