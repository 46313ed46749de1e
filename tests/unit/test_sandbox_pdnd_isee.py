"""The ISEE of a person, read through a voucher: the adapter against the sandbox, and against whoever breaks the schema."""

import json
from datetime import date
from uuid import UUID

import httpx
import pytest
from stdnum.it import codicefiscale

from services.core.misure.isee_client import (
    AttestazioneISEE,
    ConsultazioneISEE,
    ConsultazioneISEEPdnd,
    IseeNonTrovato,
    TipoIndicatore,
)
from services.core.platform.errori import ServizioEsterno
from services.core.platform.http import RispostaInattesa, cliente_http
from services.core.platform.ids import nuovo_id
from services.core.platform.pdnd import ClientPdnd, ConfigurazionePdnd, VerificaVoucher
from services.core.platform.portachiavi import CoppiaChiavi
from services.sandbox import isee, pdnd
from tests.unit.fabbrica_token import Orologio, chiave, pubblica

CLIENT = UUID("00000000-0000-4000-8000-00000000a3b1")
FINALITA = UUID("00000000-0000-4000-8000-00000000f15e")
BASE = "http://sandbox"
AUDIENCE = f"{BASE}/isee"
GIORNO = date(2025, 9, 15)


def codice(radice: str) -> str:
    """A checksum-valid code of a person who cannot exist."""
    return radice + codicefiscale.calc_check_digit(radice)


ZZQ = codice("ZZQXYZ40A41D142")
QWX = codice("QWXZZZ80A01D142")
FILE = f"""
- codice_fiscale: {ZZQ}
  tipo_indicatore: ISEE Sociosanitario ridotto
  valore_centesimi: 1234567
  protocollo_dsu: INPS-ISEE-2025-01234567A-00
  data_presentazione: 2025-02-10
  difformita: false
  nucleo:
    - {{codice_fiscale: {ZZQ}, cognome: ZZQPROVA, nome: INVENTATA}}
- codice_fiscale: {ZZQ}
  tipo_indicatore: ISEE Ordinario
  valore_centesimi: 2000000
  protocollo_dsu: INPS-ISEE-2025-01234567A-00
  data_presentazione: 2025-02-10
  difformita: true
- codice_fiscale: {ZZQ}
  tipo_indicatore: ISEE Ordinario
  valore_centesimi: 1000000
  protocollo_dsu: INPS-ISEE-2024-01234567A-00
  data_presentazione: 2024-11-01
  difformita: false
- codice_fiscale: {QWX}
  tipo_indicatore: ISEE Ordinario
  valore_centesimi: 0
  protocollo_dsu: INPS-ISEE-2025-76543210Z-01
  data_presentazione: 2025-09-15
  difformita: false
"""


class Banco:
    """PDND and INPS behind one ASGI application each, and the adapter."""

    def __init__(self, dati) -> None:
        self.orologio = Orologio()
        nomi = {n: nuovo_id() for n in ("consumatore", "erogatore", "eservice", "descrittore")}
        registrato = pdnd.ClientRegistrato(
            {"k1": pubblica("client", "k1")}, {FINALITA: pdnd.FinalitaRegistrata(AUDIENCE, **nomi)}
        )
        self.pdnd = pdnd.PdndSandbox(
            f"{BASE}/pdnd",
            "aud",
            {CLIENT: registrato},
            CoppiaChiavi(chiave("pdnd"), pubblica("pdnd", "p1")),
            produzione=False,
            orologio=self.orologio,
        )
        verifica = VerificaVoucher(
            iss=f"{BASE}/pdnd", jwks_url="-", destinatari=frozenset({AUDIENCE}), scarica=self.pdnd.scarica, orologio=self.orologio
        )
        soglie = {"PROV01": isee.Soglia(frozenset({TipoIndicatore.SOCIOSANITARIO_RIDOTTO}), 2_500_000)}
        self.isee = isee.IseeSandbox(dati, verifica, soglie)
        self.http_pdnd = cliente_http(transport=httpx.ASGITransport(app=pdnd.app(self.pdnd)))
        self.http_isee = cliente_http(transport=httpx.ASGITransport(app=isee.app(self.isee)))
        configurazione = ConfigurazionePdnd(f"{BASE}/token.oauth2", "aud", CLIENT, "k1", chiave("client"))
        self.client = ClientPdnd(configurazione, self.http_pdnd, orologio=self.orologio)
        self.porta: ConsultazioneISEE = ConsultazioneISEEPdnd(
            url=f"{BASE}/", finalita=FINALITA, pdnd=self.client, cliente=self.http_isee
        )

    async def chiudi(self) -> None:
        await self.http_pdnd.aclose()
        await self.http_isee.aclose()


@pytest.fixture
def file_isee(tmp_path):
    percorso = tmp_path / isee.NOME_FILE
    percorso.write_text(FILE)
    return percorso


@pytest.fixture
async def banco(file_isee):
    b = Banco(isee.carica_dati([file_isee]))
    yield b
    await b.chiudi()


async def test_l_isee_sociosanitario_si_legge(banco):
    letto = await banco.porta.consulta(ZZQ, data_validita=GIORNO, tipo_indicatore=TipoIndicatore.SOCIOSANITARIO_RIDOTTO)
    assert letto == AttestazioneISEE(
        tipo_indicatore=TipoIndicatore.SOCIOSANITARIO_RIDOTTO,
        valore_centesimi=1_234_567,
        protocollo_dsu="INPS-ISEE-2025-01234567A-00",
        data_dsu=date(2025, 2, 10),
        valida_fino=date(2025, 12, 31),
        difformita=False,
        sotto_soglia=None,
        id_richiesta=1,
    )
    await banco.porta.consulta(ZZQ, data_validita=GIORNO)
    assert banco.pdnd.richieste == 1, "one voucher serves both"


async def test_senza_tipo_vale_l_ordinario_dell_ultima_dsu(banco):
    letto = await banco.porta.consulta(ZZQ, data_validita=GIORNO)
    assert (letto.tipo_indicatore, letto.valore_centesimi, letto.difformita) == (TipoIndicatore.ORDINARIO, 2_000_000, True)


async def test_un_isee_di_zero_e_zero_e_uno_che_manca_manca(banco):
    assert (await banco.porta.consulta(QWX, data_validita=GIORNO)).valore_centesimi == 0
    ignoto = codice("XYZXYZ80A01D142")
    assert isinstance(await banco.porta.consulta(ignoto, data_validita=GIORNO), IseeNonTrovato)
    altro = await banco.porta.consulta(QWX, data_validita=GIORNO, tipo_indicatore=TipoIndicatore.MINORENNE_ORDINARIO)
    assert isinstance(altro, IseeNonTrovato)


@pytest.mark.parametrize(
    ("giorno", "centesimi"),
    [
        (date(2024, 10, 31), None),
        (date(2024, 11, 1), 1_000_000),
        (date(2024, 12, 31), 1_000_000),
        (date(2025, 1, 1), None),
        (date(2025, 2, 9), None),
        (date(2025, 2, 10), 2_000_000),
        (date(2025, 12, 31), 2_000_000),
        (date(2026, 1, 1), None),
    ],
)
async def test_la_validita_finisce_il_31_dicembre(banco, giorno, centesimi):
    letto = await banco.porta.consulta(ZZQ, data_validita=giorno, tipo_indicatore=TipoIndicatore.ORDINARIO)
    assert getattr(letto, "valore_centesimi", None) == centesimi


async def test_la_soglia_la_confronta_inps(banco):
    letto = await banco.porta.consulta(ZZQ, data_validita=GIORNO, codice_soglia="PROV01")
    assert (letto.tipo_indicatore, letto.sotto_soglia) == (TipoIndicatore.SOCIOSANITARIO_RIDOTTO, True)
    with pytest.raises(RispostaInattesa) as preso:
        await banco.porta.consulta(ZZQ, data_validita=GIORNO, codice_soglia="IGNO99")
    assert preso.value.codice == "RICHIESTA_INVALIDA"


@pytest.mark.parametrize(("modo", "codice_atteso"), [("offline", "DATABASE_OFFLINE"), ("errore", "ERRORE_INTERNO")])
async def test_inps_guasto(banco, modo, codice_atteso):
    assert (await banco.http_isee.post(f"{BASE}/_comando", json={"modo": modo})).status_code == 200
    with pytest.raises(ServizioEsterno) as preso:
        await banco.porta.consulta(ZZQ, data_validita=GIORNO)
    assert preso.value.codice == codice_atteso
    assert ZZQ not in str(preso.value)
    assert (await banco.http_isee.post(f"{BASE}/_comando", json={"modo": "boh"})).status_code == 400


async def test_un_voucher_rifiutato_si_ricompra_una_volta(banco):
    await banco.porta.consulta(ZZQ, data_validita=GIORNO)
    banco.isee.voucher.cambia_destinatari(frozenset({"altra"}))
    with pytest.raises(RispostaInattesa) as preso:
        await banco.porta.consulta(ZZQ, data_validita=GIORNO)
    assert preso.value.codice == "stato-401"
    assert banco.pdnd.richieste == 2
    banco.isee.voucher.cambia_destinatari(frozenset({AUDIENCE}))
    banco.pdnd.modo = pdnd.Modo.SCADUTO
    banco.client.dimentica(FINALITA)
    await banco.client.voucher(FINALITA)
    banco.pdnd.modo = pdnd.Modo.NORMALE
    assert isinstance(await banco.porta.consulta(ZZQ, data_validita=GIORNO), AttestazioneISEE)


@pytest.mark.parametrize("autorizzazione", [None, "", "Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi", "x" * 9000])
async def test_senza_voucher_niente(banco, autorizzazione):
    intestazioni = {} if autorizzazione is None else {"Authorization": autorizzazione}
    risposta = await banco.http_isee.post(f"{BASE}/consultazione", json={"codice_fiscale": ZZQ}, headers=intestazioni)
    assert risposta.status_code == 401
    assert risposta.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "corpo",
    [
        {},
        [],
        {"codice_fiscale": ZZQ},
        {"codice_fiscale": ZZQ[:-1] + "0", "data_validita": "2025-09-15"},
        {"codice_fiscale": ZZQ.lower(), "data_validita": "2025-09-15"},
        {"codice_fiscale": ZZQ, "data_validita": "oggi"},
        {"codice_fiscale": ZZQ, "data_validita": "2025-09-15", "altro": 1},
        {"codice_fiscale": ZZQ, "data_validita": "2025-09-15", "codice_soglia": "1234"},
        {"codice_fiscale": ZZQ, "data_validita": "2025-09-15", "fornitura_nucleo": "FORSE"},
    ],
    ids=range(9),
)
async def test_richieste_non_conformi(banco, corpo):
    voucher = await banco.client.voucher(FINALITA)
    risposta = await banco.http_isee.post(f"{BASE}/consultazione", json=corpo, headers={"Authorization": f"Bearer {voucher}"})
    assert risposta.status_code == 200
    assert risposta.json()["Esito"] == "RICHIESTA_INVALIDA"
    assert ZZQ[:6] not in risposta.text.upper()


async def test_il_nucleo_si_da_solo_a_chi_lo_chiede(banco):
    voucher = await banco.client.voucher(FINALITA)
    corpo = {"codice_fiscale": ZZQ, "data_validita": "2025-09-15", "tipo_indicatore": "ISEE Sociosanitario ridotto"}
    nuclei = []
    for scelta in ("NO", "SI"):
        risposta = await banco.http_isee.post(
            f"{BASE}/consultazione", json=corpo | {"fornitura_nucleo": scelta}, headers={"Authorization": f"Bearer {voucher}"}
        )
        nuclei.append(risposta.json()["DatiIndicatore"].get("Componente"))
    assert nuclei == [None, [{"CodiceFiscale": ZZQ, "Cognome": "ZZQPROVA", "Nome": "INVENTATA"}]]
    altro_tipo = await banco.http_isee.post(
        f"{BASE}/consultazione", content=b"{}", headers={"Authorization": f"Bearer {voucher}", "Content-Type": "text/plain"}
    )
    assert altro_tipo.status_code == 400


BUONA = {
    "IdRichiesta": 7,
    "Esito": "OK",
    "DatiIndicatore": {
        "TipoIndicatore": "ISEE Ordinario",
        "ValoreIndicatore": "12345.67",
        "ProtocolloDSU": "INPS-ISEE-2025-01234567A-00",
        "DataPresentazioneDSU": "2025-02-10",
        "PresenzaDifformita": "NO",
        "SottoSoglia": "SI",
    },
}


async def leggi(risposta: object, *, stato: int = 200, tipo: str = "application/json", **domanda):
    """Ask an INPS that answers `risposta` whatever it is."""

    def gestore(richiesta: httpx.Request) -> httpx.Response:
        if richiesta.url.path.endswith("token.oauth2"):
            return httpx.Response(200, json={"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 600})
        assert ZZQ not in str(richiesta.url)
        grezzo = risposta if isinstance(risposta, bytes) else json.dumps(risposta).encode()
        return httpx.Response(stato, content=grezzo, headers={"Content-Type": tipo})

    async with cliente_http(transport=httpx.MockTransport(gestore)) as http:
        configurazione = ConfigurazionePdnd(f"{BASE}/token.oauth2", "aud", CLIENT, "k1", chiave("client"))
        porta = ConsultazioneISEEPdnd(url=BASE, finalita=FINALITA, pdnd=ClientPdnd(configurazione, http), cliente=http)
        return await porta.consulta(ZZQ, data_validita=GIORNO, **domanda)


def guasta(**cambi):
    dati = BUONA["DatiIndicatore"] | cambi
    return BUONA | {"DatiIndicatore": {k: v for k, v in dati.items() if v is not ...}}


async def test_la_risposta_buona_passa():
    assert (await leggi(BUONA)).valore_centesimi == 1_234_567
    assert (await leggi(guasta(ValoreIndicatore="0.01"))).valore_centesimi == 1


@pytest.mark.parametrize(
    ("risposta", "dove"),
    [
        (b"", "json"),
        (b"[]", "json"),
        ({}, "IdRichiesta"),
        (BUONA | {"IdRichiesta": "7"}, "IdRichiesta"),
        (BUONA | {"IdRichiesta": True}, "IdRichiesta"),
        (BUONA | {"IdRichiesta": 2**31}, "IdRichiesta"),
        (BUONA | {"Esito": "BOH"}, "Esito"),
        (BUONA | {"Esito": None}, "Esito"),
        (BUONA | {"Esito": ["OK"]}, "Esito"),
        (BUONA | {"DatiIndicatore": None}, "DatiIndicatore"),
        (BUONA | {"DatiIndicatore": []}, "DatiIndicatore"),
        (guasta(TipoIndicatore="ISEE Nuovo"), "TipoIndicatore"),
        (guasta(TipoIndicatore=...), "TipoIndicatore"),
        (guasta(ValoreIndicatore=...), "ValoreIndicatore"),
        (guasta(ValoreIndicatore=12345.67), "ValoreIndicatore"),
        (guasta(ValoreIndicatore="-1.00"), "ValoreIndicatore"),
        (guasta(ValoreIndicatore="1.234"), "ValoreIndicatore"),
        (guasta(ValoreIndicatore="1e3"), "ValoreIndicatore"),
        (guasta(ValoreIndicatore="NaN"), "ValoreIndicatore"),
        (guasta(ValoreIndicatore="١.٠٠"), "ValoreIndicatore"),
        (guasta(ProtocolloDSU="INPS-ISEE-2025-01234567A-00\n"), "ProtocolloDSU"),
        (guasta(ProtocolloDSU="X"), "ProtocolloDSU"),
        (guasta(DataPresentazioneDSU="2025-02-30"), "DataPresentazioneDSU"),
        (guasta(DataPresentazioneDSU="10/02/2025"), "DataPresentazioneDSU"),
        (guasta(DataPresentazioneDSU="2025-W07-1"), "DataPresentazioneDSU"),
        (guasta(DataPresentazioneDSU="2025-09-16"), "validita"),
        (guasta(DataPresentazioneDSU="2024-02-10"), "validita"),
        (guasta(PresenzaDifformita="no"), "PresenzaDifformita"),
        (guasta(PresenzaDifformita=False), "PresenzaDifformita"),
        (guasta(PresenzaDifformita=[]), "PresenzaDifformita"),
    ],
    ids=range(30),
)
async def test_risposte_contro_lo_schema(risposta, dove):
    with pytest.raises(RispostaInattesa) as preso:
        await leggi(risposta)
    assert preso.value.codice == dove
    assert ZZQ not in str(preso.value)


async def test_cio_che_si_chiede_deve_tornare():
    with pytest.raises(RispostaInattesa):
        await leggi(BUONA, tipo_indicatore=TipoIndicatore.SOCIOSANITARIO_RIDOTTO)
    with pytest.raises(RispostaInattesa):
        await leggi(guasta(SottoSoglia=...), codice_soglia="PROV01")
    assert (await leggi(BUONA, codice_soglia="PROV01")).sotto_soglia is True


@pytest.mark.parametrize(
    ("stato", "tipo"), [(500, "application/json"), (302, "application/json"), (404, "application/json"), (200, "text/html")]
)
async def test_risposte_http_sbagliate(stato, tipo):
    with pytest.raises(RispostaInattesa):
        await leggi(BUONA, stato=stato, tipo=tipo)


@pytest.mark.parametrize(
    ("vecchio", "nuovo", "motivo"),
    [
        ("difformita: true", "difformita: forse", "difformita"),
        ("difformita: true", "difformita: true\n  extra: 1", "extra"),
        ("  difformita: true\n", "", "missing"),
        ("valore_centesimi: 2000000", "valore_centesimi: 20000.00", "valore_centesimi"),
        ("valore_centesimi: 2000000", "valore_centesimi: -1", "valore_centesimi"),
        ("valore_centesimi: 2000000", 'valore_centesimi: "2000000"', "valore_centesimi"),
        ("ISEE Sociosanitario ridotto", "ISEE Sociosanitario", "tipo_indicatore"),
        ("INPS-ISEE-2024", "INPS-2024", "protocollo_dsu"),
        ("2024-11-01", "2024-13-01", "data non validi"),
        ("2024-11-01", "ieri", "data_presentazione"),
        ("2024-11-01", "2025-02-10", "due volte"),
        (QWX, QWX[:-1] + "0", "codice_fiscale"),
        ("difformita: true", "difformita: true\n  difformita: false", "ripetuta"),
        ("difformita: true", "difformita: !!python/object/apply:os.getcwd []", "YAML"),
        ("- codice_fiscale", "codice_fiscale", "YAML"),
    ],
    ids=range(15),
)
def test_i_file_di_esempio_si_leggono_stretti(file_isee, vecchio, nuovo, motivo):
    assert vecchio in FILE
    file_isee.write_text(FILE.replace(vecchio, nuovo))
    with pytest.raises(isee.DatiNonCaricati) as preso:
        isee.carica_dati([file_isee])
    assert motivo in str(preso.value)
    assert ZZQ not in str(preso.value)


def test_un_file_vuoto_non_e_un_elenco(file_isee):
    file_isee.write_text("")
    with pytest.raises(isee.DatiNonCaricati):
        isee.carica_dati([file_isee])
    assert isee.carica_dati([]) == ()
