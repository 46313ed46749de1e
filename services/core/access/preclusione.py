"""What is kept from an operator whatever way she has to it: the other half of the scope rule (`regola.py`).

Three facts close a cartella: she is excluded from it; her role sees by agreement and none in force shares with her ente, for the
purpose of the request, even the identity; or its sharing is stopped by an opposition or a limitation. `app_entra` computes them
once for a transaction, as here in Python, into one array that a RESTRICTIVE policy compares: one init plan for the three.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.core.access.ruoli import CLASSI_DEL_RUOLO, RUOLI_PER_ACCORDO, Classe, Finalita, Ruolo


@dataclass(frozen=True, slots=True)
class EsclusioneVista:
    """An operator kept from a cartella: the columns of `esclusione` the rule looks at."""

    cartella_id: UUID
    operatore_id: UUID
    dal: date
    al: date | None = None
    revocata: bool = False


@dataclass(frozen=True, slots=True)
class CondivisioneVista:
    """What an agreement shares with an ente for a purpose; `accordo_dal` and `accordo_al` are the days of the agreement itself.

    `su_consenso`: it rests on the consent of each person. None is recorded, so it shares nothing.
    """

    ente_id: UUID
    classi: Classe
    finalita: Finalita
    dal: date
    al: date | None
    accordo_dal: date
    accordo_al: date | None
    su_consenso: bool = False


@dataclass(frozen=True, slots=True)
class LimitazioneVista:
    """An opposition or a limitation (GDPR art. 21 and 18) asked for a cartella; it has effect once accepted."""

    cartella_id: UUID
    accolta: bool
    dal: date | None
    al: date | None = None


def _vivo(dal: date | None, al: date | None, giorno: date) -> bool:
    return dal is not None and dal <= giorno and (al is None or al >= giorno)


def classi_viste(
    ruolo: Ruolo, ente_id: UUID, finalita: Finalita | None, giorno: date, condivisioni: Iterable[CondivisioneVista]
) -> Classe:
    """The data classes of a request: those of the role and, when it sees by agreement, of those the ones shared."""
    if ruolo not in RUOLI_PER_ACCORDO:
        return CLASSI_DEL_RUOLO[ruolo]
    condivise = Classe(0)
    for c in condivisioni:
        in_vigore = _vivo(c.dal, c.al, giorno) and _vivo(c.accordo_dal, c.accordo_al, giorno)
        if c.ente_id == ente_id and c.finalita == finalita and in_vigore and not c.su_consenso:
            condivise |= c.classi
    return CLASSI_DEL_RUOLO[ruolo] & condivise


def escluse(
    ruolo: Ruolo,
    classi: Classe,
    operatore_id: UUID,
    giorno: date,
    esclusioni: Iterable[EsclusioneVista],
    limitazioni: Iterable[LimitazioneVista],
) -> frozenset[UUID] | None:
    """The cartelle kept from an operator; None, all of them, when the request has not even the class IDENTITA."""
    if not classi & Classe.IDENTITA:
        return None
    proprie = {
        e.cartella_id for e in esclusioni if e.operatore_id == operatore_id and _vivo(e.dal, e.al, giorno) and not e.revocata
    }
    if ruolo not in RUOLI_PER_ACCORDO:
        return frozenset(proprie)
    ferme = {x.cartella_id for x in limitazioni if x.accolta and _vivo(x.dal, x.al, giorno)}
    return frozenset(proprie | ferme)


def non_preclusa(id_: str = "id") -> str:
    """Render the condition that a row's cartella, named by `id_`, is not kept from the caller. An unset array keeps them all."""
    return f"{id_} <> ALL ((SELECT app_escluse())::uuid[])"
