"""The files that describe an ambito (`examples/*/*.yaml`): their exact shape, each by itself.

Unknown fields, missing fields and values of another type are refused. Codes are stable slugs chosen by who writes the file: they
are the keys by which a second loading finds what the first one wrote. References between files are checked in `esempi`.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, model_validator

from services.core.access.ruoli import Finalita, Ruolo
from services.core.contitolarita.models import BaseGiuridica
from services.core.persone.codice_fiscale import SiglaSesso
from services.core.persone.models import Relazione
from services.core.piano.verso import Verso
from services.core.territorio.models import TipoEnte

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
CodiceServizio = Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=60)]
Testo = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^\S(.*\S)?$")]
Belfiore = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{3}$")]
Istat = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Centesimi = Annotated[int, Field(ge=0)]


class _Modello(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Intervallo(_Modello):
    """From `dal` to `al`, both included; without `al` it is still running."""

    dal: date
    al: date | None = None

    @model_validator(mode="after")
    def _in_ordine(self) -> Self:
        if self.al is not None and self.al < self.dal:
            raise ValueError("la data «al» precede la data «dal»")
        return self

    def comprende(self, giorno: date) -> bool:
        return self.dal <= giorno and (self.al is None or giorno <= self.al)

    def tocca(self, altro: "Intervallo") -> bool:
        """Tell whether the two have a day in common."""
        return (altro.al is None or self.dal <= altro.al) and (self.al is None or altro.dal <= self.al)


class SubAmbitoEsempio(_Modello):
    codice: Slug
    denominazione: Testo


class ComuneEsempio(_Modello):
    """A Comune, and with it the ente that administers it, whose code is `comune-<codice>`."""

    codice: Slug
    denominazione: Testo
    codice_istat: Istat
    codice_belfiore: Belfiore
    sub_ambito: Slug | None = None


class EnteEsempio(_Modello):
    codice: Slug
    tipo: Annotated[TipoEnte, Field(strict=False)]
    denominazione: Testo
    comune: Slug | None = None


class ServizioEsempio(_Modello):
    codice: CodiceServizio
    denominazione: Testo


class DelegaEsempio(Intervallo):
    """The competenze of `comuni` × `servizi` entrusted to `ente`; without `comuni`, of every Comune. `fonte`: who says so."""

    ente: Slug
    servizi: Annotated[list[CodiceServizio], Field(min_length=1)]
    comuni: Annotated[list[Slug], Field(min_length=1)] | None = None
    fonte: Testo


class FileAmbito(_Modello):
    """`ambito.yaml`. `illustrativo` lists what the plan does not say and the example makes up."""

    id: Annotated[int, Field(ge=1, le=999_999)]
    codice: Slug
    denominazione: Testo
    illustrativo: list[Testo] = []
    sub_ambiti: list[SubAmbitoEsempio] = []
    comuni: Annotated[list[ComuneEsempio], Field(min_length=1)]
    servizi: Annotated[list[ServizioEsempio], Field(min_length=1)]
    enti: list[EnteEsempio] = []
    deleghe: list[DelegaEsempio] = []


class IncaricoEsempio(Intervallo):
    """Without `comuni` or `servizi`, the whole territory or all the services of the ente."""

    ruolo: Annotated[Ruolo, Field(strict=False)]
    ente: Slug
    comuni: Annotated[list[Slug], Field(min_length=1)] | None = None
    servizi: Annotated[list[CodiceServizio], Field(min_length=1)] | None = None
    pronto_intervento: bool = False


class OperatoreEsempio(_Modello):
    soggetto: Slug
    cognome: Testo
    nome: Testo
    incarichi: Annotated[list[IncaricoEsempio], Field(min_length=1)]


class FileOperatori(_Modello):
    """`operatori.yaml`."""

    operatori: list[OperatoreEsempio]


class PersonaEsempio(_Modello):
    """An invented person. `codice_fiscale` must be valid and say the same birth date, sex and birthplace."""

    codice: Slug
    cognome: Testo
    nome: Testo
    data_nascita: date
    sesso: SiglaSesso
    codice_fiscale: str | None = None
    comune_nascita: Belfiore
    comune_residenza: Slug
    cittadinanza: Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")] = "380"
    protetta: bool = False


class ComponenteEsempio(Intervallo):
    persona: Slug
    relazione: Annotated[Relazione, Field(strict=False)]


class NucleoEsempio(_Modello):
    codice: Slug
    componenti: Annotated[list[ComponenteEsempio], Field(min_length=1)]


class RequisitoEsempio(Intervallo):
    """A certification known about the person: `requisito` is its code in the parameters of the measure."""

    requisito: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(_[A-Z0-9]+)*$")]
    stato: Annotated[str, StringConstraints(pattern=r"^(accertata|in_attesa|assente)$")]
    fonte: Testo


class CartellaEsempio(_Modello):
    persona: Slug
    comune: Slug
    servizio: CodiceServizio
    aperta_il: date
    riservata: bool = False
    requisiti: list[RequisitoEsempio] = []


class FilePersone(_Modello):
    """`persone.yaml`: persons, households, cartelle with the certifications known."""

    persone: list[PersonaEsempio] = []
    nuclei: list[NucleoEsempio] = []
    cartelle: list[CartellaEsempio] = []


class AvvisoEsempio(_Modello):
    codice: Slug
    misura: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(_[A-Z0-9]+)*$")]
    denominazione: Testo
    anno: Annotated[int, Field(ge=2000, le=2100)]
    fondo: Testo
    budget_centesimi: Centesimi
    aperto_dal: date
    aperto_al: date
    stato: Annotated[str, StringConstraints(pattern=r"^(bozza|aperto|chiuso)$")]
    opzioni: dict[str, Any] = {}

    @model_validator(mode="after")
    def _in_ordine(self) -> Self:
        if self.aperto_al < self.aperto_dal:
            raise ValueError("la data «aperto_al» precede la data «aperto_dal»")
        return self


class FileAvvisi(_Modello):
    """`avvisi.yaml`."""

    avvisi: list[AvvisoEsempio] = []


class DomandaEsempio(_Modello):
    """What an operator would type for an applicant, and what the équipe would assess: the demo presents it, loading does not.

    `dati` are the answers of the measure's own form; `autonomie` list the activities the person does alone.
    """

    persona: Slug
    avviso: Slug
    tipo_intervento: CodiceServizio
    dati: dict[str, Any]
    autonomie_adl: list[CodiceServizio] | None = None
    autonomie_iadl: list[CodiceServizio] | None = None


class FileDomande(_Modello):
    """`domande.yaml`."""

    domande: list[DomandaEsempio] = []


class AttestazioneEsempio(_Modello):
    """What the sandbox of INPS answers about a person: an invented ISEE certificate."""

    codice_fiscale: str
    tipo_indicatore: Testo
    valore_centesimi: Centesimi
    protocollo_dsu: Annotated[str, StringConstraints(pattern=r"^INPS-ISEE-[0-9]{4}-[0-9]{8}[A-Z]-[0-9]{2}$")]
    data_presentazione: date
    difformita: bool


class FileIsee(RootModel[list[AttestazioneEsempio]]):
    """`sandbox_isee.yaml`: a bare list, as the sandbox reads it."""

    model_config = ConfigDict(strict=True, frozen=True)

    root: list[AttestazioneEsempio] = []


class EnteWaasEsempio(_Modello):
    """An ente that offers the WaaS e-service: one PDND audience each; `codice_ente` is the code INPS knows it by."""

    ente: Slug
    audience: Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(/[a-z0-9/-]+)?$")]
    codice_ente: Belfiore
    denominazione: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    codice_fiscale_operatore: str | None = None


class FileWaas(_Modello):
    """`waas.yaml`."""

    enti: list[EnteWaasEsempio] = []


class DestinazioneEsempio(_Modello):
    """A receiver of webhooks in the sandbox; `percorso` is appended to the sandbox's address."""

    ente: Slug
    denominazione: Testo
    percorso: Annotated[str, StringConstraints(pattern=r"^(/[a-z0-9-]+)+$")]
    tipi: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+){2}$")]], Field(min_length=1)]


class FileWebhook(_Modello):
    """`webhook.yaml`."""

    destinazioni: list[DestinazioneEsempio] = []


NomeClasse = Literal["identita", "bisogno", "economica", "sanitaria", "giudiziaria", "violenza"]
"""The data classes (`ruoli.Classe`) by name."""


class CondivisioneEsempio(Intervallo):
    """What the agreement shares with `ente`: `classi` of data, for each of the purposes `finalita`."""

    ente: Slug
    classi: Annotated[list[NomeClasse], Field(min_length=1)]
    finalita: Annotated[list[Annotated[Finalita, Field(strict=False)]], Field(min_length=1)]


class AccordoEsempio(Intervallo):
    """An agreement among enti: `estremi` of the act, `norma` its legal basis rests on, `fonte`: who says so."""

    codice: Slug
    titolo: Testo
    estremi: Testo
    base_giuridica: Annotated[BaseGiuridica, Field(strict=False)]
    norma: Testo
    fonte: Testo
    condivisioni: Annotated[list[CondivisioneEsempio], Field(min_length=1)]


class FileAccordi(_Modello):
    """`accordi.yaml`."""

    accordi: list[AccordoEsempio] = []


class IndicatoreEsempio(_Modello):
    """`valore_atteso` is a number or a quoted decimal, in `unita`; `formula` the code of a released formula."""

    codice: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$")]
    testo: Testo
    unita: Testo
    verso: Annotated[Verso, Field(strict=False)]
    valore_atteso: Annotated[Decimal, Field(strict=False)]
    formula: CodiceServizio


class ObiettivoEsempio(_Modello):
    codice: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$")]
    testo: Testo
    indicatori: list[IndicatoreEsempio] = []


class PianoEsempio(_Modello):
    codice: Slug
    denominazione: Testo
    dal: date
    al: date
    obiettivi: list[ObiettivoEsempio] = []

    @model_validator(mode="after")
    def _in_ordine(self) -> Self:
        if self.al < self.dal:
            raise ValueError("la data «al» precede la data «dal»")
        return self


class FilePiano(_Modello):
    """`piano.yaml`."""

    piani: list[PianoEsempio] = []
