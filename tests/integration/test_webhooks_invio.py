"""One attempt over real sockets: what is sent, where, and what every kind of answer becomes."""

import asyncio
import ipaddress
import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from services.core.webhooks import segreti
from services.core.webhooks.firma import nuovo_segreto, verifica
from services.core.webhooks.service import Presa
from services.worker import mittente
from services.worker.contesto import ContestoWorker
from tests.ambiente import impostazioni
from tests.processi import porta_libera, servi

SEGRETI = [nuovo_segreto(), nuovo_segreto()]
CORPO = b'{"id":"x","tipo":"misure.assegnazione.creata"}'


@pytest.fixture
def contesto(tmp_path):
    return ContestoWorker(impostazioni("postgresql://nessuno@127.0.0.1:1/nessuno", tmp_path), {})


def presa(contesto: ContestoWorker, url: str, **altro) -> Presa:
    destinazione = nuovo_id()
    cifrati = tuple(segreti.cifra(contesto.chiavi_segreti, segreti.contesto(destinazione), s) for s in SEGRETI)
    valori = {"segreti": cifrati, "destinazione_id": destinazione} | altro
    return Presa(consegna_id=nuovo_id(), ambito_id=1, tentativo=1, url=url, corpo=CORPO, **valori)


@pytest.fixture
def ricevitore():
    """A receiver that does as the path says and remembers what it was sent."""
    app, ricevute = FastAPI(), []
    porta = porta_libera()

    @app.post("/{come}")
    async def ricevi(come: str, richiesta: Request) -> Response:
        ricevute.append((dict(richiesta.headers), await richiesta.body()))
        if come == "rinvia":
            return RedirectResponse(f"http://127.0.0.1:{porta}/204", status_code=307)
        if come == "aspetta":
            return Response(status_code=503, headers={"Retry-After": "120"})
        if come == "lungo":
            return StreamingResponse((b"x" * 65536 for _ in range(10_000)), status_code=200)
        if come == "lento":
            await asyncio.sleep(1.5)
        if come == "nul":
            return Response(b"a\x00b\xff", status_code=500)
        if come == "compresso":
            return Response(b"zzz", status_code=200, headers={"Content-Encoding": "gzip"})
        return Response(status_code=int(come) if come.isdigit() else 204)

    with servi(app, porta) as url:
        yield url, ricevute


async def test_la_richiesta_e_firmata_e_completa(contesto, ricevitore):
    url, ricevute = ricevitore
    p = presa(contesto, f"{url}/204?a=1")
    esito = await mittente.invia(contesto, p)
    assert (esito.stato_http, esito.errore, esito.riuscito) == (204, None, True)
    ((intestazioni, corpo),) = ricevute
    assert corpo == CORPO
    assert intestazioni["host"] == url.removeprefix("http://")
    assert intestazioni["content-type"] == "application/json"
    assert intestazioni["accept-encoding"] == "identity"
    for segreto in SEGRETI:
        assert verifica([segreto], intestazioni, corpo, adesso()) == str(p.consegna_id)


@pytest.mark.parametrize("stato", [200, 204, 299, 301, 400, 401, 404, 410, 429, 500, 503])
async def test_ogni_stato_e_una_risposta_e_solo_2xx_riesce(contesto, ricevitore, stato):
    esito = await mittente.invia(contesto, presa(contesto, f"{ricevitore[0]}/{stato}"))
    assert (esito.stato_http, esito.errore, esito.riuscito) == (stato, None, stato < 300)


async def test_un_rinvio_non_si_segue(contesto, ricevitore):
    url, ricevute = ricevitore
    esito = await mittente.invia(contesto, presa(contesto, f"{url}/rinvia"))
    assert esito.stato_http == 307
    assert len(ricevute) == 1


async def test_della_risposta_si_legge_poco(contesto, ricevitore):
    esito = await mittente.invia(contesto, presa(contesto, f"{ricevitore[0]}/lungo"))
    assert (esito.stato_http, esito.estratto) == (200, "x" * 2048)
    assert (await mittente.invia(contesto, presa(contesto, f"{ricevitore[0]}/nul"))).estratto == "ab\N{REPLACEMENT CHARACTER}"
    compresso = await mittente.invia(contesto, presa(contesto, f"{ricevitore[0]}/compresso"))
    assert (compresso.stato_http, compresso.estratto) == (200, "")


async def test_l_attesa_chiesta_dal_ricevente(contesto, ricevitore):
    esito = await mittente.invia(contesto, presa(contesto, f"{ricevitore[0]}/aspetta"))
    assert (esito.stato_http, esito.riprova_dopo) == (503, timedelta(seconds=120))


async def test_il_tempo_ha_un_limite(contesto, ricevitore, monkeypatch):
    monkeypatch.setattr(mittente, "DURATA_MASSIMA_S", 0.3)
    esito = await mittente.invia(contesto, presa(contesto, f"{ricevitore[0]}/lento"))
    assert (esito.stato_http, esito.errore) == (None, "tempo_scaduto")
    assert 250 <= esito.durata_ms < 1400


async def test_nessuno_in_ascolto(contesto):
    assert (await mittente.invia(contesto, presa(contesto, f"http://127.0.0.1:{porta_libera()}/"))).errore == "connessione"


async def test_una_rete_privata_non_nominata_non_si_raggiunge(contesto, ricevitore):
    contesto.settings.webhook_reti_ammesse = ()
    url, ricevute = ricevitore
    assert (await mittente.invia(contesto, presa(contesto, f"{url}/204"))).errore == "indirizzo_non_ammesso"
    assert ricevute == []


async def test_un_segreto_illeggibile_non_parte_senza_firma(contesto, ricevitore):
    url, ricevute = ricevitore
    esito = await mittente.invia(contesto, presa(contesto, f"{url}/204", destinazione_id=nuovo_id()))
    assert esito.errore == "segreto_illegibile"
    assert ricevute == []


async def test_un_guasto_nostro_e_un_esito_e_non_ferma_gli_altri(contesto, monkeypatch, capsys):
    async def guasto(*_args, **_altro):
        raise ZeroDivisionError("Zzqprova")

    monkeypatch.setattr(mittente.indirizzi, "verifica", guasto)
    assert (await mittente.invia(contesto, presa(contesto, "http://127.0.0.1:1/"))).errore == "errore_interno"
    assert "Zzqprova" not in capsys.readouterr().out


class TestTls:
    NOME = "asst.example"

    @pytest.fixture
    def certificato(self, tmp_path) -> tuple[Path, Path]:
        chiave = ec.generate_private_key(ec.SECP256R1())
        nome = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.NOME)])
        ora = datetime.now(UTC)
        certificato = (
            x509.CertificateBuilder()
            .subject_name(nome)
            .issuer_name(nome)
            .public_key(chiave.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(ora - timedelta(hours=1))
            .not_valid_after(ora + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(self.NOME)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(chiave, hashes.SHA256())
        )
        file, file_chiave = tmp_path / "cert.pem", tmp_path / "chiave.pem"
        file.write_bytes(certificato.public_bytes(serialization.Encoding.PEM))
        file_chiave.write_bytes(
            chiave.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return file, file_chiave

    @pytest.fixture
    def porta(self, certificato):
        app, porta = FastAPI(), porta_libera()

        @app.post("/w")
        async def ricevi(richiesta: Request) -> dict[str, str]:
            return {"host": richiesta.headers["host"]}

        with servi(app, porta, ssl_certfile=str(certificato[0]), ssl_keyfile=str(certificato[1])):
            yield porta

    @pytest.fixture(autouse=True)
    def _nomi(self, monkeypatch):
        async def risolvi(host: str, porta: int) -> list[str]:
            assert not host.replace(".", "").isdigit() or ipaddress.ip_address(host)
            return ["127.0.0.1"]

        monkeypatch.setattr(mittente, "_risolvi", risolvi)

    async def test_si_parla_al_nome_e_ci_si_collega_all_indirizzo_controllato(self, contesto, certificato, porta):
        contesto.tls = ssl.create_default_context(cafile=certificato[0])
        esito = await mittente.invia(contesto, presa(contesto, f"https://{self.NOME}:{porta}/w"))
        assert (esito.stato_http, esito.errore) == (200, None)
        assert json.loads(esito.estratto) == {"host": f"{self.NOME}:{porta}"}

    async def test_il_certificato_e_di_un_altro_nome(self, contesto, certificato, porta):
        contesto.tls = ssl.create_default_context(cafile=certificato[0])
        esito = await mittente.invia(contesto, presa(contesto, f"https://altro.example:{porta}/w"))
        assert (esito.stato_http, esito.errore) == (None, "tls")

    async def test_il_certificato_non_e_di_un_autorita_conosciuta(self, contesto, porta):
        esito = await mittente.invia(contesto, presa(contesto, f"https://{self.NOME}:{porta}/w"))
        assert (esito.stato_http, esito.errore) == (None, "tls")
