"""What a path and a query string may not contain, whatever the operation: NUL and bytes that are not UTF-8."""

from urllib.parse import unquote_to_bytes

from starlette.types import Scope


def _sano(testo: bytes) -> bool:
    if b"%" not in testo and testo.isascii():
        return b"\x00" not in testo
    decodificato = unquote_to_bytes(testo)
    if b"\x00" in decodificato:
        return False
    try:
        decodificato.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def indirizzo_sano(scope: Scope) -> bool:
    """Tell whether path and query decode to UTF-8 text without NUL."""
    percorso: str = scope["path"]
    if not percorso.isascii() or "\x00" in percorso:
        grezzo = scope.get("raw_path") or percorso.encode("utf-8", "surrogateescape")
        if not _sano(grezzo):
            return False
    return _sano(scope["query_string"])
