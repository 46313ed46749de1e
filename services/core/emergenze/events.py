"""What happens to an access opened in emergency: identifiers and codes only, never the reason given."""

from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class EmergenzaAperta(Evento):
    """A cartella was opened in emergency for `ore` hours; who holds its territory finds it in the queue at once."""

    tipo: ClassVar[str] = "emergenze.emergenza.aperta"
    aggregato: ClassVar[str] = "emergenza"

    ente_id: UUID
    ore: int


class EmergenzaChiusa(Evento):
    """It was closed before its hour."""

    tipo: ClassVar[str] = "emergenze.emergenza.chiusa"
    aggregato: ClassVar[str] = "emergenza"


class EmergenzaLetta(Evento):
    """Somebody responsible for the territory took note of it."""

    tipo: ClassVar[str] = "emergenze.emergenza.letta"
    aggregato: ClassVar[str] = "emergenza"


class EmergenzaRiesaminata(Evento):
    """It was judged afterwards: `esito` is `legittimo` or `non_legittimo`."""

    tipo: ClassVar[str] = "emergenze.emergenza.riesaminata"
    aggregato: ClassVar[str] = "emergenza"

    esito: str
