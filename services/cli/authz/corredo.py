"""A cartella of the world as the matrix knows it, and the rows that are written more than once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.core.access.regola import CartellaVista
from services.core.access.ruoli import Classe
from services.core.access.situazioni import GIORNO
from services.core.emergenze.models import Emergenza
from services.core.persone.codice_fiscale import genera
from services.core.piano.models import Contributo
from services.core.platform.ids import nuovo_id

PRIMA = GIORNO - timedelta(days=5)
MISURA, INTERVENTO = "FNA_B2", "buono_caregiver"
IMPORTO = 731_000_000
"""Cents of the lines of the graduatoria, the order of the corredo added: a figure nothing else has."""

MESE = date(GIORNO.year, GIORNO.month, 1)


@dataclass(frozen=True, slots=True)
class Traccia:
    """A text that stands for one row wherever it appears: if the row is hidden, no answer may hold it."""

    valore: str
    tabella: str
    classe: Classe | None = None


@dataclass(frozen=True, slots=True)
class Corredo:
    """`ids` by the name of the path parameter, or of what a body refers to; `vista` is what the rule looks at."""

    nome: str
    vista: CartellaVista
    ids: Mapping[str, UUID]
    codice_fiscale: str
    nascita: date
    istat: str
    belfiore: str
    servizio: str
    impronta: str
    tracce: tuple[Traccia, ...]


@dataclass(frozen=True, slots=True)
class Cornice:
    """What the ambito gives to every cartella of it: the avvisi, the graduatoria, the indicator; and the place in charge."""

    ambito_id: int
    comune_id: int
    istat: str
    belfiore: str
    competenza_id: int
    servizio: str
    ente_id: UUID
    avvisi: Mapping[str, UUID]
    graduatoria_id: UUID
    indicatore_id: UUID


@dataclass(frozen=True, slots=True)
class Estraneo:
    """An operator in no relation to anything."""

    soggetto: str
    id: UUID
    incarico_id: UUID
    ente_id: UUID


def emergenza(ambito_id: int, cartella_id: UUID, chi: Estraneo, scade_il: datetime) -> Emergenza:
    """A cartella opened in emergency two hours before it expires."""
    return Emergenza(
        ambito_id=ambito_id,
        cartella_id=cartella_id,
        operatore_id=chi.id,
        incarico_id=chi.incarico_id,
        ente_id=chi.ente_id,
        aperta_il=scade_il - timedelta(hours=2),
        scade_il=scade_il,
    )


def contributo(cornice: Cornice, cartella_id: UUID, record_id: UUID) -> Contributo:
    """What a project of the cartella contributes to the indicator of its ambito."""
    return Contributo(
        ambito_id=cornice.ambito_id,
        cartella_id=cartella_id,
        indicatore_id=cornice.indicatore_id,
        record_tipo="progetto",
        record_id=record_id,
        periodo=MESE,
        numeratore=1,
        posizione=1,
        versione=1,
    )


def fantasma(di: Corredo) -> Corredo:
    """A corredo that is not there, of the shape of `di`: every identifier drawn, the codice fiscale of nobody."""
    nata = date(2010, 1, 1)
    codice = genera(cognome="Zzqnessuno", nome="Nilde", data_nascita=nata, sesso="F", luogo="Z904")
    vista = CartellaVista(nuovo_id(), di.vista.ambito_id, di.vista.competenza_id, di.vista.riservata)
    ids = {nome: nuovo_id() for nome in di.ids}
    return Corredo("nessuno", vista, ids, codice, nata, "999999", "Z904", di.servizio, di.impronta, ())
