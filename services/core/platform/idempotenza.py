"""Answers already given to a request with an Idempotency-Key: the row is written first, in the request's own transaction.

A second request with the same key waits on the first one's row until it commits or rolls back, so one effect happens
and both get the same bytes. The pattern is that of the IETF draft `draft-ietf-httpapi-idempotency-key-header`.

With the answer are kept the records it is about: whoever repeats the request has it again only while she sees all of them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from services.core.platform.errori import ChiaveRiusata
from services.core.platform.modelli import campo_istante, campo_json

VALIDITA = timedelta(hours=24)
"""How long an answer is kept and repeated. It may hold personal data: the worker removes it within the hour after."""


class Idempotenza(SQLModel, table=True):
    """`impronta` is the SHA-256 of what was asked: under one key only the same request is repeated.

    `oggetti` are the records the answer is about, by table.
    """

    __tablename__ = "idempotenza"

    operatore_id: UUID = Field(primary_key=True)
    operazione: str = Field(primary_key=True)
    chiave: str = Field(primary_key=True)
    incarico_id: UUID
    impronta: str
    stato: int | None = Field(default=None, sa_type=sa.SmallInteger)
    intestazioni: dict[str, str] | None = Field(default=None, sa_type=pg.JSONB)
    corpo: bytes | None = None
    oggetti: dict[str, list[str]] | None = campo_json(default=None)
    creata_il: datetime = campo_istante(sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})


@dataclass(frozen=True, slots=True)
class Chiave:
    """One request, as its repetition is recognised."""

    operatore_id: UUID
    incarico_id: UUID
    operazione: str
    chiave: str
    impronta: str


@dataclass(frozen=True, slots=True)
class RispostaConservata:
    """An answer, and the records it is about by table."""

    stato: int
    intestazioni: Mapping[str, str]
    corpo: bytes
    oggetti: Mapping[str, Sequence[UUID]]


def impronta(*parti: bytes) -> str:
    """Return the SHA-256 (hex) of `parti`, each preceded by its length so that no two requests can be confused."""
    somma = hashlib.sha256()
    for parte in parti:
        somma.update(len(parte).to_bytes(8, "big") + parte)
    return somma.hexdigest()


_PRENOTA = sa.text(
    """INSERT INTO idempotenza (operatore_id, operazione, chiave, incarico_id, impronta)
       VALUES (:operatore_id, :operazione, :chiave, :incarico_id, :impronta)
       ON CONFLICT (operatore_id, operazione, chiave) DO UPDATE
         SET incarico_id = excluded.incarico_id, impronta = excluded.impronta, stato = NULL, intestazioni = NULL,
             corpo = NULL, oggetti = NULL, creata_il = clock_timestamp()
         WHERE idempotenza.creata_il < clock_timestamp() - CAST(:validita AS interval)
       RETURNING 1"""
)
_LEGGI = sa.text(
    """SELECT impronta, stato, intestazioni, corpo, oggetti FROM idempotenza
       WHERE operatore_id = :operatore_id AND operazione = :operazione AND chiave = :chiave"""
)
_CONSERVA = sa.text(
    """UPDATE idempotenza SET stato = :stato, intestazioni = CAST(:intestazioni AS jsonb), corpo = :corpo,
         oggetti = CAST(:oggetti AS jsonb)
       WHERE operatore_id = :operatore_id AND operazione = :operazione AND chiave = :chiave"""
)


async def prenota(sessione: AsyncSession, chiave: Chiave) -> RispostaConservata | None:
    """Take the key in the session's transaction; return the answer to repeat if it was already used, None if it is ours.

    Raises:
        ChiaveRiusata: the key was used for another request (another body, path, incarico...).
    """
    nomi = {"operatore_id": chiave.operatore_id, "operazione": chiave.operazione, "chiave": chiave.chiave}
    nuova = {**nomi, "incarico_id": chiave.incarico_id, "impronta": chiave.impronta, "validita": VALIDITA}
    if (await sessione.execute(_PRENOTA, nuova)).first() is not None:
        return None
    riga = (await sessione.execute(_LEGGI, nomi)).one()
    if riga.impronta != chiave.impronta:
        raise ChiaveRiusata
    oggetti = {tipo: [UUID(id_) for id_ in ids] for tipo, ids in riga.oggetti.items()}
    return RispostaConservata(riga.stato, riga.intestazioni, riga.corpo, oggetti)


async def conserva(sessione: AsyncSession, chiave: Chiave, risposta: RispostaConservata) -> None:
    """Store the answer's bytes in the same transaction that took the key and did the work."""
    await sessione.execute(
        _CONSERVA,
        {
            "operatore_id": chiave.operatore_id,
            "operazione": chiave.operazione,
            "chiave": chiave.chiave,
            "stato": risposta.stato,
            "intestazioni": json.dumps(dict(risposta.intestazioni)),
            "corpo": risposta.corpo,
            "oggetti": json.dumps({tipo: [str(id_) for id_ in ids] for tipo, ids in risposta.oggetti.items()}),
        },
    )
