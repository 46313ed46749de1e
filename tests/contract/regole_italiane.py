"""The Italian interoperability rules on an OpenAPI document, as functions of ours.

They state what the public checker of api-oas-checker asks (names of the rules are the same, so that a finding can be
looked up) and what ModI's recommendations say; the code is written here from those statements. `errori` must be empty;
`avvisi` are the recommendations. Rules about what we do not offer yet (rate limits) are not here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Documento = dict[str, Any]
METODI = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SCRITTURE = ("post", "put", "patch", "delete")
PROBLEMI = {"application/problem+json", "application/problem+xml"}


@dataclass(frozen=True, order=True)
class Rilievo:
    regola: str
    dove: str


Regola = Callable[[Documento], Iterator[str]]
ERRORI: dict[str, Regola] = {}
AVVISI: dict[str, Regola] = {}


def errore(nome: str) -> Callable[[Regola], Regola]:
    """Register a rule a published API must keep."""
    return lambda f: ERRORI.setdefault(nome, f)


def avviso(nome: str) -> Callable[[Regola], Regola]:
    """Register a recommendation."""
    return lambda f: AVVISI.setdefault(nome, f)


def _applica(regole: dict[str, Regola], documento: Documento) -> list[Rilievo]:
    return sorted(Rilievo(nome, dove) for nome, regola in regole.items() for dove in regola(documento))


def errori(documento: Documento) -> list[Rilievo]:
    """Return the broken rules."""
    return _applica(ERRORI, documento)


def avvisi(documento: Documento) -> list[Rilievo]:
    """Return the recommendations not followed."""
    return _applica(AVVISI, documento)


# -- walking the document ------------------------------------------------------------------------------------------------


def risolvi(documento: Documento, nodo: Any) -> Any:
    """Follow `$ref` inside the document."""
    while isinstance(nodo, dict) and "$ref" in nodo:
        meta: Any = documento
        for passo in nodo["$ref"].removeprefix("#/").split("/"):
            meta = meta[passo.replace("~1", "/").replace("~0", "~")]
        nodo = meta
    return nodo


def operazioni(documento: Documento) -> Iterator[tuple[str, str, Documento, Documento]]:
    """Yield (path, method, path item, operation)."""
    for percorso, voce in documento.get("paths", {}).items():
        for metodo in METODI:
            if metodo in voce:
                yield percorso, metodo, voce, voce[metodo]


def parametri(documento: Documento) -> Iterator[tuple[str, Documento]]:
    """Yield every parameter, of operations, path items and components."""
    for percorso, metodo, voce, op in operazioni(documento):
        for p in (*voce.get("parameters", ()), *op.get("parameters", ())):
            yield f"{metodo} {percorso}", risolvi(documento, p)
    for nome, p in documento.get("components", {}).get("parameters", {}).items():
        yield f"components.parameters.{nome}", risolvi(documento, p)


def risposte(documento: Documento) -> Iterator[tuple[str, str, str, Documento]]:
    """Yield (path, method, status, response), references followed."""
    for percorso, metodo, _, op in operazioni(documento):
        for stato, r in op.get("responses", {}).items():
            yield percorso, metodo, str(stato), risolvi(documento, r)


def nodi(nodo: Any, dove: str = "") -> Iterator[tuple[str, Documento]]:
    """Yield every object of the document with its place."""
    if isinstance(nodo, dict):
        yield dove, nodo
        for nome, valore in nodo.items():
            if nome not in ("example", "examples", "enum", "default"):
                yield from nodi(valore, f"{dove}.{nome}")
    elif isinstance(nodo, list):
        for i, valore in enumerate(nodo):
            yield from nodi(valore, f"{dove}[{i}]")


def di_tipo(documento: Documento, tipo: str) -> Iterator[tuple[str, Documento]]:
    """Yield the schemas whose `type` is `tipo`."""
    return ((dove, n) for dove, n in nodi(documento) if n.get("type") == tipo)


def schemi_di_sicurezza(documento: Documento) -> dict[str, Documento]:
    """Return the security schemes by name."""
    return documento.get("components", {}).get("securitySchemes", {})  # type: ignore[no-any-return]


def _info(documento: Documento, campo: str) -> Iterator[str]:
    if not documento.get("info", {}).get(campo):
        yield "info"


# -- the document ---------------------------------------------------------------------------------------------------------


@errore("no-swagger-2")
def _(d: Documento) -> Iterator[str]:
    if "swagger" in d or not str(d.get("openapi", "")).startswith("3."):
        yield "openapi"


@errore("use-semver")
def _(d: Documento) -> Iterator[str]:
    if not re.match(r"\d+\.\d+\.\d+(-[a-z0-9+.-]+)?$", str(d.get("info", {}).get("version", ""))):
        yield "info.version"


@errore("has-x-summary")
def _(d: Documento) -> Iterator[str]:
    return _info(d, "x-summary")


@errore("has-contact")
def _(d: Documento) -> Iterator[str]:
    return _info(d, "contact")


@avviso("has-termsOfService")
def _(d: Documento) -> Iterator[str]:
    return _info(d, "termsOfService")


@avviso("has-x-api-id")
def _(d: Documento) -> Iterator[str]:
    return _info(d, "x-api-id")


@errore("servers-description")
def _(d: Documento) -> Iterator[str]:
    if not d.get("servers"):
        yield "servers"
    yield from (s["url"] for s in d.get("servers", ()) if not s.get("description"))


@errore("servers-use-https")
def _(d: Documento) -> Iterator[str]:
    for s in d.get("servers", ()):
        if urlsplit(s["url"]).scheme != "https" and s.get("x-sandbox") is not True:
            yield s["url"]


# -- headers and parameters ----------------------------------------------------------------------------------------------


def _intestazioni(d: Documento) -> Iterator[tuple[str, str]]:
    for dove, p in parametri(d):
        if p["in"] == "header":
            yield dove, p["name"]
    for percorso, metodo, stato, r in risposte(d):
        for nome in r.get("headers", {}):
            yield f"{metodo} {percorso} {stato}", nome


@errore("no-forbidden-headers")
def _(d: Documento) -> Iterator[str]:
    vietate = {"authorization", "content-type", "accept"}
    yield from (f"{dove} {nome}" for dove, nome in _intestazioni(d) if nome.lower() in vietate)


@avviso("no-x-headers")
def _(d: Documento) -> Iterator[str]:
    ammesse = ("x-ratelimit-", "x-correlation-id", "x-replyto")
    yield from (f"{dove} {n}" for dove, n in _intestazioni(d) if n.lower().startswith("x-") and not n.lower().startswith(ammesse))


@avviso("cache-control-parameter-undocumented")
def _(d: Documento) -> Iterator[str]:
    detto = re.compile("max-age|private|no-store|no-cache|no-transform")
    for dove, p in parametri(d):
        if p["in"] == "header" and p["name"].lower() == "cache-control" and not detto.search(p.get("description", "")):
            yield dove


@errore("sec-credentials-parameters")
def _(d: Documento) -> Iterator[str]:
    segreti = re.compile("password|secret|apikey", re.IGNORECASE)
    yield from (f"{dove} {p['name']}" for dove, p in parametri(d) if p["in"] in ("query", "path") and segreti.search(p["name"]))


@errore("dati-personali-nell-url")
def _(d: Documento) -> Iterator[str]:
    """RAC_GEN_004: nothing confidential in a URL; for us a codice fiscale and a name are."""
    personali = re.compile(r"codice_?-?fiscale|^cf$|cognome|^nome$|nascita|tax_?code|family_?name|given_?name", re.IGNORECASE)
    yield from (f"{dove} {p['name']}" for dove, p in parametri(d) if p["in"] in ("query", "path") and personali.search(p["name"]))


# -- methods and bodies --------------------------------------------------------------------------------------------------


def _con_corpo(d: Documento, metodo: str) -> Iterator[str]:
    yield from (percorso for percorso, m, _, op in operazioni(d) if m == metodo and "requestBody" in op)


@errore("http-request-GET-no-body")
def _(d: Documento) -> Iterator[str]:
    return _con_corpo(d, "get")


@avviso("http-request-DELETE-no-body")
def _(d: Documento) -> Iterator[str]:
    return _con_corpo(d, "delete")


@errore("patch-without-request-body")
def _(d: Documento) -> Iterator[str]:
    for percorso, metodo, _, op in operazioni(d):
        if metodo == "patch" and not risolvi(d, op.get("requestBody", {})).get("required"):
            yield percorso


@errore("patch-media-type")
def _(d: Documento) -> Iterator[str]:
    for percorso, metodo, _, op in operazioni(d):
        if metodo == "patch" and "application/json" in risolvi(d, op.get("requestBody", {})).get("content", {}):
            yield percorso


@avviso("patch-json-patch-mediatype")
def _(d: Documento) -> Iterator[str]:
    for percorso, metodo, _, op in operazioni(d):
        contenuto = risolvi(d, op.get("requestBody", {})).get("content", {}).get("application/json-patch+json")
        if metodo == "patch" and contenuto and risolvi(d, contenuto.get("schema", {})).get("type") != "array":
            yield percorso


# -- answers -------------------------------------------------------------------------------------------------------------


@errore("http-response-no-content-204-205")
def _(d: Documento) -> Iterator[str]:
    yield from (f"{m} {p} {s}" for p, m, s, r in risposte(d) if s in ("204", "205") and r.get("content"))


@errore("use-problem-json-for-errors")
def _(d: Documento) -> Iterator[str]:
    for percorso, metodo, stato, r in risposte(d):
        if re.match("4|5|default", stato) and not r.get("x-noqa") and set(r.get("content", {})) - PROBLEMI:
            yield f"{metodo} {percorso} {stato}"


@avviso("use-problem-schema")
def _(d: Documento) -> Iterator[str]:
    for percorso, metodo, stato, r in risposte(d):
        if re.match("4|5|default", stato):
            for contenuto in r.get("content", {}).values():
                richiesti = set(risolvi(d, contenuto.get("schema", {})).get("required", ()))
                if len(richiesti & {"title", "status", "type", "detail"}) < 2:
                    yield f"{metodo} {percorso} {stato}"


@avviso("response-with-json-object")
def _(d: Documento) -> Iterator[str]:
    for percorso, metodo, stato, r in risposte(d):
        for media, contenuto in r.get("content", {}).items():
            tipo = risolvi(d, contenuto.get("schema", {})).get("type")
            if media.endswith("json") and not media.endswith("json-patch+json") and tipo not in (None, "object"):
                yield f"{metodo} {percorso} {stato}"


@avviso("missing-retry-after")
def _(d: Documento) -> Iterator[str]:
    yield from (f"{m} {p}" for p, m, s, r in risposte(d) if s == "503" and "Retry-After" not in r.get("headers", {}))


@errore("ratelimit-429-completeness")
def _(d: Documento) -> Iterator[str]:
    terna = ("Limit", "Remaining", "Reset")
    for percorso, metodo, stato, r in risposte(d):
        nomi = [n for n in r.get("headers", {}) if re.match("(X-)?RateLimit-", n)]
        if stato == "429" and nomi:
            complete = [pre for pre in ("RateLimit-", "X-RateLimit-") if all(pre + t in nomi for t in terna)]
            if len(complete) != 1 or len(nomi) != len(terna):
                yield f"{metodo} {percorso}"


# -- /status -------------------------------------------------------------------------------------------------------------


def _stato(d: Documento) -> Iterator[tuple[str, Documento]]:
    yield from ((s, r) for p, m, s, r in risposte(d) if p == "/status" and m == "get")


@errore("paths-status")
def _(d: Documento) -> Iterator[str]:
    if d.get("paths") and "/status" not in d["paths"]:
        yield "paths"


@errore("paths-status-return-json")
def _(d: Documento) -> Iterator[str]:
    ammessi = {"application/json", "application/problem+json"}
    yield from (s for s, r in _stato(d) if s == "200" and set(r.get("content", {})) - ammessi)


@errore("paths-status-return-problem")
def _(d: Documento) -> Iterator[str]:
    """The contract of INPS and the first version of the rule ask it for 200 too; we keep the stricter one."""
    stati = dict(_stato(d))
    if "/status" in d.get("paths", {}) and "200" not in stati:
        yield "200"
    yield from (s for s, r in stati.items() if set(r.get("content", {})) != {"application/problem+json"})


@avviso("paths-status-problem-schema")
def _(d: Documento) -> Iterator[str]:
    for stato, r in _stato(d):
        for contenuto in r.get("content", {}).values():
            proprieta = risolvi(d, contenuto.get("schema", {})).get("properties", {})
            if not {"status", "title", "detail"} <= proprieta.keys():
                yield stato


@avviso("paths-kebab-case")
def _(d: Documento) -> Iterator[str]:
    passo = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|\{[^}]+\}")
    yield from (p for p in d.get("paths", {}) if not all(passo.fullmatch(s) for s in p.strip("/").split("/")))


# -- schemas -------------------------------------------------------------------------------------------------------------


@errore("number-format")
def _(d: Documento) -> Iterator[str]:
    yield from (dove for dove, s in di_tipo(d, "number") if not s.get("format"))


@errore("integer-format")
def _(d: Documento) -> Iterator[str]:
    yield from (dove for dove, s in di_tipo(d, "integer") if not s.get("format"))


@avviso("allowed-integer-format")
def _(d: Documento) -> Iterator[str]:
    yield from (dove for dove, s in di_tipo(d, "integer") if s.get("format") not in ("int32", "int64"))


@avviso("sec-number-boundaries")
def _(d: Documento) -> Iterator[str]:
    for tipo in ("number", "integer"):
        yield from (dove for dove, s in di_tipo(d, tipo) if "minimum" not in s or "maximum" not in s)


@avviso("sec-array-boundaries")
def _(d: Documento) -> Iterator[str]:
    yield from (dove for dove, s in di_tipo(d, "array") if "minItems" not in s or "maxItems" not in s)


@avviso("sec-string-maxlength")
def _(d: Documento) -> Iterator[str]:
    yield from (dove for dove, s in di_tipo(d, "string") if not {"enum", "format", "maxLength"} & s.keys())


@avviso("sec-no-additionalProperties")
def _(d: Documento) -> Iterator[str]:
    for dove, s in di_tipo(d, "object"):
        altre = s.get("additionalProperties", True)
        if altre is True or (altre is not False and "maxProperties" not in s):
            yield dove


def _esempi(nodo: Documento) -> Iterator[Any]:
    if "example" in nodo:
        yield nodo["example"]
    yield from (e["value"] for e in (nodo.get("examples") or {}).values() if "value" in e)


@errore("oas3-valid-media-example")
def _(d: Documento) -> Iterator[str]:
    registro: Registry[Any] = Registry().with_resource("urn:doc", Resource.from_contents(d, default_specification=DRAFT202012))
    for dove, nodo in nodi(d.get("paths", {})):
        if isinstance(nodo.get("schema"), dict):
            schema = _assoluto(nodo["schema"])
            for esempio in _esempi(nodo):
                if not OAS30Validator(schema, registry=registro).is_valid(esempio):
                    yield dove


def _assoluto(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {n: f"urn:doc{v}" if n == "$ref" else _assoluto(v) for n, v in schema.items()}
    return [_assoluto(v) for v in schema] if isinstance(schema, list) else schema


# -- security ------------------------------------------------------------------------------------------------------------


@errore("sec-apikeys-url")
def _(d: Documento) -> Iterator[str]:
    yield from (n for n, s in schemi_di_sicurezza(d).items() if s.get("type") == "apiKey" and s.get("in") == "query")


@errore("sec-apikeys-cookie")
def _(d: Documento) -> Iterator[str]:
    yield from (n for n, s in schemi_di_sicurezza(d).items() if s.get("type") == "apiKey" and s.get("in") == "cookie")


@errore("sec-auth-insecure-schemes")
def _(d: Documento) -> Iterator[str]:
    insicuri = ("negotiate", "oauth", "basic", "digest")
    yield from (n for n, s in schemi_di_sicurezza(d).items() if s.get("type") == "http" and s["scheme"].lower() in insicuri)


def _flussi(d: Documento) -> Iterator[tuple[str, str, Documento]]:
    for nome, s in schemi_di_sicurezza(d).items():
        if s.get("type") == "oauth2":
            yield from ((nome, flusso, dati) for flusso, dati in s.get("flows", {}).items())


@errore("sec-securitySchemes-oauth-http")
def _(d: Documento) -> Iterator[str]:
    for nome, flusso, dati in _flussi(d):
        if any(c.lower().endswith("url") and not v.startswith("https://") for c, v in dati.items() if isinstance(v, str)):
            yield f"{nome}.{flusso}"


@errore("sec-securitySchemes-oauth-allowed-flows")
def _(d: Documento) -> Iterator[str]:
    yield from (f"{nome}.{flusso}" for nome, flusso, _ in _flussi(d) if flusso in ("implicit", "password"))


@avviso("sec-securitySchemes-jwt")
def _(d: Documento) -> Iterator[str]:
    for nome, s in schemi_di_sicurezza(d).items():
        if (s.get("type") == "oauth2" or s.get("bearerFormat", "").upper() == "JWT") and "RFC8725" not in s.get(
            "description", ""
        ):
            yield nome


@errore("sec-protection-global-unsafe")
def _(d: Documento) -> Iterator[str]:
    """Stricter than the public rule: a write must name a scheme that exists, an empty requirement does not protect it."""
    noti = schemi_di_sicurezza(d).keys()
    for percorso, metodo, _, op in operazioni(d):
        requisiti = op.get("security", d.get("security", ()))
        if metodo in SCRITTURE and not (requisiti and all(r and r.keys() <= noti for r in requisiti)):
            yield f"{metodo} {percorso}"


@avviso("oas3-pdnd-security-defined")
def _(d: Documento) -> Iterator[str]:
    yield from (f"{m} {p}" for p, m, _, op in operazioni(d) if "security" not in op and "security" not in d)


# -- names ---------------------------------------------------------------------------------------------------------------


@errore("operation-operationId-unique")
def _(d: Documento) -> Iterator[str]:
    visti: set[str] = set()
    for percorso, metodo, _, op in operazioni(d):
        nome = op.get("operationId", "")
        if not nome or nome in visti:
            yield f"{metodo} {percorso}"
        visti.add(nome)


@avviso("operation-described")
def _(d: Documento) -> Iterator[str]:
    yield from (f"{m} {p}" for p, m, _, op in operazioni(d) if not op.get("summary") or not op.get("tags"))
