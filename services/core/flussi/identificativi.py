"""The identifier of a flow, `EEEEE.TIPO.AAAAMMGG.NNNNNNN` (WaaS 2.0.1, property `id_flusso`; attribute `Nome` of the XML).

Both come from one value, since INPS's own samples contradict themselves between the two. We write it strictly and read it
leniently: the samples have progressives of seven and of eight digits.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

MASSIMO_PROGRESSIVO: Final = 9_999_999
_CODICE_BELFIORE = re.compile(r"[A-Z][0-9]{3}")
_LETTO = re.compile(r"([^.\s]{1,32})\.(PS|PSA|SINA|SINBA)\.([0-9]{8})\.([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class IdFlusso:
    """A read identifier: the ente's code, the kind as written, the day of creation, the progressive within that day."""

    codice_ente: str
    tipo: str
    giorno: date
    progressivo: int


def scrivi_id(codice_ente: str, tipo: str, giorno: date, progressivo: int) -> str:
    """Build the identifier of a new flow. `tipo` is `PS` or `SINBA`.

    Raises:
        ValueError: the code is not Belfiore, the kind is another, or the progressive is not within 1 and 9999999.
    """
    if _CODICE_BELFIORE.fullmatch(codice_ente) is None:
        raise ValueError("il codice dell'ente non è un codice Belfiore")
    if tipo not in ("PS", "SINBA"):
        raise ValueError("il tipo nell'identificativo può essere solo PS o SINBA")
    if not 1 <= progressivo <= MASSIMO_PROGRESSIVO:
        raise ValueError("il progressivo giornaliero va da 1 a 9999999")
    return f"{codice_ente}.{tipo}.{giorno:%Y%m%d}.{progressivo:07d}"


def leggi_id(testo: str) -> IdFlusso:
    """Read an identifier written by anyone.

    Raises:
        ValueError: it has not the four parts, or its day does not exist.
    """
    trovato = _LETTO.fullmatch(testo.strip())
    if trovato is None:
        raise ValueError("l'identificativo non ha la forma ENTE.TIPO.AAAAMMGG.PROGRESSIVO")
    ente, tipo, giorno, progressivo = trovato.groups()
    return IdFlusso(ente, tipo, date(int(giorno[:4]), int(giorno[4:6]), int(giorno[6:])), int(progressivo))


def prossimo_progressivo(giorno_attuale: date | None, progressivo: int, oggi: date) -> int:
    """Return the next daily progressive, starting again from 1 on a new day.

    Raises:
        ValueError: the day is over its 9999999 flows, or `oggi` comes before the day already counted.
    """
    if giorno_attuale is None or oggi > giorno_attuale:
        return 1
    if oggi < giorno_attuale:
        raise ValueError("il giorno precede quello dell'ultimo progressivo")
    if progressivo >= MASSIMO_PROGRESSIVO:
        raise ValueError("progressivi del giorno esauriti")
    return progressivo + 1
