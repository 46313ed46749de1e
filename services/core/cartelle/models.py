"""Tables of the cartella sociale and of the facts known about it, on two axes of time."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_istante, campo_json, vincolo_enum


class StatoCartella(StrEnum):
    APERTA = "aperta"
    CHIUSA = "chiusa"


class Cartella(Versionata, table=True):
    """The one record of a person in an ambito, held by the competenza (Comune × service) that has her in charge."""

    __tablename__ = "cartella"
    __table_args__ = (
        vincolo_enum("stato", StatoCartella),
        sa.CheckConstraint("(stato = 'chiusa') = (chiusa_il IS NOT NULL)", name="chiusura_datata"),
        sa.CheckConstraint("chiusa_il >= aperta_il", name="date_in_ordine"),
        sa.UniqueConstraint("persona_id"),
        sa.Index("ix_cartella_competenza", "competenza_id", sa.text("creata_il DESC"), sa.text("id DESC")),
        sa.Index("ix_cartella_ambito", "ambito_id", sa.text("creata_il DESC"), sa.text("id DESC")),
        sa.Index("ix_cartella_nucleo", "nucleo_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    persona_id: UUID = Field(foreign_key="persona.id")
    nucleo_id: UUID = Field(foreign_key="nucleo.id")
    competenza_id: int = Field(foreign_key="competenza.id")
    stato: StatoCartella = campo_enum(StatoCartella, default=StatoCartella.APERTA)
    riservata: bool = False
    aperta_il: date
    chiusa_il: date | None = None
    creata_il: datetime = campo_istante()


class Fatto(Tabella, table=True):
    """A fact about the person, with its source, on two axes of time.

    It is true from `valido_dal` to `valido_al` included, and believed from `registrato_il` until `registrato_al`. A
    correction closes the old row and adds a new one; nothing is overwritten.

    `schema_dati` names the contract `valore` follows; `classe` is the data class (`ruoli.Classe`) needed to see it.
    """

    __tablename__ = "fatto"
    __table_args__ = (
        sa.CheckConstraint("valido_al IS NULL OR valido_al >= valido_dal", name="validita_in_ordine"),
        sa.CheckConstraint("registrato_al IS NULL OR registrato_al > registrato_il", name="registrazione_in_ordine"),
        sa.Index("ix_fatto_cartella", "cartella_id", "tipo", sa.text("registrato_il DESC")),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    tipo: str
    classe: int = Field(sa_type=sa.Integer)
    valore: dict[str, Any] = campo_json()
    fonte: str
    schema_dati: str
    valido_dal: date
    valido_al: date | None = None
    registrato_il: datetime = campo_istante(sa_column_kwargs={"server_default": sa.text("clock_timestamp()")})
    registrato_al: datetime | None = campo_istante(default=None)
