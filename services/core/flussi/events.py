"""What happens to a flow, as typed facts: ids, codes and instants only, never what the flow says of the person."""

from typing import ClassVar
from uuid import UUID

from services.core.platform.eventi import Evento


class _EventoFlusso(Evento):
    aggregato: ClassVar[str] = "flusso"

    tipo_flusso: str
    origine_tipo: str
    origine_id: UUID
    anno: int


class FlussoPubblicato(_EventoFlusso):
    """A flow took its place in the ente's sequence: from now INPS can read it. `ts_flusso` in milliseconds since the epoch."""

    tipo: ClassVar[str] = "flussi.flusso.pubblicato"

    id_flusso: str
    operazione: str | None
    ts_flusso: int


class FlussoEsitato(_EventoFlusso):
    """INPS notified the outcome of a flow; `codice_esito` is one of the contract's (`OK` means acquired)."""

    tipo: ClassVar[str] = "flussi.flusso.esitato"

    id_flusso: str
    codice_esito: str
    id_acquisizione_siuss: str | None = None


class FlussoScartato(_EventoFlusso):
    """A flow broke a rule of ours and goes to the worklist; `regole` are the codes of the broken rules."""

    tipo: ClassVar[str] = "flussi.flusso.scartato"

    regole: tuple[str, ...]
