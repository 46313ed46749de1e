"""Scales of the functional assessment, scored as independence: Katz (ADL, 0 to 6) and Lawton (IADL, 0 to 8).

Each item is 1 (does it alone), 0 (does not) or unknown. An unknown item leaves the score unknown and is named: counting it as
zero would make a person more dependent on paper than she is, and move her up a graduatoria.

Sources: S. Katz and others, "Studies of illness in the aged", JAMA 185 (1963); M. P. Lawton and E. M. Brody, "Assessment of older
people", The Gerontologist 9 (1969). The classic scoring leaves three items of Lawton out for men (maximum 5); the eight are
scored for everybody here, as the avvisi that use a 0-8 range do. Pure: no I/O.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class VoceAdl(StrEnum):
    """Katz: activities of daily living."""

    FARE_IL_BAGNO = "fare_il_bagno"
    VESTIRSI = "vestirsi"
    USARE_I_SERVIZI = "usare_i_servizi"
    TRASFERIRSI = "trasferirsi"
    CONTINENZA = "continenza"
    ALIMENTARSI = "alimentarsi"


class VoceIadl(StrEnum):
    """Lawton: instrumental activities of daily living."""

    USARE_IL_TELEFONO = "usare_il_telefono"
    FARE_ACQUISTI = "fare_acquisti"
    PREPARARE_IL_CIBO = "preparare_il_cibo"
    GOVERNO_DELLA_CASA = "governo_della_casa"
    FARE_IL_BUCATO = "fare_il_bucato"
    USARE_I_TRASPORTI = "usare_i_trasporti"
    ASSUMERE_FARMACI = "assumere_farmaci"
    GESTIRE_IL_DENARO = "gestire_il_denaro"


class VociNonValide(ValueError):
    """Items that are not of the scale, or values that are neither 0 nor 1. `campi` names them; the values are not repeated."""

    def __init__(self, campi: Mapping[str, str]) -> None:
        super().__init__("voci non valide: " + ", ".join(campi))
        self.campi = dict(campi)


@dataclass(frozen=True)
class Punteggio:
    """`valore` is None while any item is missing; `mancanti` names the missing ones, in the order of the scale."""

    valore: int | None
    massimo: int
    mancanti: tuple[str, ...]

    @property
    def non_somministrata(self) -> bool:
        """No item at all was assessed."""
        return len(self.mancanti) == self.massimo

    @property
    def parziale(self) -> bool:
        """Some items were assessed and some were not."""
        return self.valore is None and not self.non_somministrata


def katz(voci: Mapping[str, object]) -> Punteggio:
    """Score the six items of Katz: 0 totally dependent, 6 independent.

    Raises:
        VociNonValide: an unknown item, or a value other than 0, 1 and None.
    """
    return _punteggio(VoceAdl, voci)


def lawton(voci: Mapping[str, object]) -> Punteggio:
    """Score the eight items of Lawton: 0 totally dependent, 8 independent.

    Raises:
        VociNonValide: an unknown item, or a value other than 0, 1 and None.
    """
    return _punteggio(VoceIadl, voci)


def _punteggio(scala: type[StrEnum], voci: Mapping[str, object]) -> Punteggio:
    nomi = [voce.value for voce in scala]
    errori = {chiave: "voce sconosciuta" for chiave in voci if chiave not in nomi}
    errori |= {n: "0 oppure 1" for n in nomi if voci.get(n) is not None and not _zero_o_uno(voci[n])}
    if errori:
        raise VociNonValide(errori)
    valori = [voci.get(n) for n in nomi]
    mancanti = tuple(n for n, v in zip(nomi, valori, strict=True) if v is None)
    return Punteggio(valore=None if mancanti else valori.count(1), massimo=len(nomi), mancanti=mancanti)


def _zero_o_uno(valore: object) -> bool:
    return type(valore) is int and valore in (0, 1)


@dataclass(frozen=True)
class FasciaAdl:
    """Katz scores from `da` to `a` included and the code of SINA's `AttivitaVitaQuotidiana` they are given."""

    da: int
    a: int
    codice: str


def attivita_vita_quotidiana(punteggio_adl: int | None, fasce: Sequence[FasciaAdl]) -> str | None:
    """Return SINA's `AttivitaVitaQuotidiana` (1 autonomous, 2 partly, 3 totally dependent); None when the score is unknown.

    The bands are a parameter to be verified: the flow's specification gives the codes, not a conversion from Katz.

    Raises:
        ValueError: no band holds the score, so the parameter is wrong.
    """
    if punteggio_adl is None:
        return None
    for fascia in fasce:
        if fascia.da <= punteggio_adl <= fascia.a:
            return fascia.codice
    raise ValueError("nessuna fascia per il punteggio ADL")
