"""What can be done with avvisi, domande and graduatorie: the only writer of the area.

A domanda goes bozza → presentata (decided) or istruttoria (to clarify, may be presented again) → in_graduatoria, assegnata or
respinta when the graduatoria closes; it may be withdrawn before that. Whoever presents and whoever closes take the same
advisory lock, shared and exclusive: a ranking is formed on all the domande presented, or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.ruoli import Classe
from services.core.cartelle import service as cartelle
from services.core.cartelle.models import Fatto
from services.core.misure import istruttoria, moduli, protocollo
from services.core.misure.chiusura import blocco_avviso, chiudi_graduatoria
from services.core.misure.esiti import EsitoAmmissibilita
from services.core.misure.events import (
    DomandaCreata,
    DomandaIseeCollegato,
    DomandaModificata,
    DomandaPresentata,
    DomandaRitirata,
    DomandaRivalutata,
)
from services.core.misure.isee_client import AttestazioneISEE, TipoIndicatore
from services.core.misure.istruttoria import ricalcola_decisione
from services.core.misure.models import Avviso, Decisione, Domanda, StatoAvviso, StatoDomanda
from services.core.misure.opzioni import OpzioniAvviso
from services.core.platform.errori import Conflitto, DatiNonValidi, StatoNonAmmesso

__all__ = [
    "RichiestaIsee",
    "aggiorna",
    "chiudi_graduatoria",
    "collega_isee",
    "prepara_isee",
    "presenta",
    "redigi",
    "registra_requisito",
    "ricalcola_decisione",
    "ritira",
]

SCHEMA_ISEE = "ConsultazioneISEE (schema da verificare)"
SCHEMA_CERTIFICAZIONE = "certificazione/1"
FONTE_INPS = "INPS"
MODIFICABILI = (StatoDomanda.BOZZA, StatoDomanda.ISTRUTTORIA)

TIPI_ISEE: dict[TipoIndicatore, str] = {
    TipoIndicatore.ORDINARIO: "ordinario",
    TipoIndicatore.MINORENNE_ORDINARIO: "minorenni",
    TipoIndicatore.MINORENNE_AGGIUNTIVA: "minorenni",
    TipoIndicatore.MINORENNE_ATTRATTA: "minorenni",
    TipoIndicatore.SOCIOSANITARIO_RIDOTTO: "sociosanitario",
}
"""Kinds of ISEE as the parameters name them (DPCM 159/2013 art. 6 and 7); an indicator not listed is kept as `altro`."""

INDICATORE_DA_CHIEDERE = {
    "ordinario": TipoIndicatore.ORDINARIO,
    "sociosanitario": TipoIndicatore.SOCIOSANITARIO_RIDOTTO,
    "minorenni": TipoIndicatore.MINORENNE_ORDINARIO,
}


@dataclass(frozen=True, slots=True)
class RichiestaIsee:
    """What to ask INPS. It holds a codice fiscale: never to be logged, and out of its own `repr`."""

    codice_fiscale: str = field(repr=False)
    tipo_indicatore: TipoIndicatore
    data_validita: date
    versione_domanda: int


async def redigi(ctx: Contesto, cartella_id: UUID, avviso_id: UUID, tipo_intervento: str, dati: Mapping[str, Any]) -> Domanda:
    """Open a draft under an avviso that is open.

    Raises:
        NonTrovato: the cartella or the avviso is not visible.
        StatoNonAmmesso: the cartella or the avviso is closed.
        DatiNonValidi: the benefit is not among those of the avviso, or the answers do not fit the form.
        Conflitto: an open domanda for this person under this avviso exists already.
    """
    cartella = await cartelle.richiedi(ctx, cartella_id)
    avviso = await _avviso_aperto(ctx, avviso_id)
    _controlla_intervento(avviso, tipo_intervento)
    validi = moduli.valida_dati(avviso.misura, dati)
    await _rifiuta_doppia(ctx, cartella.id, avviso.id)
    domanda = Domanda(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=cartella.id,
        avviso_id=avviso.id,
        tipo_intervento=tipo_intervento,
        dati=validi.model_dump(mode="json"),
    )
    ctx.sessione.add(domanda)
    ctx.annota("domanda", domanda.id)
    await ctx.emetti(
        DomandaCreata(
            aggregato_id=domanda.id,
            versione=domanda.versione,
            cartella_id=cartella.id,
            avviso_id=avviso.id,
            misura=avviso.misura,
            tipo_intervento=tipo_intervento,
        )
    )
    return domanda


async def aggiorna(ctx: Contesto, domanda_id: UUID, versione: int, tipo_intervento: str, dati: Mapping[str, Any]) -> Domanda:
    """Replace the declared answers of a draft, or of a domanda to clarify.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: the domanda is decided or withdrawn.
        DatiNonValidi: as in `redigi`.
    """
    domanda = await ctx.blocca(Domanda, domanda_id, versione)
    _esigi_stato(domanda, MODIFICABILI, "La domanda non può più essere modificata.")
    avviso = await ctx.trova(Avviso, domanda.avviso_id)
    _controlla_intervento(avviso, tipo_intervento)
    domanda.dati = moduli.valida_dati(avviso.misura, dati).model_dump(mode="json")
    domanda.tipo_intervento = tipo_intervento
    domanda.versione += 1
    await ctx.emetti(
        DomandaModificata(
            aggregato_id=domanda.id, versione=domanda.versione, cartella_id=domanda.cartella_id, tipo_intervento=tipo_intervento
        )
    )
    return domanda


async def ritira(ctx: Contesto, domanda_id: UUID, versione: int) -> Domanda:
    """Withdraw a domanda not yet ranked, as the applicant asks.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: it is ranked, decided or withdrawn already.
    """
    letta = await ctx.trova(Domanda, domanda_id)
    await blocco_avviso(ctx, letta.avviso_id, esclusivo=False)
    domanda = await ctx.blocca(Domanda, domanda_id, versione)
    _esigi_stato(domanda, (*MODIFICABILI, StatoDomanda.PRESENTATA), "La domanda non può più essere ritirata.")
    domanda.stato = StatoDomanda.RITIRATA
    domanda.versione += 1
    await ctx.emetti(
        DomandaRitirata(
            aggregato_id=domanda.id,
            versione=domanda.versione,
            cartella_id=domanda.cartella_id,
            ritirata_il=ctx.data_riferimento,
        )
    )
    return domanda


async def prepara_isee(ctx: Contesto, domanda_id: UUID) -> RichiestaIsee:
    """Say which ISEE to ask INPS for a domanda. The reason to ask is the domanda itself: without one nothing is asked.

    Raises:
        NonTrovato: the domanda is not visible.
        StatoNonAmmesso: it is decided or withdrawn, or the person has no codice fiscale.
        RegoleNonInVigore: the parameters do not cover the reference date.
    """
    domanda = await ctx.trova(Domanda, domanda_id)
    _esigi_stato(domanda, MODIFICABILI, "L'ISEE si consulta solo per una domanda ancora da decidere.")
    avviso = await ctx.trova(Avviso, domanda.avviso_id)
    persona = await istruttoria.persona_di(ctx, domanda)
    if persona.codice_fiscale is None:
        raise StatoNonAmmesso("La persona non ha un codice fiscale con cui interrogare INPS.")
    tipi = moduli.tipi_isee(avviso.misura, await istruttoria.fatti_di_base(ctx, domanda), ctx.data_riferimento)
    if not tipi:
        raise StatoNonAmmesso("Mancano i dati per stabilire quale ISEE serve.")
    return RichiestaIsee(persona.codice_fiscale, INDICATORE_DA_CHIEDERE[tipi[0]], ctx.data_riferimento, domanda.versione)


async def collega_isee(ctx: Contesto, domanda_id: UUID, attestazione: AttestazioneISEE) -> tuple[Domanda, Fatto]:
    """Keep an attestation as a fact of the cartella, valid to the 31 December, and tie it to the domanda.

    Raises:
        NonTrovato: the domanda is not visible.
        StatoNonAmmesso: it was decided or withdrawn meanwhile.
    """
    domanda = await ctx.blocca(Domanda, domanda_id)
    _esigi_stato(domanda, MODIFICABILI, "La domanda è stata decisa o ritirata nel frattempo.")
    tipo = TIPI_ISEE.get(attestazione.tipo_indicatore, "altro")
    fatto = await cartelle.registra_fatto(
        ctx,
        domanda.cartella_id,
        cartelle.DatiFatto(
            tipo=f"{istruttoria.ISEE}{tipo}",
            classe=Classe.ECONOMICA,
            valore={
                "tipo": tipo,
                "tipo_indicatore": attestazione.tipo_indicatore.value,
                "importo_centesimi": attestazione.valore_centesimi,
                "difformita": attestazione.difformita,
                "dsu": attestazione.protocollo_dsu,
                "id_richiesta": attestazione.id_richiesta,
            },
            fonte=FONTE_INPS,
            schema_dati=SCHEMA_ISEE,
            valido_dal=attestazione.data_dsu,
            valido_al=attestazione.valida_fino,
        ),
    )
    ctx.annota("fatto", fatto.id)
    domanda.versione += 1
    await ctx.emetti(
        DomandaIseeCollegato(
            aggregato_id=domanda.id,
            versione=domanda.versione,
            cartella_id=domanda.cartella_id,
            fatto_id=fatto.id,
            tipo_isee=tipo,
        )
    )
    return domanda, fatto


async def registra_requisito(
    ctx: Contesto, cartella_id: UUID, requisito: str, stato: str, fonte: str, dal: date, al: date | None
) -> Fatto:
    """Record that a certification exists, was asked for, or does not exist. Only that: neither diagnosis nor scores.

    The class is BISOGNO: whoever prepares a measure must know that the requirement is met, not why.

    Raises:
        NonTrovato: the cartella is not visible.
        StatoNonAmmesso: the cartella is closed.
        DatiNonValidi: no measure takes that certification into account today, or the dates do not hold.
        RegoleNonInVigore: no table covers the reference date.
    """
    await cartelle.richiedi(ctx, cartella_id)
    if requisito not in moduli.requisiti_ammessi(ctx.data_riferimento):
        raise DatiNonValidi.del_campo("requisito", "non è fra quelli in vigore")
    if dal > ctx.data_riferimento:
        raise DatiNonValidi.del_campo("dal", "è nel futuro")
    fatto = await cartelle.registra_fatto(
        ctx,
        cartella_id,
        cartelle.DatiFatto(
            tipo=f"{istruttoria.CERTIFICAZIONE}{requisito}",
            classe=Classe.BISOGNO,
            valore={"stato": stato},
            fonte=fonte,
            schema_dati=SCHEMA_CERTIFICAZIONE,
            valido_dal=dal,
            valido_al=al,
        ),
    )
    ctx.annota("fatto", fatto.id)
    return fatto


async def presenta(ctx: Contesto, domanda_id: UUID, versione: int) -> tuple[Domanda, Decisione]:
    """Present a draft, or evaluate again a domanda to clarify, and decide by the rules in force on the reference date.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: the domanda is decided or withdrawn, or the avviso does not take domande that day.
        RegoleNonInVigore: no rule or parameter covers the reference date.
    """
    letta = await ctx.trova(Domanda, domanda_id)
    await blocco_avviso(ctx, letta.avviso_id, esclusivo=False)
    avviso = await ctx.trova(Avviso, letta.avviso_id)
    await ctx.sessione.refresh(avviso)  # as it stands now that the lock is held
    domanda = await ctx.blocca(Domanda, domanda_id, versione)
    _esigi_stato(domanda, MODIFICABILI, "La domanda è già stata presentata e decisa, oppure ritirata.")
    prima_volta = domanda.stato is StatoDomanda.BOZZA
    _controlla_termini(avviso, ctx.data_riferimento, prima_volta=prima_volta)
    decisione = await istruttoria.decidi(ctx, avviso, domanda)
    in_dubbio = decisione.esito is EsitoAmmissibilita.DA_CHIARIRE
    domanda.stato = StatoDomanda.ISTRUTTORIA if in_dubbio else StatoDomanda.PRESENTATA
    domanda.presentata_il = domanda.presentata_il or ctx.data_riferimento
    domanda.protocollo = domanda.protocollo or protocollo.nuovo()
    domanda.esito = decisione.esito
    domanda.decisione_id = decisione.id
    domanda.versione += 1
    await _racconta_presentazione(ctx, avviso, domanda, decisione, prima_volta=prima_volta)
    return domanda, decisione


async def _racconta_presentazione(
    ctx: Contesto, avviso: Avviso, domanda: Domanda, decisione: Decisione, *, prima_volta: bool
) -> None:
    comuni: dict[str, Any] = {
        "aggregato_id": domanda.id,
        "versione": domanda.versione,
        "cartella_id": domanda.cartella_id,
        "decisione_id": decisione.id,
        "esito": decisione.esito.value,
    }
    if not prima_volta:
        await ctx.emetti(DomandaRivalutata(**comuni))
        return
    assert domanda.presentata_il is not None
    await ctx.emetti(
        DomandaPresentata(
            **comuni,
            avviso_id=avviso.id,
            misura=avviso.misura,
            tipo_intervento=domanda.tipo_intervento,
            presentata_il=domanda.presentata_il,
        )
    )


async def _avviso_aperto(ctx: Contesto, avviso_id: UUID) -> Avviso:
    avviso = await ctx.trova(Avviso, avviso_id)
    _controlla_termini(avviso, ctx.data_riferimento, prima_volta=True)
    return avviso


def _controlla_termini(avviso: Avviso, giorno: date, *, prima_volta: bool) -> None:
    """A domanda already presented in time may be completed after the last day, until the avviso is closed."""
    if avviso.stato is not StatoAvviso.APERTO:
        raise StatoNonAmmesso("L'avviso non è aperto.")
    if prima_volta and not avviso.aperto_dal <= giorno <= avviso.aperto_al:
        termini = f"dal {avviso.aperto_dal:%d/%m/%Y} al {avviso.aperto_al:%d/%m/%Y}"
        raise StatoNonAmmesso(f"Le domande di questo avviso si presentano {termini}.")


def _controlla_intervento(avviso: Avviso, tipo_intervento: str) -> None:
    if tipo_intervento not in OpzioniAvviso.model_validate(avviso.opzioni).interventi:
        raise DatiNonValidi.del_campo("tipo_intervento", "non è fra quelli dell'avviso")


def _esigi_stato(domanda: Domanda, ammessi: tuple[StatoDomanda, ...], altrimenti: str) -> None:
    if domanda.stato not in ammessi:
        raise StatoNonAmmesso(altrimenti, stato_attuale=domanda.stato.value)


async def _rifiuta_doppia(ctx: Contesto, cartella_id: UUID, avviso_id: UUID) -> None:
    aperta = sa.exists().where(
        col(Domanda.cartella_id) == cartella_id,
        col(Domanda.avviso_id) == avviso_id,
        col(Domanda.stato).not_in([StatoDomanda.RESPINTA, StatoDomanda.RITIRATA]),
    )
    if await ctx.sessione.scalar(sa.select(aperta)):
        raise Conflitto("Per questa persona c'è già una domanda aperta in questo avviso.")
