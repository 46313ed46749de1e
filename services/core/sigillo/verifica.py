"""The verification of the whole seal, in one pass and one snapshot, with memory that does not grow with the trail.

It trusts the public keys it is given and the witness's file, never the database: of this it recomputes every hash.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.core.sigillo.albero import Albero
from services.core.sigillo.firme import Fiducia
from services.core.sigillo.rapporto import Rapporto, Specie
from services.core.sigillo.repository import Fonte, TestaLetta, VoceLetta
from services.core.sigillo.testa import Testa
from services.core.sigillo.testimonianza import FileTestimone
from services.core.sigillo.verifica_righe import Atti, Attualita, Righe
from services.core.sigillo.verifica_testimone import Attesa, ConfrontoFile, ConfrontoRicevute

FINESTRA = timedelta(seconds=60)
"""How old a row without a number may be: sealing takes about a second, the application's transactions less than a minute."""

OGNI = 500
"""Rows between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Fiduciari:
    """Whom the verification trusts: the sealer's keys, the witnesses' keys, and a witness's file."""

    sigillo: Fiducia
    testimone: Fiducia | None = None
    file: FileTestimone | None = None


class Verificatore:
    """Runs the verification once. `ora` is the present instant; `avanza` is told how many rows were looked at."""

    def __init__(
        self,
        fonte: Fonte,
        fiduciari: Fiduciari,
        ora: datetime,
        finestra: timedelta = FINESTRA,
        avanza: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._fonte, self._fiduciari, self._ora, self._finestra, self._avanza = fonte, fiduciari, ora, finestra, avanza
        self.rapporto = Rapporto()
        self._attesa = Attesa(self.rapporto, ora)
        self._file: ConfrontoFile | None = None
        self._ricevute: ConfrontoRicevute | None = None
        self._voci: AsyncIterator[VoceLetta] = fonte.voci()
        self._voce: VoceLetta | None = None
        self._atteso = 1
        self._ultimo_lotto = 0
        self._precedente: Testa | None = None

    async def esegui(self) -> Rapporto:
        """Look at everything and return what was found."""
        f, r = self._fiduciari, self.rapporto
        if f.testimone is not None:
            self._ricevute = ConfrontoRicevute(self._fonte.ricevute(), f.testimone, r)
            if f.file is not None:
                self._file = ConfrontoFile(f.file, f.sigillo, f.testimone, r)
        attuale = Attualita(await self._fonte.archivio(), self._ora, self._finestra)
        righe = Righe(Atti(await self._fonte.atti(), f.sigillo, attuale, r), r)
        self._voce = await anext(self._voci, None)
        corrente: TestaLetta | None = None
        async for prossima in self._fonte.teste():
            if corrente is not None:
                await self._lotto(corrente, prossima, righe)
            corrente = prossima
        if corrente is not None:
            await self._lotto(corrente, None, righe)
        await self._fuori_da_ogni_lotto(None, righe)
        righe.fine()
        await self._fine()
        return r

    async def _fine(self) -> None:
        if self._file is not None:
            self._file.fine()
        if self._ricevute is not None:
            await self._ricevute.fine()
            self._attesa.fine()
        async for id_ in self._fonte.senza_voce(self._ora - self._finestra):
            quanto = f"senza numero dopo {self._finestra.total_seconds():.0f} s"
            self.rapporto.aggiungi(Specie.NON_SIGILLATA, id_, id_, quanto)

    async def _lotto(self, letta: TestaLetta, prossima: TestaLetta | None, righe: Righe) -> None:
        """Check a head and the rows it covers. The end of a head that does not hold is taken from the one after it."""
        testa = self._testa(letta)
        self.rapporto.lotti += 1
        if letta.testa is not None:
            await self._confronta(letta.testa)
        if testa is not None:
            fine = testa.a
            await self._fuori_da_ogni_lotto(testa.da, righe)
        elif prossima is not None and prossima.testa is not None:
            fine = prossima.testa.da - 1
        else:
            fine = await self._fonte.ultimo_numero()
        radice = await self._righe_fino_a(fine, righe)
        if testa is not None and radice is not None and radice.hex() != testa.radice:
            dettaglio = f"le righe del lotto {testa.lotto} non danno la radice firmata"
            self.rapporto.aggiungi(Specie.LOTTO_ALTERATO, testa.da, testa.a, dettaglio)

    def _testa(self, letta: TestaLetta) -> Testa | None:
        """Check one head; return it when what it says can be relied upon."""
        if letta.lotto > self._ultimo_lotto + 1:
            self.rapporto.aggiungi(Specie.CATENA_SPEZZATA, self._ultimo_lotto + 1, letta.lotto - 1, "manca la testa")
            self._precedente = None
        difetto = self._difetto(letta)
        rottura = None
        if difetto is not None:
            self.rapporto.aggiungi(Specie.TESTA_ALTERATA, letta.lotto, letta.lotto, difetto)
        elif letta.testa is not None and (letta.lotto == 1 or self._precedente is not None):
            # after a head that is missing or does not hold, which is already said, there is nothing to go on from
            rottura = letta.testa.rottura(self._precedente)
        if rottura is not None:
            self.rapporto.aggiungi(Specie.CATENA_SPEZZATA, letta.lotto, letta.lotto, rottura)
        self._ultimo_lotto = letta.lotto
        self._precedente = letta.testa if difetto is None else None
        return self._precedente

    def _difetto(self, letta: TestaLetta) -> str | None:
        testa, fiducia = letta.testa, self._fiduciari.sigillo
        if testa is None:
            return "la testa non è leggibile"
        if testa.impronta() != letta.impronta.hex():
            return "l'impronta non è quella del contenuto"
        if testa.kid not in fiducia:
            return "firmata con una chiave sconosciuta"
        return None if fiducia.verifica(testa.kid, testa.byte(), letta.firma) else "la firma non è valida"

    async def _confronta(self, testa: Testa) -> None:
        """Compare a head with what the witness knows."""
        if self.rapporto.archivio is None:
            self.rapporto.archivio = str(testa.archivio)
        self.rapporto.ultima_testa = testa.impronta()
        if self._file is not None:
            self._file.testa(testa)
        if self._ricevute is not None:
            await self._ricevute.testa(testa)
            self._attesa.testa(testa)

    async def _righe_fino_a(self, fine: int, righe: Righe) -> bytes | None:
        """Check the rows up to number `fine`; return the root of their leaves, None when one is missing."""
        albero, intero = Albero(), self._atteso <= fine
        while self._voce is not None and self._voce.numero <= fine:
            if self._voce.numero > self._atteso:
                self._manca(self._atteso, self._voce.numero - 1)
                intero = False
            albero.aggiungi(self._voce.foglia)
            await self._controlla(self._voce, righe)
        if self._atteso <= fine:
            self._manca(self._atteso, fine)
            intero = False
            self._atteso = fine + 1
        return albero.radice() if intero else None

    async def _fuori_da_ogni_lotto(self, prima_di: int | None, righe: Righe) -> None:
        """Report the rows before number `prima_di` that no head covers, and the numbers without a row."""
        while self._voce is not None and (prima_di is None or self._voce.numero < prima_di):
            if self._voce.numero > self._atteso:
                self._manca(self._atteso, self._voce.numero - 1)
            numero = self._voce.numero
            self.rapporto.aggiungi(Specie.INTRUSA, numero, numero, "ha un numero ma nessuna testa la copre")
            await self._controlla(self._voce, righe)
        if prima_di is not None and self._atteso < prima_di:
            self._manca(self._atteso, prima_di - 1)
            self._atteso = prima_di

    async def _controlla(self, voce: VoceLetta, righe: Righe) -> None:
        righe.controlla(voce)
        self._atteso = voce.numero + 1
        if self.rapporto.righe % OGNI == 0:
            self._avanza(self.rapporto.righe)
        self._voce = await anext(self._voci, None)

    def _manca(self, da: int, a: int) -> None:
        self.rapporto.aggiungi(Specie.MANCANTE, da, a, "il numero non c'è più")
