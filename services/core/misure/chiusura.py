"""Closing a graduatoria: rank every domanda presented under an avviso, fund within the budget, assign, keep the snapshot."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.cartelle.models import Fatto
from services.core.misure import catalogo
from services.core.misure.esiti import EsitoAmmissibilita, EsitoVoce
from services.core.misure.events import AvvisoChiuso, BeneficioAssegnato, DomandaInGraduatoria, GraduatoriaChiusa
from services.core.misure.graduatoria import Candidatura, Ingresso, Risultato, Voce, calcola
from services.core.misure.models import (
    Assegnazione,
    Avviso,
    Decisione,
    Domanda,
    Graduatoria,
    StatoAvviso,
    StatoDomanda,
    StatoGraduatoria,
    VoceGraduatoria,
)
from services.core.misure.opzioni import OpzioniAvviso
from services.core.platform.clock import adesso
from services.core.platform.errori import StatoNonAmmesso
from services.core.valutazioni import service as valutazioni

LINEA = "unica"

STATO_DOPO = {
    EsitoVoce.IDONEA_FINANZIATA: StatoDomanda.ASSEGNATA,
    EsitoVoce.IDONEA_NON_FINANZIATA: StatoDomanda.IN_GRADUATORIA,
    EsitoVoce.NON_IDONEA: StatoDomanda.RESPINTA,
}


class DaChiarire(StrEnum):
    """What the closing does with domande still to clarify: stop, or rank them as not eligible because not completed."""

    BLOCCA = "blocca"
    ESCLUDI = "escludi"


@dataclass(frozen=True, slots=True)
class _Pratica:
    domanda: Domanda
    decisione: Decisione


async def blocco_avviso(ctx: Contesto, avviso_id: UUID, *, esclusivo: bool) -> None:
    """Take the lock of the avviso until the end of the transaction: shared to present, exclusive to close.

    An advisory lock, because who presents may read the avviso but not change it, and a row lock needs the right to change.
    """
    funzione = sa.func.pg_advisory_xact_lock if esclusivo else sa.func.pg_advisory_xact_lock_shared
    await ctx.sessione.execute(sa.select(funzione(sa.func.hashtextextended(str(avviso_id), 0))))


async def chiudi_graduatoria(
    ctx: Contesto, avviso_id: UUID, versione: int, *, anticipata: bool, da_chiarire: DaChiarire
) -> Graduatoria:
    """Rank, fund and assign, once and for all the domande of the avviso, and close it.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`; two closings at once meet here, and one has effect.
        StatoNonAmmesso: the avviso is not open, its last day has not passed and `anticipata` is false, there is nothing to
            rank, some domande are outside this incarico's sight, or some are to clarify and `da_chiarire` is BLOCCA.
        GraduatoriaIncompleta: an eligible domanda lacks a concluded valutazione or another ordering key.
        RegoleNonInVigore: no criteria are in force on the reference date.
    """
    await blocco_avviso(ctx, avviso_id, esclusivo=True)
    avviso = await ctx.blocca(Avviso, avviso_id, versione)
    _controlla_avviso(avviso, ctx.data_riferimento, anticipata=anticipata)
    pratiche = await _pratiche(ctx, avviso.id)
    _controlla_dubbi(pratiche, da_chiarire)
    risultato = calcola(await _ingresso(ctx, avviso, pratiche))
    graduatoria = _graduatoria(ctx, avviso, risultato)
    ctx.sessione.add(graduatoria)
    await ctx.sessione.flush()  # lines and assignments refer to it
    ctx.annota("graduatoria", graduatoria.id)
    per_id = {pratica.domanda.id: pratica for pratica in pratiche}
    opzioni = OpzioniAvviso.model_validate(avviso.opzioni)
    for voce in risultato.voci:
        await _registra_voce(ctx, avviso, graduatoria, per_id[voce.domanda].domanda, voce, risultato, opzioni.decorrenza)
    avviso.stato = StatoAvviso.CHIUSO
    avviso.versione += 1
    await ctx.emetti(
        AvvisoChiuso(aggregato_id=avviso.id, versione=avviso.versione, chiuso_il=ctx.data_riferimento, anticipata=anticipata)
    )
    await ctx.emetti(_evento_chiusa(avviso, graduatoria, risultato))
    return graduatoria


def _controlla_avviso(avviso: Avviso, giorno: date, *, anticipata: bool) -> None:
    if avviso.stato is not StatoAvviso.APERTO:
        raise StatoNonAmmesso("L'avviso non è aperto: la graduatoria non può essere formata.")
    if giorno <= avviso.aperto_al and not anticipata:
        raise StatoNonAmmesso(f"L'avviso accoglie domande fino al {avviso.aperto_al:%d/%m/%Y}: per chiudere prima va dichiarato.")


async def _pratiche(ctx: Contesto, avviso_id: UUID) -> list[_Pratica]:
    query = (
        sa.select(Domanda)
        .where(
            col(Domanda.avviso_id) == avviso_id,
            col(Domanda.stato).in_([StatoDomanda.PRESENTATA, StatoDomanda.ISTRUTTORIA]),
        )
        .order_by(col(Domanda.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    domande = list((await ctx.sessione.execute(query)).scalars())
    presentate = await ctx.sessione.scalar(sa.select(sa.func.conta_domande_presentate(avviso_id)))
    decisioni = await _decisioni(ctx, [domanda.decisione_id for domanda in domande if domanda.decisione_id])
    if presentate != len(domande) or len(decisioni) != len(domande):
        raise StatoNonAmmesso("Con questo incarico non si vedono tutte le domande: la graduatoria sarebbe incompleta.")
    if not domande:
        raise StatoNonAmmesso("Non ci sono domande presentate.")
    ctx.annota("domanda", *(domanda.id for domanda in domande))
    ctx.annota("decisione", *decisioni)
    return [_Pratica(domanda, decisioni[domanda.decisione_id]) for domanda in domande if domanda.decisione_id]


async def _decisioni(ctx: Contesto, ids: Sequence[UUID]) -> dict[UUID, Decisione]:
    righe = await ctx.sessione.execute(sa.select(Decisione).where(col(Decisione.id).in_(ids)))
    return {decisione.id: decisione for decisione in righe.scalars()}


def _controlla_dubbi(pratiche: Sequence[_Pratica], da_chiarire: DaChiarire) -> None:
    dubbie = [str(p.domanda.id) for p in pratiche if p.decisione.esito is EsitoAmmissibilita.DA_CHIARIRE]
    if dubbie and da_chiarire is DaChiarire.BLOCCA:
        raise StatoNonAmmesso(f"{len(dubbie)} domande sono ancora da chiarire.", domande_da_chiarire=dubbie)


async def _ingresso(ctx: Contesto, avviso: Avviso, pratiche: Sequence[_Pratica]) -> Ingresso:
    criteri = catalogo.parametri().in_vigore(f"{avviso.misura}.criteri_graduatoria", ctx.data_riferimento)
    pesi = catalogo.parametri().in_vigore(f"{avviso.misura}.punteggio_fragilita", ctx.data_riferimento)
    opzioni = OpzioniAvviso.model_validate(avviso.opzioni)
    idonee = [p for p in pratiche if p.decisione.esito is EsitoAmmissibilita.AMMISSIBILE]
    punteggi = await valutazioni.punteggi_conclusi(ctx, [p.domanda.id for p in idonee])
    isee = await _isee(ctx, idonee)
    return Ingresso.model_validate(
        {
            "avviso": avviso.id,
            "misura": avviso.misura,
            "linea": LINEA,
            "data_riferimento": ctx.data_riferimento,
            "budget_centesimi": avviso.budget_centesimi,
            "mesi": opzioni.mesi,
            "finanziamento_parziale": opzioni.finanziamento_parziale,
            "criteri": criteri.valore,
            "atto_criteri": criteri.atto,
            "versione_criteri": criteri.versione,
            "pesi": pesi.valore,
            "versione_pesi": pesi.versione,
            "candidature": tuple(_candidatura(p, punteggi, isee) for p in pratiche),
        }
    )


async def _isee(ctx: Contesto, idonee: Sequence[_Pratica]) -> dict[UUID, int]:
    """Cents of the ISEE version each decision used, by domanda."""
    usati = {UUID(p.decisione.fatti["isee"]["id"]): p.domanda.id for p in idonee if "isee" in p.decisione.fatti}
    righe = await ctx.sessione.execute(sa.select(col(Fatto.id), col(Fatto.valore)).where(col(Fatto.id).in_(usati)))
    return {usati[id_]: valore["importo_centesimi"] for id_, valore in righe}


def _candidatura(
    pratica: _Pratica, punteggi: Mapping[UUID, valutazioni.PunteggiConclusi], isee: Mapping[UUID, int]
) -> Candidatura:
    domanda, decisione = pratica.domanda, pratica.decisione
    assert domanda.presentata_il is not None, "a CHECK of the table"
    idonea = decisione.esito is EsitoAmmissibilita.AMMISSIBILE
    if not idonea:
        motivo = "non_integrata" if decisione.esito is EsitoAmmissibilita.DA_CHIARIRE else "non_ammissibile"
        return Candidatura.model_validate(
            {
                "domanda": domanda.id,
                "idonea": False,
                "presentata_il": domanda.presentata_il,
                "importo_mensile_centesimi": 0,
                "esclusione": motivo,
                "decisione": decisione.id,
            }
        )
    punteggio = punteggi.get(domanda.id)
    return Candidatura(
        domanda=domanda.id,
        idonea=True,
        presentata_il=domanda.presentata_il,
        importo_mensile_centesimi=decisione.spiegazione["valori"]["importo_mensile_centesimi"],
        continuita=domanda.dati.get("continuita"),
        adl=None if punteggio is None else punteggio.adl,
        iadl=None if punteggio is None else punteggio.iadl,
        isee_centesimi=isee.get(domanda.id),
        decisione=decisione.id,
        valutazione=None if punteggio is None else punteggio.valutazione_id,
    )


def _graduatoria(ctx: Contesto, avviso: Avviso, risultato: Risultato) -> Graduatoria:
    return Graduatoria(
        ambito_id=ctx.principal.ambito_id,
        avviso_id=avviso.id,
        linea=LINEA,
        stato=StatoGraduatoria.CHIUSA,
        budget_centesimi=avviso.budget_centesimi,
        impegnato_centesimi=risultato.impegnato_centesimi,
        impronta=risultato.impronta(),
        istantanea=risultato.istantanea(),
        chiusa_il=adesso(),
    )


async def _registra_voce(
    ctx: Contesto, avviso: Avviso, graduatoria: Graduatoria, domanda: Domanda, voce: Voce, risultato: Risultato, decorrenza: date
) -> None:
    comuni: dict[str, Any] = {
        "ambito_id": ctx.principal.ambito_id,
        "graduatoria_id": graduatoria.id,
        "domanda_id": domanda.id,
        "cartella_id": domanda.cartella_id,
    }
    ctx.sessione.add(
        VoceGraduatoria(
            **comuni,
            posizione=voce.posizione,
            esito=voce.esito,
            importo_centesimi=voce.importo_centesimi,
            chiavi=voce.chiavi_json(risultato.ingresso.atto_criteri),
        )
    )
    domanda.stato = STATO_DOPO[voce.esito]
    domanda.versione += 1
    await ctx.emetti(
        DomandaInGraduatoria(
            aggregato_id=domanda.id,
            versione=domanda.versione,
            cartella_id=domanda.cartella_id,
            graduatoria_id=graduatoria.id,
            posizione=voce.posizione,
            esito=voce.esito.value,
        )
    )
    if voce.esito is EsitoVoce.IDONEA_FINANZIATA:
        assegnazione = Assegnazione(
            **comuni,
            misura=avviso.misura,
            importo_mensile_centesimi=voce.importo_centesimi // voce.mesi,
            mesi=voce.mesi,
            dal=decorrenza,
            al=ultimo_giorno(decorrenza, voce.mesi),
        )
        ctx.sessione.add(assegnazione)
        ctx.annota("assegnazione", assegnazione.id)
        await ctx.emetti(_evento_assegnata(assegnazione, domanda.tipo_intervento))


def ultimo_giorno(dal: date, mesi: int) -> date:
    """Last day of the month in which `mesi` whole months from the first of a month end."""
    trascorsi = dal.year * 12 + dal.month - 1 + mesi - 1
    anno, mese = divmod(trascorsi, 12)
    return date(anno, mese + 1, calendar.monthrange(anno, mese + 1)[1])


def _evento_assegnata(assegnazione: Assegnazione, tipo_intervento: str) -> BeneficioAssegnato:
    return BeneficioAssegnato(
        aggregato_id=assegnazione.id,
        versione=assegnazione.versione,
        cartella_id=assegnazione.cartella_id,
        domanda_id=assegnazione.domanda_id,
        graduatoria_id=assegnazione.graduatoria_id,
        misura=assegnazione.misura,
        tipo_intervento=tipo_intervento,
        importo_mensile_centesimi=assegnazione.importo_mensile_centesimi,
        mesi=assegnazione.mesi,
        dal=assegnazione.dal,
        al=assegnazione.al,
    )


def _evento_chiusa(avviso: Avviso, graduatoria: Graduatoria, risultato: Risultato) -> GraduatoriaChiusa:
    esiti = [voce.esito for voce in risultato.voci]
    assert graduatoria.impronta is not None
    return GraduatoriaChiusa(
        aggregato_id=graduatoria.id,
        versione=graduatoria.versione,
        avviso_id=avviso.id,
        misura=avviso.misura,
        linea=graduatoria.linea,
        budget_centesimi=graduatoria.budget_centesimi,
        impegnato_centesimi=graduatoria.impegnato_centesimi,
        finanziate=esiti.count(EsitoVoce.IDONEA_FINANZIATA),
        non_finanziate=esiti.count(EsitoVoce.IDONEA_NON_FINANZIATA),
        non_idonee=esiti.count(EsitoVoce.NON_IDONEA),
        impronta=graduatoria.impronta,
    )
