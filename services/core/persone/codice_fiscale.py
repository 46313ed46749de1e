"""The codice fiscale: validation, what it tells, omocodia, and making one for invented persons.

Sources: D.P.R. 605/1973 and D.M. 23 dicembre 1976 ("Sistemi di codificazione dei soggetti da iscrivere all'anagrafe
tributaria"), which gives the composition, the table of the check character, the substitution of digits for persons whose codes
would be equal (omocodia) and the provisional code of 11 digits. The table itself comes from python-stdnum; the rest is here
because stdnum drops inner separators, takes a day such as 99 for 19 and does not read the sex of a code with omocodia.

Validity is formal: only the Agenzia delle Entrate knows whether a code was given, and to whom. No error text repeats the code.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Literal

from stdnum import luhn
from stdnum.it.codicefiscale import calc_check_digit

from services.core.platform.errori import DatiNonValidi

SiglaSesso = Literal["M", "F"]

MESI = "ABCDEHLMPRST"
"""Letters of the twelve months, January first."""

OMOCODIA = "LMNPQRSTUV"
"""Letters that stand for the digits 0-9 under omocodia."""

POSTI_CIFRE = (6, 7, 9, 10, 12, 13, 14)
"""Zero-based places of the seven digits that omocodia may turn into letters."""

_CIFRE = "0123456789"
_IN_CIFRA = str.maketrans(OMOCODIA, _CIFRE)
_IN_LETTERA = str.maketrans(_CIFRE, OMOCODIA)
_FORMA = re.compile(rf"[A-Z]{{6}}[0-9{OMOCODIA}]{{2}}[{MESI}][0-9{OMOCODIA}]{{2}}[A-Z][0-9{OMOCODIA}]{{3}}[A-Z]")
_LUOGO = re.compile(r"[A-Z][0-9]{3}")
_VOCALI = frozenset("AEIOU")
_AUMENTO_FEMMINILE = 40
_SECOLI = (1900, 2000)


class CodiceFiscaleNonValido(DatiNonValidi):
    """Base of the causes of refusal. `causa` is stable and public; the text never holds the code."""

    tipo, titolo = "codice-fiscale-non-valido", "Codice fiscale non valido"
    causa = "non_valido"

    def __init__(self, motivo: str, campo: str = "codice_fiscale") -> None:
        super().__init__(motivo, causa=self.causa, campi=[{"campo": campo, "motivo": motivo}])


class LunghezzaNonValida(CodiceFiscaleNonValido):
    causa = "lunghezza"


class CaratteriNonAmmessi(CodiceFiscaleNonValido):
    causa = "caratteri"


class CarattereDiControlloErrato(CodiceFiscaleNonValido):
    causa = "carattere_di_controllo"


class DataImpossibile(CodiceFiscaleNonValido):
    causa = "data_impossibile"


class ProvvisorioNonAmmesso(CodiceFiscaleNonValido):
    causa = "provvisorio_non_ammesso"


class DatiNonCoerenti(CodiceFiscaleNonValido):
    """The code is well formed but tells another birth date, sex or birthplace than the data given."""

    causa = "dati_non_coerenti"

    def __init__(self, differenze: list[tuple[str, str]]) -> None:
        super().__init__("Il codice fiscale non corrisponde ai dati della persona: " + ", ".join(n for _, n in differenze) + ".")
        self.estensioni["campi"] = [
            {"campo": campo, "motivo": f"Non corrisponde al codice fiscale ({nome})."} for campo, nome in differenze
        ]


@dataclass(frozen=True)
class CodiceFiscale:
    """A valid code of 16 characters and what it tells. The code is kept out of `repr`, so that it does not reach a log."""

    codice: str = field(repr=False)
    anno: int
    """Last two digits of the year of birth; the century is not in the code."""
    mese: int
    giorno: int
    sesso: SiglaSesso
    luogo: str
    """Belfiore code of the Comune of birth, or Z and three digits for a State; digits restored."""
    omocodico: bool

    @property
    def base(self) -> str:
        """The code without omocodia: equal for all persons whose codes would have been the same."""
        return omocodie(self.codice)[0]

    def data_nascita(self, entro: date) -> date:
        """Return the latest date of birth the code can mean, not after `entro`.

        Raises:
            DataImpossibile: no such day exists by `entro` in the centuries the code can mean.
        """
        possibili = [d for d in self._date() if d <= entro]
        if not possibili:
            raise DataImpossibile("La data di nascita indicata dal codice fiscale non è possibile alla data di riferimento.")
        return max(possibili)

    def verifica_coerenza(self, *, data_nascita: date, sesso: SiglaSesso, luogo: str | None = None) -> None:
        """Compare the code with the data given; a birthplace that is not known (`None`) is not compared.

        Raises:
            DatiNonCoerenti: birth date, sex or birthplace differ; `campi` names which, without values.
        """
        differenze: list[tuple[str, str]] = []
        if (self.anno, self.mese, self.giorno) != (data_nascita.year % 100, data_nascita.month, data_nascita.day):
            differenze.append(("data_nascita", "data di nascita"))
        if self.sesso != sesso:
            differenze.append(("sesso", "sesso"))
        if luogo is not None and self.luogo != luogo:
            differenze.append(("comune_nascita", "luogo di nascita"))
        if differenze:
            raise DatiNonCoerenti(differenze)

    def _date(self) -> list[date]:
        return _date_possibili(self.anno, self.mese, self.giorno)


def leggi(codice: str) -> CodiceFiscale:
    """Validate a code of 16 characters and return what it tells. Lower case is accepted; any space is refused.

    Raises:
        LunghezzaNonValida, CaratteriNonAmmessi, CarattereDiControlloErrato, DataImpossibile: one for each cause.
    """
    testo = _maiuscolo(codice)
    if len(testo) != 16:
        raise LunghezzaNonValida("Il codice fiscale deve avere 16 caratteri.")
    if not _FORMA.fullmatch(testo):
        raise CaratteriNonAmmessi("Il codice fiscale ha lettere o cifre in un posto in cui non sono ammesse.")
    if calc_check_digit(testo[:15]) != testo[15]:
        raise CarattereDiControlloErrato("Il carattere di controllo del codice fiscale è errato: controllare la digitazione.")
    cifre = testo.translate(_IN_CIFRA)
    anno, mese, giorno = int(cifre[6:8]), MESI.index(testo[8]) + 1, int(cifre[9:11])
    sesso: SiglaSesso = "F" if giorno > _AUMENTO_FEMMINILE else "M"
    if sesso == "F":
        giorno -= _AUMENTO_FEMMINILE
    if not _date_possibili(anno, mese, giorno):
        raise DataImpossibile("Il codice fiscale indica una data di nascita impossibile.")
    return CodiceFiscale(
        codice=testo,
        anno=anno,
        mese=mese,
        giorno=giorno,
        sesso=sesso,
        luogo=testo[11] + cifre[12:15],
        omocodico=any(testo[i] in OMOCODIA for i in POSTI_CIFRE),
    )


def valida(codice: str, *, ammetti_provvisorio: bool = False) -> str:
    """Validate a code and return it in upper case.

    With `ammetti_provvisorio` a provisional code (11 digits, the last a check digit as in the partita IVA) is valid too; it
    tells nothing of the person. Office and series of a provisional code are not checked.

    Raises:
        CodiceFiscaleNonValido: in one of its subclasses, one for each cause.
    """
    testo = _maiuscolo(codice)
    if len(testo) != 11:
        return leggi(testo).codice
    if not ammetti_provvisorio:
        raise ProvvisorioNonAmmesso("Il codice fiscale deve avere 16 caratteri: un codice provvisorio non è ammesso qui.")
    if not all(c in _CIFRE for c in testo):
        raise CaratteriNonAmmessi("Il codice fiscale provvisorio deve essere di sole cifre.")
    if testo.startswith("0000000"):
        raise CaratteriNonAmmessi("Il codice fiscale provvisorio non ha un numero progressivo.")
    if not luhn.is_valid(testo):
        raise CarattereDiControlloErrato("La cifra di controllo del codice fiscale provvisorio è errata.")
    return testo


def omocodie(codice: str) -> tuple[str, ...]:
    """Return the 128 codes that say the same of a person, the one without omocodia first, digits substituted from the right.

    Raises:
        CodiceFiscaleNonValido: the code given is not valid.
    """
    testo = leggi(codice).codice
    varianti: list[str] = []
    for scelta in product((False, True), repeat=len(POSTI_CIFRE)):
        caratteri = list(testo[:15])
        for posto, lettera in zip(POSTI_CIFRE, scelta, strict=True):
            cifra = caratteri[posto].translate(_IN_CIFRA)
            caratteri[posto] = cifra.translate(_IN_LETTERA) if lettera else cifra
        varianti.append(_con_controllo("".join(caratteri)))
    return tuple(varianti)


def genera(*, cognome: str, nome: str, data_nascita: date, sesso: SiglaSesso, luogo: str) -> str:
    """Make the code these data give, for invented persons of examples and tests. Only the Agenzia delle Entrate gives real ones.

    Raises:
        ValueError: surname or first name without letters, birthplace not a Belfiore code, year outside the two centuries.
    """
    if not _LUOGO.fullmatch(luogo):
        raise ValueError("luogo: atteso un codice Belfiore")
    if data_nascita not in _date_possibili(data_nascita.year % 100, data_nascita.month, data_nascita.day):
        raise ValueError("data_nascita: anno fuori dai secoli che il codice può indicare")
    giorno = data_nascita.day + (_AUMENTO_FEMMINILE if sesso == "F" else 0)
    anno_mese_giorno = f"{data_nascita.year % 100:02d}{MESI[data_nascita.month - 1]}{giorno:02d}"
    return _con_controllo(_tre_lettere(cognome) + _tre_del_nome(nome) + anno_mese_giorno + luogo)


def _maiuscolo(codice: str) -> str:
    if not codice.isascii():  # before upper(): several letters outside ASCII become ASCII ones in upper case
        raise CaratteriNonAmmessi("Il codice fiscale può contenere solo lettere senza accento e cifre.")
    return codice.upper()


def _con_controllo(quindici: str) -> str:
    return quindici + calc_check_digit(quindici)


def _date_possibili(anno: int, mese: int, giorno: int) -> list[date]:
    possibili = []
    for secolo in _SECOLI:
        try:
            possibili.append(date(secolo + anno, mese, giorno))
        except ValueError:
            continue
    return possibili


def _lettere(testo: str) -> tuple[str, str]:
    piane = unicodedata.normalize("NFKD", testo).upper()
    consonanti = "".join(c for c in piane if "A" <= c <= "Z" and c not in _VOCALI)
    vocali = "".join(c for c in piane if c in _VOCALI)
    if not consonanti + vocali:
        raise ValueError("cognome o nome senza lettere")
    return consonanti, vocali


def _tre_lettere(testo: str) -> str:
    consonanti, vocali = _lettere(testo)
    return (consonanti + vocali + "XX")[:3]


def _tre_del_nome(nome: str) -> str:
    consonanti, _ = _lettere(nome)
    return consonanti[0] + consonanti[2] + consonanti[3] if len(consonanti) > 3 else _tre_lettere(nome)
