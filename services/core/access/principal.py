"""Who is acting: one operator under one incarico, as the database found it valid on the day."""

from dataclasses import dataclass
from uuid import UUID

from services.core.access.ruoli import Classe, Ruolo


@dataclass(frozen=True, slots=True)
class Principal:
    operatore_id: UUID
    incarico_id: UUID
    ambito_id: int
    ente_id: UUID
    ruolo: Ruolo
    classi: Classe
