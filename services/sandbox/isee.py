"""A stand-in of INPS's ISEE e-service, "schema da verificare" (see `core.misure.isee_client`).

`POST /consultazione` wants a PDND voucher of its audience and answers from example files
`examples/<ambito>/sandbox_isee.yaml`: a list of {codice_fiscale, tipo_indicatore, valore_centesimi, protocollo_dsu,
data_presentazione, difformita[, nucleo]}. `POST /_comando {"modo": "normale|offline|errore"}` makes it fail.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from stdnum.it import codicefiscale

from services.core.misure.isee_client import CODICE_SOGLIA, PROTOCOLLO_DSU, EsitoISEE, TipoIndicatore, fine_validita
from services.core.platform.forma_token import TokenNonValido
from services.core.platform.money import in_euro
from services.core.platform.pdnd import VerificaVoucher
from services.core.platform.yamlstretto import leggi_yaml
from services.sandbox.risposte import CorpoNonValido, leggi_corpo, leggi_modo, problema

NOME_FILE = "sandbox_isee.yaml"


def _codice_valido(valore: str) -> str:
    if len(valore) != 16 or not codicefiscale.is_valid(valore) or valore != valore.upper():
        raise ValueError("codice fiscale non valido")
    return valore


CodiceFiscale = Annotated[str, AfterValidator(_codice_valido)]
Protocollo = Annotated[str, Field(pattern=f"^{PROTOCOLLO_DSU.pattern}$")]


class _Stretto(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ComponenteISEE(_Stretto):
    """A member of the nucleus, given only when asked for."""

    codice_fiscale: CodiceFiscale
    cognome: Annotated[str, Field(min_length=1, max_length=64)]
    nome: Annotated[str, Field(min_length=1, max_length=64)]


class DatoISEE(_Stretto):
    """One certificate of the examples. `valore_centesimi` in cents of euro."""

    codice_fiscale: CodiceFiscale
    tipo_indicatore: TipoIndicatore
    valore_centesimi: Annotated[StrictInt, Field(ge=0, lt=10**11)]
    protocollo_dsu: Protocollo
    data_presentazione: date
    difformita: StrictBool
    nucleo: tuple[ComponenteISEE, ...] = ()


class RichiestaISEE(_Stretto):
    """The body of a consultation."""

    codice_fiscale: CodiceFiscale
    data_validita: date
    tipo_indicatore: TipoIndicatore | None = None
    codice_soglia: Annotated[str, Field(pattern=f"^{CODICE_SOGLIA.pattern}$")] | None = None
    fornitura_nucleo: Literal["SI", "NO"] = "NO"


class DatiNonCaricati(ValueError):
    """An example file that cannot be used; the message names file and field, never a value."""


def carica_dati(percorsi: Iterable[Path]) -> tuple[DatoISEE, ...]:
    """Read the example files.

    Raises:
        DatiNonCaricati: not YAML, an unknown or repeated field, a wrong value, or the same certificate twice.
    """
    dati: list[DatoISEE] = []
    for percorso in percorsi:
        dati += _leggi_file(percorso)
    chiavi = {(d.codice_fiscale, d.tipo_indicatore, d.data_presentazione) for d in dati}
    if len(chiavi) != len(dati):
        raise DatiNonCaricati("la stessa attestazione compare due volte")
    return tuple(dati)


def _leggi_file(percorso: Path) -> list[DatoISEE]:
    try:
        return TypeAdapter(list[DatoISEE]).validate_python(leggi_yaml(percorso.read_text("utf-8")))
    except ValidationError as errore:
        campi = "; ".join(".".join(map(str, e["loc"])) + ": " + e["type"] for e in errore.errors(include_input=False))
        raise DatiNonCaricati(f"{percorso.name}: {campi}") from None
    except yaml.MarkedYAMLError as errore:
        raise DatiNonCaricati(f"{percorso.name}: YAML non valido ({errore.problem})") from None
    except (yaml.YAMLError, ValueError):
        raise DatiNonCaricati(f"{percorso.name}: YAML o data non validi") from None


class Modo(StrEnum):
    """How the service behaves."""

    NORMALE = "normale"
    OFFLINE = "offline"
    ERRORE = "errore"


@dataclass(frozen=True, slots=True)
class Soglia:
    """A threshold registered under a `codice_soglia`: which indicators it regards and the ceiling, in cents of euro."""

    tipi: frozenset[TipoIndicatore]
    importo_centesimi: int


@dataclass(slots=True)
class IseeSandbox:
    """The e-service: certificates, thresholds, the verifier of its vouchers."""

    dati: Sequence[DatoISEE]
    voucher: VerificaVoucher
    soglie: Mapping[str, Soglia] = field(default_factory=dict)
    modo: Modo = Modo.NORMALE
    _numeri: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def rispondi(self, richiesta: RichiestaISEE | None) -> dict[str, object]:
        """Answer a consultation; None stands for a body against the schema."""
        base: dict[str, object] = {"IdRichiesta": next(self._numeri)}
        if self.modo is Modo.OFFLINE:
            return base | _esito(EsitoISEE.DATABASE_OFFLINE, "Banca dati non disponibile")
        if self.modo is Modo.ERRORE:
            return base | _esito(EsitoISEE.ERRORE_INTERNO, "Errore interno")
        soglia = self.soglie.get(richiesta.codice_soglia) if richiesta and richiesta.codice_soglia else None
        if richiesta is None or (richiesta.codice_soglia and soglia is None):
            return base | _esito(EsitoISEE.RICHIESTA_INVALIDA, "Richiesta non conforme")
        dato = self._trova(richiesta, soglia)
        if dato is None:
            return base | _esito(EsitoISEE.DATI_NON_TROVATI, "Nessuna attestazione valida alla data")
        return base | {"Esito": EsitoISEE.OK.value, "DatiIndicatore": _indicatore(dato, richiesta, soglia)}

    def _trova(self, richiesta: RichiestaISEE, soglia: Soglia | None) -> DatoISEE | None:
        ordine = list(TipoIndicatore)
        adatti = [
            d
            for d in self.dati
            if d.codice_fiscale == richiesta.codice_fiscale
            and d.data_presentazione <= richiesta.data_validita <= fine_validita(d.data_presentazione)
            and richiesta.tipo_indicatore in (None, d.tipo_indicatore)
            and (soglia is None or d.tipo_indicatore in soglia.tipi)
        ]
        # the last DSU replaces the earlier ones; among its indicators the ordinary comes first
        return max(adatti, key=lambda d: (d.data_presentazione, -ordine.index(d.tipo_indicatore)), default=None)


def _esito(esito: EsitoISEE, descrizione: str) -> dict[str, object]:
    return {"Esito": esito.value, "DescrizioneErrore": descrizione}


def _si_no(valore: bool) -> str:
    return "SI" if valore else "NO"


def _indicatore(dato: DatoISEE, richiesta: RichiestaISEE, soglia: Soglia | None) -> dict[str, object]:
    indicatore: dict[str, object] = {
        "TipoIndicatore": dato.tipo_indicatore.value,
        "ValoreIndicatore": str(in_euro(dato.valore_centesimi)),
        "ProtocolloDSU": dato.protocollo_dsu,
        "DataPresentazioneDSU": dato.data_presentazione.isoformat(),
        "PresenzaDifformita": _si_no(dato.difformita),
    }
    if soglia is not None:
        indicatore["SottoSoglia"] = _si_no(dato.valore_centesimi <= soglia.importo_centesimi)
    if richiesta.fornitura_nucleo == "SI":
        indicatore["Componente"] = [
            {"CodiceFiscale": c.codice_fiscale, "Cognome": c.cognome, "Nome": c.nome} for c in dato.nucleo
        ]
    return indicatore


def app(servizio: IseeSandbox) -> Starlette:
    """The e-service, to be mounted at the path configured as `AMBITO_ISEE_URL`."""

    async def consultazione(richiesta: Request) -> Response:
        schema, _, token = richiesta.headers.get("authorization", "").partition(" ")
        try:
            await servizio.voucher.verifica(token if schema.lower() == "bearer" else "")
        except TokenNonValido as errore:
            return problema(401, "Voucher non valido", errore.dettaglio)
        try:
            corpo = await leggi_corpo(richiesta, "application/json")
        except CorpoNonValido as errore:
            return problema(400, "Richiesta malformata", str(errore))
        try:
            letta = RichiestaISEE.model_validate_json(corpo)
        except ValidationError:
            letta = None
        return JSONResponse(servizio.rispondi(letta), headers={"Cache-Control": "no-store"})

    async def comando(richiesta: Request) -> Response:
        try:
            servizio.modo = await leggi_modo(richiesta, Modo)
        except CorpoNonValido as errore:
            return problema(400, "Comando non valido", str(errore))
        return JSONResponse({"modo": servizio.modo.value})

    return Starlette(
        routes=[
            Route("/consultazione", consultazione, methods=["POST"]),
            Route("/_comando", comando, methods=["POST"]),
        ]
    )
