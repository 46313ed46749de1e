"""The contract: what FastAPI knows, corrected to the Italian interoperability rules, always in the same order.

`installa(app)` replaces `app.openapi`; `esporta(app)` gives the text committed as `openapi/openapi.yaml`. The rules are
checked by `tests/contract/regole_italiane.py`.
"""

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from services.api.openapi_schemi import (
    con_formati,
    con_limiti_uscita,
    con_minimi,
    in_30,
    raggiunti,
    riferimenti,
    trasforma,
)
from services.api.problems import MEDIA, Problema
from services.api.rotte import RottaWaas
from services.core.platform.settings import Settings

Documento = dict[str, Any]

VERSIONE_OPENAPI = "3.0.3"
_METODI = ("get", "head", "post", "put", "patch", "delete", "options")
_SCRITTURE = ("post", "put", "patch", "delete")
_CAMPI_OPERAZIONE = ("tags", "summary", "description", "operationId", "parameters", "requestBody", "responses", "security")
_CAMELLO = re.compile(r"[a-z][a-zA-Z0-9]*")
_RIF = "#/components/{}/{}"

_ERRORI: dict[str, tuple[str, str]] = {
    "400": ("RichiestaMalformata", "La richiesta è malformata."),
    "401": ("NonAutenticato", "Credenziali assenti, scadute o non valide."),
    "403": ("Vietato", "L'incarico non consente l'operazione."),
    "404": ("NonTrovato", "Non esiste, o non è visibile a chi chiede."),
    "409": ("Conflitto", "La richiesta contrasta con lo stato attuale."),
    "413": ("TroppoGrande", "Il corpo della richiesta è troppo grande."),
    "415": ("TipoNonSupportato", "Il tipo di contenuto non è ammesso."),
    "422": ("DatiNonValidi", "I dati non possono essere accettati."),
    "428": ("PrecondizioneRichiesta", "Manca l'intestazione If-Match."),
    "503": ("NonDisponibile", "Il servizio non è al momento disponibile."),
    "default": ("Inatteso", "Errore inatteso."),
}
_ESITI = {"200": "Fatto.", "201": "Creato.", "202": "Accettato.", "204": "Fatto, senza contenuto."}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Secondi dopo i quali riprovare.",
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400},
    }
}


@dataclass(frozen=True)
class Descrizione:
    """What the catalogue shows of the API."""

    titolo: str = "Ambito: API dell'ambito territoriale sociale"
    versione: str = "0.1.0"
    sommario: str = "Cartella sociale, misure, progetti, flussi statali e indicatori del Piano di Zona."
    api_id: str = "ambito-territoriale-sociale"
    testo: str = (
        "Il backend aperto di un ambito territoriale sociale. Ogni errore è `application/problem+json` (RFC 9457). "
        "Ogni elenco è una pagina con `elementi` e `successivo`. Le risposte non vanno conservate nelle cache."
    )
    condizioni: str = "https://ambito.example/condizioni"
    contatto: dict[str, str] = field(
        default_factory=lambda: {"name": "Ambito", "url": "https://ambito.example", "email": "api@ambito.example"}
    )
    licenza: dict[str, str] = field(
        default_factory=lambda: {"name": "EUPL-1.2", "url": "https://joinup.ec.europa.eu/collection/eupl/eupl-text-eupl-12"}
    )
    server: tuple[dict[str, Any], ...] = (
        {"url": "/", "description": "Il server che mostra questo documento (sviluppo e prova).", "x-sandbox": True},
        {"url": "https://ambito.example", "description": "Esempio di produzione: l'indirizzo è dell'ente che eroga."},
    )


def id_operazione(rotta: APIRoute) -> str:
    """Return the operationId of a route that names none: its function in camelCase. For `generate_unique_id_function`."""
    prima, *altre = rotta.name.split("_")
    return prima + "".join(parola.capitalize() for parola in altre)


def _rotte(app: FastAPI) -> Iterator[tuple[str, str, RouteContext]]:
    for contesto in iter_route_contexts(app.routes):
        if isinstance(contesto.original_route, APIRoute) and contesto.path_format:
            for metodo in contesto.methods or ():
                yield contesto.path_format, metodo.lower(), contesto


def _operazioni(documento: Documento) -> Iterator[tuple[str, str, Documento]]:
    for percorso, voci in documento["paths"].items():
        for metodo in _METODI:
            if metodo in voci:
                yield percorso, metodo, voci[metodo]


def _rif(specie: str, nome: str) -> Documento:
    return {"$ref": _RIF.format(specie, nome)}


def _stati_errore(operazione: Documento, metodo: str, waas: bool) -> list[str]:
    parametri = {(p["in"], p["name"].lower()) for p in operazione.get("parameters", ())}
    stati = ["400", "503", "default"] if waas else ["400", "422", "503", "default"]
    if any(operazione.get("security", ())):
        stati += ["401", "403"]
    if metodo in _SCRITTURE or any(luogo == "path" for luogo, _ in parametri):
        stati.append("404")
    if metodo in _SCRITTURE:
        stati.append("409")
    if "requestBody" in operazione:
        stati += ["413", "415"]
    if ("header", "if-match") in parametri:
        stati.append("428")
    return stati


def _metti_errori(operazione: Documento, metodo: str, waas: bool) -> None:
    risposte: Documento = operazione["responses"]
    if "HTTPValidationError" in str(risposte.get("422")):
        del risposte["422"]
    for stato, risposta in risposte.items():
        if stato[0] in "45d" and "$ref" not in risposta:
            risposta["content"] = {MEDIA: {"schema": _rif("schemas", "Problema")}}
    for stato in _stati_errore(operazione, metodo, waas):
        risposte.setdefault(stato, _rif("responses", _ERRORI[stato][0]))
    for stato, risposta in risposte.items():
        if risposta.get("description") == "Successful Response":
            risposta["description"] = _ESITI.get(stato, "Fatto.")
    operazione["responses"] = {s: risposte[s] for s in sorted(risposte)}


def _metti_descrizione(operazione: Documento, contesto: RouteContext | None) -> None:
    """Docstrings are for developers, in English: only a description given to the route on purpose is published."""
    testo = inspect.getdoc(contesto.endpoint) if contesto is not None else None
    if testo and operazione.get("description", "").startswith(testo.split("\f")[0].strip()):
        del operazione["description"]


def _sistema_operazioni(documento: Documento, app: FastAPI) -> None:
    contesti = {(percorso, metodo): contesto for percorso, metodo, contesto in _rotte(app)}
    for percorso, metodo, operazione in _operazioni(documento):
        contesto = contesti.get((percorso, metodo))
        _metti_descrizione(operazione, contesto)
        _metti_errori(operazione, metodo, contesto is not None and isinstance(contesto.original_route, RottaWaas))
        for parametro in operazione.get("parameters", ()):
            if parametro["in"] == "header" and parametro["name"].lower() == "if-match":
                parametro["required"] = True


def _controlla_nomi(documento: Documento) -> None:
    nomi = Counter(operazione.get("operationId", "") for _, _, operazione in _operazioni(documento))
    cattivi = sorted(n for n, volte in nomi.items() if volte > 1 or not _CAMELLO.fullmatch(n))
    if cattivi:
        raise ValueError(f"operationId ripetuti o non in camelCase: {', '.join(cattivi)}")


def _componenti(documento: Documento) -> Documento:
    componenti: Documento = documento.setdefault("components", {})
    schemi: Documento = componenti.setdefault("schemas", {})
    for nome in ("HTTPValidationError", "ValidationError"):
        schemi.pop(nome, None)
    problema = Problema.model_json_schema(ref_template=_RIF.format("schemas", "{model}"))
    for nome, schema in {**problema.pop("$defs", {}), "Problema": problema}.items():
        schemi[nome] = {n: v for n, v in schema.items() if n != "description"}
    for schema in schemi.values():
        if "enum" in schema:
            schema.pop("description", None)
    componenti["responses"] = {
        nome: {
            "description": descrizione,
            **({"headers": _RETRY_AFTER} if stato == "503" else {}),
            "content": {MEDIA: {"schema": _rif("schemas", "Problema")}},
        }
        for stato, (nome, descrizione) in _ERRORI.items()
    }
    for sicurezza in componenti.get("securitySchemes", {}).values():
        if sicurezza.get("scheme") == "bearer":
            sicurezza["bearerFormat"] = "JWT"
            sicurezza["description"] = f"{sicurezza.get('description', 'Token JWT.')} Conforme a RFC8725."
    return componenti


def _contenuti(nodo: Documento) -> Iterator[Documento]:
    """Yield the objects that hold a `schema`, in a request body or in an answer."""
    yield from nodo.get("content", {}).values()
    yield from nodo.get("headers", {}).values()


def _ingresso(schema: Documento) -> Documento:
    return trasforma(schema, lambda s: con_minimi(con_formati(in_30(s))))


def _uscita(schema: Documento) -> Documento:
    return trasforma(schema, lambda s: con_limiti_uscita(con_minimi(con_formati(in_30(s)))))


def _sistema_schemi(documento: Documento, componenti: Documento) -> None:
    di_ingresso: set[str] = set()
    uscite = [*componenti["responses"].values()]
    for _, _, operazione in _operazioni(documento):
        entrate = [*operazione.get("parameters", ()), *_contenuti(operazione.get("requestBody", {}))]
        for contenuto in entrate:
            di_ingresso |= riferimenti(contenuto["schema"])
            contenuto["schema"] = _ingresso(contenuto["schema"])
        uscite += operazione["responses"].values()
    for risposta in uscite:
        for contenuto in _contenuti(risposta):
            if "schema" in contenuto:
                contenuto["schema"] = _uscita(contenuto["schema"])
    schemi = componenti["schemas"]
    di_ingresso = raggiunti(di_ingresso, schemi)
    componenti["schemas"] = {nome: (_ingresso if nome in di_ingresso else _uscita)(schemi[nome]) for nome in sorted(schemi)}


def _ordina(operazione: Documento) -> Documento:
    resto = sorted(n for n in operazione if n not in _CAMPI_OPERAZIONE)
    return {n: operazione[n] for n in (*_CAMPI_OPERAZIONE, *resto) if n in operazione}


def costruisci(app: FastAPI, descrizione: Descrizione) -> Documento:
    """Build the document.

    Raises:
        ValueError: an operationId is repeated or not camelCase.
    """
    documento = get_openapi(
        title=descrizione.titolo,
        version=descrizione.versione,
        description=descrizione.testo,
        terms_of_service=descrizione.condizioni,
        license_info=descrizione.licenza,
        servers=[dict(s) for s in descrizione.server],
        routes=app.routes,
        tags=app.openapi_tags,
    )
    _controlla_nomi(documento)
    _sistema_operazioni(documento, app)
    componenti = _componenti(documento)
    _sistema_schemi(documento, componenti)
    percorsi = documento["paths"]
    return {
        "openapi": VERSIONE_OPENAPI,
        "info": {
            **documento["info"],
            "contact": descrizione.contatto,
            "x-summary": descrizione.sommario,
            "x-api-id": descrizione.api_id,
        },
        "servers": documento["servers"],
        **({"tags": documento["tags"]} if "tags" in documento else {}),
        "paths": {p: {m: _ordina(percorsi[p][m]) for m in _METODI if m in percorsi[p]} for p in sorted(percorsi)},
        "components": {n: dict(sorted(componenti[n].items())) for n in sorted(componenti)},
    }


def descrizione_di(impostazioni: Settings) -> Descrizione:
    """Return the description a process serves: in production the address is the real one, elsewhere that of the contract."""
    if not impostazioni.produzione:
        return Descrizione()
    return Descrizione(server=({"url": impostazioni.base_url, "description": "Produzione."},))


def installa(app: FastAPI, impostazioni: Settings) -> None:
    """Make `app.openapi()` return the corrected document, built at the first call."""
    installa_descrizione(app, descrizione_di(impostazioni))


def installa_descrizione(app: FastAPI, descrizione: Descrizione) -> None:
    """As `installa`, with a description already chosen."""

    def openapi() -> Documento:
        if app.openapi_schema is None:
            app.openapi_schema = costruisci(app, descrizione)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents to replace it


class _SenzaRimandi(yaml.SafeDumper):
    """Repeated objects are written in full: anchors are not for people who read a contract."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def in_yaml(documento: Documento) -> str:
    """Return the document as YAML: same input, same bytes."""
    return yaml.dump(documento, Dumper=_SenzaRimandi, sort_keys=False, allow_unicode=True, width=120)


def esporta(app: FastAPI) -> str:
    """Return the text to commit as `openapi/openapi.yaml`."""
    return in_yaml(app.openapi())
