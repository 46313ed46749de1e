"""What happens in the webhooks, as typed facts for the log."""

from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class ConsegnaConsegnata(Evento):
    """The receiver answered 2xx to a delivery; `evento_posizione` is the position of the event that was delivered."""

    tipo: ClassVar[str] = "webhooks.consegna.consegnata"
    aggregato: ClassVar[str] = "consegna"

    destinazione_id: UUID
    evento_posizione: int
    evento_tipo: str
    tentativi: int


class ConsegnaAccantonata(Evento):
    """A delivery was given up: the term of its attempts has passed, or the receiver says that the address is no more (410)."""

    tipo: ClassVar[str] = "webhooks.consegna.accantonata"
    aggregato: ClassVar[str] = "consegna"

    destinazione_id: UUID
    evento_posizione: int
    evento_tipo: str
    tentativi: int


class DestinazioneDismessa(Evento):
    """The receiver answered 410: nothing more is sent to this destinazione."""

    tipo: ClassVar[str] = "webhooks.destinazione.dismessa"
    aggregato: ClassVar[str] = "destinazione"
