"""What a verification found, in Italian, for the person who has to act on it. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Specie(StrEnum):
    """Kinds of findings. Each is a reason to distrust the trail, or a stretch of it."""

    ALTERATA = "alterata"
    MANCANTE = "mancante"
    RIORDINATA = "riordinata"
    INTRUSA = "intrusa"
    RETRODATATA = "retrodatata"
    NON_SIGILLATA = "non_sigillata"
    LOTTO_ALTERATO = "lotto_alterato"
    TESTA_ALTERATA = "testa_alterata"
    CATENA_SPEZZATA = "catena_spezzata"
    CODA_TRONCATA = "coda_troncata"
    OBLIO_FALSIFICATO = "oblio_falsificato"
    BIFORCAZIONE = "biforcazione"
    RICEVUTA_NON_VALIDA = "ricevuta_non_valida"
    NON_TESTIMONIATA = "non_testimoniata"
    TESTIMONE_ALTERATO = "testimone_alterato"


DI_CHE_COSA = {
    Specie.NON_SIGILLATA: "riga",
    Specie.TESTA_ALTERATA: "lotto",
    Specie.CATENA_SPEZZATA: "lotto",
    Specie.CODA_TRONCATA: "lotto",
    Specie.BIFORCAZIONE: "lotto",
    Specie.RICEVUTA_NON_VALIDA: "lotto",
    Specie.NON_TESTIMONIATA: "lotto",
    Specie.TESTIMONE_ALTERATO: "linea",
}
"""What `da` and `a` of a finding count, where it is not the numbers of the chain."""

_PLURALI = {"numero": "numeri", "lotto": "lotti", "riga": "righe (id)", "linea": "linee"}


@dataclass(frozen=True, slots=True)
class Rilievo:
    """A finding about `da` to `a`, both included."""

    specie: Specie
    da: int
    a: int
    dettaglio: str

    def testo(self) -> str:
        """One sentence, without any value of the rows."""
        cosa = DI_CHE_COSA.get(self.specie, "numero")
        dove = f"{cosa} {self.da}" if self.da == self.a else f"{_PLURALI[cosa]} {self.da}-{self.a}"
        return f"{self.specie.value.replace('_', ' ')}: {dove}: {self.dettaglio}"


@dataclass(slots=True)
class Rapporto:
    """The outcome of a verification. Only the first `massimo` findings are kept; all are counted, by number of things found."""

    massimo: int = 1000
    archivio: str | None = None
    righe: int = 0
    lotti: int = 0
    obliate: int = 0
    atti_di_oblio: int = 0
    ultima_testa: str | None = None
    testimoniato_fino_a: int | None = None
    da_testimoniare: int = 0
    rilievi: list[Rilievo] = field(default_factory=list)
    conteggi: Counter[Specie] = field(default_factory=Counter)
    note: list[str] = field(default_factory=list)

    @property
    def integro(self) -> bool:
        """Whether nothing was found."""
        return not self.conteggi

    def aggiungi(self, specie: Specie, da: int, a: int, dettaglio: str) -> None:
        """Add a finding, joining it with the one before when it goes on from there."""
        self.conteggi[specie] += a - da + 1
        ultimo = self.rilievi[-1] if self.rilievi else None
        if ultimo is not None and (ultimo.specie, ultimo.dettaglio, ultimo.a + 1) == (specie, dettaglio, da):
            self.rilievi[-1] = replace(ultimo, a=a)
        elif len(self.rilievi) < self.massimo:
            self.rilievi.append(Rilievo(specie, da, a, dettaglio))

    def come_json(self) -> dict[str, object]:
        """The same, for programs."""
        return {
            "integro": self.integro,
            "archivio": self.archivio,
            "righe": self.righe,
            "lotti": self.lotti,
            "obliate": self.obliate,
            "atti_di_oblio": self.atti_di_oblio,
            "ultima_testa": self.ultima_testa,
            "testimoniato_fino_a": self.testimoniato_fino_a,
            "da_testimoniare": self.da_testimoniare,
            "conteggi": {specie.value: quante for specie, quante in sorted(self.conteggi.items())},
            "rilievi": list(_come_json(self.rilievi)),
            "note": self.note,
        }


def _come_json(rilievi: Iterable[Rilievo]) -> Iterable[dict[str, object]]:
    for r in rilievi:
        cosa = DI_CHE_COSA.get(r.specie, "numero")
        yield {"specie": r.specie.value, "di": cosa, "da": r.da, "a": r.a, "dettaglio": r.dettaglio, "testo": r.testo()}
