"""Reference data of the SIUSS flows, from the files under `dati/`: the 105 codes, the codes of the regions, the measures.

The table of codes is INPS's (CC BY 4.0; see `dati/ATTRIBUZIONE.md`). Which code a measure of ours takes is configuration with its
source: no act assigns one, and a wrong code is a wrong declaration.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from services.core.flussi.ps import AreaUtenza, Carattere, ProvaMezzi
from services.core.platform.errori import Errore
from services.core.platform.yamlstretto import leggi_yaml

_DATI = files("services.core.flussi") / "dati"


class MisuraSenzaCodice(Errore):
    """The measure has no SIUSS code on that day: nobody has configured one."""

    stato, tipo, titolo = 422, "misura-senza-codice-siuss", "La misura non ha un codice SIUSS configurato per quella data"


@dataclass(frozen=True, slots=True)
class CodicePrestazione:
    """A code of the vocabulary. `soggetta_isee` is what its name declares: None when the name says nothing."""

    codice: str
    denominazione: str
    soggetta_isee: bool | None


@dataclass(frozen=True, slots=True)
class Regione:
    """A region in the codes of the Agenzia delle Entrate, with the ISTAT codes of its provinces."""

    codice: str
    denominazione: str
    province: frozenset[str]


@dataclass(frozen=True, slots=True)
class CodificaMisura:
    """How a measure is declared from `dal` to `al`, both included.

    `da_verificare` says that no act confirms it; `confidenza` is how sure we are, in percent.
    """

    misura: str
    dal: date
    al: date | None
    codice: str
    denominazione: str
    carattere: Carattere
    prova_mezzi: ProvaMezzi
    area_utenza: AreaUtenza | None
    fonte: str
    confidenza: int
    da_verificare: bool


@cache
def tabella_codici() -> Mapping[str, CodicePrestazione]:
    """Return the SIUSS codes by code."""
    isee = {"": None, "isee": True, "non_isee": False}
    documento = (_DATI / "codici_prestazione.csv").read_text(encoding="utf-8")
    lette = csv.DictReader(io.StringIO(documento, newline=""))
    righe = [CodicePrestazione(r["codice"], r["denominazione"], isee[r["prova_mezzi"]]) for r in lette]
    return MappingProxyType({r.codice: r for r in righe})


@cache
def regioni() -> Mapping[str, Regione]:
    """Return the regions by the code that SIUSS wants, which is not the ISTAT one."""
    documento = leggi_yaml((_DATI / "regioni.yaml").read_text(encoding="utf-8"))
    righe = [Regione(r["codice"], r["denominazione"], frozenset(r["province"])) for r in documento["regioni"]]
    return MappingProxyType({r.codice: r for r in righe})


def regione_del_comune(codice_istat: str) -> Regione | None:
    """Return the region of a Comune by its 6-digit ISTAT code, None when its province is not in our table."""
    return next((r for r in regioni().values() if codice_istat[:3] in r.province), None)


def carica_misure(testo: str) -> tuple[CodificaMisura, ...]:
    """Read the configuration of the measures.

    Raises:
        ValueError: a code outside the vocabulary, a code declared forbidden for the measure, or two validities that overlap.
    """
    lette = tuple(_misura(voce) for voce in leggi_yaml(testo)["misure"])
    for i, prima in enumerate(lette):
        for dopo in lette[i + 1 :]:
            if prima.misura == dopo.misura and _si_toccano(prima, dopo):
                raise ValueError(f"{prima.misura}: due codifiche valgono lo stesso giorno")
    return lette


def _misura(voce: dict[str, Any]) -> CodificaMisura:
    misura, codice = voce["misura"], voce["codice"]
    if codice not in tabella_codici():
        raise ValueError(f"{misura}: il codice {codice} non è nel vocabolario SIUSS")
    for vietato in voce.get("mai", []):
        if codice.startswith(vietato["inizio"]):
            raise ValueError(f"{misura}: il codice {codice} non è ammesso: {vietato['motivo']}")
    return CodificaMisura(
        misura=misura,
        dal=voce["dal"],
        al=voce["al"],
        codice=codice,
        denominazione=voce["denominazione"],
        carattere=Carattere(voce["carattere"]),
        prova_mezzi=ProvaMezzi(voce["prova_mezzi"]),
        area_utenza=AreaUtenza(voce["area_utenza"]) if voce["area_utenza"] is not None else None,
        fonte=voce["fonte"],
        confidenza=voce["confidenza"],
        da_verificare=voce["da_verificare"],
    )


def _si_toccano(a: CodificaMisura, b: CodificaMisura) -> bool:
    return (a.al is None or b.dal <= a.al) and (b.al is None or a.dal <= b.al)


@cache
def _misure() -> tuple[CodificaMisura, ...]:
    return carica_misure((_DATI / "misure.yaml").read_text(encoding="utf-8"))


def codifica_della_misura(misura: str, data_riferimento: date) -> CodificaMisura:
    """Return how `misura` is declared on `data_riferimento`.

    Raises:
        MisuraSenzaCodice: no configuration holds on that day.
    """
    for riga in _misure():
        if riga.misura == misura and riga.dal <= data_riferimento and (riga.al is None or data_riferimento <= riga.al):
            return riga
    raise MisuraSenzaCodice(misura=misura)
