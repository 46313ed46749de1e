"""What can be read of a P.I.P.P.I. case, under the team's grant."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.cartelle.models import Cartella
from services.core.persone.models import Persona
from services.core.pippi.models import CasoPippi, Microprogetto, RilevazionePippi, Tempo
from services.core.pippi.mondo_del_bambino import Andamento, andamento, leggi_punteggi
from services.core.valutazioni import service as valutazioni


@dataclass(frozen=True, slots=True)
class CasoLetto:
    """A case with all that hangs from it. `bambino` is None when the reader may not see the child's identity."""

    caso: CasoPippi
    bambino: str | None
    membri: list[valutazioni.MembroLetto]
    rilevazioni: list[RilevazionePippi]
    andamento: tuple[Andamento, ...]
    microprogetti: list[Microprogetto]


async def letto(ctx: Contesto, caso: CasoPippi) -> CasoLetto:
    """Return `caso` with all that hangs from it."""
    rilevazioni = await rilevazioni_di(ctx, caso.id)
    punteggi = {r.tempo: leggi_punteggi(r.punteggi) for r in rilevazioni}
    query = sa.select(Microprogetto).where(col(Microprogetto.caso_id) == caso.id).order_by(col(Microprogetto.id))
    return CasoLetto(
        caso=caso,
        bambino=await _bambino(ctx, caso.cartella_id),
        membri=(await valutazioni.membri_letti(ctx, caso.equipe_id))[caso.equipe_id],
        rilevazioni=rilevazioni,
        andamento=andamento(*(punteggi.get(tempo) for tempo in Tempo)) if rilevazioni else (),
        microprogetti=list((await ctx.sessione.execute(query)).scalars()),
    )


async def rilevazioni_di(ctx: Contesto, caso_id: UUID) -> list[RilevazionePippi]:
    """Return the surveys of a case, T0 first."""
    query = sa.select(RilevazionePippi).where(col(RilevazionePippi.caso_id) == caso_id).order_by(col(RilevazionePippi.tempo))
    return list((await ctx.sessione.execute(query)).scalars())


async def tempi_rilevati(ctx: Contesto, caso_id: UUID) -> set[Tempo]:
    """Return the times at which a survey was taken."""
    return {r.tempo for r in await rilevazioni_di(ctx, caso_id)}


async def _bambino(ctx: Contesto, cartella_id: UUID) -> str | None:
    query = sa.select(Persona).join(Cartella, col(Cartella.persona_id) == col(Persona.id)).where(col(Cartella.id) == cartella_id)
    persona = (await ctx.sessione.execute(query)).scalar_one_or_none()
    return f"{persona.cognome} {persona.nome}" if persona else None
