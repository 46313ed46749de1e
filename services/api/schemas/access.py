"""Schemas of access: who is acting, and the audit trail."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import INT64_MAX, TestoBreve, Uscita
from services.core.access.models import EsitoAudit
from services.core.access.ruoli import Finalita, Ruolo

Numero = Annotated[int, Field(ge=1, le=INT64_MAX, json_schema_extra={"format": "int64"})]
Codice = Annotated[str, Field(max_length=100)]


class OperatoreIo(Uscita):
    id: UUID
    cognome: TestoBreve
    nome: TestoBreve


class AmbitoIo(Uscita):
    id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    denominazione: TestoBreve


class IncaricoIo(Uscita):
    """Un incarico in corso nel giorno di riferimento."""

    id: UUID
    ruolo: Ruolo
    ente: TestoBreve
    dal: date
    al: date | None


class Io(Uscita):
    """Chi sta agendo, sotto quale incarico, in quale giorno."""

    operatore: OperatoreIo
    ambito: AmbitoIo
    incarico_id: UUID
    ruolo: Ruolo
    data_riferimento: date
    incarichi: Annotated[list[IncaricoIo], Field(max_length=100)]


class AuditVoce(Uscita):
    """Un accesso, consentito o negato: solo identificativi."""

    id: Numero
    quando: datetime
    richiesta_id: UUID
    operatore_id: UUID | None
    incarico_id: UUID | None
    operazione: Codice
    finalita: Finalita | None
    esito: EsitoAudit
    motivo: Codice | None
    oggetto_tipo: Codice | None
    oggetti: Annotated[list[UUID], Field(max_length=10_000)]
