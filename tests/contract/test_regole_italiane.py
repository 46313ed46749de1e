"""Each rule is shown a document that keeps it and one that breaks it: a rule that cannot fire guards nothing."""

import copy
from typing import Any

import pytest
import yaml

from tests.contract.regole_italiane import AVVISI, ERRORI, Documento, avvisi, errori, risolvi
from tests.contract.siuss import cartella_siuss

PROBLEMA = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problema"}}}
BUONO: Documento = {
    "openapi": "3.0.3",
    "info": {
        "title": "Esempio",
        "version": "1.0.0",
        "x-summary": "Un esempio.",
        "x-api-id": "esempio",
        "contact": {"email": "api@ambito.example"},
        "termsOfService": "https://ambito.example/condizioni",
    },
    "servers": [
        {"url": "https://ambito.example", "description": "Esempio."},
        {"url": "http://localhost:1", "description": "Prova.", "x-sandbox": True},
    ],
    "paths": {
        "/status": {
            "get": {
                "tags": ["servizio"],
                "summary": "Stato",
                "operationId": "leggiStato",
                "security": [{}],
                "responses": {
                    "200": {"description": "ok", "content": PROBLEMA},
                    "default": {"description": "no", "content": PROBLEMA},
                },
            }
        },
        "/prese-in-carico/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}],
            "post": {
                "tags": ["prove"],
                "summary": "Cambia",
                "operationId": "cambia",
                "security": [{"Token": []}],
                "parameters": [
                    {
                        "name": "Cache-Control",
                        "in": "header",
                        "description": "Solo no-store.",
                        "schema": {"type": "string", "maxLength": 9},
                    }
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/Cosa"},
                            "example": {"n": 1, "x": 0.5, "t": ["a"]},
                        }
                    }
                },
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cosa"}}},
                    },
                    "429": {
                        "description": "troppe",
                        "headers": {
                            f"RateLimit-{n}": {"schema": {"type": "string", "maxLength": 9}}
                            for n in ("Limit", "Remaining", "Reset")
                        },
                        "content": PROBLEMA,
                    },
                    "503": {
                        "description": "no",
                        "headers": {"Retry-After": {"schema": {"type": "string", "maxLength": 9}}},
                        "content": PROBLEMA,
                    },
                },
            },
            "patch": {
                "tags": ["prove"],
                "summary": "Corregge",
                "operationId": "correggi",
                "security": [{"Token": []}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json-patch+json": {
                            "schema": {
                                "type": "array",
                                "minItems": 1,
                                "maxItems": 9,
                                "items": {"$ref": "#/components/schemas/Cosa"},
                            }
                        }
                    },
                },
                "responses": {"204": {"description": "fatto"}},
            },
            "delete": {
                "tags": ["prove"],
                "summary": "Toglie",
                "operationId": "togli",
                "security": [{"Token": []}],
                "responses": {"204": {"description": "fatto"}},
            },
        },
    },
    "components": {
        "securitySchemes": {
            "Token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Conforme a RFC8725."},
            "Accesso": {
                "type": "oauth2",
                "description": "RFC8725",
                "flows": {"clientCredentials": {"tokenUrl": "https://ambito.example/token", "scopes": {}}},
            },
            "Chiave": {"type": "apiKey", "in": "header", "name": "Chiave"},
        },
        "schemas": {
            "Cosa": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "n": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9},
                    "x": {"type": "number", "format": "double", "minimum": 0, "maximum": 9},
                    "t": {"type": "array", "minItems": 0, "maxItems": 9, "items": {"type": "string", "maxLength": 9}},
                },
            },
            "Problema": {
                "type": "object",
                "additionalProperties": False,
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string", "format": "uri"},
                    "title": {"type": "string", "maxLength": 99},
                    "status": {"type": "integer", "format": "int32", "minimum": 100, "maximum": 599},
                    "detail": {"type": "string", "maxLength": 99},
                },
            },
        },
    },
}
LISTA = {"type": "array", "minItems": 0, "maxItems": 1, "items": {"type": "string", "maxLength": 1}}
CORPO = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cosa"}}}}
STATO = "paths /status get"
POST = "paths /prese-in-carico/{id} post"
PATCH = "paths /prese-in-carico/{id} patch"
COSA = "components schemas Cosa"
SICUREZZA = "components securitySchemes"
TESTO = {"type": "string", "maxLength": 9}

# rule → where the good document is broken (a path of keys), and with what (None: removed)
GUASTI: dict[str, tuple[str, Any]] = {
    "no-swagger-2": ("openapi", "2.0"),
    "use-semver": ("info version", "uno"),
    "has-x-summary": ("info x-summary", None),
    "has-contact": ("info contact", None),
    "has-termsOfService": ("info termsOfService", None),
    "has-x-api-id": ("info x-api-id", None),
    "servers-description": ("servers", [{"url": "https://ambito.example"}]),
    "servers-use-https": ("servers", [{"url": "http://ambito.example", "description": "x"}]),
    "no-forbidden-headers": (f"{POST} parameters", [{"name": "authorization", "in": "header", "schema": TESTO}]),
    "no-x-headers": (f"{POST} parameters", [{"name": "X-Prova", "in": "header", "schema": TESTO}]),
    "cache-control-parameter-undocumented": (f"{POST} parameters", [{"name": "cache-control", "in": "header", "schema": TESTO}]),
    "sec-credentials-parameters": (f"{POST} parameters", [{"name": "myPassword", "in": "query", "schema": TESTO}]),
    "dati-personali-nell-url": (f"{POST} parameters", [{"name": "codice_fiscale", "in": "query", "schema": TESTO}]),
    "http-request-GET-no-body": (f"{STATO} requestBody", CORPO),
    "http-request-DELETE-no-body": ("paths /prese-in-carico/{id} delete requestBody", CORPO),
    "patch-without-request-body": (f"{PATCH} requestBody", None),
    "patch-media-type": (f"{PATCH} requestBody content application/json", {}),
    "patch-json-patch-mediatype": (
        f"{PATCH} requestBody content application/json-patch+json schema",
        {"type": "object", "additionalProperties": False},
    ),
    "http-response-no-content-204-205": (f"{PATCH} responses 204 content", {"application/json": {}}),
    "use-problem-json-for-errors": (f"{POST} responses 503 content", {"application/json": {}}),
    "use-problem-schema": (
        f"{POST} responses 503 content",
        {"application/problem+json": {"schema": {"type": "object", "additionalProperties": False}}},
    ),
    "response-with-json-object": (f"{POST} responses 200 content application/json schema", LISTA),
    "missing-retry-after": (f"{POST} responses 503 headers", None),
    "ratelimit-429-completeness": (f"{POST} responses 429 headers RateLimit-Reset", None),
    "paths-status": ("paths /status", None),
    "paths-status-return-json": (f"{STATO} responses 200 content", {"text/plain": {}}),
    "paths-status-return-problem": (f"{STATO} responses default content", {"application/json": {}}),
    "paths-status-problem-schema": (
        f"{STATO} responses 200 content",
        {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Cosa"}}},
    ),
    "paths-kebab-case": ("paths /preseInCarico", {}),
    "number-format": (f"{COSA} properties x format", None),
    "integer-format": (f"{COSA} properties n format", None),
    "allowed-integer-format": (f"{COSA} properties n format", "int128"),
    "sec-number-boundaries": (f"{COSA} properties x maximum", None),
    "sec-array-boundaries": (f"{COSA} properties t maxItems", None),
    "sec-string-maxlength": (f"{COSA} properties t items maxLength", None),
    "sec-no-additionalProperties": (f"{COSA} additionalProperties", None),
    "oas3-valid-media-example": (f"{POST} requestBody content application/json example", {"n": "uno"}),
    "sec-apikeys-url": (f"{SICUREZZA} Chiave in", "query"),
    "sec-apikeys-cookie": (f"{SICUREZZA} Chiave in", "cookie"),
    "sec-auth-insecure-schemes": (f"{SICUREZZA} Token scheme", "basic"),
    "sec-securitySchemes-oauth-http": (f"{SICUREZZA} Accesso flows clientCredentials tokenUrl", "http://ambito.example"),
    "sec-securitySchemes-oauth-allowed-flows": (f"{SICUREZZA} Accesso flows implicit", {}),
    "sec-securitySchemes-jwt": (f"{SICUREZZA} Token description", "Un token."),
    "sec-protection-global-unsafe": (f"{POST} security", [{}]),
    "oas3-pdnd-security-defined": (f"{STATO} security", None),
    "operation-operationId-unique": (f"{POST} operationId", "leggiStato"),
    "operation-described": (f"{POST} summary", None),
}


def rotto(dove: str, valore: Any) -> Documento:
    documento = copy.deepcopy(BUONO)
    *passi, ultimo = dove.split(" ")
    nodo: Any = documento
    for passo in passi:
        nodo = nodo[passo]
    if valore is None:
        del nodo[ultimo]
    else:
        nodo[ultimo] = valore
    return documento


def test_il_documento_buono_non_ha_rilievi() -> None:
    assert errori(BUONO) == []
    assert avvisi(BUONO) == []


def test_ogni_regola_ha_il_suo_guasto() -> None:
    assert GUASTI.keys() == ERRORI.keys() | AVVISI.keys()


@pytest.mark.parametrize("regola", GUASTI)
def test_la_regola_vede_il_suo_guasto(regola: str) -> None:
    documento = rotto(*GUASTI[regola])
    trovati = errori(documento) if regola in ERRORI else avvisi(documento)
    assert regola in {r.regola for r in trovati}


def test_un_429_con_prefissi_misti_e_rifiutato() -> None:
    documento = rotto(f"{POST} responses 429 headers X-RateLimit-Limit", {"schema": TESTO})
    assert "ratelimit-429-completeness" in {r.regola for r in errori(documento)}


def test_una_scrittura_protetta_da_uno_schema_che_non_esiste_e_rifiutata() -> None:
    documento = rotto(f"{POST} security", [{"Altro": []}])
    assert [r.regola for r in errori(documento)] == ["sec-protection-global-unsafe"]


def test_i_rimandi_si_seguono() -> None:
    assert risolvi(BUONO, {"$ref": "#/components/schemas/Cosa"})["type"] == "object"


def test_un_contratto_di_fastapi_senza_correzioni_ha_gli_errori_attesi() -> None:
    """The measure of E9: what an uncorrected document shows to the same rules."""
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/cose")
    async def cose(n: int) -> list[int]:
        return [n]

    trovati = {r.regola for r in errori(yaml.safe_load(yaml.safe_dump(app.openapi())))}
    attesi = {
        "paths-status",
        "has-x-summary",
        "has-contact",
        "integer-format",
        "use-problem-json-for-errors",
        "servers-description",
    }
    assert attesi <= trovati


def test_il_contratto_di_inps_ha_l_errore_che_il_controllo_pubblico_vi_trova() -> None:
    """The public checker finds one error in INPS's document, in its security set: `POST /esiti` is not protected."""
    documento = yaml.safe_load((cartella_siuss() / "api-comuni.yaml").read_text(encoding="utf-8"))
    assert [(r.regola, r.dove) for r in errori(documento)] == [("sec-protection-global-unsafe", "post /esiti")]
