"""Parameters of the assessment in force on a day, read once from `parametri.yaml`."""

from datetime import date
from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, model_validator

from services.core.platform.yamlstretto import leggi_yaml
from services.core.valutazioni.scale import FasciaAdl, VoceAdl


class ParametroMancante(LookupError):
    """No version of a parameter is in force on the day asked."""


class FasceAvq(BaseModel):
    """One version of the bands from Katz to SINA's `AttivitaVitaQuotidiana`. They cover 0 to 6, each score once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    versione: str
    valido_dal: date
    da_verificare: bool
    atto: str
    valore: tuple[FasciaAdl, ...]

    @model_validator(mode="after")
    def _coprono_la_scala(self) -> "FasceAvq":
        coperti = sorted(p for f in self.valore for p in range(f.da, f.a + 1))
        if coperti != list(range(len(VoceAdl) + 1)):
            raise ValueError("le fasce non coprono una volta sola i punteggi da 0 a 6")
        return self


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    fasce_attivita_vita_quotidiana: tuple[FasceAvq, ...]


@lru_cache(maxsize=1)
def _file() -> _File:
    testo = files("services.core.valutazioni").joinpath("parametri.yaml").read_text(encoding="utf-8")
    return _File.model_validate(leggi_yaml(testo))


def fasce_avq(data_riferimento: date) -> FasceAvq:
    """Return the bands in force on `data_riferimento`.

    Raises:
        ParametroMancante: none is.
    """
    vigenti = [v for v in _file().fasce_attivita_vita_quotidiana if v.valido_dal <= data_riferimento]
    if not vigenti:
        raise ParametroMancante("fasce_attivita_vita_quotidiana")
    return max(vigenti, key=lambda v: v.valido_dal)
