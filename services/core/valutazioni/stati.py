"""The life of a valutazione as data. Pure: no I/O."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from services.core.platform.errori import StatoNonAmmesso
from services.core.valutazioni.models import StatoValutazione


class AttoValutazione(StrEnum):
    """`modifica` keeps the draft open; `rettifica` is performed on the old assessment when the new one is concluded."""

    MODIFICA = "modifica"
    CONCLUDI = "concludi"
    RETTIFICA = "rettifica"


TRANSIZIONI: Mapping[tuple[StatoValutazione, AttoValutazione], StatoValutazione] = MappingProxyType(
    {
        (StatoValutazione.BOZZA, AttoValutazione.MODIFICA): StatoValutazione.BOZZA,
        (StatoValutazione.BOZZA, AttoValutazione.CONCLUDI): StatoValutazione.CONCLUSA,
        (StatoValutazione.CONCLUSA, AttoValutazione.RETTIFICA): StatoValutazione.RETTIFICATA,
    }
)


def stato_dopo(stato: StatoValutazione, atto: AttoValutazione) -> StatoValutazione:
    """Return the state after `atto`.

    Raises:
        StatoNonAmmesso: the act is not allowed in this state.
    """
    dopo = TRANSIZIONI.get((stato, atto))
    if dopo is None:
        raise StatoNonAmmesso(f"L'atto «{atto}» non è ammesso su una valutazione nello stato «{stato}».", stato=stato.value)
    return dopo
