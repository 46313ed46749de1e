"""When an équipe is in being and integrated, and when a valutazione may be concluded. Pure: no I/O.

"Équipe integrata" has one meaning here: at least two institutions sit in it on the day, one of them the ASST and one not (social
and health sides together), as the projects that both must build ask. The indicator of the Piano di Zona counts by the plan's own,
wider note, any two enti (ADR 0010).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.core.valutazioni.models import Valutazione
from services.core.valutazioni.scale import katz, lawton

TIPO_ENTE_SANITARIO = "asst"


@dataclass(frozen=True)
class Presenza:
    """A member as the rules see it. `tipo_ente` is None when the ente, or its kind, is not known."""

    operatore_id: UUID | None
    persona_id: UUID | None
    ente_id: UUID | None
    tipo_ente: str | None
    dal: date
    al: date | None


def presenti(membri: Sequence[Presenza], giorno: date) -> tuple[Presenza, ...]:
    """The members who sit in the équipe on `giorno`."""
    return tuple(m for m in membri if m.dal <= giorno and (m.al is None or m.al >= giorno))


def in_essere(costituita_il: date, cessata_il: date | None, giorno: date) -> bool:
    """Whether an équipe exists on `giorno`, both ends included."""
    return costituita_il <= giorno and (cessata_il is None or cessata_il >= giorno)


def integrata(membri: Sequence[Presenza], giorno: date) -> bool | None:
    """Whether the members of `giorno` make an équipe integrata; None when it depends on an ente whose kind is not known."""
    attivi = presenti(membri, giorno)
    sanitari = {m.ente_id for m in attivi if m.ente_id and m.tipo_ente == TIPO_ENTE_SANITARIO}
    altri = {m.ente_id for m in attivi if m.ente_id and m.tipo_ente not in (None, TIPO_ENTE_SANITARIO)}
    if sanitari and altri:
        return True
    ignoti = any(m.tipo_ente is None and (m.ente_id or m.operatore_id) for m in attivi)
    return None if ignoti else False


def enti_coinvolti(membri: Sequence[Presenza], giorno: date) -> tuple[UUID, ...]:
    """The distinct enti that sit in the équipe on `giorno`, in order of identifier."""
    return tuple(sorted({m.ente_id for m in presenti(membri, giorno) if m.ente_id}))


RICHIESTI_PER_CONCLUDERE = (
    "mobilita",
    "disturbi_comportamentali",
    "area_reddituale",
    "area_supporto",
    "strumento",
    "fonte",
)
"""What the SINA section of the flow requires beside the ADL: asked at the conclusion, when the équipe can still answer."""


def impedimenti_a_concludere(valutazione: Valutazione) -> dict[str, str]:
    """Return, by field, what is missing before `valutazione` may be concluded; empty when nothing is.

    A scale may be left out altogether, not half done; at least one must be complete, and both when the assessment serves a
    domanda: a graduatoria may be ordered by either.

    Raises:
        VociNonValide: the stored items are not of the scales.
    """
    mancanti = {campo: "da indicare" for campo in RICHIESTI_PER_CONCLUDERE if getattr(valutazione, campo) is None}
    punteggi = {"adl": katz(valutazione.adl), "iadl": lawton(valutazione.iadl)}
    for scala, punteggio in punteggi.items():
        if punteggio.parziale or (valutazione.domanda_id is not None and punteggio.non_somministrata):
            mancanti |= {f"{scala}.{voce}": "voce non rilevata" for voce in punteggio.mancanti}
    if valutazione.domanda_id is None and all(p.non_somministrata for p in punteggi.values()):
        mancanti["adl"] = "almeno una scala deve essere completa"
    return mancanti
