"""Tables of the flows to the State: who publishes, what was published, what the other side answered.

The pages of `GET /waas/v1/flussi` are cut on `ts_flusso`, so it must be unique and grow in order of commit within an ente.
Whoever stamps it holds the row of `ente_waas` under lock until commit; see `services.core.flussi.orologio.prossimo_ts`.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from services.core.flussi.vocabolario import Operazione, TipoFlusso
from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_istante, campo_json, vincolo_enum


class StatoFlusso(StrEnum):
    """`scartato`: broke a rule of ours and was never published. `respinto`: INPS answered something other than OK."""

    DA_PUBBLICARE = "da_pubblicare"
    PUBBLICATO = "pubblicato"
    ACQUISITO = "acquisito"
    RESPINTO = "respinto"
    SCARTATO = "scartato"


class StatoEsito(StrEnum):
    """What became of a notified outcome. All but `applicato` and `superato` belong to the worklist."""

    APPLICATO = "applicato"
    SUPERATO = "superato"
    SCONOSCIUTO = "sconosciuto"
    MALFORMATO = "malformato"


_PUBBLICATI = ", ".join(f"'{s.value}'" for s in (StatoFlusso.PUBBLICATO, StatoFlusso.ACQUISITO, StatoFlusso.RESPINTO))


class EnteWaas(SQLModel, table=True):
    """An ente that offers the WaaS e-service: one PDND audience, one sequencer, one cursor.

    `ultimo_ts` is the last `ts_flusso` given, milliseconds since the epoch. `progressivo` counts the ids given on
    `progressivo_giorno`. `codice_fiscale_operatore` fills the required attribute CFOperatore: while it is null nothing of the
    ente can be published. Both codes are unique in the whole database because INPS sees one name space.
    """

    __tablename__ = "ente_waas"
    __table_args__ = (
        sa.CheckConstraint("codice_ente ~ '^[A-Z][0-9]{3}$'", name="codice_ente_belfiore"),
        sa.CheckConstraint("ultimo_ts >= 0", name="ultimo_ts_non_negativo"),
        sa.CheckConstraint("progressivo >= 0", name="progressivo_non_negativo"),
    )

    ente_id: UUID = Field(primary_key=True, foreign_key="ente.id")
    ambito_id: int = Field(foreign_key="ambito.id", index=True)
    audience: str = Field(unique=True)
    codice_ente: str = Field(unique=True, sa_type=sa.CHAR(4))
    denominazione: str
    codice_fiscale_operatore: str | None = None
    ultimo_ts: int = Field(default=0, sa_type=sa.BigInteger)
    progressivo_giorno: date | None = None
    progressivo: int = Field(default=0, sa_type=sa.Integer)


class Flusso(Versionata, table=True):
    """One operation on one benefit of one person towards the SIUSS.

    `origine_tipo` and `origine_id` name the record it comes from (the assegnazione); `anno` the calendar year it declares,
    since a benefit that crosses a year is declared once for each; `ordine` counts the operations on that origin and year,
    from 1: so a reader that reads the log again finds its rows instead of doubling them. `contenuto` is the XML exactly as
    served. `motivo` lists as `{codice, campo, testo, gravita}` what the worklist shows: broken rules, INPS's reasons, and notes
    on what was left out (`avviso`). `ts_acquisizione` is of the outcome that gave the present state.
    """

    __tablename__ = "flusso"
    __table_args__ = (
        sa.UniqueConstraint("id_flusso", name="uq_flusso_id_flusso"),
        sa.UniqueConstraint("ente_id", "ts_flusso", name="uq_flusso_ente_id_ts_flusso"),
        sa.UniqueConstraint("origine_tipo", "origine_id", "anno", "ordine", name="uq_flusso_origine"),
        vincolo_enum("tipo", TipoFlusso),
        vincolo_enum("operazione", Operazione),
        vincolo_enum("stato", StatoFlusso),
        sa.CheckConstraint(f"(ts_flusso IS NOT NULL) = (stato IN ({_PUBBLICATI}))", name="ts_se_pubblicato"),
        sa.CheckConstraint(
            "stato = 'scartato' OR (ente_id IS NOT NULL AND id_flusso IS NOT NULL AND contenuto IS NOT NULL)",
            name="contenuto_presente",
        ),
        sa.CheckConstraint("ordine >= 1", name="ordine_positivo"),
        sa.Index("ix_flusso_cartella_id", "cartella_id"),
        sa.Index("ix_flusso_ente_id_da_pubblicare", "ente_id", "id", postgresql_where=sa.text("stato = 'da_pubblicare'")),
        sa.Index("ix_flusso_ambito_id_stato", "ambito_id", "stato", sa.text("creato_il DESC"), sa.text("id DESC")),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    ente_id: UUID | None = Field(default=None, foreign_key="ente_waas.ente_id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    origine_tipo: str
    origine_id: UUID
    anno: int = Field(sa_type=sa.SmallInteger)
    ordine: int = Field(default=1, sa_type=sa.Integer)
    id_flusso: str | None = None
    tipo: TipoFlusso = campo_enum(TipoFlusso)
    operazione: Operazione | None = campo_enum(Operazione, default=None, nullable=True)
    ts_flusso: int | None = Field(default=None, sa_type=sa.BigInteger)
    contenuto: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    stato: StatoFlusso = campo_enum(StatoFlusso)
    motivo: list[dict[str, Any]] = campo_json(default_factory=list)
    ts_acquisizione: datetime | None = campo_istante(default=None, nullable=True)
    id_acquisizione_siuss: str | None = None
    creato_il: datetime = campo_istante()


class EsitoFlusso(Tabella, table=True):
    """An outcome as INPS notified it, kept whole in `grezzo` even when malformed or about an unknown flow.

    `impronta` (SHA-256 of the canonical JSON, lowercase hex) makes any repeated delivery harmless; when the outcome is well
    formed, the pair (id_flusso, ts_acquisizione) does as well. A malformed one has every read field null: it claims nothing
    about a flow.
    `ts_flusso` is in milliseconds since the epoch.
    """

    __tablename__ = "esito_flusso"
    __table_args__ = (
        sa.UniqueConstraint("ente_id", "impronta", name="uq_esito_flusso_ente_id_impronta"),
        sa.UniqueConstraint("ente_id", "id_flusso", "ts_acquisizione", name="uq_esito_flusso_ente_id_id_flusso_ts_acquisizione"),
        vincolo_enum("tipo", TipoFlusso),
        vincolo_enum("stato", StatoEsito),
        sa.CheckConstraint(
            "stato = 'malformato' OR (id_flusso IS NOT NULL AND codice_esito IS NOT NULL)", name="letto_se_valido"
        ),
        sa.Index("ix_esito_flusso_flusso_id", "flusso_id", sa.text("ts_acquisizione DESC")),
        sa.Index("ix_esito_flusso_cartella_id", "cartella_id"),
        sa.Index("ix_esito_flusso_ambito_id_stato", "ambito_id", "stato", sa.text("ricevuto_il DESC"), sa.text("id DESC")),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    ente_id: UUID = Field(foreign_key="ente_waas.ente_id")
    cartella_id: UUID | None = Field(default=None, foreign_key="cartella.id")
    flusso_id: UUID | None = Field(default=None, foreign_key="flusso.id")
    id_flusso: str | None = None
    tipo: TipoFlusso | None = campo_enum(TipoFlusso, default=None, nullable=True)
    ts_flusso: int | None = Field(default=None, sa_type=sa.BigInteger)
    ts_acquisizione: datetime | None = campo_istante(default=None, nullable=True)
    codice_esito: str | None = None
    descrizione: str | None = None
    id_acquisizione_siuss: str | None = None
    stato: StatoEsito = campo_enum(StatoEsito)
    impronta: str = Field(sa_type=sa.CHAR(64))
    grezzo: Any = campo_json()
    ricevuto_il: datetime = campo_istante()
