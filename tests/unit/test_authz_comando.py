"""`ambito authz matrix`: what it prints, and the status it ends with. tests/attack/test_matrice.py runs the matrix itself."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import main as cli
from services.cli.authz import comando
from services.cli.authz.celle import Cella, Matrice
from services.cli.supervisore import Interrotto, fermabile
from services.core.access.ruoli import Ruolo
from services.core.access.situazioni import SITUAZIONI, Relazione
from services.core.platform.settings import get_settings

BUONA = Cella("leggiIo", Ruolo.DPO, Relazione.TERRITORIO, "accesso", "consentita", "consentita")


def riga_di(operazione: str, *diverse: Cella) -> list[Cella]:
    """A whole row of the table, with the cells given in place of the good ones."""
    altre = {(c.ruolo, c.relazione): c for c in diverse}
    return [
        altre.get((ruolo, relazione)) or Cella(operazione, ruolo, relazione, "accesso", "consentita", "consentita")
        for ruolo in Ruolo
        for relazione in SITUAZIONI
    ]


@pytest.fixture(autouse=True)
def ambiente(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("AMBITO_STATO_DIR", str(tmp_path / "stato"))
    monkeypatch.delenv("AMBITO_ENV", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def esegui(monkeypatch: pytest.MonkeyPatch, celle: list[Cella], *opzioni: str) -> tuple[int, str]:
    monkeypatch.setattr(comando, "_esegui", lambda _: Matrice(celle, 12.0))
    esito = CliRunner().invoke(cli.app, ["authz", "matrix", *opzioni], catch_exceptions=False)
    return esito.exit_code, esito.stdout


def test_tutte_buone(monkeypatch: pytest.MonkeyPatch) -> None:
    stato, uscita = esegui(monkeypatch, riga_di("leggiIo"))
    assert stato == 0
    assert f"{len(Ruolo) * len(SITUAZIONI)} celle, nessuna fallita" in uscita
    [riga] = [r for r in uscita.splitlines() if r.strip().startswith("leggiIo")]
    assert riga.split()[1:] == [str(len(SITUAZIONI))] * len(Ruolo)


def test_una_fallita_si_vede_e_il_comando_esce_1(monkeypatch: pytest.MonkeyPatch) -> None:
    cattiva = Cella("leggiIo", Ruolo.RSA, Relazione.SQUADRA, "accesso", "404", "consentita", ("trapela fatto di «bersaglio»",))
    stato, uscita = esegui(monkeypatch, riga_di("leggiIo", cattiva))
    assert stato == 1
    assert "celle, 1 fallita" in uscita
    assert "leggiIo · rsa · squadra · accesso: atteso 404, ottenuto consentita; trapela fatto di «bersaglio»" in uscita
    assert "✗1" in uscita


def test_un_difetto_basta(monkeypatch: pytest.MonkeyPatch) -> None:
    """The outcome is the expected one, and something else is wrong with the answer."""
    difettosa = Cella("leggiIo", Ruolo.RSA, Relazione.SQUADRA, "accesso", "404", "404", ("intestazione etag in un rifiuto",))
    stato, _ = esegui(monkeypatch, riga_di("leggiIo", difettosa))
    assert stato == 1


def test_cio_che_non_si_prova_si_dice_forte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(comando.NON_COSTRUITE, "relazione_futura", "non c'è ancora")
    stato, uscita = esegui(monkeypatch, riga_di("leggiIo"))
    assert stato == 0
    assert "NON PROVATA relazione_futura: non c'è ancora." in uscita
    _, uscita = esegui(monkeypatch, riga_di("leggiIo"), "--json")
    assert json.loads(uscita)["non_costruite"] == {"relazione_futura": "non c'è ancora"}


def test_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    cattiva = Cella("leggiIo", Ruolo.RSA, Relazione.SQUADRA, "conflitto di chiave", "409", "201")
    stato, uscita = esegui(monkeypatch, [BUONA, cattiva], "--json")
    letto = json.loads(uscita)
    assert stato == 1
    assert len(letto["cells"]) == 2
    assert letto["cells"][0] == {
        "operation": "leggiIo",
        "role": "dpo",
        "relation": "territorio",
        "check": "accesso",
        "expected": "consentita",
        "got": "consentita",
        "ok": True,
    }
    assert [c["ok"] for c in letto["failures"]] == [False]
    assert letto["failures"] == letto["cells"][1:]
    assert letto["relations"] == [r.value for r in Relazione]


def test_cio_che_l_applicazione_registra_non_sta_nel_json(monkeypatch: pytest.MonkeyPatch) -> None:
    def registra(_: object) -> Matrice:
        print("errore_interno")
        return Matrice([BUONA], 1.0)

    monkeypatch.setattr(comando, "_esegui", registra)
    esito = CliRunner().invoke(cli.app, ["authz", "matrix", "--json"], catch_exceptions=False)
    assert json.loads(esito.stdout)["failures"] == []
    assert "errore_interno" in esito.stderr


def test_in_produzione_non_si_esegue(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokens would be of an issuer that production does not trust: nothing is written."""
    chiamato = []
    monkeypatch.setattr(comando, "_esegui", chiamato.append)
    monkeypatch.setattr(cli, "carica_settings", type("Finte", (), {"produzione": True}))
    esito = CliRunner().invoke(cli.app, ["authz", "matrix"], catch_exceptions=False)
    assert esito.exit_code == 1
    assert "in produzione non si esegue" in " ".join(esito.stderr.split())
    assert chiamato == []


def test_interrotta_non_ha_esito(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrompe(_: object) -> Matrice:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("the signal passes through")

    monkeypatch.setattr(comando, "_esegui", interrompe)
    esito = CliRunner().invoke(cli.app, ["authz", "matrix"], catch_exceptions=False)
    assert (esito.exit_code, esito.stdout) == (1, "")
    assert "Interrotta" in esito.stderr


@pytest.mark.parametrize("segnale", [signal.SIGINT, signal.SIGTERM])
def test_un_segnale_ferma_anche_dove_l_applicazione_inghiotte_le_eccezioni(segnale: signal.Signals) -> None:
    """The signal comes while a request is served: its task answers with an error, and the run ends all the same."""
    finite = []

    async def richiesta() -> None:
        try:
            signal.raise_signal(segnale)
        except Interrotto:
            finite.append("inghiottita")

    async def lavoro() -> None:
        try:
            await asyncio.gather(*(asyncio.create_task(richiesta()) for _ in range(3)), return_exceptions=True)
            await asyncio.sleep(60)
        finally:
            finite.append("chiusa")

    with fermabile():
        with pytest.raises(Interrotto):
            asyncio.run(comando.interrompibile(lavoro()))
        signal.raise_signal(segnale)
    assert finite == ["chiusa"]
