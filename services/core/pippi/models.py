"""Tables of P.I.P.P.I. (programme of intervention to prevent institutionalisation): the case, the surveys, the micro-projects.

Who is not in the case's team may not learn that the case exists. Every row is visible by the team's grant only (`accesso` with
reason `pippi` and `origine_id` = the case), never by the territory of the cartella; ADR 0011 goes through the ways it could leak.
No table outside this area refers to these.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.pippi.mondo_del_bambino import Sottodimensione
from services.core.platform.modelli import Versionata, campo_enum, campo_json, vincolo_enum


class StatoCaso(StrEnum):
    PROPOSTO = "proposto"
    ADERITO = "aderito"
    IN_CORSO = "in_corso"
    CONCLUSO = "concluso"
    INTERROTTO = "interrotto"


class Tempo(StrEnum):
    """When a survey is taken: at the start, in between, at the end."""

    T0 = "T0"
    T1 = "T1"
    T2 = "T2"


class Dispositivo(StrEnum):
    """The devices of the programme, plus economic support."""

    EDUCATIVA_DOMICILIARE = "educativa_domiciliare"
    GRUPPI = "gruppi"
    PARTENARIATO_SCUOLA_FAMIGLIA = "partenariato_scuola_famiglia"
    VICINANZA_SOLIDALE = "vicinanza_solidale"
    SOSTEGNO_ECONOMICO = "sostegno_economico"


class CasoPippi(Versionata, table=True):
    """One child in one edition of the programme. `cartella_id` is the child's.

    The composite key makes the équipe be one guarded by this very case. There is deliberately no unique key on the cartella: by
    refusing a second case it would tell an outsider that there is a first.
    """

    __tablename__ = "caso_pippi"
    __table_args__ = (
        vincolo_enum("stato", StatoCaso),
        sa.CheckConstraint("stato IN ('proposto', 'interrotto') OR adesione_il IS NOT NULL", name="adesione_datata"),
        sa.CheckConstraint("stato <> 'proposto' OR adesione_il IS NULL", name="proposto_senza_adesione"),
        sa.CheckConstraint("(stato = 'interrotto') = (motivo_interruzione IS NOT NULL)", name="interruzione_motivata"),
        sa.CheckConstraint("(stato IN ('concluso', 'interrotto')) = (chiuso_il IS NOT NULL)", name="chiusura_datata"),
        sa.CheckConstraint("adesione_il >= proposto_il AND chiuso_il >= proposto_il", name="date_in_ordine"),
        sa.ForeignKeyConstraint(
            ["equipe_id", "cartella_id", "id"],
            ["equipe.id", "equipe.cartella_id", "equipe.custodia_id"],
            name="fk_caso_pippi_equipe_id_equipe",
        ),
        sa.UniqueConstraint("id", "cartella_id"),
        sa.Index("ix_caso_pippi_cartella", "cartella_id"),
        sa.Index("ix_caso_pippi_equipe", "equipe_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    equipe_id: UUID
    edizione: str
    stato: StatoCaso = campo_enum(StatoCaso, default=StatoCaso.PROPOSTO)
    proposto_il: date
    adesione_il: date | None = None
    chiuso_il: date | None = None
    motivo_interruzione: str | None = None


class RilevazionePippi(Versionata, table=True):
    """The *Mondo del bambino* as the team scores it at one time.

    `punteggi` holds the seventeen sub-dimensions by code, each 1 to 6, or null when the team did not assess it.
    """

    __tablename__ = "rilevazione_pippi"
    __table_args__ = (
        vincolo_enum("tempo", Tempo),
        sa.ForeignKeyConstraint(["caso_id", "cartella_id"], ["caso_pippi.id", "caso_pippi.cartella_id"]),
        sa.UniqueConstraint("caso_id", "tempo"),
        sa.Index("ix_rilevazione_pippi_cartella", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    caso_id: UUID
    tempo: Tempo = campo_enum(Tempo)
    data: date
    punteggi: dict[str, int | None] = campo_json()


class Microprogetto(Versionata, table=True):
    """One step agreed with the family: what is observed, the observable result expected, by which device, who answers for it, by
    when; `verifica` is how far it was attained, 1 to 6, null until verified."""

    __tablename__ = "microprogetto"
    __table_args__ = (
        vincolo_enum("sottodimensione", Sottodimensione),
        vincolo_enum("dispositivo", Dispositivo),
        sa.CheckConstraint("verifica BETWEEN 1 AND 6", name="verifica_in_scala"),
        sa.ForeignKeyConstraint(["caso_id", "cartella_id"], ["caso_pippi.id", "caso_pippi.cartella_id"]),
        sa.Index("ix_microprogetto_caso", "caso_id"),
        sa.Index("ix_microprogetto_cartella", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    caso_id: UUID
    sottodimensione: Sottodimensione = campo_enum(Sottodimensione)
    situazione_osservata: str
    risultato_atteso: str
    dispositivo: Dispositivo = campo_enum(Dispositivo)
    responsabile: str
    entro: date
    verifica: int | None = None
