"""Input is refused where pydantic would have been kind; answers have no defaults."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, ValidationError

from services.api.pagina import rispondi, rispondi_pagina
from services.api.schemas.base import (
    INT64_MAX,
    LUNGHEZZA_ELENCO,
    LUNGHEZZA_TESTO,
    Centesimi,
    Ingresso,
    IngressoTollerante,
    Pagina,
    Uscita,
)


class Specie(StrEnum):
    A = "a"


class Dentro(Ingresso):
    n: int


class Tutto(Ingresso):
    i: int = 0
    s: str = ""
    corto: Annotated[str, Field(max_length=3)] = ""
    d: date | None = None
    t: datetime | None = None
    b: bool = False
    f: float = 0.0
    x: Decimal | None = None
    u: UUID | None = None
    e: Specie | None = None
    c: Centesimi | None = None
    elenco: list[Dentro] = []
    opzioni: list[int | str] | None = None
    libero: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("campo", "valore"),
    [
        ("i", "1"), ("i", True), ("i", 1.0), ("i", INT64_MAX + 1),
        ("s", 1), ("s", "a\x00"), ("s", "\ud800"), ("s", "x" * (LUNGHEZZA_TESTO + 1)), ("corto", "abcd"),
        ("d", 0), ("d", "2025-01-01T00:00:00"), ("d", "2025-02-30"), ("d", "20250101"), ("d", "1735689600"),
        ("t", 0), ("t", "2025-01-01"), ("t", "2025-01-01T00:00:00"), ("t", "1735689600"),
        ("b", 1), ("b", "true"), ("f", "1.5"), ("f", float("nan")), ("f", float("inf")),
        ("x", 1.1), ("x", "NaN"), ("u", "x"), ("e", "b"), ("c", -1), ("c", 1.5),
        ("elenco", [{"n": "1"}]), ("elenco", [{"n": 1, "m": 2}]), ("elenco", [{"n": 1}] * (LUNGHEZZA_ELENCO + 1)),
        ("opzioni", [True]), ("opzioni", ["a\x00"]), ("ignoto", 1), ("libero", {str(i): i for i in range(LUNGHEZZA_ELENCO + 1)}),
    ],
)  # fmt: skip
def test_rifiutati(campo: str, valore: object) -> None:
    with pytest.raises(ValidationError) as preso:
        Tutto.model_validate({campo: valore})
    assert str(valore)[:20] not in str(preso.value) or len(str(valore)) < 5


def test_accolti() -> None:
    letto = Tutto.model_validate(
        {
            "i": 1, "s": "  è  ", "d": "2025-09-15", "t": "2025-09-15T10:00:00.5+02:00", "b": True, "f": 1, "x": "10.10",
            "u": str(UUID(int=1)), "e": "a", "c": 5, "elenco": [{"n": 1}], "opzioni": [1, "uno"], "libero": {"a": [{"b": None}]},
        }
    )  # fmt: skip
    assert letto.s == "è"
    assert letto.d == date(2025, 9, 15)
    assert letto.t == datetime(2025, 9, 15, 8, 0, 0, 500_000, tzinfo=UTC)
    assert letto.x == Decimal("10.10")
    assert letto.elenco[0].n == 1
    assert Tutto(d=date(2025, 1, 1), u=UUID(int=1)).d == date(2025, 1, 1)


def test_i_limiti_sono_nello_schema() -> None:
    proprieta = Tutto.model_json_schema()["properties"]
    assert proprieta["s"]["maxLength"] == LUNGHEZZA_TESTO
    assert proprieta["corto"]["maxLength"] == 3
    assert proprieta["elenco"]["maxItems"] == LUNGHEZZA_ELENCO
    assert proprieta["i"]["maximum"] == INT64_MAX
    assert Tutto.model_json_schema()["additionalProperties"] is False


def test_anche_dentro_un_modello_ricorsivo() -> None:
    class Nodo(Ingresso):
        testo: str
        figli: "list[Nodo]" = []

    Nodo.model_rebuild(_types_namespace={"Nodo": Nodo})
    assert Nodo.model_validate({"testo": "a", "figli": [{"testo": "b"}]}).figli[0].testo == "b"
    for cattivo in ({"testo": 1}, {"testo": "a", "figli": [{"testo": "b\x00"}]}):
        with pytest.raises(ValidationError):
            Nodo.model_validate(cattivo)


def test_il_tollerante_ignora_ma_resta_severo() -> None:
    class Esito(IngressoTollerante):
        n: int

    assert Esito.model_validate({"n": 1, "altro": 2}).n == 1
    with pytest.raises(ValidationError):
        Esito.model_validate({"n": "1"})


def test_una_risposta_con_un_predefinito_non_si_scrive() -> None:
    with pytest.raises(TypeError, match=r"Cattiva\.b"):

        class Cattiva(Uscita):
            a: int
            b: int | None = None

    with pytest.raises(TypeError, match="Elenco"):

        class Elenco(Uscita):
            a: list[int] = Field(default_factory=list)


class Cosa(Uscita):
    n: int | None


def test_pagina_e_risposte() -> None:
    assert Pagina[Cosa].__name__ == "PaginaCosa"
    assert Pagina[Cosa].model_json_schema()["required"] == ["elementi", "successivo"]
    risposta = rispondi(Cosa(n=None), stato=201, versione=3, posizione="/cose/1")
    assert (risposta.body, risposta.status_code) == (b'{"n":null}', 201)
    assert (risposta.headers["etag"], risposta.headers["location"]) == ('"3"', "/cose/1")
    pagina = rispondi_pagina('[{"n":1}]', None)
    assert Pagina[Cosa].model_validate_json(bytes(pagina.body)).elementi == [Cosa(n=1)]
    assert rispondi_pagina(b"[]", 'a"b').body == b'{"elementi":[],"successivo":"a\\"b"}'
