"""Schemas of the flows to the State as operators see them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Uscita, Versione
from services.core.flussi.models import Flusso, StatoFlusso
from services.core.flussi.orologio import istante
from services.core.flussi.vocabolario import Operazione, TipoFlusso


class MotivoFlusso(Uscita):
    """Perché un flusso non è partito (`blocca`), che cosa ne è rimasto fuori (`avviso`), che cosa ha risposto INPS (`inps`)."""

    codice: Annotated[str, Field(max_length=64)]
    campo: Annotated[str, Field(max_length=128)]
    testo: Annotated[str, Field(max_length=4096)]
    gravita: Annotated[str, Field(max_length=16, pattern=r"^(blocca|avviso|inps)$")]


class FlussoVoce(Uscita):
    """Un flusso verso il SIUSS e ciò che ne è stato. `id_flusso` è nullo se il flusso non è stato pubblicato."""

    id: UUID
    versione: Versione
    id_flusso: Annotated[str | None, Field(max_length=64)]
    tipo: TipoFlusso
    operazione: Operazione | None
    anno: Annotated[int, Field(ge=1970, le=9999, json_schema_extra={"format": "int32"})]
    origine_tipo: Annotated[str, Field(max_length=40)]
    origine_id: UUID
    stato: StatoFlusso
    motivi: Annotated[list[MotivoFlusso], Field(max_length=100)]
    creato_il: datetime
    pubblicato_il: datetime | None
    acquisito_il: datetime | None
    id_acquisizione_siuss: Annotated[str | None, Field(max_length=4096)]

    @classmethod
    def da(cls, flusso: Flusso) -> "FlussoVoce":
        """Return the entry of a flow."""
        motivi: list[dict[str, Any]] = flusso.motivo
        return cls(
            id=flusso.id,
            versione=flusso.versione,
            id_flusso=flusso.id_flusso,
            tipo=flusso.tipo,
            operazione=flusso.operazione,
            anno=flusso.anno,
            origine_tipo=flusso.origine_tipo,
            origine_id=flusso.origine_id,
            stato=flusso.stato,
            motivi=[MotivoFlusso(**m) for m in motivi[:100]],
            creato_il=flusso.creato_il,
            pubblicato_il=istante(flusso.ts_flusso) if flusso.ts_flusso is not None else None,
            acquisito_il=flusso.ts_acquisizione,
            id_acquisizione_siuss=flusso.id_acquisizione_siuss,
        )
