"""What is done to deliver events: prepare deliveries from the log, claim those due, record how each attempt went.

Three short transactions by three narrow roles; the network lies between the second and the third, outside any transaction.
A process killed anywhere leaves a delivery that is claimed again when its lease ends, under the same `webhook-id`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.platform.eventi import EventoRegistrato, aggiungi
from services.core.platform.ids import nuovo_id
from services.core.territorio.models import TipoEnte
from services.core.webhooks import attesa
from services.core.webhooks.corpo import corpo
from services.core.webhooks.events import ConsegnaAccantonata, ConsegnaConsegnata, DestinazioneDismessa
from services.core.webhooks.models import Consegna, Destinazione, StatoConsegna, TentativoConsegna

DISMESSA = 410
"""HTTP 410 Gone: by Standard Webhooks the receiver says that this address is to be used no more."""


@dataclass(frozen=True, slots=True)
class Presa:
    """A claimed delivery: everything needed to send it without touching the database. `tentativo` fences a late outcome."""

    consegna_id: UUID
    destinazione_id: UUID
    ambito_id: int
    tentativo: int
    url: str
    segreti: tuple[bytes, ...]
    corpo: bytes


@dataclass(frozen=True, slots=True)
class Esito:
    """How an attempt went: the receiver's status, or the short stable code of why there is none; times in milliseconds."""

    quando: datetime
    durata_ms: int
    stato_http: int | None
    errore: str | None
    estratto: str = ""
    riprova_dopo: timedelta | None = None

    @property
    def riuscito(self) -> bool:
        """Whether the receiver answered 2xx."""
        return self.stato_http is not None and 200 <= self.stato_http < 300


_INTERESSATE = sa.text(
    """SELECT d.id FROM destinazione d
       WHERE d.ambito_id = :ambito_id AND d.attiva AND :tipo = ANY (d.tipi)
         AND (CAST(:cartella_id AS uuid) IS NULL
              OR (EXISTS (SELECT 1 FROM accesso a
                          WHERE a.cartella_id = :cartella_id AND a.ente_id = d.ente_id AND a.motivo = 'equipe'
                            AND a.dal <= :giorno AND (a.al IS NULL OR a.al >= :giorno) AND a.revocato_il IS NULL)
                  AND (EXISTS (SELECT 1 FROM ente e WHERE e.id = d.ente_id AND e.tipo = ANY (CAST(:titolari AS text[])))
                       OR (EXISTS (SELECT 1 FROM condivisione s JOIN accordo x ON x.id = s.accordo_id
                                   WHERE s.ente_id = d.ente_id AND x.base_giuridica <> 'consenso' AND s.classi & 1 <> 0
                                     AND daterange(s.dal, s.al, '[]') @> CAST(:giorno AS date)
                                     AND daterange(x.dal, x.al, '[]') @> CAST(:giorno AS date))
                           AND NOT EXISTS (SELECT 1 FROM limitazione l
                                           WHERE l.cartella_id = :cartella_id AND l.esito = 'accolta'
                                             AND daterange(l.dal, l.al, '[]') @> CAST(:giorno AS date))))))
       ORDER BY d.id"""
)
"""Who hears of an event: who asked for its type and, when it is about a cartella, sits in one of its équipes on that day; an
ente that is no holder of the records, while an agreement shares with it at least the identity and the person's opposition has
not stopped it.
"""

TITOLARI = (TipoEnte.COMUNE, TipoEnte.UNIONE, TipoEnte.AZIENDA, TipoEnte.UFFICIO_DI_PIANO)
"""Enti that hold the records, or manage them for those who do."""


async def prepara(
    sessione: AsyncSession, eventi: Sequence[EventoRegistrato], *, pubblici: frozenset[str], giorno: date, adesso: datetime
) -> int:
    """Write the deliveries that `eventi` call for and return how many are new. Reading the same events again adds nothing.

    Args:
        sessione: transaction of the reader `webhooks`.
        eventi: events in order of position.
        pubblici: the types that may leave the ambito (see `catalogo`); the others never do, whatever a destinazione asks.
        giorno: the day on which an ente must sit in an équipe of the cartella, and the agreement with it be in force.
        adesso: the present instant.
    """
    nuove = 0
    codici: dict[int, str] = {}
    for evento in eventi:
        if evento.tipo not in pubblici:
            continue
        parametri = {
            "ambito_id": evento.ambito_id,
            "tipo": evento.tipo,
            "cartella_id": evento.cartella_id,
            "giorno": giorno,
            "titolari": [tipo.value for tipo in TITOLARI],
        }
        destinazioni = (await sessione.scalars(_INTERESSATE, parametri)).all()
        if destinazioni and evento.ambito_id not in codici:
            codici[evento.ambito_id] = await _codice_ambito(sessione, evento.ambito_id)
        for destinazione_id in destinazioni:
            nuove += await _inserisci(sessione, destinazione_id, evento, codici[evento.ambito_id], adesso)
    return nuove


async def _codice_ambito(sessione: AsyncSession, ambito_id: int) -> str:
    codice: str = (await sessione.execute(sa.text("SELECT codice FROM ambito WHERE id = :id"), {"id": ambito_id})).scalar_one()
    return codice


async def _inserisci(
    sessione: AsyncSession, destinazione_id: UUID, evento: EventoRegistrato, ambito: str, adesso: datetime
) -> int:
    consegna_id = nuovo_id()
    comando = (
        insert(Consegna)
        .values(
            id=consegna_id,
            ambito_id=evento.ambito_id,
            destinazione_id=destinazione_id,
            evento_posizione=evento.posizione,
            evento_tipo=evento.tipo,
            aggregato_id=evento.aggregato_id,
            cartella_id=evento.cartella_id,
            corpo=corpo(consegna_id, evento, ambito),
            stato=StatoConsegna.DA_INVIARE,
            tentativi=0,
            creata_il=adesso,
            prossimo_tentativo=adesso,
        )
        .on_conflict_do_nothing(index_elements=["destinazione_id", "evento_posizione"])
    )
    esito = await sessione.execute(comando)
    return int(esito.rowcount)  # type: ignore[attr-defined]  # a CursorResult, typed as Result by SQLAlchemy


_RECLAMA = sa.text(
    """WITH pronte AS (
         SELECT p.id FROM destinazione d
         CROSS JOIN LATERAL (
           SELECT c.id, c.prossimo_tentativo FROM consegna c
           WHERE c.destinazione_id = d.id AND c.stato = 'da_inviare' AND c.prossimo_tentativo <= :ora
             AND (c.in_corso_fino IS NULL OR c.in_corso_fino <= :ora)
             AND NOT EXISTS (SELECT 1 FROM consegna p
                             WHERE p.destinazione_id = c.destinazione_id AND p.stato = 'da_inviare'
                               AND coalesce(p.cartella_id, p.aggregato_id) = coalesce(c.cartella_id, c.aggregato_id)
                               AND p.evento_posizione < c.evento_posizione)
           ORDER BY c.prossimo_tentativo
           LIMIT CASE WHEN d.errori_consecutivi >= :soglia THEN 1 ELSE :per_destinazione END
           FOR UPDATE OF c SKIP LOCKED
         ) p
         WHERE d.attiva AND (d.sospesa_fino IS NULL OR d.sospesa_fino <= :ora) AND d.id <> ALL (CAST(:escluse AS uuid[]))
         ORDER BY p.prossimo_tentativo LIMIT :limite
       )
       UPDATE consegna c SET in_corso_fino = :scadenza, tentativi = c.tentativi + 1
       FROM pronte, destinazione d
       WHERE c.id = pronte.id AND d.id = c.destinazione_id
       RETURNING c.id, c.destinazione_id, c.ambito_id, c.tentativi, d.url, d.segreto_cifrato, d.segreto_precedente, c.corpo"""
)


async def reclama(
    sessione: AsyncSession,
    *,
    adesso: datetime,
    affitto: timedelta,
    limite: int,
    per_destinazione: int = 4,
    escluse: Sequence[UUID] = (),
) -> list[Presa]:
    """Claim at most `limite` due deliveries, leasing each until `adesso + affitto`; the attempt is counted before it is made.

    A delivery waits while an earlier one of the same cartella for the same destinazione is to be sent. Rows another sender
    holds are passed over. `escluse` are the destinazioni this sender already keeps busy.
    """
    righe = await sessione.execute(
        _RECLAMA,
        {
            "ora": adesso,
            "scadenza": adesso + affitto,
            "limite": limite,
            "per_destinazione": per_destinazione,
            "soglia": attesa.SOGLIA_SOSPENSIONE,
            "escluse": list(escluse),
        },
    )
    return [
        Presa(
            consegna_id=r.id,
            destinazione_id=r.destinazione_id,
            ambito_id=r.ambito_id,
            tentativo=r.tentativi,
            url=r.url,
            segreti=tuple(s for s in (r.segreto_cifrato, r.segreto_precedente) if s is not None),
            corpo=r.corpo,
        )
        for r in righe
    ]


async def registra(
    sessione: AsyncSession, presa: Presa, esito: Esito, *, adesso: datetime, casuale: Callable[[], float]
) -> StatoConsegna | None:
    """Record an attempt and what follows from it; return the delivery's new state, or None when another sender took it over.

    A 2xx counts even if the lease ran out meanwhile: the receiver has it. A failure counts only for the sender that holds it.
    """
    sessione.add(
        TentativoConsegna(
            consegna_id=presa.consegna_id,
            ambito_id=presa.ambito_id,
            quando=esito.quando,
            stato_http=esito.stato_http,
            errore=esito.errore,
            durata_ms=esito.durata_ms,
            estratto=esito.estratto,
        )
    )
    riga = (
        await sessione.execute(sa.select(Consegna).where(col(Consegna.id) == presa.consegna_id).with_for_update())
    ).scalar_one()
    if riga.stato is not StatoConsegna.DA_INVIARE or (not esito.riuscito and riga.tentativi != presa.tentativo):
        return None
    riga.ultimo_stato, riga.ultimo_errore = esito.stato_http, esito.errore
    riga.in_corso_fino = None
    if esito.riuscito:
        await _consegnata(sessione, riga, adesso)
    else:
        await _non_consegnata(sessione, riga, esito, adesso, casuale)
    return riga.stato


async def _consegnata(sessione: AsyncSession, riga: Consegna, adesso: datetime) -> None:
    riga.stato, riga.consegnata_il = StatoConsegna.CONSEGNATA, adesso
    await sessione.execute(
        sa.update(Destinazione)
        .where(col(Destinazione.id) == riga.destinazione_id)
        .where(sa.or_(col(Destinazione.errori_consecutivi) != 0, col(Destinazione.sospesa_fino).is_not(None)))
        .values(errori_consecutivi=0, sospesa_fino=None)
    )
    await _racconta(sessione, riga, ConsegnaConsegnata)


async def _racconta(sessione: AsyncSession, riga: Consegna, specie: type[ConsegnaConsegnata] | type[ConsegnaAccantonata]) -> None:
    """Append to the log how a delivery ended."""
    evento = specie(
        aggregato_id=riga.id,
        versione=riga.tentativi,
        cartella_id=riga.cartella_id,
        destinazione_id=riga.destinazione_id,
        evento_posizione=riga.evento_posizione,
        evento_tipo=riga.evento_tipo,
        tentativi=riga.tentativi,
    )
    await aggiungi(sessione, evento, ambito_id=riga.ambito_id)


async def _non_consegnata(
    sessione: AsyncSession, riga: Consegna, esito: Esito, adesso: datetime, casuale: Callable[[], float]
) -> None:
    dismessa = esito.stato_http == DISMESSA
    quando = attesa.prossimo(riga.tentativi, riga.creata_il, adesso, casuale, esito.riprova_dopo)
    if quando is None or dismessa:
        riga.stato = StatoConsegna.ACCANTONATA
        await _racconta(sessione, riga, ConsegnaAccantonata)
    else:
        riga.prossimo_tentativo = quando
    letta = sa.select(col(Destinazione.errori_consecutivi), col(Destinazione.versione))
    errori, versione = (await sessione.execute(letta.where(col(Destinazione.id) == riga.destinazione_id).with_for_update())).one()
    consecutivi = errori + 1
    valori: dict[str, Any] = {"errori_consecutivi": consecutivi}
    valori["sospesa_fino"] = attesa.sospensione(consecutivi, adesso, casuale)
    if dismessa:
        valori |= {"attiva": False, "versione": versione + 1}
        fine = DestinazioneDismessa(aggregato_id=riga.destinazione_id, versione=versione + 1)
        await aggiungi(sessione, fine, ambito_id=riga.ambito_id)
    await sessione.execute(sa.update(Destinazione).where(col(Destinazione.id) == riga.destinazione_id).values(**valori))
