"""From the words of a valutazione to the codes of the SINA section of INPS's flow (PS_PSA_SINA, schema of December 2018).

Only codes are made here; the message is composed by the area of the flows. Pure: no I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from services.core.valutazioni.models import (
    AreaReddituale,
    AreaSupporto,
    DisturbiCognitivi,
    DisturbiComportamentali,
    FonteValutazione,
    Mobilita,
    NecessitaCure,
    StrumentoValutazione,
    Valutazione,
)
from services.core.valutazioni.scale import FasciaAdl, attivita_vita_quotidiana

E = TypeVar("E", bound=StrEnum)


def _in_ordine(enum: type[E]) -> dict[E, str]:
    return {voce: str(numero) for numero, voce in enumerate(enum, start=1)}


MOBILITA = _in_ordine(Mobilita)
DISTURBI_COMPORTAMENTALI = _in_ordine(DisturbiComportamentali)
NECESSITA_CURE = _in_ordine(NecessitaCure)
AREA_REDDITUALE = _in_ordine(AreaReddituale)
AREA_SUPPORTO = _in_ordine(AreaSupporto)
FONTE = _in_ordine(FonteValutazione)
STRUMENTO = _in_ordine(StrumentoValutazione)
DISTURBI_COGNITIVI: Mapping[DisturbiCognitivi, str | None] = {
    DisturbiCognitivi.ASSENTI: None,
    DisturbiCognitivi.LIEVI: "1",
    DisturbiCognitivi.MODERATI: "2",
    DisturbiCognitivi.GRAVI: "3",
}
"""The attribute is optional and has no code for "none": it is left out. That absence means "none" is to be verified with INPS."""


@dataclass(frozen=True)
class SezioneSina:
    """Attributes by name, and the required ones that cannot be given because the assessment does not say."""

    attributi: Mapping[str, str]
    mancanti: tuple[str, ...]


def sezione_sina(valutazione: Valutazione, fasce: Sequence[FasciaAdl]) -> SezioneSina:
    """Translate `valutazione`. A missing value is named in `mancanti`, never replaced by a code."""
    v = valutazione
    richiesti = {
        "Mobilita": _codice(MOBILITA, v.mobilita),
        "AttivitaVitaQuotidiana": attivita_vita_quotidiana(v.punteggio_adl, fasce),
        "DisturbiComportamentali": _codice(DISTURBI_COMPORTAMENTALI, v.disturbi_comportamentali),
        "AreaReddituale": _codice(AREA_REDDITUALE, v.area_reddituale),
        "AreaSupporto": _codice(AREA_SUPPORTO, v.area_supporto),
        "FonteDerivazioneValutazione": _codice(FONTE, v.fonte),
        "StrumentoValutazione": _codice(STRUMENTO, v.strumento),
    }
    facoltativi = {
        "DisturbiAreaCognitiva": _codice(DISTURBI_COGNITIVI, v.disturbi_cognitivi),
        "NecessitaCureSanitarie": _codice(NECESSITA_CURE, v.necessita_cure),
    }
    noti = {nome: codice for nome, codice in (richiesti | facoltativi).items() if codice is not None}
    return SezioneSina(attributi=noti, mancanti=tuple(nome for nome, codice in richiesti.items() if codice is None))


def _codice(tabella: Mapping[E, str] | Mapping[E, str | None], valore: E | None) -> str | None:
    return None if valore is None else tabella[valore]
