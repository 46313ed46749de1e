"""How a record of ours becomes the attributes of an XML element, and back: one declaration for writing, reading and checking.

A model is a frozen dataclass whose fields are annotated with `attributo(...)`, in the order of the XSD. Every field may be None:
what is missing in our records must become a reason in the worklist, not an exception far from who can repair it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_DATA = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DECIMALE = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")
_INTERO = re.compile(r"[+-]?[0-9]{1,9}")
_ILLECITI = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Violazione:
    """A broken rule: a stable code, the field as a path of the flow, and a text for the operator. Never the value."""

    codice: str
    campo: str
    testo: str

    def sotto(self, prefisso: str) -> "Violazione":
        """Return the same violation with its field under `prefisso`."""
        return Violazione(self.codice, f"{prefisso}.{self.campo}" if self.campo else prefisso, self.testo)


@dataclass(frozen=True, slots=True)
class Durata:
    """Hours and minutes of a monthly service. The flow writes them HH.MM: 2.30 is two hours and a half, not 2.3 hours."""

    ore: int
    minuti: int


@dataclass(frozen=True, slots=True)
class Codifica:
    """How one kind of value is written and read. `leggi` raises ValueError with an Italian reason."""

    scrivi: Callable[[Any], str]
    leggi: Callable[[str], Any]


def _leggi_data(testo: str) -> date:
    if _DATA.fullmatch(testo) is None:
        raise ValueError("la data deve avere la forma AAAA-MM-GG")
    try:
        return date.fromisoformat(testo)
    except ValueError as errore:
        raise ValueError("la data non esiste") from errore


def _leggi_decimale(testo: str) -> Decimal:
    if _DECIMALE.fullmatch(testo) is None:
        raise ValueError("non è un numero decimale")
    return Decimal(testo)


def _leggi_intero(testo: str) -> int:
    if _INTERO.fullmatch(testo) is None:
        raise ValueError("non è un numero intero")
    return int(testo)


def _leggi_durata(testo: str) -> Durata:
    numero = _leggi_decimale(testo)
    if numero < 0 or numero != numero.quantize(Decimal("0.01")):
        raise ValueError("le ore si scrivono HH.MM, con due cifre per i minuti")
    centesimi = int(numero * 100)
    return Durata(*divmod(centesimi, 100))


def scrivi_euro(valore: Decimal) -> str:
    """Write an amount in euro with a point and at least two decimals, never with an exponent."""
    scritto = format(valore, "f")
    intero, _, decimali = scritto.partition(".")
    return f"{intero}.{decimali.ljust(2, '0')}"


TESTO: Final = Codifica(str, str)
DATA: Final = Codifica(date.isoformat, _leggi_data)
EURO: Final = Codifica(scrivi_euro, _leggi_decimale)
INTERO: Final = Codifica(str, _leggi_intero)
DURATA: Final = Codifica(lambda d: f"{d.ore}.{d.minuti:02d}", _leggi_durata)


def codifica_enum(enum: type[StrEnum]) -> Codifica:
    """The codification of a closed list of codes."""

    def leggi(testo: str) -> StrEnum:
        try:
            return enum(testo)
        except ValueError as errore:
            raise ValueError("il codice non è fra quelli ammessi") from errore

    return Codifica(lambda v: str(enum(v).value), leggi)


@dataclass(frozen=True, slots=True)
class Attributo:
    """The declaration of one XML attribute: name, kind, and the limits the XSD puts on its text."""

    nome: str
    codifica: Codifica
    obbligatorio: bool
    minimo: int
    massimo: int | None
    formato: re.Pattern[str] | None


def attributo(
    nome: str,
    codifica: Codifica = TESTO,
    *,
    obbligatorio: bool = False,
    lungo: tuple[int, int | None] = (0, None),
    formato: str | None = None,
) -> Attributo:
    """Declare that the annotated field is the XML attribute `nome`. `lungo` gives the allowed lengths, both included."""
    compilato = re.compile(formato) if formato is not None else None
    return Attributo(nome, codifica, obbligatorio, lungo[0], lungo[1], compilato)


@cache
def attributi_di(modello: "type[DataclassInstance]") -> dict[str, Attributo]:
    """Return the declared attributes of a model by the name of the field, in the order of the XSD."""
    annotati = get_type_hints(modello, include_extras=True)
    return {campo: m for campo, tipo in annotati.items() for m in getattr(tipo, "__metadata__", ()) if isinstance(m, Attributo)}


def scrivi_attributi(riga: "DataclassInstance") -> dict[str, str]:
    """Return the XML attributes of a model, in the order of the XSD, without the missing ones."""
    scritti = {}
    for campo, dichiarato in attributi_di(type(riga)).items():
        valore = getattr(riga, campo)
        if valore is not None:
            scritti[dichiarato.nome] = dichiarato.codifica.scrivi(valore)
    return scritti


def leggi_attributi(modello: "type[DataclassInstance]", scritti: dict[str, str]) -> tuple[dict[str, Any], list[Violazione]]:
    """Read XML attributes into the fields of a model.

    Returns:
        The read values by field, and one violation for each attribute that is unknown or cannot be read.
    """
    noti = {a.nome: (campo, a) for campo, a in attributi_di(modello).items()}
    valori: dict[str, Any] = {}
    violazioni: list[Violazione] = []
    for nome, testo in scritti.items():
        if nome not in noti:
            violazioni.append(Violazione("attributo-sconosciuto", nome[:64], "L'attributo non è previsto dal tracciato"))
            continue
        campo, dichiarato = noti[nome]
        try:
            valori[campo] = dichiarato.codifica.leggi(testo.strip())
        except ValueError as errore:
            violazioni.append(Violazione("formato", nome, f"Valore non leggibile: {errore}"))
    return valori, violazioni


def controlla_attributi(riga: "DataclassInstance") -> Iterator[Violazione]:
    """Yield what the XSD itself would refuse in the attributes of a model: missing, too short or long, of another form."""
    for campo, dichiarato in attributi_di(type(riga)).items():
        valore = getattr(riga, campo)
        if valore is None:
            if dichiarato.obbligatorio:
                yield Violazione("dato-mancante", dichiarato.nome, "Manca un dato che il tracciato richiede")
            continue
        yield from _controlla_testo(dichiarato, dichiarato.codifica.scrivi(valore))


def _controlla_testo(dichiarato: Attributo, testo: str) -> Iterator[Violazione]:
    if _ILLECITI.search(testo):
        yield Violazione("caratteri", dichiarato.nome, "Il testo contiene caratteri che un documento XML non può portare")
    if len(testo.strip()) < dichiarato.minimo:
        yield Violazione("lunghezza", dichiarato.nome, f"Il testo deve avere almeno {dichiarato.minimo} caratteri")
    if dichiarato.massimo is not None and len(testo) > dichiarato.massimo:
        yield Violazione("lunghezza", dichiarato.nome, f"Il testo può avere al più {dichiarato.massimo} caratteri")
    if dichiarato.formato is not None and dichiarato.formato.fullmatch(testo) is None:
        yield Violazione("formato", dichiarato.nome, "Il valore non ha la forma richiesta dal tracciato")
