"""The cells that are not one request on one object: conflicts of keys, and values computed over many records."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

import httpx

from services.cli.authz.attori import Attore
from services.cli.authz.banco import Richiesta
from services.cli.authz.celle import Cella, in_parallelo
from services.cli.authz.esecutore import Esecutore
from services.cli.authz.esercizi import OGGI, VERSIONE, Scena, persona_con
from services.cli.authz.giudizio import Impronta, difetti, impronta, tipo
from services.cli.authz.mondo import aggiungi_contributo
from services.cli.authz.relazioni import LUOGHI, POSTI
from services.core.access.matrice import Esito, atteso_di_aggregato, atteso_di_conflitto
from services.core.access.operazioni import OPERAZIONI
from services.core.access.situazioni import FINALITA
from services.core.platform.errori import Conflitto
from services.core.platform.settings import Settings

CON_CHIAVE = ("apriCartella", "aggiungiComponente")
"""Operations that write a unique key: the codice fiscale of a person, unique in the ambito, the protected ones apart."""

AGGREGATI = ("elencaIndicatori", "leggiIndicatore")
"""Operations that answer a value computed over many records."""

MIRATI = tuple(dict.fromkeys(posto.mira for posto in POSTI.values()))

Fatto = Callable[[], None]


@dataclass(slots=True)
class Conflitti:
    """The codice fiscale of the person aimed at, typed in the caller's own territory: whether she sees her or not, one answer."""

    esecutore: Esecutore
    _viste: set[Impronta] = field(default_factory=set)

    @property
    def domande(self) -> list[tuple[str, Attore]]:
        """Who tries what."""
        attori = self.esecutore.mondo.attori.values()
        return [(operazione, a) for operazione in CON_CHIAVE for a in attori if a.ruolo in OPERAZIONI[operazione].ruoli]

    async def tutti(self, fatto: Fatto) -> list[Cella]:
        """Try them all; a second wording of the conflict is told once, as a cell of its own."""
        celle = await in_parallelo([partial(self.uno, operazione, attore) for operazione, attore in self.domande], fatto)
        return [*celle, Cella("apriCartella", "tutti", "tutte", "conflitto uniforme", "1 risposta", self._quante())]

    def _quante(self) -> str:
        return f"{len(self._viste)} rispost{'a' if len(self._viste) == 1 else 'e'}"

    async def uno(self, operazione: str, attore: Attore) -> Cella:
        mondo = self.esecutore.mondo
        mira, casa, (comune, servizio) = mondo.mira(attore), mondo.corredi[attore.posto.casa], attore.posto.propria
        persona = persona_con(mira.codice_fiscale, mira.nascita, mira.belfiore, LUOGHI[comune].istat)
        if operazione == "apriCartella":
            corpo = {"persona": persona, "servizio": servizio, "aperta_il": OGGI}
            richiesta = Richiesta("POST", "/cartelle", corpo, {"Finalita": FINALITA})
        else:
            corpo = {"persona": persona, "relazione": "altro", "dal": OGGI}
            testate = {"Finalita": FINALITA, "If-Match": VERSIONE}
            richiesta = Richiesta("POST", f"/cartelle/{casa.vista.id}/componenti", corpo, testate)
        risposta = await self.esecutore.banco.manda(attore.soggetto, richiesta)
        esito = _esito(risposta)
        if esito == Esito.CONFLITTO:
            self._viste.add(impronta(risposta))
        trovati = tuple(dict.fromkeys(difetti(operazione, attore, mondo, risposta)))
        previsto = atteso_di_conflitto(operazione, attore.ruolo, attore.relazione)
        return Cella(operazione, attore.ruolo, attore.relazione, "conflitto di chiave", previsto, esito, trovati)


def _esito(risposta: httpx.Response) -> str:
    specie = tipo(risposta)
    noti = {
        (HTTPStatus.CREATED, ""): Esito.CONSENTITA,
        (HTTPStatus.CONFLICT, Conflitto.tipo): Esito.CONFLITTO,
        (HTTPStatus.FORBIDDEN, "operazione-non-consentita"): Esito.VIETATA,
    }
    return noti.get((HTTPStatus(risposta.status_code), specie), f"{risposta.status_code} {specie}")


@dataclass(slots=True)
class Aggregati:
    """A record is added to a cartella: the value moves for who sees it and for nobody else. Once for each cartella aimed at."""

    esecutore: Esecutore
    settings: Settings

    @property
    def domande(self) -> list[tuple[str, Attore]]:
        """Who reads what; who may not has been told so already."""
        attori = self.esecutore.mondo.attori.values()
        return [
            (operazione, a)
            for operazione in AGGREGATI
            for a in attori
            if atteso_di_aggregato(operazione, a.ruolo, a.relazione) is not Esito.VIETATA
        ]

    async def tutti(self, fatto: Fatto) -> list[Cella]:
        """Read, add to one cartella, read, add to the next, and compare."""
        mondo, letture = self.esecutore.mondo, [await self._letture()]
        for nome in MIRATI:
            await aggiungi_contributo(self.settings, mondo.corredi[nome], mondo.cornici[nome])
            letture.append(await self._letture())
        celle = []
        for i, (operazione, attore) in enumerate(self.domande):
            valori = [lettura[i] for lettura in letture]
            celle.append(self._cella(operazione, attore, valori))
            fatto()
        return celle

    async def _letture(self) -> list[int | str]:
        return await in_parallelo([partial(self._leggi, operazione, attore) for operazione, attore in self.domande])

    async def _leggi(self, operazione: str, attore: Attore) -> int | str:
        """The number of contributions shown; what was answered instead, where none is."""
        scena = Scena(self.esecutore.mondo, attore, self.esecutore.mondo.mira(attore))
        richiesta = self.esecutore.operazioni[operazione].richiesta(scena)
        risposta = await self.esecutore.banco.manda(attore.soggetto, richiesta)
        if risposta.status_code != HTTPStatus.OK:
            return str(risposta.status_code)
        corpo = risposta.json()
        voci = {voce["id"]: voce["contributi"] for voce in corpo.get("elementi", [corpo])}
        return int(voci.get(scena.id("indicatore_id"), 0))

    def _cella(self, operazione: str, attore: Attore, valori: list[int | str]) -> Cella:
        mondo = self.esecutore.mondo
        trovati, esito = [], str(valori[0])
        for nome, prima, dopo in zip(MIRATI, valori, valori[1:], strict=False):
            if isinstance(prima, str) or isinstance(dopo, str):
                continue
            mosso = dopo - prima
            if nome == attore.posto.mira:
                esito = Esito.CONSENTITA if mosso else Esito.ASSENTE
            if mosso != mondo.vista(attore, mondo.corredi[nome]).cartella:
                trovati.append(f"il valore si muove di {mosso} per un record di «{nome}»")
        previsto = atteso_di_aggregato(operazione, attore.ruolo, attore.relazione)
        return Cella(operazione, attore.ruolo, attore.relazione, "valore aggregato", previsto, esito, tuple(trovati))
