"""What can be read of the cartelle, under the reader's scope.

Hot reads: one statement each, JSON built by PostgreSQL, audit row included.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from asyncpg.pool import PoolConnectionProxy

from services.core.access import regola
from services.core.access.audit import SCRIVI_LETTURA
from services.core.access.ruoli import Finalita

_COLONNE = "id, versione, persona_id, competenza_id, stato, riservata, aperta_il, creata_il"

ELENCO = f"""
WITH pagina AS MATERIALIZED ({regola.lista(_COLONNE, "(creata_il, id) < ($4, $5)", "$6 + 1")}),
mostrate AS MATERIALIZED (SELECT * FROM pagina ORDER BY creata_il DESC, id DESC LIMIT $6),
scritta AS ({SCRIVI_LETTURA.format(tipo="cartella", da="mostrate")})
SELECT coalesce(json_agg(json_build_object(
         'id', m.id, 'versione', m.versione, 'stato', m.stato, 'aperta_il', m.aperta_il,
         'comune', co.denominazione, 'servizio', k.servizio,
         'persona', json_build_object('id', p.id, 'cognome', p.cognome, 'nome', p.nome,
                      'anno_nascita', extract(year FROM p.data_nascita)::int)
       ) ORDER BY m.creata_il DESC, m.id DESC), '[]')::text AS elementi,
       (SELECT count(*) FROM pagina) > $6 AS altri,
       min(m.creata_il) AS ultima_creata_il,
       (array_agg(m.id ORDER BY m.creata_il DESC, m.id DESC))[count(*)] AS ultima_id
FROM mostrate m
JOIN persona p ON p.id = m.persona_id
JOIN competenza k ON k.id = m.competenza_id
JOIN comune co ON co.id = k.comune_id
"""

SINGOLA = f"""
WITH letta AS MATERIALIZED (SELECT * FROM cartella WHERE id = $4),
scritta AS ({SCRIVI_LETTURA.format(tipo="cartella", da="letta")} HAVING count(*) > 0)
SELECT c.versione, json_build_object(
  'id', c.id, 'versione', c.versione, 'stato', c.stato, 'riservata', c.riservata, 'aperta_il', c.aperta_il,
  'chiusa_il', c.chiusa_il, 'comune', co.denominazione, 'servizio', k.servizio,
  'persona', (SELECT json_build_object('id', p.id, 'cognome', p.cognome, 'nome', p.nome, 'data_nascita', p.data_nascita,
                'sesso', p.sesso, 'codice_fiscale', p.codice_fiscale, 'comune_residenza', r.denominazione,
                'cittadinanza', p.cittadinanza)
              FROM persona p JOIN comune r ON r.id = p.comune_residenza_id WHERE p.id = c.persona_id),
  'nucleo', coalesce((SELECT json_agg(json_build_object('persona_id', p.id, 'cognome', p.cognome, 'nome', p.nome,
                'anno_nascita', extract(year FROM p.data_nascita)::int, 'relazione', m.relazione, 'dal', m.dal, 'al', m.al)
                ORDER BY m.dal, p.id)
              FROM componente m JOIN persona p ON p.id = m.persona_id WHERE m.nucleo_id = c.nucleo_id), '[]'::json)
)::text AS corpo
FROM letta c JOIN competenza k ON k.id = c.competenza_id JOIN comune co ON co.id = k.comune_id
"""

Connessione: TypeAlias = "PoolConnectionProxy[Any]"


@dataclass(frozen=True, slots=True)
class PaginaJson:
    """A page as JSON text, and the key of its last row when there are more."""

    elementi: str
    ultima: tuple[datetime, UUID] | None


async def elenca(
    connessione: Connessione,
    richiesta_id: UUID,
    operazione: str,
    finalita: Finalita | None,
    dopo: tuple[datetime, UUID],
    limite: int,
) -> PaginaJson:
    """Return the page of cartelle that follows `dopo` in `(creata_il, id)` descending order, and record the reading."""
    riga = await connessione.fetchrow(ELENCO, richiesta_id, operazione, finalita, *dopo, limite)
    assert riga is not None  # an aggregate without GROUP BY returns one row
    ultima = (riga["ultima_creata_il"], riga["ultima_id"]) if riga["altri"] else None
    return PaginaJson(riga["elementi"], ultima)


async def leggi(
    connessione: Connessione, richiesta_id: UUID, operazione: str, finalita: Finalita | None, cartella_id: UUID
) -> tuple[int, str] | None:
    """Return version and JSON of a visible cartella with person and household, and record the reading; None when not visible."""
    riga = await connessione.fetchrow(SINGOLA, richiesta_id, operazione, finalita, cartella_id)
    return None if riga is None else (riga["versione"], riga["corpo"])
