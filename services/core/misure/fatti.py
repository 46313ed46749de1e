"""Facts as the rules see them: a value with its identity, its source and its validity.

A rule reads facts through a `VistaFatti`, which remembers what was read and what was missing; that record is what makes a
decision explainable and repeatable.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.core.misure.canonico import canonica


class FattoMancante(Exception):
    """A rule needs a fact that is not there, or not usable on the reference date. The kernel answers DA_CHIARIRE."""

    def __init__(self, tipo: str, motivo: str) -> None:
        super().__init__(tipo)
        self.tipo = tipo
        self.motivo = motivo


@dataclass(frozen=True, slots=True)
class Fatto:
    """One version of one fact.

    `id` is the identifier of the stored fact version; None for an answer declared in the domanda itself, whose value is then
    kept with the decision. `valido_al` is included; None means open.
    """

    tipo: str
    valore: Any
    fonte: str
    id: str | None = None
    valido_dal: date | None = None
    valido_al: date | None = None

    def in_vigore(self, giorno: date) -> bool:
        """Tell whether the fact is valid on `giorno`; an open side does not limit."""
        return (self.valido_dal is None or self.valido_dal <= giorno) and (self.valido_al is None or giorno <= self.valido_al)

    def come_json(self, *, con_valore: bool) -> dict[str, Any]:
        """The stored form; the value is included for hashing, or when nothing else keeps it."""
        dati: dict[str, Any] = {"id": self.id, "fonte": self.fonte, "valido_dal": self.valido_dal, "valido_al": self.valido_al}
        if con_valore:
            dati["valore"] = self.valore
        risultato: dict[str, Any] = canonica(dati)
        return risultato


class Fatti:
    """The facts of one case, at most one per type.

    Raises:
        ValueError: two facts of the same type were given.
    """

    def __init__(self, fatti: Iterable[Fatto]) -> None:
        self._per_tipo: dict[str, Fatto] = {}
        for fatto in fatti:
            if fatto.tipo in self._per_tipo:
                raise ValueError(f"più di un fatto di tipo {fatto.tipo}")
            self._per_tipo[fatto.tipo] = fatto

    def get(self, tipo: str) -> Fatto | None:
        return self._per_tipo.get(tipo)


class VistaFatti:
    """What one rule sees of the facts on one reference date, and the record of what it read."""

    def __init__(self, fatti: Fatti, data_riferimento: date, titoli: Mapping[str, str]) -> None:
        self.data_riferimento = data_riferimento
        self.usati: dict[str, Fatto] = {}
        self.mancanti: dict[str, str] = {}
        self._fatti = fatti
        self._titoli = titoli

    def cerca(self, tipo: str, titolo: str | None = None) -> Fatto | None:
        """Return the fact whatever its validity, or None after recording that it is missing.

        Raises:
            KeyError: the type has no Italian title, so its absence could not be explained to a person.
        """
        fatto = self._fatti.get(tipo)
        if fatto is None:
            self.mancanti[tipo] = titolo or self._titoli[tipo]
        else:
            self.usati[tipo] = fatto
        return fatto

    def richiedi(self, tipo: str) -> Fatto:
        """Return the fact if it is there and valid on the reference date.

        Raises:
            FattoMancante: it is absent, or its validity does not include the reference date.
        """
        fatto = self.cerca(tipo)
        if fatto is None:
            raise FattoMancante(tipo, f"Manca un dato: {self._titoli[tipo]}.")
        if not fatto.in_vigore(self.data_riferimento):
            self.mancanti[tipo] = self._titoli[tipo]
            raise FattoMancante(tipo, f"Il dato non è valido alla data di riferimento: {self._titoli[tipo]}.")
        return fatto

    def si_no(self, tipo: str) -> bool:
        """Value of a yes/no fact in force.

        Raises:
            FattoMancante: as `richiedi`.
            TypeError: the value is not a boolean.
        """
        valore = self.richiedi(tipo).valore
        if not isinstance(valore, bool):
            raise TypeError(f"{tipo}: atteso sì o no")
        return valore

    def testo(self, tipo: str) -> str:
        """Value of a text fact in force. Raises as `si_no`."""
        valore = self.richiedi(tipo).valore
        if not isinstance(valore, str):
            raise TypeError(f"{tipo}: atteso testo")
        return valore

    def intero(self, tipo: str) -> int:
        """Value of an integer fact in force (amounts are cents). Raises as `si_no`."""
        valore = self.richiedi(tipo).valore
        if isinstance(valore, bool) or not isinstance(valore, int):
            raise TypeError(f"{tipo}: atteso un intero")
        return valore

    def giorno(self, tipo: str) -> date:
        """Value of a date fact in force, given as date or ISO text. Raises as `si_no`."""
        valore = self.richiedi(tipo).valore
        if type(valore) is date:
            return valore
        if not isinstance(valore, str):
            raise TypeError(f"{tipo}: attesa una data")
        return date.fromisoformat(valore)
