"""Schemas of cartelle, persons and facts."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Ingresso, TestoBreve, Uscita, Versione
from services.core.cartelle.models import StatoCartella
from services.core.persone.models import Relazione, Sesso
from services.core.persone.service import DatiPersona

CodiceIstat = Annotated[str, Field(pattern=r"^[0-9]{6}$", max_length=6, description="Codice ISTAT del Comune.")]
CodiceBelfiore = Annotated[
    str, Field(pattern=r"^[A-Z][0-9]{3}$", max_length=4, description="Codice catastale (Belfiore) o di Stato estero.")
]
CodiceFiscale = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z]{11,16}$", min_length=11, max_length=16, description="Codice fiscale, anche provvisorio.")
]
CodiceServizio = Annotated[str, Field(pattern=r"^[a-z_]{2,40}$", max_length=40, description="Codice del servizio dell'ambito.")]
Anno = Annotated[int, Field(ge=1880, le=2200, json_schema_extra={"format": "int32"})]
NomeProprio = Annotated[str, Field(min_length=1, max_length=100)]


class PersonaIngresso(Ingresso):
    """Identità di una persona, come la dichiara l'operatore."""

    cognome: NomeProprio
    nome: NomeProprio
    data_nascita: date
    sesso: Sesso
    comune_residenza: CodiceIstat
    codice_fiscale: CodiceFiscale | None = None
    comune_nascita: CodiceBelfiore | None = None
    cittadinanza: Annotated[str, Field(pattern=r"^[0-9]{3}$", max_length=3, description="Codice ISO 3166-1 numerico.")] = "380"

    def dati(self) -> DatiPersona:
        """Return what the domain takes."""
        return DatiPersona(**self.model_dump())


class CartellaIngresso(Ingresso):
    """Apertura della cartella di una persona non ancora presente nell'ambito."""

    persona: PersonaIngresso
    servizio: CodiceServizio
    aperta_il: date


class ComponenteIngresso(Ingresso):
    """Una persona non ancora presente nell'ambito, che entra nel nucleo."""

    persona: PersonaIngresso
    relazione: Relazione
    dal: date


class RicercaIngresso(Ingresso):
    codice_fiscale: CodiceFiscale


class PersonaMinima(Uscita):
    id: UUID
    cognome: NomeProprio
    nome: NomeProprio
    anno_nascita: Anno


class CartellaVoce(Uscita):
    """Una riga dell'elenco delle cartelle."""

    id: UUID
    versione: Versione
    stato: StatoCartella
    aperta_il: date
    comune: TestoBreve
    servizio: CodiceServizio
    persona: PersonaMinima


class PersonaUscita(Uscita):
    id: UUID
    cognome: NomeProprio
    nome: NomeProprio
    data_nascita: date
    sesso: Sesso
    codice_fiscale: CodiceFiscale | None
    comune_residenza: TestoBreve
    cittadinanza: TestoBreve


class ComponenteUscita(Uscita):
    persona_id: UUID
    cognome: NomeProprio
    nome: NomeProprio
    anno_nascita: Anno
    relazione: Relazione
    dal: date
    al: date | None


class CartellaUscita(Uscita):
    """La cartella con la persona e il suo nucleo. `persona` è nulla se l'incarico non può vederne l'identità."""

    id: UUID
    versione: Versione
    stato: StatoCartella
    riservata: bool
    aperta_il: date
    chiusa_il: date | None
    comune: TestoBreve
    servizio: CodiceServizio
    persona: PersonaUscita | None
    nucleo: Annotated[list[ComponenteUscita], Field(max_length=100)]


class CartellaCreata(Uscita):
    id: UUID
    versione: Versione
    persona_id: UUID
    nucleo_id: UUID


class ComponenteCreato(Uscita):
    persona_id: UUID
    nucleo_id: UUID
    versione: Versione


class CartellaStato(Uscita):
    id: UUID
    versione: Versione
    stato: StatoCartella
    chiusa_il: date | None


class PersonaTrovata(Uscita):
    """Identità minima di chi ha quel codice. `cartella_id` c'è solo se la cartella è visibile con questo incarico."""

    trovata: bool
    persona: PersonaMinima | None
    cartella_id: UUID | None
    in_carico_ad_altro_ente: bool


class FattoUscita(Uscita):
    """Un fatto noto sulla persona, con la sua fonte e i due assi del tempo."""

    id: UUID
    tipo: TestoBreve
    valore: dict[str, Any]
    fonte: TestoBreve
    schema_dati: TestoBreve
    valido_dal: date
    valido_al: date | None
    registrato_il: datetime
