"""The floor: a bare Starlette + asyncpg handler with the same SQL shapes.

It reads as the owner of the database, without policies, token, scope or audit.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.core.access.regola import LARGHEZZA_RAMI

PRIMA = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_COLONNE = "id, versione, persona_id, competenza_id, stato, riservata, aperta_il, creata_il"
_ORDINE = "ORDER BY creata_il DESC, id DESC"
_DOPO = "(creata_il, id) < ($2, $3)"

_RAMI = f"""SELECT r.* FROM unnest($1::int[]) k CROSS JOIN LATERAL (
  SELECT {_COLONNE} FROM cartella WHERE competenza_id = k AND NOT riservata AND {_DOPO} {_ORDINE} LIMIT $4 + 1) r
  {_ORDINE} LIMIT $4 + 1"""
_SEMPLICE = f"""SELECT {_COLONNE} FROM cartella
  WHERE ambito_id = $5 AND competenza_id = ANY ($1::int[]) AND NOT riservata AND {_DOPO}
  {_ORDINE} LIMIT $4 + 1"""

_JSON = """WITH pagina AS MATERIALIZED ({lista}), mostrate AS (SELECT * FROM pagina {ordine} LIMIT $4)
SELECT coalesce(json_agg(json_build_object(
         'id', m.id, 'versione', m.versione, 'stato', m.stato, 'aperta_il', m.aperta_il,
         'comune', co.denominazione, 'servizio', k.servizio,
         'persona', json_build_object('id', p.id, 'cognome', p.cognome, 'nome', p.nome,
                      'anno_nascita', extract(year FROM p.data_nascita)::int)
       ) ORDER BY m.creata_il DESC, m.id DESC), '[]')::text, (SELECT count(*) FROM pagina) > $4
FROM mostrate m
JOIN persona p ON p.id = m.persona_id
JOIN competenza k ON k.id = m.competenza_id
JOIN comune co ON co.id = k.comune_id"""

_SINGOLA = """SELECT json_build_object(
  'id', c.id, 'versione', c.versione, 'stato', c.stato, 'riservata', c.riservata, 'aperta_il', c.aperta_il,
  'comune', co.denominazione, 'servizio', k.servizio,
  'persona', (SELECT json_build_object('id', p.id, 'cognome', p.cognome, 'nome', p.nome, 'data_nascita', p.data_nascita,
                'sesso', p.sesso, 'codice_fiscale', p.codice_fiscale, 'comune_residenza', r.denominazione,
                'cittadinanza', p.cittadinanza)
              FROM persona p JOIN comune r ON r.id = p.comune_residenza_id WHERE p.id = c.persona_id),
  'nucleo', coalesce((SELECT json_agg(json_build_object('persona_id', p.id, 'cognome', p.cognome, 'nome', p.nome,
                'anno_nascita', extract(year FROM p.data_nascita)::int, 'relazione', m.relazione, 'dal', m.dal, 'al', m.al)
                ORDER BY m.dal, p.id)
              FROM componente m JOIN persona p ON p.id = m.persona_id WHERE m.nucleo_id = c.nucleo_id), '[]'::json))::text
FROM cartella c JOIN competenza k ON k.id = c.competenza_id JOIN comune co ON co.id = k.comune_id WHERE c.id = $1"""


def crea_app() -> Starlette:
    """Build the floor. The width of the scope chooses the shape here too: only policies, token, scope and audit differ."""
    competenze = [int(k) for k in os.environ["BANCO_COMPETENZE"].split(",")]
    larga = len(competenze) > LARGHEZZA_RAMI
    elenco = _JSON.format(lista=_SEMPLICE if larga else _RAMI, ordine=_ORDINE)
    argomenti: list[Any] = [competenze, *PRIMA, 50] + ([int(os.environ["BANCO_AMBITO"])] if larga else [])

    @asynccontextmanager
    async def vita(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(os.environ["BANCO_DSN"], min_size=2, max_size=10)
        yield
        await app.state.pool.close()

    async def lista(request: Request) -> Response:
        async with request.app.state.pool.acquire() as c:
            riga = await c.fetchrow(elenco, *argomenti)
        return Response(b'{"elementi":' + riga[0].encode() + b',"successivo":null}', media_type="application/json")

    async def singola(request: Request) -> Response:
        async with request.app.state.pool.acquire() as c:
            return Response(await c.fetchval(_SINGOLA, UUID(request.path_params["id"])), media_type="application/json")

    return Starlette(routes=[Route("/cartelle", lista), Route("/cartelle/{id}", singola)], lifespan=vita)
