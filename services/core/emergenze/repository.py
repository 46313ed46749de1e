"""What can be read of the accesses opened in emergency: one's own, those of the territory one answers for, and for the DPO all of
the ambito, without a word of the case. The row policies decide which, and whether the texts come with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.models import Operatore
from services.core.emergenze.models import Emergenza, EsitoRiesame, NotaEmergenza, SpecieNota
from services.core.platform.errori import NonTrovato
from services.core.territorio.models import Ente


class StatoEmergenza(StrEnum):
    """Whether the cartella is open by it now."""

    IN_CORSO = "in_corso"
    CESSATA = "cessata"


@dataclass(frozen=True, slots=True)
class Filtro:
    """Narrow the queue; None: whichever."""

    stato: StatoEmergenza | None = None
    esito: EsitoRiesame | None = None
    letta: bool | None = None


@dataclass(frozen=True, slots=True)
class EmergenzaVista:
    """An emergency as its reader sees it. `motivazione` and `nota` are None where she may not read them or there is none."""

    emergenza: Emergenza
    stato: StatoEmergenza
    operatore: str
    ente: str
    motivazione: str | None
    nota: str | None


VIVA = sa.and_(col(Emergenza.chiusa_il).is_(None), col(Emergenza.scade_il) > sa.func.statement_timestamp())
"""As the row policy of `accesso` has it."""


def _query() -> sa.Select[Emergenza, bool, Operatore, str, str, str]:
    motivazione, nota = aliased(NotaEmergenza), aliased(NotaEmergenza)
    return (
        sa.select(Emergenza, VIVA, Operatore, col(Ente.denominazione), col(motivazione.testo), col(nota.testo))
        .join(Operatore, col(Operatore.id) == col(Emergenza.operatore_id))
        .join(Ente, col(Ente.id) == col(Emergenza.ente_id))
        .outerjoin(motivazione, _della(motivazione, SpecieNota.MOTIVAZIONE))
        .outerjoin(nota, _della(nota, SpecieNota.RIESAME))
        .execution_options(populate_existing=True)
    )


def _della(nota: type[NotaEmergenza], specie: SpecieNota) -> sa.ColumnElement[bool]:
    return sa.and_(col(nota.emergenza_id) == col(Emergenza.id), col(nota.specie) == specie)


def _vista(riga: Sequence[Any]) -> EmergenzaVista:
    emergenza, viva, operatore, ente, motivazione, nota = riga
    stato = StatoEmergenza.IN_CORSO if viva else StatoEmergenza.CESSATA
    return EmergenzaVista(emergenza, stato, f"{operatore.cognome} {operatore.nome}", ente, motivazione, nota)


async def leggi(ctx: Contesto, emergenza_id: UUID) -> EmergenzaVista:
    """Return one emergency as the database has it now, and remember that it was read.

    Raises:
        NonTrovato: it is not visible.
    """
    riga = (await ctx.sessione.execute(_query().where(col(Emergenza.id) == emergenza_id))).one_or_none()
    if riga is None:
        raise NonTrovato.cercando(emergenza_id)
    ctx.annota("emergenza", emergenza_id)
    return _vista(riga)


async def elenca(ctx: Contesto, filtro: Filtro, dopo: UUID | None, limite: int) -> tuple[list[EmergenzaVista], UUID | None]:
    """Return a page of the queue, the latest first, and the key to go on from."""
    query = _query().order_by(col(Emergenza.id).desc()).limit(limite + 1)
    if filtro.stato is not None:
        query = query.where(VIVA if filtro.stato is StatoEmergenza.IN_CORSO else sa.not_(VIVA))
    if filtro.esito is not None:
        query = query.where(col(Emergenza.esito) == filtro.esito)
    if filtro.letta is not None:
        query = query.where(col(Emergenza.letta_il).is_not(None) if filtro.letta else col(Emergenza.letta_il).is_(None))
    if dopo is not None:
        query = query.where(col(Emergenza.id) < dopo)
    righe = [_vista(r) for r in (await ctx.sessione.execute(query)).all()]
    mostrate = righe[:limite]
    ctx.annota("emergenza", *(r.emergenza.id for r in mostrate))
    return mostrate, mostrate[-1].emergenza.id if len(righe) > limite else None
