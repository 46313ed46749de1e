"""Tables of the Piano di Zona: the plan, its objectives, its indicators and what contributes to them.

A plan is public text, the same for every operator of the ambito. A `contributo` hangs from a cartella and is as confidential
as it: who may not open the record sees no contribution of it, and the value shown is the sum of the visible ones.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.piano.verso import Verso
from services.core.platform.modelli import Tabella, campo_enum, vincolo_enum

LETTORE = "piano"
"""The reader of the log that alone writes `contributo`."""


class Piano(Tabella, table=True):
    """A Piano di Zona (L. 328/2000, art. 19). `dal` and `al` are both included."""

    __tablename__ = "piano"
    __table_args__ = (
        sa.UniqueConstraint("ambito_id", "codice"),
        sa.CheckConstraint("dal <= al", name="periodo_ordinato"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    codice: str
    denominazione: str
    dal: date
    al: date


class ObiettivoPiano(Tabella, table=True):
    """An objective of a plan, with the code the plan gives it."""

    __tablename__ = "obiettivo_piano"
    __table_args__ = (sa.UniqueConstraint("piano_id", "codice"),)

    ambito_id: int = Field(foreign_key="ambito.id", index=True)
    piano_id: UUID = Field(foreign_key="piano.id")
    codice: str
    testo: str


class Indicatore(Tabella, table=True):
    """An indicator as the plan words it. `formula` is the code of a registered pure formula (`services.core.piano.formule`)."""

    __tablename__ = "indicatore"
    __table_args__ = (
        sa.UniqueConstraint("piano_id", "codice"),
        vincolo_enum("verso", Verso),
        sa.Index("ix_indicatore_ambito_id_formula", "ambito_id", "formula"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    piano_id: UUID = Field(foreign_key="piano.id")
    obiettivo_id: UUID = Field(foreign_key="obiettivo_piano.id", index=True)
    codice: str
    testo: str
    unita: str
    verso: Verso = campo_enum(Verso)
    valore_atteso: Decimal = Field(sa_type=sa.Numeric)
    formula: str


class Contributo(Tabella, table=True):
    """What one record adds to one indicator.

    There is one row for each indicator and record: an event that changes the record replaces its contribution, so that reading
    the log again from the beginning gives the same rows. `posizione` is the event that gave the present content and `versione`
    the version of the record at that event. A null `denominatore` means that the formula has none (a count), or that the
    one it needs is not known: which of the two is told by the formula, never by a zero.
    """

    __tablename__ = "contributo"
    __table_args__ = (
        sa.UniqueConstraint("indicatore_id", "record_tipo", "record_id"),
        sa.CheckConstraint("periodo = date_trunc('month', periodo)::date", name="periodo_primo_del_mese"),
        sa.CheckConstraint("denominatore IS NULL OR denominatore > 0", name="denominatore_positivo"),
        sa.Index("ix_contributo_indicatore_id_periodo", "indicatore_id", "periodo"),
    )

    ambito_id: int = Field(foreign_key="ambito.id", index=True)
    cartella_id: UUID = Field(foreign_key="cartella.id", index=True)
    indicatore_id: UUID = Field(foreign_key="indicatore.id")
    record_tipo: str
    record_id: UUID
    periodo: date
    numeratore: int = Field(sa_type=sa.BigInteger)
    denominatore: int | None = Field(default=None, sa_type=sa.BigInteger)
    posizione: int = Field(sa_type=sa.BigInteger)
    versione: int = Field(sa_type=sa.BigInteger)
