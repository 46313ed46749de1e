"""What can be read of the measures, under the reader's scope. Lists are keyset pages: one row beyond `limite` tells of more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.cartelle.models import Cartella, Fatto
from services.core.misure.models import Assegnazione, Avviso, Decisione, Domanda, Graduatoria, VoceGraduatoria
from services.core.platform.errori import NonTrovato
from services.core.platform.modelli import Tabella

T = TypeVar("T", bound=Tabella)


@dataclass(frozen=True, slots=True)
class Elenco(Generic[T]):
    """A page, and whether more rows follow."""

    righe: Sequence[T]
    altri: bool


async def _pagina(ctx: Contesto, query: "sa.Select[T]", limite: int) -> Elenco[T]:
    righe = list((await ctx.sessione.execute(query.limit(limite + 1))).scalars())
    mostrate = righe[:limite]
    for riga in mostrate:
        ctx.annota(str(riga.__tablename__), riga.id)
    return Elenco(mostrate, len(righe) > limite)


async def avvisi(ctx: Contesto, dopo: tuple[date, UUID] | None, limite: int) -> Elenco[Avviso]:
    """The avvisi of the ambito, the most recently opened first."""
    query = sa.select(Avviso).order_by(col(Avviso.aperto_dal).desc(), col(Avviso.id).desc())
    if dopo is not None:
        query = query.where(sa.tuple_(col(Avviso.aperto_dal), col(Avviso.id)) < dopo)
    return await _pagina(ctx, query, limite)


async def domande(ctx: Contesto, cartella_id: UUID, dopo: UUID | None, limite: int) -> Elenco[Domanda]:
    """The domande of a cartella, the newest first.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    query = sa.select(Domanda).where(col(Domanda.cartella_id) == cartella_id)
    return await _pagina(ctx, _dopo(query, Domanda, dopo), limite)


async def fatti(ctx: Contesto, cartella_id: UUID, dopo: UUID | None, limite: int) -> Elenco[Fatto]:
    """The facts now believed of a cartella, of the classes the role may see, the last recorded first.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    query = sa.select(Fatto).where(col(Fatto.cartella_id) == cartella_id, col(Fatto.registrato_al).is_(None))
    return await _pagina(ctx, _dopo(query, Fatto, dopo), limite)


async def assegnazioni(ctx: Contesto, cartella_id: UUID, dopo: UUID | None, limite: int) -> Elenco[Assegnazione]:
    """The benefits granted to the person of a cartella, the newest first.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    query = sa.select(Assegnazione).where(col(Assegnazione.cartella_id) == cartella_id)
    return await _pagina(ctx, _dopo(query, Assegnazione, dopo), limite)


async def voci(ctx: Contesto, graduatoria_id: UUID, dopo: int | None, limite: int) -> Elenco[VoceGraduatoria]:
    """The lines of a graduatoria, in order of position.

    Raises:
        NonTrovato: the graduatoria is not visible.
    """
    await ctx.trova(Graduatoria, graduatoria_id)
    query = sa.select(VoceGraduatoria).where(col(VoceGraduatoria.graduatoria_id) == graduatoria_id)
    if dopo is not None:
        query = query.where(col(VoceGraduatoria.posizione) > dopo)
    return await _pagina(ctx, query.order_by(col(VoceGraduatoria.posizione)), limite)


def _dopo(query: "sa.Select[T]", modello: type[Any], dopo: UUID | None) -> "sa.Select[T]":
    """Newest first: identifiers are UUIDv7, so they grow with time."""
    if dopo is not None:
        query = query.where(col(modello.id) < dopo)
    return query.order_by(col(modello.id).desc())


async def domanda(ctx: Contesto, domanda_id: UUID) -> tuple[Domanda, VoceGraduatoria | None]:
    """A domanda, and its line in the graduatoria in force if there is one that the role may see.

    Raises:
        NonTrovato: it is not visible.
    """
    trovata = await ctx.trova(Domanda, domanda_id)
    query = (
        sa.select(VoceGraduatoria)
        .where(col(VoceGraduatoria.domanda_id) == domanda_id)
        .order_by(col(VoceGraduatoria.id).desc())
        .limit(1)
    )
    voce = (await ctx.sessione.execute(query)).scalar_one_or_none()
    if voce is not None:
        ctx.annota("voce_graduatoria", voce.id)
    return trovata, voce


async def decisione(ctx: Contesto, domanda_id: UUID) -> tuple[Domanda, Decisione]:
    """A domanda and its last decision.

    Raises:
        NonTrovato: the domanda is not visible, or was never presented, or the role may not see decisions.
    """
    trovata = await ctx.trova(Domanda, domanda_id)
    if trovata.decisione_id is None:
        raise NonTrovato("La domanda non è ancora stata presentata.")
    return trovata, await ctx.trova(Decisione, trovata.decisione_id)


async def graduatoria(ctx: Contesto, graduatoria_id: UUID) -> Graduatoria:
    """A graduatoria.

    Raises:
        NonTrovato: it is not visible to the role.
    """
    return await ctx.trova(Graduatoria, graduatoria_id)
