"""The heads of the database against what a witness knows of them: its receipts, and its file when one has it."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

from services.core.sigillo.firme import Fiducia
from services.core.sigillo.rapporto import Rapporto, Specie
from services.core.sigillo.repository import RicevutaLetta
from services.core.sigillo.testa import Ricevuta, Testa
from services.core.sigillo.testimonianza import FileTestimone, LineaTesta

CONSEGNA = timedelta(hours=1)
"""How long a head may be unknown to the witness before it is a finding: it may have been away."""

_NON_SUE = "controfirma non valida"


class ConfrontoFile:
    """Follows the witness's file beside the heads of the database, both in order of batch."""

    def __init__(self, file: FileTestimone, sigillo: Fiducia, testimone: Fiducia, rapporto: Rapporto) -> None:
        self._sigillo, self._testimone, self._rapporto = sigillo, testimone, rapporto
        self._linee = self._valide(file)
        self._prossima = next(self._linee, None)

    def testa(self, testa: Testa) -> None:
        """Compare the next head of the database."""
        while self._prossima is not None and self._prossima.lotto < testa.lotto:
            lotto = self._prossima.lotto
            self._rapporto.aggiungi(Specie.CATENA_SPEZZATA, lotto, lotto, "il testimone lo conosce, il database non più")
            self._avanti()
        if self._prossima is None or self._prossima.lotto != testa.lotto:
            return
        if self._prossima.archivio != testa.archivio:
            self._biforca(testa, "il testimone conosce un'altra catena")
        elif self._prossima.impronta() != testa.impronta():
            self._biforca(testa, "il testimone ne conosce un'altra testa")
        else:
            self._rapporto.testimoniato_fino_a = testa.lotto
        self._avanti()

    def fine(self) -> None:
        """After the last head of the database: what the witness still has was taken away."""
        prima = ultima = self._prossima
        while self._prossima is not None:
            ultima = self._prossima
            self._avanti()
        if prima is not None and ultima is not None:
            manca = f"il testimone li conosce, il database non più: mancano i numeri {prima.da}-{ultima.a}"
            self._rapporto.aggiungi(Specie.CODA_TRONCATA, prima.lotto, ultima.lotto, manca)

    def _avanti(self) -> None:
        self._prossima = next(self._linee, None)

    def _biforca(self, testa: Testa, perche: str) -> None:
        self._rapporto.aggiungi(Specie.BIFORCAZIONE, testa.lotto, testa.lotto, perche)

    def _valide(self, file: FileTestimone) -> Iterator[Testa]:
        """The heads the witness vouches for; a line that does not hold is a finding, and vouches for nothing."""
        ripristini = list(self._ripristini(file))
        precedente: Testa | None = None
        ultimo = 0
        for letta in file.teste(ripristini):
            perche = self._difetto(letta.contenuto)
            testa = letta.contenuto.testa if letta.contenuto is not None and perche is None else None
            if testa is not None and (ultimo == 0 or precedente is not None):
                # after a line that does not hold, which is already said, there is nothing to go on from
                perche = testa.rottura(precedente)
            if perche is not None:
                self._rapporto.aggiungi(Specie.TESTIMONE_ALTERATO, letta.numero, letta.numero, perche)
            precedente = testa
            if testa is not None and testa.lotto > ultimo:
                ultimo = testa.lotto
                yield testa

    def _ripristini(self, file: FileTestimone) -> Iterator[tuple[int, int]]:
        for numero, linea in file.ripristini():
            if linea is None:
                self._rapporto.aggiungi(Specie.TESTIMONE_ALTERATO, numero, numero, "linea illeggibile")
                continue
            r = linea.ripristino
            if not self._testimone.verifica(r.kid, r.byte(), bytes.fromhex(linea.controfirma)):
                self._rapporto.aggiungi(Specie.TESTIMONE_ALTERATO, numero, numero, _NON_SUE)
                continue
            self._rapporto.note.append(
                f"Il testimone dichiara un ripristino del {r.quando:%d/%m/%Y}, dal lotto {r.lotto} ({r.motivo}): i lotti che "
                "aveva visto dopo quello sono perduti, e restano nel suo file."
            )
            yield numero, r.lotto

    def _difetto(self, linea: LineaTesta | None) -> str | None:
        if linea is None:
            return "linea illeggibile"
        r, t = linea.ricevuta, linea.testa
        if not self._testimone.verifica(r.kid, r.byte(), bytes.fromhex(linea.controfirma)):
            return _NON_SUE
        if (r.archivio, r.lotto, r.testa) != (t.archivio, t.lotto, t.impronta()):
            return "la ricevuta è di un'altra testa"
        return None if self._sigillo.verifica(t.kid, t.byte(), bytes.fromhex(linea.firma)) else "firma del sigillo non valida"


class ConfrontoRicevute:
    """Follows the receipts stored in the database beside its heads."""

    def __init__(self, ricevute: AsyncIterator[RicevutaLetta], testimone: Fiducia, rapporto: Rapporto) -> None:
        self._ricevute, self._testimone, self._rapporto = ricevute, testimone, rapporto
        self._prossima: RicevutaLetta | None = None
        self._iniziate = False

    async def testa(self, testa: Testa) -> None:
        """Compare the receipts of the next head."""
        if not self._iniziate:
            await self._avanti()
        while self._prossima is not None and self._prossima.lotto <= testa.lotto:
            ricevuta = self._valida(self._prossima)
            if ricevuta is not None and (ricevuta.archivio, ricevuta.lotto, ricevuta.testa) == (
                testa.archivio,
                testa.lotto,
                testa.impronta(),
            ):
                self._rapporto.testimoniato_fino_a = testa.lotto
            elif ricevuta is not None:
                self._biforca(ricevuta.lotto)
            await self._avanti()

    async def fine(self) -> None:
        """After the last head of the database: a receipt that remains is of a head that was taken away."""
        if not self._iniziate:
            await self._avanti()
        while self._prossima is not None:
            ricevuta = self._valida(self._prossima)
            if ricevuta is not None:
                dettaglio = "c'è la ricevuta del testimone, la testa non più"
                self._rapporto.aggiungi(Specie.CODA_TRONCATA, ricevuta.lotto, ricevuta.lotto, dettaglio)
            await self._avanti()

    async def _avanti(self) -> None:
        self._iniziate = True
        self._prossima = await anext(self._ricevute, None)

    def _biforca(self, lotto: int) -> None:
        self._rapporto.aggiungi(Specie.BIFORCAZIONE, lotto, lotto, "la ricevuta del testimone è di un'altra testa")

    def _valida(self, letta: RicevutaLetta) -> Ricevuta | None:
        """The receipt when its signature holds; one by a witness who is not trusted here says nothing."""
        ricevuta = letta.ricevuta
        if ricevuta is not None and ricevuta.kid not in self._testimone:
            return None
        if ricevuta is None or not self._testimone.verifica(ricevuta.kid, ricevuta.byte(), letta.firma):
            self._rapporto.aggiungi(Specie.RICEVUTA_NON_VALIDA, letta.lotto, letta.lotto, _NON_SUE)
            return None
        return ricevuta


class Attesa:
    """Counts the heads that no witness is known to have: one older than `CONSEGNA` is a finding."""

    def __init__(self, rapporto: Rapporto, ora: datetime) -> None:
        self._rapporto, self._ora = rapporto, ora
        self._prima: tuple[int, datetime] | None = None
        self._ultimo = 0

    def testa(self, testa: Testa) -> None:
        """Take the next head, after it was compared."""
        self._ultimo = testa.lotto
        if self._rapporto.testimoniato_fino_a == testa.lotto:
            self._prima = None
        elif self._prima is None:
            self._prima = (testa.lotto, testa.quando)

    def fine(self) -> None:
        """After the last head."""
        if self._prima is None:
            return
        primo, quando = self._prima
        self._rapporto.da_testimoniare = self._ultimo - primo + 1
        if self._ora - quando > CONSEGNA:
            da_quando = f"{quando:%d/%m/%Y %H:%M} UTC"
            self._rapporto.aggiungi(Specie.NON_TESTIMONIATA, primo, self._ultimo, f"nessun testimone li conosce, dal {da_quando}")
