"""Tables of the progetto: what is agreed with the person, its objectives, and who signed which content."""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.platform.modelli import Tabella, Versionata, campo_enum, vincolo_enum


class TipoProgetto(StrEnum):
    """Kinds of personal project.

    `progetto_individualizzato` is the one of the FNA measures; `progetto_individuale` the one of L. 328/2000, art. 14; `pai` the
    plan of care of a home or residential service; `progetto_quadro` the one of child protection.
    """

    PROGETTO_INDIVIDUALIZZATO = "progetto_individualizzato"
    PROGETTO_INDIVIDUALE = "progetto_individuale"
    PAI = "pai"
    PROGETTO_QUADRO = "progetto_quadro"


class StatoProgetto(StrEnum):
    BOZZA = "bozza"
    FIRMATO = "firmato"
    CHIUSO = "chiuso"


class RuoloFirmatario(StrEnum):
    """On whose behalf a signature is put."""

    PERSONA = "persona"
    RAPPRESENTANTE = "rappresentante"
    RESPONSABILE_CASO = "responsabile_caso"
    ASST = "asst"
    MEMBRO_EQUIPE = "membro_equipe"


class TitoloRappresentanza(StrEnum):
    """By what title one signs for the person: parent, guardian, curator, support administrator, or by power of attorney."""

    GENITORE = "genitore"
    TUTORE = "tutore"
    CURATORE = "curatore"
    AMMINISTRATORE_SOSTEGNO = "amministratore_sostegno"
    PROCURATORE = "procuratore"


class Progetto(Versionata, table=True):
    """A project agreed between the person, the case's responsible and the équipe, in force from `dal` to `al` included."""

    __tablename__ = "progetto"
    __table_args__ = (
        vincolo_enum("tipo", TipoProgetto),
        vincolo_enum("stato", StatoProgetto),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.CheckConstraint("stato <> 'firmato' OR firmato_il IS NOT NULL", name="firma_datata"),
        sa.CheckConstraint("stato <> 'bozza' OR firmato_il IS NULL", name="bozza_senza_firma"),
        sa.ForeignKeyConstraint(["equipe_id", "cartella_id"], ["equipe.id", "equipe.cartella_id"]),
        sa.ForeignKeyConstraint(["valutazione_id", "cartella_id"], ["valutazione.id", "valutazione.cartella_id"]),
        sa.UniqueConstraint("id", "cartella_id"),
        sa.Index("ix_progetto_cartella", "cartella_id"),
        sa.Index("ix_progetto_equipe", "equipe_id"),
        sa.Index("ix_progetto_valutazione", "valutazione_id"),
        sa.Index("ix_progetto_domanda", "domanda_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    equipe_id: UUID
    valutazione_id: UUID | None = None
    domanda_id: UUID | None = Field(default=None, foreign_key="domanda.id")
    tipo: TipoProgetto = campo_enum(TipoProgetto)
    stato: StatoProgetto = campo_enum(StatoProgetto, default=StatoProgetto.BOZZA)
    dal: date
    al: date | None = None
    firmato_il: date | None = None


class Obiettivo(Tabella, table=True):
    """One objective of a progetto, with the result one expects to observe; `ordine` counts from 1."""

    __tablename__ = "obiettivo"
    __table_args__ = (
        sa.CheckConstraint("ordine >= 1", name="ordine_positivo"),
        sa.ForeignKeyConstraint(["progetto_id", "cartella_id"], ["progetto.id", "progetto.cartella_id"]),
        sa.UniqueConstraint("progetto_id", "ordine"),
        sa.Index("ix_obiettivo_cartella", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    progetto_id: UUID
    testo: str
    risultato_atteso: str
    ordine: int


class Firma(Tabella, table=True):
    """A signature on one content of a progetto.

    `impronta` is the SHA-256 (hex) of what was signed (`progetti.contenuto`), so that a later change of the draft leaves the
    signature behind instead of carrying it along. The row says that the signature was collected and by whom it was put; it is
    not a qualified electronic signature.
    """

    __tablename__ = "firma"
    __table_args__ = (
        vincolo_enum("ruolo_firmatario", RuoloFirmatario),
        vincolo_enum("titolo_rappresentanza", TitoloRappresentanza),
        sa.CheckConstraint("num_nonnulls(operatore_id, persona_id, nominativo) = 1", name="un_firmatario"),
        sa.CheckConstraint(
            "(ruolo_firmatario = 'rappresentante') = (titolo_rappresentanza IS NOT NULL)", name="rappresentante_con_titolo"
        ),
        sa.CheckConstraint(
            "operatore_id IS NOT NULL OR ruolo_firmatario NOT IN ('responsabile_caso', 'asst')", name="professionista_individuato"
        ),
        sa.CheckConstraint("impronta ~ '^[0-9a-f]{64}$'", name="impronta_sha256"),
        sa.ForeignKeyConstraint(["progetto_id", "cartella_id"], ["progetto.id", "progetto.cartella_id"]),
        sa.UniqueConstraint(
            "progetto_id",
            "impronta",
            "ruolo_firmatario",
            "operatore_id",
            "persona_id",
            "nominativo",
            name="uq_firma_firmatario",
            postgresql_nulls_not_distinct=True,
        ),
        sa.Index("ix_firma_cartella", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    progetto_id: UUID
    operatore_id: UUID | None = Field(default=None, foreign_key="operatore.id")
    persona_id: UUID | None = Field(default=None, foreign_key="persona.id")
    nominativo: str | None = None
    ente_id: UUID | None = Field(default=None, foreign_key="ente.id")
    ruolo_firmatario: RuoloFirmatario = campo_enum(RuoloFirmatario)
    titolo_rappresentanza: TitoloRappresentanza | None = campo_enum(TitoloRappresentanza, default=None)
    impronta: str
    firmata_il: date
