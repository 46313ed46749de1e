"""Key sets per issuer, read seldom and dropped in time; what is remembered of a verified token, and for how long."""

import asyncio

import pytest

from services.core.platform.chiavi import TempiChiavi
from services.core.platform.errori import ServizioEsterno
from services.core.platform.forma_token import TokenNonValido
from services.core.platform.tokens import Emittente, VerificatoreToken
from tests.unit.banco_token import ALTRO, ISS, TESTA, Banco, buono, contenuto
from tests.unit.fabbrica_token import ORA, b64, chiave, componi, pubblica


@pytest.fixture
def banco() -> Banco:
    return Banco()


async def test_kid_ignoto_rilegge_una_volta_sola(banco):
    await banco.verificatore.verifica(buono())
    banco.orologio.ora += 60
    ignoto = componi(TESTA | {"kid": "k9"}, contenuto(), chiave("a"))
    esiti = await asyncio.gather(*(banco.verificatore.verifica(ignoto) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(e, TokenNonValido) and e.codice == "kid" for e in esiti)
    assert banco.pubblicate.letture == 2
    assert await banco.rifiuto(ignoto) == "kid"
    assert banco.pubblicate.letture == 2, "a second read waits its term"
    banco.orologio.ora += 30
    banco.pubblicate.insiemi["a"].append(pubblica("c", "k9").jwk())
    assert await banco.verificatore.verifica(componi(TESTA | {"kid": "k9"}, contenuto(), chiave("c")))
    assert banco.pubblicate.letture == 3


async def test_chiave_corta_o_privata_o_doppia_non_si_usa(banco):
    corta = chiave("corta", 1024)
    numeri = corta.public_key().public_numbers()
    jwk_corta = {"kty": "RSA", "kid": "corta", "n": b64(numeri.n.to_bytes(128, "big")), "e": "AQAB"}
    privata = pubblica("c", "privata").jwk() | {"d": "AQAB"}
    doppie = [pubblica("c", "doppia").jwk(), pubblica("d", "doppia").jwk()]
    banco.pubblicate.insiemi["a"] += [jwk_corta, privata, *doppie]
    for kid, di in (("corta", corta), ("privata", chiave("c")), ("doppia", chiave("c")), ("doppia", chiave("d"))):
        assert await banco.rifiuto(componi(TESTA | {"kid": kid}, contenuto(), di)) == "kid"
    assert await banco.verificatore.verifica(buono())


async def test_scade_anche_se_ricordato(banco):
    token = buono(exp=ORA + 100)
    await banco.verificatore.verifica(token)
    banco.orologio.ora = ORA + 129
    assert banco.verificatore.verifica_ricordato(token)
    banco.orologio.ora = ORA + 130
    assert banco.verificatore.verifica_ricordato(token) is None
    assert await banco.rifiuto(token) == "scaduto"


async def test_la_rotazione_delle_chiavi_cancella_i_ricordi_di_quell_emittente(banco):
    vecchio, altrui = buono(), componi(TESTA, contenuto(iss=ALTRO), chiave("b"))
    await banco.verificatore.verifica(vecchio)
    await banco.verificatore.verifica(altrui)
    banco.pubblicate.insiemi["a"] = [pubblica("c", "k2").jwk()]
    banco.orologio.ora += 100
    assert banco.verificatore.verifica_ricordato(vecchio), "not known yet"
    await banco.verificatore.verifica(componi(TESTA | {"kid": "k2"}, contenuto(), chiave("c")))
    assert banco.verificatore.verifica_ricordato(altrui)
    assert await banco.rifiuto(vecchio) == "kid"


async def test_una_chiave_ritirata_non_sopravvive_nei_ricordi(banco):
    token = buono()
    await banco.verificatore.verifica(token)
    banco.pubblicate.insiemi["a"] = [pubblica("c", "k2").jwk()]
    banco.orologio.ora += 600
    assert banco.verificatore.verifica_ricordato(token) is None, "an old key set stops the hot path"
    assert await banco.rifiuto(token) == "kid"


async def test_stessa_chiave_riletta_conserva_i_ricordi(banco):
    token = buono()
    prime = await banco.verificatore.verifica(token)
    banco.orologio.ora += 600
    assert (await banco.verificatore.verifica(token)).exp == prime.exp
    assert banco.pubblicate.letture == 2
    assert banco.verificatore.verifica_ricordato(token)


async def test_emittente_giu_si_usano_le_chiavi_di_scorta_poi_503():
    banco = Banco(tempi_chiavi=TempiChiavi(durata=10, scorta=20, attesa=5, attesa_dopo_errore=2))
    token = buono()
    await banco.verificatore.verifica(token)
    banco.pubblicate.giu = True
    banco.orologio.ora = ORA + 15
    assert await banco.verificatore.verifica(token)
    assert await banco.verificatore.verifica(token)
    assert banco.pubblicate.letture == 2, "after a failure the issuer is left alone for a while"
    banco.orologio.ora = ORA + 30
    with pytest.raises(ServizioEsterno):
        await banco.verificatore.verifica(token)


async def test_emittente_mai_raggiunto():
    banco = Banco()
    banco.pubblicate.giu = True
    esiti = await asyncio.gather(*(banco.verificatore.verifica(buono()) for _ in range(10)), return_exceptions=True)
    assert [type(e) for e in esiti] == [ServizioEsterno] * 10
    assert banco.pubblicate.letture == 1
    banco.pubblicate.giu = False
    banco.orologio.ora += 2
    assert await banco.verificatore.verifica(buono())


async def test_chi_legge_le_chiavi_puo_andarsene():
    banco = Banco()
    partita, riprendi = asyncio.Event(), asyncio.Event()
    vere = banco.pubblicate.__call__

    async def lenta(url):
        partita.set()
        await riprendi.wait()
        return await vere(url)

    verificatore = VerificatoreToken([Emittente(ISS, frozenset({"ambito-api"}), "a")], lenta, orologio=banco.orologio)
    primo = asyncio.create_task(verificatore.verifica(buono()))
    await partita.wait()
    secondo = asyncio.create_task(verificatore.verifica(buono()))
    await asyncio.sleep(0)
    primo.cancel()
    riprendi.set()
    assert (await secondo).sub == "op-1"


async def test_i_ricordi_sono_limitati(banco):
    token = [buono(jti=str(i)) for i in range(4)]
    for t in token[:3]:
        await banco.verificatore.verifica(t)
    assert banco.verificatore.verifica_ricordato(token[0])
    await banco.verificatore.verifica(token[3])
    presenti = [banco.verificatore.verifica_ricordato(t) is not None for t in token]
    assert presenti == [True, False, True, True], "the least recently used goes"


async def test_cambiare_destinatari_cancella_i_ricordi(banco):
    token = buono()
    await banco.verificatore.verifica(token)
    banco.verificatore.cambia_destinatari(ISS, frozenset({"nuova-api"}))
    assert await banco.rifiuto(token) == "aud"
