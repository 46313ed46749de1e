"""The JSON of the WaaS contract (INPS, WAAS-SIUSS-Alimentazione 2.0.1) as models, and the reading of outcomes.

What we write is exact. What we read tolerates unknown fields, and one outcome that cannot be read does not stop the others: it is
kept raw for the worklist, since INPS repeats a whole notification until it is taken.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.core.flussi.orologio import leggi_istante, leggi_ts, stampa_ts
from services.core.flussi.vocabolario import TipoFlusso

MASSIMO_PER_PAGINA: Final = 100
PREDEFINITO_PER_PAGINA: Final = 10
MASSIMO_ESITI: Final = 100
_LUNGHEZZA_TESTI: Final = 4096


class CodiceEsito(StrEnum):
    """`DATI_NON_TROVATI` means incoherent data, `RICHIESTA_INVALIDA` a structure that does not conform."""

    OK = "OK"
    DATI_NON_TROVATI = "DATI_NON_TROVATI"
    RICHIESTA_INVALIDA = "RICHIESTA_INVALIDA"
    ERRORE_GENERICO = "ERRORE_GENERICO"


class FlussoWaas(BaseModel):
    """One entry of a page. `flusso` is the XML in base64, `ts_flusso` has exactly three decimals and ends in Z."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    codice_ente: Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{3}$")]
    denominazione_ente: Annotated[str, StringConstraints(max_length=256)]
    id_flusso: Annotated[str, StringConstraints(max_length=64)]
    tipo: TipoFlusso
    ts_flusso: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$")]
    flusso: Annotated[str, StringConstraints(max_length=10_000_000)]

    @classmethod
    def di(
        cls, *, codice_ente: str, denominazione: str, id_flusso: str, tipo: TipoFlusso, ts_flusso: int, contenuto: bytes
    ) -> "FlussoWaas":
        """Build an entry from a published flow; `ts_flusso` in milliseconds since the epoch."""
        return cls(
            codice_ente=codice_ente,
            denominazione_ente=denominazione,
            id_flusso=id_flusso,
            tipo=tipo,
            ts_flusso=stampa_ts(ts_flusso),
            flusso=base64.b64encode(contenuto).decode("ascii"),
        )


class ElencoFlussi(BaseModel):
    """A page of flows in chronological order; empty means "nothing new until the next window"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    elenco_flussi: Annotated[tuple[FlussoWaas, ...], Field(max_length=MASSIMO_PER_PAGINA)]


class ElencoEsiti(BaseModel):
    """A notification of outcomes. The items are read one by one with `leggi_esito`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    elenco_esiti: Annotated[list[Any], Field(max_length=MASSIMO_ESITI)]


class EsitoWaas(BaseModel):
    """One outcome as the contract words it, for who writes it (the sandbox)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id_flusso: str
    tipo: TipoFlusso
    ts_flusso: str
    ts_acquisizione: str
    codice_esito: CodiceEsito
    descrizione_esito: str | None = None
    id_acquisizione_siuss: str | None = None


@dataclass(frozen=True, slots=True)
class EsitoLetto:
    """A well-formed outcome. `ts_flusso` in milliseconds since the epoch."""

    id_flusso: str
    tipo: TipoFlusso
    ts_flusso: int
    ts_acquisizione: datetime
    codice: CodiceEsito
    descrizione: str | None
    id_acquisizione_siuss: str | None


@dataclass(frozen=True, slots=True)
class EsitoMalformato:
    """An outcome that cannot be read, with the name of the first wrong field and the reason."""

    campo: str
    motivo: str


_LETTORI: Final[dict[str, Callable[[str], Any]]] = {
    "tipo": TipoFlusso,
    "codice_esito": CodiceEsito,
    "ts_flusso": leggi_ts,
    "ts_acquisizione": leggi_istante,
}


def leggi_esito(grezzo: Any) -> EsitoLetto | EsitoMalformato:
    """Read one item of `elenco_esiti`; fields that the contract does not know are ignored."""
    if not isinstance(grezzo, dict):
        return EsitoMalformato("", "l'esito non è un oggetto")
    testi: dict[str, str] = {}
    for campo in ("id_flusso", "tipo", "ts_flusso", "ts_acquisizione", "codice_esito"):
        valore = grezzo.get(campo)
        if not isinstance(valore, str) or not valore.strip() or "\x00" in valore or len(valore) > _LUNGHEZZA_TESTI:
            return EsitoMalformato(campo, "manca o non è un testo ammesso")
        testi[campo] = valore.strip()
    facoltativi: dict[str, str | None] = {}
    for campo in ("descrizione_esito", "id_acquisizione_siuss"):
        valore = grezzo.get(campo)
        if valore is not None and (not isinstance(valore, str) or "\x00" in valore):
            return EsitoMalformato(campo, "non è un testo ammesso")
        facoltativi[campo] = valore[:_LUNGHEZZA_TESTI] if valore is not None else None
    return _interpreta(testi, facoltativi)


def _interpreta(testi: dict[str, str], facoltativi: dict[str, str | None]) -> EsitoLetto | EsitoMalformato:
    letti: dict[str, Any] = {}
    for campo, lettore in _LETTORI.items():
        try:
            letti[campo] = lettore(testi[campo])
        except ValueError:
            return EsitoMalformato(campo, "il valore non è fra quelli del contratto")
    return EsitoLetto(
        id_flusso=testi["id_flusso"],
        tipo=letti["tipo"],
        ts_flusso=letti["ts_flusso"],
        ts_acquisizione=letti["ts_acquisizione"],
        codice=letti["codice_esito"],
        descrizione=facoltativi["descrizione_esito"],
        id_acquisizione_siuss=facoltativi["id_acquisizione_siuss"],
    )


def impronta(grezzo: Any) -> str:
    """Return the SHA-256 (lowercase hex) of an outcome's canonical JSON: equal for two deliveries of the same outcome."""
    canonico = json.dumps(grezzo, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonico.encode("ascii")).hexdigest()


def senza_illeciti(valore: Any) -> Any:
    """Replace what PostgreSQL's JSONB cannot hold (NUL, half a surrogate pair) by the replacement character, at every depth."""
    if isinstance(valore, str):
        return valore.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(valore, list):
        return [senza_illeciti(v) for v in valore]
    if isinstance(valore, dict):
        return {senza_illeciti(k): senza_illeciti(v) for k, v in valore.items()}
    return valore
