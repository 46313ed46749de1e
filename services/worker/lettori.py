"""Running a reader of the log: a lock, a batch from its own cursor, the move of the cursor, in one transaction.

Effects inside the database happen exactly once: they commit together with the cursor or not at all. An event that cannot be
elaborated stops its reader, which says so on its cursor and tries again later; nothing is ever skipped.
"""

import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.platform import eventi as registro_eventi
from services.core.platform.clock import adesso
from services.core.platform.eventi import EventoRegistrato
from services.core.platform.pg import ruoli

LOTTO = 200
LOTTI_PER_SVEGLIA = 25
ATTESA_MASSIMA = timedelta(minutes=5)

log = structlog.get_logger()
Sessioni = async_sessionmaker[AsyncSession]


class Lettore(Protocol):
    """What an area gives to follow the log."""

    @property
    def nome(self) -> str:
        """Name of the cursor and, after `ambito_lettore_`, of the database role."""
        ...

    @property
    def tipi(self) -> frozenset[str]:
        """Event types it wants; the others only move its cursor."""
        ...

    async def elabora(self, sessione: AsyncSession, eventi: Sequence[EventoRegistrato]) -> None:
        """Apply `eventi`, in order of position, in the transaction that moves the cursor, under the role of the reader.

        Must not commit. Any exception rolls the batch back.
        """
        ...


class LacunaNelRegistro(Exception):
    """Positions are missing from the log: the reader stops rather than act on a part of what happened."""


class Corsa(StrEnum):
    """Why a run of a reader ended."""

    FINITO = "finito"
    OCCUPATO = "occupato"
    IN_ATTESA = "in_attesa"
    FERMATO = "fermato"
    ERRORE = "errore"
    ANCORA = "ancora"


async def esegui(
    sessioni: Sessioni,
    lettore: Lettore,
    *,
    lotto: int = LOTTO,
    lotti: int = LOTTI_PER_SVEGLIA,
    fermato: Callable[[], bool] = lambda: False,
) -> Corsa:
    """Read and elaborate batch after batch until there is nothing more, and say how it ended.

    `ANCORA` after `lotti` batches: the caller wakes it again, so that one reader does not keep a thread for itself.
    `OCCUPATO` when another process is running the same reader. A batch that fails is tried again event by event, so that
    the good ones pass and the error is pinned to one position.

    Raises:
        Exception: the cursor could not even be read (no connection, no such role): nothing was done.
    """
    singoli_fino = 0
    for _ in range(lotti):
        if fermato():
            return Corsa.FERMATO
        corsa, dopo = Corsa.ANCORA, 0
        passo = _Passo(lettore, lotto, singoli_fino)
        try:
            async with sessioni() as sessione, sessione.begin():
                corsa, dopo = await passo.compi(sessione)
        except Exception as errore:  # whatever stops a reader is written on its cursor
            if passo.quanti == 0:
                raise
            if passo.quanti == 1:
                await _annota_errore(sessioni, lettore, passo, errore)
                return Corsa.ERRORE
            codice = codice_errore(errore)
            log.warning("lotto_da_ripetere", lettore=lettore.nome, dopo=passo.dopo, quanti=passo.quanti, errore=codice)
            singoli_fino = passo.dopo + passo.quanti
            continue
        if corsa is Corsa.FINITO and await _arrivati(sessioni, lettore, dopo):
            continue
        if corsa is not Corsa.ANCORA:
            return corsa
    return Corsa.ANCORA


class _Passo:
    """One batch. `dopo` and `quanti` tell where it stood when it failed."""

    def __init__(self, lettore: Lettore, lotto: int, singoli_fino: int) -> None:
        self.lettore, self.lotto, self.singoli_fino = lettore, lotto, singoli_fino
        self.dopo = -1
        self.quanti = 0
        self.tentativi = 0

    async def compi(self, sessione: AsyncSession) -> tuple[Corsa, int]:
        await _assumi(sessione, self.lettore)
        riga = await _cursore(sessione, self.lettore.nome)
        if riga is None:
            return Corsa.OCCUPATO, 0
        self.dopo, self.tentativi, quando = riga
        if quando is not None and quando > adesso():
            return Corsa.IN_ATTESA, self.dopo
        ultima = await sessione.scalar(_ULTIMA) or 0
        if ultima <= self.dopo:
            return Corsa.FINITO, self.dopo
        quanti = 1 if self.tentativi > 0 or self.dopo < self.singoli_fino else self.lotto
        self.quanti = min(quanti, ultima - self.dopo)
        letti = await registro_eventi.leggi(sessione, self.dopo, self.quanti)
        if [e.posizione for e in letti] != list(range(self.dopo + 1, self.dopo + 1 + self.quanti)):
            raise LacunaNelRegistro(f"posizioni mancanti dopo {self.dopo}")
        fino = letti[-1].posizione
        voluti = [e for e in letti if e.tipo in self.lettore.tipi]
        if voluti:
            await self.lettore.elabora(sessione, voluti)
        await sessione.execute(_AVANZA, {"lettore": self.lettore.nome, "posizione": fino})
        return Corsa.ANCORA, fino


_CURSORE = sa.text("SELECT posizione, tentativi, prossimo_tentativo FROM cursore WHERE lettore = :lettore FOR UPDATE SKIP LOCKED")
_NUOVO = sa.text("INSERT INTO cursore (lettore, posizione, tentativi) VALUES (:lettore, 0, 0) ON CONFLICT (lettore) DO NOTHING")
_AVANZA = sa.text(
    """UPDATE cursore SET posizione = :posizione, tentativi = 0, errore = NULL, prossimo_tentativo = NULL,
                         aggiornato_il = clock_timestamp() WHERE lettore = :lettore"""
)
_ERRORE = sa.text(
    """UPDATE cursore SET tentativi = tentativi + 1, errore = :errore, prossimo_tentativo = :quando,
                         aggiornato_il = clock_timestamp() WHERE lettore = :lettore AND posizione = :posizione"""
)
_ULTIMA = sa.text("SELECT max(posizione) FROM evento")


async def _assumi(sessione: AsyncSession, lettore: Lettore) -> None:
    await sessione.execute(sa.text(f"SET LOCAL ROLE {ruoli.lettore(lettore.nome)}"))


async def _cursore(sessione: AsyncSession, nome: str) -> tuple[int, int, datetime | None] | None:
    riga = (await sessione.execute(_CURSORE, {"lettore": nome})).one_or_none()
    if riga is None:
        await sessione.execute(_NUOVO, {"lettore": nome})
        riga = (await sessione.execute(_CURSORE, {"lettore": nome})).one_or_none()
    return None if riga is None else (riga.posizione, riga.tentativi, riga.prossimo_tentativo)


async def _arrivati(sessioni: Sessioni, lettore: Lettore, dopo: int) -> bool:
    """Look once more after the lock was released: a wake-up that found it taken went away, and its events must not wait."""
    async with sessioni() as sessione, sessione.begin():
        await _assumi(sessione, lettore)
        return (await sessione.scalar(_ULTIMA) or 0) > dopo


async def _annota_errore(sessioni: Sessioni, lettore: Lettore, passo: _Passo, errore: Exception) -> None:
    attesa = min(timedelta(seconds=2 ** min(passo.tentativi, 10)), ATTESA_MASSIMA)
    log.error(
        "lettore_fermo",
        lettore=lettore.nome,
        posizione=passo.dopo + 1,
        tentativi=passo.tentativi + 1,
        attesa_s=attesa.total_seconds(),
        errore=codice_errore(errore),
        dove=dove(errore),
    )
    async with sessioni() as sessione, sessione.begin():
        await _assumi(sessione, lettore)
        parametri = {
            "lettore": lettore.nome,
            "posizione": passo.dopo,
            "errore": f"posizione {passo.dopo + 1}: {codice_errore(errore)}",
            "quando": adesso() + attesa,
        }
        await sessione.execute(_ERRORE, parametri)


def codice_errore(errore: BaseException) -> str:
    """Return the kind of an error without its text, which may repeat personal data: class name and SQLSTATE."""
    stato = getattr(errore.orig, "sqlstate", None) if isinstance(errore, DBAPIError) else None
    return type(errore).__name__ + (f" {stato}" if stato else "")


def dove(errore: BaseException, righe: int = 5) -> list[str]:
    """Return the last places of ours an error passed through, and where it arose, as `file:line function`, without values."""
    passi = traceback.extract_tb(errore.__traceback__)
    nostri = [p for p in passi[:-1] if "/services/" in p.filename][-righe:]
    return [f"{'/'.join(p.filename.split('/')[-3:])}:{p.lineno} {p.name}" for p in [*nostri, *passi[-1:]]]
