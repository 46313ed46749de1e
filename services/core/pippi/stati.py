"""The life of a P.I.P.P.I. case as data, and what an act asks besides the state. Pure: no I/O.

A family may leave at any time before the end; the reason is kept. The case starts with the first survey (T0) and ends with the
last (T2). The phases are those of the programme's guidelines; the order is to be checked on the current edition.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from services.core.pippi.models import StatoCaso, Tempo
from services.core.platform.errori import StatoNonAmmesso


class AttoCaso(StrEnum):
    ADERISCI = "aderisci"
    AVVIA = "avvia"
    RILEVA = "rileva"
    AGGIUNGI_MICROPROGETTO = "aggiungi_microprogetto"
    VERIFICA_MICROPROGETTO = "verifica_microprogetto"
    CAMBIA_EQUIPE = "cambia_equipe"
    CONCLUDI = "concludi"
    INTERROMPI = "interrompi"


S, A = StatoCaso, AttoCaso

TRANSIZIONI: Mapping[tuple[StatoCaso, AttoCaso], StatoCaso] = MappingProxyType(
    {
        (S.PROPOSTO, A.CAMBIA_EQUIPE): S.PROPOSTO,
        (S.PROPOSTO, A.ADERISCI): S.ADERITO,
        (S.PROPOSTO, A.INTERROMPI): S.INTERROTTO,
        (S.ADERITO, A.CAMBIA_EQUIPE): S.ADERITO,
        (S.ADERITO, A.RILEVA): S.ADERITO,
        (S.ADERITO, A.AVVIA): S.IN_CORSO,
        (S.ADERITO, A.INTERROMPI): S.INTERROTTO,
        (S.IN_CORSO, A.CAMBIA_EQUIPE): S.IN_CORSO,
        (S.IN_CORSO, A.RILEVA): S.IN_CORSO,
        (S.IN_CORSO, A.AGGIUNGI_MICROPROGETTO): S.IN_CORSO,
        (S.IN_CORSO, A.VERIFICA_MICROPROGETTO): S.IN_CORSO,
        (S.IN_CORSO, A.CONCLUDI): S.CONCLUSO,
        (S.IN_CORSO, A.INTERROMPI): S.INTERROTTO,
    }
)

RILEVAZIONE_RICHIESTA: Mapping[AttoCaso, Tempo] = MappingProxyType({A.AVVIA: Tempo.T0, A.CONCLUDI: Tempo.T2})
"""The survey without which the act is refused."""

PRECEDENTI: Mapping[Tempo, Tempo] = MappingProxyType({Tempo.T1: Tempo.T0, Tempo.T2: Tempo.T0})
"""The survey that must come before another. T1 may be missing: the course then goes from T0 to T2."""


def stato_dopo(stato: StatoCaso, atto: AttoCaso, rilevazioni: Collection[Tempo] = ()) -> StatoCaso:
    """Return the state after `atto`, given the surveys already taken.

    Raises:
        StatoNonAmmesso: the act is not allowed in this state, or the survey it needs is missing.
    """
    dopo = TRANSIZIONI.get((stato, atto))
    if dopo is None:
        raise StatoNonAmmesso(f"L'atto «{atto}» non è ammesso su un caso nello stato «{stato}».", stato=stato.value)
    richiesta = RILEVAZIONE_RICHIESTA.get(atto)
    if richiesta is not None and richiesta not in rilevazioni:
        raise StatoNonAmmesso(f"L'atto «{atto}» richiede la rilevazione {richiesta}.", stato=stato.value)
    return dopo


def controlla_ordine(tempo: Tempo, rilevazioni: Collection[Tempo]) -> None:
    """Check that the survey which must precede `tempo` is there.

    Raises:
        StatoNonAmmesso: it is not.
    """
    prima = PRECEDENTI.get(tempo)
    if prima is not None and prima not in rilevazioni:
        raise StatoNonAmmesso(f"La rilevazione {tempo} viene dopo la {prima}, che manca.")
