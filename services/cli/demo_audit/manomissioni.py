"""Every way of tampering with the sealed trail that was thought of, each with what the verification must call it.

Each is done with the power of the tables' owner, who lifts the row policies and puts them back; some also with the sealer's
private key. The trail it works on has several batches, and rows already erased by an act. The tests try the same ones.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.core.access.politiche import SIGILLO
from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import PROPRIETARIO
from services.core.sigillo.albero import Albero
from services.core.sigillo.firme import Firmatario
from services.core.sigillo.forma import CHIARE, PERSONALI, Atto, foglia, impegno
from services.core.sigillo.oblio import intervalli
from services.core.sigillo.rapporto import Specie
from services.core.sigillo.service import Sigillo, da_consegnare

TABELLE = ("audit", *SIGILLO)
_COLONNE = ", ".join(f"a.{nome}" for nome in (*CHIARE, *PERSONALI))
_CON_SALE = f"SELECT {_COLONNE}, v.sale FROM sigillo_voce v JOIN audit a ON a.id = v.audit_id WHERE v.numero = $1"


@asynccontextmanager
async def da_proprietario(connessione: Any) -> AsyncIterator[None]:
    """A transaction as the owner of the tables, row policies lifted meanwhile."""
    async with connessione.transaction():
        await connessione.execute(f"SET LOCAL ROLE {PROPRIETARIO}")
        for tabella in TABELLE:
            await connessione.execute(f"ALTER TABLE {tabella} NO FORCE ROW LEVEL SECURITY")
        yield
        for tabella in TABELLE:
            await connessione.execute(f"ALTER TABLE {tabella} FORCE ROW LEVEL SECURITY")


async def nel_mezzo(connessione: Any) -> int:
    """A number in the middle of the trail that has a row with its values."""
    query = "SELECT numero FROM sigillo_voce WHERE sale IS NOT NULL ORDER BY numero OFFSET {} LIMIT 1"
    quante = await connessione.fetchval("SELECT count(*) FROM sigillo_voce WHERE sale IS NOT NULL")
    numero: int = await connessione.fetchval(query.format(quante // 2))
    return numero


async def _modifica(c: Any, _: Firmatario) -> None:
    """Somebody else is made to have acted."""
    async with da_proprietario(c):
        sql = "UPDATE audit SET operatore_id = $2 WHERE id = (SELECT audit_id FROM sigillo_voce WHERE numero = $1)"
        await c.execute(sql, await nel_mezzo(c), nuovo_id())


async def _modifica_con_la_foglia(c: Any, _: Firmatario) -> None:
    """As above, with the hash of the row made to agree."""
    numero = await nel_mezzo(c)
    async with da_proprietario(c):
        qui = "WHERE id = (SELECT audit_id FROM sigillo_voce WHERE numero = $1)"
        await c.execute(f"UPDATE audit SET esito = 'negata', motivo = 'non-trovato' {qui}", numero)
        riga = await c.fetchrow(_CON_SALE, numero)
        falsa = foglia(numero, riga, impegno(riga["sale"], riga))
        await c.execute("UPDATE sigillo_voce SET foglia = $2 WHERE numero = $1", numero, falsa)


async def _cancella(c: Any, _: Firmatario) -> None:
    """A row is deleted."""
    async with da_proprietario(c):
        await c.execute("DELETE FROM audit WHERE id = (SELECT audit_id FROM sigillo_voce WHERE numero = $1)", await nel_mezzo(c))


async def _cancella_col_numero(c: Any, _: Firmatario) -> None:
    """A row is deleted with all that was at its number."""
    numero = await nel_mezzo(c)
    async with da_proprietario(c):
        await c.execute("DELETE FROM audit WHERE id = (SELECT audit_id FROM sigillo_voce WHERE numero = $1)", numero)
        await c.execute("DELETE FROM sigillo_voce WHERE numero = $1", numero)


async def _cancella_un_lotto(c: Any, _: Firmatario) -> None:
    """A whole batch in the middle is deleted, head and receipts with it."""
    lotto = 1 + await c.fetchval("SELECT max(lotto) / 2 FROM sigillo_testa")
    async with da_proprietario(c):
        await _via_dal_lotto(c, lotto, lotto)


async def _taglia_la_coda(c: Any, _: Firmatario) -> None:
    """The last batches are deleted with everything that tells of them."""
    ultimo = await c.fetchval("SELECT max(lotto) FROM sigillo_testa")
    async with da_proprietario(c):
        await _via_dal_lotto(c, ultimo - 1, ultimo)


async def _via_dal_lotto(c: Any, primo: int, ultimo: int) -> None:
    da = await c.fetchval("SELECT min(da) FROM sigillo_testa WHERE lotto BETWEEN $1 AND $2", primo, ultimo)
    a = await c.fetchval("SELECT max(a) FROM sigillo_testa WHERE lotto BETWEEN $1 AND $2", primo, ultimo)
    scelte = "FROM sigillo_voce WHERE numero BETWEEN $1 AND $2"
    await c.execute(f"DELETE FROM audit WHERE id IN (SELECT audit_id {scelte})", da, a)
    await c.execute(f"DELETE FROM sigillo_oblio WHERE id IN (SELECT oblio_id {scelte})", da, a)
    await c.execute(f"DELETE {scelte}", da, a)
    await c.execute("DELETE FROM sigillo_testa WHERE lotto BETWEEN $1 AND $2", primo, ultimo)
    await c.execute("DELETE FROM sigillo_ricevuta WHERE lotto BETWEEN $1 AND $2", primo, ultimo)


async def _scambia(c: Any, _: Firmatario) -> None:
    """Two rows exchange their numbers, seals and all."""
    numero = await nel_mezzo(c)
    async with da_proprietario(c):
        await c.execute("UPDATE sigillo_voce SET numero = -1 WHERE numero = $1", numero)
        await c.execute("UPDATE sigillo_voce SET numero = $1 WHERE numero = $2", numero, numero - 1)
        await c.execute("UPDATE sigillo_voce SET numero = $1 WHERE numero = -1", numero - 1)


async def _retrodata(c: Any, chiave: Firmatario) -> None:
    """A row that pretends to be an hour old is slipped in among those of an hour ago; the sealer takes it for a late one."""
    async with da_proprietario(c):
        await c.execute(
            """INSERT INTO audit (richiesta_id, quando, ambito_id, operatore_id, operazione, esito, oggetti)
               VALUES ($1, clock_timestamp() - interval '1 hour', 1, $1, 'leggiCartella', 'consentita', '{}')""",
            nuovo_id(),
        )
    await Sigillo(chiave).sigilla(c)


async def _infila(c: Any, _: Firmatario) -> None:
    """A row with an identifier of long ago, which the sealer has passed by."""
    async with da_proprietario(c):
        await c.execute(
            """INSERT INTO audit (id, richiesta_id, quando, ambito_id, operazione, esito, oggetti) OVERRIDING SYSTEM VALUE
               VALUES (-1, $1, clock_timestamp() - interval '1 hour', 1, 'leggiCartella', 'consentita', '{}')""",
            nuovo_id(),
        )


async def _oblia_di_nascosto(c: Any, _: Firmatario) -> None:
    """Values and salt are taken away as an erasure does, commitment kept, and no act is left."""
    await _svuota(c, await nel_mezzo(c))


async def _svuota(c: Any, numero: int) -> None:
    riga = await c.fetchrow(_CON_SALE, numero)
    async with da_proprietario(c):
        await c.execute("UPDATE audit SET operatore_id = NULL, incarico_id = NULL, oggetti = '{}' WHERE id = $1", riga["id"])
        falso = impegno(riga["sale"], riga)
        await c.execute("UPDATE sigillo_voce SET sale = NULL, impegno = $2 WHERE numero = $1", numero, falso)


async def _falsifica_un_atto(c: Any, _: Firmatario) -> None:
    """As above, with an act signed by who has not the sealer's key but gives its name."""
    numero = await nel_mezzo(c)
    await _svuota(c, numero)
    vera = await c.fetchrow("SELECT archivio, quando, kid FROM sigillo_testa ORDER BY lotto DESC LIMIT 1")
    atto = Atto(id=nuovo_id(), numeri=intervalli([numero]), motivo="atto inventato", **vera)
    falsa = Firmatario(Ed25519PrivateKey.generate()).firma(atto.byte())
    async with da_proprietario(c):
        sql = "INSERT INTO sigillo_oblio (id, archivio, numeri, motivo, quando, kid, firma) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        numeri = f"[[{numero}, {numero}]]"
        await c.execute(sql, atto.id, atto.archivio, numeri, atto.motivo, atto.quando, atto.kid, falsa)


async def _allarga_un_atto(c: Any, _: Firmatario) -> None:
    """A true act is made to cover one row more."""
    numero = await nel_mezzo(c)
    await _svuota(c, numero)
    async with da_proprietario(c):
        sql = "UPDATE sigillo_oblio SET numeri = numeri || jsonb_build_array(jsonb_build_array($1::bigint, $1::bigint))"
        await c.execute(sql, numero)


async def _nascondi_un_atto(c: Any, _: Firmatario) -> None:
    """The act of an erasure is deleted."""
    async with da_proprietario(c):
        await c.execute("DELETE FROM sigillo_oblio")


async def _riusa_un_oblio(c: Any, _: Firmatario) -> None:
    """Into a row that an act emptied somebody else's name is written: there is no salt any more to deny it."""
    async with da_proprietario(c):
        sql = "UPDATE audit SET operatore_id = $1 WHERE id = (SELECT min(audit_id) FROM sigillo_voce WHERE impegno IS NOT NULL)"
        await c.execute(sql, nuovo_id())


async def _altera_una_testa(c: Any, _: Firmatario) -> None:
    """The instant of a head is moved, hash and all."""
    (seconda,) = await da_consegnare(c, 1, 1)
    spostata = seconda.testa.model_copy(update={"quando": seconda.testa.quando - timedelta(hours=1)})
    async with da_proprietario(c):
        sql = "UPDATE sigillo_testa SET quando = $1, impronta = $2 WHERE lotto = 2"
        await c.execute(sql, spostata.quando, bytes.fromhex(spostata.impronta()))


async def _riscrivi_un_lotto(c: Any, chiave: Firmatario) -> None:
    """A row is changed, and its leaf, the root and the head of its batch are made again and signed with the sealer's key."""
    numero = await nel_mezzo(c)
    await _modifica_con_la_foglia(c, chiave)
    lotto = await c.fetchval("SELECT lotto FROM sigillo_testa WHERE $1 BETWEEN da AND a", numero)
    (vera,) = await da_consegnare(c, lotto - 1, 1)
    async with da_proprietario(c):
        sql = "SELECT foglia FROM sigillo_voce WHERE numero BETWEEN $1 AND $2 ORDER BY numero"
        albero = Albero()
        for trovata in await c.fetch(sql, vera.testa.da, vera.testa.a):
            albero.aggiungi(trovata["foglia"])
        falsa = vera.testa.model_copy(update={"radice": albero.radice().hex()})
        sql = "UPDATE sigillo_testa SET radice = $2, impronta = $3, firma = $4 WHERE lotto = $1"
        await c.execute(sql, lotto, albero.radice(), bytes.fromhex(falsa.impronta()), chiave.firma(falsa.byte()))


async def _falsifica_una_ricevuta(c: Any, _: Firmatario) -> None:
    """The witness is made to have signed a day later."""
    async with da_proprietario(c):
        await c.execute("UPDATE sigillo_ricevuta SET quando = quando + interval '1 day'")


async def _riscrivi(c: Any, chiave: Firmatario, archivio: UUID) -> None:
    """Everything is sealed again from the beginning, after taking out a row."""
    await _cancella(c, chiave)
    async with da_proprietario(c):
        for tabella in SIGILLO:
            await c.execute(f"DELETE FROM {tabella}")
    sigillo = Sigillo(chiave, lambda: archivio)
    while await sigillo.sigilla(c, 20):
        pass


async def _riscrivi_senza_chiave(c: Any, _: Firmatario) -> None:
    archivio = await c.fetchval("SELECT archivio FROM sigillo_testa LIMIT 1")
    await _riscrivi(c, Firmatario(Ed25519PrivateKey.generate()), archivio)


async def _riscrivi_con_la_chiave(c: Any, chiave: Firmatario) -> None:
    archivio = await c.fetchval("SELECT archivio FROM sigillo_testa LIMIT 1")
    await _riscrivi(c, chiave, archivio)


async def _riscrivi_un_altra_catena(c: Any, chiave: Firmatario) -> None:
    await _riscrivi(c, chiave, nuovo_id())


async def _elimina_tutto(c: Any, _: Firmatario) -> None:
    async with da_proprietario(c):
        for tabella in TABELLE:
            await c.execute(f"DELETE FROM {tabella}")


@dataclass(frozen=True, slots=True)
class Manomissione:
    """One way of tampering: its name for the reader, what it must be called, and who does it on which connection."""

    nome: str
    attesa: Specie
    fai: Callable[[Any, Firmatario], Awaitable[None]]
    solo_col_testimone: bool = False


MANOMISSIONI = (
    Manomissione("Una riga modificata", Specie.ALTERATA, _modifica),
    Manomissione("Una riga modificata con la sua impronta", Specie.LOTTO_ALTERATO, _modifica_con_la_foglia),
    Manomissione("Una riga cancellata", Specie.MANCANTE, _cancella),
    Manomissione("Una riga cancellata col suo numero", Specie.MANCANTE, _cancella_col_numero),
    Manomissione("Un lotto intero cancellato", Specie.CATENA_SPEZZATA, _cancella_un_lotto),
    Manomissione("Due righe scambiate", Specie.RIORDINATA, _scambia),
    Manomissione("Una riga retrodatata", Specie.RETRODATATA, _retrodata),
    Manomissione("Una riga infilata dietro il sigillatore", Specie.NON_SIGILLATA, _infila),
    Manomissione("Una riga svuotata senza atto", Specie.OBLIO_FALSIFICATO, _oblia_di_nascosto),
    Manomissione("Un atto di oblio falsificato", Specie.OBLIO_FALSIFICATO, _falsifica_un_atto),
    Manomissione("Un atto di oblio allargato", Specie.OBLIO_FALSIFICATO, _allarga_un_atto),
    Manomissione("Un atto di oblio nascosto", Specie.OBLIO_FALSIFICATO, _nascondi_un_atto),
    Manomissione("Un altro nome in una riga obliata", Specie.OBLIO_FALSIFICATO, _riusa_un_oblio),
    Manomissione("L'ora di una testa spostata", Specie.TESTA_ALTERATA, _altera_una_testa),
    Manomissione("Un lotto riscritto con la chiave", Specie.CATENA_SPEZZATA, _riscrivi_un_lotto),
    Manomissione("Una ricevuta del testimone ritoccata", Specie.RICEVUTA_NON_VALIDA, _falsifica_una_ricevuta),
    Manomissione("Tutto risigillato senza la chiave", Specie.TESTA_ALTERATA, _riscrivi_senza_chiave),
    Manomissione("La coda tagliata con le sue teste", Specie.CODA_TRONCATA, _taglia_la_coda, solo_col_testimone=True),
    Manomissione("Tutto risigillato con la chiave", Specie.BIFORCAZIONE, _riscrivi_con_la_chiave, solo_col_testimone=True),
    Manomissione("Un'altra catena con la chiave", Specie.BIFORCAZIONE, _riscrivi_un_altra_catena, solo_col_testimone=True),
    Manomissione("Tutto cancellato", Specie.CODA_TRONCATA, _elimina_tutto, solo_col_testimone=True),
)
