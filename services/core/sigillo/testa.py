"""Heads of batches and a witness's receipts: what is signed, and when one head extends another. Pure."""

import hashlib
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.core.sigillo.forma import FORMA, istante, messaggio

Impronta = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Firma = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
Kid = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Contatore = Annotated[int, Field(ge=1, lt=2**63, strict=True)]

INIZIO = "0" * 64
"""The hash before the first head."""


class _Sigillata(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Testa(_Sigillata):
    """The head of batch `lotto` of the chain `archivio`: numbers `da` to `a` under `radice`, after the head `precedente`."""

    forma: Literal[1] = FORMA
    archivio: UUID
    lotto: Contatore
    precedente: Impronta
    da: Contatore
    a: Contatore
    quante: Contatore
    radice: Impronta
    quando: AwareDatetime
    kid: Kid

    def contenuto(self) -> dict[str, object]:
        """The head as JSON, also on the wire."""
        return self.model_dump() | {"archivio": str(self.archivio), "quando": istante(self.quando)}

    def byte(self) -> bytes:
        """What is signed and hashed."""
        return messaggio("testa", self.contenuto())

    def impronta(self) -> str:
        """The hash by which the next head, and a receipt, name this one."""
        return hashlib.sha256(self.byte()).hexdigest()

    def rottura(self, precedente: "Testa | None") -> str | None:
        """Return in what this head does not extend `precedente` (None: the beginning), or None when it does."""
        if precedente is None:
            attese = (self.archivio, 1, INIZIO, 1)
        else:
            attese = (precedente.archivio, precedente.lotto + 1, precedente.impronta(), precedente.a + 1)
        trovate = (self.archivio, self.lotto, self.precedente, self.da)
        nomi = ("archivio", "numero del lotto", "impronta della testa precedente", "primo numero")
        diverse = [nome for nome, trovata, attesa in zip(nomi, trovate, attese, strict=True) if trovata != attesa]
        if self.a - self.da + 1 != self.quante:
            diverse.append("quantità")
        return f"non prosegue la testa precedente: {', '.join(diverse)}" if diverse else None


class TestaFirmata(_Sigillata):
    """A head with its sealer's signature, as it travels."""

    testa: Testa
    firma: Firma

    def contenuto(self) -> dict[str, object]:
        """As JSON."""
        return {"testa": self.testa.contenuto(), "firma": self.firma}


class Ricevuta(_Sigillata):
    """A witness's word that at `quando` the head `testa` of batch `lotto` was the last it knew of `archivio`."""

    forma: Literal[1] = FORMA
    archivio: UUID
    lotto: Contatore
    testa: Impronta
    quando: AwareDatetime
    kid: Kid

    def contenuto(self) -> dict[str, object]:
        """The receipt as JSON, also on the wire."""
        return self.model_dump() | {"archivio": str(self.archivio), "quando": istante(self.quando)}

    def byte(self) -> bytes:
        """What the witness signs."""
        return messaggio("ricevuta", self.contenuto())


class RicevutaFirmata(_Sigillata):
    """A receipt with the witness's signature, as it travels."""

    ricevuta: Ricevuta
    controfirma: Firma

    def contenuto(self) -> dict[str, object]:
        """As JSON."""
        return {"ricevuta": self.ricevuta.contenuto(), "controfirma": self.controfirma}
