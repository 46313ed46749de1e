"""What an avviso chooses for itself, validated before it is stored in `avviso.opzioni`."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class OpzioniAvviso(BaseModel):
    """`mesi` of benefit from `decorrenza` (first day of a month); `interventi` offered.

    With `finanziamento_parziale` the first domanda that does not fit the budget receives the whole months that fit;
    otherwise the cut-off falls before it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    interventi: tuple[str, ...] = Field(min_length=1)
    mesi: int = Field(ge=1, le=24)
    decorrenza: date
    finanziamento_parziale: bool = False

    @model_validator(mode="after")
    def _primo_del_mese(self) -> Self:
        if self.decorrenza.day != 1:
            raise ValueError("la decorrenza è il primo giorno di un mese")
        return self
