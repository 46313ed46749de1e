"""Reading a person's ISEE from INPS through PDND.

**Schema to be verified.** INPS publishes the REST schemas of its ISEE e-services only to those enrolled. Names and values
here are those of the one schema in public, the SOAP service "ConsultazioneISEE" (threshold consultation), carried by JSON,
plus `ValoreIndicatore` for the amount; the adapter is the only place to change when the true schema is known.
Legal source of validity: DPCM 5 dicembre 2013 n. 159 art. 10 and D.Lgs. 147/2017 art. 10 c. 4.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar
from uuid import UUID

import httpx
import structlog

from services.core.platform.http import Risposta, RispostaInattesa, richiedi
from services.core.platform.money import in_centesimi
from services.core.platform.pdnd import ClientPdnd

SERVIZIO = "ISEE INPS"
PERCORSO = "/consultazione"

PROTOCOLLO_DSU = re.compile(r"INPS-ISEE-[0-9]{4}-[0-9]{8}[A-Z]-[0-9]{2}")
CODICE_SOGLIA = re.compile(r"[A-Za-z]{4}[0-9]{2}")
_EURO = re.compile(r"[0-9]{1,9}\.[0-9]{2}")
_GIORNO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_log = structlog.get_logger()
E = TypeVar("E", bound=StrEnum)


class TipoIndicatore(StrEnum):
    """The indicators of the published schema, spelled as there."""

    ORDINARIO = "ISEE Ordinario"
    MINORENNE_ORDINARIO = "ISEE Minorenne ordinario"
    MINORENNE_AGGIUNTIVA = "ISEE Minorenne con componente aggiuntiva"
    MINORENNE_ATTRATTA = "ISEE Minorenne con componente attratta"
    UNIVERSITARIO_AGGIUNTIVA = "ISEE Universitario con componente aggiuntiva"
    UNIVERSITARIO_ATTRATTA = "ISEE Universitario con componente attratta"
    UNIVERSITARIO_ORDINARIO = "ISEE Universitario ordinario"
    UNIVERSITARIO_ATTRATTO = "ISEE Universitario con studente attratto"
    UNIVERSITARIO_ATTRATTO_AGGIUNTIVA = "ISEE Universitario con studente attratto e componente aggiuntiva"
    UNIVERSITARIO_ATTRATTO_ATTRATTA = "ISEE Universitario con studente attratto e componente attratta"
    SOCIOSANITARIO_RIDOTTO = "ISEE Sociosanitario ridotto"
    DOTTORATO_RIDOTTO = "ISEE Dottorato ricerca ridotto"
    RESIDENZIALE_STANDARD_SENZA_FIGLI = "ISEE Residenziale standard senza figli aggiuntivi"
    RESIDENZIALE_STANDARD_CON_FIGLI = "ISEE Residenziale standard con figli aggiuntivi"
    RESIDENZIALE_RIDOTTO_SENZA_FIGLI = "ISEE Residenziale ridotto senza figli aggiuntivi"
    RESIDENZIALE_RIDOTTO_CON_FIGLI = "ISEE Residenziale ridotto con figli aggiuntivi"


class EsitoISEE(StrEnum):
    """Outcome of a consultation, as in the published schema."""

    OK = "OK"
    RICHIESTA_INVALIDA = "RICHIESTA_INVALIDA"
    DATI_NON_TROVATI = "DATI_NON_TROVATI"
    DATABASE_OFFLINE = "DATABASE_OFFLINE"
    ERRORE_INTERNO = "ERRORE_INTERNO"


@dataclass(frozen=True, slots=True)
class AttestazioneISEE:
    """An ISEE certificate in force on the day asked for. `valore_centesimi` in cents of euro; `valida_fino` included.

    `sotto_soglia` is INPS's own comparison, present only when a `codice_soglia` was sent.
    """

    tipo_indicatore: TipoIndicatore
    valore_centesimi: int
    protocollo_dsu: str
    data_dsu: date
    valida_fino: date
    difformita: bool
    sotto_soglia: bool | None
    id_richiesta: int


@dataclass(frozen=True, slots=True)
class IseeNonTrovato:
    """INPS holds no certificate of that kind in force on that day: the fact stays missing, it is not zero."""

    id_richiesta: int


class ConsultazioneISEE(Protocol):
    """The port: what the domain asks, whoever answers."""

    async def consulta(
        self,
        codice_fiscale: str,
        *,
        data_validita: date,
        tipo_indicatore: TipoIndicatore | None = None,
        codice_soglia: str | None = None,
    ) -> AttestazioneISEE | IseeNonTrovato:
        """Return the certificate in force on `data_validita`, or that there is none.

        Raises:
            ServizioEsterno: INPS or PDND cannot be had, or answered against the schema; no person is named.
        """


def fine_validita(data_dsu: date) -> date:
    """Last day of validity: the 31 December that follows the presentation of the DSU (D.Lgs. 147/2017 art. 10 c. 4)."""
    return date(data_dsu.year, 12, 31)


class ConsultazioneISEEPdnd:
    """The adapter: one POST to INPS's e-service with a PDND voucher. The codice fiscale travels in the body, never in the URL."""

    def __init__(self, *, url: str, finalita: UUID, pdnd: ClientPdnd, cliente: httpx.AsyncClient) -> None:
        self._url = url.rstrip("/") + PERCORSO
        self._finalita, self._pdnd, self._cliente = finalita, pdnd, cliente

    async def consulta(
        self,
        codice_fiscale: str,
        *,
        data_validita: date,
        tipo_indicatore: TipoIndicatore | None = None,
        codice_soglia: str | None = None,
    ) -> AttestazioneISEE | IseeNonTrovato:
        """See `ConsultazioneISEE.consulta`. A voucher refused by the e-service is replaced once."""
        corpo = {"codice_fiscale": codice_fiscale, "data_validita": data_validita.isoformat(), "fornitura_nucleo": "NO"}
        if tipo_indicatore is not None:
            corpo["tipo_indicatore"] = tipo_indicatore.value
        if codice_soglia is not None:
            corpo["codice_soglia"] = codice_soglia
        contenuto = json.dumps(corpo).encode("utf-8")
        risposta = await self._invia(contenuto)
        if risposta.stato == 401:
            self._pdnd.dimentica(self._finalita)
            risposta = await self._invia(contenuto)
        if risposta.stato != 200:
            raise _inattesa(f"stato-{risposta.stato}")
        return _leggi(risposta.oggetto(), data_validita, tipo_indicatore, con_soglia=codice_soglia is not None)

    async def _invia(self, contenuto: bytes) -> Risposta:
        voucher = await self._pdnd.voucher(self._finalita)
        return await richiedi(
            self._cliente,
            "POST",
            self._url,
            servizio=SERVIZIO,
            intestazioni={
                "Authorization": f"Bearer {voucher}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            contenuto=contenuto,
            massimo=64 * 1024,
        )


def _inattesa(codice: str) -> RispostaInattesa:
    _log.warning("isee_risposta_inattesa", codice=codice)
    return RispostaInattesa(SERVIZIO, codice)


def _leggi(
    oggetto: Mapping[str, object], data_validita: date, tipo: TipoIndicatore | None, *, con_soglia: bool
) -> AttestazioneISEE | IseeNonTrovato:
    numero = oggetto.get("IdRichiesta")
    if isinstance(numero, bool) or not isinstance(numero, int) or not 0 <= numero < 2**31:
        raise _inattesa("IdRichiesta")
    esito = _scelta(oggetto, "Esito", EsitoISEE)
    if esito is EsitoISEE.DATI_NON_TROVATI:
        return IseeNonTrovato(numero)
    if esito is not EsitoISEE.OK:
        raise _inattesa(esito.value)
    dati = oggetto.get("DatiIndicatore")
    if not isinstance(dati, dict):
        raise _inattesa("DatiIndicatore")
    attestazione = _attestazione(dati, numero, con_soglia=con_soglia)
    if tipo is not None and attestazione.tipo_indicatore is not tipo:
        raise _inattesa("TipoIndicatore")
    if not attestazione.data_dsu <= data_validita <= attestazione.valida_fino:
        raise _inattesa("validita")
    return attestazione


def _attestazione(dati: Mapping[str, object], numero: int, *, con_soglia: bool) -> AttestazioneISEE:
    data_dsu = _giorno(dati, "DataPresentazioneDSU")
    return AttestazioneISEE(
        tipo_indicatore=_scelta(dati, "TipoIndicatore", TipoIndicatore),
        valore_centesimi=in_centesimi(Decimal(_testo(dati, "ValoreIndicatore", _EURO))),
        protocollo_dsu=_testo(dati, "ProtocolloDSU", PROTOCOLLO_DSU),
        data_dsu=data_dsu,
        valida_fino=fine_validita(data_dsu),
        difformita=_si_no(dati, "PresenzaDifformita"),
        sotto_soglia=_si_no(dati, "SottoSoglia") if con_soglia else None,
        id_richiesta=numero,
    )


def _testo(dati: Mapping[str, object], nome: str, forma: re.Pattern[str]) -> str:
    valore = dati.get(nome)
    if not isinstance(valore, str) or not forma.fullmatch(valore):
        raise _inattesa(nome)
    return valore


def _giorno(dati: Mapping[str, object], nome: str) -> date:
    try:
        return date.fromisoformat(_testo(dati, nome, _GIORNO))
    except ValueError:
        raise _inattesa(nome) from None


def _si_no(dati: Mapping[str, object], nome: str) -> bool:
    valore = dati.get(nome)
    if valore not in ("SI", "NO"):
        raise _inattesa(nome)
    return valore == "SI"


def _scelta(dati: Mapping[str, object], nome: str, enum: type[E]) -> E:
    try:
        return enum(str(dati.get(nome, "")))
    except ValueError:
        raise _inattesa(nome) from None
