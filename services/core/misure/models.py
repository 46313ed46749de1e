"""Tables of the measures: avvisi, domande, decisions with their explanation, graduatorie and assegnazioni.

A decision is kept with the identifiers of the fact versions and the versions of the parameters it used, so that it can be
computed again to the same hash. A closed graduatoria is kept with the snapshot it was computed from.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlmodel import Field

from services.core.misure.esiti import EsitoAmmissibilita, EsitoVoce
from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_istante, campo_json, vincolo_enum


class StatoAvviso(StrEnum):
    BOZZA = "bozza"
    APERTO = "aperto"
    CHIUSO = "chiuso"


class StatoDomanda(StrEnum):
    BOZZA = "bozza"
    PRESENTATA = "presentata"
    ISTRUTTORIA = "istruttoria"
    IN_GRADUATORIA = "in_graduatoria"
    ASSEGNATA = "assegnata"
    RESPINTA = "respinta"
    RITIRATA = "ritirata"


class StatoGraduatoria(StrEnum):
    BOZZA = "bozza"
    CHIUSA = "chiusa"
    SUPERATA = "superata"


class StatoAssegnazione(StrEnum):
    ATTIVA = "attiva"
    SOSPESA = "sospesa"
    REVOCATA = "revocata"
    CONCLUSA = "conclusa"


class Avviso(Versionata, table=True):
    """A public notice by which an ambito opens one measure. `opzioni` holds its own choices (see `opzioni.OpzioniAvviso`)."""

    __tablename__ = "avviso"
    __table_args__ = (
        vincolo_enum("stato", StatoAvviso),
        sa.CheckConstraint("budget_centesimi >= 0", name="budget_non_negativo"),
        sa.CheckConstraint("aperto_al >= aperto_dal", name="periodo_ordinato"),
        sa.UniqueConstraint("ambito_id", "codice"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    codice: str
    misura: str
    denominazione: str
    anno: int
    fondo: str
    budget_centesimi: int = Field(sa_type=sa.BigInteger)
    aperto_dal: date
    aperto_al: date
    stato: StatoAvviso = campo_enum(StatoAvviso, default=StatoAvviso.BOZZA)
    opzioni: dict[str, Any] = campo_json(default_factory=dict)


class Domanda(Versionata, table=True):
    """A request for one measure under one avviso. `dati` holds the declared answers (see `dati_domanda.DatiDomandaB2`).

    `protocollo` is given when it is presented, drawn at random: by it alone the domanda is named in a graduatoria.
    """

    __tablename__ = "domanda"
    __table_args__ = (
        vincolo_enum("stato", StatoDomanda),
        vincolo_enum("esito", EsitoAmmissibilita),
        sa.CheckConstraint("stato IN ('bozza', 'ritirata') OR presentata_il IS NOT NULL", name="presentata_con_data"),
        sa.CheckConstraint("stato NOT IN ('presentata', 'istruttoria') OR protocollo IS NOT NULL", name="con_protocollo"),
        sa.Index(
            "uq_domanda_aperta",
            "avviso_id",
            "cartella_id",
            unique=True,
            postgresql_where=sa.text("stato NOT IN ('respinta', 'ritirata')"),
        ),
        sa.Index("ix_domanda_cartella_id", "cartella_id"),
        sa.Index("ix_domanda_ambito_id_avviso_id_stato_id", "ambito_id", "avviso_id", "stato", "id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    avviso_id: UUID = Field(foreign_key="avviso.id")
    stato: StatoDomanda = campo_enum(StatoDomanda, default=StatoDomanda.BOZZA)
    tipo_intervento: str
    protocollo: str | None = None
    presentata_il: date | None = None
    dati: dict[str, Any] = campo_json(default_factory=dict)
    esito: EsitoAmmissibilita | None = campo_enum(EsitoAmmissibilita, default=None, nullable=True)
    decisione_id: UUID | None = Field(
        default=None,
        sa_column=sa.Column(
            "decisione_id",
            sa.Uuid(),
            sa.ForeignKey("decisione.id", use_alter=True, name="fk_domanda_decisione_id_decisione"),
            nullable=True,
        ),
    )


class Decisione(Tabella, table=True):
    """One evaluation of a domanda on one reference date. Never changed: a new evaluation is a new row.

    `fatti` lists the fact versions used (id, source, validity), `parametri` the parameter versions, `spiegazione` the compact
    tree of rules; `impronta` is the SHA-256 of their canonical JSON (see `motore.impronta`).
    """

    __tablename__ = "decisione"
    __table_args__ = (
        vincolo_enum("esito", EsitoAmmissibilita),
        sa.CheckConstraint("impronta ~ '^[0-9a-f]{64}$'", name="impronta_sha256"),
        sa.Index("ix_decisione_domanda_id", "domanda_id"),
        sa.Index("ix_decisione_cartella_id", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    domanda_id: UUID = Field(foreign_key="domanda.id")
    data_riferimento: date
    esito: EsitoAmmissibilita = campo_enum(EsitoAmmissibilita)
    spiegazione: dict[str, Any] = campo_json()
    fatti: dict[str, Any] = campo_json()
    parametri: dict[str, Any] = campo_json()
    impronta: str
    creata_il: datetime = campo_istante()


class Graduatoria(Versionata, table=True):
    """A ranking of the domande of one avviso (or of one of its lines) under one budget line.

    `istantanea` is the closed input and outcome, enough to compute it again; `impronta` the SHA-256 of its canonical bytes.
    """

    __tablename__ = "graduatoria"
    __table_args__ = (
        vincolo_enum("stato", StatoGraduatoria),
        sa.CheckConstraint("impegnato_centesimi BETWEEN 0 AND budget_centesimi", name="mai_oltre_il_budget"),
        sa.CheckConstraint(
            "stato = 'bozza' OR (impronta ~ '^[0-9a-f]{64}$' AND istantanea IS NOT NULL AND chiusa_il IS NOT NULL)",
            name="chiusa_con_impronta",
        ),
        sa.Index("uq_graduatoria_vigente", "avviso_id", "linea", unique=True, postgresql_where=sa.text("stato <> 'superata'")),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    avviso_id: UUID = Field(foreign_key="avviso.id")
    linea: str = Field(default="unica")
    stato: StatoGraduatoria = campo_enum(StatoGraduatoria, default=StatoGraduatoria.BOZZA)
    budget_centesimi: int = Field(sa_type=sa.BigInteger)
    impegnato_centesimi: int = Field(default=0, sa_type=sa.BigInteger)
    impronta: str | None = None
    istantanea: dict[str, Any] | None = Field(
        default=None,
        sa_column=sa.Column("istantanea", pg.JSONB(none_as_null=True), nullable=True),  # None must be SQL NULL, not JSON null
    )
    chiusa_il: datetime | None = campo_istante(default=None, nullable=True)


class VoceGraduatoria(Tabella, table=True):
    """One domanda in one graduatoria: position, outcome, amount committed, ordering keys and the tie-break that placed it.

    A line names the domanda by its `protocollo`, neither person nor cartella: whoever forms the graduatoria reads every line,
    also of those she may not see (docs/security/canali-residui.md). It is never changed.
    """

    __tablename__ = "voce_graduatoria"
    __table_args__ = (
        vincolo_enum("esito", EsitoVoce),
        sa.CheckConstraint("importo_centesimi >= 0", name="importo_non_negativo"),
        sa.CheckConstraint("esito = 'idonea_finanziata' OR importo_centesimi = 0", name="importo_solo_se_finanziata"),
        sa.UniqueConstraint("graduatoria_id", "posizione"),
        sa.UniqueConstraint("graduatoria_id", "domanda_id"),
        sa.UniqueConstraint("graduatoria_id", "protocollo"),
        sa.Index("ix_voce_graduatoria_domanda_id", "domanda_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    graduatoria_id: UUID = Field(foreign_key="graduatoria.id")
    domanda_id: UUID = Field(foreign_key="domanda.id")
    protocollo: str
    posizione: int
    esito: EsitoVoce = campo_enum(EsitoVoce)
    importo_centesimi: int = Field(default=0, sa_type=sa.BigInteger)
    chiavi: dict[str, Any] = campo_json()


class Assegnazione(Versionata, table=True):
    """The benefit granted to a funded domanda: a monthly amount in cents for a number of months, from `dal` to `al` included."""

    __tablename__ = "assegnazione"
    __table_args__ = (
        vincolo_enum("stato", StatoAssegnazione),
        sa.CheckConstraint("importo_mensile_centesimi > 0", name="importo_positivo"),
        sa.CheckConstraint("mesi > 0", name="mesi_positivi"),
        sa.CheckConstraint("al >= dal", name="periodo_ordinato"),
        sa.UniqueConstraint("graduatoria_id", "domanda_id"),
        sa.Index("ix_assegnazione_cartella_id", "cartella_id"),
        sa.Index("ix_assegnazione_domanda_id", "domanda_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    domanda_id: UUID = Field(foreign_key="domanda.id")
    graduatoria_id: UUID = Field(foreign_key="graduatoria.id")
    misura: str
    importo_mensile_centesimi: int = Field(sa_type=sa.BigInteger)
    mesi: int
    dal: date
    al: date
    stato: StatoAssegnazione = campo_enum(StatoAssegnazione, default=StatoAssegnazione.ATTIVA)
