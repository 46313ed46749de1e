"""What the published contract says of a request: where it takes an identifier, where an object that could take more."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Cammino = tuple[str, ...]
"""Names from the body down to a field; `[]` is the first element of a list."""

TIPI = {
    "cartella_id": "cartella",
    "persona_id": "persona",
    "operatore_id": "operatore",
    "ente_id": "ente",
    "avviso_id": "avviso",
    "domanda_id": "domanda",
    "equipe_id": "equipe",
    "valutazione_id": "valutazione",
    "rettifica_di": "valutazione",
    "progetto_id": "progetto",
    "caso_id": "caso",
    "graduatoria_id": "graduatoria",
    "indicatore_id": "indicatore",
    "Incarico": "incarico",
    "emergenza_id": "emergenza",
    "esclusione_id": "esclusione",
    "limitazione_id": "limitazione",
    "membro_id": "membro",
    "incarico_id": "incarico",
    "SoggettoIngresso.id": "operatore",
    "RisorsaIngresso.id": "cartella",
    "comune_residenza": "comune",
    "codice_fiscale": "codice_fiscale",
}
"""Name of a field or parameter, where it is too common with its schema → the kind of thing it names.

A new one stops the sweep until it is written here.
"""


@dataclass(frozen=True)
class Posto:
    """A place of a request that takes an identifier. `forma` is the schema that holds it, when it is in the body."""

    operazione: str
    metodo: str
    percorso: str
    luogo: str
    nome: str
    cammino: Cammino = ()
    forma: str = ""

    @property
    def tipo(self) -> str:
        return TIPI.get(f"{self.forma}.{self.nome}") or TIPI[self.nome]

    def __str__(self) -> str:
        return f"{self.operazione} {self.luogo} {'.'.join(self.cammino) or self.nome}"


def risolvi(documento: dict[str, Any], schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and the content of a schema, through references and through "this or null"."""
    nome = ""
    while True:
        if "$ref" in schema:
            nome = schema["$ref"].rpartition("/")[2]
            schema = documento["components"]["schemas"][nome]
        elif len(veri := [s for s in schema.get("anyOf", schema.get("allOf", ())) if not s.get("nullable")]) == 1:
            schema = veri[0]
        else:
            return nome, schema


def _passi(
    documento: dict[str, Any], schema: dict[str, Any], cammino: Cammino = ()
) -> Iterator[tuple[Cammino, str, dict[str, Any]]]:
    """Every object of a body, from the outermost: its path, the name of its schema and the schema."""
    nome, schema = risolvi(documento, schema)
    if "items" in schema:
        yield from _passi(documento, schema["items"], (*cammino, "[]"))
    if "properties" in schema:
        yield cammino, nome, schema
        for campo, dentro in schema["properties"].items():
            yield from _passi(documento, dentro, (*cammino, campo))


def corpo_di(definizione: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of the JSON body of an operation, if it has one."""
    schema: dict[str, Any] | None = (
        definizione.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    )
    return schema


def oggetti(documento: dict[str, Any], definizione: dict[str, Any]) -> Iterator[tuple[Cammino, dict[str, Any]]]:
    """Every object of the body of an operation: its path and its schema."""
    schema = corpo_di(definizione)
    if schema is not None:
        for cammino, _, dentro in _passi(documento, schema):
            yield cammino, dentro


def _identifica(nome: str, schema: dict[str, Any], forma: str = "") -> bool:
    noto = nome in TIPI or f"{forma}.{nome}" in TIPI
    if schema.get("format") == "uuid" and not noto:
        raise AssertionError(f"{forma}.{nome}: an identifier the sweep does not know; add it to TIPI")
    return noto


def posti(documento: dict[str, Any], metodo: str, percorso: str, definizione: dict[str, Any]) -> Iterator[Posto]:
    """Every place where an operation takes an identifier: path, query, headers and body."""
    operazione = definizione["operationId"]
    for parametro in definizione.get("parameters", ()):
        if _identifica(parametro["name"], risolvi(documento, parametro["schema"])[1]):
            yield Posto(operazione, metodo, percorso, parametro["in"], parametro["name"])
    schema = corpo_di(definizione)
    if schema is None:
        return
    for cammino, forma, dentro in _passi(documento, schema):
        for nome, campo in dentro["properties"].items():
            if _identifica(nome, risolvi(documento, campo)[1], forma):
                yield Posto(operazione, metodo, percorso, "body", nome, (*cammino, nome), forma)


def metti(corpo: Any, cammino: Cammino, valore: Any) -> Any:
    """Return a copy of `corpo` with `valore` at `cammino`, making the objects and the lists on the way."""
    if not cammino:
        return deepcopy(valore)
    passo, resto = cammino[0], cammino[1:]
    if passo == "[]":
        elenco = list(corpo or [])
        return [metti(elenco[0] if elenco else {}, resto, valore), *elenco[1:]]
    base = dict(corpo or {})
    base[passo] = metti(base.get(passo), resto, valore)
    return base


def prendi(corpo: Any, cammino: Cammino) -> Any:
    """Return what `corpo` has at `cammino`, or None."""
    for passo in cammino:
        corpo = (corpo or [None])[0] if passo == "[]" else (corpo or {}).get(passo)
    return corpo
