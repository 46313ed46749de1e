"""Our XML against INPS's published schema, and INPS's published samples against our rules.

The files are INPS's and are not part of this project: see `cartella_siuss`.
"""

import base64
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml
from lxml import etree

from services.core.flussi.codici import tabella_codici
from services.core.flussi.ps import Indirizzo
from services.core.flussi.ps_xml import FlussoIllegibile, leggi_documento, leggi_xml, scrivi_xml
from services.core.flussi.regole_ps import Canale, controlla
from services.core.flussi.vocabolario import Operazione, TipoFlusso
from services.sandbox.inps import carica_xsd
from tests.contract.siuss import cartella_siuss
from tests.unit.flussi_esempi import OCCASIONALE, PRESTAZIONE, SINA, flusso


@pytest.fixture(scope="module")
def xsd():
    return carica_xsd(cartella_siuss())


@pytest.fixture(scope="module")
def campioni():
    """The two flows in base64 of the published example of an answer, by kind."""
    contratto = yaml.safe_load((cartella_siuss() / "api-comuni.yaml").read_text(encoding="utf-8"))
    esempi = contratto["paths"]["/flussi"]["get"]["responses"]["200"]["content"]["application/json"]["examples"]
    voci = esempi["RispostaConFlussi"]["value"]["elenco_flussi"]
    return {TipoFlusso(v["tipo"]): base64.b64decode(v["flusso"]) for v in voci}


@pytest.mark.parametrize(
    "f",
    [
        flusso(),
        flusso(base=OCCASIONALE),
        flusso(prestazione={"operazione": Operazione.CANCELLAZIONE}),
        flusso(prestazione={"dsu_protocollo": None, "dsu_anno": None, "dsu_data": None}),
        flusso(prestazione={"sina": replace(SINA, interventi_necessari=(), invalidita=())}),
        flusso(prestazione={"sina": None, "importo_mensile": Decimal("0.10"), "quota_ente": None, "quota_ssn": None}),
        flusso(beneficiario={"indirizzi": (Indirizzo(nazione="756"), *flusso().beneficiari[0].indirizzi)}),
        flusso(beneficiario={"codice_fiscale": "00743110157"}),
        flusso(ente={"denominazione": None}),
    ],
)
def test_cio_che_scriviamo_e_conforme(f, xsd):
    assert not [v for v in controlla(f) if v.codice != "quote"]
    xsd[TipoFlusso.PS_PSA_SINA].assertValid(etree.fromstring(scrivi_xml(f)))


def test_molti_per_file_e_conforme(xsd):
    persona = replace(flusso().beneficiari[0], prestazioni=(PRESTAZIONE, OCCASIONALE))
    f = replace(flusso(), beneficiari=(persona,) * 3)
    assert controlla(f, Canale.FILE) == ()
    xsd[TipoFlusso.PS_PSA_SINA].assertValid(etree.fromstring(scrivi_xml(f)))


@pytest.mark.parametrize("codice", sorted(tabella_codici()))
def test_ogni_codice_entra_nello_schema(codice, xsd):
    voce = tabella_codici()[codice]
    f = flusso(prestazione={"codice": codice, "denominazione": voce.denominazione.ljust(10, ".")[:200]})
    xsd[TipoFlusso.PS_PSA_SINA].assertValid(etree.fromstring(scrivi_xml(f)))


def test_lo_schema_rifiuta_cio_che_le_nostre_regole_chiamano_strutturale(xsd):
    schema = xsd[TipoFlusso.PS_PSA_SINA]
    for f in (
        flusso(beneficiario={"codice_fiscale": "ZZQXNBRMCRNDMQNA"}),
        flusso(prestazione={"denominazione": "Altro"}),
        flusso(prestazione={"mesi": 13}),
        flusso(indirizzo={"comune": "19035"}),
        flusso(anagrafica={"cittadinanza": None}),
        flusso(beneficiario={"indirizzi": ()}),
    ):
        assert controlla(f)
        assert not schema.validate(etree.fromstring(scrivi_xml(f)))


def test_lo_schema_non_basta(xsd):
    """What the schema lets through and the rules stop: the reason for the rules."""
    schema = xsd[TipoFlusso.PS_PSA_SINA]
    for f in (
        flusso(prestazione={"dsu_anno": None}),
        flusso(indirizzo={"regione": "03"}),
        flusso(indirizzo={"regione": None, "comune": None}),
        flusso(prestazione={"quota_ssn": Decimal("99.00")}),
        flusso(prestazione={"area_utenza": None, "sina": None}),
        flusso(prestazione={"codice": "A1.99"}),
    ):
        assert schema.validate(etree.fromstring(scrivi_xml(f)))
        assert controlla(f)


def test_il_campione_ps_di_inps_e_valido_per_lo_schema_e_non_per_le_regole(xsd, campioni):
    documento = leggi_documento(campioni[TipoFlusso.PS_PSA_SINA])
    xsd[TipoFlusso.PS_PSA_SINA].assertValid(documento)
    letto = leggi_xml(campioni[TipoFlusso.PS_PSA_SINA])
    assert len(letto.beneficiari[0].prestazioni) == 3
    codici = {v.codice for v in controlla(letto)}
    assert {"una-sola-prestazione", "quote", "cf-non-valido", "cf-operatore"} <= codici
    assert "regione-entrate" not in codici  # 01 with 068001 is Abruzzo for the Agenzia delle Entrate


def test_il_campione_ps_riscritto_resta_valido(xsd, campioni):
    letto = leggi_xml(campioni[TipoFlusso.PS_PSA_SINA])
    assert leggi_xml(scrivi_xml(letto)) == letto
    xsd[TipoFlusso.PS_PSA_SINA].assertValid(etree.fromstring(scrivi_xml(letto)))


def test_il_campione_sinba_e_valido_per_il_suo_schema_e_non_e_un_ps(xsd, campioni):
    documento = leggi_documento(campioni[TipoFlusso.SINBA])
    xsd[TipoFlusso.SINBA].assertValid(documento)
    assert not xsd[TipoFlusso.PS_PSA_SINA].validate(documento)
    with pytest.raises(FlussoIllegibile):
        leggi_xml(campioni[TipoFlusso.SINBA])


def test_l_ordine_degli_attributi_e_quello_dello_schema():
    albero = etree.parse(str(cartella_siuss() / "PS_PSA_SINA201812.xsd"))
    xs = {"xs": "http://www.w3.org/2001/XMLSchema"}
    scritto = leggi_documento(scrivi_xml(flusso(anagrafica={"seconda_cittadinanza": "756"})))
    tipi = {
        "Ente": "EnteType",
        "Anagrafica": "AnagraficaType",
        "Indirizzo": "IndirizzoType",
        "PrestazioniSociali": "PrestazioniSocialiType",
        "SINA": "SINAType",
    }
    for elemento, tipo in tipi.items():
        dichiarati = [str(n) for n in albero.xpath(f"//xs:complexType[@name='{tipo}']/xs:attribute/@name", namespaces=xs)]
        nodo = next(n for n in scritto.iter() if etree.QName(n).localname == elemento)
        assert list(nodo.attrib) == [n for n in dichiarati if n in nodo.attrib]


def test_la_nostra_tabella_ha_gli_stessi_codici_di_inps():
    righe = (cartella_siuss() / "codici_prestazione.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [r.split(",", 1)[0] for r in righe] == list(tabella_codici())
