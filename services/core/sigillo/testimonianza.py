"""The witness's file: one per chain, one line per head it counter-signed, in the order it took them. Pure but for reading it.

A database restored from a copy has lost its last heads, which the witness knows: going on from there is a fork like any other.
Only who runs the witness may declare it a restore: a signed line says from which head one goes on, and why. The heads after it
are superseded, and stay in the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.core.misure.canonico import byte_canonici
from services.core.platform.jsonstretto import leggi_oggetto
from services.core.sigillo.forma import FORMA, istante, messaggio
from services.core.sigillo.testa import Firma, Impronta, Kid, Ricevuta, RicevutaFirmata, Testa, TestaFirmata

_RIPRISTINO = b'"ripristino":'


class _Linea(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LineaTesta(_Linea):
    """A head, its sealer's signature, and the witness's receipt with its signature."""

    testa: Testa
    firma: Firma
    ricevuta: Ricevuta
    controfirma: Firma

    @property
    def testa_firmata(self) -> TestaFirmata:
        """The head as it came."""
        return TestaFirmata(testa=self.testa, firma=self.firma)

    @property
    def ricevuta_firmata(self) -> RicevutaFirmata:
        """The receipt as it was given."""
        return RicevutaFirmata(ricevuta=self.ricevuta, controfirma=self.controfirma)

    def byte(self) -> bytes:
        """The line, with its end."""
        return byte_canonici(self.testa_firmata.contenuto() | self.ricevuta_firmata.contenuto()) + b"\n"


class Ripristino(_Linea):
    """Declares that the chain goes on from the head `testa` of batch `lotto`: what came after it was lost."""

    forma: Literal[1] = FORMA
    archivio: UUID
    lotto: Annotated[int, Field(ge=1, strict=True)]
    testa: Impronta
    motivo: str
    quando: AwareDatetime
    kid: Kid

    def contenuto(self) -> dict[str, object]:
        """As JSON."""
        return self.model_dump() | {"archivio": str(self.archivio), "quando": istante(self.quando)}

    def byte(self) -> bytes:
        """What the witness signs."""
        return messaggio("ripristino", self.contenuto())


class LineaRipristino(_Linea):
    """A declared restore, with the witness's signature."""

    ripristino: Ripristino
    controfirma: Firma

    def byte(self) -> bytes:
        """The line, with its end."""
        return byte_canonici({"ripristino": self.ripristino.contenuto(), "controfirma": self.controfirma}) + b"\n"


def leggi_linea(linea: bytes) -> LineaTesta | LineaRipristino:
    """Parse a line. Raises `ValueError` when it is none of ours."""
    try:
        modello = LineaRipristino if _RIPRISTINO in linea else LineaTesta
        return modello.model_validate(leggi_oggetto(linea))
    except ValidationError:
        raise ValueError("linea non conforme") from None


@dataclass(frozen=True, slots=True)
class Letta:
    """A line in force and where it stands; `contenuto` is None when it cannot be read."""

    numero: int
    contenuto: LineaTesta | None


class FileTestimone:
    """A witness's file, read twice line by line: memory grows with the declared restores alone."""

    def __init__(self, percorso: Path) -> None:
        self._percorso = percorso

    def ripristini(self) -> Iterator[tuple[int, LineaRipristino | None]]:
        """The declared restores with their line numbers; None where a line cannot be read."""
        with self._percorso.open("rb") as file:
            for numero, linea in enumerate(file, 1):
                if _RIPRISTINO in linea:
                    letta = _prova(linea)
                    yield numero, letta if isinstance(letta, LineaRipristino) else None

    def teste(self, ripristini: list[tuple[int, int]]) -> Iterator[Letta]:
        """The heads in force: all but those that a later restore (line, batch) superseded."""
        with self._percorso.open("rb") as file:
            for numero, linea in enumerate(file, 1):
                if _RIPRISTINO in linea:
                    continue
                letta = _prova(linea)
                if not isinstance(letta, LineaTesta):
                    yield Letta(numero, None)
                elif not any(numero < dove and letta.testa.lotto > lotto for dove, lotto in ripristini):
                    yield Letta(numero, letta)


def _prova(linea: bytes) -> LineaTesta | LineaRipristino | None:
    try:
        return leggi_linea(linea)
    except ValueError:
        return None
