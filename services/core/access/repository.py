"""What can be read of access itself: who is acting, and the audit trail."""

from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from asyncpg.pool import PoolConnectionProxy

from services.core.access.audit import SCRIVI_LETTURA
from services.core.access.models import EsitoAudit
from services.core.access.ruoli import Finalita

Connessione: TypeAlias = "PoolConnectionProxy[Any]"

_NESSUNO = "(SELECT NULL::uuid AS id WHERE false) nessuno"

ELENCO_AUDIT = f"""
WITH scritta AS ({SCRIVI_LETTURA.format(tipo="audit", da=_NESSUNO)}),
pagina AS MATERIALIZED (
  SELECT * FROM audit
  WHERE id < $4 AND ($6::text IS NULL OR esito = $6) AND ($7::uuid IS NULL OR operatore_id = $7)
  ORDER BY id DESC LIMIT $5 + 1
), mostrate AS (SELECT * FROM pagina ORDER BY id DESC LIMIT $5)
SELECT coalesce(json_agg(json_build_object(
         'id', m.id, 'quando', m.quando, 'richiesta_id', m.richiesta_id, 'operatore_id', m.operatore_id,
         'incarico_id', m.incarico_id, 'operazione', m.operazione, 'finalita', m.finalita, 'esito', m.esito,
         'motivo', m.motivo, 'oggetto_tipo', m.oggetto_tipo, 'oggetti', m.oggetti) ORDER BY m.id DESC), '[]')::text AS elementi,
       (SELECT count(*) FROM pagina) > $5 AS altri,
       min(m.id) AS ultimo
FROM mostrate m
"""

IO = f"""
WITH scritta AS ({SCRIVI_LETTURA.format(tipo="operatore", da=_NESSUNO)})
SELECT json_build_object(
  'operatore', (SELECT json_build_object('id', o.id, 'cognome', o.cognome, 'nome', o.nome)
                FROM operatore o WHERE o.id = app_operatore()),
  'ambito', (SELECT json_build_object('id', a.id, 'denominazione', a.denominazione) FROM ambito a WHERE a.id = app_ambito()),
  'incarico_id', app_incarico(), 'ruolo', app_ruolo(), 'data_riferimento', app_data(),
  'incarichi', (SELECT json_agg(json_build_object('id', i.id, 'ruolo', i.ruolo, 'ente', e.denominazione, 'dal', i.dal, 'al', i.al)
                                ORDER BY i.dal, i.id)
                FROM incarico i JOIN ente e ON e.id = i.ente_id
                WHERE i.operatore_id = app_operatore() AND i.dal <= app_data() AND (i.al IS NULL OR i.al >= app_data())
                  AND i.revocato_il IS NULL)
)::text
"""


@dataclass(frozen=True, slots=True)
class FiltroAudit:
    """Narrow the trail to one outcome, or to what one operator did."""

    esito: EsitoAudit | None = None
    operatore_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PaginaAudit:
    """A page as JSON text, and the number of its last row when there are more."""

    elementi: str
    ultimo: int | None


async def elenca_audit(
    connessione: Connessione,
    richiesta_id: UUID,
    operazione: str,
    finalita: Finalita | None,
    prima_di: int,
    limite: int,
    filtro: FiltroAudit,
) -> PaginaAudit:
    """Return the rows older than number `prima_di`, the newest first, and record that the trail was read."""
    riga = await connessione.fetchrow(
        ELENCO_AUDIT, richiesta_id, operazione, finalita, prima_di, limite, filtro.esito, filtro.operatore_id
    )
    assert riga is not None  # an aggregate without GROUP BY returns one row
    return PaginaAudit(riga["elementi"], riga["ultimo"] if riga["altri"] else None)


async def leggi_io(connessione: Connessione, richiesta_id: UUID, operazione: str, finalita: Finalita | None) -> str:
    """Return, as JSON, who acts in this transaction, and the incarichi she holds in this ambito on the day."""
    testo: str = await connessione.fetchval(IO, richiesta_id, operazione, finalita)
    return testo
