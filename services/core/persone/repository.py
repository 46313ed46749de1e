"""What can be read of persons outside one's own cases: only the exact search by codice fiscale."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from services.core.access.contesto import Contesto
from services.core.persone import codice_fiscale

_CERCA = sa.text(
    """SELECT t.*, (SELECT c.id FROM cartella c WHERE c.id = t.cartella_id) AS cartella_visibile
       FROM cerca_codice_fiscale(:codice) t"""
)


@dataclass(frozen=True, slots=True)
class PersonaTrovata:
    """Minimal identity. `cartella_visibile` passes through the row policies; a case held elsewhere shows only as a fact."""

    persona_id: UUID
    cognome: str
    nome: str
    anno_nascita: int
    cartella_visibile: UUID | None
    in_carico_ad_altro_ente: bool


async def cerca(ctx: Contesto, codice: str) -> PersonaTrovata | None:
    """Return who has exactly this code in the caller's ambito, or None; protected persons are never found.

    Raises:
        CodiceFiscaleNonValido: not a code.
    """
    valido = codice_fiscale.valida(codice, ammetti_provvisorio=True)
    riga = (await ctx.sessione.execute(_CERCA, {"codice": valido})).one_or_none()
    if riga is None:
        return None
    ctx.annota("persona", riga.persona_id)
    return PersonaTrovata(
        persona_id=riga.persona_id,
        cognome=riga.cognome,
        nome=riga.nome,
        anno_nascita=riga.anno_nascita,
        cartella_visibile=riga.cartella_visibile,
        in_carico_ad_altro_ente=riga.cartella_id is not None and riga.cartella_visibile is None,
    )
