"""Base of every table: naming of constraints, identifiers, and enums stored as text with a CHECK.

`table=True` classes do not validate (SQLModel's design): input is validated by the API's schemas and by the services.
"""

from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlmodel import Field, SQLModel

from services.core.platform.ids import nuovo_id

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = SQLModel.metadata


class Tabella(SQLModel):
    """A row with an identifier of ours (UUIDv7), given by the application: no INSERT needs RETURNING under row policies."""

    id: UUID = Field(default_factory=nuovo_id, primary_key=True)


class Versionata(Tabella):
    """A row that people change: `versione` grows by one at each change, under the row lock, and is the ETag."""

    versione: int = Field(default=1, sa_type=sa.BigInteger)


class TestoEnum(sa.types.TypeDecorator[StrEnum]):
    """A `StrEnum` stored as text; unknown text read back is an error, never passed through."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> StrEnum | None:  # noqa: ARG002  # as above
        return None if value is None else self.enum(value)


def campo_enum(enum: type[StrEnum], **altro: Any) -> Any:
    """A text column bound to `enum`. Add `vincolo_enum(...)` to the table's `__table_args__`."""
    return Field(sa_type=TestoEnum(enum), **altro)


def vincolo_enum(colonna: str, enum: type[StrEnum]) -> sa.CheckConstraint:
    """CHECK that a text column holds only the values of `enum`; a NULL passes."""
    valori = ", ".join(f"'{v.value}'" for v in enum)
    return sa.CheckConstraint(f"{colonna} IN ({valori})", name=f"{colonna}_ammesso")


def campo_json(**altro: Any) -> Any:
    """A JSONB column; None is SQL NULL, never the JSON `null`."""
    return Field(sa_type=pg.JSONB(none_as_null=True), **altro)


def campo_istante(**altro: Any) -> Any:
    """A `timestamptz` column."""
    return Field(sa_type=sa.DateTime(timezone=True), **altro)
