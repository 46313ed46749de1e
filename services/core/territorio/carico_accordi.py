"""What the loading computes from the agreements of the files: one row for each ente and purpose, and how an end comes nearer."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.access.ruoli import Classe
from services.core.contitolarita.models import Accordo, Condivisione
from services.core.territorio.esempi_file import AccordoEsempio, NomeClasse

Riga = Accordo | Condivisione
Identifica = Callable[..., UUID]


def righe(ambito_id: int, accordi: Sequence[AccordoEsempio], id_: Identifica) -> dict[type[Riga], Sequence[Riga]]:
    """Return the rows of the agreements, then those of what they share; `id_` computes an identifier from slugs."""
    testate = [
        Accordo(
            id=id_("accordo", a.codice),
            ambito_id=ambito_id,
            codice=a.codice,
            titolo=a.titolo,
            estremi=a.estremi,
            base_giuridica=a.base_giuridica,
            norma=a.norma,
            dal=a.dal,
            al=a.al,
        )
        for a in accordi
    ]
    condivisioni = [
        Condivisione(
            id=id_("condivisione", a.codice, c.ente, finalita, c.dal),
            ambito_id=ambito_id,
            accordo_id=id_("accordo", a.codice),
            ente_id=id_("ente", c.ente),
            classi=int(_somma(c.classi)),
            finalita=finalita,
            dal=c.dal,
            al=c.al,
        )
        for a in accordi
        for c in a.condivisioni
        for finalita in c.finalita
    ]
    return {Accordo: testate, Condivisione: condivisioni}


def _somma(nomi: Sequence[NomeClasse]) -> Classe:
    return reduce(or_, (Classe[nome.upper()] for nome in nomi))


async def anticipa_le_fini(sessione: AsyncSession, caricate: Sequence[Riga]) -> None:
    """Bring the end of each row there already to that of the file, where it is nearer; never farther."""
    for riga in caricate:
        if riga.al is None:
            continue
        modello = type(riga)
        oltre = sa.or_(col(modello.al).is_(None), col(modello.al) > riga.al)
        await sessione.execute(sa.update(modello).where(col(modello.id) == riga.id, oltre).values(al=riga.al))
