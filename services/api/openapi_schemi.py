"""Schemas of the contract: from pydantic's JSON Schema 2020-12 to OpenAPI 3.0.3, with the formats and bounds ModI asks.

3.0.3 and not 3.1: it is what the catalogue of PDND, INPS's own contract, the generators of the enti and the bundled
Swagger UI read. Numbers carry a format (RAC_REST_FORMAT_004); answers carry the bounds our own columns have.
"""

from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

NULLO: Schema = {"type": "object", "nullable": True, "enum": [None], "additionalProperties": False}
"""The value null, in OpenAPI 3.0.3, beside another schema in `anyOf`."""

TESTO_USCITA = 65_536
"""Characters of an answer's text that names no other bound."""

ELENCO_USCITA = 10_000
"""Elements of an answer's list that names no other bound."""

_INT32 = (-(2**31), 2**31 - 1)
_INT64 = (-(2**63), 2**63 - 1)
_ASSENTI_IN_30 = ("$schema", "$comment", "$id", "propertyNames", "contentMediaType", "contentEncoding", "unevaluatedProperties")
_ELENCHI = ("allOf", "anyOf", "oneOf")


def figli(schema: Schema) -> Iterator[Schema]:
    """Yield the schemas directly inside `schema`."""
    for nome in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(nome), dict):
            yield schema[nome]
    for nome in _ELENCHI:
        yield from schema.get(nome, ())
    yield from schema.get("properties", {}).values()


def trasforma(schema: Schema, passo: Callable[[Schema], Schema]) -> Schema:
    """Return `schema` with `passo` applied to it and to every schema inside, the innermost first."""
    esito = dict(schema)
    for nome in ("items", "additionalProperties", "not"):
        if isinstance(esito.get(nome), dict):
            esito[nome] = trasforma(esito[nome], passo)
    for nome in _ELENCHI:
        if nome in esito:
            esito[nome] = [trasforma(s, passo) for s in esito[nome]]
    if isinstance(esito.get("properties"), dict):
        esito["properties"] = {n: trasforma(s, passo) for n, s in esito["properties"].items()}
    return passo(esito)


def _e_nullo(schema: Schema) -> bool:
    return schema == NULLO or schema.get("type") == "null"


def _annullabile(schema: Schema) -> Schema:
    alternative = [s for s in schema["anyOf"] if not _e_nullo(s)]
    if len(alternative) == len(schema["anyOf"]):
        return schema
    altro = {n: v for n, v in schema.items() if n != "anyOf"}
    if len(alternative) == 1 and "type" in alternative[0] and "enum" not in alternative[0]:
        return {**alternative[0], **altro, "nullable": True}
    return {**altro, "anyOf": [*alternative, NULLO]}


def _tipi(esito: Schema) -> Schema:
    tipo = esito.get("type")
    if tipo == "null":
        return dict(NULLO)
    if isinstance(tipo, list):
        veri = [t for t in tipo if t != "null"]
        esito["type"] = veri[0]
        if len(veri) < len(tipo):
            esito["nullable"] = True
    return esito


def in_30(schema: Schema) -> Schema:
    """Return one schema node as OpenAPI 3.0.3 writes it."""
    esito = _tipi({n: v for n, v in schema.items() if n not in _ASSENTI_IN_30})
    esito.pop("title", None)
    if "const" in esito:
        esito["enum"] = [esito.pop("const")]
    for limite, inclusivo in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if limite in esito and not isinstance(esito[limite], bool):
            esito[inclusivo], esito[limite] = esito[limite], True
    if isinstance(esito.get("examples"), list):
        esito["example"] = esito.pop("examples")[0]
    if "prefixItems" in esito:
        esito["items"] = {"anyOf": esito.pop("prefixItems")}
    if esito.get("additionalProperties") is True and "maxProperties" in esito:
        esito["additionalProperties"] = {}
    if "$ref" in esito and len(esito) > 1:
        esito["allOf"] = [{"$ref": esito.pop("$ref")}]
    return _annullabile(esito) if "anyOf" in esito else esito


def con_formati(schema: Schema) -> Schema:
    """Return one schema node with the format of its number, and the bounds that format implies."""
    if schema.get("type") == "number":
        return {"format": "double", **schema}
    if schema.get("type") != "integer":
        return schema
    minimo, massimo = schema.get("minimum"), schema.get("maximum")
    piccolo = minimo is not None and massimo is not None and minimo >= _INT32[0] and massimo <= _INT32[1]
    esito = {"format": "int32" if piccolo else "int64", **schema}
    estremi = _INT32 if esito["format"] == "int32" else _INT64
    esito.setdefault("minimum", estremi[0])
    esito.setdefault("maximum", estremi[1])
    return esito


def con_minimi(schema: Schema) -> Schema:
    """Return one schema node whose list says its smallest length."""
    return {"minItems": 0, **schema} if schema.get("type") == "array" else schema


def con_limiti_uscita(schema: Schema) -> Schema:
    """Return one node of an answer's schema with the bounds it does not name."""
    if schema.get("type") == "array":
        return {"maxItems": ELENCO_USCITA, **schema}
    if schema.get("type") == "string" and not {"enum", "format", "maxLength"} & schema.keys():
        return {**schema, "maxLength": TESTO_USCITA}
    return schema


def riferimenti(schema: Schema) -> set[str]:
    """Return the names of the components `schema` refers to, at any depth inside itself."""
    trovati = {schema["$ref"].rpartition("/")[2]} if "$ref" in schema else set()
    for figlio in figli(schema):
        trovati |= riferimenti(figlio)
    return trovati


def raggiunti(partenza: set[str], schemi: dict[str, Schema]) -> set[str]:
    """Return the components reached from those in `partenza`."""
    visti: set[str] = set()
    da_vedere = set(partenza)
    while da_vedere:
        nome = da_vedere.pop()
        visti.add(nome)
        da_vedere |= riferimenti(schemi.get(nome, {})) - visti
    return visti
