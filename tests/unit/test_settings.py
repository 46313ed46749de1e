"""Settings: what is made up outside production, what production refuses, and that no text repeats a secret."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from services.core.platform import settings as modulo
from services.core.platform.clock import oggi
from services.core.platform.pg.cartelle import LIMITE_SOCKET, cartella_socket
from services.core.platform.pg.dsn import (
    componi_dsn,
    dsn_socket,
    nome_database,
    trasferisci_credenziali,
    url_sqlalchemy,
    verifica_dsn,
)
from services.core.platform.segreti import segreto_generato
from services.core.platform.settings import Ambiente, ConfigurazioneNonValida, Settings, carica_settings, stato_dir_predefinita

PRODUZIONE = {
    "AMBITO_ENV": "produzione",
    "AMBITO_DATABASE_APP_URL": "postgresql://ambito_app:uno@db/ambito",
    "AMBITO_DATABASE_WORKER_URL": "postgresql://ambito_worker:due@db/ambito",
    "AMBITO_BASE_URL": "https://ambito.example.it/",
    "AMBITO_OIDC_ISSUER": "https://oidc.example.it",
    "AMBITO_OIDC_JWKS_URL": "https://oidc.example.it/jwks",
    "AMBITO_SEGRETO_CURSORI": "c" * 32,
    "AMBITO_SEGRETO_WEBHOOK": "w" * 32,
}


PDND = {
    "AMBITO_PDND_TOKEN_URL": "https://pdnd.example.it/token",
    "AMBITO_PDND_CLIENT_ID": "00000000-0000-4000-8000-000000000001",
    "AMBITO_PDND_KID": "chiave-1",
    "AMBITO_PDND_CHIAVE_PRIVATA": "/etc/ambito/pdnd.pem",
    "AMBITO_PDND_AUDIENCE": "https://pdnd.example.it/assertion",
    "AMBITO_PDND_FINALITA_ISEE": "00000000-0000-4000-8000-000000000002",
    "AMBITO_PDND_ISSUER": "https://pdnd.example.it",
    "AMBITO_PDND_JWKS_URL": "https://pdnd.example.it/jwks",
}


@pytest.fixture(autouse=True)
def ambiente(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No AMBITO_* of the caller reaches the test; the state directory is the test's."""
    for nome in list(os.environ):
        if nome.startswith("AMBITO_"):
            monkeypatch.delenv(nome)
    monkeypatch.setenv("AMBITO_STATO_DIR", str(tmp_path / "stato"))
    return monkeypatch


def imposta(ambiente: pytest.MonkeyPatch, valori: dict[str, str]) -> None:
    for nome, valore in valori.items():
        ambiente.setenv(nome, valore)


class TestSviluppo:
    def test_segreti_generati_privati_e_stabili(self, tmp_path: Path) -> None:
        primo, secondo = carica_settings(), carica_settings()
        file = tmp_path / "stato" / "segreti.json"
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
        assert primo.segreto_cursori == secondo.segreto_cursori
        valori = {s.get_secret_value() for s in (primo.segreto_cursori, primo.segreto_webhook)}
        assert len(valori) == 2
        assert all(len(v) >= 43 for v in valori)

    def test_un_segreto_dato_vince_sul_generato(self, ambiente: pytest.MonkeyPatch) -> None:
        ambiente.setenv("AMBITO_SEGRETO_CURSORI", "dato")
        assert carica_settings().segreto_cursori.get_secret_value() == "dato"

    def test_processi_contemporanei_leggono_lo_stesso_segreto(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as esecutore:
            valori = list(esecutore.map(lambda _: segreto_generato(tmp_path / "s", "x"), range(32)))
        assert len(set(valori)) == 1
        assert json.loads((tmp_path / "s" / "segreti.json").read_text()) == {"x": valori[0]}

    def test_senza_database_vale_il_server_incorporato(self) -> None:
        settings = carica_settings()
        assert settings.incorporato
        assert nome_database(settings.dsn_admin) == "ambito"
        assert str(cartella_socket(settings.pg_dir)) in settings.dsn_admin
        assert "//ambito_app:" in settings.dsn_app
        assert "//ambito_worker:" in settings.dsn_worker
        assert settings.password_ruolo("ambito_app") != settings.password_ruolo("ambito_worker")

    def test_i_ruoli_derivano_dal_database_dato_senza_la_password_dell_amministratore(self, ambiente: pytest.MonkeyPatch) -> None:
        ambiente.setenv("AMBITO_DATABASE_URL", "postgresql://capo:segretissima@db:6432/comune?sslmode=require")
        settings = carica_settings()
        assert not settings.incorporato
        assert "segretissima" not in settings.dsn_app + settings.dsn_worker
        assert settings.dsn_app.endswith("@db:6432/comune?sslmode=require")

    def test_l_indirizzo_diretto_aggira_pgbouncer(self, ambiente: pytest.MonkeyPatch) -> None:
        ambiente.setenv("AMBITO_DATABASE_URL", "postgresql://capo:a@bouncer:6432/ambito")
        ambiente.setenv("AMBITO_DATABASE_DIRECT_URL", "postgresql://db:5432/ambito")
        settings = carica_settings()
        assert settings.dsn_admin_diretto == "postgresql://capo:a@db:5432/ambito"
        assert settings.dsn_worker_diretto.endswith("@db:5432/ambito")
        assert settings.dsn_app.endswith("@bouncer:6432/ambito")

    def test_giorno_fissato(self, ambiente: pytest.MonkeyPatch) -> None:
        assert carica_settings().giorno() == oggi()
        ambiente.setenv("AMBITO_DATA_RIFERIMENTO", "2025-09-15")
        assert carica_settings().giorno() == date(2025, 9, 15)

    def test_reti_dei_webhook(self, ambiente: pytest.MonkeyPatch) -> None:
        assert [str(r) for r in carica_settings().reti_webhook] == ["127.0.0.0/8", "::1/128"]
        ambiente.setenv("AMBITO_WEBHOOK_RETI_AMMESSE", "10.1.0.0/16, 192.168.7.0/24")
        assert [str(r) for r in carica_settings().reti_webhook] == ["10.1.0.0/16", "192.168.7.0/24"]

    def test_le_porte_spostano_gli_indirizzi(self, ambiente: pytest.MonkeyPatch) -> None:
        imposta(ambiente, {"AMBITO_API_PORT": "9700", "AMBITO_SANDBOX_PORT": "9701"})
        settings = carica_settings()
        assert settings.base_url == "http://127.0.0.1:9700"
        assert settings.oidc_issuer.startswith("http://127.0.0.1:9701/")

    @pytest.mark.parametrize(
        ("nome", "valore"),
        [
            ("AMBITO_DATABASE_URL", "mysql://u:segretissima@h/ambito"),
            ("AMBITO_DATABASE_URL", "postgresql://u:segretissima@h"),
            ("AMBITO_BROKER_URL", "redis://u:segretissima@h"),
            ("AMBITO_API_PORT", "70000"),
            ("AMBITO_ENV", "collaudo"),
            ("AMBITO_WEBHOOK_RETI_AMMESSE", "10.0.0.1/8"),
            ("AMBITO_POOL_APP_MIN", "50"),
            ("AMBITO_STATO_DIR", str(Path(modulo.__file__).parent / "stato")),
            ("AMBITO_DATA_RIFERIMENTO", "15/09/2025"),
        ],
    )
    def test_valore_sbagliato_nominato_senza_ripeterlo(self, ambiente: pytest.MonkeyPatch, nome: str, valore: str) -> None:
        ambiente.setenv(nome, valore)
        with pytest.raises(ConfigurazioneNonValida) as errore:
            carica_settings()
        assert nome in str(errore.value)
        assert "segretissima" not in str(errore.value)

    def test_cartella_di_stato_di_un_altro_utente(self, tmp_path: Path, ambiente: pytest.MonkeyPatch) -> None:
        if os.geteuid() != 0:
            pytest.skip("serve root per creare la cartella di un altro utente")
        altrui = tmp_path / "altrui"
        altrui.mkdir()
        os.chown(altrui, 65534, 65534)
        ambiente.setenv("AMBITO_STATO_DIR", str(altrui))
        with pytest.raises(ConfigurazioneNonValida, match="altro utente"):
            carica_settings()


class TestProduzione:
    def test_completa(self, ambiente: pytest.MonkeyPatch, tmp_path: Path) -> None:
        imposta(ambiente, PRODUZIONE)
        settings = carica_settings()
        assert settings.produzione
        assert not settings.incorporato
        assert settings.dsn_app == PRODUZIONE["AMBITO_DATABASE_APP_URL"]
        assert settings.base_url == "https://ambito.example.it"
        assert settings.reti_webhook == ()
        assert settings.pdnd_token_url is None
        assert not (tmp_path / "stato").exists(), "in produzione nulla si genera"

    @pytest.mark.parametrize("nome", [n for n in PRODUZIONE if n != "AMBITO_ENV"])
    @pytest.mark.parametrize("parola", ["produzione", "production", "PRODUZIONE"])
    def test_cio_che_manca_e_nominato(self, ambiente: pytest.MonkeyPatch, nome: str, parola: str) -> None:
        imposta(ambiente, PRODUZIONE | {"AMBITO_ENV": parola})
        ambiente.delenv(nome)
        with pytest.raises(ConfigurazioneNonValida) as errore:
            carica_settings()
        assert nome in str(errore.value)
        assert str(errore.value).count("AMBITO_") == 1

    def test_segreto_corto(self, ambiente: pytest.MonkeyPatch) -> None:
        imposta(ambiente, PRODUZIONE | {"AMBITO_SEGRETO_CURSORI": "corto"})
        with pytest.raises(ConfigurazioneNonValida, match="almeno 32 byte: AMBITO_SEGRETO_CURSORI"):
            carica_settings()

    def test_giorno_fissato_rifiutato(self, ambiente: pytest.MonkeyPatch) -> None:
        imposta(ambiente, PRODUZIONE | {"AMBITO_DATA_RIFERIMENTO": "2025-09-15"})
        with pytest.raises(ConfigurazioneNonValida, match="AMBITO_DATA_RIFERIMENTO"):
            carica_settings()

    def test_pdnd_intera(self, ambiente: pytest.MonkeyPatch) -> None:
        imposta(ambiente, PRODUZIONE | PDND | {"AMBITO_ISEE_URL": "https://inps.example.it/isee"})
        assert carica_settings().pdnd_kid == "chiave-1"

    def test_l_isee_senza_pdnd_e_rifiutata(self, ambiente: pytest.MonkeyPatch) -> None:
        imposta(ambiente, PRODUZIONE | {"AMBITO_ISEE_URL": "https://inps.example.it/isee"})
        with pytest.raises(ConfigurazioneNonValida, match="AMBITO_ISEE_URL chiede anche"):
            carica_settings()

    def test_bootstrap_chiede_un_amministratore(self, ambiente: pytest.MonkeyPatch) -> None:
        imposta(ambiente, PRODUZIONE)
        settings = carica_settings()
        with pytest.raises(ConfigurazioneNonValida, match="AMBITO_DATABASE_URL"):
            _ = settings.dsn_admin
        with pytest.raises(ConfigurazioneNonValida, match="password"):
            settings.password_ruolo("ambito_app")


@pytest.mark.parametrize("nome", PDND)
@pytest.mark.parametrize("base", [PRODUZIONE, {}], ids=["produzione", "sviluppo"])
def test_pdnd_a_meta(ambiente: pytest.MonkeyPatch, base: dict[str, str], nome: str) -> None:
    """One alone names the other seven; seven name the one that lacks. In development the sandbox's never complete them."""
    imposta(ambiente, base | {nome: PDND[nome]})
    with pytest.raises(ConfigurazioneNonValida, match="si danno tutte o nessuna; mancano: ") as errore:
        carica_settings()
    mancano = str(errore.value).partition("mancano: ")[2].rstrip(".").split(", ")
    assert set(mancano) == set(PDND) - {nome}
    imposta(ambiente, PDND)
    ambiente.delenv(nome)
    with pytest.raises(ConfigurazioneNonValida, match=rf"mancano: {nome}\.$"):
        carica_settings()


def test_ogni_impostazione_e_descritta_e_nessun_segreto_si_stampa(ambiente: pytest.MonkeyPatch) -> None:
    senza = [nome for nome, campo in Settings.model_fields.items() if not campo.description]
    assert senza == []
    ambiente.setenv("AMBITO_DATABASE_URL", "postgresql://capo:segretissima@db/ambito")
    ambiente.setenv("AMBITO_BROKER_URL", "amqp://capo:segretissima@mq/")
    settings = carica_settings()
    assert "segretissima" not in repr(settings)
    assert settings.segreto_cursori.get_secret_value() not in repr(settings)
    assert settings.env is Ambiente.SVILUPPO


def test_cartella_di_stato_predefinita(ambiente: pytest.MonkeyPatch) -> None:
    ambiente.setenv("XDG_STATE_HOME", "/percorso/di/stato")
    ambiente.setattr(os, "geteuid", lambda: 1000)
    assert stato_dir_predefinita() == Path("/percorso/di/stato/ambito")
    ambiente.setattr(os, "geteuid", lambda: 0)
    assert stato_dir_predefinita().parent == Path("/var/lib")
    assert stato_dir_predefinita() == stato_dir_predefinita()


class TestDsn:
    def test_socket_lungo_va_in_una_cartella_temporanea(self) -> None:
        corta, lunga = cartella_socket(Path("/var/lib/x")), cartella_socket(Path("/") / ("x" * 120))
        assert corta == Path("/var/lib/x/run")
        assert len(f"{lunga}/.s.PGSQL.5432") <= LIMITE_SOCKET

    def test_componi(self) -> None:
        dsn = dsn_socket("/una/cartella", utente="po@stgres", password="a/b:c@d", database="ambito")
        assert dsn == "postgresql://po%40stgres:a%2Fb%3Ac%40d@/ambito?host=/una/cartella"
        assert componi_dsn(dsn, utente="altro") == "postgresql://altro@/ambito?host=/una/cartella"
        assert componi_dsn(dsn, database="prova 1").startswith("postgresql://po%40stgres:a%2Fb%3Ac%40d@/prova%201?")
        assert verifica_dsn(dsn) == dsn

    def test_diretto_verso_un_socket(self) -> None:
        assert trasferisci_credenziali("postgresql://u:p@h/d", "postgresql:///x?host=/s") == "postgresql://u:p@/d?host=/s"

    def test_sqlalchemy_dice_ssl(self) -> None:
        assert url_sqlalchemy("postgresql://u@h/d?sslmode=require") == "postgresql+asyncpg://u@h/d?ssl=require"
