"""The sandbox put together, and the application's outside services built on it."""

from datetime import date

import httpx
import pytest

from services.api import servizi
from services.core.misure.isee_client import IseeNonTrovato, TipoIndicatore
from services.core.platform.errori import ServizioEsterno
from services.core.platform.forma_token import TokenNonValido
from services.core.platform.portachiavi import chiave_persistente
from services.core.platform.settings import Ambiente, ConfigurazioneNonValida
from services.sandbox import main
from services.sandbox.chiavi import SandboxVietata
from services.sandbox.oidc import EmittenteOidc
from tests.ambiente import impostazioni

GIORNO = date(2025, 9, 15)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return impostazioni(None, tmp_path_factory.mktemp("stato"))


@pytest.fixture
async def coppia(settings):
    sandbox = main.create_app(settings)
    esterni = servizi.costruisci(settings, trasporto=httpx.ASGITransport(app=sandbox))
    yield sandbox, esterni
    await esterni.chiudi()


async def test_le_parti_rispondono_ai_loro_indirizzi(settings, coppia):
    trasporto = httpx.ASGITransport(app=coppia[0])
    async with httpx.AsyncClient(transport=trasporto, base_url=settings.sandbox_url) as c:
        scoperta = (await c.get("/oidc/.well-known/openid-configuration")).json()
        assert scoperta["issuer"] == settings.oidc_issuer
        assert scoperta["jwks_uri"] == settings.oidc_jwks_url
        for indirizzo in (settings.oidc_jwks_url, settings.pdnd_jwks_url, "/inps/_stato", "/asst/_ricevuti"):
            assert (await c.get(indirizzo)).status_code == 200, indirizzo
        assert (await c.post(f"{settings.isee_url}/consultazione", json={})).status_code == 401
        assert (await c.post(settings.pdnd_token_url)).status_code == 400


async def test_il_token_di_sviluppo_e_verificato(settings, coppia):
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=settings.stato_dir, produzione=False
    )
    assert (await coppia[1].verificatore.verifica(emittente.token("as-crema"))).sub == "as-crema"


async def test_l_isee_degli_esempi_si_legge(coppia):
    letto = await coppia[1].isee.consulta(
        "ZZQDAA67C52D142D", data_validita=GIORNO, tipo_indicatore=TipoIndicatore.SOCIOSANITARIO_RIDOTTO
    )
    assert letto.valore_centesimi == 1_184_237
    scaduto = await coppia[1].isee.consulta("ZZQDAA67C52D142D", data_validita=date(2026, 1, 1))
    assert isinstance(scaduto, IseeNonTrovato)


async def test_inps_ha_un_voucher_per_ciascun_ente(coppia):
    sandbox, esterni = coppia
    poller = list(sandbox.state.poller_inps.values())
    assert len(poller) == 2, "one per example ambito"
    letti = [await esterni.verifica_voucher(await p._voucher(p.audience)) for p in poller]
    assert [v.destinatario for v in letti] == [p.audience for p in poller]
    assert {v.client_id for v in letti} == {main.CLIENT_INPS}
    assert len({v.finalita for v in letti}) == 2


async def test_il_nostro_client_non_compra_voucher_di_inps_ne_il_contrario(settings, coppia):
    sandbox, esterni = coppia
    waas = next(iter(sandbox.state.pdnd.registro[main.CLIENT_INPS].finalita))
    with pytest.raises(ServizioEsterno) as preso:
        await esterni.isee._pdnd.voucher(waas)
    assert preso.value.codice == "8025"


async def test_il_token_di_un_operatore_non_e_un_voucher(settings, coppia):
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=settings.stato_dir, produzione=False
    )
    with pytest.raises(TokenNonValido) as preso:
        await coppia[1].verifica_voucher(emittente.token("as-crema"))
    assert preso.value.codice == "iss"


def test_la_sandbox_non_parte_in_produzione(settings, tmp_path):
    vietata = settings.model_copy(update={"env": Ambiente.PRODUZIONE, "stato_dir": tmp_path})
    with pytest.raises(SandboxVietata):
        main.create_app(vietata)
    assert not list(tmp_path.iterdir())


async def test_senza_pdnd_la_consultazione_dice_che_non_c_e(settings):
    senza = settings.model_copy(update={"pdnd_token_url": None, "pdnd_issuer": None})
    esterni = servizi.costruisci(senza)
    try:
        for chiamata in (esterni.isee.consulta("X", data_validita=GIORNO), esterni.verifica_voucher("a.b.c")):
            with pytest.raises(ServizioEsterno) as preso:
                await chiamata
            assert "non è configurata" in str(preso.value)
    finally:
        await esterni.chiudi()


def test_identificativi_e_chiave_sbagliati_si_dicono_all_avvio(settings, tmp_path):
    for cambi, variabile in (
        ({"pdnd_client_id": "x"}, "AMBITO_PDND_CLIENT_ID"),
        ({"pdnd_finalita_isee": "x"}, "AMBITO_PDND_FINALITA_ISEE"),
    ):
        with pytest.raises(ConfigurazioneNonValida) as preso:
            servizi.costruisci(settings.model_copy(update=cambi))
        assert variabile in str(preso.value)
    guasta = tmp_path / "chiave.pem"
    guasta.write_text("-----BEGIN PRIVATE KEY-----\nsegreta\n")
    with pytest.raises(ConfigurazioneNonValida) as preso:
        servizi.costruisci(settings.model_copy(update={"pdnd_chiave_privata": guasta}))
    assert "segreta" not in str(preso.value)


def test_in_produzione_la_chiave_non_si_crea(settings, tmp_path):
    produzione = settings.model_copy(update={"env": Ambiente.PRODUZIONE, "pdnd_chiave_privata": tmp_path / "manca.pem"})
    with pytest.raises(ConfigurazioneNonValida):
        servizi.configurazione_pdnd(produzione)
    assert not list(tmp_path.iterdir())
    presente = tmp_path / "c.pem"
    nostra = chiave_persistente(presente)
    letta = servizi.configurazione_pdnd(produzione.model_copy(update={"pdnd_chiave_privata": presente}))
    assert letta.chiave_privata.private_numbers() == nostra.privata.private_numbers()
