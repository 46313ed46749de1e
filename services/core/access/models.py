"""Tables of access: operators, incarichi, grants by team, and the audit trail."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlmodel import Field, SQLModel

from services.core.access.ruoli import Finalita, Ruolo
from services.core.platform.modelli import Tabella, TestoEnum, Versionata, campo_enum, campo_istante, campo_json, vincolo_enum


class MotivoAccesso(StrEnum):
    EQUIPE = "equipe"
    PIPPI = "pippi"
    EMERGENZA = "emergenza"


class Operatore(Tabella, table=True):
    """A professional, known by issuer and subject of the OIDC token; holds incarichi in any number of enti and ambiti."""

    __tablename__ = "operatore"
    __table_args__ = (sa.UniqueConstraint("emittente", "soggetto"),)

    emittente: str
    soggetto: str
    cognome: str
    nome: str


class Incarico(Versionata, table=True):
    """What an operator does for an ente, from `dal` to `al` included; from `revocato_il` on it allows nothing, whatever its days.

    `comuni` and `servizi` narrow the ente's territory; NULL means all of it. `pronto_intervento` lets its holder open a cartella
    in emergency (docs/security/emergenza.md); `sostituisce_id` is the incarico of the colleague she stands in for.
    """

    __tablename__ = "incarico"
    __table_args__ = (
        vincolo_enum("ruolo", Ruolo),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.CheckConstraint("revocato_il IS NULL OR al IS NOT NULL", name="revocato_con_fine"),
        sa.CheckConstraint("sostituisce_id IS NULL OR al IS NOT NULL", name="sostituzione_con_fine"),
        sa.UniqueConstraint(
            "operatore_id",
            "ente_id",
            "ruolo",
            "dal",
            "sostituisce_id",
            name="uq_incarico_uno_al_giorno",
            postgresql_nulls_not_distinct=True,
        ),
        sa.Index("ix_incarico_sostituisce", "sostituisce_id", postgresql_where=sa.text("sostituisce_id IS NOT NULL")),
    )

    versione: int = Field(default=1, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.text("1")})
    operatore_id: UUID = Field(foreign_key="operatore.id")
    ambito_id: int = Field(foreign_key="ambito.id")
    ente_id: UUID = Field(foreign_key="ente.id")
    ruolo: Ruolo = campo_enum(Ruolo)
    comuni: list[int] | None = Field(default=None, sa_type=pg.ARRAY(sa.Integer))
    servizi: list[str] | None = Field(default=None, sa_type=pg.ARRAY(sa.Text))
    dal: date
    al: date | None = None
    revocato_il: datetime | None = campo_istante(default=None)
    pronto_intervento: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    sostituisce_id: UUID | None = Field(default=None, foreign_key="incarico.id")


class Accesso(Tabella, table=True):
    """A cartella opened to one operator, acting for one ente: by a team, for as long as she sits in it, or in emergency.

    From `dal` to `al` included; from `revocato_il` on it opens nothing, whatever its days. An end is only ever brought nearer, by
    the function `termina_accessi` (docs/security/squadre.md). One opened in emergency also ends at the instant `scade_il`.
    """

    __tablename__ = "accesso"
    __table_args__ = (
        vincolo_enum("motivo", MotivoAccesso),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.CheckConstraint("revocato_il IS NULL OR al IS NOT NULL", name="revocato_con_fine"),
        sa.CheckConstraint("(motivo = 'emergenza') = (scade_il IS NOT NULL)", name="emergenza_a_scadenza"),
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
    revocato_il: datetime | None = campo_istante(default=None)
    scade_il: datetime | None = campo_istante(default=None)


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
    """`CLASSI_DEL_RUOLO`, `RUOLI_TERRITORIALI` and `RUOLI_PER_ACCORDO` as the database reads them; a test holds them together."""

    __tablename__ = "regola_ruolo"
    __table_args__ = (vincolo_enum("ruolo", Ruolo),)

    ruolo: Ruolo = Field(primary_key=True, sa_type=TestoEnum(Ruolo))
    classi: int = Field(sa_type=sa.Integer)
    territoriale: bool
    per_accordo: bool


class StoriaAccesso(SQLModel, table=True):
    """What the rule of access could read of a row, from when it was written until it was changed: the recorded axis of time.

    Written by the trigger `ricorda_accesso` alone. `riga` has the columns the rule reads, and no others: identifiers, codes and
    dates. `cartella_id` and `ente_id` repeat those the row names, to be sought by. No foreign keys: it outlives what it tells of.
    """

    __tablename__ = "storia_accesso"
    __table_args__ = (
        sa.CheckConstraint("registrato_al > registrato_il", name="registrazione_in_ordine"),
        sa.Index(
            "uq_storia_accesso_corrente", "tabella", "riga_id", unique=True, postgresql_where=sa.text("registrato_al IS NULL")
        ),
        sa.Index("ix_storia_accesso_riga", "riga_id", "registrato_il"),
        sa.Index("ix_storia_accesso_cartella", "cartella_id", postgresql_where=sa.text("cartella_id IS NOT NULL")),
        sa.Index("ix_storia_accesso_ente", "ente_id", postgresql_where=sa.text("ente_id IS NOT NULL")),
    )

    id: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": sa.Identity(always=True)})
    ambito_id: int
    tabella: str
    riga_id: UUID
    cartella_id: UUID | None = None
    ente_id: UUID | None = None
    riga: dict[str, Any] = campo_json()
    registrato_il: datetime = campo_istante()
    registrato_al: datetime | None = campo_istante(default=None)
