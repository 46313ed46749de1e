"""The stand-in of PDND refuses what PDND refuses, with its numbers, and our client and verifier agree with it."""

import stat
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest

from services.core.platform.chiavi import ChiaveNonValida
from services.core.platform.forma_token import TokenNonValido
from services.core.platform.http import NonRaggiungibile, RispostaInattesa, cliente_http, scarica_json
from services.core.platform.ids import nuovo_id
from services.core.platform.pdnd import TIPO_ASSERZIONE, ClientPdnd, ConfigurazionePdnd, VerificaVoucher, VoucherRifiutato
from services.core.platform.portachiavi import CoppiaChiavi, chiave_persistente
from services.core.platform.tokens import Emittente, VerificatoreToken
from services.sandbox import oidc, pdnd
from services.sandbox.chiavi import SandboxVietata
from tests.unit.fabbrica_token import ORA, Orologio, chiave, componi, pubblica

CLIENT = UUID("00000000-0000-4000-8000-00000000a3b1")
FINALITA = UUID("00000000-0000-4000-8000-00000000f15e")
SPENTA = UUID("00000000-0000-4000-8000-00000000f150")
IGNOTO = UUID("00000000-0000-4000-8000-000000000bad")
BASE = "http://sandbox"
ISS = f"{BASE}/pdnd"
AUD = "sandbox/client-assertion"
AUDIENCE = f"{BASE}/inps/isee"


def finalita(**cambi) -> pdnd.FinalitaRegistrata:
    nomi = {n: nuovo_id() for n in ("consumatore", "erogatore", "eservice", "descrittore")}
    return pdnd.FinalitaRegistrata(AUDIENCE, **(nomi | cambi))


class Banco:
    """The server behind ASGI, a client and a verifier, on one clock."""

    def __init__(self) -> None:
        self.orologio = Orologio()
        registrato = pdnd.ClientRegistrato(
            {"k1": pubblica("client", "k1")}, {FINALITA: finalita(), SPENTA: finalita(attiva=False)}
        )
        self.server = pdnd.PdndSandbox(
            iss=ISS,
            destinatario_asserzione=AUD,
            registro={CLIENT: registrato},
            chiavi=CoppiaChiavi(chiave("pdnd"), pubblica("pdnd", "p1")),
            produzione=False,
            orologio=self.orologio,
            lentezza_s=0.2,
        )
        self.http = cliente_http(transport=httpx.ASGITransport(app=pdnd.app(self.server)))
        self.verifica = VerificaVoucher(
            iss=ISS,
            jwks_url=f"{BASE}/jwks.json",
            destinatari=frozenset({AUDIENCE}),
            scarica=lambda url: scarica_json(self.http, url),
            orologio=self.orologio,
        )
        self.client = self.nuovo_client("client", CLIENT)

    def nuovo_client(self, nome: str, client_id: UUID) -> ClientPdnd:
        configurazione = ConfigurazionePdnd(f"{BASE}/token.oauth2", AUD, client_id, "k1", chiave(nome))
        return ClientPdnd(configurazione, self.http, orologio=self.orologio)

    async def modo(self, modo: str) -> httpx.Response:
        return await self.http.post(f"{BASE}/_comando", json={"modo": modo})

    async def chiedi(self, testa=None, modulo=None, chiave_di="client", **cambi) -> httpx.Response:
        """A token request with parts of header, form and content changed (`...` takes one away)."""
        base = {
            "iss": str(CLIENT),
            "sub": str(CLIENT),
            "aud": AUD,
            "jti": str(nuovo_id()),
            "iat": ORA,
            "exp": ORA + 60,
            "purposeId": str(FINALITA),
        }
        contenuto = {k: v for k, v in (base | cambi).items() if v is not ...}
        intestazione = {k: v for k, v in ({"alg": "RS256", "typ": "JWT", "kid": "k1"} | (testa or {})).items() if v is not ...}
        campi = {
            "client_id": str(CLIENT),
            "client_assertion": componi(intestazione, contenuto, chiave(chiave_di)),
            "client_assertion_type": TIPO_ASSERZIONE,
            "grant_type": "client_credentials",
        } | (modulo or {})
        return await self.http.post(f"{BASE}/token.oauth2", data={k: v for k, v in campi.items() if v is not ...})


@pytest.fixture
async def banco():
    b = Banco()
    yield b
    await b.http.aclose()


async def test_il_nostro_client_compra_e_il_nostro_verificatore_accetta(banco):
    letto = await banco.verifica.verifica(await banco.client.voucher(FINALITA))
    assert (letto.destinatario, letto.client_id, letto.finalita) == (AUDIENCE, CLIENT, FINALITA)
    assert letto.scade == ORA + 600
    assert letto.impronta is None
    impronta = "ab" * 32
    legato = await banco.verifica.verifica(await banco.client.voucher(FINALITA, impronta=impronta))
    assert legato.impronta == impronta
    assert banco.server.richieste == 2


async def test_la_risposta_e_quella_di_oauth(banco):
    risposta = await banco.chiedi()
    assert risposta.status_code == 200
    assert risposta.headers["cache-control"] == "no-store"
    assert {k: v for k, v in risposta.json().items() if k != "access_token"} == {"token_type": "Bearer", "expires_in": 600}


LUNGO = "0" * 64


@pytest.mark.parametrize(
    ("richiesta", "errore", "numero"),
    [
        ({"modulo": {"client_id": "non-uuid"}}, "invalid_request", "8001"),
        ({"modulo": {"client_id": ...}}, "invalid_request", "8001"),
        ({"modulo": {"grant_type": "password"}}, "unsupported_grant_type", "8002"),
        ({"modulo": {"client_assertion_type": "altro"}}, "invalid_request", "8003"),
        ({"modulo": {"client_assertion": "x.y"}}, "invalid_request", "client_assertion"),
        ({"modulo": {"client_assertion": ...}}, "invalid_request", "client_assertion"),
        ({"sub": ...}, "invalid_client", "8007"),
        ({"sub": str(IGNOTO)}, "invalid_client", "8007"),
        ({"purposeId": "x"}, "invalid_scope", "8009"),
        ({"purposeId": ...}, "invalid_scope", "8024"),
        ({"aud": "altri"}, "invalid_client", "8010"),
        ({"aud": [AUD, "altri"]}, "invalid_client", "8010"),
        ({"digest": {"alg": "SHA256", "value": "00"}}, "invalid_request", "8011"),
        ({"digest": {"alg": "SHA256", "value": "z" * 64}}, "invalid_request", "8011"),
        ({"digest": {"alg": "MD5", "value": LUNGO}}, "invalid_request", "8012"),
        ({"digest": {"value": LUNGO}}, "invalid_request", "8019"),
        ({"digest": {"alg": "SHA256"}}, "invalid_request", "8020"),
        ({"digest": LUNGO}, "invalid_request", "8020"),
        ({"testa": {"kid": ...}}, "invalid_client", "8013"),
        ({"testa": {"kid": "con spazi"}}, "invalid_client", "8033"),
        ({"testa": {"alg": "none"}}, "invalid_client", "8014"),
        ({"testa": {"alg": "HS256"}}, "invalid_client", "8014"),
        ({"testa": {"typ": "at+jwt"}}, "invalid_client", "intestazione"),
        ({"testa": {"crit": ["b64"]}}, "invalid_client", "intestazione"),
        ({"jti": ...}, "invalid_client", "8015"),
        ({"iat": ...}, "invalid_client", "8016"),
        ({"iat": ORA + 3600, "exp": ORA + 3660}, "invalid_client", "8016"),
        ({"iss": "altri"}, "invalid_client", "8017"),
        ({"exp": ...}, "invalid_client", "8018"),
        ({"exp": ORA - 1}, "invalid_client", "8018"),
        ({"exp": ORA + 100_000}, "invalid_client", "8018"),
        ({"chiave_di": "altra"}, "invalid_client", "8023"),
        ({"purposeId": str(IGNOTO)}, "invalid_scope", "8025"),
        ({"purposeId": str(SPENTA)}, "invalid_scope", "8026"),
        ({"testa": {"kid": "k2"}}, "invalid_client", "8099"),
        ({"modulo": {"client_id": str(IGNOTO)}, "sub": str(IGNOTO), "iss": str(IGNOTO)}, "invalid_client", "8099"),
    ],
    ids=range(36),
)
async def test_rifiuti_col_numero_di_pdnd(banco, richiesta, errore, numero):
    risposta = await banco.chiedi(**richiesta)
    assert risposta.status_code == (401 if errore == "invalid_client" else 400)
    assert risposta.json()["error"] == errore
    assert risposta.json()["error_description"].startswith(numero)


async def test_un_asserzione_vale_una_volta(banco):
    assert (await banco.chiedi(jti="sempre-questo")).status_code == 200
    assert (await banco.chiedi(jti="sempre-questo")).json()["error_description"].startswith("8015")
    banco.orologio.ora += 61
    await banco.chiedi(iat=ORA + 61, exp=ORA + 120)
    assert len(banco.server._visti) == 1, "what has expired is forgotten"


@pytest.mark.parametrize(
    ("tipo", "corpo"),
    [
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b""),
        ("application/x-www-form-urlencoded", b"client_id"),
        ("application/x-www-form-urlencoded", b"a=1&a=2"),
        ("application/x-www-form-urlencoded", b"a=\xff"),
        ("application/x-www-form-urlencoded", b"a=" + b"1" * 70_000),
        ("application/x-www-form-urlencoded", urlencode([(str(i), "1") for i in range(50)]).encode()),
        ("multipart/form-data; boundary=x", b"--x--"),
    ],
    ids=range(8),
)
async def test_moduli_illeggibili(banco, tipo, corpo):
    risposta = await banco.http.post(f"{BASE}/token.oauth2", content=corpo, headers={"Content-Type": tipo})
    assert risposta.status_code == 400
    assert risposta.json()["error"] == "invalid_request"


async def test_il_client_vede_il_numero_ma_il_testo_e_per_le_persone(banco):
    with pytest.raises(VoucherRifiutato) as preso:
        await banco.nuovo_client("altra", CLIENT).voucher(FINALITA)
    assert preso.value.codice == "8023"
    with pytest.raises(VoucherRifiutato) as preso:
        await banco.client.voucher(SPENTA)
    assert preso.value.codice == "8026"
    assert "8026" not in str(preso.value)


async def test_a_comando_cade_e_si_rialza(banco):
    assert (await banco.modo("giù")).json() == {"modo": "giù"}
    with pytest.raises(RispostaInattesa) as preso:
        await banco.client.voucher(FINALITA)
    assert preso.value.codice == "stato-503"
    await banco.modo("normale")
    assert await banco.client.voucher(FINALITA)


async def test_a_comando_vende_voucher_scaduti(banco):
    await banco.modo("scaduto")
    with pytest.raises(TokenNonValido) as preso:
        await banco.verifica.verifica(await banco.client.voucher(FINALITA))
    assert preso.value.codice == "scaduto"


async def test_a_comando_e_lento(banco, monkeypatch):
    monkeypatch.setattr("services.core.platform.pdnd.richiedi", _impaziente)
    await banco.modo("lento")
    with pytest.raises(NonRaggiungibile):
        await banco.client.voucher(FINALITA)


async def _impaziente(*posizionali, **nominati):
    from services.core.platform.http import richiedi

    return await richiedi(*posizionali, **nominati, durata_massima_s=0.05)


@pytest.mark.parametrize("corpo", [b'{"modo":"strano"}', b"{}", b"[]", b'{"modo":"giu"}', b'{"modo":"normale","altro":1}', b"x"])
async def test_comandi_non_validi(banco, corpo):
    risposta = await banco.http.post(f"{BASE}/_comando", content=corpo, headers={"Content-Type": "application/json"})
    assert risposta.status_code == 400
    assert risposta.headers["content-type"] == "application/problem+json"
    assert banco.server.modo is pdnd.Modo.NORMALE


@pytest.mark.parametrize("metodo", ["GET", "PUT", "DELETE"])
async def test_il_token_si_chiede_solo_in_post(banco, metodo):
    assert (await banco.http.request(metodo, f"{BASE}/token.oauth2")).status_code == 405


def test_in_produzione_non_si_avvia(tmp_path):
    with pytest.raises(SandboxVietata):
        pdnd.PdndSandbox(ISS, AUD, {}, CoppiaChiavi(chiave("pdnd"), pubblica("pdnd", "p1")), produzione=True)
    with pytest.raises(SandboxVietata):
        oidc.EmittenteOidc(iss=ISS, destinatario="a", stato=tmp_path, produzione=True)
    assert not list(tmp_path.iterdir()), "nor does it leave a key behind"


def test_la_chiave_si_crea_una_volta_ed_e_privata(tmp_path):
    percorso = tmp_path / "stato" / "chiave.pem"
    prima = chiave_persistente(percorso)
    assert stat.S_IMODE(percorso.stat().st_mode) == 0o600
    assert stat.S_IMODE(percorso.parent.stat().st_mode) == 0o700
    percorso.chmod(0o644)
    assert chiave_persistente(percorso).pubblica == prima.pubblica
    assert stat.S_IMODE(percorso.stat().st_mode) == 0o600
    assert chiave_persistente(percorso, kid="nome").kid == "nome"
    assert [p.name for p in percorso.parent.iterdir()] == ["chiave.pem"]


def test_chi_arriva_secondo_usa_la_chiave_del_primo(tmp_path, monkeypatch):
    percorso = tmp_path / "chiave.pem"
    prima = chiave_persistente(percorso)
    viste = iter([False, True])
    monkeypatch.setattr("pathlib.Path.exists", lambda self: next(viste, True))
    assert chiave_persistente(percorso).pubblica == prima.pubblica
    assert [p.name for p in tmp_path.iterdir()] == ["chiave.pem"]


def test_una_chiave_guasta_si_dice(tmp_path):
    percorso = tmp_path / "chiave.pem"
    percorso.write_text("non è una chiave")
    with pytest.raises(ChiaveNonValida):
        chiave_persistente(percorso)


async def test_l_emittente_di_sviluppo_e_il_verificatore_si_intendono(tmp_path):
    emittente = oidc.EmittenteOidc(iss=f"{BASE}/oidc", destinatario="ambito-api", stato=tmp_path, produzione=False)
    token = emittente.token("op-1", durata_s=900)
    async with cliente_http(transport=httpx.ASGITransport(app=oidc.app(emittente))) as http:
        scoperta = await scarica_json(http, f"{BASE}/.well-known/openid-configuration")
        assert scoperta["issuer"] == f"{BASE}/oidc"
        assert scoperta["jwks_uri"] == f"{BASE}/oidc/jwks.json"
        configurato = Emittente(f"{BASE}/oidc", frozenset({"ambito-api"}), f"{BASE}/jwks.json")
        verificatore = VerificatoreToken([configurato], lambda url: scarica_json(http, url))
        attestazioni = await verificatore.verifica(token)
    assert (attestazioni.sub, attestazioni.exp - attestazioni.iat) == ("op-1", 900)
    riaperto = oidc.EmittenteOidc(iss=f"{BASE}/oidc", destinatario="ambito-api", stato=tmp_path, produzione=False)
    assert riaperto.jwks() == emittente.jwks(), "a restart keeps the tokens good"
    assert "d" not in riaperto.jwks()["keys"][0]


@pytest.mark.parametrize(("soggetto", "durata"), [("", 900), ("op", 899), ("op", 3601)])
def test_durata_dei_token_degli_operatori(tmp_path, soggetto, durata):
    emittente = oidc.EmittenteOidc(iss=ISS, destinatario="a", stato=tmp_path, produzione=False)
    with pytest.raises(ValueError):
        emittente.token(soggetto, durata_s=durata)
