"""The command line and its supervisor: one sentence for what goes wrong, nothing left behind by what is killed."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from typer.testing import CliRunner

from services.cli import main as cli
from services.cli.processi import Processo, verifica_porta
from services.cli.supervisore import Interrotto, Pila, fermabile, migrazione_piu_recente, schema_aggiornato, variabili
from services.cli.terminale import ErroreComando
from services.core.platform.pg.dsn import componi_dsn
from services.core.platform.settings import RADICE_PROGETTO, Ambiente, Settings, carica_settings, get_settings

ESEMPI = RADICE_PROGETTO / "examples"


@pytest.fixture
def ambiente(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """No AMBITO_* of the caller; a state directory of the test; settings read anew."""
    for nome in [n for n in os.environ if n.startswith("AMBITO_")]:
        monkeypatch.delenv(nome)
    monkeypatch.setenv("AMBITO_STATO_DIR", str(tmp_path / "stato"))
    get_settings.cache_clear()
    yield monkeypatch
    get_settings.cache_clear()


def sul_clone(ambiente: pytest.MonkeyPatch, settings: Settings) -> None:
    for nome, valore in variabili(settings).items():
        ambiente.setenv(nome, valore)
    ambiente.setenv("AMBITO_DATABASE_URL", settings.dsn_admin)


def comando(*argomenti: str) -> tuple[int, str, str]:
    esito = CliRunner().invoke(cli.app, argomenti, catch_exceptions=False)
    return esito.exit_code, esito.stdout, " ".join(esito.stderr.split())


class TestErroriInUnaFrase:
    def test_produzione_incompleta(self, ambiente: pytest.MonkeyPatch) -> None:
        ambiente.setenv("AMBITO_ENV", "production")
        codice, _, errore = comando("migrate")
        assert codice == 1
        assert errore.startswith("Errore: Configurazione non valida:")
        assert "AMBITO_DATABASE_APP_URL" in errore

    @pytest.mark.parametrize("quale", ["bootstrap", "migrate"])
    def test_database_che_non_risponde(self, ambiente: pytest.MonkeyPatch, quale: str) -> None:
        with socket.socket() as occupata:
            occupata.bind(("127.0.0.1", 0))
            ambiente.setenv("AMBITO_DATABASE_URL", f"postgresql://x@127.0.0.1:{occupata.getsockname()[1]}/ambito")
            codice, _, errore = comando(quale)
        assert codice == 1
        assert "non risponde" in errore
        assert "Traceback" not in errore

    def test_cartella_che_non_descrive_un_ambito(self, ambiente: pytest.MonkeyPatch, tmp_path: Path) -> None:
        codice, _, errore = comando("load", str(tmp_path))
        assert codice == 1
        assert "manca ambito.yaml" in errore

    def test_porta_occupata(self, ambiente: pytest.MonkeyPatch) -> None:
        ambiente.setattr("services.cli.processi.ATTESA_PORTA_S", 0.2)
        with socket.socket() as occupata:
            occupata.bind(("127.0.0.1", 0))
            occupata.listen()
            porta = occupata.getsockname()[1]
            ambiente.setenv("AMBITO_API_PORT", str(porta))
            codice, _, errore = comando("up")
        assert codice == 1
        assert f"La porta {porta}, che serve all'API, non è disponibile" in errore
        assert "AMBITO_API_PORT" in errore

    def test_up_in_produzione(self, ambiente: pytest.MonkeyPatch) -> None:
        settings = carica_settings()
        with pytest.raises(ErroreComando, match="produzione"):
            Pila(settings.model_copy(update={"env": Ambiente.PRODUZIONE}))


class TestSulDatabase:
    def test_migrate_e_load_si_ripetono(self, ambiente: pytest.MonkeyPatch, settings: Settings) -> None:
        sul_clone(ambiente, settings)
        codice, uscita, errore = comando("migrate")
        assert (codice, errore) == (0, "")
        assert "Schema alla migrazione" in uscita
        codice, uscita, _ = comando("load", str(ESEMPI / "cremasco"))
        assert codice == 0
        assert "Righe aggiunte: 0." in uscita

    def test_token_di_un_operatore_e_di_uno_ignoto(self, ambiente: pytest.MonkeyPatch, settings: Settings) -> None:
        sul_clone(ambiente, settings)
        codice, uscita, _ = comando("token", "as-crema")
        assert codice == 0
        assert uscita.strip().count(".") == 2
        codice, uscita, errore = comando("token", "chi-non-c-e")
        assert (codice, uscita) == (1, "")
        assert "non è registrato" in errore


def test_la_migrazione_piu_recente_e_quella_di_alembic() -> None:
    alembic = ScriptDirectory.from_config(Config(str(RADICE_PROGETTO / "alembic.ini")))
    assert migrazione_piu_recente() == alembic.get_current_head()


async def test_schema_aggiornato(settings: Settings, admin: "asyncpg.Connection[asyncpg.Record]") -> None:
    assert await schema_aggiornato(settings.dsn_admin)
    await admin.execute("UPDATE alembic_version SET version_num = 'vecchia'")
    assert not await schema_aggiornato(settings.dsn_admin)
    assert not await schema_aggiornato(componi_dsn(settings.dsn_admin, database="che-non-c-e"))


def test_contratto_diverso_dal_codice(ambiente: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # called as functions: building the application gives the log the standard output, which must outlive the test
    ambiente.setattr(cli, "RADICE_PROGETTO", tmp_path)
    ambiente.setattr(cli, "OPENAPI", tmp_path / "openapi" / "openapi.yaml")
    with pytest.raises(ErroreComando, match="make openapi"):
        cli.export(verifica=True)
    cli.export(verifica=False)
    cli.export(verifica=True)
    with cli.OPENAPI.open("a", encoding="utf-8") as file:
        file.write("# ritocco\n")
    with pytest.raises(ErroreComando, match="make openapi"):
        cli.export(verifica=True)


class TestProcessi:
    def test_le_impostazioni_passano_tutte_meno_una(self, ambiente: pytest.MonkeyPatch, settings: Settings) -> None:
        passate = variabili(settings)
        assert passate["AMBITO_DATABASE_URL"] == ""
        for nome, valore in passate.items():
            ambiente.setenv(nome, valore)
        figlio = carica_settings()
        for nome in settings.model_fields_set - {"database_url"}:
            assert getattr(figlio, nome) == getattr(settings, nome), nome

    def test_porta_che_si_libera(self) -> None:
        occupata = socket.socket()
        occupata.bind(("127.0.0.1", 0))
        occupata.listen()
        rilascio = threading.Timer(0.4, occupata.close)
        inizio = time.monotonic()
        rilascio.start()
        verifica_porta("127.0.0.1", occupata.getsockname()[1], "alla prova", "X")
        assert time.monotonic() - inizio >= 0.3, "la porta risultava libera mentre era occupata"

    def test_chi_muore_all_avvio_dice_perche(self, tmp_path: Path) -> None:
        processo = Processo("prova", ["-c", "raise SystemExit('manca il coraggio')"], {}, tmp_path / "p.log")
        processo.avvia()
        with pytest.raises(ErroreComando, match="manca il coraggio"):
            processo.attendi(lambda: False, 10)
        processo.ferma()

    def test_fermato_con_ordine_e_ucciso_se_sordo(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.cli.processi.ATTESA_ARRESTO_S", 0.5)
        sordo = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pronto', flush=True); time.sleep(60)"
        processo = Processo("sordo", ["-c", sordo], {}, tmp_path / "p.log")
        processo.avvia()
        processo.attendi(lambda: "pronto" in processo.fine_registro(), 10)
        figlio = processo.figlio
        processo.ferma()
        assert figlio is not None
        assert figlio.returncode == -signal.SIGKILL

    @pytest.mark.skipif(sys.platform != "linux", reason="la morte col padre è di Linux")
    def test_ucciso_il_supervisore_muore_il_figlio(self, tmp_path: Path) -> None:
        programma = textwrap.dedent(
            f"""
            import time
            from pathlib import Path
            from services.cli.processi import Processo
            p = Processo("figlio", ["-c", "import time; time.sleep(60)"], {{}}, Path({str(tmp_path / "p.log")!r}))
            p.avvia()
            print(p.figlio.pid, flush=True)
            time.sleep(60)
            """
        )
        with subprocess.Popen([sys.executable, "-c", programma], stdout=subprocess.PIPE, text=True, cwd=RADICE_PROGETTO) as padre:
            assert padre.stdout is not None
            figlio = int(padre.stdout.readline())
            padre.kill()
        scadenza = time.monotonic() + 10
        while _vivo(figlio):
            assert time.monotonic() < scadenza, "il figlio è sopravvissuto al supervisore"
            time.sleep(0.02)


def _vivo(pid: int) -> bool:
    """Whether a process runs; one that waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("segnale", [signal.SIGINT, signal.SIGTERM])
def test_un_segnale_interrompe_una_volta_sola(segnale: signal.Signals) -> None:
    def lavoro() -> None:
        with fermabile():
            try:
                os.kill(os.getpid(), segnale)
                time.sleep(5)
            finally:
                os.kill(os.getpid(), segnale)
                time.sleep(0.05)

    prima = signal.getsignal(segnale)
    with pytest.raises(Interrotto):
        lavoro()
    assert signal.getsignal(segnale) is prima
