"""Entering a transaction: the statement that reads the incarico, checks the operation and sets the scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg.exceptions import PostgresError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.access.operazioni import Regola
from services.core.access.principal import Principal
from services.core.access.ruoli import Classe, Finalita, Ruolo
from services.core.platform.db import Database
from services.core.platform.errori import Errore, RichiestaMalformata, Vietato


@dataclass(frozen=True, slots=True)
class Richiesta:
    """What the edge knows before the database is asked: typed values only, so that they may stand as literals."""

    operatore_id: UUID
    incarico_id: UUID | None
    operazione: str
    regola: Regola
    finalita: Finalita | None
    data_riferimento: date
    richiesta_id: UUID


def istruzione(richiesta: Richiesta) -> str:
    """Render the entering statement for a hot read: uuids, dates, our own codes of roles and purposes, nothing from outside."""
    ruoli = ",".join(sorted(ruolo.value for ruolo in richiesta.regola.ruoli))
    incarico = f"'{richiesta.incarico_id}'" if richiesta.incarico_id else "NULL"
    finalita = f"'{richiesta.finalita.value}'" if richiesta.finalita else "NULL"
    return (
        f"SELECT app_entra('{richiesta.operatore_id}'::uuid, {incarico}::uuid, "
        f"'{{{ruoli}}}'::text[], '{richiesta.data_riferimento.isoformat()}'::date, {finalita}::text)"
    )


_ENTRA = text("SELECT * FROM app_entra(:operatore, :incarico, :ruoli, :giorno, :finalita)")


async def entra(sessione: AsyncSession, richiesta: Richiesta) -> Principal:
    """Set the scope of the session's transaction and return who acts in it.

    Raises:
        Vietato: no incarico in force that day, someone else's, or a role without the operation.
        RichiestaMalformata: several incarichi and none named.
    """
    try:
        riga = (
            await sessione.execute(
                _ENTRA,
                {
                    "operatore": richiesta.operatore_id,
                    "incarico": richiesta.incarico_id,
                    "ruoli": [ruolo.value for ruolo in richiesta.regola.ruoli],
                    "giorno": richiesta.data_riferimento,
                    "finalita": richiesta.finalita,
                },
            )
        ).one()
    except DBAPIError as errore:
        tradotto = errore_di_ingresso(getattr(errore.orig, "sqlstate", None))
        if tradotto is None:
            raise
        raise tradotto from None
    return Principal(
        richiesta.operatore_id, riga.incarico_id, riga.ambito_id, riga.ente_id, Ruolo(riga.ruolo), Classe(riga.classi)
    )


def errore_di_ingresso(sqlstate: str | None) -> Errore | None:
    """Translate the error codes of `app_entra`; None for any other."""
    if sqlstate == "AM403":
        return Vietato("L'incarico non è in corso o non consente questa operazione.")
    if sqlstate == "AM400":
        return RichiestaMalformata("Più incarichi in corso: indicarne uno nell'intestazione Incarico.")
    return None


def errore_di_lettura(errore: PostgresError) -> Errore | None:
    """As `errore_di_ingresso`, for the asyncpg path."""
    return errore_di_ingresso(errore.sqlstate)


_DINIEGO = text("SELECT registra_diniego(:richiesta, :operatore, :incarico, :operazione, :finalita, :motivo, :oggetti, :giorno)")


async def registra_diniego(database: Database, richiesta: Richiesta, oggetti: Sequence[UUID], errore: Errore) -> None:
    """Write a refusal to the audit trail in a transaction of its own: the request's one has been rolled back.

    `oggetti` are the records the request named, the refused one last: its ambito is told the attempt too.
    """
    async with database.sessione() as sessione:
        await sessione.execute(
            _DINIEGO,
            {
                "richiesta": richiesta.richiesta_id,
                "operatore": richiesta.operatore_id,
                "incarico": richiesta.incarico_id,
                "operazione": richiesta.operazione,
                "finalita": richiesta.finalita,
                "motivo": errore.tipo,
                "oggetti": list(oggetti),
                "giorno": richiesta.data_riferimento,
            },
        )
