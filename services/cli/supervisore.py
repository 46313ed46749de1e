"""Everything up at once, for `up` and `demo`: database, migrations, examples, sandbox, witness, API, worker; and all down."""

import asyncio
import http.client
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr

from services.cli.processi import Processo, verifica_porta
from services.cli.terminale import ErroreComando
from services.core.platform.pg.dsn import componi_dsn, nome_database
from services.core.platform.pg.lanciatore import Lanciatore
from services.core.platform.segreti import prepara_cartella
from services.core.platform.settings import RADICE_PROGETTO, Settings

ESEMPI = RADICE_PROGETTO / "examples"
GIORNO_ESEMPI = date(2025, 9, 15)
"""The reference date of the examples: their facts are valid in 2025 (an ISEE ends on 31 December)."""

MIGRAZIONI = RADICE_PROGETTO / "migrations" / "versions"
_REVISIONE = re.compile(r"^revision\b.*=\s*[\"']([^\"']+)", re.MULTILINE)
_PRECEDE = re.compile(r"^down_revision\b.*=\s*[\"']([^\"']+)", re.MULTILINE)

PRONTO_S = 120.0
Passo = Callable[[str], None]


class Interrotto(BaseException):
    """A signal asked to stop. Not an `Exception`: no handler of errors may swallow it."""


def ambiti_esempio() -> list[Path]:
    """The folders of the example ambiti."""
    return sorted(voce for voce in ESEMPI.iterdir() if (voce / "ambito.yaml").is_file())


def variabili(settings: Settings) -> dict[str, str]:
    """The environment from which a child process reads the same settings. The administrator's address is left out."""
    ambiente = {}
    for nome in settings.model_fields_set:
        valore = getattr(settings, nome)
        if isinstance(valore, SecretStr):
            testo = valore.get_secret_value()
        elif isinstance(valore, tuple):
            testo = ",".join(str(v) for v in valore)
        else:
            testo = "" if valore is None else str(valore)
        ambiente[f"AMBITO_{nome.upper()}"] = testo
    return ambiente | {"AMBITO_DATABASE_URL": ""}


class Pila:
    """The programs of one installation. As a context manager it starts them on entry and stops them on exit, however it goes.

    `database` names another database than the settings', on the same server; `da_capo` drops it first. `passo` is told what
    is being done. Raises `ErroreComando`, in production too.
    """

    def __init__(
        self, settings: Settings, *, database: str | None = None, da_capo: bool = False, passo: Passo | None = None
    ) -> None:
        if settings.produzione:
            raise ErroreComando("In produzione API e worker sono servizi del sistema (deploy/): il comando è per lo sviluppo.")
        self._origine, self._da_capo, self._passo = settings, da_capo, passo or (lambda _: None)
        self._database = database or nome_database(settings.dsn_admin)
        self.settings = sul_database(settings, self._database)
        self.lanciatore = Lanciatore(settings) if settings.incorporato else None
        self.registri = prepara_cartella(settings.stato_dir / "registri")
        comune = variabili(self.settings)
        self.sandbox = Processo("sandbox", ["-m", "services.sandbox.main"], comune, self.registri / "sandbox.log")
        self.api = Processo("API", ["-m", "services.api"], comune, self.registri / "api.log")
        self.worker = Processo("worker", ["-m", "services.worker.main"], comune, self.registri / "worker.log")
        self.testimone = Processo("testimone", _testimone(self.settings), comune, self.registri / "testimone.log")
        self.programmi = (self.api, self.worker, self.testimone, self.sandbox)

    @property
    def indirizzo_api(self) -> str:
        """Where the API answers on this machine."""
        return f"http://{self.settings.api_host}:{self.settings.api_port}"

    def __enter__(self) -> Self:
        try:
            self._avvia()
        except BaseException:
            self.ferma()
            raise
        return self

    def __exit__(self, tipo: type[BaseException] | None, errore: BaseException | None, traccia: TracebackType | None) -> None:
        self.ferma()

    def _avvia(self) -> None:
        s = self.settings
        verifica_porta(s.api_host, s.api_port, "all'API", "AMBITO_API_PORT")
        verifica_porta("127.0.0.1", s.sandbox_port, "alla sandbox", "AMBITO_SANDBOX_PORT")
        verifica_porta("127.0.0.1", s.testimone_port, "al testimone", "AMBITO_TESTIMONE_PORT")
        self._passo("database")
        if self.lanciatore is not None:
            self.lanciatore.avvia()
        if self._da_capo:
            asyncio.run(elimina_database(self._origine.dsn_admin_diretto, self._database))
        # on a prepared machine there is only to make sure: the API answers meanwhile
        pronto = not self._da_capo and asyncio.run(schema_aggiornato(s.dsn_admin_diretto))
        (self.api if pronto else self.sandbox).avvia()
        self._prepara()
        self._passo("API, worker, testimone e sandbox")
        for processo in self.programmi:
            if not processo.vivo:
                processo.avvia()
        self.api.attendi(lambda: _risponde(f"{self.indirizzo_api}/status"), PRONTO_S)
        self.sandbox.attendi(lambda: _risponde(s.oidc_jwks_url), PRONTO_S)
        self.testimone.attendi(lambda: _risponde(f"{s.testimone_url}/status"), PRONTO_S)
        self.attendi_worker()

    def _prepara(self) -> None:
        # imported here: heavy, and the API must not wait for it
        from services.cli.ambiente import carica_ambito, migra, prepara_server
        from services.core.sigillo.chiavi import crea_chiavi

        crea_chiavi(self.settings)
        prepara_server(self._origine, self._database)
        self._passo("migrazioni")
        migra(self.settings)
        for cartella in ambiti_esempio():
            self._passo(f"esempi: {cartella.name}")
            carica_ambito(self.settings, cartella)

    def attendi_worker(self) -> None:
        """Wait until the worker has its readers and its sequencer. Raises `ErroreComando` when it does not start."""
        self.worker.attendi(lambda: b"worker_avviato" in self.worker.registro.read_bytes(), PRONTO_S)

    def guarda(self) -> None:
        """Stay until a program ends by itself, which is an error. Raises `ErroreComando`; a signal's exception passes through."""
        while True:
            for processo in self.programmi:
                if not processo.vivo:
                    raise ErroreComando(
                        f"Si è fermato un programma: {processo.nome} (uscita {processo.uscita}):\n{processo.fine_registro()}"
                    )
            if self.lanciatore is not None and not self.lanciatore.attivo():
                raise ErroreComando(f"Il server PostgreSQL incorporato si è fermato; il registro è {self.lanciatore.registro}.")
            time.sleep(0.3)

    def ferma(self) -> None:
        """Stop API, worker, witness, sandbox and database, in this order: who asks first, what answers last."""
        for processo in self.programmi:
            processo.ferma()
        if self.lanciatore is not None:
            self.lanciatore.ferma()


def cartella_testimone(settings: Settings) -> Path:
    """Where the development witness keeps its files, one per chain: in production it is another machine's."""
    return settings.stato_dir / "testimone"


def _testimone(s: Settings) -> list[str]:
    percorsi = {
        "--cartella": cartella_testimone(s),
        "--chiave": _accanto(s.testimone_chiave, ".pem"),
        "--ammessa": _accanto(s.sigillo_chiave, ".pub"),
    }
    opzioni = [str(parte) for coppia in percorsi.items() for parte in coppia]
    return ["-m", "services.cli.main", "testimone", "avvia", *opzioni, "--porta", str(s.testimone_port)]


def _accanto(chiave: Path | None, suffisso: str) -> Path:
    """The other half of a key. Outside production both keys have a place."""
    assert chiave is not None, "in sviluppo le chiavi del sigillo hanno sempre un percorso"
    return chiave.with_suffix(suffisso)


def sul_database(settings: Settings, database: str) -> Settings:
    """The same settings on another database of the same server, on the examples' day unless one is given."""
    indirizzi = {
        "database_url": settings.dsn_admin,
        "database_app_url": settings.dsn_app,
        "database_worker_url": settings.dsn_worker,
        "database_direct_url": settings.database_direct_url,
    }
    nuovi: dict[str, object] = {n: componi_dsn(dsn, database=database) if dsn else None for n, dsn in indirizzi.items()}
    return settings.model_copy(update=nuovi | {"data_riferimento": settings.data_riferimento or GIORNO_ESEMPI})


def migrazione_piu_recente() -> str | None:
    """The revision that no other follows, read from the files: Alembic itself takes half a second to import."""
    seguite, tutte = set(), []
    for file in MIGRAZIONI.glob("*.py"):
        testo = file.read_text("utf-8")
        if trovata := _REVISIONE.search(testo):
            tutte.append(trovata[1])
        if precede := _PRECEDE.search(testo):
            seguite.add(precede[1])
    ultime = [revisione for revisione in tutte if revisione not in seguite]
    return ultime[0] if len(ultime) == 1 else None


async def schema_aggiornato(dsn: str) -> bool:
    """Whether the database exists and its schema is at the newest migration. What cannot be asked is not."""
    try:
        connessione = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError):
        return False
    try:
        revisioni = await connessione.fetch("SELECT version_num FROM alembic_version")
    except asyncpg.PostgresError:
        return False
    finally:
        await connessione.close()
    return [riga[0] for riga in revisioni] == [migrazione_piu_recente()]


def _risponde(url: str) -> bool:
    parti = urlsplit(url)
    connessione = http.client.HTTPConnection(parti.hostname or "", parti.port, timeout=2.0)
    try:
        connessione.request("GET", parti.path)
        return connessione.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connessione.close()


async def elimina_database(dsn: str, database: str) -> None:
    """Drop a database, whoever is still connected. Raises `ErroreComando` when the server cannot be asked."""
    try:
        connessione = await asyncpg.connect(componi_dsn(dsn, database="postgres"))
    except (OSError, asyncpg.PostgresError) as errore:
        raise ErroreComando(f"Il server PostgreSQL non risponde o rifiuta le credenziali: {errore}.") from errore
    try:
        identificatore = '"' + database.replace('"', '""') + '"'
        await connessione.execute(f"DROP DATABASE IF EXISTS {identificatore} WITH (FORCE)")
    finally:
        await connessione.close()


@contextmanager
def fermabile() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `Interrotto`, once: what follows stops everything and must not be interrupted halfway."""

    def segnale(_numero: int, _quadro: FrameType | None) -> None:
        for altro in (signal.SIGINT, signal.SIGTERM):
            signal.signal(altro, signal.SIG_IGN)
        raise Interrotto

    prima = {numero: signal.signal(numero, segnale) for numero in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for numero, gestore in prima.items():
            signal.signal(numero, gestore)
