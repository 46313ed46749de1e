"""Where a webhook may go: the forms and the addresses that are refused (SSRF)."""

import socket
from ipaddress import ip_address, ip_network

import pytest

from services.core.webhooks.indirizzi import IndirizzoRifiutato, ammesso, controlla_url, reti, verifica


def risolve(*indirizzi: str):
    async def risolvi(host: str, porta: int) -> list[str]:
        return list(indirizzi)

    return risolvi


async def non_risolve(host: str, porta: int) -> list[str]:
    raise socket.gaierror(-2, "nome ignoto")


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "2002:a00:1::", "64:ff9b::a00:1", "64:ff9b:1::1", "2001:0:53aa:64c:0:0:80ff:fffe", "::127.0.0.1",
    ],
)  # fmt: skip
def test_indirizzi_interni_rifiutati(ip):
    assert not ammesso(ip_address(ip), ())


@pytest.mark.parametrize("ip", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "172.15.0.1", "172.32.0.1", "11.0.0.1"])
def test_indirizzi_pubblici_ammessi(ip):
    assert ammesso(ip_address(ip), ())


def test_una_rete_privata_si_apre_solo_se_l_amministratore_la_nomina():
    consentite = reti(["10.20.0.0/16", "fd00:1::/32"])
    assert ammesso(ip_address("10.20.3.4"), consentite)
    assert ammesso(ip_address("::ffff:10.20.3.4"), consentite)
    assert ammesso(ip_address("fd00:1::5"), consentite)
    assert not ammesso(ip_address("10.21.3.4"), consentite)
    with pytest.raises(ValueError):
        reti(["10.20.0.1/16"])


@pytest.mark.parametrize(
    ("url", "codice"),
    [
        ("http://asst.example/w", "https_richiesto"),
        ("ftp://asst.example/w", "https_richiesto"),
        ("file:///etc/passwd", "https_richiesto"),
        ("https:///w", "url_non_valido"),
        ("https://u:p@asst.example/w", "url_non_valido"),
        ("https://@asst.example/w", "url_non_valido"),
        ("https://asst.example/w#x", "url_non_valido"),
        ("https://asst.example\\@127.0.0.1/", "url_non_valido"),
        ("https://asst.example/ w", "url_non_valido"),
        ("https://asst.example/\nHost: x", "url_non_valido"),
        ("https://asst.example:99999/", "url_non_valido"),
        ("https://àsst.example/", "url_non_valido"),
        ("https://[::1/", "url_non_valido"),
        ("https://asst.example/" + "a" * 2000, "url_non_valido"),
        ("https://asst.example:22/", "porta_non_ammessa"),
        ("https://asst.example:80/", "porta_non_ammessa"),
    ],
)
def test_forme_rifiutate(url, codice):
    with pytest.raises(IndirizzoRifiutato) as rifiuto:
        controlla_url(url, sviluppo=False)
    assert rifiuto.value.codice == codice
    assert "asst" not in str(rifiuto.value)


def test_http_solo_in_sviluppo():
    assert controlla_url("http://127.0.0.1:8701/asst/webhook", sviluppo=True) == ("http", "127.0.0.1", 8701, "/asst/webhook")


async def test_la_connessione_va_all_indirizzo_controllato():
    meta = await verifica(
        "https://asst.example:8443/w?a=1", sviluppo=False, consentiti=(), risolvi=risolve("8.8.8.8", "2606:4700::1111")
    )
    assert meta.url == "https://8.8.8.8:8443/w?a=1"
    assert (meta.host, meta.intestazione_host) == ("asst.example", "asst.example:8443")
    meta = await verifica("https://asst.example", sviluppo=False, consentiti=(), risolvi=risolve("2606:4700::1111"))
    assert (meta.url, meta.intestazione_host) == ("https://[2606:4700::1111]:443/", "asst.example")


async def test_basta_un_indirizzo_interno_tra_quelli_del_nome():
    with pytest.raises(IndirizzoRifiutato, match="indirizzo_non_ammesso"):
        await verifica("https://a.example/", sviluppo=False, consentiti=(), risolvi=risolve("8.8.8.8", "127.0.0.1"))


@pytest.mark.parametrize("risolvi", [non_risolve, risolve()])
async def test_nome_che_non_si_risolve(risolvi):
    with pytest.raises(IndirizzoRifiutato, match="nome_non_risolto"):
        await verifica("https://a.example/", sviluppo=False, consentiti=(), risolvi=risolvi)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001", "localhost", "localhost."])
async def test_grafie_insolite_dello_stesso_computer(host):
    """However the resolver reads these spellings, what it answers is what is checked."""
    trovati = {str(t[4][0]) for t in socket.getaddrinfo(host.rstrip("."), 443, type=socket.SOCK_STREAM)}
    assert trovati <= {"127.0.0.1", "::1"}
    with pytest.raises(IndirizzoRifiutato, match="indirizzo_non_ammesso"):
        await verifica(f"https://{host}/", sviluppo=False, consentiti=(), risolvi=risolve(*trovati))


def test_le_reti_di_famiglia_diversa_non_si_confondono():
    assert not ammesso(ip_address("::1"), (ip_network("0.0.0.0/0"),))
