"""One question of the matrix: a real request, and the judgement of its answer.

Beside status and content, an answer that hides is compared with what the same operation says of an object that does not
exist: byte by byte, headers included, only the number of the request apart. All the answers "this role may not" are one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.cli.authz import banco, mondo
from services.cli.authz.attori import Attore
from services.cli.authz.banco import Banco, Richiesta
from services.cli.authz.celle import Cella
from services.cli.authz.esercizi import ESERCIZI, Operazione, Scena, operazioni
from services.cli.authz.giudizio import Impronta, difetti, impronta, ottenuto
from services.cli.authz.mondo import Mondo
from services.cli.authz.relazioni import BERSAGLIO
from services.core.access.bersagli import BERSAGLI, Modo
from services.core.access.matrice import SENZA_RUOLO, Esito, atteso
from services.core.access.ruoli import Ruolo
from services.core.access.situazioni import FINALITA, Relazione
from services.core.platform.settings import Settings


class OperazioneSenzaEsercizio(Exception):
    """An operation of the document is not exercised: the matrix would not be whole."""


@dataclass(slots=True)
class Esecutore:
    """One run over one world."""

    banco: Banco
    mondo: Mondo
    operazioni: dict[str, Operazione]
    _di_nessuno: dict[tuple[str, Ruolo], asyncio.Task[Impronta]] = field(default_factory=dict)

    async def chiedi(self, operazione: Operazione, attore: Attore) -> Cella:
        """Put one question and judge the answer."""
        scena = Scena(self.mondo, attore, self.mondo.mira(attore))
        risposta = await self.banco.manda(attore.soggetto, operazione.richiesta(scena))
        previsto = atteso(operazione.id, attore.ruolo, attore.relazione)
        esito = ottenuto(operazione.id, attore, self.mondo, risposta)
        trovati = dict.fromkeys(difetti(operazione.id, attore, self.mondo, risposta))
        confronto = await self._confronto(operazione, attore, previsto)
        if confronto is not None and impronta(risposta) != confronto:
            trovati["distinguibile dalla risposta su ciò che non esiste, o non spetta a nessuno"] = None
        return Cella(operazione.id, attore.ruolo, attore.relazione, "accesso", previsto, esito, tuple(trovati))

    async def _confronto(self, operazione: Operazione, attore: Attore, previsto: Esito) -> Impronta | None:
        """The answer from which the expected one must not be told; None where it may."""
        if operazione.id in SENZA_RUOLO:
            return None
        modo = BERSAGLI[operazione.id].modo
        if previsto is Esito.VIETATA:
            senza_pronto_intervento = modo is Modo.EMERGENZA and not attore.posto.pronto_intervento  # said of the incarico alone
            return None if senza_pronto_intervento else await self._su_nessuno(*self._vietata)
        nascosto = previsto is Esito.NON_TROVATO and modo is not Modo.APRE  # a Comune of the ambito is no secret
        ignota = previsto is Esito.ASSENTE and modo in (Modo.CERCA, Modo.STORIA, Modo.VALUTA)
        return await self._su_nessuno(operazione, attore.ruolo) if nascosto or ignota else None

    @property
    def _vietata(self) -> tuple[Operazione, Ruolo]:
        """An operation and a role that has not got it: all the answers to such a question are one."""
        return self.operazioni["leggiCartella"], Ruolo.AMMINISTRATORE_TECNICO

    async def _su_nessuno(self, operazione: Operazione, ruolo: Ruolo) -> Impronta:
        """What the operation answers to that role about an object that does not exist. Asked once."""
        chiave = operazione.id, ruolo
        if chiave not in self._di_nessuno:
            self._di_nessuno[chiave] = asyncio.create_task(self._chiedi_di_nessuno(operazione, ruolo))
        return await self._di_nessuno[chiave]

    async def _chiedi_di_nessuno(self, operazione: Operazione, ruolo: Ruolo) -> Impronta:
        attore = self.mondo.attori[ruolo, Relazione.TERRITORIO]
        scena = Scena(self.mondo, attore, self.mondo.nessuno(attore))
        return impronta(await self.banco.manda(attore.soggetto, operazione.richiesta(scena)))


@asynccontextmanager
async def prepara(settings: Settings) -> AsyncIterator[Esecutore]:
    """Write the world in the database of `settings` and start the application on it.

    Raises:
        OperazioneSenzaEsercizio: the document has an operation without an exercise, or an exercise names no operation.
    """
    creato = await mondo.crea(settings)
    async with banco.apri(settings) as aperto:
        tutte = {operazione.id: operazione for operazione in operazioni(aperto.app.openapi())}
        if tutte.keys() != ESERCIZI.keys():
            senza, di_troppo = sorted(tutte.keys() - ESERCIZI.keys()), sorted(ESERCIZI.keys() - tutte.keys())
            raise OperazioneSenzaEsercizio(f"senza esercizio: {senza}; di troppo: {di_troppo}")
        lettura = Richiesta("GET", f"/cartelle/{creato.corredi[BERSAGLIO].vista.id}", intestazioni={"Finalita": FINALITA})
        (await aperto.manda(creato.testimone.soggetto, lettura)).raise_for_status()
        yield Esecutore(aperto, creato, tutte)
