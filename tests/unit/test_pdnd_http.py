"""The bounds on what outside services may send us."""

import asyncio

import httpx
import pytest

from services.core.platform.errori import ServizioEsterno
from services.core.platform.http import NonRaggiungibile, RispostaInattesa, cliente_http, richiedi, scarica_json

URL = "https://esterno.esempio.it/x"


def cliente(gestore, **opzioni):
    return cliente_http(transport=httpx.MockTransport(gestore), **opzioni)


class Flusso(httpx.AsyncByteStream):
    """A body that never ends, counting what was taken."""

    def __init__(self, pausa: float = 0) -> None:
        self.presi, self.chiuso, self.pausa = 0, False, pausa

    async def __aiter__(self):
        while True:
            self.presi += 1
            await asyncio.sleep(self.pausa)
            yield b"x" * 1000

    async def aclose(self):
        self.chiuso = True


async def test_le_intestazioni_e_gli_ambienti():
    visto = {}

    def gestore(richiesta):
        visto.update(richiesta.headers)
        return httpx.Response(200, json={})

    async with cliente(gestore) as c:
        assert (await richiedi(c, "GET", URL, servizio="s")).stato == 200
        assert c.trust_env is False
        assert c.follow_redirects is False
    assert visto["accept-encoding"] == "identity"
    assert "authorization" not in visto


async def test_niente_credenziali_da_netrc(tmp_path, monkeypatch):
    file = tmp_path / "netrc"
    file.write_text("machine esterno.esempio.it login a password segreta")
    monkeypatch.setenv("NETRC", str(file))
    visto = {}

    def gestore(richiesta):
        visto.update(richiesta.headers)
        return httpx.Response(200, json={})

    async with cliente(gestore) as c:
        await richiedi(c, "GET", URL, servizio="s")
    assert "authorization" not in visto


async def test_un_rinvio_non_si_segue():
    chiamate = []

    def gestore(richiesta):
        chiamate.append(richiesta.url)
        return httpx.Response(302, headers={"Location": "https://altrove.esempio.it/"})

    async with cliente(gestore) as c:
        with pytest.raises(RispostaInattesa) as preso:
            await scarica_json(c, URL)
    assert preso.value.codice == "stato-302"
    assert len(chiamate) == 1


async def test_un_corpo_senza_fine_si_ferma_al_limite():
    flusso = Flusso()
    async with cliente(lambda r: httpx.Response(200, stream=flusso)) as c:
        with pytest.raises(RispostaInattesa) as preso:
            await richiedi(c, "GET", URL, servizio="s", massimo=10_000)
    assert preso.value.codice == "troppo-lunga"
    assert flusso.presi == 11
    assert flusso.chiuso


async def test_il_limite_e_compreso():
    async with cliente(lambda r: httpx.Response(200, content=b"x" * 100)) as c:
        assert len((await richiedi(c, "GET", URL, servizio="s", massimo=100)).corpo) == 100
        with pytest.raises(RispostaInattesa):
            await richiedi(c, "GET", URL, servizio="s", massimo=99)


async def test_un_corpo_a_gocce_si_ferma_al_tempo():
    flusso = Flusso(pausa=0.02)
    async with cliente(lambda r: httpx.Response(200, stream=flusso)) as c:
        with pytest.raises(NonRaggiungibile) as preso:
            await richiedi(c, "GET", URL, servizio="s", durata_massima_s=0.1)
    assert preso.value.codice == "tempo-scaduto"
    assert flusso.chiuso


async def test_una_risposta_compressa_si_rifiuta():
    import gzip

    corpo = gzip.compress(b"{}" + b" " * 1_000_000)
    async with cliente(lambda r: httpx.Response(200, content=corpo, headers={"Content-Encoding": "gzip"})) as c:
        with pytest.raises(RispostaInattesa) as preso:
            await scarica_json(c, URL)
    assert preso.value.codice == "compressa"


@pytest.mark.parametrize("errore", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ConnectTimeout])
async def test_gli_errori_di_rete_sono_del_servizio_e_non_lo_citano(errore):
    def gestore(richiesta):
        raise errore("dettaglio interno 10.0.0.1")

    async with cliente(gestore) as c:
        with pytest.raises(ServizioEsterno) as preso:
            await richiedi(c, "GET", URL, servizio="ISEE")
    assert str(preso.value) == "Il servizio «ISEE» non risponde"


@pytest.mark.parametrize(
    ("tipo", "corpo"),
    [
        ("text/html", b"{}"),
        ("", b"{}"),
        ("application/json", b"[1]"),
        ("application/json", b"{"),
        ("application/json", b'{"a":1,"a":2}'),
    ],
)
async def test_non_e_un_oggetto_json(tipo, corpo):
    async with cliente(lambda r: httpx.Response(200, content=corpo, headers={"Content-Type": tipo})) as c:
        with pytest.raises(RispostaInattesa):
            await scarica_json(c, URL)


@pytest.mark.parametrize("tipo", ["application/json", "application/json; charset=utf-8", "application/jwk-set+json"])
async def test_un_oggetto_json(tipo):
    async with cliente(lambda r: httpx.Response(200, content=b'{"keys":[]}', headers={"Content-Type": tipo})) as c:
        assert await scarica_json(c, URL) == {"keys": []}
