"""Settings of every process: `AMBITO_*` variables of the environment, validated once, each described.

Outside production what is missing is made up safely (random secrets in a private file, the embedded database, the
sandbox's addresses). In production nothing is made up: what is missing is named, in one sentence, and the process does not start.
"""

import hashlib
import os
import sys
from datetime import date
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.core.platform.clock import oggi
from services.core.platform.pg.cartelle import cartella_pg, cartella_socket
from services.core.platform.pg.dsn import componi_dsn, dsn_socket, trasferisci_credenziali, verifica_dsn
from services.core.platform.pg.ruoli import APP, WORKER
from services.core.platform.segreti import segreto_generato

RADICE_PROGETTO = Path(__file__).resolve().parents[3]
DATABASE_PREDEFINITO = "ambito"
RUOLO_INCORPORATO = "postgres"
SEGRETI = ("segreto_cursori", "segreto_webhook")
SEGRETO_MINIMO_BYTE = 32

Dsn = Annotated[str, AfterValidator(verifica_dsn)]
Rete = IPv4Network | IPv6Network
Porta = Annotated[int, Field(ge=1, le=65535)]


class Ambiente(StrEnum):
    """Where the process runs. Only `produzione` refuses what is convenient and unsafe."""

    SVILUPPO = "sviluppo"
    TEST = "test"
    PRODUZIONE = "produzione"


_SINONIMI = {"production": "produzione", "prod": "produzione", "development": "sviluppo", "testing": "test"}


class ConfigurazioneNonValida(Exception):
    """The settings cannot be used; the text is one Italian sentence for whoever starts the process, without values."""


def stato_dir_predefinita() -> Path:
    """The state directory when none is given: for root one per checkout, outside homes (closed to other accounts)."""
    if os.geteuid() == 0:
        impronta = hashlib.sha256(str(RADICE_PROGETTO).encode()).hexdigest()[:8]
        return Path("/var/lib") / f"ambito-sviluppo-{impronta}"
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "ambito"


class Settings(BaseSettings):
    """All settings. Use `get_settings()`; build it directly only in tests."""

    model_config = SettingsConfigDict(env_prefix="AMBITO_", extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    env: Ambiente = Field(Ambiente.SVILUPPO, description="Ambiente: sviluppo, test o produzione.")
    stato_dir: Path = Field(
        default_factory=stato_dir_predefinita,
        description="Cartella di stato (segreti e chiavi di sviluppo, registri, database), modo 0700, fuori dai sorgenti.",
    )

    database_url: Dsn | None = Field(
        None, repr=False, description="URL di amministratore di PostgreSQL >= 15 (bootstrap, migrate); assente: incorporato."
    )
    database_app_url: Dsn | None = Field(
        None, repr=False, description="URL del ruolo dell'API (non proprietario); assente: da database_url con ambito_app."
    )
    database_worker_url: Dsn | None = Field(
        None, repr=False, description="URL del ruolo del worker; assente: da database_url con ambito_worker."
    )
    database_direct_url: Dsn | None = Field(
        None, repr=False, description="Server PostgreSQL senza PgBouncer, per LISTEN, lock e migrazioni; contano host e porta."
    )
    database_revisore_url: Dsn | None = Field(
        None, repr=False, description="URL di chi verifica l'audit (può prendere ambito_revisore); assente: da database_url."
    )
    pg_bindir: Path | None = Field(None, description="Cartella dei binari di un PostgreSQL di sistema per il server incorporato.")
    pool_app_min: int = Field(2, ge=0, le=200, description="Connessioni tenute aperte dal pool dell'API.")
    pool_app_max: int = Field(10, ge=1, le=200, description="Connessioni massime del pool dell'API.")
    pool_worker_max: int = Field(5, ge=1, le=200, description="Connessioni massime del pool del worker.")

    broker_url: str | None = Field(
        None, repr=False, pattern=r"^amqps?://", description="URL AMQP di RabbitMQ; assente: risvegli su PostgreSQL."
    )

    api_host: str = Field("127.0.0.1", description="Indirizzo su cui ascolta l'API.")
    api_port: Porta = Field(8700, description="Porta dell'API.")
    sandbox_port: Porta = Field(8701, description="Porta della sandbox (INPS, PDND, ASST ed emittente OIDC simulati).")
    testimone_port: Porta = Field(8702, description="Porta del testimone di sviluppo, quello che «ambito up» avvia.")
    base_url: str = Field("", description="Indirizzo pubblico dell'API, senza barra finale; assente: http://host:porta.")
    body_max_bytes: int = Field(1024 * 1024, ge=1024, description="Dimensione massima del corpo di una richiesta, in byte.")

    data_riferimento: date | None = Field(
        None, description="Giorno fissato per la dimostrazione e le prove; rifiutato in produzione: vale il giorno in Italia."
    )

    oidc_issuer: str = Field("", description="Emittente OIDC dei token degli operatori (claim iss).")
    oidc_audience: str = Field("ambito-api", description="Audience attesa nei token degli operatori.")
    oidc_jwks_url: str = Field("", description="Indirizzo delle chiavi pubbliche dell'emittente OIDC.")

    pdnd_token_url: str | None = Field(None, description="Endpoint di PDND che rilascia i voucher (client assertion).")
    pdnd_client_id: str | None = Field(None, description="Identificativo del client registrato su PDND.")
    pdnd_kid: str | None = Field(None, description="Identificativo della chiave registrata su PDND.")
    pdnd_chiave_privata: Path | None = Field(None, description="File PEM della chiave privata del client PDND (RSA >= 2048).")
    pdnd_audience: str | None = Field(None, description="Audience della client assertion verso PDND.")
    pdnd_finalita_isee: str | None = Field(None, description="purposeId PDND per la consultazione ISEE.")
    pdnd_issuer: str | None = Field(None, description="Emittente dei voucher PDND ricevuti dai nostri e-service.")
    pdnd_jwks_url: str | None = Field(None, description="Chiavi pubbliche con cui verificare i voucher PDND ricevuti.")
    isee_url: str | None = Field(None, description="Base dell'e-service ISEE di INPS.")

    segreto_cursori: SecretStr = Field(SecretStr(""), description="Chiave che cifra i cursori di paginazione.")
    segreto_webhook: SecretStr = Field(SecretStr(""), description="Chiave che cifra i segreti dei destinatari dei webhook.")
    sigillo_chiave: Path | None = Field(
        None, description="File PEM della chiave privata Ed25519 con cui il worker sigilla l'audit."
    )
    testimone_url: str | None = Field(
        None, pattern=r"^https?://", description="Indirizzo del testimone a cui il worker consegna le teste dell'audit."
    )
    testimone_chiave: Path | None = Field(None, description="File PEM della chiave pubblica Ed25519 del testimone.")
    webhook_reti_ammesse: Annotated[tuple[Rete, ...] | None, NoDecode] = Field(
        None, description="Reti private ammesse come destinatarie di webhook (CIDR separati da virgola)."
    )

    log_livello: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Livello minimo dei log.")
    otel_endpoint: str | None = Field(
        None,
        repr=False,
        pattern=r"^https?://",
        description="Indirizzo OTLP/HTTP a cui inviare le tracce, intero (…/v1/traces); chiede l'extra otel; assente: nessuna.",
    )

    @field_validator("env", mode="before")
    @classmethod
    def _sinonimo_inglese(cls, valore: object) -> object:
        """Accept the English names too: a guard that only knows the Italian word would let `production` fail late."""
        return _SINONIMI.get(valore.strip().lower(), valore.strip().lower()) if isinstance(valore, str) else valore

    @field_validator("webhook_reti_ammesse", mode="before")
    @classmethod
    def _reti_da_testo(cls, valore: object) -> object:
        return tuple(ip_network(p.strip()) for p in valore.split(",") if p.strip()) if isinstance(valore, str) else valore

    @field_validator("stato_dir")
    @classmethod
    def _fuori_dal_codice(cls, valore: Path) -> Path:
        cartella = valore.expanduser().absolute()
        for vietata in (Path(sys.prefix).resolve(), RADICE_PROGETTO):
            if cartella.resolve().is_relative_to(vietata):
                raise ValueError("la cartella di stato deve stare fuori dal codice sorgente e dall'ambiente virtuale")
        return cartella

    @model_validator(mode="after")
    def _completa(self) -> Self:
        if self.pool_app_min > self.pool_app_max:
            raise ValueError("AMBITO_POOL_APP_MIN supera AMBITO_POOL_APP_MAX")
        self._verifica_pdnd()
        if self.env is Ambiente.PRODUZIONE:
            self._verifica_produzione()
        else:
            self._completa_sviluppo()
        self.base_url = (self.base_url or f"http://{self.api_host}:{self.api_port}").rstrip("/")
        return self

    def _verifica_pdnd(self) -> None:
        """All or none, in every environment: what is missing is never completed with the sandbox's."""
        pdnd = {f"AMBITO_{n.upper()}": getattr(self, n) for n in type(self).model_fields if n.startswith("pdnd_")}
        mancano = [n for n, v in pdnd.items() if not v]
        if 0 < len(mancano) < len(pdnd):
            raise ValueError(f"le impostazioni AMBITO_PDND_* si danno tutte o nessuna; mancano: {', '.join(mancano)}")
        if self.isee_url and mancano and self.env is Ambiente.PRODUZIONE:
            raise ValueError("AMBITO_ISEE_URL chiede anche le impostazioni AMBITO_PDND_*, che mancano")

    def _verifica_produzione(self) -> None:
        if self.data_riferimento is not None:
            raise ValueError("AMBITO_DATA_RIFERIMENTO è rifiutata in produzione, dove vale il giorno in Italia")
        obbligatori = ("database_app_url", "database_worker_url", "base_url", "oidc_issuer", "oidc_jwks_url")
        mancano = [n for n in obbligatori if not getattr(self, n)]
        lunghezze = {n: len(getattr(self, n).get_secret_value().encode()) for n in SEGRETI}
        mancano += [n for n, lunga in lunghezze.items() if not lunga]
        if mancano:
            elenco = ", ".join(f"AMBITO_{n.upper()}" for n in mancano)
            raise ValueError(f"in produzione database incorporato e valori generati sono rifiutati e mancano: {elenco}")
        corti = [f"AMBITO_{n.upper()}" for n, lunga in lunghezze.items() if lunga < SEGRETO_MINIMO_BYTE]
        if corti:
            raise ValueError(f"in produzione un segreto ha almeno {SEGRETO_MINIMO_BYTE} byte: {', '.join(corti)}")
        self.webhook_reti_ammesse = self.webhook_reti_ammesse or ()

    def _completa_sviluppo(self) -> None:
        for nome in SEGRETI:
            if not getattr(self, nome).get_secret_value():
                setattr(self, nome, SecretStr(segreto_generato(self.stato_dir, nome)))
        sandbox = self.sandbox_url
        predefiniti = {
            "oidc_issuer": f"{sandbox}/oidc",
            "oidc_jwks_url": f"{sandbox}/oidc/jwks.json",
            "pdnd_token_url": f"{sandbox}/pdnd/token.oauth2",
            "pdnd_client_id": "00000000-0000-4000-8000-00000000a3b1",
            "pdnd_kid": "ambito-sviluppo",
            "pdnd_chiave_privata": self.stato_dir / "pdnd_client.pem",
            "pdnd_audience": f"{sandbox}/pdnd/client-assertion",
            "pdnd_finalita_isee": "00000000-0000-4000-8000-00000000f15e",
            "pdnd_issuer": f"{sandbox}/pdnd",
            "pdnd_jwks_url": f"{sandbox}/pdnd/jwks.json",
            "isee_url": f"{sandbox}/inps/isee",
            "sigillo_chiave": self.stato_dir / "sigillo.pem",
            "testimone_url": f"http://127.0.0.1:{self.testimone_port}",
            "testimone_chiave": self.stato_dir / "testimone.pub",
        }
        for nome, valore in predefiniti.items():
            if not getattr(self, nome):
                setattr(self, nome, valore)
        if self.webhook_reti_ammesse is None:
            self.webhook_reti_ammesse = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

    @property
    def produzione(self) -> bool:
        """Whether this is the environment that refuses what is convenient and unsafe."""
        return self.env is Ambiente.PRODUZIONE

    @property
    def incorporato(self) -> bool:
        """Whether the database is the embedded server of this installation."""
        return self.database_url is None and not self.produzione

    @property
    def sandbox_url(self) -> str:
        """Base address of the sandbox."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def reti_webhook(self) -> tuple[Rete, ...]:
        """Private networks that may receive webhooks; empty means public addresses only."""
        return self.webhook_reti_ammesse or ()

    @property
    def pg_dir(self) -> Path:
        """Where the embedded server keeps binaries, data and socket."""
        return cartella_pg(self.stato_dir)

    @property
    def dsn_admin(self) -> str:
        """Administrator's address, for bootstrap and migrations. In production it must be given, or `ConfigurazioneNonValida`."""
        if self.database_url is not None:
            return self.database_url
        if self.produzione:
            raise ConfigurazioneNonValida("In produzione bootstrap e migrazioni chiedono AMBITO_DATABASE_URL (amministratore).")
        return dsn_socket(
            str(cartella_socket(self.pg_dir)),
            utente=RUOLO_INCORPORATO,
            password=self.password_ruolo(RUOLO_INCORPORATO),
            database=DATABASE_PREDEFINITO,
        )

    @property
    def dsn_app(self) -> str:
        """Address with which the API reads and writes: a role that neither owns the tables nor bypasses their policies."""
        return self.database_app_url or self._derivata(APP)

    @property
    def dsn_worker(self) -> str:
        """Address of the worker, which then takes the narrow role of each reader."""
        return self.database_worker_url or self._derivata(WORKER)

    @property
    def dsn_admin_diretto(self) -> str:
        """As `dsn_admin`, around PgBouncer: session locks and DDL."""
        return self._diretto(self.dsn_admin)

    @property
    def dsn_worker_diretto(self) -> str:
        """As `dsn_worker`, around PgBouncer: LISTEN and session advisory locks."""
        return self._diretto(self.dsn_worker)

    def password_ruolo(self, ruolo: str) -> str:
        """The generated password of a database role in development and tests. Raises `ConfigurazioneNonValida` in production."""
        if self.produzione:
            raise ConfigurazioneNonValida("In produzione le password dei ruoli non sono generate: stanno negli URL di ciascuno.")
        return segreto_generato(self.stato_dir, f"password_{ruolo}")

    def giorno(self) -> date:
        """The reference date of a request that names none: the pinned day in development and tests, else today in Italy."""
        return self.data_riferimento or oggi()

    def _derivata(self, ruolo: str) -> str:
        return componi_dsn(self.dsn_admin, utente=ruolo, password=self.password_ruolo(ruolo))

    def _diretto(self, dsn: str) -> str:
        return trasferisci_credenziali(dsn, self.database_direct_url) if self.database_direct_url else dsn


def carica_settings() -> Settings:
    """Read the environment. Raises `ConfigurazioneNonValida` with one sentence that names the variables, never their values."""
    try:
        return Settings()
    except ValidationError as errore:
        motivi = []
        for voce in errore.errors(include_input=False, include_url=False):
            nome = f"AMBITO_{str(voce['loc'][0]).upper()}: " if voce["loc"] else ""
            motivi.append(nome + voce["msg"].removeprefix("Value error, "))
        raise ConfigurazioneNonValida(f"Configurazione non valida: {'; '.join(motivi)}.") from None
    except PermissionError as errore:
        raise ConfigurazioneNonValida(f"La cartella di stato non è utilizzabile: {errore}") from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once. Tests that change the environment call `get_settings.cache_clear()`."""
    return carica_settings()
