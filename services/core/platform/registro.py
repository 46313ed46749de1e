"""The log of the service: one JSON object per line, with the request id, and never personal data.

Two nets, both after the caller's own care: keys that name personal data or secrets are dropped, and text that looks
like a codice fiscale or a token is masked. Names of dropped keys stay, so that the fault is seen and mended.
"""

import json
import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from services.core.platform.clock import adesso

CHIAVI_VIETATE = frozenset(
    {
        "cognome", "nome", "nominativo", "denominazione_persona", "codice_fiscale", "cf", "data_nascita", "nascita", "sesso",
        "indirizzo", "residenza", "domicilio", "telefono", "cellulare", "email", "pec", "iban", "cittadinanza", "diagnosi",
        "isee", "token", "access_token", "id_token", "refresh_token", "authorization", "client_assertion", "password", "segreto",
        "secret", "chiave", "chiave_privata", "cookie", "corpo", "body", "input", "query_string", "valore", "url",
    }
)  # fmt: skip

_MASCHERA = "[omesso]"
_CODICE_FISCALE = re.compile(
    r"(?i)(?<![a-z0-9])[a-z]{6}[0-9lmnpqrstuv]{2}[a-ehlmprst][0-9lmnpqrstuv]{2}[a-z][0-9lmnpqrstuv]{3}[a-z](?![a-z0-9])"
)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){1,4}")
_LUNGHEZZA_SOSPETTA = 16
_PROFONDITA = 6


def maschera(testo: str) -> str:
    """Return `testo` with anything shaped as a codice fiscale or a JWT replaced."""
    if len(testo) < _LUNGHEZZA_SOSPETTA:
        return testo
    return _JWT.sub(_MASCHERA, _CODICE_FISCALE.sub(_MASCHERA, testo))


def _pulisci(valore: Any, rimosse: set[str], livello: int) -> Any:
    if isinstance(valore, str):
        return maschera(valore)
    if livello > _PROFONDITA:
        return _MASCHERA
    if isinstance(valore, dict):
        pulito = {}
        for nome, contenuto in valore.items():
            testo = str(nome)
            if testo.lower() in CHIAVI_VIETATE:
                rimosse.add(testo.lower())
            else:
                pulito[maschera(testo)] = _pulisci(contenuto, rimosse, livello + 1)
        return pulito
    if isinstance(valore, list | tuple | set | frozenset):
        return [_pulisci(v, rimosse, livello + 1) for v in valore]
    return valore


def togli_dati_personali(_logger: WrappedLogger, _metodo: str, evento: EventDict) -> EventDict:
    """Structlog processor: drop the forbidden keys at any depth, mask suspect text, name what was dropped."""
    rimosse: set[str] = set()
    pulito: dict[str, Any] = _pulisci(evento, rimosse, 0)
    if rimosse:
        pulito["chiavi_rimosse"] = sorted(rimosse)
    return pulito


def _testo(valore: Any) -> str:
    return maschera(str(valore))


def _json(_logger: WrappedLogger, _metodo: str, evento: EventDict) -> str:
    return json.dumps(evento, ensure_ascii=False, default=_testo, separators=(",", ":"))


class _Inoltro(logging.Handler):
    """Hands the records of libraries over to structlog: level, origin and masked text; of an exception, its class only."""

    def emit(self, record: logging.LogRecord) -> None:
        campi: dict[str, Any] = {"origine": record.name, "testo": maschera(record.getMessage())}
        if record.exc_info and record.exc_info[0] is not None:
            classe = record.exc_info[0]
            campi["eccezione"] = f"{classe.__module__}.{classe.__qualname__}"
        structlog.get_logger().log(record.levelno, "libreria", **campi)


class _Accessi:
    """Where the access log goes; nowhere until `configura`, or when its level is above `info`."""

    uscita: TextIO | None = None


def scrivi_accesso(metodo: str, rotta: str, stato: int, ms: float, richiesta_id: str, chiamante: str | None) -> None:
    """Write the line of one answered request, in the shape structlog gives to every other.

    It is on the path of every request and has no free field, so it skips the processors (72 µs against 6, measured):
    `rotta` is a template of ours, `metodo` and the ids are checked by the caller.
    """
    if _Accessi.uscita is None:
        return
    altro = f'"richiesta_chiamante":"{chiamante}",' if chiamante else ""
    _Accessi.uscita.write(
        f'{{"metodo":"{metodo}","rotta":"{rotta}","stato":{stato},"ms":{ms:.2f},{altro}"event":"richiesta",'
        f'"richiesta_id":"{richiesta_id}","level":"info","quando":"{adesso().isoformat()}"}}\n'
    )
    _Accessi.uscita.flush()


def configura(livello: str = "info", uscita: TextIO | None = None) -> None:
    """Configure structlog for the process, and send it what libraries write with the standard library.

    Args:
        livello: the lowest level written (`debug`, `info`, `warning`, `error`); libraries are heard from `warning` up.
        uscita: where lines go; standard output when None.
    """
    soglia = logging.getLevelNamesMapping()[livello.upper()]
    _Accessi.uscita = (uscita or sys.stdout) if soglia <= logging.INFO else None
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="quando"),
            togli_dati_personali,
            _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(livello),
        logger_factory=structlog.WriteLoggerFactory(uscita or sys.stdout),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Inoltro()], level=logging.WARNING, force=True)
    # six errors for each refused connection, and whoever opened it has the exception that says it
    logging.getLogger("pika").setLevel(logging.CRITICAL)
