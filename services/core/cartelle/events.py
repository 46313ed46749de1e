"""What happens to a cartella."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class CartellaAperta(Evento):
    tipo: ClassVar[str] = "cartelle.cartella.aperta"
    aggregato: ClassVar[str] = "cartella"

    competenza_id: int


class CartellaChiusa(Evento):
    tipo: ClassVar[str] = "cartelle.cartella.chiusa"
    aggregato: ClassVar[str] = "cartella"

    chiusa_il: date


class ComponenteAggiunto(Evento):
    """A member joined the household of the cartella; `persona_id` is hers."""

    tipo: ClassVar[str] = "cartelle.nucleo.componente_aggiunto"
    aggregato: ClassVar[str] = "cartella"

    nucleo_id: UUID
    persona_id: UUID


class FattoRegistrato(Evento):
    """A fact was added to the cartella. `tipo_fatto` is its kind; the value stays in the record."""

    tipo: ClassVar[str] = "cartelle.fatto.registrato"
    aggregato: ClassVar[str] = "cartella"

    fatto_id: UUID
    tipo_fatto: str
