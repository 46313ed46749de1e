"""What a bearer token must be: each known way around python-jose and RFC 8725 is replayed here."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from services.core.platform.chiavi import ChiaveNonValida
from services.core.platform.tokens import Emittente, VerificatoreToken, firma
from tests.unit.banco_token import ALTRO, ISS, TESTA, Banco, buono, contenuto
from tests.unit.fabbrica_token import ORA, Pubblicate, b64, chiave, componi, der_pubblico, pem_pubblico, pubblica


@pytest.fixture
def banco() -> Banco:
    return Banco()


async def test_un_token_buono_passa_e_si_ricorda(banco):
    token = buono()
    assert banco.verificatore.verifica_ricordato(token) is None
    attestazioni = await banco.verificatore.verifica(token)
    assert (attestazioni.iss, attestazioni.sub, attestazioni.destinatario) == (ISS, "op-1", "ambito-api")
    assert (attestazioni.iat, attestazioni.exp, attestazioni.jti) == (ORA - 60, ORA + 1800, "j1")
    assert banco.verificatore.verifica_ricordato(token) is attestazioni
    assert await banco.verificatore.verifica(token) is attestazioni
    assert banco.pubblicate.letture == 1


async def test_la_nostra_firma_passa(banco):
    token = firma(contenuto(), chiave("a"), kid="k1", typ="at+jwt")
    assert (await banco.verificatore.verifica(token)).kid == "k1"


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
async def test_typ_e_un_tipo_di_media(banco, typ):
    assert await banco.verificatore.verifica(componi(TESTA | {"typ": typ}, contenuto(), chiave("a")))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, "RS384", "PS256", "ES256", "rs256", ["RS256"]])
async def test_solo_rs256(banco, alg):
    assert await banco.rifiuto(componi(TESTA | {"alg": alg}, contenuto(), chiave("a"))) == "alg"
    senza_firma = ".".join([b64(json.dumps(TESTA | {"alg": alg}).encode()), b64(json.dumps(contenuto()).encode()), ""])
    assert await banco.rifiuto(senza_firma) == "forma"


@pytest.mark.parametrize("segreto", [pem_pubblico, der_pubblico], ids=["PEM", "DER"])
@pytest.mark.parametrize("alg", ["HS256", "RS256"])
async def test_hmac_con_la_chiave_pubblica(banco, segreto, alg):
    firmato = f"{b64(json.dumps(TESTA | {'alg': alg}).encode())}.{b64(json.dumps(contenuto()).encode())}"
    mac = hmac.new(segreto("a"), firmato.encode(), hashlib.sha256).digest()
    assert await banco.rifiuto(f"{firmato}.{b64(mac)}") == ("alg" if alg == "HS256" else "firma")


@pytest.mark.parametrize(
    "extra",
    [
        {"crit": ["b64"], "b64": False},
        {"crit": ["b64"], "b64": True},
        {"crit": ["mai-visto"]},
        {"crit": []},
        {"crit": None},
        {"b64": False},
    ],
)
async def test_ogni_crit_e_rifiutato(banco, extra):
    assert await banco.rifiuto(componi(TESTA | extra, contenuto(), chiave("a"))) == "crit"


@pytest.mark.parametrize("nome", ["exp", "iat", "aud", "iss", "sub"])
async def test_attestazioni_obbligatorie(banco, nome):
    assert await banco.rifiuto(buono(**{nome: ...})) == nome
    assert await banco.rifiuto(buono(**{nome: None})) == nome


@pytest.mark.parametrize("valore", [True, "1757930400", [ORA], {}, 0, -1, 2**41, 10**400])
@pytest.mark.parametrize("nome", ["exp", "iat", "nbf"])
async def test_istanti_non_numerici_o_assurdi(banco, nome, valore):
    assert await banco.rifiuto(buono(**{nome: valore})) == nome


@pytest.mark.parametrize("valore", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
async def test_istanti_non_finiti(banco, valore):
    grezzo = json.dumps(contenuto(exp="@")).encode().replace(b'"@"', valore)
    assert await banco.rifiuto(componi(TESTA, grezzo, chiave("a"))) in ("forma", "exp")


ANNO = 365 * 86_400


@pytest.mark.parametrize(
    ("cambi", "codice"),
    [
        ({"exp": ORA + 100 * ANNO}, "durata"),
        ({"exp": ORA - 60 + 3601}, "durata"),
        ({"iat": ORA - 10 * ANNO}, "durata"),
        ({"exp": ORA - 61}, "durata"),
        ({"iat": ORA + 10 * ANNO, "exp": ORA + 10 * ANNO + 60}, "iat"),
        ({"iat": ORA + 31}, "iat"),
        ({"nbf": ORA + 31}, "nbf"),
        ({"iat": ORA - 3000, "exp": ORA - 30}, "scaduto"),
    ],
)
async def test_tempi_fuori_dai_limiti(banco, cambi, codice):
    assert await banco.rifiuto(buono(**cambi)) == codice


@pytest.mark.parametrize(
    "cambi", [{"iat": ORA + 29}, {"nbf": ORA + 29}, {"exp": ORA - 29}, {"exp": ORA - 60 + 3600}, {"nbf": ORA - 5}]
)
async def test_lo_scarto_degli_orologi_e_tollerato(banco, cambi):
    assert await banco.verificatore.verifica(buono(**cambi))


@pytest.mark.parametrize("aud", ["altra-api", "", [], ["altra-api"], {"ambito-api": 1}, ["ambito-api", 3], ["x"] * 21, 7])
async def test_destinatario_sbagliato(banco, aud):
    assert await banco.rifiuto(buono(aud=aud)) == "aud"


async def test_destinatario_in_un_elenco(banco):
    attestazioni = await banco.verificatore.verifica(buono(aud=["altra-api", "ambito-api"]))
    assert attestazioni.destinatario == "ambito-api"


async def test_due_destinatari_nostri_non_dicono_per_chi_sia():
    banco = Banco()
    banco.verificatore.cambia_destinatari(ISS, frozenset({"uno", "due"}))
    assert await banco.rifiuto(buono(aud=["uno", "due"])) == "aud"


@pytest.mark.parametrize("typ", ["JWT", "dpop+jwt", "logout+jwt", "id_token", "", None, ..., ["at+jwt"], "application/jwt"])
async def test_id_token_e_prove_dpop_non_sono_token_di_accesso(banco, typ):
    testa = {k: v for k, v in (TESTA | {"typ": typ}).items() if v is not ...}
    assert await banco.rifiuto(componi(testa, contenuto(), chiave("a"))) == "typ"


@pytest.mark.parametrize("nome", ["at_hash", "c_hash", "s_hash", "htm", "htu", "events", "cnf"])
async def test_contenuti_di_altri_token_anche_col_typ_giusto(banco, nome):
    assert await banco.rifiuto(buono(**{nome: "x"})) == "uso"


async def test_lo_stesso_kid_di_un_altro_emittente(banco):
    assert await banco.rifiuto(componi(TESTA, contenuto(), chiave("b"))) == "firma"
    assert await banco.rifiuto(componi(TESTA, contenuto(iss=ALTRO), chiave("a"))) == "firma"
    assert (await banco.verificatore.verifica(componi(TESTA, contenuto(iss=ALTRO), chiave("b")))).iss == ALTRO


@pytest.mark.parametrize("iss", [ISS + "/", ISS.upper(), "https://ignoto.esempio.it", "", 5, [ISS]])
async def test_emittente_ignoto_non_causa_letture(banco, iss):
    assert await banco.rifiuto(buono(iss=iss)) == "iss"
    assert banco.pubblicate.letture == 0


@pytest.mark.parametrize("extra", [{"jwk": "@"}, {"jku": "b"}, {"x5u": "b"}, {"x5c": ["MII"]}])
async def test_chiavi_portate_dal_token_non_contano(banco, extra):
    if extra.get("jwk") == "@":
        extra = {"jwk": pubblica("b", "k1").jwk()}
    assert await banco.rifiuto(componi(TESTA | extra, contenuto(), chiave("b"))) == "firma"
    assert banco.pubblicate.letture == 1


@pytest.mark.parametrize("kid", [None, "", 1, "k" * 257, "ké", "k\n1", ["k1"]])
async def test_kid_inammissibile(banco, kid):
    assert await banco.rifiuto(componi(TESTA | {"kid": kid}, contenuto(), chiave("a"))) == "kid"
    assert banco.pubblicate.letture == 0


VUOTO = b"{}"
NON_UTF8 = b"\xff\xfe"
NUMERO_LUNGO = b'{"a":' + b"9" * 5000 + b"}"
MOLTO_ANNIDATO = b'{"a":' + b"[" * 3000


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        "\x00.\x00.\x00",
        "\ud800.a.b",
        "a=.b=.c=",
        "a b.c.d",
        "x" * 8193,
        "e30." + "A" * 10_000_000 + ".AA",
        "eyJ9.e30.AA",
        "W10.W10.AA",
        "bnVsbA.e30.AA",
        f"{b64(MOLTO_ANNIDATO)}.e30.AA",
        f"{b64(VUOTO)}.{b64(NUMERO_LUNGO)}.AA",
        f"{b64(NON_UTF8)}.e30.AA",
    ],
    ids=range(18),
)
async def test_token_informi(banco, token):
    assert await banco.rifiuto(token) == "forma"
    assert banco.pubblicate.letture == 0


async def test_membri_ripetuti(banco):
    testa = b'{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"k1"}'
    assert await banco.rifiuto(componi(testa, contenuto(), chiave("a"))) == "forma"
    doppio = json.dumps(contenuto()).encode().replace(b'"sub"', b'"sub": "op-2", "sub"')
    assert await banco.rifiuto(componi(TESTA, doppio, chiave("a"))) == "forma"
    annidato = json.dumps(contenuto(digest="@")).encode().replace(b'"@"', b'{"a":1,"a":2}')
    assert await banco.rifiuto(componi(TESTA, annidato, chiave("a"))) == "forma"


async def test_ogni_modifica_spezza_la_firma(banco):
    testa, corpo, coda = buono().split(".")
    for parti in ((testa, b64(json.dumps(contenuto(sub="op-2")).encode()), coda), (testa, corpo, coda[:-8] + "AAAAAAAA")):
        assert await banco.rifiuto(".".join(parti)) in ("firma", "forma")
    assert await banco.rifiuto(f"{testa}.{corpo}.AA") == "firma"


async def test_una_sola_scrittura_dello_stesso_token(banco):
    token = buono()
    alfabeto = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    gemello = token[:-1] + alfabeto[alfabeto.index(token[-1]) ^ 1]
    assert await banco.rifiuto(gemello) == "forma", "the unused trailing bits may hold only zero"


@pytest.mark.parametrize("cambi", [{"iss": ""}, {"tipo": ""}, {"jwks_url": ""}, {"destinatari": frozenset({""})}])
def test_emittente_incompleto(cambi):
    with pytest.raises(ValueError):
        replace(Emittente(ISS, frozenset({"a"}), "u"), **cambi)


def test_emittente_configurato_due_volte():
    emittente = Emittente(ISS, frozenset({"a"}), "u")
    with pytest.raises(ValueError):
        VerificatoreToken([emittente, emittente], Pubblicate())


def test_la_firma_rifiuta_chiavi_deboli_e_non_le_cita():
    from cryptography.hazmat.primitives import serialization

    corta = chiave("corta", 1024).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for pem in (corta.decode(), "-----BEGIN PRIVATE KEY-----\nsegretissimo\n-----END PRIVATE KEY-----"):
        with pytest.raises(ChiaveNonValida) as preso:
            firma({}, pem, kid="k")
        assert "segretissimo" not in str(preso.value)
    with pytest.raises(ChiaveNonValida):
        firma({}, chiave("a"), kid="")
