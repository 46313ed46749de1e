"""What the database refused, said as an error of the domain, without telling what the caller may not see.

SQLSTATE classes: PostgreSQL documentation, appendix A. Texts of the server are never passed on: they quote values.
"""

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as AttesaConnessione

from services.core.platform.errori import Conflitto, DatiNonValidi, Errore, NonTrovato

log = structlog.get_logger()

_VINCOLI = frozenset({"23505", "23503", "23514", "23P01"})
_CONTESA = frozenset({"40001", "40P01", "55P03", "57014", "25P03"})
_PRIVILEGI = "42501"
_POLITICA_DI_RIGA = "ExecWithCheckOptions"
"""Function of PostgreSQL that reports a row refused by a policy; a missing GRANT has the same SQLSTATE from another one."""


class SistemaOccupato(Errore):
    """Two transactions met, or a lock was not obtained in time: the same request may be repeated as it is."""

    stato, tipo, titolo = 503, "sistema-occupato", "Il sistema è momentaneamente occupato: riprovare"


class ServizioNonDisponibile(Errore):
    """The database cannot be reached or has no more connections or space."""

    stato, tipo, titolo = 503, "servizio-non-disponibile", "Il servizio non è al momento disponibile"


def _originale(exc: BaseException) -> BaseException:
    """Return the driver's own exception under SQLAlchemy's wrappers."""
    if not isinstance(exc, DBAPIError):
        return exc
    guidatore: BaseException = exc.orig or exc
    causa = guidatore.__cause__
    if causa is not None and isinstance(causa, asyncpg.PostgresError | asyncpg.InterfaceError):
        return causa
    return guidatore


def _non_disponibile(stato: str) -> bool:
    return stato.startswith(("08", "53", "57P")) or stato == "25006"


def traduci(exc: BaseException) -> Errore | None:
    """Return the domain error for an exception of the database layer; None when it is a fault of ours (a 500)."""
    if isinstance(exc, AttesaConnessione | ConnectionError | TimeoutError):
        return ServizioNonDisponibile()
    causa = _originale(exc)
    stato = getattr(causa, "sqlstate", None)
    if stato is None:
        fuori_misura = isinstance(causa, asyncpg.InterfaceError) and isinstance(causa, ValueError)
        return DatiNonValidi() if fuori_misura else None
    if stato in _VINCOLI:
        log.info("vincolo_violato", sqlstate=stato, vincolo=getattr(causa, "constraint_name", None))
        return Conflitto()
    if stato == _PRIVILEGI and getattr(causa, "server_source_function", None) == _POLITICA_DI_RIGA:
        log.info("riga_rifiutata_dalla_politica", tabella=getattr(causa, "table_name", None))
        return NonTrovato()
    if stato in _CONTESA:
        return SistemaOccupato(ritenta_dopo_s=1)
    if _non_disponibile(stato):
        return ServizioNonDisponibile()
    if stato.startswith("22"):
        return DatiNonValidi()
    return None
