"""What each measure brings beside its rules: the form of the declared answers, and which ISEE it needs. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from services.core.misure import catalogo
from services.core.misure.dati_domanda import DatiDomandaB2
from services.core.misure.fatti import Fatti, Fatto, FattoMancante, VistaFatti
from services.core.misure.parametro import VistaParametri
from services.core.misure.regole import fna_b2_2025
from services.core.platform.errori import DatiNonValidi


@dataclass(frozen=True, slots=True)
class Modulo:
    """`dati` is the form, `tipi_isee` the rule that names the kinds of ISEE, `requisiti` the table of admitted certifications."""

    misura: str
    dati: type[DatiDomandaB2]
    tipi_isee: Callable[[VistaFatti, VistaParametri], tuple[str, ...]]
    requisiti: str


MODULI = {
    fna_b2_2025.MISURA: Modulo(fna_b2_2025.MISURA, DatiDomandaB2, fna_b2_2025.tipi_isee, "FNA_B2.requisiti_gravita"),
}


def modulo(misura: str) -> Modulo:
    """Return the module of a measure.

    Raises:
        DatiNonValidi: no measure of that code is handled.
    """
    trovato = MODULI.get(misura)
    if trovato is None:
        raise DatiNonValidi.del_campo("misura", "non è fra quelle gestite")
    return trovato


def valida_dati(misura: str, dati: Mapping[str, Any]) -> DatiDomandaB2:
    """Validate declared answers against the form of the measure.

    Raises:
        DatiNonValidi: naming the fields, never the values.
    """
    try:
        return modulo(misura).dati.model_validate(dati)
    except ValidationError as errore:
        campi = [
            {"campo": "dati." + ".".join(str(parte) for parte in voce["loc"]), "motivo": "valore non ammesso"}
            for voce in errore.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise DatiNonValidi("Le risposte della domanda non possono essere accettate.", campi=campi) from None


def tipi_isee(misura: str, fatti: Iterable[Fatto], giorno: date) -> tuple[str, ...]:
    """The kinds of ISEE needed by this person that day, the preferred first; empty while it cannot be told.

    Raises:
        RegoleNonInVigore: the parameters do not cover that day.
    """
    definizione = catalogo.registro().misura(misura, giorno)
    vista = VistaFatti(Fatti(fatti), giorno, definizione.fatti)
    try:
        return modulo(misura).tipi_isee(vista, VistaParametri(catalogo.parametri(), misura, giorno))
    except FattoMancante:
        return ()


def requisiti_ammessi(giorno: date) -> frozenset[str]:
    """Codes of the certifications that some measure takes into account on `giorno`.

    Raises:
        RegoleNonInVigore: no table covers that day.
    """
    return frozenset(
        voce["codice"] for singolo in MODULI.values() for voce in catalogo.parametri().in_vigore(singolo.requisiti, giorno).valore
    )
