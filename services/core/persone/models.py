"""Tables of persons and households.

Persons belong to one ambito; the codice fiscale is unique in it, protected persons excepted, and those who are in the records
only as household of a reserved cartella.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.platform.modelli import Tabella, Versionata, campo_enum, vincolo_enum


class Sesso(StrEnum):
    M = "M"
    F = "F"


class Relazione(StrEnum):
    """Relation of a member to the head of the household, as in the register of families (ANPR, table 05, main values)."""

    INTESTATARIO = "intestatario"
    CONIUGE = "coniuge"
    FIGLIO = "figlio"
    GENITORE = "genitore"
    FRATELLO = "fratello"
    CONVIVENTE = "convivente"
    ALTRO = "altro"


class Persona(Versionata, table=True):
    """A person of one ambito.

    `cartella_id`, `competenza_id` and `riservata` repeat those of her own cartella, written by the database alone (trigger
    `cartella_della_persona`), so that the row policy of a person needs no subquery; NULL when she has none. `celata`, kept by the
    trigger `persone_celate`, says that she is in the records only as household of a reserved cartella: a conflict of her codice
    fiscale would reveal that household (docs/security/canali-residui.md).
    """

    __tablename__ = "persona"
    __table_args__ = (
        vincolo_enum("sesso", Sesso),
        sa.Index(
            "uq_persona_codice_fiscale",
            "ambito_id",
            "codice_fiscale",
            unique=True,
            postgresql_where=sa.text("codice_fiscale IS NOT NULL AND NOT protetta AND NOT celata"),
        ),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cognome: str
    nome: str
    data_nascita: date
    sesso: Sesso = campo_enum(Sesso)
    codice_fiscale: str | None = None
    comune_nascita: str | None = Field(default=None, sa_type=sa.CHAR(4))
    comune_residenza_id: int = Field(foreign_key="comune.id")
    cittadinanza: str = Field(default="380", sa_type=sa.CHAR(3))
    protetta: bool = False
    celata: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    cartella_id: UUID | None = None
    competenza_id: int | None = None
    riservata: bool | None = None


class Nucleo(Tabella, table=True):
    __tablename__ = "nucleo"

    ambito_id: int = Field(foreign_key="ambito.id")


class Componente(Tabella, table=True):
    """Membership of a person in a household, from `dal` to `al` included."""

    __tablename__ = "componente"
    __table_args__ = (
        vincolo_enum("relazione", Relazione),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.UniqueConstraint("nucleo_id", "persona_id", "dal"),
        sa.Index("ix_componente_persona", "persona_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    nucleo_id: UUID = Field(foreign_key="nucleo.id")
    persona_id: UUID = Field(foreign_key="persona.id")
    relazione: Relazione = campo_enum(Relazione)
    dal: date
    al: date | None = None
