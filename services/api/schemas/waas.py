"""Schemas of the WaaS e-service: the contract is INPS's (WAAS-SIUSS-Alimentazione 2.0.1), so extra fields are tolerated."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from services.api.schemas.base import IngressoTollerante
from services.core.flussi.contratto import MASSIMO_ESITI, CodiceEsito
from services.core.flussi.vocabolario import TipoFlusso

_TESTO = {"type": "string", "maxLength": 4096}
_ISTANTE = {"type": "string", "format": "date-time", "maxLength": 40}
_ESITO: dict[str, Any] = {
    "type": "object",
    "title": "EsitoFlusso",
    "required": ["id_flusso", "tipo", "ts_flusso", "ts_acquisizione", "codice_esito"],
    "additionalProperties": {},
    "maxProperties": 50,
    "properties": {
        "id_flusso": {"type": "string", "maxLength": 64},
        "tipo": {"type": "string", "enum": [t.value for t in TipoFlusso]},
        "ts_flusso": _ISTANTE,
        "ts_acquisizione": _ISTANTE,
        "codice_esito": {"type": "string", "enum": [c.value for c in CodiceEsito]},
        "descrizione_esito": _TESTO,
        "id_acquisizione_siuss": _TESTO,
    },
}

EsitoGrezzo = Annotated[Any, WithJsonSchema(_ESITO)]
"""An outcome as it came: it is read one by one, and one that cannot be read does not stop the others."""


class EsitiIngresso(IngressoTollerante):
    """Notifica degli esiti dell'elaborazione dei flussi."""

    elenco_esiti: Annotated[list[EsitoGrezzo], Field(max_length=MASSIMO_ESITI)] = []
