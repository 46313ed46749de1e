"""PS_PSA_SINA to XML and back, and what a stranger's XML may try."""

import zlib
from dataclasses import replace
from decimal import Decimal

import pytest
from lxml import etree

from services.core.flussi.ps_xml import MASSIMO_OTTETTI, SPAZIO_NOMI, FlussoIllegibile, leggi_documento, leggi_xml, scrivi_xml
from services.core.flussi.tracciato import Durata
from tests.unit.flussi_esempi import BENEFICIARIO, OCCASIONALE, PRESTAZIONE, flusso

NS = f'xmlns="{SPAZIO_NOMI}"'


@pytest.mark.parametrize("base", [PRESTAZIONE, OCCASIONALE, replace(PRESTAZIONE, sina=None)])
def test_andata_e_ritorno(base):
    f = flusso(base=base)
    assert leggi_xml(scrivi_xml(f)) == f


def test_molti_beneficiari_e_prestazioni():
    persona = replace(BENEFICIARIO, prestazioni=(PRESTAZIONE, OCCASIONALE))
    f = replace(flusso(), beneficiari=(persona, persona))
    assert leggi_xml(scrivi_xml(f)) == f


def test_forma_del_documento():
    radice = etree.fromstring(scrivi_xml(flusso()))
    prestazione = radice.find(f".//{{{SPAZIO_NOMI}}}PrestazioniSociali")
    assert radice.tag == f"{{{SPAZIO_NOMI}}}Flusso"
    assert radice.nsmap == {None: SPAZIO_NOMI}
    assert list(prestazione.attrib)[:3] == ["TipoOperazione", "PresenzaProvaMezzi", "CaratterePrestazione"]
    assert list(prestazione.attrib)[-3:] == ["OreServizioMensile", "PresaCarico", "AreaUtenza"]
    assert prestazione.get("OreServizioMensile") == "12.30"
    assert prestazione.get("ImportoMensile") == "400.00"
    assert prestazione.get("ImportoPrestazione") is None


@pytest.mark.parametrize(("importo", "scritto"), [("1E+3", "1000.00"), ("0.1", "0.10"), ("12", "12.00"), ("3.45", "3.45")])
def test_importi_senza_esponente(importo, scritto):
    xml = scrivi_xml(flusso(prestazione={"importo_mensile": Decimal(importo)}))
    assert f'ImportoMensile="{scritto}"'.encode() in xml


@pytest.mark.parametrize(
    ("scritto", "durata"), [("2", (2, 0)), ("2.59", (2, 59)), ("2.5", (2, 50)), ("0.05", (0, 5)), ("2.75", (2, 75))]
)
def test_ore_e_minuti_letti(scritto, durata):
    xml = scrivi_xml(flusso()).replace(b'OreServizioMensile="12.30"', f'OreServizioMensile="{scritto}"'.encode())
    assert leggi_xml(xml).beneficiari[0].prestazioni[0].ore_mensili == Durata(*durata)


def test_testi_con_caratteri_speciali():
    f = flusso(anagrafica={"cognome": "Zzq'pròva & <Qwx>", "nome": 'Xenòbia "Y"'})
    assert leggi_xml(scrivi_xml(f)) == f


def test_un_testo_impossibile_in_xml_non_si_scrive():
    with pytest.raises(ValueError):
        scrivi_xml(flusso(anagrafica={"cognome": "Zzq\x00prova"}))


BOMBA = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><Flusso>&d;</Flusso>"""


@pytest.mark.parametrize(
    ("dati", "codice"),
    [
        (BOMBA.encode(), "dtd-vietata"),
        (b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><Flusso>&x;</Flusso>', "dtd-vietata"),
        (b'<!DOCTYPE f SYSTEM "http://127.0.0.1:9/x.dtd"><Flusso/>', "dtd-vietata"),
        (b"<!doctype f><Flusso/>", "dtd-vietata"),
        (b"<!-- <!DOCTYPE f> --><Flusso/>", "dtd-vietata"),
        (BOMBA.encode("utf-16"), "codifica"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><Flusso a='è'/>".encode("latin-1"), "codifica"),
        (b"<Flusso>&x;</Flusso>", "xml"),
        (b"<Flusso>", "xml"),
        (b"", "xml"),
        (b"non xml", "xml"),
        (b"<Flusso a='1' a='2'/>", "xml"),
        (b"<Flusso>\x00</Flusso>", "xml"),
        (b"<a>" * 5000 + b"</a>" * 5000, "xml"),
        (b"<Flusso>" + b" " * MASSIMO_OTTETTI + b"</Flusso>", "troppo-grande"),
        (zlib.compress(b"<Flusso/>"), "codifica"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_documenti_ostili(dati, codice):
    with pytest.raises(FlussoIllegibile) as preso:
        leggi_documento(dati)
    assert [v.codice for v in preso.value.violazioni] == [codice]


def test_una_codifica_dichiarata_a_torto_non_conta():
    # declared UTF-16, written in UTF-8: what was decoded and searched for declarations is what is parsed
    assert leggi_documento(b"<?xml version='1.0' encoding='UTF-16'?><Flusso a='\xc3\xa8'/>").get("a") == "è"


def test_istruzioni_e_commenti_si_scartano():
    documento = leggi_documento(b"<?xml-stylesheet href='x'?><!-- c --><Flusso><?php x?><!-- d --></Flusso>")
    assert len(documento) == 0


def test_xinclude_non_si_espande():
    xml = f'<Flusso {NS} xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></Flusso>'
    with pytest.raises(FlussoIllegibile) as preso:
        leggi_xml(xml.encode())
    assert "elemento-sconosciuto" in {v.codice for v in preso.value.violazioni}


def spoglia(vecchio: str, nuovo: str) -> bytes:
    xml = scrivi_xml(flusso()).decode()
    assert vecchio in xml
    return xml.replace(vecchio, nuovo, 1).encode()


@pytest.mark.parametrize(
    ("dati", "codice", "campo"),
    [
        (b"<Flusso/>", "radice", ""),
        (f"<Altro {NS}/>".encode(), "radice", ""),
        (spoglia('Genere="2"', 'Genere="3"'), "formato", "Anagrafica.Genere"),
        (spoglia('DataDSU="2025-02-03"', 'DataDSU="2025-02-30"'), "formato", "PrestazioniSociali.DataDSU"),
        (spoglia('DataDSU="2025-02-03"', 'DataDSU="2025-02-03Z"'), "formato", "PrestazioniSociali.DataDSU"),
        (spoglia('ImportoMensile="400.00"', 'ImportoMensile="4e2"'), "formato", "PrestazioniSociali.ImportoMensile"),
        (spoglia('ImportoMensile="400.00"', 'ImportoMensile="NaN"'), "formato", "PrestazioniSociali.ImportoMensile"),
        (spoglia('PeriodoErogazione="3"', 'PeriodoErogazione="3.0"'), "formato", "PrestazioniSociali.PeriodoErogazione"),
        (
            spoglia('OreServizioMensile="12.30"', 'OreServizioMensile="12.305"'),
            "formato",
            "PrestazioniSociali.OreServizioMensile",
        ),
        (spoglia("<InvCiv>6</InvCiv>", "<InvCiv>9</InvCiv>"), "formato", "SINA.InvaliditaCivile.InvCiv"),
        (spoglia("<Flusso ", '<Flusso Extra="1" '), "attributo-sconosciuto", "Extra"),
        (spoglia("<Ente ", '<Ente CodiceComuneEnte="019035" '), "attributo-sconosciuto", "Ente.CodiceComuneEnte"),
        (spoglia("<Indirizzo ", "<Residenza/><Indirizzo "), "elemento-sconosciuto", "Beneficiario"),
        (spoglia("<Anagrafica ", '<Anagrafica Cognome="A" Nome="B"/><Anagrafica '), "numero-elementi", "Beneficiario.Anagrafica"),
        (spoglia("</Flusso>", "<IdentificazioneFlusso/></Flusso>"), "ordine-elementi", "Flusso.IdentificazioneFlusso"),
    ],
)
def test_strutture_sbagliate(dati, codice, campo):
    with pytest.raises(FlussoIllegibile) as preso:
        leggi_xml(dati)
    assert (codice, campo) in {(v.codice, v.campo) for v in preso.value.violazioni}


def test_gli_attributi_dell_istanza_sono_ammessi():
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://inps.it/Casellario/"'
    assert leggi_xml(spoglia("<Flusso ", f"<Flusso {xsi} ")) == flusso()
