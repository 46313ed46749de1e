"""Schemas of the indicators of the Piano di Zona."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import INT64_MAX, TestoBreve, Uscita
from services.core.piano.valore import StatoValore
from services.core.piano.verso import Verso

Testo = Annotated[str, Field(min_length=1, max_length=500)]
Quantita = Annotated[int, Field(ge=0, le=INT64_MAX, json_schema_extra={"format": "int64"})]


class PianoVoce(Uscita):
    """Il Piano di Zona a cui l'indicatore appartiene; le date sono comprese."""

    codice: TestoBreve
    denominazione: TestoBreve
    dal: date
    al: date


class ObiettivoVoce(Uscita):
    codice: TestoBreve
    testo: Testo


class IndicatoreVoce(Uscita):
    """Un indicatore con il suo valore sulle cartelle visibili.

    `valore` è nullo quando lo stato è `non_calcolabile`: un denominatore che manca non è zero. In un rapporto il valore è una
    percentuale arrotondata a due decimali; `raggiunto` è deciso prima di arrotondare.
    """

    id: UUID
    codice: TestoBreve
    testo: Testo
    piano: PianoVoce
    obiettivo: ObiettivoVoce
    formula: TestoBreve
    descrizione_formula: Testo
    unita: TestoBreve
    verso: Verso
    valore_atteso: Annotated[Decimal, Field(description="Valore atteso dal piano, nella stessa unità.")]
    stato: StatoValore
    valore: Decimal | None
    numeratore: Quantita | None
    denominatore: Quantita | None
    contributi: Annotated[Quantita, Field(description="Quanti record visibili concorrono al valore.")]
    raggiunto: bool | None
    motivo: Testo | None
    perimetro: Annotated[Testo, Field(description="Su quali cartelle è calcolato il valore.")]


class ContributoVoce(Uscita):
    """Ciò che un record porta all'indicatore. `record` è l'indirizzo a cui si apre."""

    id: UUID
    cartella_id: UUID
    record_tipo: TestoBreve
    record_id: UUID
    record: Annotated[TestoBreve, Field(description="Percorso del record che contribuisce.")]
    periodo: Annotated[date, Field(description="Primo giorno del mese a cui il contributo appartiene.")]
    numeratore: Quantita
    denominatore: Quantita | None
