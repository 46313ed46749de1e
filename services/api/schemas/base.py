"""Bases of the schemas. What comes in is checked to the last character; what goes out has no defaults.

Input is stricter than pydantic's habit, without a word in each schema: no number from text, no integer from a boolean,
dates and instants only in RFC 3339, amounts never from binary floats, every text and list bounded. The docstring of a
schema is published in the contract, so it is in Italian.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, PydanticUndefined, core_schema

from services.api.motivi import TIPO_NOSTRO

LUNGHEZZA_TESTO = 2_000
"""Characters of a text that names no other bound."""

LUNGHEZZA_ELENCO = 200
"""Elements of an input list that names no other bound."""

MASSIMO_PAGINA = 100
"""Elements of a page."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

_GIORNO = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISTANTE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")


def rifiuta(motivo: str) -> PydanticCustomError:
    """Return the error a validator raises: `motivo`, in Italian and without the value, reaches the caller as it is."""
    return PydanticCustomError(TIPO_NOSTRO, motivo)


def _testo(valore: str) -> str:
    if "\x00" in valore:
        raise rifiuta("contiene caratteri non ammessi")
    return valore


def _giorno(valore: Any) -> Any:
    if isinstance(valore, int | float) or (isinstance(valore, str) and not _GIORNO.fullmatch(valore)):
        raise PydanticCustomError("date_parsing", "date")
    return valore


def _istante(valore: Any) -> Any:
    if isinstance(valore, int | float) or (isinstance(valore, str) and not _ISTANTE.fullmatch(valore)):
        raise PydanticCustomError("datetime_parsing", "datetime")
    return valore


def _decimale(valore: Any) -> Any:
    if isinstance(valore, float):
        raise rifiuta("i numeri con decimali si scrivono tra virgolette")
    return valore


def _con_limiti(schema: dict[str, Any], **limiti: Any) -> dict[str, Any]:
    return {**limiti, **schema}


def _intero(schema: dict[str, Any]) -> dict[str, Any]:
    esito = {**schema, "strict": True}
    if "ge" not in schema and "gt" not in schema:
        esito["ge"] = INT64_MIN
    if "le" not in schema and "lt" not in schema:
        esito["le"] = INT64_MAX
    return esito


_SEVERI: dict[str, Callable[[Any], Any]] = {
    "int": _intero,
    "bool": lambda s: {**s, "strict": True},
    "float": lambda s: {**s, "strict": True, "allow_inf_nan": False},
    "str": lambda s: core_schema.no_info_after_validator_function(_testo, _con_limiti(s, max_length=LUNGHEZZA_TESTO)),
    "list": lambda s: _con_limiti(s, max_length=LUNGHEZZA_ELENCO),
    "set": lambda s: _con_limiti(s, max_length=LUNGHEZZA_ELENCO),
    "dict": lambda s: _con_limiti(s, max_length=LUNGHEZZA_ELENCO),
    "date": lambda s: core_schema.no_info_before_validator_function(_giorno, s),
    "datetime": lambda s: core_schema.no_info_before_validator_function(_istante, _con_limiti(s, tz_constraint="aware")),
    "decimal": lambda s: core_schema.no_info_before_validator_function(_decimale, s),
}
_CONTENITORI = ("schema", "items_schema", "keys_schema", "values_schema")


def _severo(schema: Any, radice: bool = False) -> Any:
    """Return the core schema with the strict rule on its leaves; models inside carry their own."""
    if schema["type"] in ("model", "definitions") and not radice:
        return schema
    esito = dict(schema)
    for nome in _CONTENITORI:
        if isinstance(esito.get(nome), dict):
            esito[nome] = _severo(esito[nome], radice=schema["type"] == "definitions" or schema["type"].startswith("function"))
    if "fields" in esito and isinstance(esito["fields"], dict):
        esito["fields"] = {n: _severo(campo) for n, campo in esito["fields"].items()}
    if isinstance(esito.get("choices"), list):
        esito["choices"] = [(_severo(c[0]), c[1]) if isinstance(c, tuple) else _severo(c) for c in esito["choices"]]
    severo = _SEVERI.get(esito["type"])
    return severo(esito) if severo else esito


class Ingresso(BaseModel):
    """What a caller sends. Unknown fields are refused."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        validate_default=True,
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: CoreSchema = _severo(handler(source), radice=True)
        return schema


class IngressoTollerante(Ingresso):
    """What a caller sends under a contract that others wrote and that lets fields be added: unknown ones are ignored."""

    model_config = ConfigDict(extra="ignore")


class Uscita(BaseModel):
    """What we answer. Every field is always present: a field with a default is a fault of the schema, found at import.

    Rows of our own tables are not validated again on the way out: build it with `model_construct` where it is hot.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True, hide_input_in_errors=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for nome, campo in cls.model_fields.items():
            if campo.default is not PydanticUndefined or campo.default_factory is not None:
                raise TypeError(f"{cls.__name__}.{nome}: an answer has no defaults")


T = TypeVar("T")


class Pagina(Uscita, Generic[T]):
    """Una pagina di un elenco. Per leggere oltre, `successivo` si rimanda come `cursore`."""

    elementi: list[T] = Field(max_length=MASSIMO_PAGINA)
    successivo: str | None = Field(max_length=1024, description="Cursore della pagina seguente; nullo se non c'è altro.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the page after its elements, so that the OpenAPI component is readable."""
        return "Pagina" + "".join(p.__name__ for p in params)


Centesimi = Annotated[
    int, Field(ge=0, le=10**13, description="Importo in centesimi di euro.", json_schema_extra={"format": "int64"})
]
Versione = Annotated[
    int,
    Field(ge=1, le=INT64_MAX, description="Versione del documento, la stessa dell'ETag.", json_schema_extra={"format": "int64"}),
]
TestoBreve = Annotated[str, Field(min_length=1, max_length=200)]
"""A name, a title, a reason: one line, never empty."""
