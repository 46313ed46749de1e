"""From the stored tree of a decision to an Italian explanation, rule by rule, with acts, articles and figures.

Nothing is computed again here: what is not in the stored decision is not said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.core.misure.esiti import EsitoAmmissibilita, EsitoRegola
from services.core.misure.parametro import Unita
from services.core.platform.money import in_euro

_APERTURA = {
    EsitoAmmissibilita.AMMISSIBILE: "La domanda è ammissibile",
    EsitoAmmissibilita.NON_AMMISSIBILE: "La domanda non è ammissibile",
    EsitoAmmissibilita.DA_CHIARIRE: "Per decidere sulla domanda servono altri elementi",
}
_ESITO = {
    EsitoRegola.SODDISFATTA: "requisito presente",
    EsitoRegola.NON_SODDISFATTA: "requisito assente",
    EsitoRegola.DA_CHIARIRE: "da chiarire",
}
_ESITO_VOCE = {EsitoRegola.SODDISFATTA: "sì", EsitoRegola.NON_SODDISFATTA: "no", EsitoRegola.DA_CHIARIRE: "da chiarire"}
_VALORI = {"importo_mensile_centesimi": "Importo mensile"}


@dataclass(frozen=True, slots=True)
class Paragrafo:
    """The explanation of one rule. Lists hold ready Italian phrases."""

    codice: str
    titolo: str
    esito: EsitoRegola
    motivo: str
    norme: tuple[str, ...]
    parametri: tuple[str, ...]
    fonti: tuple[str, ...]
    mancanti: tuple[str, ...]
    voci: tuple[str, ...]
    valori: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spiegazione:
    esito: EsitoAmmissibilita
    apertura: str
    paragrafi: tuple[Paragrafo, ...]

    def testo(self) -> str:
        """Plain text, one block per rule."""
        return "\n\n".join([self.apertura, *(_blocco(paragrafo) for paragrafo in self.paragrafi)]) + "\n"


def spiega(spiegazione: Mapping[str, Any], fatti: Mapping[str, Any], parametri: Mapping[str, Any]) -> Spiegazione:
    """Render a stored decision: the tree, its facts (source and validity) and its parameter versions.

    Raises:
        KeyError, ValueError: the stored forms are not those of `motore.Valutazione`.
    """
    esito = EsitoAmmissibilita(spiegazione["esito"])
    giorno = giorno_italiano(spiegazione["data_riferimento"])
    paragrafi = tuple(_paragrafo(nodo, fatti, parametri) for nodo in spiegazione["regole"])
    return Spiegazione(esito, f"{_APERTURA[esito]} secondo le regole in vigore il {giorno}.", paragrafi)


def _paragrafo(nodo: Mapping[str, Any], fatti: Mapping[str, Any], parametri: Mapping[str, Any]) -> Paragrafo:
    return Paragrafo(
        codice=nodo["codice"],
        titolo=nodo["titolo"],
        esito=EsitoRegola(nodo["esito"]),
        motivo=nodo["motivo"],
        norme=tuple(_norma(norma) for norma in nodo["norme"]),
        parametri=tuple(_parametro(parametri[codice]) for codice in nodo.get("parametri", ())),
        fonti=tuple(_fonte(fatti[tipo]) for tipo in nodo.get("fatti", ())),
        mancanti=tuple(nodo.get("mancanti", {}).values()),
        voci=tuple(_voce(voce, EsitoRegola(nodo["esito"])) for voce in nodo.get("voci", ())),
        valori=tuple(f"{_VALORI[nome]}: {euro_italiani(valore)}" for nome, valore in nodo.get("valori", {}).items()),
    )


def _norma(norma: Mapping[str, str]) -> str:
    return f"{norma['atto']}, {norma['articolo']}" if "articolo" in norma else norma["atto"]


def _voce(voce: Mapping[str, Any], esito_regola: EsitoRegola) -> str:
    norma = f" ({_norma(voce['norma'])})" if "norma" in voce else ""
    esito = EsitoRegola(voce["esito"])
    if esito is EsitoRegola.DA_CHIARIRE and esito_regola is not EsitoRegola.DA_CHIARIRE:
        return f"{voce['titolo']}{norma}: dato non presente, qui non necessario"
    return f"{voce['titolo']}{norma}: {_ESITO_VOCE[esito]}"


def _parametro(parametro: Mapping[str, Any]) -> str:
    atto = parametro["atto"] if parametro["articolo"] is None else f"{parametro['atto']}, {parametro['articolo']}"
    valore = _valore_parametro(Unita(parametro["unita"]), parametro["valore"])
    cautela = " (valore da verificare)" if parametro["da_verificare"] else ""
    return f"{parametro['titolo']}{valore}, in vigore dal {giorno_italiano(parametro['dal'])} — {atto}{cautela}"


def _valore_parametro(unita: Unita, valore: Any) -> str:
    match unita:
        case Unita.EURO:
            return f": {euro_italiani(valore)}"
        case Unita.SI_NO:
            return ": sì" if valore else ": no"
        case Unita.ELENCO:
            return ": " + ", ".join(str(voce) for voce in valore)
        case Unita.TABELLA:
            return ""
        case Unita.INTERO | Unita.TESTO:
            return f": {valore}"


def _fonte(fatto: Mapping[str, Any]) -> str:
    dal, al = fatto["valido_dal"], fatto["valido_al"]
    periodo = "".join(
        [
            f", dal {giorno_italiano(dal)}" if dal else "",
            f", fino al {giorno_italiano(al)}" if al else "",
        ]
    )
    return f"{fatto['fonte']}{periodo}"


def _blocco(paragrafo: Paragrafo) -> str:
    righe = [f"{paragrafo.titolo}: {_ESITO[paragrafo.esito]}.", paragrafo.motivo]
    elenchi = (
        ("", paragrafo.voci),
        ("", paragrafo.valori),
        ("Da integrare: ", paragrafo.mancanti),
        ("Norma: ", paragrafo.norme),
        ("Parametro: ", paragrafo.parametri),
        ("Fonte del dato: ", tuple(dict.fromkeys(paragrafo.fonti))),
    )
    righe += [f"  - {etichetta}{voce}" for etichetta, voci in elenchi for voce in voci]
    return "\n".join(righe)


def euro_italiani(centesimi: int) -> str:
    """Write an amount as in Italian: 1.234,50 euro."""
    return f"{in_euro(centesimi):,.2f} euro".translate(str.maketrans(",.", ".,"))


def giorno_italiano(giorno: str) -> str:
    """Write an ISO date as gg/mm/aaaa."""
    return f"{date.fromisoformat(giorno):%d/%m/%Y}"
