"""The sender of webhooks: claim in a short transaction, send outside any transaction, record in another.

Killed anywhere, it leaves a lease that runs out and a delivery that is sent again under the same `webhook-id`: at least once
towards the receiver, who tells a repeat by the id.
"""

import asyncio
import random
import socket
import ssl
import time
from collections import Counter
from datetime import timedelta
from uuid import UUID

import httpx
import sqlalchemy as sa
import structlog

from services.core.platform.clock import adesso
from services.core.platform.http import USER_AGENT, cliente_http
from services.core.platform.pg.ruoli import MITTENTE
from services.core.platform.settings import Ambiente
from services.core.webhooks import attesa, firma, indirizzi, segreti
from services.core.webhooks.corpo import estratto
from services.core.webhooks.models import MASSIMO_ESTRATTO
from services.core.webhooks.service import Esito, Presa, reclama, registra
from services.worker.contesto import ContestoWorker
from services.worker.lettori import codice_errore, dove

DURATA_MASSIMA_S = 10.0
"""Longest time for one attempt, from the resolution of the name to the end of what is read of the answer."""

AFFITTO = timedelta(seconds=20)
"""Lease of a claimed delivery: longer than an attempt and its record, so that only a dead sender loses it."""

IN_VOLO = 16
IN_VOLO_PER_DESTINAZIONE = 4
DURATA_TURNO_S = 60.0
BYTE_LETTI = 4 * MASSIMO_ESTRATTO

log = structlog.get_logger()


async def invia_tutte(contesto: ContestoWorker) -> bool:
    """Send every delivery that is due; False when it stopped before the end (long turn, shutdown) and is to be woken again.

    Returns at once, True, when another turn runs in this process: that one will see the new deliveries.
    """
    if contesto.turno_invii.locked():
        return True
    async with contesto.turno_invii:
        return await _turno(contesto)


async def _turno(contesto: ContestoWorker) -> bool:
    in_volo: dict[asyncio.Task[None], UUID] = {}
    fine = time.monotonic() + DURATA_TURNO_S
    finito = False
    try:
        while True:
            continua = time.monotonic() < fine and not contesto.fermato()
            if continua and len(in_volo) < IN_VOLO:
                prese = await _prendi(contesto, IN_VOLO - len(in_volo), Counter(in_volo.values()))
                in_volo |= {asyncio.create_task(_consegna(contesto, p)): p.destinazione_id for p in prese}
                finito = not prese and not in_volo
            if not in_volo:
                return finito or contesto.fermato()
            fatte, _ = await asyncio.wait(in_volo, return_when=asyncio.FIRST_COMPLETED)
            for fatta in fatte:
                del in_volo[fatta]
                fatta.result()
    finally:
        for compito in in_volo:
            compito.cancel()
        await asyncio.gather(*in_volo, return_exceptions=True)


async def _prendi(contesto: ContestoWorker, limite: int, occupate: Counter[UUID]) -> list[Presa]:
    piene = [d for d, quante in occupate.items() if quante >= IN_VOLO_PER_DESTINAZIONE]
    async with contesto.sessioni() as sessione, sessione.begin():
        await sessione.execute(sa.text(f"SET LOCAL ROLE {MITTENTE}"))
        return await reclama(
            sessione,
            adesso=adesso(),
            affitto=AFFITTO,
            limite=limite,
            per_destinazione=IN_VOLO_PER_DESTINAZIONE,
            escluse=piene,
        )


async def _consegna(contesto: ContestoWorker, presa: Presa) -> None:
    """Send one delivery and record how it went. A failure of ours leaves the lease to run out: the delivery is tried again."""
    esito = await invia(contesto, presa)
    try:
        async with contesto.sessioni() as sessione, sessione.begin():
            await sessione.execute(sa.text(f"SET LOCAL ROLE {MITTENTE}"))
            stato = await registra(sessione, presa, esito, adesso=adesso(), casuale=random.random)
    except Exception as errore:  # noqa: BLE001  # one delivery must not stop the others
        _guasto("esito_non_registrato", presa, errore)
        return
    log.info(
        "consegna_tentata",
        consegna=str(presa.consegna_id),
        tentativo=presa.tentativo,
        stato_http=esito.stato_http,
        errore=esito.errore,
        durata_ms=esito.durata_ms,
        esito=stato.value if stato else "superata",
    )


async def invia(contesto: ContestoWorker, presa: Presa) -> Esito:
    """Make one attempt: check the address, sign, send, read the beginning of the answer. Touches no database."""
    quando, inizio = adesso(), time.monotonic()
    try:
        async with asyncio.timeout(DURATA_MASSIMA_S):
            stato, testo, dopo = await _richiesta(contesto, presa)
    except indirizzi.IndirizzoRifiutato as errore:
        codice = errore.codice
    except segreti.SegretoIllegibile:
        codice = "segreto_illegibile"
    except (TimeoutError, httpx.TimeoutException):
        codice = "tempo_scaduto"
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as errore:
        codice = "tls" if _per_tls(errore) else "connessione"
    except Exception as errore:  # noqa: BLE001  # one delivery must not stop the others: it is tried again, then set aside
        _guasto("invio_guasto", presa, errore)
        codice = "errore_interno"
    else:
        return Esito(quando, _millisecondi(inizio), stato, None, testo, dopo)
    return Esito(quando, _millisecondi(inizio), None, codice)


async def _richiesta(contesto: ContestoWorker, presa: Presa) -> tuple[int, str, timedelta | None]:
    chiari = [segreti.decifra(contesto.chiavi_segreti, segreti.contesto(presa.destinazione_id), s) for s in presa.segreti]
    meta = await indirizzi.verifica(
        presa.url,
        sviluppo=contesto.settings.env is not Ambiente.PRODUZIONE,
        consentiti=contesto.settings.reti_webhook,
        risolvi=_risolvi,
    )
    intestazioni = {
        **firma.firma(chiari, str(presa.consegna_id), adesso(), presa.corpo),
        "Host": meta.intestazione_host,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Connection": "close",
    }
    # a client of its own: a kept connection would be shared by names that live on one address
    async with (
        cliente_http(lettura_s=DURATA_MASSIMA_S, tls=contesto.tls) as cliente,
        cliente.stream(
            "POST", meta.url, headers=intestazioni, content=presa.corpo, extensions={"sni_hostname": meta.host}
        ) as risposta,
    ):
        dopo = attesa.retry_after(risposta.headers.get("retry-after"), adesso())
        return risposta.status_code, await _inizio(risposta), dopo


async def _inizio(risposta: httpx.Response) -> str:
    if risposta.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return ""
    letto = bytearray()
    try:
        async for pezzo in risposta.aiter_raw():
            letto += pezzo
            if len(letto) >= BYTE_LETTI:
                break
    except httpx.HTTPError:
        # the status is the answer; a body that breaks off changes nothing of it
        log.debug("risposta_interrotta")
    return estratto(bytes(letto[:BYTE_LETTI]), MASSIMO_ESTRATTO)


async def _risolvi(host: str, porta: int) -> list[str]:
    trovati = await asyncio.get_running_loop().getaddrinfo(host, porta, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(t[4][0]) for t in trovati))


def _guasto(evento: str, presa: Presa, errore: Exception) -> None:
    log.error(evento, consegna=str(presa.consegna_id), errore=codice_errore(errore), dove=dove(errore))


def _per_tls(errore: BaseException) -> bool:
    causa: BaseException | None = errore
    while causa is not None:
        if isinstance(causa, ssl.SSLError):
            return True
        causa = causa.__cause__ or causa.__context__
    return False


def _millisecondi(inizio: float) -> int:
    return round((time.monotonic() - inizio) * 1000)
