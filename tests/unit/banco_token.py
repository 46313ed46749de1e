"""Two issuers whose keys have the same name, and a verifier: what the tests of tokens stand on."""

from dataclasses import replace

import pytest

from services.core.platform.errori import NonAutenticato
from services.core.platform.forma_token import TokenNonValido
from services.core.platform.tokens import Emittente, VerificatoreToken
from tests.unit.fabbrica_token import ORA, Orologio, Pubblicate, chiave, componi, pubblica

ISS = "https://emittente.esempio.it/oidc"
ALTRO = "https://altro.esempio.it/oidc"
TESTA = {"alg": "RS256", "typ": "at+jwt", "kid": "k1"}


def contenuto(**cambi):
    base = {"iss": ISS, "sub": "op-1", "aud": "ambito-api", "iat": ORA - 60, "exp": ORA + 1800, "jti": "j1"}
    return {k: v for k, v in (base | cambi).items() if v is not ...}


class Banco:
    """Two issuers whose keys share the name k1."""

    def __init__(self, **opzioni) -> None:
        self.orologio = Orologio()
        self.pubblicate = Pubblicate(a=[pubblica("a", "k1").jwk()], b=[pubblica("b", "k1").jwk()])
        base = Emittente(ISS, frozenset({"ambito-api"}), "a", **opzioni)
        self.verificatore = VerificatoreToken(
            [base, replace(base, iss=ALTRO, jwks_url="b")], self.pubblicate, orologio=self.orologio, ricordati=3
        )

    async def rifiuto(self, token: str) -> str:
        """The code with which `token` is refused."""
        with pytest.raises(NonAutenticato) as preso:
            await self.verificatore.verifica(token)
        assert isinstance(preso.value, TokenNonValido)
        assert self.verificatore.verifica_ricordato(token) is None
        assert str(preso.value) == str(TokenNonValido("altro")), "the public text must not tell the reason"
        assert not preso.value.estensioni, "the reason is not for the answer"
        return preso.value.codice


def buono(**cambi) -> str:
    return componi(TESTA, contenuto(**cambi), chiave("a"))
