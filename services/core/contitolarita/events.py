"""What happens to exclusions, oppositions and limitations: identifiers, codes and dates; never why, nor in which words."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class EsclusioneRegistrata(Evento):
    """An operator is kept from a cartella from a day on."""

    tipo: ClassVar[str] = "contitolarita.esclusione.registrata"
    aggregato: ClassVar[str] = "esclusione"

    escluso_id: UUID
    dal: date
    al: date | None


class EsclusioneRevocata(Evento):
    """An operator is no longer kept from a cartella."""

    tipo: ClassVar[str] = "contitolarita.esclusione.revocata"
    aggregato: ClassVar[str] = "esclusione"

    escluso_id: UUID
    al: date


class LimitazioneRichiesta(Evento):
    """A person opposed the sharing of her record, or asked that its processing be limited."""

    tipo: ClassVar[str] = "contitolarita.limitazione.richiesta"
    aggregato: ClassVar[str] = "limitazione"

    tipo_limitazione: str
    richiesta_il: date


class LimitazioneDecisa(Evento):
    """The holders accepted or rejected a request; `dal` is the first day its sharing is stopped, null when rejected."""

    tipo: ClassVar[str] = "contitolarita.limitazione.decisa"
    aggregato: ClassVar[str] = "limitazione"

    esito: str
    dal: date | None


class LimitazioneTerminata(Evento):
    """An accepted request has effect until a day, included."""

    tipo: ClassVar[str] = "contitolarita.limitazione.terminata"
    aggregato: ClassVar[str] = "limitazione"

    al: date
