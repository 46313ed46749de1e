"""Where rules and measures are registered: each with the norms it applies and the days it is in force.

A released rule function is never edited. A correction is a new `versione` of the same code, registered beside the old one: stored
decisions keep replaying with the version they used, new ones take the highest version in force.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from services.core.misure.esiti import EsitoRegola
from services.core.misure.fatti import VistaFatti
from services.core.misure.parametro import RegoleNonInVigore, VistaParametri


@dataclass(frozen=True, slots=True)
class Norma:
    """A citation: the act, and within it article, paragraph and letter as one writes them in Italian."""

    atto: str
    articolo: str | None = None


@dataclass(frozen=True, slots=True)
class Voce:
    """One alternative or item weighed inside a rule (a kind of certification, a benefit in payment), with its own norm."""

    codice: str
    titolo: str
    esito: EsitoRegola
    norma: Norma | None = None


@dataclass(frozen=True, slots=True)
class Risposta:
    """What a rule answers. `motivo` is an Italian sentence without values of facts; `valori` are computed cents or counts."""

    esito: EsitoRegola
    motivo: str
    voci: tuple[Voce, ...] = ()
    valori: Mapping[str, int] = field(default_factory=dict)


FunzioneRegola = Callable[[VistaFatti, VistaParametri], Risposta]


@dataclass(frozen=True, slots=True)
class Regola:
    codice: str
    versione: int
    titolo: str
    norme: tuple[Norma, ...]
    dal: date
    al: date | None
    valuta: FunzioneRegola

    def in_vigore(self, giorno: date) -> bool:
        return self.dal <= giorno and (self.al is None or giorno <= self.al)


@dataclass(frozen=True, slots=True)
class DefinizioneMisura:
    """A measure in a period: the codes of its rules, in the order of explanation, and the Italian titles of its facts."""

    codice: str
    denominazione: str
    dal: date
    al: date | None
    regole: tuple[str, ...]
    fatti: Mapping[str, str]


class Registro:
    """Rules by code and version, measures by code and period."""

    def __init__(self) -> None:
        self._regole: dict[str, dict[int, Regola]] = {}
        self._misure: dict[str, list[DefinizioneMisura]] = {}

    def regola(
        self, codice: str, *, versione: int = 1, titolo: str, norme: tuple[Norma, ...], dal: date, al: date | None = None
    ) -> Callable[[FunzioneRegola], FunzioneRegola]:
        """Decorator: register a rule function.

        Raises:
            ValueError: that version already exists, no norm is cited, or the period is reversed.
        """
        if not norme:
            raise ValueError(f"{codice}: una regola cita almeno una norma")
        if al is not None and al < dal:
            raise ValueError(f"{codice}: periodo rovesciato")

        def registra(funzione: FunzioneRegola) -> FunzioneRegola:
            versioni = self._regole.setdefault(codice, {})
            if versione in versioni:
                raise ValueError(f"{codice} versione {versione} è già registrata")
            versioni[versione] = Regola(codice, versione, titolo, norme, dal, al, funzione)
            return funzione

        return registra

    def aggiungi_misura(self, definizione: DefinizioneMisura) -> None:
        """Register a measure for a period.

        Raises:
            ValueError: the period overlaps one already registered for the same code, or a rule is repeated or unknown.
        """
        for altra in self._misure.get(definizione.codice, ()):
            if definizione.dal <= (altra.al or date.max) and altra.dal <= (definizione.al or date.max):
                raise ValueError(f"{definizione.codice}: due definizioni per lo stesso giorno")
        if len(set(definizione.regole)) != len(definizione.regole):
            raise ValueError(f"{definizione.codice}: regola ripetuta")
        ignote = [codice for codice in definizione.regole if codice not in self._regole]
        if ignote:
            raise ValueError(f"{definizione.codice}: regole ignote {', '.join(ignote)}")
        self._misure.setdefault(definizione.codice, []).append(definizione)

    def misura(self, codice: str, giorno: date) -> DefinizioneMisura:
        """Return the definition of the measure in force on `giorno`.

        Raises:
            RegoleNonInVigore: unknown measure, or none for that day.
        """
        for definizione in self._misure.get(codice, ()):
            if definizione.dal <= giorno and (definizione.al is None or giorno <= definizione.al):
                return definizione
        raise RegoleNonInVigore(f"La misura {codice} non è definita al {giorno:%d/%m/%Y}", misura=codice)

    def regola_in_vigore(self, codice: str, giorno: date) -> Regola:
        """Return the highest version of the rule in force on `giorno`.

        Raises:
            RegoleNonInVigore: no version covers that day.
        """
        vigenti = [regola for regola in self._regole.get(codice, {}).values() if regola.in_vigore(giorno)]
        if not vigenti:
            raise RegoleNonInVigore(f"La regola {codice} non è in vigore al {giorno:%d/%m/%Y}", regola=codice)
        return max(vigenti, key=lambda regola: regola.versione)

    def regola_di(self, codice: str, versione: int) -> Regola:
        """Return exactly one version, in force or not: the replay of a stored decision.

        Raises:
            LookupError: that version was never registered here.
        """
        try:
            return self._regole[codice][versione]
        except KeyError as errore:
            raise LookupError(f"regola {codice} versione {versione} non registrata") from errore

    def misure(self) -> list[str]:
        """Codes of the registered measures."""
        return sorted(self._misure)


REGISTRO = Registro()
"""The registry of the rules written in this project; `catalogo` imports the modules that fill it."""
