"""What happens to an incarico: identifiers and days only."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class IncaricoCessato(Evento):
    """An incarico ends on `ultimo_giorno`, included; `subito`: it allows nothing from now on."""

    tipo: ClassVar[str] = "incarichi.incarico.cessato"
    aggregato: ClassVar[str] = "incarico"

    ultimo_giorno: date
    subito: bool


class SostituzioneRegistrata(Evento):
    """An operator stands in for a colleague, under an incarico of her own, from `dal` to `al` included."""

    tipo: ClassVar[str] = "incarichi.incarico.sostituzione_registrata"
    aggregato: ClassVar[str] = "incarico"

    sostituisce_id: UUID
    sostituto_id: UUID
    dal: date
    al: date
