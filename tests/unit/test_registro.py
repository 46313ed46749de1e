"""The log drops personal data at any depth, and says which keys it dropped."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from services.core.platform import registro

CF = "ZZQPRV80A01D142K"


@pytest.fixture
def righe() -> Iterator[io.StringIO]:
    uscita = io.StringIO()
    registro.configura("info", uscita)
    yield uscita
    structlog.reset_defaults()


def ultima(righe: io.StringIO) -> dict[str, Any]:
    esito: dict[str, Any] = json.loads(righe.getvalue().splitlines()[-1])
    return esito


def test_una_riga_json_con_contesto_e_istante(righe: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(richiesta_id="r1"):
        structlog.get_logger().info("prova", n=1, quando_id=UUID(int=5))
    riga = ultima(righe)
    assert (riga["event"], riga["level"], riga["richiesta_id"], riga["n"]) == ("prova", "info", "r1", 1)
    assert riga["quando"].endswith("Z")
    assert riga["quando_id"] == str(UUID(int=5))


def test_chiavi_vietate_a_ogni_livello(righe: io.StringIO) -> None:
    structlog.get_logger().info("prova", Cognome="Zzqprova", dati={"elenco": [{"token": "abc", "n": 1}]})
    riga = ultima(righe)
    assert riga["chiavi_rimosse"] == ["cognome", "token"]
    assert riga["dati"] == {"elenco": [{"n": 1}]}
    assert "Zzqprova" not in righe.getvalue()


@pytest.mark.parametrize("testo", [CF, CF.lower(), f"riga con {CF}, doppia", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"])
def test_testi_sospetti_si_mascherano_ovunque(righe: io.StringIO, testo: str) -> None:
    structlog.get_logger().info("prova", uno=testo, due=[testo], tre={testo: 1}, quattro=ValueError(testo))
    assert testo not in righe.getvalue()
    structlog.get_logger().info(testo)
    assert testo not in righe.getvalue()


def test_gli_uuid_restano_leggibili(righe: io.StringIO) -> None:
    structlog.get_logger().info("prova", id="0198a4e0-0000-7000-8000-000000000001")
    assert ultima(righe)["id"] == "0198a4e0-0000-7000-8000-000000000001"


def test_annidamenti_senza_fine_si_tagliano(righe: io.StringIO) -> None:
    nodo: dict[str, Any] = {}
    nodo["a"] = nodo
    structlog.get_logger().info("prova", nodo=nodo)
    assert "[omesso]" in righe.getvalue()


def test_il_livello_minimo(righe: io.StringIO) -> None:
    structlog.get_logger().debug("non si vede")
    assert righe.getvalue() == ""


def test_le_librerie_passano_di_qui(righe: io.StringIO) -> None:
    libreria = logging.getLogger("una.libreria")
    libreria.info("non si vede")
    try:
        int(CF)  # its message quotes the text
    except ValueError:
        libreria.exception("andata male per %s", CF)
    riga = ultima(righe)
    assert (riga["origine"], riga["level"], riga["eccezione"]) == ("una.libreria", "error", "builtins.ValueError")
    assert CF not in righe.getvalue()
    assert len(righe.getvalue().splitlines()) == 1
