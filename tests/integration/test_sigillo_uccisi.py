"""A real worker killed without a word (SIGKILL) between any two steps of the seal, and a real witness that comes and goes.

No fault is built into the product: the test holds a lock the sealer needs, or does not answer, sees it wait, and kills it.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner

from services.cli import main as cli
from services.core.platform.clock import adesso
from services.core.platform.pg.dsn import componi_dsn
from services.core.platform.settings import RADICE_PROGETTO, Settings, get_settings
from services.core.sigillo.chiavi import crea_chiavi
from services.core.sigillo.firme import Fiducia, leggi_pubblica
from services.core.sigillo.rapporto import Rapporto
from services.core.sigillo.revisione import verifica
from services.core.sigillo.testimonianza import FileTestimone
from services.core.sigillo.verifica import Fiduciari
from tests.mondo_sigillo import data, scrivi
from tests.processi import ProcessoWorker, aspetta, porta_libera

pytestmark = pytest.mark.lento


class Scena:
    """The database seen from outside, workers to start and kill, and a witness as a process of its own."""

    def __init__(self, settings: Settings, admin: "asyncpg.Connection[asyncpg.Record]", cartella: Path) -> None:
        self.settings, self.admin, self.cartella, self.porta = settings, admin, cartella, porta_libera()
        crea_chiavi(settings)
        self.worker: list[ProcessoWorker] = []

    def avvia(self) -> ProcessoWorker:
        self.worker.append(
            ProcessoWorker(self.settings, self.cartella / "worker.log", AMBITO_TESTIMONE_URL=f"http://127.0.0.1:{self.porta}")
        )
        worker = self.worker[-1].pronto()
        aspetta(lambda: "sigillatore_eletto" in worker.scritto(), "l'elezione del sigillatore")
        return worker

    @contextmanager
    def testimone(self) -> Iterator[subprocess.Popen[bytes]]:
        """The witness, by the command that runs it in production too."""
        stato = self.settings.stato_dir
        comando = ["testimone", "avvia", "--cartella", str(self.cartella / "testimone"), "--porta", str(self.porta)]
        comando += ["--chiave", str(stato / "testimone.pem"), "--ammessa", str(stato / "sigillo.pub")]
        with (self.cartella / "testimone.log").open("ab") as registro:
            processo = subprocess.Popen(
                [sys.executable, "-m", "services.cli.main", *comando], cwd=RADICE_PROGETTO, stdout=registro, stderr=registro
            )
        try:
            aspetta(self._risponde, "il testimone")
            yield processo
        finally:
            processo.kill()
            processo.wait(10)

    def _risponde(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.porta}/status").status_code == 200
        except httpx.HTTPError:
            return False

    async def fino_a(self, query: str, che_cosa: str, secondi: float = 40.0) -> None:
        async with asyncio.timeout(secondi):
            while not await self.admin.fetchval(query):  # noqa: ASYNC110  # what changes is in the database
                await asyncio.sleep(0.03)

    async def in_attesa(self, inizio: str) -> None:
        """Wait until a statement of the sealer that begins like this waits for a lock."""
        query = f"""SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                    AND application_name = 'ambito-sigillatore' AND query ILIKE '{inizio}%'"""
        await self.fino_a(query, inizio)

    @asynccontextmanager
    async def fermo(self, blocco: str) -> AsyncIterator[None]:
        """Hold what `blocco` locks."""
        connessione = await asyncpg.connect(self.settings.dsn_admin)
        try:
            async with connessione.transaction():
                await connessione.execute(blocco)
                yield
        finally:
            await connessione.close()

    async def tutto_a_posto(self, quante: int) -> Rapporto:
        """Wait for the end of the work, then check that each row has one number, and the witness every head."""
        await self.fino_a(f"SELECT count(*) = {quante} FROM sigillo_voce", "il sigillo")
        await self.fino_a("SELECT teste_da_testimoniare = 0 FROM misura_sigillo()", "il testimone")
        numeri = await self.admin.fetchval("SELECT array_agg(numero ORDER BY numero) FROM sigillo_voce")
        assert numeri == list(range(1, quante + 1))
        stato = self.settings.stato_dir
        (file,) = (self.cartella / "testimone").glob("*.jsonl")
        sigillo, testimone = (Fiducia([leggi_pubblica(stato / f"{nome}.pub")]) for nome in ("sigillo", "testimone"))
        rapporto = await verifica(self.settings.dsn_admin, Fiduciari(sigillo, testimone, FileTestimone(file)))
        assert rapporto.integro, rapporto.rilievi
        assert rapporto.testimoniato_fino_a == rapporto.lotti == len(file.read_bytes().splitlines())
        return rapporto


@pytest.fixture
async def scena(settings: Settings, admin: "asyncpg.Connection[asyncpg.Record]", tmp_path: Path) -> AsyncIterator[Scena]:
    scena = Scena(settings, admin, tmp_path)
    yield scena
    for worker in scena.worker:
        worker.uccidi()


@pytest.mark.server
async def test_ucciso_mentre_sigilla(scena: Scena) -> None:
    """The head waits to be written: nothing of the batch is there, and the next sealer makes it whole."""
    with scena.testimone():
        async with scena.fermo("LOCK TABLE sigillo_testa IN SHARE ROW EXCLUSIVE MODE"):
            worker = scena.avvia()
            await scrivi(scena.admin, 5)
            await scena.in_attesa("INSERT INTO sigillo_testa")
            worker.uccidi()
        assert await scena.admin.fetchval("SELECT count(*) FROM sigillo_voce") == 0
        scena.avvia()
        await scena.tutto_a_posto(5)


@pytest.mark.server
async def test_ucciso_tra_la_testa_e_le_righe(scena: Scena) -> None:
    """The head is written and its rows are not: they go together, so neither is."""
    with scena.testimone():
        async with scena.fermo("LOCK TABLE sigillo_voce IN SHARE ROW EXCLUSIVE MODE"):
            worker = scena.avvia()
            await scrivi(scena.admin, 5)
            await scena.in_attesa("INSERT INTO sigillo_voce")
            worker.uccidi()
        assert await scena.admin.fetchval("SELECT count(*) FROM sigillo_testa") == 0
        scena.avvia()
        await scena.tutto_a_posto(5)


@pytest.mark.server
async def test_ucciso_mentre_il_testimone_riceve(scena: Scena) -> None:
    with socket.socket() as muto:
        muto.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        muto.bind(("127.0.0.1", scena.porta))
        muto.listen()
        muto.setblocking(False)
        worker = scena.avvia()
        await scrivi(scena.admin, 5)
        async with asyncio.timeout(40):
            preso, _ = await asyncio.get_running_loop().sock_accept(muto)
        worker.uccidi()
        preso.close()
    with scena.testimone():
        scena.avvia()
        await scena.tutto_a_posto(5)


@pytest.mark.server
async def test_ucciso_prima_di_conservare_la_ricevuta(scena: Scena) -> None:
    """The witness has written and signed; the sealer never learns it, and asks."""
    with scena.testimone():
        async with scena.fermo("LOCK TABLE sigillo_ricevuta IN SHARE ROW EXCLUSIVE MODE"):
            worker = scena.avvia()
            await scrivi(scena.admin, 5)
            await scena.in_attesa("INSERT INTO sigillo_ricevuta")
            worker.uccidi()
        assert await scena.admin.fetchval("SELECT count(*) FROM sigillo_ricevuta") == 0
        assert len(list((scena.cartella / "testimone").glob("*.jsonl"))) == 1
        scena.avvia()
        await scena.tutto_a_posto(5)


async def test_il_testimone_giu_e_poi_su(scena: Scena) -> None:
    """Sealing goes on without it; killed and back, it takes what it missed, and each head once."""
    scena.avvia()
    for _ in range(2):
        await scrivi(scena.admin, 2)
        await scena.fino_a("SELECT audit_da_sigillare = 0 FROM misura_sigillo()", "il sigillo senza testimone")
    assert await scena.admin.fetchval("SELECT teste_da_testimoniare >= 1 FROM misura_sigillo()")
    with scena.testimone() as testimone:
        await scena.fino_a("SELECT teste_da_testimoniare = 0 FROM misura_sigillo()", "la consegna")
        testimone.kill()
        testimone.wait(10)
        await scrivi(scena.admin, 3)
        await scena.fino_a("SELECT audit_da_sigillare = 0 FROM misura_sigillo()", "il sigillo senza testimone")
    with scena.testimone():
        rapporto = await scena.tutto_a_posto(7)
    assert rapporto.lotti >= 3


@pytest.mark.server
async def test_due_worker_uno_solo_sigilla_e_l_altro_subentra(scena: Scena) -> None:
    with scena.testimone():
        primo = scena.avvia()
        scena.worker.append(
            ProcessoWorker(scena.settings, scena.cartella / "altro.log", AMBITO_TESTIMONE_URL=f"http://127.0.0.1:{scena.porta}")
        )
        aspetta(lambda: "worker_avviato" in scena.worker[-1].scritto(), "il secondo worker")
        await scrivi(scena.admin, 4)
        await scena.fino_a("SELECT count(*) = 4 FROM sigillo_voce", "il sigillo")
        assert "sigillatore_eletto" not in scena.worker[-1].scritto()
        primo.uccidi()
        await scrivi(scena.admin, 4)
        await scena.tutto_a_posto(8)
        assert "sigillatore_eletto" in scena.worker[-1].scritto()


async def test_una_testa_manomessa_ferma_il_sigillo_e_lo_dice(scena: Scena) -> None:
    """What is sealed is left as it is; the worker's other work goes on."""
    worker = scena.avvia()
    await scrivi(scena.admin, 2)
    await scena.fino_a("SELECT count(*) = 2 FROM sigillo_voce", "il sigillo")
    await scena.admin.execute("UPDATE sigillo_testa SET quante = -1")
    await scrivi(scena.admin, 2)
    aspetta(lambda: "sigillatore_interrotto" in worker.scritto(), "l'avviso")
    assert await scena.admin.fetchval("SELECT count(*) FROM sigillo_voce") == 2
    assert worker.processo.poll() is None


class TestComando:
    """`ambito audit`, as an auditor and an administrator run it."""

    @pytest.fixture
    def ambiente(self, scena: Scena, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
        for nome, valore in {
            "AMBITO_ENV": "test",
            "AMBITO_STATO_DIR": str(scena.settings.stato_dir),
            "AMBITO_DATABASE_URL": scena.settings.dsn_admin,
        }.items():
            monkeypatch.setenv(nome, valore)
        get_settings.cache_clear()
        yield monkeypatch
        get_settings.cache_clear()

    @staticmethod
    async def esegui(*argomenti: str) -> tuple[int, str, str]:
        """In a thread: the command has an event loop of its own."""
        esito = await asyncio.to_thread(CliRunner().invoke, cli.app, ["audit", *argomenti], catch_exceptions=False)
        return esito.exit_code, esito.stdout, " ".join(esito.stderr.split())

    async def test_integro_zero_manomesso_uno(self, scena: Scena, ambiente: pytest.MonkeyPatch) -> None:
        with scena.testimone():
            scena.avvia()
            await scrivi(scena.admin, 3)
            await scena.tutto_a_posto(3)
        scena.worker[-1].ferma()
        (file,) = (scena.cartella / "testimone").glob("*.jsonl")
        codice, uscita, _ = await self.esegui("verify", "--testimone", str(file))
        assert codice == 0, uscita
        assert "✓ Integro: 3 righe" in uscita
        assert "Nota:" not in uscita
        codice, uscita, _ = await self.esegui("verify")
        assert (codice, "Senza il file del testimone" in uscita) == (0, True)
        await scena.admin.execute("UPDATE audit SET esito = 'negata' WHERE id = (SELECT min(audit_id) FROM sigillo_voce)")
        codice, uscita, _ = await self.esegui("verify", "--json")
        assert codice == 1
        letto = json.loads(uscita)
        assert (letto["integro"], letto["conteggi"]) == (False, {"alterata": 1})
        assert letto["rilievi"][0]["testo"] == "alterata: numero 1: il contenuto non corrisponde al sigillo"

    async def test_il_revisore_non_ha_bisogno_d_altro(self, scena: Scena, ambiente: pytest.MonkeyPatch) -> None:
        """In production's environment, with none of its settings: an address, a login that may only read, a public key."""
        await scrivi(scena.admin, 2)
        ruolo = f"prova_revisione_{os.getpid()}"
        await scena.admin.execute(f"CREATE ROLE {ruolo} LOGIN NOINHERIT PASSWORD 'x' IN ROLE ambito_revisore")
        nome = await scena.admin.fetchval("SELECT current_database()")
        await scena.admin.execute(f'GRANT CONNECT ON DATABASE "{nome}" TO {ruolo}')
        try:
            dsn = componi_dsn(scena.settings.dsn_admin, utente=ruolo, password="x")
            ambiente.setenv("AMBITO_ENV", "produzione")
            ambiente.delenv("AMBITO_DATABASE_URL")
            ambiente.setenv("AMBITO_DATABASE_REVISORE_URL", dsn)
            chiave = str(scena.settings.stato_dir / "sigillo.pub")
            codice, uscita, errore = await self.esegui("verify", "--chiave", chiave)
            assert (codice, errore) == (0, ""), uscita
            revisore = await asyncpg.connect(dsn)
            await revisore.execute("SET ROLE ambito_revisore")
            assert await revisore.fetchval("SELECT count(*) FROM audit") == 2
            for vietato in ("DELETE FROM audit", "UPDATE sigillo_voce SET sale = NULL", "SELECT * FROM persona"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await revisore.execute(vietato)
            await revisore.close()
        finally:
            await scena.admin.execute(f'REVOKE ALL ON DATABASE "{nome}" FROM {ruolo}')
            await scena.admin.execute(f"DROP ROLE {ruolo}")

    @pytest.mark.parametrize(
        ("argomenti", "perche"),
        [
            (("--testimone", "/non/c/e"), "non c'è"),
            (("--chiave", "/non/c/e"), "chiave pubblica non è utilizzabile"),
            (("--chiave-testimone", __file__), "chiave pubblica non è utilizzabile"),
        ],
    )
    async def test_cio_che_non_si_puo_verificare_esce_con_due(
        self, scena: Scena, ambiente: pytest.MonkeyPatch, argomenti: tuple[str, ...], perche: str
    ) -> None:
        codice, uscita, errore = await self.esegui("verify", *argomenti)
        assert (codice, uscita) == (2, "")
        assert errore.startswith("Non verificato:")
        assert perche in errore

    async def test_un_database_che_non_risponde_esce_con_due(self, scena: Scena, ambiente: pytest.MonkeyPatch) -> None:
        ambiente.setenv("AMBITO_DATABASE_URL", f"postgresql://x@127.0.0.1:{porta_libera()}/ambito")
        codice, _, errore = await self.esegui("verify")
        assert (codice, "non risponde" in errore) == (2, True)

    async def test_oblia(self, scena: Scena, ambiente: pytest.MonkeyPatch) -> None:
        scena.avvia()
        await scrivi(scena.admin, 4, data(900, adesso()))
        await scena.fino_a("SELECT count(*) = 4 FROM sigillo_voce", "il sigillo")
        prima_del = f"{data(800, adesso()):%Y-%m-%d}"
        codice, _, errore = await self.esegui("oblia", "--prima-del", f"{adesso():%Y-%m-%d}", "--motivo", "Termine", "--si")
        assert (codice, "184 giorni" in errore) == (1, True)
        codice, uscita, _ = await self.esegui("oblia", "--prima-del", prima_del, "--motivo", "Termine", "--si")
        assert (codice, uscita.strip()) == (0, "Righe obliate: 4, con 1 atti firmati.")
        await scena.fino_a("SELECT count(*) = 5 FROM sigillo_voce", "l'atto")
        codice, uscita, _ = await self.esegui("verify")
        assert codice == 0, uscita
        assert "4 obliate con 1 atti" in uscita
