"""The log: every change appends a typed event in its own transaction; one sequencer numbers, many readers follow.

`numero` is taken at insertion, while the writer holds the row lock of the aggregate; `posizione` is given later by the
sequencer, dense, to rows that are already committed. Readers know only `posizione`. Why this order loses, repeats and
reorders nothing, without comparing transaction ids: docs/adr/0009.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from services.core.platform.modelli import campo_istante, campo_json

CANALE = "ambito_eventi"
"""PostgreSQL channel notified at commit of a transaction that appended events: a wake-up, never a message."""

BLOCCO_SEQUENZA = 0x414D4249
"""Advisory lock of the sequencer (the letters AMBI)."""


class Evento(BaseModel):
    """A fact of the domain: identifiers, codes, amounts and dates only.

    It holds no personal data, so that erasure and rebuild can both be true (`docs/eventi.md` lists every type).
    `versione` is the aggregate's version after the change, taken under its row lock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tipo: ClassVar[str]
    schema_versione: ClassVar[int] = 1
    aggregato: ClassVar[str]

    aggregato_id: UUID
    versione: int
    cartella_id: UUID | None = None


class EventoTabella(SQLModel, table=True):
    __tablename__ = "evento"
    __table_args__ = (
        sa.UniqueConstraint("aggregato", "aggregato_id", "versione", "tipo"),
        sa.UniqueConstraint("posizione"),
        sa.Index("ix_evento_da_numerare", "numero", postgresql_where=sa.text("posizione IS NULL")),
        sa.Index("ix_evento_cartella", "cartella_id"),
        sa.Index("ix_evento_aggregato", "aggregato_id"),
    )

    numero: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.Identity(always=True)})
    posizione: int | None = Field(default=None, sa_type=sa.BigInteger)
    ambito_id: int = Field(foreign_key="ambito.id")
    tipo: str
    schema_versione: int = Field(sa_type=sa.SmallInteger)
    aggregato: str
    aggregato_id: UUID
    versione: int = Field(sa_type=sa.BigInteger)
    cartella_id: UUID | None = None
    dati: dict[str, Any] = campo_json()
    operatore_id: UUID | None = None
    incarico_id: UUID | None = None
    finalita: str | None = None
    registrato_il: datetime = campo_istante(sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})


class Cursore(SQLModel, table=True):
    """How far a reader has come. After an error it waits until `prossimo_tentativo`; it never skips an event."""

    __tablename__ = "cursore"

    lettore: str = Field(primary_key=True)
    posizione: int = Field(default=0, sa_type=sa.BigInteger)
    tentativi: int = 0
    errore: str | None = None
    prossimo_tentativo: datetime | None = campo_istante(default=None)
    aggiornato_il: datetime = campo_istante(sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})


class Sequenza(SQLModel, table=True):
    """One row: the last position given."""

    __tablename__ = "sequenza"
    __table_args__ = (sa.CheckConstraint("id = 1", name="una_riga"),)

    id: int = Field(default=1, primary_key=True, sa_type=sa.SmallInteger)
    ultima: int = Field(default=0, sa_type=sa.BigInteger)


class EventoRegistrato(BaseModel):
    """An event as a reader gets it."""

    model_config = ConfigDict(frozen=True)

    posizione: int
    tipo: str
    schema_versione: int
    ambito_id: int
    aggregato: str
    aggregato_id: UUID
    versione: int
    cartella_id: UUID | None
    dati: dict[str, Any]
    operatore_id: UUID | None
    incarico_id: UUID | None
    finalita: str | None
    registrato_il: datetime


_INSERISCI = sa.text(
    """INSERT INTO evento (ambito_id, tipo, schema_versione, aggregato, aggregato_id, versione, cartella_id, dati,
                          operatore_id, incarico_id, finalita)
       VALUES (:ambito_id, :tipo, :schema_versione, :aggregato, :aggregato_id, :versione, :cartella_id, CAST(:dati AS jsonb),
               :operatore_id, :incarico_id, :finalita)"""
)


async def aggiungi(
    sessione: AsyncSession,
    evento: Evento,
    *,
    ambito_id: int,
    operatore_id: UUID | None = None,
    incarico_id: UUID | None = None,
    finalita: str | None = None,
) -> None:
    """Append `evento` to the log in the session's transaction and ask for a wake-up at commit."""
    await sessione.flush()  # the aggregate's row lock and constraints come before its event
    await sessione.execute(
        _INSERISCI,
        {
            "ambito_id": ambito_id,
            "tipo": evento.tipo,
            "schema_versione": evento.schema_versione,
            "aggregato": evento.aggregato,
            "aggregato_id": evento.aggregato_id,
            "versione": evento.versione,
            "cartella_id": evento.cartella_id,
            "dati": evento.model_dump_json(exclude={"aggregato_id", "versione", "cartella_id"}),
            "operatore_id": operatore_id,
            "incarico_id": incarico_id,
            "finalita": finalita,
        },
    )
    await sessione.execute(sa.select(sa.func.pg_notify(CANALE, "")))


_NUMERA = sa.text(
    """WITH nuovi AS (
         SELECT numero, row_number() OVER (ORDER BY numero) AS passo
         FROM (SELECT numero FROM evento WHERE posizione IS NULL ORDER BY numero LIMIT :limite) t
       ), base AS (
         UPDATE sequenza SET ultima = ultima + (SELECT count(*) FROM nuovi) WHERE id = 1 RETURNING ultima
       )
       UPDATE evento e SET posizione = b.ultima - (SELECT count(*) FROM nuovi) + n.passo
       FROM nuovi n, base b WHERE e.numero = n.numero"""
)


async def sequenzia(sessione: AsyncSession, limite: int = 1000) -> int:
    """Give the next positions to at most `limite` committed events, in order of `numero`; return how many.

    To be called in a transaction of its own, by the role `ambito_sequenziatore`. A second caller at the same instant
    gives none.
    """
    preso = await sessione.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(BLOCCO_SEQUENZA)))
    if not preso:
        return 0
    esito = await sessione.execute(_NUMERA, {"limite": limite})
    return int(esito.rowcount)  # type: ignore[attr-defined]  # a CursorResult, typed as Result by SQLAlchemy


_LEGGI = sa.text(
    """SELECT posizione, tipo, schema_versione, ambito_id, aggregato, aggregato_id, versione, cartella_id, dati,
              operatore_id, incarico_id, finalita, registrato_il
       FROM evento WHERE posizione > :dopo AND posizione <= :fino ORDER BY posizione"""
)


async def leggi(sessione: AsyncSession, dopo: int, limite: int = 200) -> Sequence[EventoRegistrato]:
    """Return the next events after position `dopo`, at most `limite`, in order."""
    righe = await sessione.execute(_LEGGI, {"dopo": dopo, "fino": dopo + limite})
    return [EventoRegistrato.model_validate(dict(riga._mapping)) for riga in righe]
