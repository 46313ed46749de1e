"""What stands at each number, checked against its hash: changed, missing, moved, out of time, or erased without an act."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.core.sigillo.firme import Fiducia
from services.core.sigillo.forma import PERSONALI, foglia, foglia_oblio, impegno
from services.core.sigillo.rapporto import Rapporto, Specie
from services.core.sigillo.repository import AttoLetto, VoceLetta

TOLLERANZA = timedelta(seconds=60)
"""By how much a row may be older than one sealed before it: twice the longest statement of the application (30 s)."""

ESAMINATE = 100
"""Changed rows that are compared with one another, to tell an exchange from a change."""

_CAMBIATA = "il contenuto non corrisponde al sigillo"


@dataclass(frozen=True, slots=True)
class _Sospetta:
    voce: VoceLetta
    riga: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attualita:
    """Of which chain and when: an act belongs to `archivio`, and at `ora` one older than `finestra` has a number."""

    archivio: UUID | None
    ora: datetime
    finestra: timedelta


class Atti:
    """The acts of erasure that hold, and which numbers they cover. Those that do not are findings, and cover nothing."""

    def __init__(self, letti: Iterable[AttoLetto], fiducia: Fiducia, attuale: Attualita, rapporto: Rapporto) -> None:
        self.letti = {letto.id: letto for letto in letti}
        intervalli = list[tuple[int, int]]()
        for letto in self.letti.values():
            difetto = _difetto(letto, fiducia, attuale)
            if difetto is not None:
                dove = letto.numero or _ultimo(letto)
                rapporto.aggiungi(Specie.OBLIO_FALSIFICATO, dove, dove, difetto)
            elif letto.atto is not None:
                rapporto.atti_di_oblio += 1
                intervalli += letto.atto.numeri
        self._intervalli = sorted(intervalli)

    def coprono(self, numero: int) -> bool:
        """Tell whether a valid act names `numero`."""
        posto = bisect_right(self._intervalli, (numero, 2**63))
        return posto > 0 and self._intervalli[posto - 1][1] >= numero

    def con_id(self, id_: UUID) -> AttoLetto | None:
        """The act with that identifier, if the database still has it in a readable form."""
        letto = self.letti.get(id_)
        return letto if letto is not None and letto.atto is not None else None


def _ultimo(letto: AttoLetto) -> int:
    return max((a for _, a in letto.atto.numeri), default=0) if letto.atto else 0


def _difetto(letto: AttoLetto, fiducia: Fiducia, attuale: Attualita) -> str | None:
    """Return why an act does not hold, None when it does."""
    if letto.atto is None or not fiducia.verifica(letto.atto.kid, letto.atto.byte(), letto.firma):
        return "l'atto di oblio non ha una firma valida"
    if letto.atto.archivio != attuale.archivio:
        return "l'atto di oblio è di un'altra catena"
    if letto.numero is None and attuale.ora - letto.quando > attuale.finestra:
        return "l'atto di oblio non è stato sigillato"
    if letto.numero is not None and letto.numero <= _ultimo(letto):
        return "l'atto di oblio nomina righe che non c'erano ancora"
    return None


class Righe:
    """Checks rows one after the other, in order of number."""

    def __init__(self, atti: Atti, rapporto: Rapporto) -> None:
        self._atti, self._rapporto = atti, rapporto
        self._recente: datetime | None = None
        self._sospette: list[_Sospetta] = []

    def controlla(self, voce: VoceLetta) -> None:
        """Check what stands at one number, whatever batch it is in."""
        self._rapporto.righe += 1
        if voce.oblio_id is not None:
            self._controlla_atto(voce, voce.oblio_id)
        elif voce.riga is None:
            self._rileva(Specie.MANCANTE, voce.numero, "la riga non c'è più")
        else:
            self._controlla_riga(voce, voce.riga)
            self._controlla_tempo(voce.numero, voce.riga["quando"])

    def fine(self) -> None:
        """Say of the changed rows which were exchanged with one another, now that all are known."""
        for sospetta in self._sospette:
            scambiata = any(_scambiate(sospetta, altra) for altra in self._sospette if altra is not sospetta)
            if scambiata:
                self._rileva(Specie.RIORDINATA, sospetta.voce.numero, "contiene una riga sigillata sotto un altro numero")
            else:
                self._rileva(Specie.ALTERATA, sospetta.voce.numero, _CAMBIATA)

    def _controlla_atto(self, voce: VoceLetta, id_: UUID) -> None:
        letto = self._atti.con_id(id_)
        if letto is None or letto.atto is None:
            self._rileva(Specie.OBLIO_FALSIFICATO, voce.numero, "l'atto di oblio sigillato non c'è più")
        elif foglia_oblio(voce.numero, letto.atto, letto.firma) != voce.foglia:
            self._rileva(Specie.OBLIO_FALSIFICATO, voce.numero, "l'atto di oblio non è quello sigillato")

    def _controlla_riga(self, voce: VoceLetta, riga: dict[str, Any]) -> None:
        coperta = self._atti.coprono(voce.numero)
        if voce.sale is not None:
            if coperta:
                self._rileva(Specie.OBLIO_FALSIFICATO, voce.numero, "un atto di oblio la nomina ma i dati ci sono ancora")
            sigillo = foglia(voce.numero, riga, impegno(voce.sale, riga))
        else:
            self._rapporto.obliate += 1
            if not coperta:
                self._rileva(Specie.OBLIO_FALSIFICATO, voce.numero, "riga obliata senza un atto valido")
            if any(riga[nome] for nome in PERSONALI):
                self._rileva(Specie.OBLIO_FALSIFICATO, voce.numero, "riga obliata con dati identificativi, che nulla prova")
            sigillo = foglia(voce.numero, riga, voce.impegno or b"")
        if sigillo != voce.foglia:
            self._sospetta(voce, riga)

    def _sospetta(self, voce: VoceLetta, riga: dict[str, Any]) -> None:
        if len(self._sospette) < ESAMINATE:
            self._sospette.append(_Sospetta(voce, riga))
        else:
            self._rileva(Specie.ALTERATA, voce.numero, _CAMBIATA)

    def _controlla_tempo(self, numero: int, quando: datetime) -> None:
        if self._recente is not None and quando < self._recente - TOLLERANZA:
            self._rileva(Specie.RETRODATATA, numero, f"più vecchia di {TOLLERANZA.seconds} s di una riga sigillata prima")
        else:
            self._recente = max(self._recente or quando, quando)

    def _rileva(self, specie: Specie, numero: int, dettaglio: str) -> None:
        self._rapporto.aggiungi(specie, numero, numero, dettaglio)


def _scambiate(qui: _Sospetta, la: _Sospetta) -> bool:
    """Tell whether the row found at `qui` is the one that was sealed at `la`, moved alone or together with its seal."""
    sigilli = {qui.voce.foglia, la.voce.foglia}
    impegni = {impegno(v.sale, qui.riga) if v.sale else v.impegno for v in (qui.voce, la.voce)}
    return any(foglia(la.voce.numero, qui.riga, i) in sigilli for i in impegni if i)
