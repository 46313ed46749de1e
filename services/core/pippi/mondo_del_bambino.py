"""The *Mondo del bambino*: three sides and seventeen sub-dimensions, each scored 1 to 6, and how they move from T0 to T2.

The model of the needs of the child is that of P.I.P.P.I. (LabRIEF, University of Padova, with the Ministry of Labour and Social
Policies). Names and wording of the scale are still to be checked on the forms of the current edition: they stand in
`parametri.yaml`, each with `da_verificare`; the codes here are ours and do not change with them. Pure: no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

PUNTEGGIO_MINIMO = 1
PUNTEGGIO_MASSIMO = 6


class Lato(StrEnum):
    """The three sides: the child's needs of growth, the answers of the parental figures, the surroundings."""

    BAMBINO = "bambino"
    FAMIGLIA = "famiglia"
    AMBIENTE = "ambiente"


class Sottodimensione(StrEnum):
    SALUTE_CRESCITA = "salute_crescita"
    EMOZIONI_COMPORTAMENTO = "emozioni_comportamento"
    IDENTITA_AUTOSTIMA = "identita_autostima"
    AUTONOMIA = "autonomia"
    RELAZIONI_FAMILIARI_SOCIALI = "relazioni_familiari_sociali"
    IMPARARE = "imparare"
    GIOCO_TEMPO_LIBERO = "gioco_tempo_libero"
    CURE_SICUREZZA_PROTEZIONE = "cure_sicurezza_protezione"
    CALORE_STABILITA_EMOTIVA = "calore_stabilita_emotiva"
    GUIDA_REGOLE_VALORI = "guida_regole_valori"
    DIVERTIMENTO_STIMOLI = "divertimento_stimoli"
    AUTOREALIZZAZIONE_GENITORI = "autorealizzazione_genitori"
    RELAZIONI_SOSTEGNO_SOCIALE = "relazioni_sostegno_sociale"
    PARTECIPAZIONE_COMUNITA = "partecipazione_comunita"
    LAVORO_CONDIZIONE_ECONOMICA = "lavoro_condizione_economica"
    ABITAZIONE = "abitazione"
    SCUOLA_RISORSE_EDUCATIVE = "scuola_risorse_educative"


S = Sottodimensione

LATI: Mapping[Lato, tuple[Sottodimensione, ...]] = MappingProxyType(
    {
        Lato.BAMBINO: (
            S.SALUTE_CRESCITA,
            S.EMOZIONI_COMPORTAMENTO,
            S.IDENTITA_AUTOSTIMA,
            S.AUTONOMIA,
            S.RELAZIONI_FAMILIARI_SOCIALI,
            S.IMPARARE,
            S.GIOCO_TEMPO_LIBERO,
        ),
        Lato.FAMIGLIA: (
            S.CURE_SICUREZZA_PROTEZIONE,
            S.CALORE_STABILITA_EMOTIVA,
            S.GUIDA_REGOLE_VALORI,
            S.DIVERTIMENTO_STIMOLI,
            S.AUTOREALIZZAZIONE_GENITORI,
        ),
        Lato.AMBIENTE: (
            S.RELAZIONI_SOSTEGNO_SOCIALE,
            S.PARTECIPAZIONE_COMUNITA,
            S.LAVORO_CONDIZIONE_ECONOMICA,
            S.ABITAZIONE,
            S.SCUOLA_RISORSE_EDUCATIVE,
        ),
    }
)


class PunteggiNonValidi(ValueError):
    """Scores that are not of this model. `campi` names the wrong keys; the values are not repeated."""

    def __init__(self, campi: Mapping[str, str]) -> None:
        super().__init__("punteggi non validi: " + ", ".join(campi))
        self.campi = dict(campi)


def leggi_punteggi(grezzi: Mapping[str, object]) -> dict[Sottodimensione, int | None]:
    """Return a score for each of the seventeen sub-dimensions; one that is not given is None (not assessed), never a number.

    Raises:
        PunteggiNonValidi: an unknown sub-dimension, or a score that is not an integer from 1 to 6.
    """
    note = {s.value for s in Sottodimensione}
    errori = {chiave: "sottodimensione sconosciuta" for chiave in grezzi if chiave not in note}
    letti: dict[Sottodimensione, int | None] = dict.fromkeys(Sottodimensione)
    for sotto in Sottodimensione:
        valore = grezzi.get(sotto.value)
        if valore is None:
            continue
        if type(valore) is not int or not PUNTEGGIO_MINIMO <= valore <= PUNTEGGIO_MASSIMO:
            errori[sotto.value] = f"intero da {PUNTEGGIO_MINIMO} a {PUNTEGGIO_MASSIMO}"
            continue
        letti[sotto] = valore
    if errori:
        raise PunteggiNonValidi(errori)
    return letti


def non_rilevate(punteggi: Mapping[Sottodimensione, int | None]) -> tuple[Sottodimensione, ...]:
    """The sub-dimensions without a score, in the order of the model."""
    return tuple(s for s in Sottodimensione if punteggi.get(s) is None)


@dataclass(frozen=True)
class Andamento:
    """The scores of one sub-dimension at the three times, and the differences; None wherever one of the two scores is missing."""

    sottodimensione: Sottodimensione
    t0: int | None
    t1: int | None
    t2: int | None

    @property
    def delta_t0_t1(self) -> int | None:
        return _differenza(self.t0, self.t1)

    @property
    def delta_t1_t2(self) -> int | None:
        return _differenza(self.t1, self.t2)

    @property
    def delta_t0_t2(self) -> int | None:
        return _differenza(self.t0, self.t2)


Punteggi = Mapping[Sottodimensione, int | None]


def andamento(t0: Punteggi | None, t1: Punteggi | None = None, t2: Punteggi | None = None) -> tuple[Andamento, ...]:
    """Return the course of each sub-dimension. A survey that was not taken is None. No average is made: the scale is ordinal."""

    def punteggio(rilevazione: Punteggi | None, sotto: Sottodimensione) -> int | None:
        return None if rilevazione is None else rilevazione.get(sotto)

    return tuple(Andamento(s, punteggio(t0, s), punteggio(t1, s), punteggio(t2, s)) for s in Sottodimensione)


def _differenza(prima: int | None, dopo: int | None) -> int | None:
    return None if prima is None or dopo is None else dopo - prima
