"""What can be read of exclusions, limitations and agreements, under the reader's scope. Lists are keyset pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.models import Operatore
from services.core.access.ruoli import Classe, Finalita
from services.core.cartelle.models import Cartella
from services.core.contitolarita.models import Accordo, BaseGiuridica, Condivisione, Esclusione, Limitazione
from services.core.territorio.models import Ente

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Elenco(Generic[T]):
    """A page, and whether more rows follow."""

    righe: Sequence[T]
    altri: bool


@dataclass(frozen=True, slots=True)
class EsclusioneLetta:
    """An exclusion with the name of who is kept out."""

    esclusione: Esclusione
    nominativo: str


@dataclass(frozen=True, slots=True)
class Condivisa:
    """What an agreement shares with an ente for a purpose; `in_vigore`: it opens something on the reference date."""

    condivisione: Condivisione
    ente: str
    in_vigore: bool

    @property
    def classi(self) -> list[Classe]:
        """The data classes shared, one by one."""
        return [classe for classe in Classe if classe & self.condivisione.classi]

    @property
    def finalita(self) -> Finalita:
        """The purpose it is shared for."""
        return self.condivisione.finalita


@dataclass(frozen=True, slots=True)
class AccordoLetto:
    """An agreement with what it shares."""

    accordo: Accordo
    condivisioni: list[Condivisa]


async def esclusioni(ctx: Contesto, cartella_id: UUID, dopo: UUID | None, limite: int) -> Elenco[EsclusioneLetta]:
    """The exclusions from a cartella, the newest first, those ended too.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    query = (
        sa.select(Esclusione, col(Operatore.cognome), col(Operatore.nome))
        .join(Operatore, col(Operatore.id) == col(Esclusione.operatore_id))
        .where(col(Esclusione.cartella_id) == cartella_id)
        .order_by(col(Esclusione.id).desc())
        .limit(limite + 1)
    )
    if dopo is not None:
        query = query.where(col(Esclusione.id) < dopo)
    righe = [EsclusioneLetta(e, f"{cognome} {nome}") for e, cognome, nome in (await ctx.sessione.execute(query)).all()]
    return Elenco(righe[:limite], len(righe) > limite)


async def limitazioni(ctx: Contesto, cartella_id: UUID, dopo: UUID | None, limite: int) -> Elenco[Limitazione]:
    """The oppositions and limitations of a cartella, the newest first.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    query = sa.select(Limitazione).where(col(Limitazione.cartella_id) == cartella_id).order_by(col(Limitazione.id).desc())
    if dopo is not None:
        query = query.where(col(Limitazione.id) < dopo)
    righe = list((await ctx.sessione.execute(query.limit(limite + 1))).scalars())
    return Elenco(righe[:limite], len(righe) > limite)


async def accordi(ctx: Contesto, dopo: str | None, limite: int) -> Elenco[AccordoLetto]:
    """The agreements of the ambito by code, past and future ones too, each with what it shares."""
    query = sa.select(Accordo).order_by(col(Accordo.codice)).limit(limite + 1)
    if dopo is not None:
        query = query.where(col(Accordo.codice) > dopo)
    righe = list((await ctx.sessione.execute(query)).scalars())
    mostrati = righe[:limite]
    ctx.annota("accordo", *(a.id for a in mostrati))
    condivise = await _condivise(ctx, mostrati)
    return Elenco([AccordoLetto(a, condivise[a.id]) for a in mostrati], len(righe) > limite)


async def _condivise(ctx: Contesto, di: Sequence[Accordo]) -> dict[UUID, list[Condivisa]]:
    per_accordo = {a.id: a for a in di}
    query = (
        sa.select(Condivisione, col(Ente.denominazione))
        .join(Ente, col(Ente.id) == col(Condivisione.ente_id))
        .where(col(Condivisione.accordo_id).in_(per_accordo))
        .order_by(col(Ente.denominazione), col(Condivisione.finalita), col(Condivisione.dal))
    )
    trovate: dict[UUID, list[Condivisa]] = {id_: [] for id_ in per_accordo}
    for riga, ente in (await ctx.sessione.execute(query)).all():
        vigore = _in_vigore(per_accordo[riga.accordo_id], riga, ctx.data_riferimento)
        trovate[riga.accordo_id].append(Condivisa(riga, ente, vigore))
    return trovate


def _in_vigore(accordo: Accordo, condivisione: Condivisione, giorno: date) -> bool:
    """As `classi_condivise` in the database: both alive on the day, and not resting on consent, which is not recorded."""
    vivi = all(x.dal <= giorno and (x.al is None or x.al >= giorno) for x in (accordo, condivisione))
    return vivi and accordo.base_giuridica is not BaseGiuridica.CONSENSO
