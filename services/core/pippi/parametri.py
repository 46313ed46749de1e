"""The wording of the *Mondo del bambino* in force on a day, read once from `parametri.yaml`."""

from datetime import date
from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, model_validator

from services.core.pippi.mondo_del_bambino import LATI, PUNTEGGIO_MASSIMO, PUNTEGGIO_MINIMO, Lato, Sottodimensione
from services.core.platform.yamlstretto import leggi_yaml


class ParametroMancante(LookupError):
    """No version is in force on the day asked."""


class _Rigido(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LatoDescritto(_Rigido):
    etichetta: str
    da_verificare: bool
    sottodimensioni: dict[Sottodimensione, str]


class Scala(_Rigido):
    da_verificare: bool
    livelli: dict[int, str]


class MondoDescritto(_Rigido):
    """One version of the labels; it must describe every sub-dimension on its own side, in the model's order, and every level."""

    versione: str
    valido_dal: date
    atto: str
    lati: dict[Lato, LatoDescritto]
    scala: Scala

    @model_validator(mode="after")
    def _descrive_il_modello(self) -> "MondoDescritto":
        if {lato: tuple(d.sottodimensioni) for lato, d in self.lati.items()} != dict(LATI):
            raise ValueError("lati o sottodimensioni diversi dal modello")
        if list(self.scala.livelli) != list(range(PUNTEGGIO_MINIMO, PUNTEGGIO_MASSIMO + 1)):
            raise ValueError("livelli diversi dal modello")
        return self


class _File(_Rigido):
    mondo_del_bambino: tuple[MondoDescritto, ...]


@lru_cache(maxsize=1)
def _file() -> _File:
    testo = files("services.core.pippi").joinpath("parametri.yaml").read_text(encoding="utf-8")
    return _File.model_validate(leggi_yaml(testo))


def mondo_descritto(data_riferimento: date) -> MondoDescritto:
    """Return the wording in force on `data_riferimento`.

    Raises:
        ParametroMancante: none is.
    """
    vigenti = [v for v in _file().mondo_del_bambino if v.valido_dal <= data_riferimento]
    if not vigenti:
        raise ParametroMancante("mondo_del_bambino")
    return max(vigenti, key=lambda v: v.valido_dal)
