"""Tables of joint controllership: agreements and what they share, oppositions and limitations, operators kept from a case.

They are rules of access with dates: `app_entra` reads them when a transaction is entered (docs/security/contitolarita.md).
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from services.core.access.ruoli import Finalita
from services.core.platform.modelli import Tabella, Versionata, campo_enum, campo_istante, vincolo_enum

TUTTE_LE_CLASSI = 63
"""The six data classes together (`ruoli.Classe`)."""


class BaseGiuridica(StrEnum):
    """What makes a sharing lawful. Consent comes last, and only where a norm asks for it."""

    GDPR_6_1_E = "gdpr_6_1_e"
    """A task in the public interest."""
    GDPR_9_2_G = "gdpr_9_2_g"
    """Substantial public interest, special categories of data (D.Lgs. 196/2003, art. 2-sexies)."""
    GDPR_9_2_H = "gdpr_9_2_h"
    """Health or social care, and the management of its services."""
    CONSENSO = "consenso"


class MotivoEsclusione(StrEnum):
    PARENTELA = "parentela"
    VICINATO = "vicinato"
    PROPRIO_NUCLEO = "proprio_nucleo"
    ALTRO = "altro"


class TipoLimitazione(StrEnum):
    """GDPR art. 21 and art. 18."""

    OPPOSIZIONE = "opposizione"
    LIMITAZIONE = "limitazione"


class EsitoLimitazione(StrEnum):
    IN_ESAME = "in_esame"
    ACCOLTA = "accolta"
    RESPINTA = "respinta"


class Accordo(Tabella, table=True):
    """An agreement among enti on the records, in force from `dal` to `al` included.

    `estremi` are those of the act, `norma` the rule its legal basis rests on: for consent, the one that asks for it.
    """

    __tablename__ = "accordo"
    __table_args__ = (
        vincolo_enum("base_giuridica", BaseGiuridica),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.UniqueConstraint("ambito_id", "codice"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    codice: str
    titolo: str
    estremi: str
    base_giuridica: BaseGiuridica = campo_enum(BaseGiuridica)
    norma: str
    dal: date
    al: date | None = None


class Condivisione(Tabella, table=True):
    """What an agreement shares with one ente for one purpose: `classi` is a sum of `ruoli.Classe`.

    In force while both its own days and the agreement's include the day.
    """

    __tablename__ = "condivisione"
    __table_args__ = (
        vincolo_enum("finalita", Finalita),
        sa.CheckConstraint(f"classi BETWEEN 1 AND {TUTTE_LE_CLASSI}", name="classi_ammesse"),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.UniqueConstraint("accordo_id", "ente_id", "finalita", "dal"),
        sa.Index("ix_condivisione_ente", "ente_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    accordo_id: UUID = Field(foreign_key="accordo.id")
    ente_id: UUID = Field(foreign_key="ente.id")
    classi: int = Field(sa_type=sa.Integer)
    finalita: Finalita = campo_enum(Finalita)
    dal: date
    al: date | None = None


class Limitazione(Versionata, table=True):
    """A person's opposition to the sharing of her record, or the limitation of its processing, as the holders recorded it.

    Accepted, it stops from `dal` to `al` included what agreements share of that cartella.
    """

    __tablename__ = "limitazione"
    __table_args__ = (
        vincolo_enum("tipo", TipoLimitazione),
        vincolo_enum("esito", EsitoLimitazione),
        sa.CheckConstraint("(esito = 'in_esame') = (decisa_il IS NULL)", name="decisione_datata"),
        sa.CheckConstraint("(esito = 'accolta') = (dal IS NOT NULL)", name="accolta_con_inizio"),
        sa.CheckConstraint("al IS NULL OR (dal IS NOT NULL AND al >= dal)", name="date_in_ordine"),
        sa.Index("ix_limitazione_cartella", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    tipo: TipoLimitazione = campo_enum(TipoLimitazione)
    richiesta_il: date
    motivazione: str
    esito: EsitoLimitazione = campo_enum(EsitoLimitazione, default=EsitoLimitazione.IN_ESAME)
    decisa_il: date | None = None
    motivazione_esito: str | None = None
    dal: date | None = None
    al: date | None = None


class Esclusione(Versionata, table=True):
    """An operator kept from a cartella, under any incarico: a relative, a neighbour, her own household.

    From `dal` to `al` included; from `revocata_il` on it keeps nobody, whatever its days. Ended, never deleted.
    """

    __tablename__ = "esclusione"
    __table_args__ = (
        vincolo_enum("motivo", MotivoEsclusione),
        sa.CheckConstraint("al IS NULL OR al >= dal", name="date_in_ordine"),
        sa.CheckConstraint("revocata_il IS NULL OR al IS NOT NULL", name="revocata_con_fine"),
        sa.Index("ix_esclusione_operatore", "operatore_id"),
        sa.Index("ix_esclusione_cartella", "cartella_id"),
    )

    ambito_id: int = Field(foreign_key="ambito.id")
    cartella_id: UUID = Field(foreign_key="cartella.id")
    operatore_id: UUID = Field(foreign_key="operatore.id")
    motivo: MotivoEsclusione = campo_enum(MotivoEsclusione)
    dal: date
    al: date | None = None
    revocata_il: datetime | None = campo_istante(default=None)
