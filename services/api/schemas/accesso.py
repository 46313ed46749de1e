"""Schemas of the decision endpoint: the names are those of the OpenID AuthZEN Authorization API 1.0."""

from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from services.api.schemas.base import Ingresso, Uscita, rifiuta
from services.core.access.bersagli import BERSAGLI, Risorsa
from services.core.access.decisione import Motivo, Quesito, risorsa_di

MASSIMO_QUESITI = 100
INT32_MAX = 2**31 - 1


def _operazione(nome: str) -> str:
    if nome not in BERSAGLI:
        raise rifiuta("non è un'operazione di questa API")
    return nome


NomeOperazione = Annotated[
    str,
    AfterValidator(_operazione),
    Field(max_length=64, description="`operationId` dell'operazione.", json_schema_extra={"enum": sorted(BERSAGLI)}),
]
Identificativo = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Fa-f-]+$")]


class ProprietaSoggetto(Ingresso):
    """Sotto quale incarico si chiede: quello della richiesta."""

    incarico_id: UUID


class SoggettoIngresso(Ingresso):
    """Chi chiede: l'operatore stesso, mai un altro."""

    type: Literal["operatore"]
    id: UUID
    properties: ProprietaSoggetto | None = None


class AzioneIngresso(Ingresso):
    name: NomeOperazione


class RisorsaIngresso(Ingresso):
    """L'oggetto dell'operazione. `ambito`, con il suo numero, per le operazioni che non ne nominano uno."""

    type: Risorsa
    id: Identificativo

    @property
    def chiave(self) -> UUID | int:
        """The identifier as the table keeps it."""
        return int(self.id) if self.type is Risorsa.AMBITO else UUID(self.id)

    @model_validator(mode="after")
    def _di_quella_specie(self) -> Self:
        try:
            chiave = self.chiave
        except ValueError:
            raise rifiuta("l'identificativo non è di quel tipo di oggetto") from None
        if isinstance(chiave, int) and not 0 < chiave <= INT32_MAX:
            raise rifiuta("l'identificativo non è di quel tipo di oggetto")
        return self


class ContestoIngresso(Ingresso):
    """Nessun attributo è previsto: giorno, incarico e finalità sono quelli della richiesta."""


def _quesito(azione: AzioneIngresso, risorsa: RisorsaIngresso) -> Quesito:
    if risorsa_di(azione.name) is not risorsa.type:
        raise rifiuta(f"questa operazione riguarda un oggetto di tipo «{risorsa_di(azione.name)}»")
    return Quesito(azione.name, risorsa.type, risorsa.chiave)


class AccessoIngresso(Ingresso):
    """Può il soggetto compiere l'azione sulla risorsa?"""

    subject: SoggettoIngresso
    action: AzioneIngresso
    resource: RisorsaIngresso
    context: ContestoIngresso | None = None

    @model_validator(mode="after")
    def _coerente(self) -> Self:
        _quesito(self.action, self.resource)
        return self

    def quesito(self) -> Quesito:
        """Return what the domain takes."""
        return _quesito(self.action, self.resource)


class QuesitoIngresso(Ingresso):
    """Una delle domande: ciò che manca è quello indicato per tutte."""

    subject: SoggettoIngresso | None = None
    action: AzioneIngresso | None = None
    resource: RisorsaIngresso | None = None
    context: ContestoIngresso | None = None


class Semantica(StrEnum):
    """Quando fermarsi: mai, al primo rifiuto, al primo consenso."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"

    def si_ferma(self, motivo: Motivo) -> bool:
        """Tell whether an answer is the last."""
        consentita = motivo is Motivo.CONSENTITA
        return (self is Semantica.DENY_ON_FIRST_DENY and not consentita) or (
            self is Semantica.PERMIT_ON_FIRST_PERMIT and consentita
        )


class OpzioniIngresso(Ingresso):
    evaluations_semantic: Semantica = Semantica.EXECUTE_ALL


class AccessiIngresso(QuesitoIngresso):
    """Più domande in una volta, nell'ordine in cui si vogliono le risposte."""

    evaluations: Annotated[list[QuesitoIngresso], Field(min_length=1, max_length=MASSIMO_QUESITI)]
    options: OpzioniIngresso = OpzioniIngresso()

    @model_validator(mode="after")
    def _coerente(self) -> Self:
        self.domande()
        return self

    def domande(self) -> list[tuple[SoggettoIngresso, Quesito]]:
        """Return every question with its defaults. Raises where one is not whole."""
        complete = []
        for una in self.evaluations:
            soggetto, azione = una.subject or self.subject, una.action or self.action
            risorsa = una.resource or self.resource
            if soggetto is None or azione is None or risorsa is None:
                raise rifiuta("ogni domanda ha soggetto, azione e risorsa, propri o indicati per tutte")
            complete.append((soggetto, _quesito(azione, risorsa)))
        return complete


class RagioneUtente(Uscita):
    it: Annotated[str, Field(max_length=200)]


class ContestoUscita(Uscita):
    """Perché: `id` è il tipo stabile, `reason_user` il testo per la persona."""

    id: Motivo
    reason_user: RagioneUtente


class AccessoUscita(Uscita):
    """La decisione. Vale per chi chiede, sotto quell'incarico, in quel giorno, e non dice dello stato dell'oggetto."""

    decision: bool
    context: ContestoUscita


class AccessiUscita(Uscita):
    """Le decisioni, nell'ordine delle domande."""

    evaluations: Annotated[list[AccessoUscita], Field(max_length=MASSIMO_QUESITI)]


TESTI = {
    Motivo.CONSENTITA: "L'operazione è consentita.",
    Motivo.RUOLO: "L'incarico non consente questa operazione.",
    Motivo.NON_TROVATO: "Non esiste, o non è visibile con questo incarico.",
}


def decisione(motivo: Motivo) -> AccessoUscita:
    """Return the answer for a reason."""
    contesto = ContestoUscita(id=motivo, reason_user=RagioneUtente(it=TESTI[motivo]))
    return AccessoUscita(decision=motivo is Motivo.CONSENTITA, context=contesto)
