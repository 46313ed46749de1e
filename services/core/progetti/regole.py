"""When a progetto may be held signed. Pure: no I/O.

Sources: L. 328/2000, art. 14 (the individual project agreed with the person and her family); for the measures of the FNA, the
Individual Project that follows the multidimensional assessment by an integrated team, asked by the yearly regional resolutions.
Conditions are three-valued: what cannot be known is `da_chiarire` and named; only all-satisfied lets the project be signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.core.progetti.models import RuoloFirmatario, TipoProgetto

TIPI_IN_EQUIPE_INTEGRATA = frozenset({TipoProgetto.PROGETTO_INDIVIDUALIZZATO, TipoProgetto.PROGETTO_INDIVIDUALE})
"""Projects that social and health sides must build together."""


class Esito(StrEnum):
    SODDISFATTA = "soddisfatta"
    NON_SODDISFATTA = "non_soddisfatta"
    DA_CHIARIRE = "da_chiarire"


class CodiceCondizione(StrEnum):
    EQUIPE_IN_ESSERE = "equipe_in_essere"
    EQUIPE_INTEGRATA = "equipe_integrata"
    VALUTAZIONE_CONCLUSA = "valutazione_conclusa"
    ALMENO_UN_OBIETTIVO = "almeno_un_obiettivo"
    FIRMA_PERSONA = "firma_persona"
    FIRMA_RESPONSABILE = "firma_responsabile"
    FIRMA_ASST = "firma_asst"


MOTIVI = {
    CodiceCondizione.EQUIPE_IN_ESSERE: "L'équipe deve essere in essere, con almeno un componente, nel giorno della firma.",
    CodiceCondizione.EQUIPE_INTEGRATA: "L'équipe deve comprendere l'ASST e almeno un altro ente nel giorno della firma.",
    CodiceCondizione.VALUTAZIONE_CONCLUSA: "La valutazione multidimensionale della persona deve essere conclusa.",
    CodiceCondizione.ALMENO_UN_OBIETTIVO: "Il progetto deve avere almeno un obiettivo.",
    CodiceCondizione.FIRMA_PERSONA: "Manca la firma della persona o di chi la rappresenta.",
    CodiceCondizione.FIRMA_RESPONSABILE: "Manca la firma del responsabile del caso.",
    CodiceCondizione.FIRMA_ASST: "Manca la firma di un componente dell'ASST che sieda nell'équipe.",
}


@dataclass(frozen=True)
class FirmaVista:
    """A signature as the rules see it, with the digest of the content it was put on."""

    ruolo: RuoloFirmatario
    operatore_id: UUID | None
    impronta: str


@dataclass(frozen=True)
class ProgettoVisto:
    """What the rules need to know on the day of signing.

    `equipe_integrata` is None when it depends on an ente of unknown kind; `valutazione_conclusa_il` is None when there is no
    assessment, or it is not (or no longer) the concluded one. `operatori_presenti` and `operatori_asst` sit in the équipe that
    day.
    """

    tipo: TipoProgetto
    giorno: date
    impronta: str
    obiettivi: int
    equipe_in_essere: bool
    equipe_integrata: bool | None
    operatori_presenti: frozenset[UUID]
    operatori_asst: frozenset[UUID]
    valutazione_conclusa_il: date | None
    firme: Sequence[FirmaVista]


@dataclass(frozen=True)
class Condizione:
    codice: CodiceCondizione
    esito: Esito

    @property
    def motivo(self) -> str:
        """What is asked, in words for the operator."""
        return MOTIVI[self.codice]


def condizioni_di_firma(progetto: ProgettoVisto) -> tuple[Condizione, ...]:
    """Evaluate every condition that applies to `progetto` on its day; all must be satisfied for it to be signed.

    A signature put on another content (the draft changed since) does not count. The signature of the ASST is asked whenever the
    équipe is integrated, and of the projects that must be built by an integrated one in any case.
    """
    p, c = progetto, CodiceCondizione
    deve_integrata = p.tipo in TIPI_IN_EQUIPE_INTEGRATA
    esiti: dict[CodiceCondizione, Esito] = {
        c.EQUIPE_IN_ESSERE: _esito(p.equipe_in_essere and bool(p.operatori_presenti)),
    }
    if deve_integrata:
        esiti[c.EQUIPE_INTEGRATA] = _esito(p.equipe_integrata)
    esiti |= {
        c.VALUTAZIONE_CONCLUSA: _esito(p.valutazione_conclusa_il is not None and p.valutazione_conclusa_il <= p.giorno),
        c.ALMENO_UN_OBIETTIVO: _esito(p.obiettivi > 0),
        c.FIRMA_PERSONA: _esito(_firmato(p, RuoloFirmatario.PERSONA) or _firmato(p, RuoloFirmatario.RAPPRESENTANTE)),
        c.FIRMA_RESPONSABILE: _esito(_firmato(p, RuoloFirmatario.RESPONSABILE_CASO, p.operatori_presenti)),
    }
    if deve_integrata or p.equipe_integrata is not False:
        asst = _firmato(p, RuoloFirmatario.ASST, p.operatori_asst)
        dipende = not asst and not deve_integrata and p.equipe_integrata is None
        esiti[c.FIRMA_ASST] = Esito.DA_CHIARIRE if dipende else _esito(asst)
    return tuple(Condizione(codice, esito) for codice, esito in esiti.items())


def puo_essere_firmato(progetto: ProgettoVisto) -> bool:
    """Whether every condition is satisfied."""
    return all(c.esito is Esito.SODDISFATTA for c in condizioni_di_firma(progetto))


def _firmato(progetto: ProgettoVisto, ruolo: RuoloFirmatario, tra: frozenset[UUID] | None = None) -> bool:
    valide = (f for f in progetto.firme if f.ruolo is ruolo and f.impronta == progetto.impronta)
    return any(tra is None or f.operatore_id in tra for f in valide)


def _esito(vero: bool | None) -> Esito:
    if vero is None:
        return Esito.DA_CHIARIRE
    return Esito.SODDISFATTA if vero else Esito.NON_SODDISFATTA
