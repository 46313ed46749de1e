"""PDND (Piattaforma Digitale Nazionale Dati): vouchers we ask for, vouchers we accept, and the digests of the ModI patterns.

Client side: a client assertion (RFC 7521, 7523) signed with our key buys a voucher at PDND's token endpoint (RFC 6749
§4.4). Provider side: the voucher that a consumer shows us is an access token (RFC 9068) of PDND. Addresses, audiences and
names are configuration: PDND shows them in its portal, per environment (docs/adr/0005-pdnd.md).
"""

import asyncio
import base64
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa

from services.core.platform.chiavi import Orologio, Scarica, TempiChiavi
from services.core.platform.clock import adesso_ms
from services.core.platform.errori import ServizioEsterno
from services.core.platform.forma_token import TokenNonValido
from services.core.platform.http import Risposta, RispostaInattesa, richiedi
from services.core.platform.ids import nuovo_id
from services.core.platform.tokens import Attestazioni, Emittente, VerificatoreToken, firma

TIPO_ASSERZIONE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DURATA_ASSERZIONE_S = 60
VOUCHER_MASSIMO_S = 86_400
VOUCHER_RICORDATI = 256
SERVIZIO = "PDND"

_CODICE = re.compile(r"\b80\d\d\b")
_ESADECIMALE_256 = re.compile(r"[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_log = structlog.get_logger()


class VoucherRifiutato(ServizioEsterno):
    """PDND refused the assertion. `codice` is its OAuth error or 80xx code, for logs: the cure is in our configuration."""

    def __init__(self, codice: str) -> None:
        super().__init__("PDND ha rifiutato la richiesta di accesso al servizio esterno")
        self.codice = codice


def impronta_esadecimale(dati: bytes) -> str:
    """SHA-256 as lower-case hexadecimal: the `digest.value` of an assertion (ModI AUDIT_REST_02)."""
    return hashlib.sha256(dati).hexdigest()


def impronta_base64(corpo: bytes) -> str:
    """SHA-256 as base64, the form used inside the `Digest` header (RFC 3230, ModI INTEGRITY_REST)."""
    return base64.b64encode(hashlib.sha256(corpo).digest()).decode("ascii")


def intestazione_digest(corpo: bytes) -> str:
    """Value of the `Digest` header for the exact bytes that are sent."""
    return f"SHA-256={impronta_base64(corpo)}"


@dataclass(frozen=True, slots=True)
class ConfigurazionePdnd:
    """Our registration as a client of PDND. Times in seconds.

    `margine_s` is how long before its end a voucher is no longer used.
    """

    url_token: str
    destinatario_asserzione: str
    client_id: UUID
    kid: str
    chiave_privata: rsa.RSAPrivateKey = field(repr=False)
    durata_asserzione_s: int = DURATA_ASSERZIONE_S
    margine_s: float = 20


def asserzione_client(configurazione: ConfigurazionePdnd, finalita: UUID, *, impronta: str | None, ora_s: float) -> str:
    """Return the signed client assertion for a purpose.

    `impronta` is the hexadecimal SHA-256 of the TrackingEvidence to bind the voucher to (AUDIT_REST_02).

    Raises:
        ValueError: `impronta` is not a lower-case hexadecimal SHA-256.
    """
    client, iat = str(configurazione.client_id), int(ora_s)
    contenuto: dict[str, object] = {
        "iss": client,
        "sub": client,
        "aud": configurazione.destinatario_asserzione,
        "jti": str(nuovo_id()),
        "iat": iat,
        "exp": iat + configurazione.durata_asserzione_s,
        "purposeId": str(finalita),
    }
    if impronta is not None:
        if not _ESADECIMALE_256.fullmatch(impronta):
            raise ValueError("impronta non esadecimale")
        contenuto["digest"] = {"alg": "SHA256", "value": impronta}
    return firma(contenuto, configurazione.chiave_privata, kid=configurazione.kid, typ="JWT")


@dataclass(frozen=True, slots=True)
class _Voucher:
    token: str = field(repr=False)
    usabile_fino: float


class ClientPdnd:
    """Buys vouchers and keeps each for its purpose (and digest) until shortly before it expires.

    Callers who need the same voucher at once share one request, and its failure.
    """

    def __init__(
        self, configurazione: ConfigurazionePdnd, cliente: httpx.AsyncClient, *, orologio: Orologio | None = None
    ) -> None:
        self._configurazione, self._cliente = configurazione, cliente
        self._orologio: Orologio = orologio or (lambda: adesso_ms() / 1000)
        self._voucher: OrderedDict[tuple[UUID, str | None], _Voucher] = OrderedDict()
        self._in_corso: dict[tuple[UUID, str | None], asyncio.Task[str]] = {}

    async def voucher(self, finalita: UUID, *, impronta: str | None = None) -> str:
        """Return a usable voucher for `finalita` (PDND's purposeId), asking PDND only when there is none.

        Raises:
            VoucherRifiutato: PDND refused us.
            ServizioEsterno: PDND does not answer, or not as its contract says.
        """
        chiave = (finalita, impronta)
        voucher = self._voucher.get(chiave)
        if voucher is not None and self._orologio() < voucher.usabile_fino:
            return voucher.token
        richiesta = self._in_corso.get(chiave)
        if richiesta is None:
            richiesta = asyncio.create_task(self._rinnova(chiave))
            self._in_corso[chiave] = richiesta
            richiesta.add_done_callback(lambda finita: self._conclusa(chiave, finita))
        return await asyncio.shield(richiesta)

    def dimentica(self, finalita: UUID, *, impronta: str | None = None) -> None:
        """Drop the voucher kept for a purpose: the e-service refused it."""
        self._voucher.pop((finalita, impronta), None)

    async def _rinnova(self, chiave: tuple[UUID, str | None]) -> str:
        nuovo = await self._chiedi(*chiave)
        self._voucher[chiave] = nuovo
        while len(self._voucher) > VOUCHER_RICORDATI:
            self._voucher.popitem(last=False)
        return nuovo.token

    def _conclusa(self, chiave: tuple[UUID, str | None], finita: asyncio.Task[str]) -> None:
        del self._in_corso[chiave]
        if not finita.cancelled():
            finita.exception()  # retrieved here too: every caller may have gone away meanwhile

    async def _chiedi(self, finalita: UUID, impronta: str | None) -> _Voucher:
        ora = self._orologio()
        modulo = {
            "client_id": str(self._configurazione.client_id),
            "client_assertion": asserzione_client(self._configurazione, finalita, impronta=impronta, ora_s=ora),
            "client_assertion_type": TIPO_ASSERZIONE,
            "grant_type": "client_credentials",
        }
        risposta = await richiedi(
            self._cliente,
            "POST",
            self._configurazione.url_token,
            servizio=SERVIZIO,
            intestazioni={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            contenuto=urlencode(modulo).encode("ascii"),
        )
        if risposta.stato != 200:
            raise _rifiuto(risposta)
        return self._leggi_voucher(risposta.oggetto(), ora)

    def _leggi_voucher(self, oggetto: Mapping[str, object], ora: float) -> _Voucher:
        token, tipo, durata = oggetto.get("access_token"), oggetto.get("token_type"), oggetto.get("expires_in")
        if not isinstance(token, str) or len(token) > 16_384 or not _TOKEN.fullmatch(token):
            raise RispostaInattesa(SERVIZIO, "access_token")
        if not isinstance(tipo, str) or tipo.lower() != "bearer":
            raise RispostaInattesa(SERVIZIO, "token_type")
        if isinstance(durata, bool) or not isinstance(durata, int) or not 0 < durata <= VOUCHER_MASSIMO_S:
            raise RispostaInattesa(SERVIZIO, "expires_in")
        return _Voucher(token, ora + durata - self._configurazione.margine_s)


def _rifiuto(risposta: Risposta) -> ServizioEsterno:
    """Return the error of an answer other than 200, with the short code PDND gives, never its free text."""
    if risposta.stato >= 500:
        return RispostaInattesa(SERVIZIO, f"stato-{risposta.stato}")
    try:
        oggetto = risposta.oggetto()
    except RispostaInattesa as errore:
        return errore
    numero = _CODICE.search(str(oggetto.get("error_description", "")))
    errore_oauth = str(oggetto.get("error", ""))
    noto = errore_oauth if re.fullmatch(r"[a-z_]{1,40}", errore_oauth) else f"stato-{risposta.stato}"
    codice = numero.group() if numero else noto
    _log.warning("voucher_rifiutato", stato=risposta.stato, codice=codice)
    return VoucherRifiutato(codice)


@dataclass(frozen=True, slots=True)
class VoucherVerificato:
    """A voucher of PDND shown to us. `destinatario` is the audience it names: it chooses the ente that answers."""

    destinatario: str
    client_id: UUID
    finalita: UUID
    jti: str
    scade: float
    consumatore: str | None
    erogatore: str | None
    eservice: str | None
    descrittore: str | None
    impronta: str | None


class VerificaVoucher:
    """Verifies the vouchers that consumers show to our e-services (ModI ID_AUTH_REST_01 through PDND).

    Without `destinatari` the audience is any single one: the caller must look it up among those of the enti and refuse
    the others.
    """

    def __init__(
        self,
        *,
        iss: str,
        jwks_url: str,
        scarica: Scarica,
        destinatari: frozenset[str] | None = None,
        durata_massima: float = VOUCHER_MASSIMO_S,
        tempi_chiavi: TempiChiavi | None = None,
        orologio: Orologio | None = None,
    ) -> None:
        self._iss = iss
        emittente = Emittente(
            iss, destinatari, jwks_url, durata_massima=durata_massima, tempi_chiavi=tempi_chiavi or TempiChiavi()
        )
        self._verificatore = VerificatoreToken([emittente], scarica, orologio=orologio)

    async def verifica(self, token: str) -> VoucherVerificato:
        """Verify a voucher.

        Raises:
            TokenNonValido: refused, with the reason as code.
            ServizioEsterno: PDND's keys cannot be had.
        """
        return _leggi_voucher_verificato(await self._verificatore.verifica(token))

    def cambia_destinatari(self, destinatari: frozenset[str]) -> None:
        """Replace the audiences of our e-services (an ente was added or left)."""
        self._verificatore.cambia_destinatari(self._iss, destinatari)


def _leggi_voucher_verificato(attestazioni: Attestazioni) -> VoucherVerificato:
    altre = attestazioni.altre
    if attestazioni.jti is None or attestazioni.sub != altre.get("client_id"):
        raise TokenNonValido("client_id")
    return VoucherVerificato(
        destinatario=attestazioni.destinatario,
        client_id=_uuid(altre, "client_id"),
        finalita=_uuid(altre, "purposeId"),
        jti=attestazioni.jti,
        scade=attestazioni.exp,
        consumatore=_testo_facoltativo(altre, "consumerId"),
        erogatore=_testo_facoltativo(altre, "producerId"),
        eservice=_testo_facoltativo(altre, "eserviceId"),
        descrittore=_testo_facoltativo(altre, "descriptorId"),
        impronta=_impronta(altre),
    )


def _uuid(altre: Mapping[str, object], nome: str) -> UUID:
    valore = altre.get(nome)
    if not isinstance(valore, str) or not _UUID.fullmatch(valore):
        raise TokenNonValido(nome)
    return UUID(valore)


def _testo_facoltativo(altre: Mapping[str, object], nome: str) -> str | None:
    valore = altre.get(nome)
    if valore is None:
        return None
    if not isinstance(valore, str) or not 0 < len(valore) <= 128:
        raise TokenNonValido(nome)
    return valore


def _impronta(altre: Mapping[str, object]) -> str | None:
    digest = altre.get("digest")
    if digest is None:
        return None
    valore = digest.get("value") if isinstance(digest, dict) and digest.get("alg") == "SHA256" else None
    if not isinstance(valore, str) or not _ESADECIMALE_256.fullmatch(valore):
        raise TokenNonValido("digest")
    return valore
