"""What the witness knows: per chain one file, which only grows, and the last head in it.

A head is written to disk (fsync) before its receipt is given; a line left half-written by a crash was never
acknowledged, and is cut.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from services.core.platform.clock import adesso
from services.core.sigillo.firme import Fiducia, Firmatario
from services.core.sigillo.testa import Ricevuta, RicevutaFirmata, Testa, TestaFirmata
from services.core.sigillo.testimonianza import LineaRipristino, LineaTesta, Ripristino, leggi_linea

CODA = 64 * 1024
"""Bytes read from the end of a file to find its last line; a line is about 900 bytes."""


class Rifiuto(Exception):
    """The witness does not sign; the text says why, in one Italian sentence."""


class FirmaRifiutata(Rifiuto):
    """A head is not signed by a sealer this witness knows."""


class Biforcazione(Rifiuto):
    """A head does not go on from the last one known."""


class CartellaOccupata(Exception):
    """Another witness works on the folder."""


class FileRovinato(Exception):
    """A file of the witness holds a line that is not its own."""


class Archivi:
    """The chains a witness follows, in the files `<archivio>.jsonl` of one folder, under its lock.

    Raises:
        CartellaOccupata: another process holds the folder.
        OSError: the folder cannot be used.
    """

    def __init__(self, cartella: Path, firmatario: Firmatario, sigillatori: Fiducia) -> None:
        cartella.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._cartella, self._firmatario, self._sigillatori = cartella, firmatario, sigillatori
        self._ultime: dict[UUID, LineaTesta | LineaRipristino] = {}
        self._serratura = os.open(cartella / ".serratura", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._serratura, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._serratura)
            raise CartellaOccupata(f"{cartella} è in uso da un altro testimone") from None

    def chiudi(self) -> None:
        """Release the folder."""
        os.close(self._serratura)

    def percorso(self, archivio: UUID) -> Path:
        """The file of a chain."""
        return self._cartella / f"{archivio}.jsonl"

    def ultima(self, archivio: UUID) -> RicevutaFirmata | None:
        """The receipt of the last head known of a chain, None for a chain never seen.

        After a declared restore it is a new receipt, of the head one goes on from. Raises `FileRovinato`.
        """
        linea = self._ultima(archivio)
        if linea is None:
            return None
        return linea.ricevuta_firmata if isinstance(linea, LineaTesta) else self._ricevuta_di(linea.ripristino)

    def testimonia(self, archivio: UUID, teste: Sequence[TestaFirmata]) -> RicevutaFirmata:
        """Take heads that go on from the last one, all or none, and return the receipt of the last.

        Raises:
            FirmaRifiutata: one is not signed by a known sealer.
            Biforcazione: one does not go on from the one before.
            FileRovinato: what is on disk is not what this witness wrote.
        """
        ultima, linee = self._ultima(archivio), list[LineaTesta]()
        for firmata in teste:
            self._controlla(archivio, firmata, linee[-1] if linee else ultima)
            testa = firmata.testa
            ricevuta = self._firma(archivio, testa.lotto, testa.impronta())
            linee.append(
                LineaTesta(testa=testa, firma=firmata.firma, ricevuta=ricevuta.ricevuta, controfirma=ricevuta.controfirma)
            )
        self._aggiungi(archivio, b"".join(linea.byte() for linea in linee))
        self._ultime[archivio] = linee[-1]
        return linee[-1].ricevuta_firmata

    def ripristina(self, archivio: UUID, lotto: int, motivo: str) -> None:
        """Declare that a chain goes on from its head `lotto`. Raises `Rifiuto` when it is the last, or unknown."""
        ultima = self._ultima(archivio)
        if ultima is None or self._lotto(ultima) <= lotto:
            raise Rifiuto("il ripristino va dichiarato a un lotto precedente all'ultimo che il testimone conosce")
        testa = self._testa_del_lotto(archivio, lotto)
        if testa is None:
            raise Rifiuto(f"il testimone non conosce il lotto {lotto} di questa catena")
        ripristino = Ripristino(
            archivio=archivio, lotto=lotto, testa=testa.impronta(), motivo=motivo, quando=adesso(), kid=self._firmatario.kid
        )
        nuova = LineaRipristino(ripristino=ripristino, controfirma=self._firmatario.firma(ripristino.byte()).hex())
        self._aggiungi(archivio, nuova.byte())
        self._ultime[archivio] = nuova

    def _testa_del_lotto(self, archivio: UUID, lotto: int) -> Testa | None:
        """The head in force of a batch: the last one in the file, since a restore only ever goes back."""
        trovata = None
        with self.percorso(archivio).open("rb") as file:
            for byte in file:
                linea = self._propria(byte, archivio)
                if isinstance(linea, LineaTesta) and linea.testa.lotto == lotto:
                    trovata = linea.testa
        return trovata

    def _propria(self, byte: bytes, archivio: UUID) -> LineaTesta | LineaRipristino:
        try:
            return leggi_linea(byte)
        except ValueError:
            raise FileRovinato(f"una linea di {self.percorso(archivio).name} non è del testimone") from None

    def _controlla(self, archivio: UUID, firmata: TestaFirmata, ultima: LineaTesta | LineaRipristino | None) -> None:
        testa = firmata.testa
        if testa.archivio != archivio:
            raise Biforcazione("la testa è di un'altra catena")
        if not self._sigillatori.verifica(testa.kid, testa.byte(), bytes.fromhex(firmata.firma)):
            raise FirmaRifiutata("la testa non è firmata da un sigillatore ammesso")
        if isinstance(ultima, LineaRipristino):
            da_qui = (ultima.ripristino.lotto + 1, ultima.ripristino.testa)
            rottura = None if (testa.lotto, testa.precedente) == da_qui else "non prosegue dal ripristino dichiarato"
        else:
            rottura = testa.rottura(ultima.testa if ultima else None)
        if rottura is not None:
            raise Biforcazione(f"il lotto {testa.lotto} {rottura}")

    def _firma(self, archivio: UUID, lotto: int, testa: str) -> RicevutaFirmata:
        ricevuta = Ricevuta(archivio=archivio, lotto=lotto, testa=testa, quando=adesso(), kid=self._firmatario.kid)
        return RicevutaFirmata(ricevuta=ricevuta, controfirma=self._firmatario.firma(ricevuta.byte()).hex())

    def _ricevuta_di(self, ripristino: Ripristino) -> RicevutaFirmata:
        return self._firma(ripristino.archivio, ripristino.lotto, ripristino.testa)

    @staticmethod
    def _lotto(linea: LineaTesta | LineaRipristino) -> int:
        return linea.testa.lotto if isinstance(linea, LineaTesta) else linea.ripristino.lotto

    def _ultima(self, archivio: UUID) -> LineaTesta | LineaRipristino | None:
        if archivio not in self._ultime:
            percorso = self.percorso(archivio)
            linea = _ultima_linea(percorso) if percorso.exists() else None
            if linea is None:
                return None
            self._ultime[archivio] = self._propria(linea, archivio)
        return self._ultime[archivio]

    def _aggiungi(self, archivio: UUID, byte: bytes) -> None:
        percorso = self.percorso(archivio)
        nuovo = not percorso.exists()
        descrittore = os.open(percorso, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            prima = os.fstat(descrittore).st_size
            try:
                _scrivi(descrittore, byte)
            except OSError:
                os.ftruncate(descrittore, prima)
                raise
        finally:
            os.close(descrittore)
        if nuovo:
            _sincronizza(self._cartella)


def _scrivi(descrittore: int, byte: bytes) -> None:
    """Write all of `byte` to disk. Raises `OSError`."""
    if os.write(descrittore, byte) != len(byte):
        raise OSError("disco pieno")
    os.fsync(descrittore)


def _ultima_linea(percorso: Path) -> bytes | None:
    """The last whole line of a file, None when there is none; what follows its end is cut off."""
    with percorso.open("r+b") as file:
        lunga = file.seek(0, os.SEEK_END)
        coda = _coda(file, lunga)
        fine = coda.rfind(b"\n") + 1
        if fine < len(coda):
            file.truncate(lunga - len(coda) + fine)
            file.flush()
            os.fsync(file.fileno())
    linee = coda[:fine].splitlines()
    return linee[-1] if linee else None


def _coda(file: BinaryIO, lunga: int) -> bytes:
    file.seek(max(0, lunga - CODA))
    return file.read()


def _sincronizza(cartella: Path) -> None:
    """Make the name of a new file as durable as its content."""
    descrittore = os.open(cartella, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descrittore)
    finally:
        os.close(descrittore)
