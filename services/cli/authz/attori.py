"""The operators of the world: one of every role in every relation, with her incarico, her grants and what keeps her out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.cli.authz.corredo import Corredo, Estraneo, emergenza
from services.cli.authz.relazioni import CONDIVISIONI, OPPOSTO, POSTI, Concessione, Posto
from services.cli.authz.territorio import Territorio, ambito_di
from services.core.access.matrice import Concessi
from services.core.access.models import Accesso, Incarico, MotivoAccesso, Operatore
from services.core.access.operazioni import OPERAZIONI
from services.core.access.preclusione import CondivisioneVista, EsclusioneVista, LimitazioneVista, classi_viste, escluse
from services.core.access.regola import AccessoVisto, Scope
from services.core.access.ruoli import RUOLI_TERRITORIALI, Classe, Ruolo
from services.core.access.situazioni import DAL, FINALITA, GIORNO, TUTTE, Relazione
from services.core.contitolarita.models import Esclusione, MotivoEsclusione
from services.core.platform.clock import adesso
from services.core.valutazioni.models import MembroEquipe, Qualifica

SEGGONO = OPERAZIONI["concludiValutazione"].ruoli
"""Roles whose operators have a seat beside their grant: those for whom having one makes a difference."""


@dataclass(frozen=True, slots=True)
class Attore:
    """An operator, and what the rule should be told of her: classes, scope, grants on the cartella she aims at.

    `emergenza_id` is the emergency she opened herself, if any.
    """

    soggetto: str
    id: UUID
    ruolo: Ruolo
    relazione: Relazione
    classi: Classe
    scope: Scope
    concessi: Concessi
    emergenza_id: UUID | None

    @property
    def posto(self) -> Posto:
        """Where she sits."""
        return POSTI[self.relazione]


@dataclass(slots=True)
class Attori:
    """Writes operators."""

    sessione: AsyncSession
    emittente: str
    territorio: Territorio

    async def estraneo(self, nome: str, ruolo: Ruolo, ente: str) -> Estraneo:
        """An operator in no relation to anything."""
        operatore_id, incarico_id = await self._operatore(nome, ruolo, Posto(ente, (), ""))
        return Estraneo(_soggetto(nome), operatore_id, incarico_id, self.territorio.enti[ente])

    async def tutti(self, corredi: Mapping[str, Corredo]) -> dict[tuple[Ruolo, Relazione], Attore]:
        """One of every role in every relation to the cartelle `corredi`."""
        return {
            (ruolo, relazione): await self._attore(ruolo, relazione, posto, corredi)
            for relazione, posto in POSTI.items()
            for ruolo in Ruolo
        }

    async def _aggiungi(self, *righe: Any) -> None:
        self.sessione.add_all(righe)
        await self.sessione.flush()  # what comes next refers to them

    async def _operatore(self, nome: str, ruolo: Ruolo, posto: Posto) -> tuple[UUID, UUID]:
        """An operator with one incarico; returns the identifiers of both."""
        operatore = Operatore(emittente=self.emittente, soggetto=_soggetto(nome), cognome=f"Zzq{nome}", nome="Ebe")
        await self._aggiungi(operatore)
        incarico = Incarico(
            operatore_id=operatore.id,
            ambito_id=ambito_di(posto.ente),
            ente_id=self.territorio.enti[posto.ente],
            ruolo=ruolo,
            servizi=list(posto.servizi) if posto.servizi is not None else None,
            dal=DAL,
            al=posto.al,
            revocato_il=adesso() if posto.revocato else None,
            pronto_intervento=posto.pronto_intervento,
        )
        await self._aggiungi(incarico)
        return operatore.id, incarico.id

    async def _attore(self, ruolo: Ruolo, relazione: Relazione, posto: Posto, corredi: Mapping[str, Corredo]) -> Attore:
        nome, corredo = f"{ruolo.value}.{relazione.value}", corredi[posto.mira]
        operatore_id, incarico_id = await self._operatore(nome, ruolo, posto)
        if posto.escluso:
            await self._escludi(operatore_id, corredo)
        concessi, emergenza_id = Concessi(), None
        if posto.concessione is not None:
            concessi, emergenza_id = await self._concedi(posto.concessione, operatore_id, incarico_id, corredo)
            if posto.concessione.equipe and ruolo in SEGGONO:
                await self._siede(posto.concessione, operatore_id, corredo)
        ente_id = self.territorio.enti[posto.ente]
        classi = classi_viste(ruolo, ente_id, FINALITA, GIORNO, self._condivisioni())
        limitazioni = [LimitazioneVista(corredi[OPPOSTO].vista.id, True, GIORNO)]
        proprie = [EsclusioneVista(corredo.vista.id, operatore_id, GIORNO)] if posto.escluso else []
        scope = Scope(
            ambito_id=ambito_di(posto.ente),
            operatore_id=operatore_id,
            ente_id=ente_id,
            competenze=frozenset(self.territorio.competenze[c] for c in posto.competenze if ruolo in RUOLI_TERRITORIALI),
            data=GIORNO,
            istante=adesso(),
            escluse=escluse(ruolo, classi, operatore_id, GIORNO, proprie, limitazioni),
        )
        return Attore(_soggetto(nome), operatore_id, ruolo, relazione, classi, scope, concessi, emergenza_id)

    def _condivisioni(self) -> list[CondivisioneVista]:
        enti = self.territorio.enti
        return [CondivisioneVista(enti[ente], TUTTE, finalita, DAL, al, DAL, None) for ente, finalita, al in CONDIVISIONI]

    async def _escludi(self, operatore_id: UUID, corredo: Corredo) -> None:
        riga = Esclusione(
            ambito_id=corredo.vista.ambito_id,
            cartella_id=corredo.vista.id,
            operatore_id=operatore_id,
            motivo=MotivoEsclusione.PARENTELA,
            dal=GIORNO,
        )
        await self._aggiungi(riga)

    async def _siede(self, concessione: Concessione, operatore_id: UUID, corredo: Corredo) -> None:
        membro = MembroEquipe(
            ambito_id=corredo.vista.ambito_id,
            cartella_id=corredo.vista.id,
            equipe_id=corredo.ids["equipe_id"],
            custodia_id=corredo.vista.id,
            operatore_id=operatore_id,
            ente_id=self.territorio.enti[concessione.ente],
            qualifica=Qualifica.ALTRO,
            dal=DAL,
            al=concessione.al,
        )
        await self._aggiungi(membro)

    async def _concedi(
        self, concessione: Concessione, operatore_id: UUID, incarico_id: UUID, corredo: Corredo
    ) -> tuple[Concessi, UUID | None]:
        """Write the grants; return them as the rule sees them, and the emergency one of them comes from."""
        comuni: dict[str, Any] = {
            "ambito_id": corredo.vista.ambito_id,
            "cartella_id": corredo.vista.id,
            "operatore_id": operatore_id,
            "ente_id": self.territorio.enti[concessione.ente],
            "dal": DAL,
            "al": concessione.al,
        }
        revocato_il = adesso() if concessione.revocata else None
        visto = (AccessoVisto(**comuni, revocato=concessione.revocata),)
        if concessione.equipe:
            origine = corredo.ids["equipe_id"]
            await self._aggiungi(Accesso(**comuni, revocato_il=revocato_il, motivo=MotivoAccesso.EQUIPE, origine_id=origine))
        if concessione.del_caso:
            origine = corredo.ids["caso_id"]
            await self._aggiungi(Accesso(**comuni, revocato_il=revocato_il, motivo=MotivoAccesso.PIPPI, origine_id=origine))
        if concessione.ore is None:
            return Concessi(visto if concessione.equipe else (), visto if concessione.del_caso else ()), None
        scade_il = adesso() + timedelta(hours=concessione.ore)
        chi = Estraneo("", operatore_id, incarico_id, comuni["ente_id"])
        aperta = emergenza(corredo.vista.ambito_id, corredo.vista.id, chi, scade_il)
        await self._aggiungi(aperta)
        await self._aggiungi(Accesso(**comuni, motivo=MotivoAccesso.EMERGENZA, origine_id=aperta.id, scade_il=scade_il))
        return Concessi(emergenza=(AccessoVisto(**comuni, scade_il=scade_il),)), aperta.id


def _soggetto(nome: str) -> str:
    return f"authz-{nome}"
