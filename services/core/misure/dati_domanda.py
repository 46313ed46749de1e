"""The answers declared in a domanda for the B2, validated, and the facts they become for the rules.

None means not answered: the fact is then missing, and the rules say what to ask.
"""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.core.misure.fatti import Fatto

Codice = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]


class _Dichiarato(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PrestazioneInCorso(_Dichiarato):
    """Another benefit the person receives; `al` included, None if still open."""

    codice: Codice
    dal: date
    al: date | None = None

    @model_validator(mode="after")
    def _periodo(self) -> Self:
        if self.al is not None and self.al < self.dal:
            raise ValueError("il periodo finisce prima di cominciare")
        return self


class DatiDomandaB2(_Dichiarato):
    """Declared answers; certifications are facts of the cartella, not answers.

    `spesa_mensile_centesimi` is the documented monthly cost of the hired assistant, in cents.
    """

    vive_a_domicilio: bool | None = None
    caregiver_familiare: bool | None = None
    assistente_regolarmente_impiegato: bool | None = None
    spesa_mensile_centesimi: int | None = Field(default=None, ge=0, le=100_000_000)
    prestazioni_in_corso: tuple[PrestazioneInCorso, ...] | None = Field(default=None, max_length=50)
    continuita: bool | None = None

    def fatti(self, fonte: str) -> list[Fatto]:
        """The declared facts, without identity of their own: their values are kept with the decision."""
        risposte = self.model_dump(mode="json", exclude={"continuita"}, exclude_none=True)
        if self.prestazioni_in_corso is not None:
            risposte["prestazioni_in_corso"] = [prestazione.model_dump(mode="json") for prestazione in self.prestazioni_in_corso]
        return [Fatto(tipo=tipo, valore=valore, fonte=fonte) for tipo, valore in risposte.items()]
