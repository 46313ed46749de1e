"""What the reader of the log reads to compose a flow, and what INPS and the operators read of the flows.

The reader works under its own role, which sees every ambito: each query starts from the ids of its events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.flussi.composizione import Dsu, Ente, Persona, Posizione
from services.core.flussi.contratto import FlussoWaas
from services.core.flussi.models import Flusso
from services.core.flussi.vocabolario import TipoFlusso
from services.core.valutazioni import service as valutazioni
from services.core.valutazioni.models import StatoValutazione, Valutazione

_POSIZIONI = sa.text(
    """SELECT a.id, a.domanda_id, a.cartella_id, a.ambito_id, a.misura, a.importo_mensile_centesimi, a.dal, a.al,
         d.protocollo, p.protetta OR c.riservata AS protetta,
         p.codice_fiscale, p.cognome, p.nome, p.data_nascita, p.sesso, p.comune_nascita, p.cittadinanza,
         r.codice_istat AS comune_residenza,
         coalesce(proprio.ente_id, unico.ente_id) AS ente_id,
         isee.protocollo AS dsu_protocollo, isee.giorno AS dsu_data,
         EXISTS (SELECT 1 FROM progetto g WHERE g.cartella_id = a.cartella_id AND g.stato = 'firmato') AS con_progetto
       FROM assegnazione a
       JOIN domanda d ON d.id = a.domanda_id
       JOIN cartella c ON c.id = a.cartella_id
       JOIN persona p ON p.id = c.persona_id
       JOIN comune r ON r.id = p.comune_residenza_id
       JOIN competenza k ON k.id = c.competenza_id
       LEFT JOIN LATERAL (
         SELECT w.ente_id FROM ente_waas w JOIN ente e ON e.id = w.ente_id
         WHERE w.ambito_id = a.ambito_id AND e.tipo = 'comune' AND e.comune_id = k.comune_id
       ) proprio ON true
       LEFT JOIN LATERAL (
         SELECT min(w.ente_id::text)::uuid AS ente_id FROM ente_waas w WHERE w.ambito_id = a.ambito_id HAVING count(*) = 1
       ) unico ON true
       LEFT JOIN LATERAL (
         SELECT f.valore ->> 'dsu' AS protocollo, f.valido_dal AS giorno
         FROM decisione x CROSS JOIN LATERAL jsonb_each(x.fatti) usato
         JOIN fatto f ON f.id = (usato.value ->> 'id')::uuid AND f.valore ? 'dsu'
         WHERE x.id = d.decisione_id ORDER BY f.registrato_il DESC LIMIT 1
       ) isee ON true
       WHERE a.id = ANY (:assegnazioni)"""
)


@dataclass(frozen=True, slots=True)
class EnteBloccato:
    """A row of `ente_waas`, locked until the end of the transaction."""

    ente_id: UUID
    ente: Ente
    ultimo_ts: int
    progressivo_giorno: date | None
    progressivo: int


async def enti_delle(sessione: AsyncSession, righe: Sequence[RowMapping]) -> dict[UUID, EnteBloccato]:
    """Lock the enti that publish `righe`, in order of id so that two writers cannot wait for each other."""
    query = sa.text(
        """SELECT ente_id, codice_ente, denominazione, codice_fiscale_operatore, ultimo_ts, progressivo_giorno, progressivo
           FROM ente_waas WHERE ente_id = ANY (:enti) ORDER BY ente_id FOR UPDATE"""
    )
    enti = list({r["ente_id"] for r in righe if r["ente_id"] is not None})
    trovati = await sessione.execute(query, {"enti": enti})
    return {
        r.ente_id: EnteBloccato(
            ente_id=r.ente_id,
            ente=Ente(r.codice_ente, r.denominazione, r.codice_fiscale_operatore),
            ultimo_ts=r.ultimo_ts,
            progressivo_giorno=r.progressivo_giorno,
            progressivo=r.progressivo,
        )
        for r in trovati
    }


async def righe_delle_assegnazioni(sessione: AsyncSession, assegnazioni: Sequence[UUID]) -> dict[UUID, RowMapping]:
    """Return what `posizione` needs of each assegnazione, by its id."""
    trovate = await sessione.execute(_POSIZIONI, {"assegnazioni": list(assegnazioni)})
    return {r["id"]: r for r in trovate.mappings()}


async def valutazioni_concluse(sessione: AsyncSession, domande: Sequence[UUID]) -> dict[UUID, Valutazione]:
    """Return the last concluded valutazione of each domanda that has one."""
    query = (
        sa.select(Valutazione)
        .where(col(Valutazione.domanda_id).in_(domande), col(Valutazione.stato) == StatoValutazione.CONCLUSA)
        .order_by(col(Valutazione.data_valutazione), col(Valutazione.id))
    )
    return {v.domanda_id: v for v in (await sessione.execute(query)).scalars() if v.domanda_id is not None}


async def gia_dichiarate(sessione: AsyncSession, assegnazioni: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """Return which assegnazione and year already have a flow: the log is being read again."""
    query = sa.select(col(Flusso.origine_id), col(Flusso.anno)).where(
        col(Flusso.origine_tipo) == "assegnazione", col(Flusso.origine_id).in_(assegnazioni)
    )
    return {(origine, anno) for origine, anno in await sessione.execute(query)}


def posizione(riga: RowMapping, ente: Ente | None, valutazione: Valutazione | None) -> Posizione:
    """Build the position of a read row. In care means: a signed progetto, or a concluded valutazione for the domanda."""
    sina = valutazioni.sezione_sina(valutazione) if valutazione is not None else valutazioni.SezioneSina({}, ())
    return Posizione(
        assegnazione_id=riga["id"],
        domanda_id=riga["domanda_id"],
        misura=riga["misura"],
        importo_mensile_centesimi=riga["importo_mensile_centesimi"],
        dal=riga["dal"],
        al=riga["al"],
        protocollo=riga["protocollo"],
        protetta=riga["protetta"],
        in_carico=riga["con_progetto"] or valutazione is not None,
        persona=Persona(
            codice_fiscale=riga["codice_fiscale"],
            cognome=riga["cognome"],
            nome=riga["nome"],
            data_nascita=riga["data_nascita"],
            sesso=riga["sesso"],
            comune_nascita=riga["comune_nascita"],
            cittadinanza=riga["cittadinanza"],
            comune_residenza=riga["comune_residenza"],
        ),
        ente=ente,
        dsu=Dsu(riga["dsu_protocollo"], riga["dsu_data"]) if riga["dsu_protocollo"] else None,
        sina=sina.attributi,
        sina_mancanti=sina.mancanti,
    )


_PAGINA = sa.text(
    """SELECT f.id, f.id_flusso, f.tipo, f.ts_flusso, f.contenuto, w.codice_ente, w.denominazione
       FROM flusso f JOIN ente_waas w ON w.ente_id = f.ente_id
       WHERE f.ente_id = :ente AND f.ts_flusso > :dopo ORDER BY f.ts_flusso LIMIT :limite"""
)


async def pagina_waas(sessione: AsyncSession, ente_id: UUID, dopo: int, limite: int) -> tuple[list[UUID], tuple[FlussoWaas, ...]]:
    """Return ids and entries of the flows of an ente published after `dopo` (milliseconds), in order, at most `limite`."""
    righe = (await sessione.execute(_PAGINA, {"ente": ente_id, "dopo": dopo, "limite": limite})).all()
    voci = tuple(
        FlussoWaas.di(
            codice_ente=r.codice_ente,
            denominazione=r.denominazione,
            id_flusso=r.id_flusso,
            tipo=TipoFlusso(r.tipo),
            ts_flusso=r.ts_flusso,
            contenuto=bytes(r.contenuto),
        )
        for r in righe
    )
    return [r.id for r in righe], voci


async def della_cartella(ctx: Contesto, cartella_id: UUID, prima_di: tuple[datetime, UUID] | None, limite: int) -> list[Flusso]:
    """Return the flows of a cartella, newest first, before the given key, at most `limite`."""
    query = sa.select(Flusso).where(col(Flusso.cartella_id) == cartella_id)
    if prima_di is not None:
        query = query.where(sa.tuple_(col(Flusso.creato_il), col(Flusso.id)) < sa.tuple_(*prima_di))
    ordinata = query.order_by(col(Flusso.creato_il).desc(), col(Flusso.id).desc()).limit(limite)
    return list((await ctx.sessione.execute(ordinata)).scalars())
