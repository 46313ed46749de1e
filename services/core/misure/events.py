"""What happens in the measures, as typed facts for the log: identifiers, codes, amounts and dates only."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class DomandaCreata(Evento):
    """A draft was opened under an avviso."""

    tipo: ClassVar[str] = "misure.domanda.creata"
    aggregato: ClassVar[str] = "domanda"

    avviso_id: UUID
    misura: str
    tipo_intervento: str


class DomandaIseeCollegato(Evento):
    """An ISEE attestation, kept as a fact of the cartella, was linked to a draft."""

    tipo: ClassVar[str] = "misure.domanda.isee_collegato"
    aggregato: ClassVar[str] = "domanda"

    fatto_id: UUID
    tipo_isee: str


class DomandaPresentata(Evento):
    """A domanda was presented and evaluated; `esito` is ammissibile, non_ammissibile or da_chiarire."""

    tipo: ClassVar[str] = "misure.domanda.presentata"
    aggregato: ClassVar[str] = "domanda"

    avviso_id: UUID
    misura: str
    tipo_intervento: str
    presentata_il: date
    decisione_id: UUID
    esito: str


class DomandaModificata(Evento):
    """The declared answers or the benefit asked for changed before the decision was final."""

    tipo: ClassVar[str] = "misure.domanda.modificata"
    aggregato: ClassVar[str] = "domanda"

    tipo_intervento: str


class DomandaRivalutata(Evento):
    """A domanda to clarify was evaluated again after new facts."""

    tipo: ClassVar[str] = "misure.domanda.rivalutata"
    aggregato: ClassVar[str] = "domanda"

    decisione_id: UUID
    esito: str


class DomandaRitirata(Evento):
    """The applicant withdrew the domanda."""

    tipo: ClassVar[str] = "misure.domanda.ritirata"
    aggregato: ClassVar[str] = "domanda"

    ritirata_il: date


class DomandaInGraduatoria(Evento):
    """A closed graduatoria placed the domanda."""

    tipo: ClassVar[str] = "misure.domanda.in_graduatoria"
    aggregato: ClassVar[str] = "domanda"

    graduatoria_id: UUID
    posizione: int
    esito: str


class AvvisoChiuso(Evento):
    """No domanda can be presented under the avviso any more. `anticipata`: before its last day."""

    tipo: ClassVar[str] = "misure.avviso.chiuso"
    aggregato: ClassVar[str] = "avviso"

    chiuso_il: date
    anticipata: bool


class GraduatoriaChiusa(Evento):
    """A graduatoria was closed: its snapshot can no longer change."""

    tipo: ClassVar[str] = "misure.graduatoria.chiusa"
    aggregato: ClassVar[str] = "graduatoria"

    avviso_id: UUID
    misura: str
    linea: str
    budget_centesimi: int
    impegnato_centesimi: int
    finanziate: int
    non_finanziate: int
    non_idonee: int
    impronta: str


class BeneficioAssegnato(Evento):
    """The benefit was granted to a funded domanda; amounts in cents, `al` included."""

    tipo: ClassVar[str] = "misure.assegnazione.creata"
    aggregato: ClassVar[str] = "assegnazione"

    domanda_id: UUID
    graduatoria_id: UUID
    misura: str
    tipo_intervento: str
    importo_mensile_centesimi: int
    mesi: int
    dal: date
    al: date
