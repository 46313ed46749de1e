"""The audit trail of what was allowed: written by the edge in the request's own transaction, just before its commit."""

import sqlalchemy as sa

from services.core.access.contesto import Contesto

_SCRIVI = sa.text(
    """INSERT INTO audit (richiesta_id, ambito_id, operatore_id, incarico_id, operazione, finalita, esito, motivo,
                          oggetto_tipo, oggetti)
       VALUES (:richiesta, :ambito, :operatore, :incarico, :operazione, :finalita, 'consentita', :motivo, :tipo, :oggetti)"""
)

SCRIVI_LETTURA = """INSERT INTO audit (richiesta_id, ambito_id, operatore_id, incarico_id, operazione, finalita, esito,
                   oggetto_tipo, oggetti)
  SELECT $1::uuid, app_ambito(), app_operatore(), app_incarico(), $2, $3, 'consentita',
         '{tipo}', coalesce(array_agg(id), '{{}}') FROM {da}"""
"""The same row inside a hot read: $1 request id, $2 operation, $3 purpose; `da` is the CTE whose ids were read."""


async def registra(ctx: Contesto) -> None:
    """Write one row per kind of record touched by the request; one without objects when none was."""
    for tipo, ids in ctx.oggetti.items() or [(None, [])]:
        await ctx.sessione.execute(
            _SCRIVI,
            {
                "richiesta": ctx.richiesta_id,
                "ambito": ctx.principal.ambito_id,
                "operatore": ctx.principal.operatore_id,
                "incarico": ctx.principal.incarico_id,
                "operazione": ctx.operazione,
                "finalita": ctx.finalita,
                "motivo": ctx.motivo,
                "tipo": tipo,
                "oggetti": list(dict.fromkeys(ids)),
            },
        )
