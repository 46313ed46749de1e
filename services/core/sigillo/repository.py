"""What is read of the seal: by the sealer its last heads, by the verification everything, in order and without holding it."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.core.sigillo.forma import CHIARE, PERSONALI, Atto
from services.core.sigillo.testa import Ricevuta, Testa, TestaFirmata

PRESI = 500
"""Rows fetched at a time from a cursor of the server."""

_TESTE = "SELECT lotto, archivio, precedente, da, a, quante, radice, quando, kid, impronta, firma FROM sigillo_testa"
_COLONNE = ", ".join(f"a.{nome} AS a_{nome}" for nome in (*CHIARE, *PERSONALI))
_VOCI = f"""SELECT v.numero, v.audit_id, v.oblio_id, v.sale, v.impegno, v.foglia, {_COLONNE}
  FROM sigillo_voce v LEFT JOIN audit a ON a.id = v.audit_id ORDER BY v.numero"""
_RICEVUTE = "SELECT kid, lotto, archivio, testa, quando, firma FROM sigillo_ricevuta ORDER BY lotto, kid"
_ATTI = """SELECT o.id, o.archivio, o.numeri, o.motivo, o.quando, o.kid, o.firma, v.numero FROM sigillo_oblio o
  LEFT JOIN sigillo_voce v ON v.oblio_id = o.id ORDER BY o.quando, o.id"""
_SENZA_VOCE = """SELECT a.id, a.quando FROM audit a WHERE a.quando < $1
  AND NOT EXISTS (SELECT 1 FROM sigillo_voce v WHERE v.audit_id = a.id)"""


@dataclass(frozen=True, slots=True)
class TestaLetta:
    """A head as the database has it: `testa` is None when its columns make no head at all."""

    lotto: int
    testa: Testa | None
    impronta: bytes
    firma: bytes

    def firmata(self) -> TestaFirmata:
        """As it travels. A head that is none was tampered with, and is not handed over: raises `ValueError`."""
        if self.testa is None:
            raise ValueError(f"la testa del lotto {self.lotto} non è leggibile")
        return TestaFirmata(testa=self.testa, firma=self.firma.hex())


@dataclass(frozen=True, slots=True)
class VoceLetta:
    """What the database has at a number: the row of audit (None when it is not there), or the identifier of an act."""

    numero: int
    riga: dict[str, Any] | None
    oblio_id: UUID | None
    sale: bytes | None
    impegno: bytes | None
    foglia: bytes


@dataclass(frozen=True, slots=True)
class RicevutaLetta:
    """A stored receipt: `ricevuta` is None when its columns make none."""

    lotto: int
    ricevuta: Ricevuta | None
    firma: bytes


@dataclass(frozen=True, slots=True)
class AttoLetto:
    """An act of erasure and the number it has in the chain: `atto` is None when its columns make none."""

    id: UUID
    atto: Atto | None
    firma: bytes
    numero: int | None
    quando: datetime


def _testa(r: Any) -> TestaLetta:
    try:
        testa = Testa(
            archivio=r["archivio"],
            lotto=r["lotto"],
            precedente=r["precedente"].hex(),
            da=r["da"],
            a=r["a"],
            quante=r["quante"],
            radice=r["radice"].hex(),
            quando=r["quando"],
            kid=r["kid"],
        )
    except ValidationError:
        testa = None
    return TestaLetta(r["lotto"], testa, r["impronta"], r["firma"])


def atto(r: Any) -> Atto:
    """Return the act of a row of `sigillo_oblio`. Raises `ValidationError` when the row makes none."""
    campi = {nome: r[nome] for nome in ("id", "archivio", "motivo", "quando", "kid")}
    return Atto.model_validate(campi | {"numeri": json.loads(r["numeri"] or "null")})


async def ultima_testa(connessione: Any) -> TestaFirmata | None:
    """Return the last head, None before the first. Raises `ValueError` when its row makes no head."""
    riga = await connessione.fetchrow(f"{_TESTE} ORDER BY lotto DESC LIMIT 1")
    return _testa(riga).firmata() if riga else None


async def teste(connessione: Any, dopo: int, limite: int) -> Sequence[TestaLetta]:
    """Return the heads after batch `dopo`, in order."""
    return [_testa(r) for r in await connessione.fetch(f"{_TESTE} WHERE lotto > $1 ORDER BY lotto LIMIT $2", dopo, limite)]


class Fonte:
    """The whole seal, read in one snapshot through cursors of the server: memory does not grow with it.

    To be used inside a read-only transaction of its own, as `ambito_revisore`.
    """

    def __init__(self, connessione: Any) -> None:
        self._connessione = connessione

    async def ultimo_numero(self) -> int:
        """The highest number given, 0 when there is none: how long the work is."""
        return int(await self._connessione.fetchval("SELECT coalesce(max(numero), 0) FROM sigillo_voce"))

    async def archivio(self) -> UUID | None:
        """The name of the chain by its first head, None when there is none."""
        nome: UUID | None = await self._connessione.fetchval("SELECT archivio FROM sigillo_testa ORDER BY lotto LIMIT 1")
        return nome

    async def teste(self) -> AsyncIterator[TestaLetta]:
        """Every head, by batch."""
        async for r in self._connessione.cursor(f"{_TESTE} ORDER BY lotto", prefetch=PRESI):
            yield _testa(r)

    async def voci(self) -> AsyncIterator[VoceLetta]:
        """Everything that has a number, by number."""
        async for r in self._connessione.cursor(_VOCI, prefetch=PRESI):
            riga = {n: r[f"a_{n}"] for n in (*CHIARE, *PERSONALI)} if r["a_id"] is not None else None
            yield VoceLetta(r["numero"], riga, r["oblio_id"], r["sale"], r["impegno"], r["foglia"])

    async def ricevute(self) -> AsyncIterator[RicevutaLetta]:
        """Every receipt of a witness, by batch."""
        async for r in self._connessione.cursor(_RICEVUTE, prefetch=PRESI):
            try:
                ricevuta = Ricevuta(
                    archivio=r["archivio"], lotto=r["lotto"], testa=r["testa"].hex(), quando=r["quando"], kid=r["kid"]
                )
            except ValidationError:
                ricevuta = None
            yield RicevutaLetta(r["lotto"], ricevuta, r["firma"])

    async def atti(self) -> Sequence[AttoLetto]:
        """Every act of erasure: they are few, each covers many rows."""
        return [_atto_letto(r) for r in await self._connessione.fetch(_ATTI)]

    async def senza_voce(self, prima_di: datetime) -> AsyncIterator[int]:
        """Identifiers of the rows of audit written before that instant that have no number."""
        async for r in self._connessione.cursor(_SENZA_VOCE, prima_di, prefetch=PRESI):
            yield r["id"]


def _atto_letto(r: Any) -> AttoLetto:
    try:
        trovato = atto(r)
    except ValidationError:
        trovato = None
    return AttoLetto(r["id"], trovato, r["firma"], r["numero"], r["quando"])
