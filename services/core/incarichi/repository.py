"""What a responsible reads of the incarichi she answers for, and of the cases an operator leaves.

The cases are those the caller's own scope shows: a P.I.P.P.I. team she is not in stays unknown to her.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.models import Incarico, Operatore
from services.core.platform.errori import NonTrovato
from services.core.progetti.models import Firma, Progetto, RuoloFirmatario, StatoProgetto
from services.core.territorio.models import Comune, Ente
from services.core.valutazioni.models import Equipe, MembroEquipe, StatoValutazione, Valutazione


@dataclass(frozen=True, slots=True)
class IncaricoVisto:
    """An incarico with its names; `comuni` are ISTAT codes, None for all those of the ente."""

    incarico: Incarico
    operatore: str
    ente: str
    comuni: list[str] | None


class SpecieConsegna(StrEnum):
    """What is left: a place in an équipe, a progetto she answers for or was drafting, a valutazione still a draft."""

    EQUIPE = "equipe"
    PROGETTO = "progetto"
    VALUTAZIONE = "valutazione"


@dataclass(frozen=True, slots=True)
class ConsegnaVista:
    cartella_id: UUID
    specie: SpecieConsegna
    id: UUID


def _governati() -> sa.Select[Incarico, Operatore, str]:
    i = Incarico
    governa = sa.func.governa_incarico(col(i.ente_id), col(i.ruolo), col(i.comuni), col(i.servizi))
    return (
        sa.select(Incarico, Operatore, col(Ente.denominazione))
        .join(Operatore, col(Operatore.id) == col(i.operatore_id))
        .join(Ente, col(Ente.id) == col(i.ente_id))
        .where(governa)
        .execution_options(populate_existing=True)
    )


async def _visti(ctx: Contesto, righe: Sequence[sa.Row[Incarico, Operatore, str]]) -> list[IncaricoVisto]:
    ids = {comune for incarico, *_ in righe for comune in incarico.comuni or ()}
    codici = await _codici(ctx, ids)
    visti = []
    for incarico, operatore, ente in righe:
        comuni = None if incarico.comuni is None else sorted(codici[c] for c in incarico.comuni)
        visti.append(IncaricoVisto(incarico, f"{operatore.cognome} {operatore.nome}", ente, comuni))
    ctx.annota("incarico", *(v.incarico.id for v in visti))
    return visti


async def _codici(ctx: Contesto, ids: set[int]) -> dict[int, str]:
    query = sa.select(col(Comune.id), col(Comune.codice_istat)).where(col(Comune.id).in_(ids))
    return {r.id: r.codice_istat for r in await ctx.sessione.execute(query)}


async def comuni(ctx: Contesto, codici: Sequence[str]) -> dict[str, int]:
    """Return the Comuni of the ambito with those ISTAT codes; what is not there is missing."""
    query = sa.select(col(Comune.codice_istat), col(Comune.id)).where(col(Comune.codice_istat).in_(codici))
    return {r.codice_istat: r.id for r in await ctx.sessione.execute(query)}


async def leggi(ctx: Contesto, incarico_id: UUID) -> IncaricoVisto:
    """Return an incarico the caller answers for, as the database has it now.

    Raises:
        NonTrovato: there is none such.
    """
    riga = (await ctx.sessione.execute(_governati().where(col(Incarico.id) == incarico_id))).one_or_none()
    if riga is None:
        raise NonTrovato.cercando(incarico_id)
    return (await _visti(ctx, [riga]))[0]


async def elenca(ctx: Contesto, in_corso: bool | None, dopo: UUID | None, limite: int) -> tuple[list[IncaricoVisto], UUID | None]:
    """Return a page of the incarichi the caller answers for, the latest given first, and the key to go on from."""
    i, oggi = Incarico, ctx.data_riferimento
    vivo = sa.and_(col(i.dal) <= oggi, sa.or_(col(i.al).is_(None), col(i.al) >= oggi), col(i.revocato_il).is_(None))
    query = _governati().order_by(col(i.id).desc()).limit(limite + 1)
    if in_corso is not None:
        query = query.where(vivo if in_corso else sa.not_(vivo))
    if dopo is not None:
        query = query.where(col(i.id) < dopo)
    righe = (await ctx.sessione.execute(query)).all()
    visti = await _visti(ctx, righe[:limite])
    return visti, visti[-1].incarico.id if len(righe) > limite else None


async def opera_per(ctx: Contesto, operatore_id: UUID, ente_id: UUID, dal: date, al: date) -> bool:
    """Whether one incarico of the operator, for that ente, covers all those days."""
    i = Incarico
    query = sa.select(sa.literal(1)).where(
        col(i.operatore_id) == operatore_id,
        col(i.ente_id) == ente_id,
        col(i.dal) <= dal,
        sa.or_(col(i.al).is_(None), col(i.al) >= al),
        col(i.revocato_il).is_(None),
    )
    return await ctx.sessione.scalar(query.limit(1)) is not None


async def consegne(
    ctx: Contesto, incarico: Incarico, dopo: tuple[UUID, UUID] | None, limite: int
) -> tuple[list[ConsegnaVista], tuple[UUID, UUID] | None]:
    """Return a page of what the operator of an incarico leaves for its ente, by cartella, and the key to go on from."""
    tutte = sa.union_all(_posti(ctx, incarico), _progetti(ctx, incarico), _valutazioni(ctx, incarico)).subquery()
    query = sa.select(tutte).order_by(tutte.c.cartella_id, tutte.c.id).limit(limite + 1)
    if dopo is not None:
        query = query.where(sa.tuple_(tutte.c.cartella_id, tutte.c.id) > dopo)
    righe = [ConsegnaVista(r.cartella_id, SpecieConsegna(r.specie), r.id) for r in (await ctx.sessione.execute(query)).all()]
    mostrate = righe[:limite]
    ctx.annota("cartella", *(c.cartella_id for c in mostrate))
    ultima = (mostrate[-1].cartella_id, mostrate[-1].id) if len(righe) > limite else None
    return mostrate, ultima


def _siede(ctx: Contesto, incarico: Incarico) -> sa.ColumnElement[bool]:
    """A place that nobody has taken from her, in an équipe that goes on."""
    m, e, oggi = MembroEquipe, Equipe, ctx.data_riferimento
    return sa.and_(
        col(m.operatore_id) == incarico.operatore_id,
        col(m.ente_id) == incarico.ente_id,
        col(m.equipe_id) == col(e.id),
        sa.or_(col(m.al).is_(None), col(m.al) > oggi),
        sa.or_(col(e.cessata_il).is_(None), col(e.cessata_il) > oggi),
    )


def _nell_equipe(ctx: Contesto, incarico: Incarico, equipe_id: Any) -> sa.ColumnElement[bool]:
    siede = _siede(ctx, incarico)
    return sa.exists().where(siede, col(Equipe.id) == equipe_id)


def _voce(specie: SpecieConsegna, modello: Any) -> sa.Select[Any]:
    return sa.select(col(modello.cartella_id), sa.literal(specie.value).label("specie"), col(modello.id))


def _posti(ctx: Contesto, incarico: Incarico) -> sa.Select[Any]:
    return _voce(SpecieConsegna.EQUIPE, Equipe).where(sa.exists().where(_siede(ctx, incarico)).correlate(Equipe))


def _progetti(ctx: Contesto, incarico: Incarico) -> sa.Select[Any]:
    p, f = Progetto, Firma
    sua = sa.exists().where(
        col(f.progetto_id) == col(p.id),
        col(f.operatore_id) == incarico.operatore_id,
        col(f.ente_id) == incarico.ente_id,
        col(f.ruolo_firmatario) == RuoloFirmatario.RESPONSABILE_CASO,
    )
    in_bozza = sa.and_(col(p.stato) == StatoProgetto.BOZZA, _nell_equipe(ctx, incarico, col(p.equipe_id)))
    return _voce(SpecieConsegna.PROGETTO, Progetto).where(col(p.stato) != StatoProgetto.CHIUSO, sa.or_(sua, in_bozza))


def _valutazioni(ctx: Contesto, incarico: Incarico) -> sa.Select[Any]:
    v = Valutazione
    return _voce(SpecieConsegna.VALUTAZIONE, Valutazione).where(
        col(v.stato) == StatoValutazione.BOZZA, _nell_equipe(ctx, incarico, col(v.equipe_id))
    )
