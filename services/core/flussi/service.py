"""What can be done to the flows: publish those of an assegnazione, record what INPS answers. The only writer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.ruoli import Finalita
from services.core.cartelle.models import Cartella
from services.core.flussi import repository
from services.core.flussi.composizione import Dichiarazione, Scarto, come_motivo, dichiara, scrivi
from services.core.flussi.contratto import CodiceEsito, EsitoLetto, impronta, leggi_esito
from services.core.flussi.events import FlussoEsitato, FlussoPubblicato, FlussoScartato
from services.core.flussi.identificativi import prossimo_progressivo, scrivi_id
from services.core.flussi.models import EnteWaas, EsitoFlusso, Flusso, StatoEsito, StatoFlusso
from services.core.flussi.orologio import prossimo_ts
from services.core.flussi.repository import EnteBloccato
from services.core.flussi.vocabolario import Operazione, TipoFlusso
from services.core.platform import eventi as registro_eventi
from services.core.platform.clock import adesso, adesso_ms, oggi
from services.core.platform.eventi import Evento, EventoRegistrato

ORIGINE = "assegnazione"
_AUDIT = sa.text(
    """INSERT INTO audit (richiesta_id, ambito_id, operazione, finalita, esito, motivo, oggetto_tipo, oggetti)
       VALUES (:richiesta, :ambito, :operazione, :finalita, 'consentita', :motivo, 'flusso', :oggetti)"""
)
log = structlog.get_logger()


async def pubblica_assegnazioni(sessione: AsyncSession, eventi: Sequence[EventoRegistrato]) -> None:
    """Compose the flows of the assegnazioni that `eventi` announce and give each its place in its ente's sequence.

    The rows of `ente_waas` are locked first and until the caller's commit: no flow can appear behind another already read.
    Reading the same events again publishes nothing twice.

    Raises:
        SequenzaTroppoAvanti: too many at once; the reader tries again later.
    """
    assegnazioni = [e.aggregato_id for e in eventi]
    righe = await repository.righe_delle_assegnazioni(sessione, assegnazioni)
    valutazioni = await repository.valutazioni_concluse(sessione, [r["domanda_id"] for r in righe.values()])
    enti = await repository.enti_delle(sessione, list(righe.values()))
    fatte = await repository.gia_dichiarate(sessione, assegnazioni)
    for evento in eventi:
        riga = righe.get(evento.aggregato_id)
        if riga is None:
            log.warning("assegnazione_assente", posizione=evento.posizione)
            continue
        ente = enti.get(riga["ente_id"])
        posizione = repository.posizione(riga, ente.ente if ente else None, valutazioni.get(riga["domanda_id"]))
        for esito in dichiara(posizione):
            anno = esito.anno if isinstance(esito, Scarto) else esito.annualita.anno
            if (evento.aggregato_id, anno) in fatte:
                continue
            fatte.add((evento.aggregato_id, anno))
            flusso = _nuovo(evento, riga["ambito_id"], riga["cartella_id"], riga["ente_id"], anno)
            if isinstance(esito, Scarto):
                await _scarta(sessione, evento, flusso, esito)
            else:
                assert ente is not None  # without an ente `dichiara` gives a Scarto
                ente = await _pubblica(sessione, evento, flusso, esito, ente)
                enti[ente.ente_id] = ente
    await _avanza(sessione, enti)


def _nuovo(evento: EventoRegistrato, ambito_id: int, cartella_id: UUID, ente_id: UUID | None, anno: int) -> Flusso:
    return Flusso(
        ambito_id=ambito_id,
        ente_id=ente_id,
        cartella_id=cartella_id,
        origine_tipo=ORIGINE,
        origine_id=evento.aggregato_id,
        anno=anno,
        tipo=TipoFlusso.PS_PSA_SINA,
        operazione=Operazione.INSERIMENTO,
        stato=StatoFlusso.SCARTATO,
        creato_il=adesso(),
    )


async def _scarta(sessione: AsyncSession, evento: EventoRegistrato, flusso: Flusso, scarto: Scarto) -> None:
    flusso.motivo = come_motivo(scarto.violazioni, "blocca")
    sessione.add(flusso)
    scartato = FlussoScartato(**_comuni(flusso), regole=tuple(dict.fromkeys(v.codice for v in scarto.violazioni)))
    await _annuncia(sessione, flusso, scartato, evento)


async def _pubblica(
    sessione: AsyncSession, evento: EventoRegistrato, flusso: Flusso, dichiarazione: Dichiarazione, ente: EnteBloccato
) -> EnteBloccato:
    creazione = oggi()
    giorno = max(creazione, ente.progressivo_giorno or creazione)  # a clock set back does not give an id twice
    progressivo = prossimo_progressivo(ente.progressivo_giorno, ente.progressivo, giorno)
    id_flusso = scrivi_id(ente.ente.codice, "PS", giorno, progressivo)
    flusso.id_flusso = id_flusso
    flusso.contenuto = scrivi(dichiarazione, id_flusso)
    flusso.ts_flusso = prossimo_ts(ente.ultimo_ts, adesso_ms())
    flusso.stato = StatoFlusso.PUBBLICATO
    flusso.motivo = come_motivo(dichiarazione.note, "avviso")
    sessione.add(flusso)
    pubblicato = FlussoPubblicato(
        **_comuni(flusso), id_flusso=id_flusso, operazione=Operazione.INSERIMENTO.value, ts_flusso=flusso.ts_flusso
    )
    await _annuncia(sessione, flusso, pubblicato, evento)
    return replace(ente, ultimo_ts=flusso.ts_flusso, progressivo_giorno=giorno, progressivo=progressivo)


async def _avanza(sessione: AsyncSession, enti: dict[UUID, EnteBloccato]) -> None:
    for ente in enti.values():
        await sessione.execute(
            sa.update(EnteWaas)
            .where(col(EnteWaas.ente_id) == ente.ente_id)
            .values(ultimo_ts=ente.ultimo_ts, progressivo_giorno=ente.progressivo_giorno, progressivo=ente.progressivo)
        )


def _comuni(flusso: Flusso) -> dict[str, Any]:
    return {
        "aggregato_id": flusso.id,
        "versione": flusso.versione,
        "cartella_id": flusso.cartella_id,
        "tipo_flusso": flusso.tipo.value,
        "origine_tipo": flusso.origine_tipo,
        "origine_id": flusso.origine_id,
        "anno": flusso.anno,
    }


async def _annuncia(sessione: AsyncSession, flusso: Flusso, fatto: Evento, causa: EventoRegistrato) -> None:
    """Append the event; who caused it is who caused the event it comes from, recorded and not impersonated."""
    await registro_eventi.aggiungi(
        sessione,
        fatto,
        ambito_id=flusso.ambito_id,
        operatore_id=causa.operatore_id,
        incarico_id=causa.incarico_id,
        finalita=Finalita.FLUSSO_STATALE.value,
    )


async def registra_esiti(sessione: AsyncSession, ambito_id: int, ente_id: UUID, grezzi: Sequence[Any]) -> list[UUID]:
    """Record the outcomes that INPS notified for the flows of one ente, and apply each to its flow.

    Delivered again, an outcome changes nothing. One that cannot be read, or names a flow never published, is kept for the
    worklist and does not stop the others. An outcome older than the one that gave the flow its state is kept and not applied.

    Returns:
        The ids of the flows changed.
    """
    letti = [(grezzo, leggi_esito(grezzo)) for grezzo in grezzi]
    flussi = await _blocca_flussi(sessione, ente_id, [e.id_flusso for _, e in letti if isinstance(e, EsitoLetto)])
    cambiati: list[UUID] = []
    for grezzo, letto in letti:
        esito = _esito(ambito_id, ente_id, grezzo)
        flusso = None
        if isinstance(letto, EsitoLetto):
            flusso = _flusso_di(flussi, letto)
            _compila(esito, letto, flusso)
        if not await _inserisci(sessione, esito):
            continue
        if isinstance(letto, EsitoLetto) and flusso is not None and esito.stato is StatoEsito.APPLICATO:
            await _applica(sessione, flusso, letto)
            cambiati.append(flusso.id)
    return cambiati


async def _blocca_flussi(sessione: AsyncSession, ente_id: UUID, ids: Sequence[str]) -> dict[str, Flusso]:
    query = (
        sa.select(Flusso)
        .where(col(Flusso.ente_id) == ente_id, col(Flusso.id_flusso).in_(ids), col(Flusso.ts_flusso).is_not(None))
        .order_by(col(Flusso.id))
        .with_for_update()
    )
    return {f.id_flusso: f for f in (await sessione.execute(query)).scalars() if f.id_flusso is not None}


def _flusso_di(flussi: dict[str, Flusso], letto: EsitoLetto) -> Flusso | None:
    flusso = flussi.get(letto.id_flusso)
    return flusso if flusso is not None and flusso.tipo is letto.tipo else None


def _esito(ambito_id: int, ente_id: UUID, grezzo: Any) -> EsitoFlusso:
    return EsitoFlusso(
        ambito_id=ambito_id,
        ente_id=ente_id,
        stato=StatoEsito.MALFORMATO,
        impronta=impronta(grezzo),
        grezzo=grezzo,
        ricevuto_il=adesso(),
    )


def _compila(esito: EsitoFlusso, letto: EsitoLetto, flusso: Flusso | None) -> None:
    esito.id_flusso = letto.id_flusso
    esito.tipo = letto.tipo
    esito.ts_flusso = letto.ts_flusso
    esito.ts_acquisizione = letto.ts_acquisizione
    esito.codice_esito = letto.codice.value
    esito.descrizione = letto.descrizione
    esito.id_acquisizione_siuss = letto.id_acquisizione_siuss
    if flusso is None:
        esito.stato = StatoEsito.SCONOSCIUTO
        return
    esito.flusso_id, esito.cartella_id = flusso.id, flusso.cartella_id
    superato = flusso.ts_acquisizione is not None and letto.ts_acquisizione < flusso.ts_acquisizione
    esito.stato = StatoEsito.SUPERATO if superato else StatoEsito.APPLICATO


async def _inserisci(sessione: AsyncSession, esito: EsitoFlusso) -> bool:
    """Insert an outcome unless it is there already; True when its effect must follow.

    Two different outcomes of one flow at one instant contradict each other: the second is kept as unreadable, without effect.
    """
    if await _nuova_riga(sessione, esito):
        return True
    query = sa.select(sa.literal(1)).where(col(EsitoFlusso.ente_id) == esito.ente_id, col(EsitoFlusso.impronta) == esito.impronta)
    if (await sessione.execute(query)).first() is None:
        await _nuova_riga(sessione, _esito_contraddittorio(esito))
    return False


def _esito_contraddittorio(esito: EsitoFlusso) -> EsitoFlusso:
    return EsitoFlusso(
        ambito_id=esito.ambito_id,
        ente_id=esito.ente_id,
        stato=StatoEsito.MALFORMATO,
        impronta=esito.impronta,
        grezzo=esito.grezzo,
        ricevuto_il=esito.ricevuto_il,
    )


async def _nuova_riga(sessione: AsyncSession, esito: EsitoFlusso) -> bool:
    valori = {c.name: getattr(esito, c.name) for c in EsitoFlusso.__table__.columns}  # type: ignore[attr-defined]  # SQLModel
    if esito.grezzo is None:
        valori["grezzo"] = sa.JSON.NULL  # an item that is JSON null is kept as such
    inserita = await sessione.execute(
        pg.insert(EsitoFlusso).values(**valori).on_conflict_do_nothing().returning(col(EsitoFlusso.id))
    )
    return inserita.first() is not None


async def _applica(sessione: AsyncSession, flusso: Flusso, letto: EsitoLetto) -> None:
    note = [m for m in flusso.motivo if m.get("gravita") == "avviso"]
    if letto.codice is CodiceEsito.OK:
        flusso.stato, flusso.motivo = StatoFlusso.ACQUISITO, note
    else:
        testo = letto.descrizione or "INPS non ha spiegato il rifiuto"
        respinto = {"codice": letto.codice.value, "campo": "", "testo": testo, "gravita": "inps"}
        flusso.stato, flusso.motivo = StatoFlusso.RESPINTO, [*note, respinto]
    flusso.ts_acquisizione = letto.ts_acquisizione
    flusso.id_acquisizione_siuss = letto.id_acquisizione_siuss
    flusso.versione += 1
    esitato = FlussoEsitato(
        **_comuni(flusso),
        id_flusso=letto.id_flusso,
        codice_esito=letto.codice.value,
        id_acquisizione_siuss=letto.id_acquisizione_siuss,
    )
    await registro_eventi.aggiungi(sessione, esitato, ambito_id=flusso.ambito_id, finalita=Finalita.FLUSSO_STATALE.value)


async def annota_accesso_waas(
    sessione: AsyncSession, richiesta_id: UUID, ambito_id: int, operazione: str, client_id: UUID, flussi: Sequence[UUID]
) -> None:
    """Write to the audit trail what INPS read or changed; `client_id` is the PDND client of its voucher."""
    await sessione.execute(
        _AUDIT,
        {
            "richiesta": richiesta_id,
            "ambito": ambito_id,
            "operazione": operazione,
            "finalita": Finalita.FLUSSO_STATALE.value,
            "motivo": f"client PDND {client_id}",
            "oggetti": list(flussi),
        },
    )


async def elenca_della_cartella(
    ctx: Contesto, cartella_id: UUID, prima_di: tuple[datetime, UUID] | None, limite: int
) -> list[Flusso]:
    """Return the flows of a visible cartella, newest first, before the given key, at most `limite`.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    flussi = await repository.della_cartella(ctx, cartella_id, prima_di, limite)
    if flussi:
        ctx.annota("flusso", *(f.id for f in flussi))
    return flussi
