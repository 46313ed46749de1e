"""Tables of the valutazione multidimensionale: the équipe, its members, the assessment.

EVM, UVM and VMD are one thing here. An équipe is guarded by what `custodia_id` names: the cartella for an ordinary one, the
P.I.P.P.I. case for an `equipe_pippi`, whose very existence is known to its team alone (ADR 0011). Composite keys make a member
carry the cartella and the guard of the équipe she sits in, so that no row can be more visible than the one it hangs from; the
guard is in the unique keys too, so that a row refused for its guard is not refused first for what it collides with.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_json, vincolo_enum


class TipoEquipe(StrEnum):
    EQUIPE_MULTIDISCIPLINARE = "equipe_multidisciplinare"
    UVM = "uvm"
    EQUIPE_PIPPI = "equipe_pippi"


class Qualifica(StrEnum):
    """In what quality a member sits in the équipe."""

    ASSISTENTE_SOCIALE = "assistente_sociale"
    MEDICO = "medico"
    INFERMIERE = "infermiere"
    PSICOLOGO = "psicologo"
    EDUCATORE = "educatore"
    INSEGNANTE = "insegnante"
    GENITORE = "genitore"
    CAREGIVER = "caregiver"
    ALTRO = "altro"


class StatoValutazione(StrEnum):
    BOZZA = "bozza"
    CONCLUSA = "conclusa"
    RETTIFICATA = "rettificata"


class Mobilita(StrEnum):
    SI_SPOSTA_DA_SOLO = "si_sposta_da_solo"
    ASSISTITO = "assistito"
    NON_SI_SPOSTA = "non_si_sposta"


class DisturbiCognitivi(StrEnum):
    ASSENTI = "assenti"
    LIEVI = "lievi"
    MODERATI = "moderati"
    GRAVI = "gravi"


class DisturbiComportamentali(StrEnum):
    ASSENTI = "assenti"
    PRESENTI = "presenti"


class NecessitaCure(StrEnum):
    BASSA = "bassa"
    MEDIA = "media"
    ALTA = "alta"


class AreaReddituale(StrEnum):
    AUTONOMO = "autonomo"
    AIUTO_DI_ALTRI = "aiuto_di_altri"
    BISOGNO_SENZA_AIUTI = "bisogno_senza_aiuti"


class AreaSupporto(StrEnum):
    PRESENTE = "presente"
    PARZIALE = "parziale"
    ASSENTE = "assente"


class FonteValutazione(StrEnum):
    UVM = "uvm"
    CARTELLA_SOCIALE = "cartella_sociale"
    ALTRA_DOCUMENTAZIONE = "altra_documentazione"
    RACCOLTA_DIRETTA = "raccolta_diretta"


class StrumentoValutazione(StrEnum):
    SVAMA = "svama"
    AGED = "aged"
    RUG = "rug"
    SOSIA = "sosia"
    SCHEMA_POLARE = "schema_polare"
    VALGRAF = "valgraf"
    ALTRO = "altro"


class Equipe(Versionata, table=True):
    """A team around one cartella, in being from `costituita_il` to `cessata_il` included.

    `custodia_id` is the cartella's id, or the P.I.P.P.I. case's id when the type is `equipe_pippi`.
    """

    __tablename__ = "equipe"
    __table_args__ = (
        vincolo_enum("tipo", TipoEquipe),
        sa.CheckConstraint("cessata_il IS NULL OR cessata_il >= costituita_il", name="date_in_ordine"),
        sa.CheckConstraint("(tipo = 'equipe_pippi') = (custodia_id <> cartella_id)", name="custodia_secondo_tipo"),
        sa.UniqueConstraint("id", "cartella_id"),
        sa.UniqueConstraint("id", "cartella_id", "custodia_id"),
        sa.Index("ix_equipe_cartella", "cartella_id"),
        sa.Index("ix_equipe_custodia", "custodia_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    custodia_id: UUID
    tipo: TipoEquipe = campo_enum(TipoEquipe)
    costituita_il: date
    cessata_il: date | None = None


class MembroEquipe(Tabella, table=True):
    """Who sits in an équipe, from `dal` to `al` included.

    An operator, a person of the record (a parent, a caregiver), or somebody sent by an ente and known only by a description (the
    teacher of class 3B). To add or end one is a change of the équipe, whose `versione` grows.
    """

    __tablename__ = "membro_equipe"
    __table_args__ = (
        vincolo_enum("qualifica", Qualifica),
        sa.CheckConstraint(
            "operatore_id IS NOT NULL OR persona_id IS NOT NULL OR (ente_id IS NOT NULL AND descrizione IS NOT NULL)",
            name="membro_individuato",
        ),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.ForeignKeyConstraint(
            ["equipe_id", "cartella_id", "custodia_id"], ["equipe.id", "equipe.cartella_id", "equipe.custodia_id"]
        ),
        sa.Index("ix_membro_equipe_equipe", "equipe_id"),
        sa.Index("ix_membro_equipe_cartella", "cartella_id"),
        sa.Index("ix_membro_equipe_custodia", "custodia_id"),
        sa.Index(
            "uq_membro_equipe_operatore",
            "equipe_id",
            "custodia_id",
            "operatore_id",
            "dal",
            unique=True,
            postgresql_where=sa.text("operatore_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_membro_equipe_persona",
            "equipe_id",
            "custodia_id",
            "persona_id",
            "dal",
            unique=True,
            postgresql_where=sa.text("persona_id IS NOT NULL"),
        ),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    equipe_id: UUID
    custodia_id: UUID
    operatore_id: UUID | None = Field(default=None, foreign_key="operatore.id")
    ente_id: UUID | None = Field(default=None, foreign_key="ente.id")
    persona_id: UUID | None = Field(default=None, foreign_key="persona.id")
    qualifica: Qualifica = campo_enum(Qualifica)
    descrizione: str | None = None
    dal: date
    al: date | None = None


class Valutazione(Versionata, table=True):
    """A multidimensional assessment of a person, on `data_valutazione`, by an équipe. Data class SANITARIA.

    `adl` and `iadl` hold the items of Katz and Lawton by name, each 0, 1 or null (not assessed); the two scores are null until
    every item is known. What the SINA part of a flow to INPS needs is kept as words, translated by `valutazioni.sina`. A
    concluded one is never changed: a rectification is a new row naming the old one in `rettifica_di`.
    """

    __tablename__ = "valutazione"
    __table_args__ = (
        vincolo_enum("stato", StatoValutazione),
        vincolo_enum("mobilita", Mobilita),
        vincolo_enum("disturbi_cognitivi", DisturbiCognitivi),
        vincolo_enum("disturbi_comportamentali", DisturbiComportamentali),
        vincolo_enum("necessita_cure", NecessitaCure),
        vincolo_enum("area_reddituale", AreaReddituale),
        vincolo_enum("area_supporto", AreaSupporto),
        vincolo_enum("fonte", FonteValutazione),
        vincolo_enum("strumento", StrumentoValutazione),
        sa.CheckConstraint("punteggio_adl BETWEEN 0 AND 6", name="punteggio_adl_in_scala"),
        sa.CheckConstraint("punteggio_iadl BETWEEN 0 AND 8", name="punteggio_iadl_in_scala"),
        sa.CheckConstraint("(stato = 'bozza') = (conclusa_il IS NULL)", name="conclusione_datata"),
        sa.CheckConstraint("conclusa_il >= data_valutazione", name="date_in_ordine"),
        sa.CheckConstraint("rettifica_di <> id", name="non_rettifica_se_stessa"),
        sa.ForeignKeyConstraint(["equipe_id", "cartella_id"], ["equipe.id", "equipe.cartella_id"]),
        sa.UniqueConstraint("id", "cartella_id"),
        sa.UniqueConstraint("rettifica_di"),
        sa.Index("ix_valutazione_cartella", "cartella_id"),
        sa.Index("ix_valutazione_equipe", "equipe_id"),
        sa.Index("ix_valutazione_domanda", "domanda_id"),
        sa.Index("uq_valutazione_domanda_conclusa", "domanda_id", unique=True, postgresql_where=sa.text("stato = 'conclusa'")),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    equipe_id: UUID
    domanda_id: UUID | None = Field(default=None, foreign_key="domanda.id")
    rettifica_di: UUID | None = Field(default=None, foreign_key="valutazione.id")
    stato: StatoValutazione = campo_enum(StatoValutazione, default=StatoValutazione.BOZZA)
    data_valutazione: date
    adl: dict[str, int | None] = campo_json(default_factory=dict)
    iadl: dict[str, int | None] = campo_json(default_factory=dict)
    punteggio_adl: int | None = None
    punteggio_iadl: int | None = None
    mobilita: Mobilita | None = campo_enum(Mobilita, default=None)
    disturbi_cognitivi: DisturbiCognitivi | None = campo_enum(DisturbiCognitivi, default=None)
    disturbi_comportamentali: DisturbiComportamentali | None = campo_enum(DisturbiComportamentali, default=None)
    necessita_cure: NecessitaCure | None = campo_enum(NecessitaCure, default=None)
    area_reddituale: AreaReddituale | None = campo_enum(AreaReddituale, default=None)
    area_supporto: AreaSupporto | None = campo_enum(AreaSupporto, default=None)
    strumento: StrumentoValutazione | None = campo_enum(StrumentoValutazione, default=None)
    fonte: FonteValutazione | None = campo_enum(FonteValutazione, default=None)
    conclusa_il: date | None = None
