"""The steps of `make demo-audit`, each a test, in order, on real programs: API, worker, witness, and the verification apart."""

from collections.abc import Callable, Iterator

import pytest

from services.cli.demo_audit.manomissioni import MANOMISSIONI
from services.cli.demo_audit.regia import PASSI, PREPARATORI, Prova, esegui_passo
from services.cli.supervisore import Pila
from tests.ambiente import Server
from tests.demo.test_passi import porte_libere

pytestmark = [pytest.mark.lento, pytest.mark.timeout(240)]

DATABASE = "prova_demo_audit"


@pytest.fixture(scope="module")
def prova(server: Server) -> Iterator[Prova]:
    api, sandbox, testimone = porte_libere(3)
    settings = server.settings(DATABASE, api_port=api, sandbox_port=sandbox, testimone_port=testimone)
    with Pila(settings, da_capo=True) as pila:
        prova = Prova(pila)
        yield prova
    for nome in (prova.copia, DATABASE):
        server.elimina(nome)


@pytest.fixture(scope="module")
def preparata(prova: Prova) -> Prova:
    """A trail sealed, erased in part, witnessed, verified intact; the programs that wrote it stopped."""
    for nome, fai in PASSI[:PREPARATORI]:
        regge, testo, _ = esegui_passo(prova, fai)
        assert regge, f"{nome}: {testo}"
    return prova


@pytest.mark.parametrize(("nome", "fai"), PASSI[PREPARATORI:], ids=[nome for nome, _ in PASSI[PREPARATORI:]])
def test_passo(preparata: Prova, nome: str, fai: Callable[[Prova], str]) -> None:
    regge, testo, _ = esegui_passo(preparata, fai)
    assert regge, testo
    assert testo


def test_una_manomissione_non_trovata_e_un_fallimento(preparata: Prova, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the demonstration could never fail."""

    async def nulla(*_: object) -> None:
        """Tamper with nothing."""

    monkeypatch.setattr("services.cli.demo_audit.regia._su_una_copia", nulla)
    monkeypatch.setattr(Prova, "copia", preparata.database)
    regge, testo, _ = esegui_passo(preparata, dict(PASSI)[MANOMISSIONI[0].nome])
    assert (regge, testo) == (False, "la verifica non ha trovato nulla")
