"""The domande of the examples, carried through the API as operators would."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from services.cli.demo import valutazioni
from services.cli.demo.scena import Scena
from services.cli.supervisore import ESEMPI
from services.core.territorio.esempi import leggi
from services.core.territorio.esempi_file import DomandaEsempio

COORDINATRICE = "coord-csc"
"""Who sees, by delega, the cartelle of every service that applicants come from."""


@lru_cache(maxsize=1)
def esempi() -> dict[str, DomandaEsempio]:
    """The domande of the Cremasco, by the codice fiscale of who applies."""
    esempio = leggi(ESEMPI / "cremasco")
    codici = {p.codice: p.codice_fiscale for p in esempio.persone.persone}
    return {str(codici[d.persona]): d for d in esempio.domande.domande}


def redigi(scena: Scena, chi: str, cartella: UUID, avviso: UUID, esempio: DomandaEsempio) -> tuple[UUID, int]:
    """Draft a domanda; return its id and version."""
    corpo: dict[str, Any] = {"avviso_id": str(avviso), "tipo_intervento": esempio.tipo_intervento, "dati": esempio.dati}
    creata = scena.chiedi(chi, "POST", f"/cartelle/{cartella}/domande", corpo=corpo, stato=201).corpo
    return UUID(creata["id"]), creata["versione"]


def completa(scena: Scena, avviso: UUID, codice_fiscale: str, esempio: DomandaEsempio) -> None:
    """Draft, read the ISEE, present; if admissible, assess."""
    cartella = scena.cartella_di(COORDINATRICE, codice_fiscale)
    domanda, _ = redigi(scena, COORDINATRICE, cartella, avviso, esempio)
    versione = scena.chiedi(COORDINATRICE, "POST", f"/domande/{domanda}/isee").corpo["versione_domanda"]
    presentata = scena.chiedi(COORDINATRICE, "POST", f"/domande/{domanda}/presentazione", versione=versione).corpo
    if presentata["esito"] == "ammissibile":
        equipe = valutazioni.costituisci(scena, COORDINATRICE, cartella)
        valutazioni.valuta(scena, COORDINATRICE, cartella, equipe, domanda, esempio)
