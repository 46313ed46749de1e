"""Tables of the seal. They stand beside `audit` and never touch it: sealing a row adds one here and rewrites nothing there."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from services.core.platform.modelli import campo_istante, campo_json


class SigilloVoce(SQLModel, table=True):
    """What stands at one number of the chain: a row of `audit`, or an act of erasure.

    `sale` salts the commitment to the identifying values of the row. Erasure removes it and leaves the commitment itself in
    `impegno`, from which nothing can be tried. `foglia` is the hash that went into the tree of its batch.

    No foreign keys: checking them would lock, and so write, the row of `audit`. What they would forbid, the verification finds.
    """

    __tablename__ = "sigillo_voce"
    __table_args__ = (
        sa.CheckConstraint("(audit_id IS NULL) <> (oblio_id IS NULL)", name="una_cosa_sola"),
        sa.UniqueConstraint("audit_id"),
        sa.UniqueConstraint("oblio_id"),
    )

    numero: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    audit_id: int | None = Field(default=None, sa_type=sa.BigInteger)
    oblio_id: UUID | None = None
    sale: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    impegno: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    foglia: bytes = Field(sa_type=sa.LargeBinary)


class SigilloTesta(SQLModel, table=True):
    """The signed head of one batch: numbers `da` to `a`, the root of their leaves, and the hash of the head before."""

    __tablename__ = "sigillo_testa"

    lotto: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    archivio: UUID
    precedente: bytes = Field(sa_type=sa.LargeBinary)
    da: int = Field(sa_type=sa.BigInteger)
    a: int = Field(sa_type=sa.BigInteger)
    quante: int = Field(sa_type=sa.BigInteger)
    radice: bytes = Field(sa_type=sa.LargeBinary)
    quando: datetime = campo_istante()
    kid: str
    impronta: bytes = Field(sa_type=sa.LargeBinary)
    firma: bytes = Field(sa_type=sa.LargeBinary)


class SigilloRicevuta(SQLModel, table=True):
    """A witness's counter-signature on a head, and so on every head before it: the head contains their hashes."""

    __tablename__ = "sigillo_ricevuta"

    kid: str = Field(primary_key=True)
    lotto: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    archivio: UUID
    testa: bytes = Field(sa_type=sa.LargeBinary)
    quando: datetime = campo_istante()
    firma: bytes = Field(sa_type=sa.LargeBinary)


class SigilloOblio(SQLModel, table=True):
    """An act of erasure: the numbers whose identifying values it took (`[[da, a], …]`, both included), why, and a signature."""

    __tablename__ = "sigillo_oblio"

    id: UUID = Field(primary_key=True)
    archivio: UUID
    numeri: Any = campo_json()
    motivo: str
    quando: datetime = campo_istante()
    kid: str
    firma: bytes = Field(sa_type=sa.LargeBinary)


class SigilloStato(SQLModel, table=True):
    """One row, for speed alone: no proof rests on it.

    Every row of `audit` up to `assodato` is sealed or will never appear. `testimone` is the key of the witness in use.
    """

    __tablename__ = "sigillo_stato"
    __table_args__ = (sa.CheckConstraint("id = 1", name="una_riga"),)

    id: int = Field(default=1, primary_key=True, sa_type=sa.SmallInteger)
    assodato: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.text("0")})
    testimone: str | None = None
