"""The published contract under generated requests: no fault of ours, no answer the document does not describe.

The application runs on a clone of the template database with an operator's token; half of the identifiers in paths are
those of records she sees, so that requests get past the 404.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as regolazione
from schemathesis import GenerationMode
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.api.main import create_app
from services.core.access.operazioni import OPERAZIONI, PUBBLICHE
from services.core.access.ruoli import Ruolo
from services.core.platform.settings import Settings
from services.sandbox import main as sandbox_main
from services.sandbox.oidc import EmittenteOidc
from tests.ambiente import Server

ESEMPI = 15
CONTROLLI = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def impostazioni(server: Server, modello: str) -> Iterator[Settings]:
    nome = server.clona(modello)
    yield server.settings(nome)
    asgi.shutdown_lifespans()
    server.elimina(nome)


@pytest.fixture(scope="module")
def testate(impostazioni: Settings) -> dict[str, str]:
    emittente = EmittenteOidc(
        iss=impostazioni.oidc_issuer, destinatario=impostazioni.oidc_audience, stato=impostazioni.stato_dir, produzione=False
    )
    return {"Authorization": f"Bearer {emittente.token('as-crema')}"}


@pytest.fixture(scope="module")
def visibili(impostazioni: Settings) -> dict[str, list[UUID]]:
    """Identifiers of records of the operator's Comune, by name of the path parameter."""
    import asyncio

    async def leggi() -> dict[str, list[UUID]]:
        connessione = await asyncpg.connect(impostazioni.dsn_admin)
        try:
            righe = await connessione.fetch(
                """SELECT k.id FROM cartella k JOIN competenza e ON e.id = k.competenza_id JOIN comune c ON c.id = e.comune_id
                   WHERE c.denominazione = 'Crema'"""
            )
            avvisi = await connessione.fetch("SELECT id FROM avviso WHERE ambito_id = 1")
            return {"cartella_id": [r["id"] for r in righe], "avviso_id": [r["id"] for r in avvisi]}
        finally:
            await connessione.close()

    trovati = asyncio.run(leggi())
    assert all(trovati.values())
    return trovati


@pytest.fixture(scope="module")
def contratto(impostazioni: Settings) -> dict[str, Any]:
    """The operations of the published document, by their id."""
    sandbox = httpx.ASGITransport(app=sandbox_main.create_app(impostazioni))
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(impostazioni, trasporto=sandbox))
    return {op.definition.raw["operationId"]: op for op in (esito.ok() for esito in schema.get_all_operations())}


def arriva_dentro(operazione: Any, visibili: dict[str, list[UUID]]) -> bool:
    """Tell whether a valid request of the operator must succeed: a reading her role has, of records she sees."""
    descritta = operazione.definition.raw
    regola = OPERAZIONI.get(descritta["operationId"])
    nomi = {p["name"] for p in descritta.get("parameters", ()) if p["in"] == "path"}
    return (
        operazione.method == "get" and regola is not None and Ruolo.ASSISTENTE_SOCIALE in regola.ruoli and nomi <= visibili.keys()
    )


def sistema(caso: schemathesis.Case, modo: GenerationMode, visibili: dict[str, list[UUID]]) -> None:
    """Put true identifiers in half of the paths; leave out of valid requests what only this server can give."""
    for nome, ids in visibili.items():
        inventato = str((caso.path_parameters or {}).get(nome, ""))
        if sum(inventato.encode()) % 2:
            caso.path_parameters[nome] = str(ids[sum(inventato.encode()) % len(ids)])
    if modo is GenerationMode.POSITIVE:
        caso.headers.pop("Incarico", None)
        if caso.query:
            caso.query.pop("cursore", None)


def prova(operazione: Any, modo: GenerationMode, testate: dict[str, str], visibili: dict[str, list[UUID]]) -> int:
    """Send the generated requests of one operation; return how many got a 2xx."""
    riuscite = 0

    @regolazione(
        max_examples=ESEMPI,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(caso=operazione.as_strategy(generation_mode=modo))
    def manda(caso: schemathesis.Case) -> None:
        nonlocal riuscite
        sistema(caso, modo, visibili)
        risposta = caso.call(headers=testate)
        caso.validate_response(risposta, checks=CONTROLLI)
        riuscite += risposta.status_code < 300

    manda()
    return riuscite


PER_ULTIME = ("dichiaraAstensione",)
"""Whoever abstains no longer sees the cartella: after it no reading would succeed."""


@pytest.mark.parametrize("operazione", [*sorted((OPERAZIONI.keys() | PUBBLICHE) - set(PER_ULTIME)), *PER_ULTIME])
def test_il_contratto_regge(
    operazione: str, contratto: dict[str, Any], testate: dict[str, str], visibili: dict[str, list[UUID]]
) -> None:
    descritta = contratto[operazione]
    modi = list(GenerationMode) if descritta.definition.raw.get("parameters") else [GenerationMode.POSITIVE]
    for modo in modi:  # a request without parameters nor body cannot be wrong
        riuscite = prova(descritta, modo, testate, visibili)
        if modo is GenerationMode.POSITIVE and arriva_dentro(descritta, visibili):
            assert riuscite, "no valid request got through: the others prove little"
