"""The context of one request: the transaction, who acts in it, why, and on which legal day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.access.principal import Principal
from services.core.access.ruoli import Finalita
from services.core.platform import eventi
from services.core.platform.errori import NonTrovato, VersioneSuperata
from services.core.platform.modelli import Tabella, Versionata, metadata

T = TypeVar("T", bound=Tabella)
V = TypeVar("V", bound=Versionata)


@dataclass(slots=True)
class Contesto:
    """Given to every service function. Only the edge commits; a service may `flush()`, saying why.

    `data_riferimento` is the legal day of the request; `annota` remembers the records read or changed, which the edge
    writes to the audit trail in the same transaction. `non_visti` are those among them that the caller may not see herself:
    a named function of the database read or changed them for her. `motivo` is a code for the trail, of an act that needs
    a reason.
    """

    sessione: AsyncSession
    principal: Principal
    operazione: str
    finalita: Finalita | None
    data_riferimento: date
    richiesta_id: UUID
    oggetti: dict[str, list[UUID]] = field(default_factory=dict)
    non_visti: set[UUID] = field(default_factory=set)
    motivo: str | None = None

    def annota(self, tipo: str, *ids: UUID) -> None:
        """Remember that records `ids` of kind `tipo` were read or changed."""
        self.oggetti.setdefault(tipo, []).extend(ids)

    def annota_non_visti(self, tipo: str, *ids: UUID) -> None:
        """As `annota`, of records that a named function of the database reached beyond the caller's scope."""
        self.annota(tipo, *ids)
        self.non_visti.update(ids)

    def visti(self) -> dict[str, list[UUID]]:
        """The records annotated, by kind, without those reached beyond the caller's scope."""
        propri = {tipo: [id_ for id_ in dict.fromkeys(ids) if id_ not in self.non_visti] for tipo, ids in self.oggetti.items()}
        return {tipo: ids for tipo, ids in propri.items() if ids}

    async def rivedi(self, oggetti: Mapping[str, Sequence[UUID]]) -> None:
        """Annotate records seen before, by kind, if the scope still shows every one of them.

        Raises:
            NonTrovato: one is no longer visible.
        """
        for tipo, ids in oggetti.items():
            colonna = metadata.tables[tipo].c.id
            ancora = set((await self.sessione.execute(sa.select(colonna).where(colonna.in_(ids)))).scalars())
            perduto = next((id_ for id_ in ids if id_ not in ancora), None)
            if perduto is not None:
                raise NonTrovato.cercando(perduto)
            self.annota(tipo, *ids)

    async def trova(self, modello: type[T], id_: UUID) -> T:
        """Return the row if the scope shows it.

        Raises:
            NonTrovato: it does not exist, or this incarico may not see it: the same answer.
        """
        riga = await self.sessione.get(modello, id_)
        if riga is None:
            raise NonTrovato.cercando(id_)
        self.annota(str(modello.__tablename__), id_)
        return riga

    async def blocca(self, modello: type[V], id_: UUID, versione: int | None = None) -> V:
        """Return the row locked for change (FOR UPDATE). The caller changes it and adds one to `versione`.

        Raises:
            NonTrovato: as in `trova`.
            VersioneSuperata: `versione` (from If-Match) is not the current one.
        """
        riga = await self.sessione.get(modello, id_, with_for_update=True, populate_existing=True)
        if riga is None:
            raise NonTrovato.cercando(id_)
        self.annota(str(modello.__tablename__), id_)
        if versione is not None and riga.versione != versione:
            raise VersioneSuperata(
                "Il documento è stato modificato da altri: rileggerlo e ripetere la modifica.", versione_attuale=riga.versione
            )
        return riga

    async def emetti(self, evento: eventi.Evento) -> None:
        """Append `evento` to the log, in this transaction."""
        await eventi.aggiungi(
            self.sessione,
            evento,
            ambito_id=self.principal.ambito_id,
            operatore_id=self.principal.operatore_id,
            incarico_id=self.principal.incarico_id,
            finalita=self.finalita.value if self.finalita else None,
        )
