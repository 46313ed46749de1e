"""The reader of the log that keeps the contributions to the indicators of every plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.piano.formule import FORMULE, Apporto, EventoNonLeggibile, FattoEvento, Formula, Periodo, Rimozione
from services.core.piano.models import LETTORE, Contributo, Indicatore, Piano
from services.core.platform.eventi import EventoRegistrato


class FormulaSconosciuta(Exception):
    """An indicator names a formula this release does not have: the reader waits for one that has it rather than count less."""


@dataclass(frozen=True, slots=True)
class _Seguito:
    """An indicator followed in an ambito."""

    indicatore_id: UUID
    formula: Formula
    periodo: Periodo


class LettorePiano:
    """Follows the events the released formulas read.

    Each event sets, replaces or removes the contribution of its record to each indicator, unless a later event already did:
    so reading the log again from the beginning, even beside the rows of the first reading, ends with the same rows.
    """

    nome: ClassVar[str] = LETTORE
    tipi: ClassVar[frozenset[str]] = frozenset().union(*(f.tipi for f in FORMULE.values()))

    async def elabora(self, sessione: AsyncSession, eventi: Sequence[EventoRegistrato]) -> None:
        """Apply `eventi`, in order of position.

        Raises:
            FormulaSconosciuta: see there.
            EventoNonLeggibile: an event lacks what its schema promises.
        """
        seguiti = await _seguiti(sessione, {e.ambito_id for e in eventi})
        for evento in eventi:
            fatto = FattoEvento(evento.tipo, evento.aggregato, evento.aggregato_id, evento.cartella_id, evento.dati)
            for seguito in seguiti.get(evento.ambito_id, ()):
                esito = seguito.formula.applica(fatto, seguito.periodo)
                if isinstance(esito, Apporto):
                    await _scrivi(sessione, seguito.indicatore_id, evento, esito)
                elif isinstance(esito, Rimozione):
                    await _togli(sessione, seguito.indicatore_id, evento)


async def _seguiti(sessione: AsyncSession, ambiti: set[int]) -> dict[int, list[_Seguito]]:
    query = (
        sa.select(Indicatore, Piano)
        .join(Piano, col(Piano.id) == col(Indicatore.piano_id))
        .where(col(Indicatore.ambito_id).in_(ambiti))
        .order_by(col(Indicatore.id))
    )
    trovati: dict[int, list[_Seguito]] = {}
    for indicatore, piano in await sessione.execute(query):
        formula = FORMULE.get(indicatore.formula)
        if formula is None:
            raise FormulaSconosciuta(indicatore.formula)
        trovati.setdefault(indicatore.ambito_id, []).append(_Seguito(indicatore.id, formula, Periodo(piano.dal, piano.al)))
    return trovati


async def _scrivi(sessione: AsyncSession, indicatore_id: UUID, evento: EventoRegistrato, apporto: Apporto) -> None:
    if evento.cartella_id is None:
        raise EventoNonLeggibile(f"{evento.tipo} alla posizione {evento.posizione}: senza cartella non si sa chi può vederlo")
    contenuto = {
        "cartella_id": evento.cartella_id,
        "periodo": apporto.periodo,
        "numeratore": apporto.numeratore,
        "denominatore": apporto.denominatore,
        "posizione": evento.posizione,
        "versione": evento.versione,
    }
    comando = insert(Contributo).values(
        id=uuid5(indicatore_id, f"{evento.aggregato}/{evento.aggregato_id}"),
        ambito_id=evento.ambito_id,
        indicatore_id=indicatore_id,
        record_tipo=evento.aggregato,
        record_id=evento.aggregato_id,
        **contenuto,
    )
    await sessione.execute(
        comando.on_conflict_do_update(
            index_elements=["indicatore_id", "record_tipo", "record_id"],
            set_=contenuto,
            where=col(Contributo.posizione) < evento.posizione,
        )
    )


async def _togli(sessione: AsyncSession, indicatore_id: UUID, evento: EventoRegistrato) -> None:
    await sessione.execute(
        sa.delete(Contributo).where(
            col(Contributo.indicatore_id) == indicatore_id,
            col(Contributo.record_tipo) == evento.aggregato,
            col(Contributo.record_id) == evento.aggregato_id,
            col(Contributo.posizione) < evento.posizione,
        )
    )
