"""PDND seen from both sides: the vouchers we buy and those we accept."""

import asyncio
import json
from urllib.parse import parse_qs
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.platform.errori import ServizioEsterno
from services.core.platform.forma_token import TokenNonValido, scomponi
from services.core.platform.http import RispostaInattesa, cliente_http
from services.core.platform.pdnd import (
    ClientPdnd,
    ConfigurazionePdnd,
    VerificaVoucher,
    VoucherRifiutato,
    asserzione_client,
    impronta_base64,
    impronta_esadecimale,
    intestazione_digest,
)
from services.core.platform.tokens import firma_valida
from tests.unit.fabbrica_token import ORA, Orologio, Pubblicate, chiave, componi, pubblica

CLIENT = UUID("00000000-0000-4000-8000-00000000a3b1")
FINALITA = UUID("00000000-0000-4000-8000-00000000f15e")
ALTRA = UUID("00000000-0000-4000-8000-00000000f15f")
ISS = "https://pdnd.esempio.it"
CONFIGURAZIONE = ConfigurazionePdnd(
    url_token=f"{ISS}/token.oauth2",
    destinatario_asserzione="pdnd.esempio.it/client-assertion",
    client_id=CLIENT,
    kid="nostra",
    chiave_privata=chiave("client"),
)


def test_impronte_dei_vettori_noti():
    """The two vectors checked by hand; they differ by one space, so the digest is of the bytes sent."""
    con, senza = b'{"testo": "Ciao mondo"}', b'{"testo":"Ciao mondo"}'
    assert impronta_base64(con) == "hPq3xjgxGMr98LL2/lP2Y66DVCTcXdwL+YpNQD/gmvk="
    assert impronta_base64(senza) == "XPLevcS/HwVMCRq67PMbZd7RWF/zmIKEZPwrdiKIB5o="
    assert intestazione_digest(con) == "SHA-256=hPq3xjgxGMr98LL2/lP2Y66DVCTcXdwL+YpNQD/gmvk="


def test_l_impronta_esadecimale_e_quella_di_fips_180():
    assert impronta_esadecimale(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_l_asserzione_porta_cio_che_pdnd_chiede():
    impronta = impronta_esadecimale(b"x")
    asserzione = scomponi(asserzione_client(CONFIGURAZIONE, FINALITA, impronta=impronta, ora_s=ORA + 0.7))
    assert asserzione.intestazione == {"alg": "RS256", "typ": "JWT", "kid": "nostra"}
    jti = asserzione.contenuto.pop("jti")
    assert str(UUID(jti)) == jti
    assert asserzione.contenuto == {
        "iss": str(CLIENT),
        "sub": str(CLIENT),
        "aud": "pdnd.esempio.it/client-assertion",
        "iat": int(ORA),
        "exp": int(ORA) + 60,
        "purposeId": str(FINALITA),
        "digest": {"alg": "SHA256", "value": impronta},
    }
    assert firma_valida(asserzione, pubblica("client", "nostra"))


def test_senza_impronta_niente_digest_e_jti_sempre_nuovo():
    due = [scomponi(asserzione_client(CONFIGURAZIONE, FINALITA, impronta=None, ora_s=ORA)).contenuto for _ in range(2)]
    assert "digest" not in due[0]
    assert due[0]["jti"] != due[1]["jti"]


@pytest.mark.parametrize("impronta", ["", "AB" * 32, "0" * 63, impronta_base64(b"x")])
def test_impronta_in_altra_forma(impronta):
    with pytest.raises(ValueError):
        asserzione_client(CONFIGURAZIONE, FINALITA, impronta=impronta, ora_s=ORA)


def test_la_configurazione_non_mostra_la_chiave():
    assert "chiave" not in repr(CONFIGURAZIONE)


class Server:
    """A token endpoint that answers as told and counts."""

    def __init__(self) -> None:
        self.richieste: list[httpx.Request] = []
        self.stato, self.cambi, self.grezzo = 200, {}, None
        self.tipo = "application/json"
        self.sosta: asyncio.Event | None = None

    async def __call__(self, richiesta: httpx.Request) -> httpx.Response:
        self.richieste.append(richiesta)
        if self.sosta:
            await self.sosta.wait()
        corpo = {"access_token": f"a.b.{len(self.richieste)}", "token_type": "Bearer", "expires_in": 600} | self.cambi
        grezzo = json.dumps({k: v for k, v in corpo.items() if v is not ...}).encode() if self.grezzo is None else self.grezzo
        return httpx.Response(self.stato, content=grezzo, headers={"Content-Type": self.tipo})


@pytest.fixture
async def banco():
    server, orologio = Server(), Orologio()
    async with cliente_http(transport=httpx.MockTransport(server)) as cliente:
        yield server, orologio, ClientPdnd(CONFIGURAZIONE, cliente, orologio=orologio)


async def test_la_richiesta_e_quella_dell_rfc_7523(banco):
    server, _, client = banco
    assert await client.voucher(FINALITA) == "a.b.1"
    richiesta = server.richieste[0]
    assert (richiesta.method, str(richiesta.url)) == ("POST", f"{ISS}/token.oauth2")
    assert richiesta.headers["content-type"] == "application/x-www-form-urlencoded"
    modulo = parse_qs(richiesta.content.decode(), strict_parsing=True)
    assert scomponi(modulo.pop("client_assertion")[0]).contenuto["purposeId"] == str(FINALITA)
    assert modulo == {
        "client_id": [str(CLIENT)],
        "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
        "grant_type": ["client_credentials"],
    }


async def test_il_voucher_si_riusa_fino_al_margine(banco):
    server, orologio, client = banco
    assert await client.voucher(FINALITA) == "a.b.1"
    orologio.ora += 579
    assert await client.voucher(FINALITA) == "a.b.1"
    orologio.ora += 1
    assert await client.voucher(FINALITA) == "a.b.2"
    client.dimentica(FINALITA)
    assert await client.voucher(FINALITA) == "a.b.3"
    assert len(server.richieste) == 3


async def test_un_voucher_per_finalita_e_impronta(banco):
    server, _, client = banco
    impronta = impronta_esadecimale(b"evidenza")
    chiesti = [(FINALITA, None), (ALTRA, None), (FINALITA, impronta)]
    primi = [await client.voucher(f, impronta=i) for f, i in chiesti]
    assert [await client.voucher(f, impronta=i) for f, i in chiesti] == primi
    assert len(set(primi)) == len(server.richieste) == 3


async def test_i_voucher_tenuti_sono_limitati(banco):
    _, _, client = banco
    for i in range(300):
        await client.voucher(FINALITA, impronta=impronta_esadecimale(str(i).encode()))
    assert len(client._voucher) == 256


async def test_chi_aspetta_insieme_condivide_una_richiesta(banco):
    server, _, client = banco
    server.sosta = asyncio.Event()
    attese = [asyncio.create_task(client.voucher(FINALITA)) for _ in range(10)]
    await asyncio.sleep(0.01)
    attese[0].cancel()
    server.sosta.set()
    esiti = await asyncio.gather(*attese, return_exceptions=True)
    assert isinstance(esiti[0], asyncio.CancelledError)
    assert esiti[1:] == ["a.b.1"] * 9
    assert len(server.richieste) == 1


async def test_chi_aspetta_insieme_condivide_il_rifiuto_e_poi_si_riprova(banco):
    server, _, client = banco
    server.stato, server.cambi = 401, {"error": "invalid_client", "error_description": "8099: segreto"}
    esiti = await asyncio.gather(*(client.voucher(FINALITA) for _ in range(5)), return_exceptions=True)
    assert [(type(e), e.codice) for e in esiti] == [(VoucherRifiutato, "8099")] * 5
    assert "segreto" not in str(esiti[0])
    assert len(server.richieste) == 1
    server.stato, server.cambi = 200, {}
    assert await client.voucher(FINALITA) == "a.b.2"


@pytest.mark.parametrize(
    ("stato", "cambi", "codice"),
    [
        (400, {"error": "invalid_scope"}, "invalid_scope"),
        (400, {"error": "con spazi e RSSMRA"}, "stato-400"),
        (400, {"error": ["x"]}, "stato-400"),
        (400, {"error": "invalid_scope", "error_description": 8025}, "8025"),
        (302, {}, "stato-302"),
    ],
)
async def test_rifiuti(banco, stato, cambi, codice):
    server, _, client = banco
    server.stato, server.cambi = stato, cambi
    with pytest.raises(VoucherRifiutato) as preso:
        await client.voucher(FINALITA)
    assert preso.value.codice == codice
    assert preso.value.stato == 503


@pytest.mark.parametrize(
    "cambi",
    [
        {"access_token": ...},
        {"access_token": ""},
        {"access_token": "non un token"},
        {"access_token": "a.b.c\r\nX: y"},
        {"access_token": "a" * 20_000 + ".b.c"},
        {"token_type": ...},
        {"token_type": "DPoP"},
        {"expires_in": ...},
        {"expires_in": "600"},
        {"expires_in": 0},
        {"expires_in": True},
        {"expires_in": 86_401},
    ],
    ids=range(12),
)
async def test_risposte_fuori_contratto(banco, cambi):
    server, _, client = banco
    server.cambi = cambi
    with pytest.raises(RispostaInattesa):
        await client.voucher(FINALITA)


@pytest.mark.parametrize(
    ("stato", "tipo", "grezzo"),
    [(200, "text/html", b"{}"), (200, "application/json", b"[]"), (400, "text/html", b"no"), (503, "application/json", b"{}")],
)
async def test_risposte_illeggibili(banco, stato, tipo, grezzo):
    server, _, client = banco
    server.stato, server.tipo, server.grezzo = stato, tipo, grezzo
    with pytest.raises(RispostaInattesa):
        await client.voucher(FINALITA)


async def test_pdnd_irraggiungibile():
    def giu(richiesta):
        raise httpx.ConnectError("nessuno in ascolto")

    async with cliente_http(transport=httpx.MockTransport(giu)) as cliente:
        with pytest.raises(ServizioEsterno) as preso:
            await ClientPdnd(CONFIGURAZIONE, cliente).voucher(FINALITA)
    assert "nessuno in ascolto" not in str(preso.value)


TESTA = {"alg": "RS256", "typ": "at+jwt", "kid": "p1"}
AUDIENCE = "https://ambito.esempio.it/waas/ente-uno"


def voucher(**cambi) -> str:
    base = {
        "iss": ISS,
        "sub": str(CLIENT),
        "client_id": str(CLIENT),
        "aud": AUDIENCE,
        "iat": ORA - 10,
        "nbf": ORA - 10,
        "exp": ORA + 590,
        "jti": "v1",
        "purposeId": str(FINALITA),
        "consumerId": "inps",
        "producerId": "comune",
        "eserviceId": "waas",
        "descriptorId": "d1",
    }
    return componi(TESTA, {k: v for k, v in (base | cambi).items() if v is not ...}, chiave("pdnd"))


@pytest.fixture
def verifica():
    pubblicate = Pubblicate(p=[pubblica("pdnd", "p1").jwk()])
    return VerificaVoucher(
        iss=ISS,
        jwks_url="p",
        destinatari=frozenset({AUDIENCE, "https://ambito.esempio.it/waas/ente-due"}),
        scarica=pubblicate,
        orologio=Orologio(),
    )


async def test_un_voucher_buono_sceglie_l_ente(verifica):
    letto = await verifica.verifica(voucher())
    assert letto.destinatario == AUDIENCE
    assert (letto.client_id, letto.finalita, letto.jti, letto.scade) == (CLIENT, FINALITA, "v1", ORA + 590)
    assert (letto.consumatore, letto.erogatore, letto.eservice, letto.descrittore) == ("inps", "comune", "waas", "d1")
    assert letto.impronta is None
    assert (await verifica.verifica(voucher(aud=[AUDIENCE[:-3] + "due"]))).destinatario.endswith("ente-due")
    assert await verifica.verifica(voucher()) == letto


async def test_i_nomi_facoltativi_possono_mancare_e_l_impronta_si_riporta(verifica):
    impronta = impronta_esadecimale(b"x")
    senza = dict.fromkeys(("consumerId", "producerId", "eserviceId", "descriptorId"), ...)
    letto = await verifica.verifica(voucher(digest={"alg": "SHA256", "value": impronta}, **senza))
    assert letto.impronta == impronta
    assert letto.consumatore is None


@pytest.mark.parametrize(
    ("cambi", "codice"),
    [
        ({"purposeId": ...}, "purposeId"),
        ({"purposeId": "non-un-uuid"}, "purposeId"),
        ({"purposeId": [str(FINALITA)]}, "purposeId"),
        ({"purposeId": "{00000000000040008000-00000000f15e--}"}, "purposeId"),
        ({"client_id": ...}, "client_id"),
        ({"client_id": str(ALTRA)}, "client_id"),
        ({"client_id": "x", "sub": "x"}, "client_id"),
        ({"jti": ...}, "client_id"),
        ({"digest": {"alg": "SHA512", "value": "0" * 64}}, "digest"),
        ({"digest": {"alg": "SHA256", "value": "z" * 64}}, "digest"),
        ({"digest": "x"}, "digest"),
        ({"consumerId": ""}, "consumerId"),
        ({"consumerId": 3}, "consumerId"),
        ({"aud": "https://ambito.esempio.it/waas"}, "aud"),
        ({"iss": "https://altri.esempio.it"}, "iss"),
        ({"exp": ORA - 10 + 86_401}, "durata"),
        ({"exp": ORA - 5, "iat": ORA - 86_406}, "durata"),
        ({"exp": ORA - 30}, "durata"),
        ({"exp": ORA - 30, "iat": ORA - 900}, "scaduto"),
        ({"nbf": ORA + 60}, "nbf"),
        ({"cnf": {"jkt": "x"}}, "uso"),
    ],
    ids=str,
)
async def test_voucher_rifiutati(verifica, cambi, codice):
    with pytest.raises(TokenNonValido) as preso:
        await verifica.verifica(voucher(**cambi))
    assert preso.value.codice == codice


async def test_senza_elenco_il_voucher_nomina_un_solo_destinatario():
    pubblicate = Pubblicate(p=[pubblica("pdnd", "p1").jwk()])
    libera = VerificaVoucher(iss=ISS, jwks_url="p", scarica=pubblicate, orologio=Orologio())
    assert (await libera.verifica(voucher(aud="urn:chiunque"))).destinatario == "urn:chiunque"
    assert (await libera.verifica(voucher(aud=["urn:chiunque"]))).destinatario == "urn:chiunque"
    for aud in (..., [], "", [""], ["uno", "due"], [3], "x" * 513, {"urn:chiunque": 1}):
        with pytest.raises(TokenNonValido) as preso:
            await libera.verifica(voucher(aud=aud))
        assert preso.value.codice == "aud"


async def test_un_ente_nuovo_ha_la_sua_audience(verifica):
    nuova = voucher(aud="https://ambito.esempio.it/waas/ente-tre")
    with pytest.raises(TokenNonValido):
        await verifica.verifica(nuova)
    verifica.cambia_destinatari(frozenset({"https://ambito.esempio.it/waas/ente-tre"}))
    assert (await verifica.verifica(nuova)).destinatario.endswith("tre")
    with pytest.raises(TokenNonValido):
        await verifica.verifica(voucher())


@given(st.binary(max_size=64))
def test_digest_cambia_col_corpo(corpo):
    assert impronta_base64(corpo) != impronta_base64(corpo + b" ")
