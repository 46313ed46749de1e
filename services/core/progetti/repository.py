"""What can be read of a progetto, under the reader's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.progetti import regole
from services.core.progetti.contenuto import impronta_contenuto
from services.core.progetti.models import Firma, Obiettivo, Progetto, StatoProgetto
from services.core.valutazioni import service as valutazioni
from services.core.valutazioni.models import Equipe, StatoValutazione, Valutazione


@dataclass(frozen=True, slots=True)
class ProgettoLetto:
    """A progetto with its objectives, its signatures, the digest of its present content and, for a draft, what signing asks."""

    progetto: Progetto
    obiettivi: list[Obiettivo]
    firme: list[Firma]
    impronta: str
    condizioni: tuple[regole.Condizione, ...]


async def letto(ctx: Contesto, progetto: Progetto) -> ProgettoLetto:
    """Return `progetto` with all that hangs from it."""
    del_progetto = sa.select(Obiettivo).where(col(Obiettivo.progetto_id) == progetto.id).order_by(col(Obiettivo.ordine))
    obiettivi = list((await ctx.sessione.execute(del_progetto)).scalars())
    sul_progetto = sa.select(Firma).where(col(Firma.progetto_id) == progetto.id).order_by(col(Firma.id))
    firme = list((await ctx.sessione.execute(sul_progetto)).scalars())
    impronta = impronta_contenuto(progetto, obiettivi)
    condizioni: tuple[regole.Condizione, ...] = ()
    if progetto.stato is StatoProgetto.BOZZA:
        squadra = await squadra_di(ctx, progetto)
        condizioni = regole.condizioni_di_firma(await visto(ctx, progetto, firme, len(obiettivi), impronta, squadra))
    return ProgettoLetto(progetto, obiettivi, firme, impronta, condizioni)


async def squadra_di(ctx: Contesto, progetto: Progetto) -> valutazioni.SquadraNelGiorno:
    """Return the progetto's équipe as it is on the reference date."""
    equipe = await ctx.trova(Equipe, progetto.equipe_id)
    return await valutazioni.squadra_nel_giorno(ctx, equipe, ctx.data_riferimento)


async def visto(
    ctx: Contesto,
    progetto: Progetto,
    firme: Sequence[Firma],
    obiettivi: int,
    impronta: str,
    squadra: valutazioni.SquadraNelGiorno,
) -> regole.ProgettoVisto:
    """Return the progetto as the rules of signing see it on the reference date."""
    return regole.ProgettoVisto(
        tipo=progetto.tipo,
        giorno=ctx.data_riferimento,
        impronta=impronta,
        obiettivi=obiettivi,
        equipe_in_essere=squadra.in_essere,
        equipe_integrata=squadra.integrata,
        operatori_presenti=squadra.operatori,
        operatori_asst=squadra.operatori_asst,
        valutazione_conclusa_il=await _conclusa_il(ctx, progetto),
        firme=[regole.FirmaVista(f.ruolo_firmatario, f.operatore_id, f.impronta) for f in firme],
    )


async def _conclusa_il(ctx: Contesto, progetto: Progetto) -> date | None:
    if progetto.valutazione_id is None:
        return None
    valutazione = await ctx.trova(Valutazione, progetto.valutazione_id)
    return valutazione.conclusa_il if valutazione.stato is StatoValutazione.CONCLUSA else None
