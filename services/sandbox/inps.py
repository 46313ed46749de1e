"""A stand-in of INPS for the WaaS e-service: it asks for flows, checks them, and notifies the outcomes.

It follows the published contract (WAAS-SIUSS-Alimentazione 2.0.1) and notes as an anomaly whatever the ente's answer does against
it. What INPS does inside is not published: the refusal of a second insertion and of a cancellation without insertion is our
supposition ("comportamento da verificare"). Memory only: a new process starts from `since=0`, as at the first acquisition.
"""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx
import structlog
from fastapi import APIRouter, HTTPException, Request
from lxml import etree
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import State

from services.core.flussi.contratto import MASSIMO_PER_PAGINA, CodiceEsito, ElencoFlussi, EsitoWaas, FlussoWaas
from services.core.flussi.orologio import leggi_ts, stampa_ts
from services.core.flussi.ps import FlussoPS, Prestazione
from services.core.flussi.ps_xml import FlussoIllegibile, leggi_documento, leggi_xml
from services.core.flussi.regole_ps import controlla
from services.core.flussi.tracciato import Violazione
from services.core.flussi.vocabolario import Operazione, TipoFlusso
from services.core.platform.clock import adesso_ms
from services.core.platform.errori import ServizioEsterno

log = structlog.get_logger()

_LOTTO: Final = 40  # with the doubled and the invented outcomes of a Guasto it stays within the 100 of the contract
_UN_ORA_MS: Final = 3_600_000
_UN_SOLO: Final = "In cooperazione è possibile inviare solo un beneficiario e una prestazione sociale"

Voucher = Callable[[str], Awaitable[str]]
"""Given an audience, obtain a PDND voucher for it."""


class Guasto(StrEnum):
    """How this INPS may misbehave in one round."""

    ESITO_MALFORMATO = "esito_malformato"
    ESITI_DOPPI = "esiti_doppi"
    FUORI_ORDINE = "fuori_ordine"
    ID_SCONOSCIUTO = "id_sconosciuto"


@dataclass(slots=True)
class Resoconto:
    """What one round did. `anomalie` are breaches of the contract by the ente, or answers that did not come."""

    pagine: int = 0
    flussi: int = 0
    esiti: dict[str, int] = field(default_factory=dict)
    notifiche_consegnate: int = 0
    notifiche_rimandate: int = 0
    anomalie: list[str] = field(default_factory=list)


def carica_xsd(cartella: Path) -> dict[TipoFlusso, etree.XMLSchema]:
    """Load INPS's schemas from a directory that holds them; they are not part of this project.

    Raises:
        OSError: a schema is missing.
    """
    nomi = {TipoFlusso.PS_PSA_SINA: "PS_PSA_SINA201812.xsd", TipoFlusso.SINBA: "SINBA.xsd"}
    lettore = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return {tipo: etree.XMLSchema(etree.parse(str(cartella / nome), lettore)) for tipo, nome in nomi.items()}


class PollerINPS:
    """INPS towards one ente: its cursor, what it acquired, the outcomes not yet delivered.

    Args:
        fabbrica_client: builds the HTTP client of one round.
        voucher: obtains the PDND voucher for an audience.
        base_url: address of the e-service, up to and including `/waas/v1`.
        audience: the ente's audience.
        limite: how many flows to ask for at a time, 1 to 100.
        xsd: INPS's schemas where available; without them only the typed reading and the rules judge.
    """

    def __init__(
        self,
        *,
        fabbrica_client: Callable[[], httpx.AsyncClient],
        voucher: Voucher,
        base_url: str,
        audience: str,
        limite: int = 10,
        xsd: Mapping[TipoFlusso, etree.XMLSchema] | None = None,
    ) -> None:
        if not 1 <= limite <= MASSIMO_PER_PAGINA:
            raise ValueError("il limite va da 1 a 100")
        self._fabbrica_client = fabbrica_client
        self._voucher = voucher
        self._base_url = base_url.rstrip("/")
        self._limite = limite
        self._valutatore = Valutatore(xsd or {})
        self._blocco = asyncio.Lock()
        self.audience = audience
        self.cursore = 0
        self.letti: list[str] = []
        self.in_attesa: list[EsitoWaas] = []
        self.consegnati: dict[str, str] = {}

    async def giro(self, guasti: Iterable[Guasto] = ()) -> Resoconto:
        """Do one round: deliver what is waiting, ask for flows until none is left, check them, deliver the outcomes."""
        async with self._blocco:
            resoconto = Resoconto()
            async with self._fabbrica_client() as client:
                try:
                    await self._consegna(client, resoconto, frozenset())
                    while await self._pagina(client, resoconto):
                        pass
                    await self._consegna(client, resoconto, frozenset(guasti))
                except (httpx.HTTPError, ServizioEsterno) as errore:
                    resoconto.anomalie.append(f"nessuna risposta: {type(errore).__name__}")
            resoconto.notifiche_rimandate = len(self.in_attesa)
            log.info("sandbox_inps_giro", audience=self.audience, flussi=resoconto.flussi, anomalie=len(resoconto.anomalie))
            return resoconto

    def stato(self) -> dict[str, Any]:
        """Return cursor, counts and outcomes by flow, for who drives the sandbox."""
        return {
            "audience": self.audience,
            "cursore": self.cursore,
            "flussi_letti": len(self.letti),
            "posizioni": len(self._valutatore.posizioni),
            "esiti_in_attesa": len(self.in_attesa),
            "esiti": dict(self.consegnati),
        }

    async def _intestazioni(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self._voucher(self.audience)}"}

    async def _pagina(self, client: httpx.AsyncClient, resoconto: Resoconto) -> bool:
        """Read one page; False when there is nothing more to ask for."""
        risposta = await client.get(
            f"{self._base_url}/flussi",
            params={"since": self.cursore, "limit": self._limite},
            headers=await self._intestazioni(),
        )
        if risposta.status_code != httpx.codes.OK:
            resoconto.anomalie.append(f"GET /flussi ha risposto {risposta.status_code}")
            return False
        try:
            pagina = ElencoFlussi.model_validate_json(risposta.content).elenco_flussi
        except ValidationError as errore:
            resoconto.anomalie.append(f"pagina non conforme al contratto: {errore.error_count()} errori")
            return False
        resoconto.pagine += 1
        if len(pagina) > self._limite:
            resoconto.anomalie.append("pagina più lunga del limite chiesto")
        for flusso in pagina:
            if not self._prendi(flusso, resoconto):
                return False
        return bool(pagina)

    def _prendi(self, flusso: FlussoWaas, resoconto: Resoconto) -> bool:
        try:
            ts = leggi_ts(flusso.ts_flusso)
        except ValueError:
            resoconto.anomalie.append("ts_flusso non è un istante")
            return False
        if ts <= self.cursore:
            resoconto.anomalie.append("ts_flusso non crescente: flussi persi o ripetuti")
            return False
        if flusso.id_flusso in self.letti:
            resoconto.anomalie.append("id_flusso già letto")
        self.cursore = ts
        self.letti.append(flusso.id_flusso)
        esito = self._valutatore.valuta(flusso)
        self.in_attesa.append(esito)
        resoconto.flussi += 1
        resoconto.esiti[esito.codice_esito.value] = resoconto.esiti.get(esito.codice_esito.value, 0) + 1
        return True

    async def _consegna(self, client: httpx.AsyncClient, resoconto: Resoconto, guasti: frozenset[Guasto]) -> None:
        """Post the waiting outcomes; those answered with anything but 2xx wait for the next round."""
        lotti = [self.in_attesa[i : i + _LOTTO] for i in range(0, len(self.in_attesa), _LOTTO)]
        if not lotti and guasti & {Guasto.ID_SCONOSCIUTO, Guasto.ESITO_MALFORMATO}:
            lotti = [[]]
        for lotto in lotti:
            corpo = _con_guasti(lotto, guasti)
            if not await self._posta(client, resoconto, corpo):
                continue
            if Guasto.ESITI_DOPPI in guasti:
                await self._posta(client, resoconto, corpo)
            resoconto.notifiche_consegnate += len(lotto)
            self.consegnati.update({e.id_flusso: e.codice_esito.value for e in lotto})
            self.in_attesa = [e for e in self.in_attesa if e not in lotto]

    async def _posta(self, client: httpx.AsyncClient, resoconto: Resoconto, corpo: list[Any]) -> bool:
        risposta = await client.post(f"{self._base_url}/esiti", json={"elenco_esiti": corpo}, headers=await self._intestazioni())
        if not risposta.is_success:
            resoconto.anomalie.append(f"POST /esiti ha risposto {risposta.status_code}")
        return risposta.is_success


def _con_guasti(lotto: list[EsitoWaas], guasti: frozenset[Guasto]) -> list[Any]:
    corpo: list[Any] = [e.model_dump(mode="json", exclude_none=True) for e in lotto]
    if Guasto.FUORI_ORDINE in guasti:
        corpo = corpo[::-1] + [_piu_vecchio(e).model_dump(mode="json", exclude_none=True) for e in lotto]
    ignoto = "Z999.PS.20000101.0000001"
    if Guasto.ID_SCONOSCIUTO in guasti:
        corpo.append(_esito(ignoto, TipoFlusso.PS_PSA_SINA, stampa_ts(0), CodiceEsito.OK, acquisizione="0"))
    if Guasto.ESITO_MALFORMATO in guasti:
        corpo += ["non sono un oggetto", {"id_flusso": ignoto, "tipo": "ALTRO"}, {"id_flusso": 7, "ts_flusso": None}]
    return [e.model_dump(mode="json", exclude_none=True) if isinstance(e, EsitoWaas) else e for e in corpo]


def _piu_vecchio(esito: EsitoWaas) -> EsitoWaas:
    """An earlier outcome for the same flow, as if its notification had come late."""
    prima = stampa_ts(leggi_ts(esito.ts_acquisizione) - _UN_ORA_MS)
    return esito.model_copy(
        update={
            "ts_acquisizione": prima,
            "codice_esito": CodiceEsito.ERRORE_GENERICO,
            "descrizione_esito": "Elaborazione interrotta, sarà ripetuta",
            "id_acquisizione_siuss": None,
        }
    )


def _esito(
    id_flusso: str,
    tipo: TipoFlusso,
    ts_flusso: str,
    codice: CodiceEsito,
    *,
    descrizione: str | None = None,
    acquisizione: str | None = None,
) -> EsitoWaas:
    return EsitoWaas(
        id_flusso=id_flusso,
        tipo=tipo,
        ts_flusso=ts_flusso,
        ts_acquisizione=stampa_ts(adesso_ms()),
        codice_esito=codice,
        descrizione_esito=descrizione,
        id_acquisizione_siuss=acquisizione,
    )


class Valutatore:
    """How the sandbox judges a flow: XML, schema when there is one, rules, then the position in its own archive."""

    def __init__(self, xsd: Mapping[TipoFlusso, etree.XMLSchema]) -> None:
        self._xsd = xsd
        self._numero = 22_737
        self.posizioni: dict[tuple[str | None, ...], str] = {}

    def valuta(self, flusso: FlussoWaas) -> EsitoWaas:
        """Return the outcome of a flow."""
        codice, descrizione, acquisizione = self._giudica(flusso)
        return _esito(flusso.id_flusso, flusso.tipo, flusso.ts_flusso, codice, descrizione=descrizione, acquisizione=acquisizione)

    def _giudica(self, flusso: FlussoWaas) -> tuple[CodiceEsito, str | None, str | None]:
        if flusso.tipo is not TipoFlusso.PS_PSA_SINA:
            return CodiceEsito.ERRORE_GENERICO, "Tipo di flusso non gestito dalla sandbox", None
        try:
            dati = base64.b64decode(flusso.flusso, validate=True)
            self._verifica_xsd(flusso.tipo, dati)
            letto = leggi_xml(dati)
        except (binascii.Error, FlussoIllegibile) as errore:
            return CodiceEsito.RICHIESTA_INVALIDA, _motivo(errore), None
        if letto.nome != flusso.id_flusso:
            return CodiceEsito.RICHIESTA_INVALIDA, "Il nome nel documento non è l'identificativo del flusso", None
        violazioni = controlla(letto)
        if any(v.codice in ("un-solo-beneficiario", "una-sola-prestazione") for v in violazioni):
            return CodiceEsito.RICHIESTA_INVALIDA, _UN_SOLO, None
        if violazioni:
            return CodiceEsito.RICHIESTA_INVALIDA, "; ".join(f"{v.campo}: {v.testo}" for v in violazioni), None
        return self._archivia(letto)

    def _verifica_xsd(self, tipo: TipoFlusso, dati: bytes) -> None:
        schema = self._xsd.get(tipo)
        if schema is not None and not schema.validate(leggi_documento(dati)):
            raise FlussoIllegibile(Violazione("xsd", "", "Il documento non è conforme allo schema XSD"))

    def _archivia(self, letto: FlussoPS) -> tuple[CodiceEsito, str | None, str | None]:
        beneficiario = letto.beneficiari[0]
        prestazione = beneficiario.prestazioni[0]
        chiave = (beneficiario.codice_fiscale, *_chiave(prestazione))
        self._numero += 1
        if prestazione.operazione is Operazione.CANCELLAZIONE:
            if self.posizioni.pop(chiave, None) is None:
                return CodiceEsito.DATI_NON_TROVATI, "La prestazione da cancellare non risulta acquisita", None
            return CodiceEsito.OK, None, str(self._numero)
        if chiave in self.posizioni:
            return CodiceEsito.DATI_NON_TROVATI, "La prestazione risulta già acquisita", None
        self.posizioni[chiave] = str(self._numero)
        return CodiceEsito.OK, None, str(self._numero)


def _chiave(prestazione: Prestazione) -> tuple[str | None, ...]:
    giorno = prestazione.inizio or prestazione.erogazione
    return prestazione.codice, prestazione.protocollo_domanda, giorno.isoformat() if giorno else None


def _motivo(errore: Exception) -> str:
    if isinstance(errore, FlussoIllegibile):
        return "; ".join(f"{v.campo}: {v.testo}" if v.campo else v.testo for v in errore.violazioni)
    return "Il flusso non è codificato in base64"


class RichiestaGiro(BaseModel):
    """Which ente to poll (all when absent) and how to misbehave."""

    model_config = ConfigDict(extra="forbid")

    audience: str | None = None
    guasti: list[Guasto] = []


router = APIRouter(prefix="/inps", tags=["Sandbox INPS"])


def monta(stato: State, poller: Iterable[PollerINPS]) -> None:
    """Give the application's state (`app.state`) the pollers that the routes drive, one per audience."""
    stato.poller_inps = {p.audience: p for p in poller}


def _poller(richiesta: Request) -> dict[str, PollerINPS]:
    presenti: dict[str, PollerINPS] | None = getattr(richiesta.app.state, "poller_inps", None)
    if not presenti:
        raise HTTPException(503, "Nessun ente è configurato nella sandbox INPS")
    return presenti


@router.post("/_giro", summary="Fa un giro di interrogazione degli enti", operation_id="faiGiroInps")
async def fai_giro(richiesta: Request, corpo: RichiestaGiro) -> dict[str, Resoconto]:
    """Run one polling round on command."""
    presenti = _poller(richiesta)
    if corpo.audience is None:
        return {audience: await p.giro(corpo.guasti) for audience, p in presenti.items()}
    if corpo.audience not in presenti:
        raise HTTPException(404, "Audience sconosciuta")
    return {corpo.audience: await presenti[corpo.audience].giro(corpo.guasti)}


@router.get("/_stato", summary="Mostra cursori ed esiti della sandbox INPS", operation_id="leggiStatoInps")
async def leggi_stato(richiesta: Request) -> dict[str, list[dict[str, Any]]]:
    """Show where each poller stands."""
    return {"elementi": [p.stato() for p in _poller(richiesta).values()]}
