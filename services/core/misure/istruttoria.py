"""From the record to the rules: collect the facts of one domanda, evaluate them, store the decision, compute it again."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.cartelle import service as cartelle
from services.core.cartelle.models import Cartella
from services.core.cartelle.models import Fatto as FattoRegistrato
from services.core.misure import catalogo, moduli
from services.core.misure.fatti import Fatto
from services.core.misure.models import Avviso, Decisione, Domanda
from services.core.misure.motore import Valutazione, ricalcola, valuta
from services.core.persone.models import Persona
from services.core.platform.clock import adesso
from services.core.territorio.models import Comune

CERTIFICAZIONE = "certificazione."
ISEE = "isee."


async def persona_di(ctx: Contesto, domanda: Domanda) -> Persona:
    """Return the person the domanda is for.

    Raises:
        NonTrovato: the cartella or the person is not visible.
    """
    cartella = await ctx.trova(Cartella, domanda.cartella_id)
    return await ctx.trova(Persona, cartella.persona_id)


async def fatti_di_base(ctx: Contesto, domanda: Domanda) -> list[Fatto]:
    """What the registry and the domanda itself say: birth, residence in the ambito, benefit asked for."""
    persona = await persona_di(ctx, domanda)
    comune = await ctx.sessione.get(Comune, persona.comune_residenza_id)  # a Comune of another ambito is not visible
    fonte = f"domanda {domanda.id}"
    return [
        Fatto("data_nascita", persona.data_nascita.isoformat(), "anagrafica della cartella sociale"),
        Fatto("residenza_nell_ambito", comune is not None, "anagrafica della cartella sociale"),
        Fatto("tipo_intervento", domanda.tipo_intervento, fonte),
    ]


async def raccogli_fatti(ctx: Contesto, avviso: Avviso, domanda: Domanda) -> list[Fatto]:
    """Collect what the rules may read: the registry, the declared answers, the certifications and the ISEE now believed.

    Of several certifications of one kind the last recorded counts; of several ISEE, the last recorded of a kind that the
    measure needs, else the last recorded of any kind, so that the rules can say what is wrong with it.
    """
    base = await fatti_di_base(ctx, domanda)
    dichiarati = moduli.valida_dati(avviso.misura, domanda.dati).fatti(f"dichiarazione nella domanda {domanda.id}")
    creduti = await cartelle.fatti_creduti(ctx, domanda.cartella_id, ctx.data_riferimento)
    ctx.annota("fatto", *(fatto.id for fatto in creduti if fatto.tipo.startswith((CERTIFICAZIONE, ISEE))))
    certificazioni = {fatto.tipo: _fatto(fatto, fatto.tipo) for fatto in creduti if fatto.tipo.startswith(CERTIFICAZIONE)}
    ammessi = moduli.tipi_isee(avviso.misura, base, ctx.data_riferimento)
    attestazioni = sorted(
        (fatto for fatto in creduti if fatto.tipo.startswith(ISEE)),
        key=lambda fatto: (fatto.valore["tipo"] in ammessi, fatto.registrato_il),
    )
    isee = [_fatto(attestazioni[-1], "isee")] if attestazioni else []
    return [*base, *dichiarati, *certificazioni.values(), *isee]


def _fatto(registrato: FattoRegistrato, tipo: str) -> Fatto:
    return Fatto(
        tipo=tipo,
        valore=registrato.valore,
        fonte=registrato.fonte,
        id=str(registrato.id),
        valido_dal=registrato.valido_dal,
        valido_al=registrato.valido_al,
    )


async def decidi(ctx: Contesto, avviso: Avviso, domanda: Domanda) -> Decisione:
    """Evaluate the domanda on the reference date and add the decision; the caller ties it to the domanda.

    Raises:
        RegoleNonInVigore: no rule or parameter covers the reference date.
        DatiNonValidi: the stored answers no longer fit the form.
    """
    fatti = await raccogli_fatti(ctx, avviso, domanda)
    valutazione = valuta(catalogo.registro(), catalogo.parametri(), avviso.misura, fatti, ctx.data_riferimento)
    decisione = Decisione(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=domanda.cartella_id,
        domanda_id=domanda.id,
        data_riferimento=ctx.data_riferimento,
        esito=valutazione.esito,
        spiegazione=valutazione.spiegazione(),
        fatti=valutazione.fatti_salvati(),
        parametri=valutazione.parametri_salvati(),
        impronta=valutazione.impronta,
        creata_il=adesso(),
    )
    ctx.sessione.add(decisione)
    await ctx.sessione.flush()  # the domanda refers to it
    ctx.annota("decisione", decisione.id)
    return decisione


async def ricalcola_decisione(ctx: Contesto, decisione_id: UUID) -> Valutazione:
    """Compute a stored decision again from its own rule, parameter and fact versions. Equal `impronta` confirms it.

    Raises:
        NonTrovato: the decision is not visible.
        ReplicaImpossibile: a fact version it used is not visible with this incarico or was erased, or a rule is unknown.
    """
    decisione = await ctx.trova(Decisione, decisione_id)
    ids = [UUID(dati["id"]) for dati in decisione.fatti.values() if dati["id"] is not None]
    righe = await ctx.sessione.execute(
        sa.select(col(FattoRegistrato.id), col(FattoRegistrato.valore)).where(col(FattoRegistrato.id).in_(ids))
    )
    valori: dict[str, Any] = {str(id_): valore for id_, valore in righe}
    return ricalcola(catalogo.registro(), decisione.spiegazione, decisione.fatti, decisione.parametri, valori)
