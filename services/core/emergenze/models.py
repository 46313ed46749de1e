"""Tables of the accesses opened in emergency. The grant itself is a row of `accesso`; here is why, and what came of it.

The texts are in a table of their own: the DPO reads that an emergency was opened, by whom and how it was judged, and no word of
the case.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_istante, vincolo_enum

ORE_INVALICABILI = 72
"""No parameter may ask for more hours: the database refuses the row."""


class EsitoRiesame(StrEnum):
    """What the responsible says of it afterwards."""

    DA_RIESAMINARE = "da_riesaminare"
    LEGITTIMO = "legittimo"
    NON_LEGITTIMO = "non_legittimo"


class SpecieNota(StrEnum):
    MOTIVAZIONE = "motivazione"
    RIESAME = "riesame"


class Emergenza(Versionata, table=True):
    """A cartella opened in emergency by an operator, for an ente, from `aperta_il` until `scade_il`, or `chiusa_il` if earlier.

    `letta_il` is when somebody responsible for the territory took note of it. `esito` is her judgement, given by another than
    who opened it.
    """

    __tablename__ = "emergenza"
    __table_args__ = (
        vincolo_enum("esito", EsitoRiesame),
        sa.CheckConstraint(
            f"scade_il > aperta_il AND scade_il <= aperta_il + interval '{ORE_INVALICABILI} hours'", name="durata_ammessa"
        ),
        sa.CheckConstraint("chiusa_il >= aperta_il", name="istanti_in_ordine"),
        sa.CheckConstraint("(letta_il IS NULL) = (letta_da IS NULL)", name="lettura_intera"),
        sa.CheckConstraint(
            "(esito = 'da_riesaminare') = (riesaminata_il IS NULL) AND (riesaminata_il IS NULL) = (riesaminata_da IS NULL)",
            name="riesame_intero",
        ),
        sa.CheckConstraint("riesaminata_da <> operatore_id AND letta_da <> operatore_id", name="riesame_di_altri"),
        sa.Index("ix_emergenza_ambito", "ambito_id", sa.text("id DESC")),
        sa.Index("ix_emergenza_cartella", "cartella_id"),
        sa.Index("ix_emergenza_operatore", "operatore_id", "scade_il"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    operatore_id: UUID = Field(foreign_key="operatore.id")
    incarico_id: UUID = Field(foreign_key="incarico.id")
    ente_id: UUID = Field(foreign_key="ente.id")
    aperta_il: datetime = campo_istante()
    scade_il: datetime = campo_istante()
    chiusa_il: datetime | None = campo_istante(default=None)
    letta_il: datetime | None = campo_istante(default=None)
    letta_da: UUID | None = Field(default=None, foreign_key="operatore.id")
    esito: EsitoRiesame = campo_enum(EsitoRiesame, default=EsitoRiesame.DA_RIESAMINARE)
    riesaminata_il: datetime | None = campo_istante(default=None)
    riesaminata_da: UUID | None = Field(default=None, foreign_key="operatore.id")


class NotaEmergenza(Tabella, table=True):
    """Why a cartella was opened in emergency, in the words of who opened it; or what the responsible wrote at the review."""

    __tablename__ = "nota_emergenza"
    __table_args__ = (vincolo_enum("specie", SpecieNota), sa.UniqueConstraint("emergenza_id", "specie"))

    ambito_id: int = Field(foreign_key="ambito.id")
    emergenza_id: UUID = Field(foreign_key="emergenza.id")
    specie: SpecieNota = campo_enum(SpecieNota)
    testo: str
    scritta_da: UUID = Field(foreign_key="operatore.id")
