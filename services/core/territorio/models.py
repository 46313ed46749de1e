"""Tables of the territory. A `competenza` is one Comune × one service: the smallest thing an operator's scope is made of."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlmodel import Field, SQLModel

from services.core.platform.modelli import Tabella, campo_enum, vincolo_enum

UNA_DELEGA_AL_GIORNO = "ex_delega_competenza_giorno"
"""The constraint by which no two enti have one competenza on one day. Needs the extension btree_gist (`ambito bootstrap`)."""


class TipoEnte(StrEnum):
    COMUNE = "comune"
    UNIONE = "unione"
    AZIENDA = "azienda"
    ASST = "asst"
    ATS_SALUTE = "ats_salute"
    RSA = "rsa"
    ETS = "ets"
    SCUOLA = "scuola"
    UFFICIO_DI_PIANO = "ufficio_di_piano"


class Ambito(SQLModel, table=True):
    """An ambito territoriale sociale: the tenant. Persons, records and events never cross it but by transfer."""

    __tablename__ = "ambito"

    id: int = Field(primary_key=True, sa_type=sa.Integer, sa_column_kwargs={"autoincrement": False})
    codice: str = Field(unique=True)
    denominazione: str


class SubAmbito(Tabella, table=True):
    __tablename__ = "sub_ambito"
    __table_args__ = (sa.UniqueConstraint("ambito_id", "codice"),)

    ambito_id: int = Field(foreign_key="ambito.id")
    codice: str
    denominazione: str


class Comune(SQLModel, table=True):
    """A municipality of an ambito, by its ISTAT (6 digits) and Belfiore (land registry) codes."""

    __tablename__ = "comune"
    __table_args__ = (sa.UniqueConstraint("ambito_id", "codice_istat"),)

    id: int = Field(primary_key=True)
    ambito_id: int = Field(foreign_key="ambito.id")
    sub_ambito_id: UUID | None = Field(default=None, foreign_key="sub_ambito.id")
    codice_istat: str = Field(sa_type=sa.CHAR(6))
    codice_belfiore: str = Field(sa_type=sa.CHAR(4))
    denominazione: str


class Ente(Tabella, table=True):
    """A body that takes part in the plan. One of type `comune` answers for its Comune, any other by delega alone."""

    __tablename__ = "ente"
    __table_args__ = (sa.UniqueConstraint("ambito_id", "codice"), vincolo_enum("tipo", TipoEnte))

    ambito_id: int = Field(foreign_key="ambito.id")
    tipo: TipoEnte = campo_enum(TipoEnte)
    codice: str
    denominazione: str
    comune_id: int | None = Field(default=None, foreign_key="comune.id")


class Servizio(SQLModel, table=True):
    __tablename__ = "servizio"

    codice: str = Field(primary_key=True)
    denominazione: str


class Competenza(SQLModel, table=True):
    __tablename__ = "competenza"
    __table_args__ = (sa.UniqueConstraint("comune_id", "servizio"),)

    id: int = Field(primary_key=True)
    ambito_id: int = Field(foreign_key="ambito.id", index=True)
    comune_id: int = Field(foreign_key="comune.id")
    servizio: str = Field(foreign_key="servizio.codice")


class Delega(Tabella, table=True):
    """A competenza entrusted to an ente gestore from `dal` to `al` included; no two for one competenza on one day."""

    __tablename__ = "delega"
    __table_args__ = (
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        pg.ExcludeConstraint(
            ("competenza_id", "="), (sa.text("daterange(dal, al, '[]')"), "&&"), name=UNA_DELEGA_AL_GIORNO, using="gist"
        ),
        sa.Index("ix_delega_gestore", "ente_gestore_id", "competenza_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    competenza_id: int = Field(foreign_key="competenza.id")
    ente_gestore_id: UUID = Field(foreign_key="ente.id")
    dal: date
    al: date | None = None
