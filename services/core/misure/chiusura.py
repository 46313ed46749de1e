"""Closing a graduatoria: rank every domanda presented under an avviso, fund within the budget, assign, keep the snapshot.

All are ranked, those of a reserved cartella too, by whoever closes: two named functions of the database give what the order
depends on and apply what follows, so that she closes without seeing them. In what she reads every domanda is named by its
protocol code, hers and the others alike (docs/security/canali-residui.md).
"""

import calendar
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from services.core.access.contesto import Contesto
from services.core.misure import catalogo
from services.core.misure.esiti import EsitoAmmissibilita, EsitoVoce
from services.core.misure.events import AvvisoChiuso, BeneficioAssegnato, DomandaInGraduatoria, GraduatoriaChiusa
from services.core.misure.graduatoria import Candidatura, GraduatoriaIncompleta, Ingresso, Risultato, Voce, calcola
from services.core.misure.models import (
    Avviso,
    Graduatoria,
    StatoAvviso,
    StatoDomanda,
    StatoGraduatoria,
    VoceGraduatoria,
)
from services.core.misure.opzioni import OpzioniAvviso
from services.core.platform.clock import adesso
from services.core.platform.errori import StatoNonAmmesso
from services.core.platform.ids import nuovo_id

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
    """A domanda as `candidature_graduatoria` gives it; the fields are its columns."""

    domanda_id: UUID
    protocollo: str
    tipo_intervento: str
    presentata_il: date
    continuita: bool | None
    decisione_id: UUID
    esito: str
    importo_mensile_centesimi: int | None
    isee_centesimi: int | None
    valutazione_id: UUID | None
    adl: int | None
    iadl: int | None


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
            rank, some domande are of a territory or service this incarico has not, the caller is excluded from a cartella
            of her territory, or some domande are to clarify and `da_chiarire` is BLOCCA.
        GraduatoriaIncompleta: an eligible domanda lacks a concluded valutazione or another ordering key.
        RegoleNonInVigore: no criteria are in force on the reference date.
    """
    await blocco_avviso(ctx, avviso_id, esclusivo=True)
    avviso = await ctx.blocca(Avviso, avviso_id, versione)
    _controlla_avviso(avviso, ctx.data_riferimento, anticipata=anticipata)
    pratiche = await _pratiche(ctx, avviso.id)
    _controlla_dubbi(pratiche, da_chiarire)
    risultato = _ordina(_ingresso(avviso, pratiche, ctx.data_riferimento), pratiche)
    graduatoria = _graduatoria(ctx, avviso, risultato)
    ctx.sessione.add(graduatoria)
    await ctx.sessione.flush()  # lines and assignments refer to it
    ctx.annota("graduatoria", graduatoria.id)
    await _registra(ctx, avviso, graduatoria, risultato, {pratica.domanda_id: pratica for pratica in pratiche})
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


_CANDIDATURE = sa.text("SELECT * FROM candidature_graduatoria(:avviso)")


async def _pratiche(ctx: Contesto, avviso_id: UUID) -> list[_Pratica]:
    righe = (await ctx.sessione.execute(_CANDIDATURE, {"avviso": avviso_id})).mappings()
    pratiche = [_Pratica(**riga) for riga in righe]
    presentate = await ctx.sessione.scalar(sa.select(sa.func.conta_domande_presentate(avviso_id)))
    if presentate != len(pratiche):
        raise StatoNonAmmesso(
            "Ci sono domande di territori o servizi che questo incarico non ha, o si è esclusi da una cartella del proprio:"
            " la graduatoria la forma un collega."
        )
    if not pratiche:
        raise StatoNonAmmesso("Non ci sono domande presentate.")
    ctx.annota_non_visti("domanda", *(p.domanda_id for p in pratiche))
    ctx.annota_non_visti("decisione", *(p.decisione_id for p in pratiche))
    ctx.annota_non_visti("valutazione", *(p.valutazione_id for p in pratiche if p.valutazione_id))
    return pratiche


def _controlla_dubbi(pratiche: Sequence[_Pratica], da_chiarire: DaChiarire) -> None:
    dubbie = sorted(p.protocollo for p in pratiche if p.esito == EsitoAmmissibilita.DA_CHIARIRE)
    if dubbie and da_chiarire is DaChiarire.BLOCCA:
        raise StatoNonAmmesso(f"{len(dubbie)} domande sono ancora da chiarire.", domande_da_chiarire=dubbie)


def _ordina(ingresso: Ingresso, pratiche: Sequence[_Pratica]) -> Risultato:
    """As `calcola`; domande without a value are named by protocol code, in the order of the codes."""
    try:
        return calcola(ingresso)
    except GraduatoriaIncompleta as errore:
        protocolli = {str(p.domanda_id): p.protocollo for p in pratiche}
        mancanti = sorted((protocolli[domanda], chiavi) for domanda, chiavi in errore.estensioni["mancanti"].items())
        raise GraduatoriaIncompleta(errore.dettaglio, mancanti=dict(mancanti)) from None


def _ingresso(avviso: Avviso, pratiche: Sequence[_Pratica], giorno: date) -> Ingresso:
    criteri = catalogo.parametri().in_vigore(f"{avviso.misura}.criteri_graduatoria", giorno)
    pesi = catalogo.parametri().in_vigore(f"{avviso.misura}.punteggio_fragilita", giorno)
    opzioni = OpzioniAvviso.model_validate(avviso.opzioni)
    return Ingresso.model_validate(
        {
            "avviso": avviso.id,
            "misura": avviso.misura,
            "linea": LINEA,
            "data_riferimento": giorno,
            "budget_centesimi": avviso.budget_centesimi,
            "mesi": opzioni.mesi,
            "finanziamento_parziale": opzioni.finanziamento_parziale,
            "criteri": criteri.valore,
            "atto_criteri": criteri.atto,
            "versione_criteri": criteri.versione,
            "pesi": pesi.valore,
            "versione_pesi": pesi.versione,
            "candidature": tuple(_candidatura(p) for p in pratiche),
        }
    )


def _candidatura(pratica: _Pratica) -> Candidatura:
    if pratica.esito != EsitoAmmissibilita.AMMISSIBILE:
        return Candidatura(
            domanda=pratica.domanda_id,
            idonea=False,
            presentata_il=pratica.presentata_il,
            importo_mensile_centesimi=0,
            esclusione="non_integrata" if pratica.esito == EsitoAmmissibilita.DA_CHIARIRE else "non_ammissibile",
            decisione=pratica.decisione_id,
        )
    assert pratica.importo_mensile_centesimi is not None, "the rules of an admissible domanda give the amount"
    return Candidatura(
        domanda=pratica.domanda_id,
        idonea=True,
        presentata_il=pratica.presentata_il,
        importo_mensile_centesimi=pratica.importo_mensile_centesimi,
        continuita=pratica.continuita,
        adl=pratica.adl,
        iadl=pratica.iadl,
        isee_centesimi=pratica.isee_centesimi,
        decisione=pratica.decisione_id,
        valutazione=pratica.valutazione_id,
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


_APPLICA = sa.text("SELECT * FROM applica_graduatoria(:graduatoria, :domande, :stati, CAST(:assegnazioni AS jsonb))")


async def _registra(
    ctx: Contesto, avviso: Avviso, graduatoria: Graduatoria, risultato: Risultato, pratiche: Mapping[UUID, _Pratica]
) -> None:
    """Write the lines, then have the database apply them to the domande, and tell what happened to each."""
    ctx.sessione.add_all(_riga(graduatoria, voce, pratiche[voce.domanda].protocollo, risultato) for voce in risultato.voci)
    assegnazioni = {v.domanda: _Assegnata.da(avviso, v) for v in risultato.voci if v.esito is EsitoVoce.IDONEA_FINANZIATA}
    applicate = await ctx.sessione.execute(
        _APPLICA,
        {
            "graduatoria": graduatoria.id,
            "domande": [voce.domanda for voce in risultato.voci],
            "stati": [STATO_DOPO[voce.esito].value for voce in risultato.voci],
            "assegnazioni": json.dumps([asdict(a) for a in assegnazioni.values()], default=str),
        },
    )
    cambiate = {riga.domanda_id: riga for riga in applicate}
    assert len(cambiate) == len(risultato.voci), "the domande are locked since they were read"
    ctx.annota_non_visti("assegnazione", *(a.id for a in assegnazioni.values()))
    for voce in risultato.voci:
        cambiata = cambiate[voce.domanda]
        await ctx.emetti(
            DomandaInGraduatoria(
                aggregato_id=voce.domanda,
                versione=cambiata.versione,
                cartella_id=cambiata.cartella_id,
                graduatoria_id=graduatoria.id,
                posizione=voce.posizione,
                esito=voce.esito.value,
            )
        )
        if assegnata := assegnazioni.get(voce.domanda):
            tipo_intervento = pratiche[voce.domanda].tipo_intervento
            await ctx.emetti(_evento_assegnata(assegnata, cambiata.cartella_id, graduatoria.id, tipo_intervento))


def _riga(graduatoria: Graduatoria, voce: Voce, protocollo: str, risultato: Risultato) -> VoceGraduatoria:
    return VoceGraduatoria(
        ambito_id=graduatoria.ambito_id,
        graduatoria_id=graduatoria.id,
        domanda_id=voce.domanda,
        protocollo=protocollo,
        posizione=voce.posizione,
        esito=voce.esito,
        importo_centesimi=voce.importo_centesimi,
        chiavi=voce.chiavi_json(risultato.ingresso.atto_criteri),
    )


@dataclass(frozen=True, slots=True)
class _Assegnata:
    """A benefit to write; the fields are those of `p_assegnazioni` in `applica_graduatoria`."""

    id: UUID
    domanda_id: UUID
    misura: str
    importo_mensile_centesimi: int
    mesi: int
    dal: date
    al: date

    @classmethod
    def da(cls, avviso: Avviso, voce: Voce) -> "_Assegnata":
        """Return the benefit of a funded line."""
        dal = OpzioniAvviso.model_validate(avviso.opzioni).decorrenza
        al = ultimo_giorno(dal, voce.mesi)
        return cls(nuovo_id(), voce.domanda, avviso.misura, voce.importo_centesimi // voce.mesi, voce.mesi, dal, al)


def ultimo_giorno(dal: date, mesi: int) -> date:
    """Last day of the month in which `mesi` whole months from the first of a month end."""
    trascorsi = dal.year * 12 + dal.month - 1 + mesi - 1
    anno, mese = divmod(trascorsi, 12)
    return date(anno, mese + 1, calendar.monthrange(anno, mese + 1)[1])


def _evento_assegnata(assegnata: _Assegnata, cartella_id: UUID, graduatoria_id: UUID, tipo_intervento: str) -> BeneficioAssegnato:
    return BeneficioAssegnato(
        aggregato_id=assegnata.id,
        versione=1,
        cartella_id=cartella_id,
        domanda_id=assegnata.domanda_id,
        graduatoria_id=graduatoria_id,
        misura=assegnata.misura,
        tipo_intervento=tipo_intervento,
        importo_mensile_centesimi=assegnata.importo_mensile_centesimi,
        mesi=assegnata.mesi,
        dal=assegnata.dal,
        al=assegnata.al,
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
