"""What can be read of the plan, under the reader's scope: contributions of records she may not open are not there."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.piano.models import Contributo, Indicatore, ObiettivoPiano, Piano
from services.core.piano.valore import Somma

Voce = tuple[Indicatore, ObiettivoPiano, Piano]

_CODICE = col(Indicatore.codice).collate("C")


def _voci() -> sa.Select[Indicatore, ObiettivoPiano, Piano]:
    return (
        sa.select(Indicatore, ObiettivoPiano, Piano)
        .join(ObiettivoPiano, col(ObiettivoPiano.id) == col(Indicatore.obiettivo_id))
        .join(Piano, col(Piano.id) == col(Indicatore.piano_id))
    )


async def elenca(sessione: AsyncSession, dopo: tuple[str, UUID] | None, limite: int) -> Sequence[Voce]:
    """Return at most `limite` indicators after the key `dopo`, by code."""
    query = _voci().order_by(_CODICE, col(Indicatore.id)).limit(limite)
    if dopo is not None:
        chiave, valori = sa.tuple_(_CODICE, col(Indicatore.id)), sa.tuple_(sa.literal(dopo[0]), sa.literal(dopo[1]))
        query = query.where(chiave > valori)
    return [(indicatore, obiettivo, piano) for indicatore, obiettivo, piano in await sessione.execute(query)]


async def uno(sessione: AsyncSession, indicatore_id: UUID) -> Voce | None:
    """Return an indicator of the caller's ambito, or None."""
    riga = (await sessione.execute(_voci().where(col(Indicatore.id) == indicatore_id))).one_or_none()
    return None if riga is None else (riga[0], riga[1], riga[2])


async def somme(sessione: AsyncSession, indicatori: Sequence[UUID]) -> dict[UUID, Somma]:
    """Sum the visible contributions to each of `indicatori`. A denominator missing in one leaves the sum without it."""
    contati, con_denominatore = sa.func.count(), sa.func.count(col(Contributo.denominatore))
    denominatore = sa.case((contati == con_denominatore, sa.func.sum(col(Contributo.denominatore))))
    query = (
        sa.select(col(Contributo.indicatore_id), contati, sa.func.sum(col(Contributo.numeratore)), denominatore)
        .where(col(Contributo.indicatore_id).in_(indicatori))
        .group_by(col(Contributo.indicatore_id))
    )
    trovate = {
        id_: Somma(contributi, int(numeratore), None if totale is None else int(totale))
        for id_, contributi, numeratore, totale in await sessione.execute(query)
    }
    return {id_: trovate.get(id_, Somma(0, 0, None)) for id_ in indicatori}


async def contributi(
    sessione: AsyncSession, indicatore_id: UUID, dopo: tuple[int, UUID] | None, limite: int
) -> Sequence[Contributo]:
    """Return at most `limite` visible contributions after the key `dopo`, the latest first."""
    query = sa.select(Contributo).where(col(Contributo.indicatore_id) == indicatore_id)
    if dopo is not None:
        chiave = sa.tuple_(col(Contributo.posizione), col(Contributo.id))
        query = query.where(chiave < sa.tuple_(sa.literal(dopo[0], sa.BigInteger), sa.literal(dopo[1])))
    query = query.order_by(col(Contributo.posizione).desc(), col(Contributo.id).desc()).limit(limite)
    return (await sessione.execute(query)).scalars().all()
