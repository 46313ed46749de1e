"""Parameters of law: dated values, each with the act it comes from. Parsing is strict and does no I/O.

A parameter file is a YAML document: `insieme`, then `parametri`, each with `codice`, `titolo`, `unita` and `valori`. Each
value has `dal`, `al` (null: open), `valore`, `atto`, optionally `articolo`, `nota` and `da_verificare` (the figure was not read
in the act itself). Values of one parameter must follow each other without gap or overlap. Euros are written as text with two
decimals ("25000.00") and become integer cents; inside tables the keys ending in `_euro` become `_centesimi`. Floats are refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.misure.canonico import canonica, impronta
from services.core.platform.errori import Conflitto
from services.core.platform.money import in_centesimi
from services.core.platform.yamlstretto import leggi_yaml


class ParametriNonValidi(Exception):
    """A parameter file breaks the format: refused at load, before any decision."""


class RegoleNonInVigore(Conflitto):
    """No rule or parameter covers the reference date: decisions for that day are blocked rather than guessed."""

    tipo, titolo = "regole-non-in-vigore", "Nessuna regola in vigore alla data di riferimento"


class Unita(StrEnum):
    EURO = "euro"
    INTERO = "intero"
    SI_NO = "si_no"
    TESTO = "testo"
    ELENCO = "elenco"
    TABELLA = "tabella"


class _Rigido(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ValoreYaml(_Rigido):
    dal: date
    al: date | None
    valore: Any
    atto: str = Field(min_length=1)
    articolo: str | None = None
    nota: str | None = None
    da_verificare: bool = False


class _ParametroYaml(_Rigido):
    codice: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    titolo: str = Field(min_length=1)
    unita: Unita
    valori: list[_ValoreYaml] = Field(min_length=1)


class _InsiemeYaml(_Rigido):
    insieme: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    parametri: list[_ParametroYaml] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class VersioneParametro:
    """One dated value of one parameter. `codice` is qualified by its set, e.g. `FNA_B2.isee_massimo_adulti`.

    `versione` is the first day of validity and a digest of value and act, so that a corrected figure is another version even
    with the same dates.
    """

    codice: str
    titolo: str
    unita: Unita
    valore: Any
    dal: date
    al: date | None
    atto: str
    articolo: str | None
    da_verificare: bool
    versione: str

    def come_json(self) -> dict[str, Any]:
        """The form stored with a decision, enough to evaluate again after the file has changed."""
        risultato: dict[str, Any] = canonica(
            {
                "titolo": self.titolo,
                "unita": self.unita.value,
                "valore": self.valore,
                "dal": self.dal,
                "al": self.al,
                "atto": self.atto,
                "articolo": self.articolo,
                "da_verificare": self.da_verificare,
                "versione": self.versione,
            }
        )
        return risultato

    @classmethod
    def da_json(cls, codice: str, dati: Mapping[str, Any]) -> "VersioneParametro":
        """Rebuild from the stored form.

        Raises:
            KeyError, ValueError: the stored form is not one of ours.
        """
        return cls(
            codice=codice,
            titolo=dati["titolo"],
            unita=Unita(dati["unita"]),
            valore=dati["valore"],
            dal=date.fromisoformat(dati["dal"]),
            al=None if dati["al"] is None else date.fromisoformat(dati["al"]),
            atto=dati["atto"],
            articolo=dati["articolo"],
            da_verificare=dati["da_verificare"],
            versione=dati["versione"],
        )


class Parametri:
    """All the versions known; answers which one was in force on a day."""

    def __init__(self, versioni: Iterable[VersioneParametro]) -> None:
        self._versioni: dict[str, list[VersioneParametro]] = {}
        for versione in versioni:
            self._versioni.setdefault(versione.codice, []).append(versione)

    def in_vigore(self, codice: str, giorno: date) -> VersioneParametro:
        """Return the version of `codice` in force on `giorno`.

        Raises:
            RegoleNonInVigore: the parameter is unknown or has no value for that day.
        """
        for versione in self._versioni.get(codice, ()):
            if versione.dal <= giorno and (versione.al is None or giorno <= versione.al):
                return versione
        raise RegoleNonInVigore(f"Nessun valore di {codice} in vigore al {giorno:%d/%m/%Y}", parametro=codice)

    def codici(self) -> list[str]:
        return sorted(self._versioni)

    def versioni(self, codice: str) -> list[VersioneParametro]:
        """Every version of `codice`, oldest first."""
        return sorted(self._versioni.get(codice, ()), key=lambda versione: versione.dal)


class VistaParametri:
    """What one rule sees of one set of parameters on the reference date, and the record of what it read."""

    def __init__(self, parametri: Parametri, insieme: str, data_riferimento: date) -> None:
        self.usati: dict[str, VersioneParametro] = {}
        self._parametri = parametri
        self._insieme = insieme
        self._giorno = data_riferimento

    def __getitem__(self, nome: str) -> Any:
        codice = f"{self._insieme}.{nome}"
        versione = self._parametri.in_vigore(codice, self._giorno)
        self.usati[codice] = versione
        return versione.valore


def analizza(testo: str, origine: str) -> list[VersioneParametro]:
    """Parse one parameter file; `origine` is its name, for the error texts.

    Raises:
        ParametriNonValidi: unknown or missing keys, wrong type for the unit, gap or overlap between values, repeated parameter.
    """
    try:
        documento = _InsiemeYaml.model_validate(leggi_yaml(testo))
    except ValidationError as errore:
        raise ParametriNonValidi(f"{origine}: {errore}") from errore
    except yaml.YAMLError as errore:
        raise ParametriNonValidi(f"{origine}: YAML non valido: {errore}") from errore
    risultato: list[VersioneParametro] = []
    visti: set[str] = set()
    for parametro in documento.parametri:
        if parametro.codice in visti:
            raise ParametriNonValidi(f"{origine}: parametro ripetuto {parametro.codice}")
        visti.add(parametro.codice)
        _controlla_continuita(parametro, origine)
        risultato += [_versione(documento.insieme, parametro, valore, origine) for valore in parametro.valori]
    return risultato


def _controlla_continuita(parametro: _ParametroYaml, origine: str) -> None:
    precedente: _ValoreYaml | None = None
    for valore in parametro.valori:
        dove = f"{origine}: {parametro.codice} dal {valore.dal.isoformat()}"
        if valore.al is not None and valore.al < valore.dal:
            raise ParametriNonValidi(f"{dove}: finisce prima di cominciare")
        if precedente is not None:
            if precedente.al is None or valore.dal <= precedente.al:
                raise ParametriNonValidi(f"{dove}: si sovrappone al valore precedente")
            if valore.dal != precedente.al + timedelta(days=1):
                raise ParametriNonValidi(f"{dove}: lascia un intervallo scoperto")
        precedente = valore


def _versione(insieme: str, parametro: _ParametroYaml, voce: _ValoreYaml, origine: str) -> VersioneParametro:
    try:
        valore = _converti(parametro.unita, voce.valore)
    except (TypeError, ValueError) as errore:
        raise ParametriNonValidi(f"{origine}: {parametro.codice} dal {voce.dal.isoformat()}: {errore}") from errore
    cifra = impronta([valore, voce.atto, voce.articolo])[:12]
    return VersioneParametro(
        codice=f"{insieme}.{parametro.codice}",
        titolo=parametro.titolo,
        unita=parametro.unita,
        valore=valore,
        dal=voce.dal,
        al=voce.al,
        atto=voce.atto,
        articolo=voce.articolo,
        da_verificare=voce.da_verificare,
        versione=f"{voce.dal.isoformat()}#{cifra}",
    )


def _converti(unita: Unita, valore: Any) -> Any:
    if unita is Unita.EURO:
        return euro_in_centesimi(valore)
    attesi: dict[Unita, type] = {
        Unita.INTERO: int,
        Unita.SI_NO: bool,
        Unita.TESTO: str,
        Unita.ELENCO: list,
        Unita.TABELLA: list,
    }
    if type(valore) is not attesi[unita]:
        raise TypeError(f"il valore non è del tipo «{unita.value}»")
    return canonica(_converti_tabella(valore))


def _converti_tabella(valore: Any) -> Any:
    if isinstance(valore, list):
        return [_converti_tabella(voce) for voce in valore]
    if not isinstance(valore, dict):
        return valore
    return {
        (f"{chiave.removesuffix('_euro')}_centesimi" if str(chiave).endswith("_euro") else chiave): (
            euro_in_centesimi(interno) if str(chiave).endswith("_euro") else _converti_tabella(interno)
        )
        for chiave, interno in valore.items()
    }


def euro_in_centesimi(valore: Any) -> int:
    """Convert euros written as text with exactly two decimals ("25000.00") to cents.

    Raises:
        ValueError: not text of that form, or negative.
    """
    if not isinstance(valore, str) or valore.count(".") != 1 or len(valore.split(".")[1]) != 2:
        raise ValueError('gli euro si scrivono come testo con due decimali, per esempio "25000.00"')
    try:
        importo = Decimal(valore)
    except InvalidOperation as errore:
        raise ValueError("importo in euro non leggibile") from errore
    if importo < 0:
        raise ValueError("importo negativo")
    return in_centesimi(importo)
