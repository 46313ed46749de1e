"""The contract: the Italian rules hold on a small application made of every shape we use, and on the real one."""

import copy
import os
import subprocess
import sys
import tomllib
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
import yaml
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Security
from fastapi.security import HTTPBearer
from openapi_spec_validator import validate
from pydantic import Field
from starlette.responses import Response

from services.api import openapi
from services.api.etag import INTESTAZIONE_ETAG, VersioneAttesa
from services.api.main import create_app
from services.api.openapi_schemi import NULLO, con_formati, in_30, trasforma
from services.api.pagina import Paginazione
from services.api.rotte import RottaAmbito, RottaWaas
from services.api.schemas.base import Centesimi, Ingresso, IngressoTollerante, Pagina, Uscita
from services.api.stato import crea_router
from services.core.access.operazioni import OPERAZIONI, PUBBLICHE
from tests.ambiente import impostazioni
from tests.contract.regole_italiane import Documento, avvisi, errori

RADICE = Path(__file__).resolve().parents[2]


class Specie(StrEnum):
    """A kind. This English line is for developers."""

    A = "a"
    B = "b"


class Dentro(Ingresso):
    """Un pezzo."""

    n: int
    specie: Specie | None = None


class CosaIngresso(Ingresso):
    """Una cosa da registrare."""

    nome: str
    quando: date
    importo: Centesimi
    peso: float | None = Field(default=None, gt=0, lt=10)
    dentro: Dentro | None = None
    elenco: list[Dentro] = []
    libero: dict[str, Any] = {}
    sempre: Literal["uno"] = "uno"


class CosaUscita(Uscita):
    """Una cosa registrata."""

    id: UUID
    nome: str
    title: str | None
    specie: Specie | None
    dentro: "ParteUscita | None"
    piccolo: Annotated[int, Field(ge=0, le=10)]
    creata_il: datetime
    quote: list[Decimal]


class ParteUscita(Uscita):
    n: int
    esempi: Annotated[list[str], Field(examples=[["a"]])]


class EsitoIngresso(IngressoTollerante):
    n: Annotated[int, Field(ge=0, le=100)]


async def _attivo() -> None:
    return None


@pytest.fixture(scope="module")
def esempio() -> FastAPI:
    bearer = HTTPBearer(scheme_name="OIDC", description="Token dell'operatore.")
    app = FastAPI(openapi_url=None, generate_unique_id_function=openapi.id_operazione)
    router = APIRouter(route_class=RottaAmbito, tags=["cose"], dependencies=[Depends(lambda: None)])

    async def chi(
        _: Annotated[object, Security(bearer)],
        incarico: Annotated[UUID | None, Header(alias="Incarico", description="Incarico.")] = None,
    ) -> UUID | None:
        return incarico

    Chi = Annotated[UUID | None, Depends(chi)]  # noqa: N806  # an alias of a type

    @router.get("/cose", summary="Elenca", response_model=Pagina[CosaUscita])
    async def elenca_cose(chi: Chi, pagina: Paginazione, specie: Annotated[Specie | None, Query()] = None) -> Response:
        """An English docstring that must not be published."""
        return Response()

    @router.post(
        "/cose", summary="Crea", status_code=201, response_model=CosaUscita, responses={201: {"headers": INTESTAZIONE_ETAG}}
    )
    async def crea_cosa(chi: Chi, corpo: CosaIngresso) -> Response:
        return Response()

    @router.post(
        "/cose/{cosa_id}/chiusura", summary="Chiude", response_model=CosaUscita, description="Descrizione in italiano.",
        responses={409: {"description": "È già chiusa."}},
    )  # fmt: skip
    async def chiudi_cosa(chi: Chi, cosa_id: UUID, versione: VersioneAttesa) -> Response:
        return Response()

    waas = APIRouter(route_class=RottaWaas, tags=["waas"])

    @waas.post("/esiti", summary="Riceve", status_code=204)
    async def registra_esiti(chi: Chi, corpo: EsitoIngresso) -> None:
        return None

    app.include_router(crea_router(_attivo))
    app.include_router(router)
    app.include_router(waas, prefix="/waas/v1")
    openapi.installa_descrizione(app, openapi.Descrizione())
    return app


@pytest.fixture(scope="module")
def documento(esempio: FastAPI) -> Documento:
    return esempio.openapi()


@pytest.fixture(scope="module")
def vero(tmp_path_factory: pytest.TempPathFactory) -> Documento:
    """The document of the real application; building it opens no connection."""
    return create_app(impostazioni(None, tmp_path_factory.mktemp("stato"))).openapi()


def test_il_contratto_vero_non_ha_errori(vero: Documento) -> None:
    assert errori(vero) == []


LIBERI = {
    ".components.schemas.EsitiIngresso",  # WaaS 2.0.1: the example of INPS itself has fields the contract does not name
    ".components.schemas.FattoUscita.properties.valore",  # each kind of fact has its own shape, named by `schema_dati`
}


def test_gli_avvisi_del_contratto_vero_sono_quelli_scelti(vero: Documento) -> None:
    assert {(r.regola, r.dove) for r in avvisi(vero)} <= {("sec-no-additionalProperties", dove) for dove in LIBERI}


def test_il_contratto_vero_e_valido_e_ha_tutte_le_operazioni(vero: Documento) -> None:
    validate(vero)
    nel_documento = {o["operationId"] for voci in vero["paths"].values() for o in voci.values()}
    assert nel_documento == OPERAZIONI.keys() | PUBBLICHE


def test_ogni_elenco_e_una_busta(vero: Documento) -> None:
    for percorso, voci in vero["paths"].items():
        operazione = voci.get("get", {})
        if operazione.get("operationId", "").startswith("elenca") and not percorso.startswith("/waas/"):
            schema = operazione["responses"]["200"]["content"]["application/json"]["schema"]
            busta = vero["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            assert set(busta["required"]) == {"elementi", "successivo"}, percorso
            assert {"limite", "cursore"} <= {p["name"] for p in operazione["parameters"]}, percorso


def test_ogni_modifica_chiede_la_versione_e_ogni_creazione_si_puo_ripetere(vero: Documento) -> None:
    for percorso, voci in vero["paths"].items():
        for metodo in ("post", "put"):
            operazione = voci.get(metodo)
            if operazione is None or percorso.startswith("/waas/"):
                continue
            intestazioni = {p["name"] for p in operazione["parameters"] if p["in"] == "header"}
            if "201" in operazione["responses"]:
                assert "Idempotency-Key" in intestazioni, percorso
                risposta = operazione["responses"]["201"]
                creato = vero["components"]["schemas"][
                    risposta["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                ]
                assert ("versione" in creato["properties"]) == ("ETag" in risposta.get("headers", {})), percorso
            if metodo == "put":
                assert "If-Match" in intestazioni, percorso


def _esporta(seme: str, stato: Path) -> str:
    codice = (
        "import sys; from pathlib import Path; from services.api.main import create_app;"
        "from services.api.openapi import esporta;"
        "from tests.ambiente import impostazioni; sys.stdout.write(esporta(create_app(impostazioni(None, Path(sys.argv[1])))))"
    )
    ambiente = {**os.environ, "PYTHONHASHSEED": seme}
    fatto = subprocess.run(
        [sys.executable, "-c", codice, str(stato)], cwd=RADICE, env=ambiente, capture_output=True, text=True, check=True
    )
    return fatto.stdout


def test_due_processi_scrivono_gli_stessi_byte(tmp_path: Path) -> None:
    primo, secondo = (_esporta(seme, tmp_path) for seme in ("1", "2"))
    assert primo == secondo
    assert primo.startswith("openapi: 3.0.3\n")


def test_nessuna_regola_rotta(documento: Documento) -> None:
    assert errori(documento) == []


def test_gli_avvisi_sono_solo_dove_lo_schema_e_libero(documento: Documento) -> None:
    """The one schema that tolerates unknown fields is that of a contract written by others."""
    assert [(r.regola, r.dove) for r in avvisi(documento)] == [
        ("sec-no-additionalProperties", ".components.schemas.EsitoIngresso"),
    ]


def test_e_openapi_3_0_valido(documento: Documento) -> None:
    assert documento["openapi"] == "3.0.3"
    validate(documento)


def test_il_422_di_fastapi_non_c_e_piu(documento: Documento) -> None:
    testo = yaml.safe_dump(documento)
    assert "HTTPValidationError" not in testo
    assert "ValidationError" not in documento["components"]["schemas"]


def test_gli_errori_di_ogni_operazione(documento: Documento) -> None:
    percorsi = documento["paths"]
    assert set(percorsi["/cose"]["get"]["responses"]) == {"200", "400", "401", "403", "422", "503", "default"}
    assert {"404", "409", "413", "415", "422"} <= set(percorsi["/cose"]["post"]["responses"])
    chiusura = percorsi["/cose/{cosa_id}/chiusura"]["post"]["responses"]
    assert {"404", "409", "428"} <= set(chiusura)
    assert chiusura["409"] == {
        "description": "È già chiusa.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problema"}}},
    }
    assert "422" not in percorsi["/waas/v1/esiti"]["post"]["responses"]
    assert "400" in percorsi["/waas/v1/esiti"]["post"]["responses"]
    assert "content" not in percorsi["/waas/v1/esiti"]["post"]["responses"]["204"]


def test_il_503_dice_quando_riprovare(documento: Documento) -> None:
    assert "Retry-After" in documento["components"]["responses"]["NonDisponibile"]["headers"]


def test_if_match_e_obbligatoria(documento: Documento) -> None:
    parametri = documento["paths"]["/cose/{cosa_id}/chiusura"]["post"]["parameters"]
    assert [p["required"] for p in parametri if p["name"] == "If-Match"] == [True]


def test_le_docstring_degli_endpoint_non_si_pubblicano(documento: Documento) -> None:
    assert "English" not in yaml.safe_dump(documento)
    assert documento["paths"]["/cose/{cosa_id}/chiusura"]["post"]["description"] == "Descrizione in italiano."
    assert documento["components"]["schemas"]["CosaUscita"]["description"] == "Una cosa registrata."


def test_gli_operation_id(documento: Documento) -> None:
    assert documento["paths"]["/cose"]["get"]["operationId"] == "elencaCose"
    assert documento["paths"]["/status"]["get"]["operationId"] == "leggiStato"


def test_un_operation_id_ripetuto_ferma_la_costruzione() -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/uno", operation_id="leggiUno")
    async def uno() -> dict[str, str]:
        return {}

    @app.get("/due", operation_id="leggi_due")
    async def due() -> dict[str, str]:
        return {}

    with pytest.raises(ValueError, match="leggi_due"):
        openapi.costruisci(app, openapi.Descrizione())


def test_i_nulli_e_i_numeri(documento: Documento) -> None:
    schemi = documento["components"]["schemas"]
    ingresso, uscita = schemi["CosaIngresso"]["properties"], schemi["CosaUscita"]["properties"]
    assert ingresso["peso"] == {
        "type": "number", "format": "double", "nullable": True,
        "minimum": 0, "exclusiveMinimum": True, "maximum": 10, "exclusiveMaximum": True,
    }  # fmt: skip
    assert ingresso["dentro"] == {"anyOf": [{"$ref": "#/components/schemas/Dentro"}, NULLO]}
    assert ingresso["sempre"]["enum"] == ["uno"]
    assert ingresso["nome"]["maxLength"] == 2_000
    assert ingresso["elenco"]["minItems"] == 0
    assert uscita["piccolo"]["format"] == "int32"
    assert schemi["Dentro"]["properties"]["n"]["format"] == "int64"
    assert uscita["title"] == {"type": "string", "maxLength": 65_536, "nullable": True}
    assert schemi["ParteUscita"]["properties"]["esempi"]["example"] == ["a"]
    assert "title" not in schemi["CosaUscita"]


def test_i_limiti_non_verificati_non_si_inventano_in_ingresso(esempio: FastAPI) -> None:
    app = FastAPI(openapi_url=None, generate_unique_id_function=openapi.id_operazione)
    router = APIRouter(route_class=RottaAmbito, tags=["x"])

    @router.get("/cose", summary="x")
    async def leggi_cose(testo: str) -> dict[str, str]:
        return {}

    app.include_router(router)
    documento = openapi.costruisci(app, openapi.Descrizione())
    assert "sec-string-maxlength" in {r.regola for r in avvisi(documento)}


def test_la_sicurezza(documento: Documento) -> None:
    schema = documento["components"]["securitySchemes"]["OIDC"]
    assert (schema["type"], schema["scheme"], schema["bearerFormat"]) == ("http", "bearer", "JWT")
    assert "RFC8725" in schema["description"]
    assert documento["paths"]["/status"]["get"]["security"] == [{}]


def test_lo_yaml_si_rilegge_uguale(esempio: FastAPI) -> None:
    testo = openapi.esporta(esempio)
    assert yaml.safe_load(testo) == esempio.openapi()
    assert "&id" not in testo
    assert "Una cosa registrata" in testo
    assert openapi.costruisci(esempio, openapi.Descrizione()) == esempio.openapi()


def test_la_versione_e_quella_del_progetto() -> None:
    progetto = tomllib.loads((RADICE / "pyproject.toml").read_text(encoding="utf-8"))
    assert openapi.Descrizione().versione == progetto["project"]["version"]


@pytest.mark.parametrize(
    ("schema", "atteso"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": "null"}, NULLO),
        ({"const": 3}, {"enum": [3]}),
        ({"$ref": "#/x", "description": "d"}, {"description": "d", "allOf": [{"$ref": "#/x"}]}),
        ({"$ref": "#/x"}, {"$ref": "#/x"}),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}, NULLO]},
        ),
        ({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}, {"anyOf": [{"type": "string", "enum": ["a"]}, NULLO]}),
        ({"exclusiveMaximum": 5}, {"maximum": 5, "exclusiveMaximum": True}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}], "$comment": "x"},
            {"type": "array", "items": {"anyOf": [{"type": "string"}]}},
        ),
        ({"type": "object", "additionalProperties": True, "propertyNames": {}}, {"type": "object", "additionalProperties": True}),
        (
            {"properties": {"title": {"type": "string", "title": "Title"}}, "title": "T"},
            {"properties": {"title": {"type": "string"}}},
        ),
    ],
)
def test_dallo_schema_di_pydantic_a_3_0(schema: dict[str, Any], atteso: dict[str, Any]) -> None:
    prima = copy.deepcopy(schema)
    assert trasforma(schema, in_30) == atteso
    assert schema == prima


def test_i_formati() -> None:
    assert con_formati({"type": "integer"}) == {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}
    assert con_formati({"type": "integer", "minimum": 0, "maximum": 9})["format"] == "int32"
    assert con_formati({"type": "integer", "format": "int64", "minimum": 0, "maximum": 9})["format"] == "int64"
    assert con_formati({"type": "number"})["format"] == "double"
