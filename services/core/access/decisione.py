"""What the caller may do, told before she tries: the decision behind `POST /access/v1/evaluation`.

The answer is that of the rule and of nothing else: her role has the operation (`operazioni.py`), it has the classes the operation
touches (`bersagli.py`), and the row policies show her the object. What does not exist and what she may not see are the same
refusal, reached by the same query. The state of the object is not looked at: a permitted act may still meet a conflict.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from services.core.access.bersagli import BERSAGLI, CLASSI, Risorsa
from services.core.access.contesto import Contesto
from services.core.access.operazioni import OPERAZIONI

_CONDIZIONI: dict[Risorsa, sa.ColumnElement[bool]] = {
    Risorsa.INCARICO: sa.func.governa_incarico(*(sa.column(c) for c in ("ente_id", "ruolo", "comuni", "servizi")))
}
"""What the operations on an object ask besides the row policies: every colleague may read an incarico, to call its holder."""


class Motivo(StrEnum):
    """Why, in the words of the problems the operation itself would answer."""

    CONSENTITA = "consentita"
    RUOLO = "operazione-non-consentita"
    NON_TROVATO = "non-trovato"


@dataclass(frozen=True, slots=True)
class Quesito:
    """May the caller perform `operazione` on the object `id_` of kind `risorsa`? An ambito is named by its number."""

    operazione: str
    risorsa: Risorsa
    id_: UUID | int


def risorsa_di(operazione: str) -> Risorsa:
    """Return the kind of object an operation is about. KeyError when no role governs it."""
    return BERSAGLI[operazione].risorsa


async def decidi(ctx: Contesto, quesito: Quesito) -> Motivo:
    """Answer for the principal of `ctx`; an object she sees is remembered as read.

    The kind of object must be that of the operation (`risorsa_di`): the caller of this function has checked it.
    """
    if ctx.principal.ruolo not in OPERAZIONI[quesito.operazione].ruoli:
        return Motivo.RUOLO
    classi = [CLASSI[tabella] for tabella in BERSAGLI[quesito.operazione].tocca if CLASSI.get(tabella)]
    condizioni = [sa.column("id") == quesito.id_]
    if quesito.risorsa in _CONDIZIONI:
        condizioni.append(_CONDIZIONI[quesito.risorsa])
    riga = sa.select(sa.literal(1)).select_from(sa.table(quesito.risorsa.value)).where(*condizioni)
    if await ctx.sessione.scalar(riga) is None or not all(classe & ctx.principal.classi for classe in classi):
        return Motivo.NON_TROVATO
    if isinstance(quesito.id_, UUID):
        ctx.annota(quesito.risorsa.value, quesito.id_)
    return Motivo.CONSENTITA
