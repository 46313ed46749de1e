"""Signature of outgoing webhooks by the Standard Webhooks scheme (standardwebhooks.com, version v1: HMAC-SHA256).

During a rotation two secrets are active: every message carries one signature for each, and the receiver accepts either.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

TOLLERANZA = timedelta(minutes=5)
"""Largest distance between the signed instant and the receiver's clock, on either side."""

BYTE_SEGRETO = 32


class FirmaNonValida(Exception):
    """The message is not what its sender signed, or it is too old or too new. The text says which, and nothing else."""


def nuovo_segreto() -> str:
    """Return a new signing secret of 256 bits, in the `whsec_` form."""
    return "whsec_" + b64encode(secrets.token_bytes(BYTE_SEGRETO)).decode()


def firma(segreti: Sequence[str], identificativo: str, quando: datetime, corpo: bytes) -> dict[str, str]:
    """Return the headers that sign `corpo`, with one signature for each active secret.

    Args:
        segreti: the active secrets, in the `whsec_` form; one, or two during a rotation.
        identificativo: the `webhook-id`, the same at every attempt.
        quando: the instant of this attempt, aware.
        corpo: the exact bytes that are sent, UTF-8.

    Raises:
        ValueError: no secret, or `quando` is naive.
    """
    if not segreti:
        raise ValueError("nessun segreto attivo")
    if quando.tzinfo is None:
        raise ValueError("istante senza fuso orario")
    istante = quando.astimezone(UTC)
    testo = corpo.decode()
    return {
        "webhook-id": identificativo,
        "webhook-timestamp": str(int(istante.timestamp())),
        "webhook-signature": " ".join(Webhook(s).sign(identificativo, istante, testo) for s in segreti),
    }


def verifica(
    segreti: Sequence[str],
    intestazioni: Mapping[str, str],
    corpo: bytes,
    adesso: datetime,
    tolleranza: timedelta = TOLLERANZA,
) -> str:
    """Check a received message and return its `webhook-id`.

    Raises:
        FirmaNonValida: a header is missing or malformed, the instant is outside the tolerance, or no signature matches.
    """
    basse = {nome.lower(): valore for nome, valore in intestazioni.items()}
    identificativo = basse.get("webhook-id", "")
    firme = basse.get("webhook-signature", "").split()
    istante = _istante(basse.get("webhook-timestamp", ""))
    if not identificativo or not firme:
        raise FirmaNonValida("intestazioni mancanti")
    if abs(adesso - istante) > tolleranza:
        raise FirmaNonValida("istante fuori tolleranza")
    try:
        testo = corpo.decode()
    except UnicodeDecodeError as errore:
        raise FirmaNonValida("corpo non UTF-8") from errore
    attese = [Webhook(s).sign(identificativo, istante, testo).encode() for s in segreti]
    # no early exit: the time spent does not tell which secret or signature was close
    uguali = [hmac.compare_digest(attesa, ricevuta.encode()) for attesa in attese for ricevuta in firme]
    if not any(uguali):
        raise FirmaNonValida("nessuna firma corrisponde")
    return identificativo


def _istante(testo: str) -> datetime:
    if not (testo.isascii() and testo.isdigit() and len(testo) <= 12):
        raise FirmaNonValida("istante mancante o non valido")
    return datetime.fromtimestamp(int(testo), tz=UTC)
