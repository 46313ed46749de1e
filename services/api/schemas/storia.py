"""Schemas of the question about the past."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, Uscita
from services.core.access.ruoli import Finalita
from services.core.access.storia import Motivo, Risposta

Nome = Annotated[str, Field(max_length=40)]


class VerificaIngresso(Ingresso):
    """Chi, sotto quale incarico, quale cartella, in quale giorno; secondo ciò che era registrato a un certo istante."""

    operatore_id: UUID
    incarico_id: UUID
    cartella_id: UUID
    giorno: date
    noto_al: Annotated[datetime | None, Field(description="Istante della registrazione; assente: adesso.")] = None
    istante: Annotated[datetime | None, Field(description="Momento del giorno; assente: in un momento qualsiasi.")] = None
    finalita: Annotated[
        Finalita | None, Field(description="Finalità della richiesta di allora, per i ruoli che vedono per accordo.")
    ] = None


class FondamentoUscita(Uscita):
    """Una riga registrata su cui poggia la risposta."""

    tabella: Nome
    id: UUID


class VerificaUscita(Uscita):
    """Se poteva; per quali vie; su quali righe, quelle che aprivano o quelle che chiudevano."""

    poteva: bool
    motivo: Motivo
    vie: Annotated[list[Nome], Field(max_length=10)]
    fondamenti: Annotated[list[FondamentoUscita], Field(max_length=1000)]
    noto_al: datetime

    @classmethod
    def da(cls, risposta: Risposta, noto_al: datetime) -> "VerificaUscita":
        """Build the answer."""
        return cls(
            poteva=risposta.poteva,
            motivo=risposta.motivo,
            vie=list(risposta.vie),
            fondamenti=[FondamentoUscita(tabella=f.tabella, id=f.id) for f in risposta.fondamenti],
            noto_al=noto_al,
        )
