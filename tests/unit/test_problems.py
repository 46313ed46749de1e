"""Every error is problem+json in Italian, and repeats nothing of what came in."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query, Request
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as AttesaConnessione
from starlette.responses import Response

from services.api import middleware, problems
from services.api.corpo import leggi_json
from services.api.errori_sql import traduci
from services.api.etag import VersioneAttesa, leggi_if_match
from services.api.motivi import _MOTIVI, GENERICO, campi
from services.api.rotte import RottaAmbito, RottaWaas
from services.api.schemas.base import Ingresso, IngressoTollerante, rifiuta
from services.core.platform.errori import (
    Errore,
    NonTrovato,
    PrecondizioneRichiesta,
    RichiestaMalformata,
    ServizioEsterno,
    TipoNonSupportato,
    VersioneSuperata,
)

SEGRETO = "ZZQPROVA80A01D142K"


class Parte(Ingresso):
    comuni: list[int]


class Corpo(Ingresso):
    cognome: str
    parte: Parte | None = None
    altro: dict[str, int] = {}


class CorpoWaas(IngressoTollerante):
    n: int


class Guasto(Exception):
    pass


LEVA: dict[str, Exception] = {}


def _router(classe: type[RottaAmbito], prefisso: str) -> APIRouter:
    router = APIRouter(route_class=classe, prefix=prefisso)

    @router.post("/cose")
    async def crea(corpo: CorpoWaas if classe is RottaWaas else Corpo) -> dict[str, str]:  # type: ignore[valid-type]
        return {"visto": type(corpo).__name__}

    @router.get("/cose")
    async def elenca(n: int = 1, t: Annotated[list[str], Query()] = []) -> dict[str, Any]:  # noqa: B006
        return {"n": n, "t": t}

    return router


@pytest.fixture
def rifiuti() -> list[str]:
    return []


@pytest.fixture
def app(rifiuti: list[str]) -> FastAPI:
    async def al_rifiuto(request: Request, errore: Errore) -> None:
        if request.url.path == "/audit-guasto":
            raise asyncpg.CannotConnectNowError("giù")
        rifiuti.append(errore.tipo)

    app = FastAPI(openapi_url=None)
    app.include_router(_router(RottaAmbito, "/nostre"))
    app.include_router(_router(RottaWaas, "/waas"))

    leva = APIRouter(route_class=RottaAmbito)

    @leva.get("/leva")
    async def solleva() -> None:
        raise LEVA["ora"]

    @leva.get("/audit-guasto")
    async def audit_guasto() -> None:
        raise NonTrovato

    @leva.post("/versione")
    async def versione(attesa: VersioneAttesa) -> Response:
        return Response(str(attesa))

    app.include_router(leva)
    problems.installa(app, al_rifiuto=al_rifiuto)
    middleware.installa(app, limite_corpo=2_000)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=trasporto, base_url="http://prova") as c:
        yield c


def problema(risposta: httpx.Response, stato: int, tipo: str) -> dict[str, Any]:
    assert (risposta.status_code, risposta.headers["content-type"]) == (stato, "application/problem+json"), risposta.text
    corpo: dict[str, Any] = risposta.json()
    assert corpo["type"] == problems.BASE_TIPI + tipo
    assert corpo["status"] == stato
    assert corpo["title"]
    assert corpo["detail"]
    assert corpo["instance"] == f"urn:uuid:{risposta.headers['richiesta-id']}"
    assert UUID(risposta.headers["richiesta-id"]).version == 7
    return corpo


async def test_errore_del_dominio_con_le_sue_estensioni(client: httpx.AsyncClient, rifiuti: list[str]) -> None:
    LEVA["ora"] = VersioneSuperata("È cambiato.", versione_attuale=4, status=200, type="x")
    corpo = problema(await client.get("/leva"), 409, "versione-superata")
    assert (corpo["detail"], corpo["versione_attuale"]) == ("È cambiato.", 4)
    assert rifiuti == ["versione-superata"]


async def test_un_503_dice_quando_riprovare(client: httpx.AsyncClient) -> None:
    LEVA["ora"] = ServizioEsterno("INPS non risponde.", ritenta_dopo_s=30)
    risposta = await client.get("/leva")
    corpo = problema(risposta, 503, "servizio-esterno-non-disponibile")
    assert risposta.headers["retry-after"] == "30"
    assert "ritenta_dopo_s" not in corpo


async def test_un_guasto_non_racconta_nulla(client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    LEVA["ora"] = Guasto(f"riga di {SEGRETO}")
    risposta = await client.get("/leva")
    problema(risposta, 500, "errore-interno")
    assert "Guasto" not in risposta.text
    assert SEGRETO not in risposta.text + "".join(capsys.readouterr())


async def test_un_errore_interno_nostro_perde_il_dettaglio(client: httpx.AsyncClient) -> None:
    LEVA["ora"] = Errore(f"riga di {SEGRETO}")
    risposta = await client.get("/leva")
    assert problema(risposta, 500, "errore-interno")["detail"] == Errore.titolo


async def test_se_il_rifiuto_non_si_registra_non_si_risponde_il_rifiuto(client: httpx.AsyncClient) -> None:
    problema(await client.get("/audit-guasto"), 503, "servizio-non-disponibile")


@pytest.mark.parametrize(
    ("metodo", "percorso", "stato", "tipo"),
    [
        ("GET", "/non-esiste", 404, "non-trovato"),
        ("DELETE", "/nostre/cose", 405, "metodo-non-ammesso"),
        ("GET", "/nostre/cose/", 404, "non-trovato"),
        ("GET", "/nostre/cose?n=1&n=2", 422, "dati-non-validi"),
        ("GET", "/nostre/cose?x=1", 422, "dati-non-validi"),
        ("GET", "/nostre/cose?n=uno", 422, "dati-non-validi"),
        ("GET", "/nostre/cose?" + "&".join(f"t={i}" for i in range(100)), 400, "richiesta-malformata"),
        ("GET", "/waas/cose?n=1&n=2", 400, "richiesta-malformata"),
        ("GET", "/waas/cose?n=uno", 400, "richiesta-malformata"),
        ("GET", "/nostre/cose?t=%00", 400, "richiesta-malformata"),
        ("GET", "/nostre/cose?t=%ff", 400, "richiesta-malformata"),
        ("GET", "/nostre/%00", 400, "richiesta-malformata"),
    ],
)
async def test_richieste_senza_corpo(client: httpx.AsyncClient, metodo: str, percorso: str, stato: int, tipo: str) -> None:
    risposta = await client.request(metodo, percorso)
    problema(risposta, stato, tipo)
    if stato == 405:
        assert risposta.headers["allow"]


async def test_parametri_ammessi(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nostre/cose?n=3&t=a&t=b")).json() == {"n": 3, "t": ["a", "b"]}
    assert (await client.get("/waas/cose?n=3&altro=1")).json()["n"] == 3


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("corpo", "testate", "stato", "tipo"),
    [
        (b"", JSON, 422, "dati-non-validi"),
        (b"{", JSON, 400, "richiesta-malformata"),
        (b'{"cognome": "x", "cognome": "y"}', JSON, 400, "richiesta-malformata"),
        (b'{"cognome": NaN}', JSON, 400, "richiesta-malformata"),
        (b"\xff\xfe{}", JSON, 400, "richiesta-malformata"),
        ("{}".encode("utf-16"), JSON, 400, "richiesta-malformata"),
        (b'{"altro": ' + b"[" * 200 + b"]" * 200 + b"}", JSON, 400, "richiesta-malformata"),
        (b'{"cognome": "a\\u0000b"}', JSON, 422, "dati-non-validi"),
        (b'{"cognome": "a\\ud800b"}', JSON, 422, "dati-non-validi"),
        (b'{"cognome": "x", "altro": {"a\\u0000": 1}}', JSON, 422, "dati-non-validi"),
        (b'{"cognome": 1}', JSON, 422, "dati-non-validi"),
        (b'["cognome"]', JSON, 422, "dati-non-validi"),
        (b'{"cognome": "x"}', {"content-type": "text/plain"}, 415, "tipo-non-supportato"),
        (b'{"cognome": "x"}', {"content-type": "application/json; charset=latin1"}, 415, "tipo-non-supportato"),
        (b'{"cognome": "x"}', {}, 415, "tipo-non-supportato"),
        (b'{"cognome": "' + b"x" * 3_000 + b'"}', JSON, 413, "richiesta-troppo-grande"),
    ],
)
async def test_corpi_rifiutati(client: httpx.AsyncClient, corpo: bytes, testate: dict[str, str], stato: int, tipo: str) -> None:
    problema(await client.post("/nostre/cose", content=corpo, headers=testate), stato, tipo)


async def test_il_limite_vale_anche_per_cio_che_arriva_a_pezzi(client: httpx.AsyncClient) -> None:
    async def pezzi() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    risposta = await client.post("/nostre/cose", content=pezzi(), headers=JSON)
    problema(risposta, 413, "richiesta-troppo-grande")
    assert risposta.headers["connection"] == "close"


async def test_un_corpo_dove_non_e_previsto(client: httpx.AsyncClient) -> None:
    risposta = await client.request("GET", "/nostre/cose", content=b"{}", headers=JSON)
    problema(risposta, 400, "richiesta-malformata")


async def test_waas_risponde_400_e_tollera_campi_in_piu(client: httpx.AsyncClient) -> None:
    problema(await client.post("/waas/cose", json={"n": "x"}), 400, "richiesta-malformata")
    assert (await client.post("/waas/cose", json={"n": 1, "altro": 2})).json() == {"visto": "CorpoWaas"}


async def test_i_campi_si_nominano_solo_se_sono_dello_schema(client: httpx.AsyncClient) -> None:
    corpo = {"cognome": 7, "parte": {"comuni": [1, SEGRETO], SEGRETO: 1}, "altro": {SEGRETO: "x"}, SEGRETO: SEGRETO}
    risposta = await client.post("/nostre/cose", json=corpo)
    elenco = {(v["campo"], v["motivo"]) for v in problema(risposta, 422, "dati-non-validi")["campi"]}
    assert elenco == {
        ("cognome", "deve essere un testo"),
        ("parte.comuni[1]", "deve essere un numero intero"),
        ("parte", "contiene un campo non previsto"),
        ("altro", "deve essere un numero intero"),
        ("corpo", "contiene un campo non previsto"),
    }
    assert SEGRETO not in risposta.text


async def test_nemmeno_un_parametro_ignoto_si_ripete(client: httpx.AsyncClient) -> None:
    risposta = await client.get(f"/nostre/cose?{SEGRETO}=1")
    assert SEGRETO not in risposta.text
    assert "n, t" in problema(risposta, 422, "dati-non-validi")["campi"][0]["motivo"]


@pytest.mark.parametrize(("valori", "atteso"), [(['"3"'], 3), ([' "12" '], 12)])
def test_if_match_buono(valori: list[str], atteso: int) -> None:
    assert leggi_if_match(valori) == atteso


@pytest.mark.parametrize("valore", ["*", 'W/"3"', '"3", "4"', "3", '""', '"0"', '"-1"', '"3x"', '"' + "9" * 19 + '"'])
def test_if_match_cattivo(valore: str) -> None:
    with pytest.raises(RichiestaMalformata):
        leggi_if_match([valore])
    with pytest.raises(RichiestaMalformata):
        leggi_if_match(['"3"', '"3"'])


async def test_if_match_assente_e_428(client: httpx.AsyncClient) -> None:
    problema(await client.post("/versione"), 428, "precondizione-richiesta")
    assert (await client.post("/versione", headers={"If-Match": '"9"'})).text == "9"
    with pytest.raises(PrecondizioneRichiesta):
        leggi_if_match([])


def _postgres(classe: type[asyncpg.PostgresError], **campi: str) -> asyncpg.PostgresError:
    errore = classe("dettaglio con " + SEGRETO)
    for nome, valore in campi.items():
        setattr(errore, nome, valore)
    return errore


def _sqlalchemy(errore: Exception) -> DBAPIError:
    guidatore = RuntimeError("adattatore")
    guidatore.__cause__ = errore
    return IntegrityError("INSERT ...", {"cognome": SEGRETO}, guidatore)


POLITICA = _postgres(asyncpg.InsufficientPrivilegeError, server_source_function="ExecWithCheckOptions")
GRANT = _postgres(asyncpg.InsufficientPrivilegeError, server_source_function="aclcheck_error")


@pytest.mark.parametrize(
    ("eccezione", "stato"),
    [
        (_postgres(asyncpg.UniqueViolationError), 409),
        (_postgres(asyncpg.ForeignKeyViolationError), 409),
        (_postgres(asyncpg.CheckViolationError), 409),
        (_sqlalchemy(_postgres(asyncpg.UniqueViolationError)), 409),
        (POLITICA, 404),
        (_sqlalchemy(POLITICA), 404),
        (GRANT, None),
        (_postgres(asyncpg.SerializationError), 503),
        (_postgres(asyncpg.DeadlockDetectedError), 503),
        (_postgres(asyncpg.LockNotAvailableError), 503),
        (_postgres(asyncpg.QueryCanceledError), 503),
        (_postgres(asyncpg.TooManyConnectionsError), 503),
        (_postgres(asyncpg.CannotConnectNowError), 503),
        (_postgres(asyncpg.ConnectionDoesNotExistError), 503),
        (_postgres(asyncpg.DiskFullError), 503),
        (_postgres(asyncpg.NumericValueOutOfRangeError), 422),
        (_postgres(asyncpg.CharacterNotInRepertoireError), 422),
        (_postgres(asyncpg.NotNullViolationError), None),
        (_postgres(asyncpg.UndefinedTableError), None),
        (asyncpg.InterfaceError("un'altra operazione è in corso"), None),
        (AttesaConnessione("pool"), 503),
        (ConnectionRefusedError(), 503),
        (ValueError("altro"), None),
    ],
)
async def test_errori_del_database(client: httpx.AsyncClient, eccezione: Exception, stato: int | None) -> None:
    errore = traduci(eccezione)
    assert (errore.stato if errore else None) == stato
    LEVA["ora"] = eccezione
    risposta = await client.get("/leva")
    assert risposta.status_code == (stato or 500)
    assert SEGRETO not in risposta.text
    assert risposta.headers["content-type"] == "application/problem+json"
    assert ("retry-after" in risposta.headers) == (stato == 503)


async def test_unico_chiave_esterna_e_controllo_danno_la_stessa_risposta(client: httpx.AsyncClient) -> None:
    corpi = []
    for classe in (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError, asyncpg.CheckViolationError):
        LEVA["ora"] = _postgres(classe, constraint_name="uq_persona", table_name="persona")
        corpo = problema(await client.get("/leva"), 409, "conflitto")
        del corpo["instance"]
        corpi.append(corpo)
    assert corpi[0] == corpi[1] == corpi[2]


def test_i_motivi_non_ripetono_il_valore() -> None:
    from pydantic import TypeAdapter, ValidationError

    with pytest.raises(ValidationError) as preso:
        TypeAdapter(UUID).validate_python(SEGRETO)
    assert campi(preso.value.errors()) == [{"campo": "corpo", "motivo": _MOTIVI["uuid_parsing"]}]
    assert campi([{"type": "mai_visto", "loc": ("body",), "msg": SEGRETO}]) == [{"campo": "corpo", "motivo": GENERICO}]
    assert campi([{"type": "too_long", "loc": ("body",), "msg": "", "ctx": {}}])[0]["motivo"] == GENERICO


def test_i_motivi_nostri_si_leggono_come_sono() -> None:
    class Coppia(Ingresso):
        a: int

        def model_post_init(self, _: object) -> None:
            if self.a == 7:
                raise rifiuta("il sette {a} non va bene")

    with pytest.raises(ValueError) as preso:
        Coppia(a=7)
    assert campi(preso.value.errors())[0]["motivo"] == "il sette {a} non va bene"  # type: ignore[attr-defined]


def test_json_stretto() -> None:
    assert leggi_json('{"a": "è 😀"}'.encode()) == {"a": "è 😀"}
    assert leggi_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_estensioni_di_ogni_tipo_si_scrivono() -> None:
    chiave = uuid4()
    corpo = json.loads(problems.corpo_problema(TipoNonSupportato(oggetto=chiave), UUID(int=1)))
    assert corpo["oggetto"] == str(chiave)
    assert corpo["instance"] == f"urn:uuid:{UUID(int=1)}"
