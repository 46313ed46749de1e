"""Removal of what is kept only for a time: the answers stored for the repetition of requests, which may hold personal data."""

import structlog
from sqlalchemy import text

from services.core.platform.idempotenza import VALIDITA
from services.worker.lettori import Sessioni

log = structlog.get_logger()

_ELIMINA = text("SELECT elimina_risposte_scadute(CAST(:validita AS interval))")


async def pulisci(sessioni: Sessioni) -> int:
    """Delete the stored answers past their validity, of every operator; return how many."""
    async with sessioni() as sessione, sessione.begin():
        quante = int((await sessione.execute(_ELIMINA, {"validita": VALIDITA})).scalar_one())
    if quante:
        log.info("risposte_scadute_eliminate", quante=quante)
    return quante
