"""Tables of access: operators, incarichi, grants by team, and the audit trail."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlmodel import Field, SQLModel

from services.core.access.ruoli import Finalita, Ruolo
from services.core.platform.modelli import Tabella, TestoEnum, campo_enum, campo_istante, vincolo_enum


class MotivoAccesso(StrEnum):
    EQUIPE = "equipe"
    PIPPI = "pippi"


class Operatore(Tabella, table=True):
    """A professional, known by issuer and subject of the OIDC token; holds incarichi in any number of enti and ambiti."""

    __tablename__ = "operatore"
    __table_args__ = (sa.UniqueConstraint("emittente", "soggetto"),)

    emittente: str
    soggetto: str
    cognome: str
    nome: str


class Incarico(Tabella, table=True):
    """What an operator does for an ente, from `dal` to `al` included.

    `comuni` and `servizi` narrow the ente's territory; NULL means all of it.
    """

    __tablename__ = "incarico"
    __table_args__ = (
        vincolo_enum("ruolo", Ruolo),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.UniqueConstraint("operatore_id", "ente_id", "ruolo", "dal"),
    )

    operatore_id: UUID = Field(foreign_key="operatore.id")
    ambito_id: int = Field(foreign_key="ambito.id")
    ente_id: UUID = Field(foreign_key="ente.id")
    ruolo: Ruolo = campo_enum(Ruolo)
    comuni: list[int] | None = Field(default=None, sa_type=pg.ARRAY(sa.Integer))
    servizi: list[str] | None = Field(default=None, sa_type=pg.ARRAY(sa.Text))
    dal: date
    al: date | None = None


class Accesso(Tabella, table=True):
    """A cartella opened to one operator, acting for one ente, by a team, for as long as she sits in it."""

    __tablename__ = "accesso"
    __table_args__ = (
        vincolo_enum("motivo", MotivoAccesso),
        sa.UniqueConstraint("operatore_id", "ente_id", "cartella_id", "motivo", "origine_id", "dal"),
        sa.Index("ix_accesso_origine", "origine_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    operatore_id: UUID = Field(foreign_key="operatore.id")
    ente_id: UUID = Field(foreign_key="ente.id")
    motivo: MotivoAccesso = campo_enum(MotivoAccesso)
    origine_id: UUID
    dal: date
    al: date | None = None


class EsitoAudit(StrEnum):
    CONSENTITA = "consentita"
    NEGATA = "negata"


class Audit(SQLModel, table=True):
    """One row per request that reached the records: who, under which incarico, why, on what. Identifiers only.

    `ambito_oggetto_id` is the ambito of the record a refused request aimed at, so that its DPO sees the attempt too.
    Append-only for the application, which may insert and not update or delete. Who else can, and what that means for the
    trail: docs/security/audit-letture.md.
    """

    __tablename__ = "audit"
    __table_args__ = (
        vincolo_enum("esito", EsitoAudit),
        vincolo_enum("finalita", Finalita),
        sa.Index("ix_audit_ambito", "ambito_id", "id"),
        sa.Index("ix_audit_ambito_oggetto", "ambito_oggetto_id", "id", postgresql_where=sa.text("ambito_oggetto_id IS NOT NULL")),
    )

    id: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.Identity(always=True)})
    quando: datetime = campo_istante(sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})
    richiesta_id: UUID
    ambito_id: int | None = None
    ambito_oggetto_id: int | None = None
    operatore_id: UUID | None = None
    incarico_id: UUID | None = None
    operazione: str
    finalita: Finalita | None = campo_enum(Finalita, default=None)
    esito: EsitoAudit = campo_enum(EsitoAudit)
    motivo: str | None = None
    oggetto_tipo: str | None = None
    oggetti: list[UUID] = Field(default_factory=list, sa_type=pg.ARRAY(pg.UUID(as_uuid=True)))


class RegolaRuolo(SQLModel, table=True):
    """`ruoli.CLASSI_DEL_RUOLO` and `ruoli.RUOLI_TERRITORIALI` as the database reads them; a test holds the two together."""

    __tablename__ = "regola_ruolo"
    __table_args__ = (vincolo_enum("ruolo", Ruolo),)

    ruolo: Ruolo = Field(primary_key=True, sa_type=TestoEnum(Ruolo))
    classi: int = Field(sa_type=sa.Integer)
    territoriale: bool
