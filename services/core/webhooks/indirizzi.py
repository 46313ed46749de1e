"""Which addresses a webhook may be sent to: never a private network of ours, unless the administrator says so.

The name is resolved once, every address is checked, and the connection is then made to a checked address (the name travels in
`Host` and in the TLS handshake), so that a second, different answer of the DNS cannot move it (DNS rebinding).
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

Indirizzo = IPv4Address | IPv6Address
Rete = IPv4Network | IPv6Network
Risolvi = Callable[[str, int], Awaitable[Sequence[str]]]
"""Resolves a host name and a port to textual IP addresses."""

PORTA_LIBERA = 1024
MASSIMA_LUNGHEZZA = 2000
# no receiver is there, though the standard library may call them global: site-local (RFC 3879), IPv4 for protocols (RFC 6890),
# 6to4 relays (RFC 7526), documentation (RFC 9637)
_MAI = tuple(ipaddress.ip_network(r) for r in ("fec0::/10", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20"))
# translation of IPv4 into IPv6 (RFC 6052, RFC 8215): the address inside could be a private one
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class IndirizzoRifiutato(Exception):
    """The address may not be used. `codice` is short and stable; it never repeats the address."""

    def __init__(self, codice: str) -> None:
        super().__init__(codice)
        self.codice = codice


@dataclass(frozen=True)
class Destinatario:
    """A checked target: connect to `ip`, speak to `host`."""

    schema: str
    host: str
    porta: int
    ip: Indirizzo
    percorso: str

    @property
    def url(self) -> str:
        """The URL by address, to connect to exactly what was checked."""
        ip = f"[{self.ip}]" if self.ip.version == 6 else str(self.ip)
        return f"{self.schema}://{ip}:{self.porta}{self.percorso}"

    @property
    def intestazione_host(self) -> str:
        """The `Host` header: the name as registered, with the port when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.porta == _porta_propria(self.schema) else f"{host}:{self.porta}"


def reti(testi: Sequence[str]) -> tuple[Rete, ...]:
    """Read a list of CIDR blocks.

    Raises:
        ValueError: a block is malformed or has host bits set.
    """
    return tuple(ipaddress.ip_network(t) for t in testi)


def controlla_url(url: str, *, sviluppo: bool) -> tuple[str, str, int, str]:
    """Check the form of `url` and return scheme, host, port, path with query.

    Raises:
        IndirizzoRifiutato: not https outside development, credentials or fragment in the URL, no host, a reserved port.
    """
    if len(url) > MASSIMA_LUNGHEZZA or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise IndirizzoRifiutato("url_non_valido")
    try:
        parti = urlsplit(url)
        porta = parti.port or _porta_propria(parti.scheme)
    except ValueError as errore:
        raise IndirizzoRifiutato("url_non_valido") from errore
    if parti.scheme != "https" and not (sviluppo and parti.scheme == "http"):
        raise IndirizzoRifiutato("https_richiesto")
    if not parti.hostname or "@" in parti.netloc or parti.fragment or "\\" in url:
        raise IndirizzoRifiutato("url_non_valido")
    if porta < PORTA_LIBERA and porta != _porta_propria(parti.scheme):
        raise IndirizzoRifiutato("porta_non_ammessa")
    percorso = (parti.path or "/") + (f"?{parti.query}" if parti.query else "")
    return parti.scheme, parti.hostname, porta, percorso


def ammesso(ip: Indirizzo, consentiti: Sequence[Rete]) -> bool:
    """Whether `ip` is a public address, or inside a block allowed by the administrator."""
    if any(ip in rete for rete in consentiti if rete.version == ip.version):
        return True
    if any(ip in rete for rete in (*_MAI, *_NAT64) if rete.version == ip.version):
        return False
    if isinstance(ip, IPv6Address):
        interno = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if interno is not None:
            return ammesso(interno, consentiti)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


async def verifica(url: str, *, sviluppo: bool, consentiti: Sequence[Rete], risolvi: Risolvi) -> Destinatario:
    """Resolve and check `url`; every address the name resolves to must be admitted, and the first one is used.

    Raises:
        IndirizzoRifiutato: see `controlla_url`; or the name does not resolve, or to an address that is not admitted.
    """
    schema, host, porta, percorso = controlla_url(url, sviluppo=sviluppo)
    try:
        testi = await risolvi(host, porta)
    except (socket.gaierror, UnicodeError) as errore:
        raise IndirizzoRifiutato("nome_non_risolto") from errore
    indirizzi = [ipaddress.ip_address(t) for t in testi]
    if not indirizzi:
        raise IndirizzoRifiutato("nome_non_risolto")
    if not all(ammesso(ip, consentiti) for ip in indirizzi):
        raise IndirizzoRifiutato("indirizzo_non_ammesso")
    return Destinatario(schema=schema, host=host, porta=porta, ip=indirizzi[0], percorso=percorso)


def _porta_propria(schema: str) -> int:
    return 80 if schema == "http" else 443
