"""Tables of the outgoing webhooks: who receives, what is to be delivered, and every attempt made.

A delivery carries the exact bytes that are signed, so that every attempt sends the same body under the same `webhook-id`
(the row's identifier) and the receiver can tell a repeat. Delays are rows with `prossimo_tentativo`, never timers of a broker.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlmodel import Field

from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_istante, vincolo_enum

MASSIMO_ESTRATTO = 2048
"""Longest part of a receiver's answer that is kept, in characters."""


class StatoConsegna(StrEnum):
    """`da_inviare` waits for its turn, `consegnata` had a 2xx, `accantonata` was given up and waits for a person."""

    DA_INVIARE = "da_inviare"
    CONSEGNATA = "consegnata"
    ACCANTONATA = "accantonata"


class Destinazione(Versionata, table=True):
    """An address of an ente that receives the events named in `tipi`.

    The signing secret is encrypted at rest (AES-GCM, see `segreti`); after a rotation the old one stays in `segreto_precedente`
    and both sign until it is dropped. `sospesa_fino` is the breaker: after many failures in a row nothing is sent before it.
    """

    __tablename__ = "destinazione"
    __table_args__ = (
        sa.CheckConstraint("cardinality(tipi) > 0", name="tipi_presenti"),
        sa.CheckConstraint("errori_consecutivi >= 0", name="errori_non_negativi"),
        sa.UniqueConstraint("ambito_id", "ente_id", "url"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    ente_id: UUID = Field(foreign_key="ente.id")
    denominazione: str
    url: str
    segreto_cifrato: bytes = Field(sa_type=sa.LargeBinary)
    segreto_precedente: bytes | None = Field(default=None, sa_type=sa.LargeBinary, nullable=True)
    tipi: list[str] = Field(sa_column=sa.Column("tipi", pg.ARRAY(sa.Text), nullable=False))
    attiva: bool = True
    sospesa_fino: datetime | None = campo_istante(default=None, nullable=True)
    errori_consecutivi: int = 0


class Consegna(Tabella, table=True):
    """One event to be delivered to one destinazione; `id` is the `webhook-id` of every attempt.

    Order is kept per destinazione and `cartella_id` (or `aggregato_id` when the event has no cartella): a later delivery waits
    while an earlier one is `da_inviare`. `in_corso_fino` is the lease of the sender at work.
    """

    __tablename__ = "consegna"
    __table_args__ = (
        vincolo_enum("stato", StatoConsegna),
        sa.CheckConstraint("tentativi >= 0", name="tentativi_non_negativi"),
        sa.CheckConstraint("(stato = 'consegnata') = (consegnata_il IS NOT NULL)", name="consegnata_con_istante"),
        sa.UniqueConstraint("destinazione_id", "evento_posizione"),
        sa.Index(
            "ix_consegna_da_inviare", "destinazione_id", "prossimo_tentativo", postgresql_where=sa.text("stato = 'da_inviare'")
        ),
        sa.Index(
            "ix_consegna_in_attesa",
            "destinazione_id",
            sa.text("coalesce(cartella_id, aggregato_id)"),
            "evento_posizione",
            postgresql_where=sa.text("stato = 'da_inviare'"),
        ),
        sa.Index("ix_consegna_cartella_id", "cartella_id"),
        sa.Index("ix_consegna_ambito_id_id", "ambito_id", "id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    destinazione_id: UUID = Field(foreign_key="destinazione.id")
    evento_posizione: int = Field(sa_type=sa.BigInteger)
    evento_tipo: str
    aggregato_id: UUID
    cartella_id: UUID | None = Field(default=None, foreign_key="cartella.id", nullable=True)
    corpo: bytes = Field(sa_type=sa.LargeBinary)
    stato: StatoConsegna = campo_enum(StatoConsegna, default=StatoConsegna.DA_INVIARE)
    tentativi: int = 0
    creata_il: datetime = campo_istante()
    prossimo_tentativo: datetime = campo_istante()
    in_corso_fino: datetime | None = campo_istante(default=None, nullable=True)
    ultimo_stato: int | None = None
    ultimo_errore: str | None = None
    consegnata_il: datetime | None = campo_istante(default=None, nullable=True)


class TentativoConsegna(Tabella, table=True):
    """One attempt: what the receiver answered (`stato_http`, `estratto`) or why there was no answer (`errore`)."""

    __tablename__ = "tentativo_consegna"
    __table_args__ = (
        sa.CheckConstraint("durata_ms >= 0", name="durata_non_negativa"),
        sa.CheckConstraint(f"char_length(estratto) <= {MASSIMO_ESTRATTO}", name="estratto_breve"),
        sa.CheckConstraint("(stato_http IS NULL) = (errore IS NOT NULL)", name="risposta_o_errore"),
        sa.Index("ix_tentativo_consegna_consegna_id", "consegna_id"),
    )

    consegna_id: UUID = Field(foreign_key="consegna.id")
    ambito_id: int = Field(foreign_key="ambito.id")
    quando: datetime = campo_istante()
    stato_http: int | None = None
    errore: str | None = None
    durata_ms: int
    estratto: str = ""
