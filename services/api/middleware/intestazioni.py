"""Headers of security on every answer: nothing is cached, sniffed, framed or referred; pages run only what we serve."""

from collections.abc import Iterable

Testate = list[tuple[bytes, bytes]]

CSP_DATI = b"default-src 'none'; frame-ancestors 'none'"
CSP_PAGINE = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FISSE: Testate = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Sicurezza:
    """Adds the headers. An endpoint may set its own `Cache-Control` or `Content-Security-Policy`: they are kept."""

    def __init__(self, https: bool) -> None:
        self._fisse = [*_FISSE, _HSTS] if https else _FISSE

    def aggiungi(self, testate: Iterable[tuple[bytes, bytes]], richiesta_id: bytes) -> Testate:
        """Return `testate` with those of security and the id of the request."""
        esito = list(testate)
        tipo, cache, csp = b"", False, False
        for nome, valore in esito:
            if nome == b"content-type":
                tipo = valore
            elif nome == b"cache-control":
                cache = True
            elif nome == b"content-security-policy":
                csp = True
        esito += self._fisse
        esito.append((b"richiesta-id", richiesta_id))
        if not cache:
            esito.append((b"cache-control", b"no-store"))
        if not csp:
            esito.append((b"content-security-policy", CSP_PAGINE if tipo.startswith(b"text/html") else CSP_DATI))
        return esito
