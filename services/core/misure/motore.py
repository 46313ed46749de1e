"""The rule kernel: evaluate a measure on a set of facts, hash the result, compute a stored decision again.

Pure: the caller brings facts and parameters and keeps what comes back. The reference date is always an argument.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.core.misure.canonico import canonica, impronta
from services.core.misure.esiti import AMMISSIBILITA, EsitoAmmissibilita, EsitoRegola, tutte
from services.core.misure.fatti import Fatti, Fatto, FattoMancante, VistaFatti
from services.core.misure.parametro import Parametri, VersioneParametro, VistaParametri
from services.core.misure.registro import Registro, Regola, Risposta

SCHEMA = 1


class ReplicaImpossibile(Exception):
    """A stored decision cannot be computed again: a rule version or the value of a fact it used is not available."""


@dataclass(frozen=True, slots=True)
class Nodo:
    """What one rule answered, and the names of the facts and parameters it read."""

    regola: Regola
    risposta: Risposta
    fatti: tuple[str, ...]
    mancanti: Mapping[str, str]
    parametri: tuple[str, ...]

    def come_json(self) -> dict[str, Any]:
        """Compact form: facts and parameters by name (their content stands once, beside the tree); empty parts left out."""
        dati: dict[str, Any] = {
            "codice": self.regola.codice,
            "versione": self.regola.versione,
            "titolo": self.regola.titolo,
            "norme": [_norma(norma.atto, norma.articolo) for norma in self.regola.norme],
            "esito": self.risposta.esito.value,
            "motivo": self.risposta.motivo,
            "fatti": list(self.fatti),
            "mancanti": dict(self.mancanti),
            "parametri": list(self.parametri),
            "valori": dict(self.risposta.valori),
            "voci": [
                {"codice": voce.codice, "titolo": voce.titolo, "esito": voce.esito.value}
                | ({"norma": _norma(voce.norma.atto, voce.norma.articolo)} if voce.norma else {})
                for voce in self.risposta.voci
            ],
        }
        return {chiave: valore for chiave, valore in dati.items() if valore not in ([], {})}


@dataclass(frozen=True)
class Valutazione:
    """The outcome of a measure on one reference date, with everything needed to explain and repeat it."""

    misura: str
    data_riferimento: date
    esito: EsitoAmmissibilita
    nodi: tuple[Nodo, ...]
    fatti: Mapping[str, Fatto]
    mancanti: Mapping[str, str]
    parametri: Mapping[str, VersioneParametro]
    valori: Mapping[str, int]
    impronta: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "impronta", impronta(self._contenuto()))

    def _contenuto(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "misura": self.misura,
            "data_riferimento": self.data_riferimento,
            "esito": self.esito.value,
            "fatti": {tipo: fatto.come_json(con_valore=True) for tipo, fatto in self.fatti.items()},
            "mancanti": sorted(self.mancanti),
            "parametri": {codice: {"versione": v.versione, "valore": v.valore} for codice, v in self.parametri.items()},
            "regole": [nodo.come_json() for nodo in self.nodi],
        }

    def spiegazione(self) -> dict[str, Any]:
        """The compact tree stored with the decision. It holds no value of any fact."""
        risultato: dict[str, Any] = canonica(
            {
                "schema": SCHEMA,
                "misura": self.misura,
                "data_riferimento": self.data_riferimento,
                "esito": self.esito.value,
                "valori": dict(self.valori),
                "regole": [nodo.come_json() for nodo in self.nodi],
            }
        )
        return risultato

    def fatti_salvati(self) -> dict[str, Any]:
        """The facts used, by type. A fact kept elsewhere is stored without its value, which is found again by its id."""
        return {tipo: fatto.come_json(con_valore=fatto.id is None) for tipo, fatto in sorted(self.fatti.items())}

    def parametri_salvati(self) -> dict[str, Any]:
        """The parameter versions used, by code, with value and act."""
        return {codice: versione.come_json() for codice, versione in sorted(self.parametri.items())}


def valuta(registro: Registro, parametri: Parametri, misura: str, fatti: Iterable[Fatto], data_riferimento: date) -> Valutazione:
    """Evaluate every rule of `misura` in force on `data_riferimento`.

    All rules are evaluated even after a failure, so that the person learns everything at once.

    Raises:
        RegoleNonInVigore: the measure, one of its rules or a parameter it reads does not cover that day.
        ValueError: two facts of the same type.
    """
    definizione = registro.misura(misura, data_riferimento)
    regole = [registro.regola_in_vigore(codice, data_riferimento) for codice in definizione.regole]
    return _valuta(misura, regole, Fatti(fatti), parametri, data_riferimento, definizione.fatti)


def ricalcola(
    registro: Registro,
    spiegazione: Mapping[str, Any],
    fatti_salvati: Mapping[str, Any],
    parametri_salvati: Mapping[str, Any],
    valori_dei_fatti: Mapping[str, Any],
) -> Valutazione:
    """Compute a stored decision again: same rule versions, same parameter values, same fact versions.

    `valori_dei_fatti` maps the id of each stored fact version to its value. Equal `impronta` proves that the decision of its
    day is what these inputs give.

    Raises:
        ReplicaImpossibile: a rule version or a fact value is not available.
    """
    giorno = date.fromisoformat(spiegazione["data_riferimento"])
    misura: str = spiegazione["misura"]
    try:
        regole = [registro.regola_di(nodo["codice"], nodo["versione"]) for nodo in spiegazione["regole"]]
        fatti = [_fatto_salvato(tipo, dati, valori_dei_fatti) for tipo, dati in fatti_salvati.items()]
    except LookupError as errore:
        raise ReplicaImpossibile(str(errore)) from errore
    parametri = Parametri(VersioneParametro.da_json(codice, dati) for codice, dati in parametri_salvati.items())
    titoli = dict(registro.misura(misura, giorno).fatti)
    for nodo in spiegazione["regole"]:
        titoli |= nodo.get("mancanti", {})  # as worded that day
    return _valuta(misura, regole, Fatti(fatti), parametri, giorno, titoli)


def _fatto_salvato(tipo: str, dati: Mapping[str, Any], valori: Mapping[str, Any]) -> Fatto:
    identita = dati["id"]
    if identita is not None and identita not in valori:
        raise LookupError(f"il valore del fatto {identita} non è disponibile")
    return Fatto(
        tipo=tipo,
        valore=dati["valore"] if identita is None else valori[identita],
        fonte=dati["fonte"],
        id=identita,
        valido_dal=None if dati["valido_dal"] is None else date.fromisoformat(dati["valido_dal"]),
        valido_al=None if dati["valido_al"] is None else date.fromisoformat(dati["valido_al"]),
    )


def _valuta(
    misura: str, regole: Iterable[Regola], fatti: Fatti, parametri: Parametri, giorno: date, titoli: Mapping[str, str]
) -> Valutazione:
    nodi: list[Nodo] = []
    usati: dict[str, Fatto] = {}
    mancanti: dict[str, str] = {}
    versioni: dict[str, VersioneParametro] = {}
    valori: dict[str, int] = {}
    for regola in regole:
        vista_fatti = VistaFatti(fatti, giorno, titoli)
        vista_parametri = VistaParametri(parametri, misura, giorno)
        try:
            risposta = regola.valuta(vista_fatti, vista_parametri)
        except FattoMancante as mancanza:
            risposta = Risposta(EsitoRegola.DA_CHIARIRE, mancanza.motivo)
            vista_fatti.mancanti.setdefault(mancanza.tipo, titoli[mancanza.tipo])
        in_dubbio = vista_fatti.mancanti if risposta.esito is EsitoRegola.DA_CHIARIRE else {}
        nodi.append(Nodo(regola, risposta, tuple(vista_fatti.usati), in_dubbio, tuple(vista_parametri.usati)))
        usati |= vista_fatti.usati
        mancanti |= in_dubbio
        versioni |= vista_parametri.usati
        valori |= risposta.valori
    return Valutazione(
        misura=misura,
        data_riferimento=giorno,
        esito=AMMISSIBILITA[tutte(nodo.risposta.esito for nodo in nodi)],
        nodi=tuple(nodi),
        fatti=usati,
        mancanti=mancanti,
        parametri=versioni,
        valori=valori,
    )


def _norma(atto: str, articolo: str | None) -> dict[str, str]:
    return {"atto": atto} if articolo is None else {"atto": atto, "articolo": articolo}
