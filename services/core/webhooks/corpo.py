"""The body of a webhook: a reference to what happened, never its content.

The receiver reads the object through the API under its own incarico, so that who may see what is decided in one place only.
"""

import json
from uuid import UUID

from services.core.platform.eventi import EventoRegistrato


def corpo(consegna_id: UUID, evento: EventoRegistrato, ambito: str) -> bytes:
    """Return the exact bytes to sign and send: JSON in UTF-8, keys in a fixed order.

    Args:
        consegna_id: the `webhook-id`, repeated in the body.
        evento: the registered event.
        ambito: the public code of the ambito.
    """
    contenuto = {
        "id": str(consegna_id),
        "tipo": evento.tipo,
        "schema_versione": evento.schema_versione,
        "registrato_il": evento.registrato_il.isoformat(),
        "ambito": ambito,
        "aggregato": evento.aggregato,
        "aggregato_id": str(evento.aggregato_id),
        "versione": evento.versione,
    }
    return json.dumps(contenuto, ensure_ascii=False, separators=(",", ":")).encode()


def estratto(risposta: bytes, massimo: int) -> str:
    """Return the beginning of a receiver's answer as text that PostgreSQL can store: no NUL, at most `massimo` characters."""
    return risposta.decode(errors="replace").replace("\x00", "")[:massimo]
