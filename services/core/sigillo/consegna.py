"""Handing the heads over to the witness, over HTTP, and keeping its receipts.

The witness is asked first which head it knows last: so a receipt that was lost on the way, or a sealer killed while waiting
for it, costs nothing. A witness that knows another chain than ours is never overruled: heads stay unwitnessed, and it shows.
"""

from enum import StrEnum
from typing import Any

import httpx
from pydantic import ValidationError

from services.core.misure.canonico import byte_canonici
from services.core.platform.errori import ServizioEsterno
from services.core.platform.http import Risposta, RispostaInattesa, richiedi
from services.core.sigillo import service
from services.core.sigillo.firme import Fiducia
from services.core.sigillo.testa import RicevutaFirmata, TestaFirmata

LOTTO = 200
"""Most heads in one request."""

DURATA_S = 10.0
SERVIZIO = "testimone dell'audit"
_JSON = {"Content-Type": "application/json"}


class Bivio(Exception):
    """The witness knows this chain otherwise than this database has it: tampering, or a restore nobody declared to it."""


class Esito(StrEnum):
    """How a round went."""

    FINITO = "finito"
    ANCORA = "ancora"


class Consegna:
    """Hands over on the connection and with the client it is given. `testimone` is trusted for the receipts."""

    def __init__(self, cliente: httpx.AsyncClient, url: str, testimone: Fiducia) -> None:
        self._cliente, self._url, self._testimone = cliente, url.rstrip("/"), testimone
        self._ultimo: int | None = None

    async def giro(self, connessione: Any) -> Esito:
        """Hand over the next heads, if there are any.

        Raises:
            ServizioEsterno: the witness does not answer, or not as agreed. Nothing is lost: the next round tries again.
            Bivio: it knows another chain.
        """
        try:
            return await self._giro(connessione)
        except (ServizioEsterno, Bivio):
            self._ultimo = None
            raise

    async def _giro(self, connessione: Any) -> Esito:
        if self._ultimo is None:
            prima = await service.da_consegnare(connessione, 0, 1)
            if not prima:
                return Esito.FINITO
            self._ultimo = await self._riallinea(connessione, prima[0])
        teste = await service.da_consegnare(connessione, self._ultimo, LOTTO)
        if not teste:
            return Esito.FINITO
        corpo = byte_canonici({"teste": [testa.contenuto() for testa in teste]})
        risposta = await self._chiedi("POST", f"/archivi/{teste[0].testa.archivio}/teste", corpo)
        if risposta.stato == httpx.codes.CONFLICT:
            raise Bivio("il testimone rifiuta le teste: non proseguono quelle che conosce")
        if risposta.stato != httpx.codes.CREATED:
            raise RispostaInattesa(SERVIZIO, f"stato-{risposta.stato}")
        await self._conserva(connessione, self._ricevuta(risposta), teste[-1])
        self._ultimo = teste[-1].testa.lotto
        return Esito.ANCORA if len(teste) == LOTTO else Esito.FINITO

    async def _riallinea(self, connessione: Any, prima: TestaFirmata) -> int:
        """Ask for the last head the witness knows, check that it is ours, keep the receipt; return its batch, 0 for none."""
        risposta = await self._chiedi("GET", f"/archivi/{prima.testa.archivio}")
        if risposta.stato == httpx.codes.NOT_FOUND:
            return 0
        if risposta.stato != httpx.codes.OK:
            raise RispostaInattesa(SERVIZIO, f"stato-{risposta.stato}")
        firmata = self._ricevuta(risposta)
        nostra = await service.da_consegnare(connessione, firmata.ricevuta.lotto - 1, 1)
        if not nostra or nostra[0].testa.impronta() != firmata.ricevuta.testa:
            raise Bivio(f"il testimone conosce un'altra testa del lotto {firmata.ricevuta.lotto}")
        await self._conserva(connessione, firmata, nostra[0])
        return firmata.ricevuta.lotto

    async def _chiedi(self, metodo: str, percorso: str, corpo: bytes | None = None) -> Risposta:
        intestazioni = _JSON if corpo is not None else None
        url = self._url + percorso
        return await richiedi(
            self._cliente, metodo, url, servizio=SERVIZIO, intestazioni=intestazioni, contenuto=corpo, durata_massima_s=DURATA_S
        )

    def _ricevuta(self, risposta: Risposta) -> RicevutaFirmata:
        try:
            firmata = RicevutaFirmata.model_validate(risposta.oggetto())
        except ValidationError:
            raise RispostaInattesa(SERVIZIO, "ricevuta") from None
        r = firmata.ricevuta
        if not self._testimone.verifica(r.kid, r.byte(), bytes.fromhex(firmata.controfirma)):
            raise RispostaInattesa(SERVIZIO, "controfirma")
        return firmata

    async def _conserva(self, connessione: Any, firmata: RicevutaFirmata, testa: TestaFirmata) -> None:
        r, t = firmata.ricevuta, testa.testa
        if (r.archivio, r.lotto, r.testa) != (t.archivio, t.lotto, t.impronta()):
            raise RispostaInattesa(SERVIZIO, "ricevuta-di-altro")
        await service.conserva_ricevuta(connessione, firmata)
