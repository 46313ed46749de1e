"""The form of a token before any signature: taking it apart and reading header and claims strictly (RFC 7515, 7519, 8725).

Pure functions: nothing here verifies a signature, and nothing read here may be believed until one was verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from services.core.platform.chiavi import ALGORITMO, ChiaveNonValida, decodifica_base64url, valida_kid
from services.core.platform.errori import NonAutenticato
from services.core.platform.jsonstretto import leggi_oggetto

TOKEN_MASSIMO = 8 * 1024
TESTO_MASSIMO = 512
DESTINATARI_MASSIMI = 20


class TokenNonValido(NonAutenticato):
    """A refused token. The text is the same for every reason; `codice` is for logs and metrics and never quotes the token."""

    def __init__(self, codice: str) -> None:
        super().__init__("Il token di accesso è assente, scaduto o non valido")
        self.codice = codice


@dataclass(frozen=True, slots=True)
class TokenScomposto:
    """A token taken apart and **not** verified."""

    intestazione: dict[str, object]
    contenuto: dict[str, object]
    firmato: bytes
    firma: bytes


def scomponi(token: str) -> TokenScomposto:
    """Take a compact JWS apart without verifying it.

    Raises:
        TokenNonValido: too long, not three canonical base64url parts, not JSON objects, or with a repeated member.
    """
    if not token.isascii() or len(token) > TOKEN_MASSIMO:
        raise TokenNonValido("forma")
    parti = token.split(".")
    if len(parti) != 3:
        raise TokenNonValido("forma")
    try:
        intestazione, contenuto, firma_ = (decodifica_base64url(parte) for parte in parti)
        firmato = f"{parti[0]}.{parti[1]}".encode("ascii")
        return TokenScomposto(leggi_oggetto(intestazione), leggi_oggetto(contenuto), firmato, firma_)
    except ValueError:
        raise TokenNonValido("forma") from None


def controlla_intestazione(intestazione: Mapping[str, object], tipo: str) -> str:
    """Check algorithm, `crit` and `typ` of a header and return its `kid`. Keys or addresses in the header are never used.

    Raises:
        TokenNonValido: with the reason as code.
    """
    if intestazione.get("alg") != ALGORITMO:
        raise TokenNonValido("alg")
    if "crit" in intestazione or "b64" in intestazione:
        raise TokenNonValido("crit")
    dichiarato = intestazione.get("typ")
    if not isinstance(dichiarato, str) or dichiarato.lower().removeprefix("application/") != tipo.lower():
        raise TokenNonValido("typ")
    try:
        return valida_kid(intestazione.get("kid"))
    except ChiaveNonValida:
        raise TokenNonValido("kid") from None


def istante(contenuto: Mapping[str, object], nome: str) -> float:
    """Return a NumericDate claim.

    Raises:
        TokenNonValido: missing, or not a positive number.
    """
    valore = contenuto.get(nome)
    if isinstance(valore, bool) or not isinstance(valore, int | float) or not 0 < valore < 2**40:
        raise TokenNonValido(nome)
    return float(valore)


def testo(contenuto: Mapping[str, object], nome: str) -> str:
    """Return a text claim of 1–512 characters.

    Raises:
        TokenNonValido: missing, not text, empty or too long.
    """
    valore = contenuto.get(nome)
    if not isinstance(valore, str) or not 0 < len(valore) <= TESTO_MASSIMO:
        raise TokenNonValido(nome)
    return valore


def destinatario(contenuto: Mapping[str, object], nostri: frozenset[str] | None) -> str:
    """Return the one audience of ours in `aud`, a text or a list (RFC 7519 §4.1.3); the only one it has when `nostri` is None.

    Raises:
        TokenNonValido: none of ours, or more than one, which would leave open for whom the token is.
    """
    aud = contenuto.get("aud")
    valori = aud if isinstance(aud, list) else [aud]
    if len(valori) > DESTINATARI_MASSIMI or not all(isinstance(v, str) and 0 < len(v) <= TESTO_MASSIMO for v in valori):
        raise TokenNonValido("aud")
    comuni = set(valori) if nostri is None else nostri.intersection(valori)
    if len(comuni) != 1:
        raise TokenNonValido("aud")
    return str(next(iter(comuni)))


def controlla_tempi(contenuto: Mapping[str, object], ora: float, durata_massima: float, scarto: float) -> tuple[float, float]:
    """Check `iat`, `exp` and, if present, `nbf` against `ora`, and return (`iat`, `exp`). Seconds.

    Raises:
        TokenNonValido: one is missing or absurd, the token is not yet valid, expired, or made to live too long.
    """
    iat, exp = istante(contenuto, "iat"), istante(contenuto, "exp")
    if iat > ora + scarto:
        raise TokenNonValido("iat")
    if not iat < exp <= iat + durata_massima:
        raise TokenNonValido("durata")
    if ora >= exp + scarto:
        raise TokenNonValido("scaduto")
    if "nbf" in contenuto and istante(contenuto, "nbf") > ora + scarto:
        raise TokenNonValido("nbf")
    return iat, exp
