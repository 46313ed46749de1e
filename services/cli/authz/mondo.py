"""The world of the matrix: an invented territory, a cartella of every kind, and an operator of every role in every relation.

Written by the loader's role, which owns nothing and sees everything; nothing here asks the policies under test. Persons and
operators have impossible surnames.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.authz.attori import Attore, Attori
from services.cli.authz.corredo import PRIMA, Cornice, Corredo, Estraneo, contributo, fantasma
from services.cli.authz.relazioni import AMBITO, BERSAGLIO, CORREDI, OPPOSTO, RISERVATO
from services.cli.authz.semina import Semina
from services.cli.authz.territorio import Territorio
from services.core.access.matrice import Concessi, Vista, guarda
from services.core.access.ruoli import Ruolo
from services.core.access.situazioni import Relazione
from services.core.persone.models import Componente
from services.core.persone.models import Relazione as Parentela
from services.core.platform.clock import adesso
from services.core.platform.db import crea_engine
from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import CARICATORE
from services.core.platform.settings import Settings


@dataclass(slots=True)
class Mondo:
    """Everything written, by name.

    `testimone` is the operator of Borgo whose reading is in the trail and who sits in every équipe, without a grant; `collega`
    may stand in for her; `candidato` may be called into an équipe; `accordo_id` is the agreement of the first ambito.
    """

    testimone: Estraneo
    collega: UUID
    candidato: UUID
    accordo_id: UUID
    enti: dict[str, UUID]
    creato_il: datetime
    corredi: dict[str, Corredo] = field(default_factory=dict)
    cornici: dict[str, Cornice] = field(default_factory=dict)
    attori: dict[tuple[Ruolo, Relazione], Attore] = field(default_factory=dict)

    def mira(self, attore: Attore) -> Corredo:
        """The cartella she aims at."""
        return self.corredi[attore.posto.mira]

    def nessuno(self, attore: Attore) -> Corredo:
        """One of the same shape that does not exist."""
        return fantasma(self.mira(attore))

    def vista(self, attore: Attore, corredo: Corredo) -> Vista:
        """What the rule says of `corredo` to her. Her grants are on the cartella she aims at: the predicate knows."""
        concessi = attore.concessi if corredo is self.mira(attore) else Concessi()
        return guarda(attore.ruolo, attore.classi, attore.scope, corredo.vista, concessi)


@asynccontextmanager
async def scrivendo(settings: Settings) -> AsyncIterator[AsyncSession]:
    """One transaction of the loader's role in the database of `settings`."""
    engine = crea_engine(settings.dsn_admin, massimo=1)
    try:
        async with AsyncSession(engine, autoflush=False, expire_on_commit=False) as sessione, sessione.begin():
            await sessione.execute(sa.text(f"SET LOCAL ROLE {CARICATORE}"))
            yield sessione
    finally:
        await engine.dispose()


async def crea(settings: Settings) -> Mondo:
    """Write the world in the database of `settings`."""
    async with scrivendo(settings) as sessione:
        territorio = Territorio(sessione)
        await territorio.scrivi()
        assert territorio.accordo_id is not None
        attori = Attori(sessione, settings.oidc_issuer, territorio)
        testimone = await attori.estraneo("testimone", Ruolo.ASSISTENTE_SOCIALE, "comune-borgo")
        collega = await attori.estraneo("collega", Ruolo.ASSISTENTE_SOCIALE, "comune-borgo")
        candidato = await attori.estraneo("candidato", Ruolo.OPERATORE_ASST, "asst")
        urgente = await attori.estraneo("urgente", Ruolo.SEGRETARIATO, "comune-valle")
        mondo = Mondo(testimone, collega.id, candidato.id, territorio.accordo_id, territorio.enti, adesso())
        for ordine, (nome, (competenza, riservata)) in enumerate(CORREDI.items(), start=1):
            cornice = territorio.cornice(competenza)
            mondo.cornici[nome] = cornice
            semina = Semina(sessione, cornice, nome, ordine, riservata, nome == OPPOSTO, urgente, testimone)
            mondo.corredi[nome] = await semina.tutto()
        await _parente_protetta(sessione, mondo)
        mondo.attori = await attori.tutti(mondo.corredi)
    mondo.creato_il = adesso()  # after the commit: by now all of it is recorded
    return mondo


async def _parente_protetta(sessione: AsyncSession, mondo: Mondo) -> None:
    """The person of the reserved cartella is also of the household everybody of Borgo opens: there she must not be seen."""
    sessione.add(
        Componente(
            ambito_id=AMBITO,
            nucleo_id=mondo.corredi[BERSAGLIO].ids["nucleo_id"],
            persona_id=mondo.corredi[RISERVATO].ids["persona_id"],
            relazione=Parentela.FRATELLO,
            dal=PRIMA,
        )
    )
    await sessione.flush()  # before the operators, whose household checks read it


async def aggiungi_contributo(settings: Settings, corredo: Corredo, cornice: Cornice) -> None:
    """Add one record to the cartella of `corredo`, as the reader of the log would."""
    async with scrivendo(settings) as sessione:
        sessione.add(contributo(cornice, corredo.vista.id, nuovo_id()))
