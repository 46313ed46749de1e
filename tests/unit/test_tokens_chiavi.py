"""Reading JWKs strictly, and the promise that one module alone touches python-jose."""

import ast
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

import services
from services.core.platform.chiavi import (
    ChiaveNonValida,
    carica_privata,
    codifica_base64url,
    decodifica_base64url,
    genera_chiave_rsa,
    jwk_pubblico,
    leggi_jwks,
    valida_jwk,
)
from services.core.platform.jsonstretto import leggi_json, leggi_oggetto
from tests.unit.fabbrica_token import b64, chiave, pubblica


def jwk(**cambi):
    return {k: v for k, v in (pubblica("a", "k1").jwk() | cambi).items() if v is not ...}


def test_un_jwk_buono_torna_con_i_soli_membri_pubblici():
    letto = valida_jwk(jwk(x5c=["MII"], key_ops=["verify"]))
    assert letto.jwk() == pubblica("a", "k1").jwk()
    assert set(letto.jwk()) == {"kty", "kid", "use", "alg", "n", "e"}


@pytest.mark.parametrize(
    "cambi",
    [
        {"kty": "oct"},
        {"kty": "EC"},
        {"kty": ...},
        {"use": "enc"},
        {"alg": "RS512"},
        {"alg": "RSA-OAEP"},
        {"alg": None},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"kid": ...},
        {"kid": ""},
        {"kid": 3},
        {"d": "AQAB"},
        {"p": "AQAB"},
        {"k": "AQAB"},
        {"n": ...},
        {"n": 5},
        {"n": "AQAB"},
        {"n": "A+/="},
        {"n": "B" * 3000},
        {"e": ...},
        {"e": "Aw"},
        {"e": "AQAA"},
        {"e": "AQ"},
        {"e": "_" * 8},
    ],
    ids=str,
)
def test_jwk_rifiutati(cambi):
    with pytest.raises(ChiaveNonValida):
        valida_jwk(jwk(**cambi))


def test_un_modulo_pari_non_e_una_chiave():
    numeri = chiave("a").public_key().public_numbers()
    with pytest.raises(ChiaveNonValida):
        valida_jwk(jwk(n=b64((numeri.n - 1).to_bytes(256, "big"))))


@pytest.mark.parametrize("valore", [None, [], "testo", 3, [jwk()]])
def test_un_jwk_e_un_oggetto(valore):
    with pytest.raises(ChiaveNonValida):
        valida_jwk(valore)


@pytest.mark.parametrize(
    "documento",
    [
        None,
        [],
        [jwk()],
        jwk(),
        {"keys": jwk()},
        {"keys": []},
        {"keys": [{"keys": [jwk()]}]},
        {"k1": jwk()},
        {"keys": [jwk()] * 101},
    ],
)
def test_insiemi_rifiutati(documento):
    with pytest.raises(ChiaveNonValida):
        leggi_jwks(documento)


def test_un_insieme_salta_le_chiavi_per_altri_usi():
    assert set(leggi_jwks({"keys": [jwk(), jwk(kid="k2", use="enc"), {"kty": "EC", "kid": "k3"}, 5]})) == {"k1"}


def test_un_kid_dato_tre_volte_non_indica_nessuna_chiave():
    tre = [jwk(), pubblica("b", "k1").jwk(), jwk()]
    assert set(leggi_jwks({"keys": [*tre, jwk(kid="k2")]})) == {"k2"}


def test_l_impronta_e_quella_dell_rfc_7638():
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W"
        "-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt"
        "-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )

    class Nota:
        def public_key(self):
            return self

        def public_numbers(self):
            from cryptography.hazmat.primitives.asymmetric import rsa

            return rsa.RSAPublicNumbers(65537, int.from_bytes(decodifica_base64url(n), "big"))

    assert jwk_pubblico(Nota()).kid == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_le_chiavi_generate_si_ricaricano():
    pem = genera_chiave_rsa(2048)
    caricata = carica_privata(pem)
    assert caricata.key_size == 2048
    assert valida_jwk(jwk_pubblico(caricata).jwk())
    with pytest.raises(ChiaveNonValida):
        genera_chiave_rsa(1024)


def test_solo_chiavi_rsa():
    from cryptography.hazmat.primitives.asymmetric import ed25519

    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ChiaveNonValida):
        carica_privata(pem.decode())


@given(st.binary(max_size=200))
def test_base64url_va_e_torna(dati):
    testo = codifica_base64url(dati)
    if dati:
        assert decodifica_base64url(testo) == dati
    else:
        with pytest.raises(ValueError):
            decodifica_base64url(testo)


@given(st.binary(max_size=200))
def test_json_ostile_da_solo_valueerror(dati):
    try:
        valore = leggi_json(dati)
    except ValueError:
        return
    assert json.loads(dati) == valore


@pytest.mark.parametrize("dati", [b"[]", b"3", b"null", b'"x"', b'{"a":1,"a":1}', b'{"a":NaN}', b"{", b"[" * 100_000])
def test_json_rifiutato(dati):
    with pytest.raises(ValueError):
        leggi_oggetto(dati)


def importati(sorgente: str) -> set[str]:
    """The modules that `sorgente` imports, also by a literal name given to an import function."""
    nomi: set[str] = set()
    for nodo in ast.walk(ast.parse(sorgente)):
        if isinstance(nodo, ast.Import):
            nomi |= {alias.name for alias in nodo.names}
        elif isinstance(nodo, ast.ImportFrom) and nodo.module:
            nomi.add(nodo.module)
        elif isinstance(nodo, ast.Call) and nodo.args and isinstance(nodo.args[0], ast.Constant):
            funzione = getattr(nodo.func, "attr", getattr(nodo.func, "id", ""))
            if funzione in ("import_module", "__import__"):
                nomi.add(str(nodo.args[0].value))
    return {nome.partition(".")[0] for nome in nomi}


@pytest.mark.parametrize(
    "riga", ["import jose", "from jose import jwt", "import jose.jws as x", "import_module('jose.jwt')", "__import__('jose')"]
)
def test_il_controllo_degli_import_vede(riga):
    assert "jose" in importati(riga)


def test_solo_tokens_importa_jose():
    radice = Path(services.__file__).parent
    usano = {p.relative_to(radice).as_posix() for p in radice.rglob("*.py") if "jose" in importati(p.read_text("utf-8"))}
    assert usano == {"core/platform/tokens.py"}
