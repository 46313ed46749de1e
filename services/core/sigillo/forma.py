"""The canonical form of what is sealed, released as number 1 and never edited: another form is another number.

Bytes are canonical JSON (`misure/canonico.py`); instants are text in UTC with six decimals; hashes are lowercase hexadecimal.
A row enters its leaf with its columns in the clear, but for those that identify somebody: these enter as a commitment, the
hash of their values with 32 random bytes. Whoever has row and salt can check it; once both are erased nobody can guess at it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.core.misure.canonico import byte_canonici
from services.core.sigillo.albero import FOGLIA

FORMA: Final = 1

CHIARE = (
    "id",
    "quando",
    "richiesta_id",
    "ambito_id",
    "ambito_oggetto_id",
    "operazione",
    "finalita",
    "esito",
    "motivo",
    "oggetto_tipo",
)
"""Columns of audit hashed as they are."""

PERSONALI = ("operatore_id", "incarico_id", "oggetti")
"""Columns of audit that lead to a person: who acted, and on whose records. Hashed as a commitment, and erasable."""

Riga = Mapping[str, Any]


def istante(quando: datetime) -> str:
    """Return the one text of an instant."""
    return quando.astimezone(UTC).isoformat(timespec="microseconds")


def messaggio(tipo: str, contenuto: Mapping[str, object]) -> bytes:
    """Return the bytes to sign or hash for a content of that kind, which cannot be taken for one of another kind."""
    return f"ambito/sigillo/{tipo}/{FORMA}\n".encode("ascii") + byte_canonici(contenuto)


def nuovo_sale() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(32)


def impegno(sale: bytes, riga: Riga) -> bytes:
    """Return the commitment to the identifying values of `riga`."""
    return hashlib.sha256(sale + messaggio("impegno", {nome: riga[nome] for nome in PERSONALI})).digest()


def foglia(numero: int, riga: Riga, impegno_: bytes) -> bytes:
    """Return the leaf hash of a row of audit at `numero`."""
    contenuto = {nome: riga[nome] for nome in CHIARE}
    contenuto |= {"quando": istante(riga["quando"]), "numero": numero, "impegno": impegno_.hex()}
    return hashlib.sha256(FOGLIA + messaggio("riga", contenuto)).digest()


class Atto(BaseModel):
    """An act of erasure: the signed marker that stays in the chain in place of what it took away.

    `numeri` are intervals, both ends included, in ascending order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    archivio: UUID
    numeri: tuple[tuple[int, int], ...]
    motivo: str
    quando: AwareDatetime
    kid: str

    def byte(self) -> bytes:
        """What is signed."""
        return messaggio("oblio", self.model_dump() | {"quando": istante(self.quando)})


def foglia_oblio(numero: int, atto: Atto, firma: bytes) -> bytes:
    """Return the leaf hash of an act of erasure at `numero`, its signature included."""
    testo = messaggio("atto", {"numero": numero, "firma": firma.hex(), "atto": atto.byte().decode()})
    return hashlib.sha256(FOGLIA + testo).digest()
