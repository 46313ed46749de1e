"""The life of a progetto as data. Pure: no I/O."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from services.core.platform.errori import StatoNonAmmesso
from services.core.progetti.models import StatoProgetto


class AttoProgetto(StrEnum):
    """`raccogli_firma` adds one signature; `firma` is the moment the last required one is there."""

    MODIFICA = "modifica"
    RACCOGLI_FIRMA = "raccogli_firma"
    FIRMA = "firma"
    CHIUDI = "chiudi"


TRANSIZIONI: Mapping[tuple[StatoProgetto, AttoProgetto], StatoProgetto] = MappingProxyType(
    {
        (StatoProgetto.BOZZA, AttoProgetto.MODIFICA): StatoProgetto.BOZZA,
        (StatoProgetto.BOZZA, AttoProgetto.RACCOGLI_FIRMA): StatoProgetto.BOZZA,
        (StatoProgetto.BOZZA, AttoProgetto.FIRMA): StatoProgetto.FIRMATO,
        (StatoProgetto.BOZZA, AttoProgetto.CHIUDI): StatoProgetto.CHIUSO,
        (StatoProgetto.FIRMATO, AttoProgetto.CHIUDI): StatoProgetto.CHIUSO,
    }
)


def stato_dopo(stato: StatoProgetto, atto: AttoProgetto) -> StatoProgetto:
    """Return the state after `atto`.

    Raises:
        StatoNonAmmesso: the act is not allowed in this state.
    """
    dopo = TRANSIZIONI.get((stato, atto))
    if dopo is None:
        raise StatoNonAmmesso(f"L'atto «{atto}» non è ammesso su un progetto nello stato «{stato}».", stato=stato.value)
    return dopo
