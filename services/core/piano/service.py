"""What can be asked of the Piano di Zona: its indicators with their value, and the records that make the value."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.piano import repository
from services.core.piano.formule import FORMULE
from services.core.piano.models import LETTORE, Contributo, Indicatore, ObiettivoPiano, Piano
from services.core.piano.valore import Valore, calcola
from services.core.platform.errori import NonTrovato
from services.core.territorio.models import Ente


@dataclass(frozen=True, slots=True)
class IndicatoreCalcolato:
    """An indicator and its value over the records that the caller may open; `perimetro` says so in words."""

    indicatore: Indicatore
    obiettivo: ObiettivoPiano
    piano: Piano
    valore: Valore
    perimetro: str
    descrizione_formula: str


async def elenca(ctx: Contesto, dopo: tuple[str, UUID] | None, limite: int) -> tuple[Sequence[IndicatoreCalcolato], bool]:
    """Return at most `limite` indicators of the ambito after the key `dopo` (code, id), and whether there are more."""
    voci = await repository.elenca(ctx.sessione, dopo, limite + 1)
    return await _calcola(ctx, voci[:limite]), len(voci) > limite


async def leggi(ctx: Contesto, indicatore_id: UUID) -> IndicatoreCalcolato:
    """Return one indicator.

    Raises:
        NonTrovato: it is not of the caller's ambito.
    """
    voce = await repository.uno(ctx.sessione, indicatore_id)
    if voce is None:
        raise NonTrovato
    [calcolato] = await _calcola(ctx, [voce])
    return calcolato


async def contributi(
    ctx: Contesto, indicatore_id: UUID, dopo: tuple[int, UUID] | None, limite: int
) -> tuple[Sequence[Contributo], bool]:
    """Return at most `limite` contributions the caller may see, after the key `dopo` (position, id), the latest first, and
    whether there are more.

    The cartelle they belong to are remembered as read: a contribution says that a record exists there.

    Raises:
        NonTrovato: the indicator is not of the caller's ambito.
    """
    await ctx.trova(Indicatore, indicatore_id)
    trovati = await repository.contributi(ctx.sessione, indicatore_id, dopo, limite + 1)
    mostrati = trovati[:limite]
    if mostrati:
        ctx.annota("cartella", *sorted({c.cartella_id for c in mostrati}))
    return mostrati, len(trovati) > limite


async def ricomincia(sessione: AsyncSession) -> None:
    """Throw the contributions away and make the reader start again from the first event, in its own role's transaction.

    For when a formula or a plan is added to an installation that already has a past.
    """
    await sessione.execute(sa.delete(Contributo))
    await riavvolgi(sessione)


async def riavvolgi(sessione: AsyncSession) -> None:
    """Make the reader start again from the first event, beside the contributions that are there: it ends with the same rows."""
    await sessione.execute(sa.text("UPDATE cursore SET posizione = 0 WHERE lettore = :nome"), {"nome": LETTORE})


async def _calcola(ctx: Contesto, voci: Sequence[repository.Voce]) -> list[IndicatoreCalcolato]:
    ids = [indicatore.id for indicatore, _, _ in voci]
    if ids:
        ctx.annota("indicatore", *ids)
    somme = await repository.somme(ctx.sessione, ids)
    perimetro = await _perimetro(ctx)
    return [
        IndicatoreCalcolato(
            indicatore=indicatore,
            obiettivo=obiettivo,
            piano=piano,
            valore=calcola(FORMULE[indicatore.formula], somme[indicatore.id], indicatore.verso, indicatore.valore_atteso),
            perimetro=perimetro,
            descrizione_formula=FORMULE[indicatore.formula].descrizione,
        )
        for indicatore, obiettivo, piano in voci
    ]


async def _perimetro(ctx: Contesto) -> str:
    ente = await ctx.sessione.scalar(sa.select(col(Ente.denominazione)).where(col(Ente.id) == ctx.principal.ente_id))
    return f"Calcolato sulle sole cartelle che questo incarico ({ente}) può aprire: non è il totale dell'ambito."
