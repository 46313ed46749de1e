"""The limits of the access in emergency in force on a day, read once from `parametri.yaml`."""

from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.core.emergenze.models import ORE_INVALICABILI
from services.core.platform.yamlstretto import leggi_yaml


class ParametroMancante(LookupError):
    """No version is in force on the day asked."""


class _Rigido(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LimitiEmergenza(_Rigido):
    """Hours at most; how many one operator may have open at once; characters at least of the reason."""

    versione: str
    valido_dal: date
    da_verificare: bool
    atto: str
    ore_massime: Annotated[int, Field(ge=1, le=ORE_INVALICABILI)]
    aperte_massime: Annotated[int, Field(ge=1)]
    motivazione_minima: Annotated[int, Field(ge=1, le=500)]


class _File(_Rigido):
    emergenza: Annotated[tuple[LimitiEmergenza, ...], Field(min_length=1)]


@lru_cache(maxsize=1)
def _file() -> _File:
    testo = files("services.core.emergenze").joinpath("parametri.yaml").read_text(encoding="utf-8")
    return _File.model_validate(leggi_yaml(testo))


def limiti(data_riferimento: date) -> LimitiEmergenza:
    """Return the limits in force on `data_riferimento`.

    Raises:
        ParametroMancante: none is.
    """
    vigenti = [v for v in _file().emergenza if v.valido_dal <= data_riferimento]
    if not vigenti:
        raise ParametroMancante("emergenza")
    return max(vigenti, key=lambda v: v.valido_dal)
