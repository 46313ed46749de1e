"""What can be done to a cartella: the only writer."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.ruoli import Classe
from services.core.cartelle.events import CartellaAperta, CartellaChiusa, ComponenteAggiunto, FattoRegistrato
from services.core.cartelle.models import Cartella, Fatto, StatoCartella
from services.core.persone import service as persone
from services.core.persone.models import Componente, Relazione
from services.core.platform.clock import adesso
from services.core.platform.errori import DatiNonValidi, StatoNonAmmesso
from services.core.territorio.models import Competenza, Comune


@dataclass(frozen=True, slots=True)
class DatiFatto:
    """A fact to record, true from `valido_dal` to `valido_al` included; `schema_dati` names the contract `valore` follows."""

    tipo: str
    classe: Classe
    valore: dict[str, Any]
    fonte: str
    schema_dati: str
    valido_dal: date
    valido_al: date | None = None


async def apri(ctx: Contesto, dati: persone.DatiPersona, servizio: str, aperta_il: date) -> Cartella:
    """Open the cartella of a person not yet in the ambito, with a household of her own, at a service of her Comune.

    Raises:
        DatiNonValidi: the identity does not hold, the Comune or the service is unknown, or `aperta_il` is before birth or
            after the reference date.
        Conflitto: at commit or earlier, when the codice fiscale is already in the ambito (one uniform problem).
        NonTrovato: the competenza is outside the caller's scope.
    """
    if not dati.data_nascita <= aperta_il <= ctx.data_riferimento:
        raise DatiNonValidi.del_campo("aperta_il", "deve stare fra la nascita e oggi")
    competenza = await _competenza(ctx, dati.comune_residenza, servizio)
    persona = await persone.crea(ctx, dati)
    nucleo = await persone.crea_nucleo(ctx)
    cartella = Cartella(
        ambito_id=ctx.principal.ambito_id,
        persona_id=persona.id,
        nucleo_id=nucleo.id,
        competenza_id=competenza.id,
        aperta_il=aperta_il,
        creata_il=adesso(),
    )
    ctx.sessione.add(cartella)
    await ctx.sessione.flush()  # the row policy refuses here a competenza outside the scope
    await persone.aggiungi_a_nucleo(ctx, nucleo.id, persona.id, Relazione.INTESTATARIO, aperta_il)
    ctx.annota("cartella", cartella.id)
    await ctx.emetti(
        CartellaAperta(aggregato_id=cartella.id, versione=cartella.versione, cartella_id=cartella.id, competenza_id=competenza.id)
    )
    return cartella


async def _competenza(ctx: Contesto, codice_istat: str, servizio: str) -> Competenza:
    query = (
        sa.select(Competenza)
        .join(Comune, col(Comune.id) == col(Competenza.comune_id))
        .where(col(Comune.codice_istat) == codice_istat, col(Competenza.servizio) == servizio)
    )
    competenza = (await ctx.sessione.execute(query)).scalar_one_or_none()
    if competenza is None:
        raise DatiNonValidi.del_campo("servizio", "il Comune o il servizio non è fra quelli dell'ambito")
    return competenza


async def chiudi(ctx: Contesto, cartella_id: UUID, versione: int) -> Cartella:
    """Close a cartella on the reference date.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: it is closed already.
    """
    cartella = await ctx.blocca(Cartella, cartella_id, versione)
    if cartella.stato is StatoCartella.CHIUSA:
        raise StatoNonAmmesso("La cartella è già chiusa.")
    cartella.stato, cartella.chiusa_il = StatoCartella.CHIUSA, ctx.data_riferimento
    cartella.versione += 1
    await ctx.emetti(
        CartellaChiusa(
            aggregato_id=cartella.id, versione=cartella.versione, cartella_id=cartella.id, chiusa_il=ctx.data_riferimento
        )
    )
    return cartella


async def aggiungi_componente(
    ctx: Contesto, cartella_id: UUID, versione: int, dati: persone.DatiPersona, relazione: Relazione, dal: date
) -> Componente:
    """Add a person not yet in the ambito to the household of a cartella.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: the cartella is closed.
        DatiNonValidi, Conflitto: as in `apri`.
    """
    if not dati.data_nascita <= dal <= ctx.data_riferimento:
        raise DatiNonValidi.del_campo("dal", "deve stare fra la nascita e oggi")
    cartella = await ctx.blocca(Cartella, cartella_id, versione)
    if cartella.stato is StatoCartella.CHIUSA:
        raise StatoNonAmmesso("La cartella è chiusa.")
    persona = await persone.crea(ctx, dati, celata=cartella.riservata)
    componente = await persone.aggiungi_a_nucleo(ctx, cartella.nucleo_id, persona.id, relazione, dal)
    cartella.versione += 1
    await ctx.emetti(
        ComponenteAggiunto(
            aggregato_id=cartella.id,
            versione=cartella.versione,
            cartella_id=cartella.id,
            nucleo_id=cartella.nucleo_id,
            persona_id=persona.id,
        )
    )
    return componente


async def registra_fatto(ctx: Contesto, cartella_id: UUID, dati: DatiFatto) -> Fatto:
    """Record a fact. What was believed of the same kind from the same source about any of the same days is closed at the same
    instant: the correction keeps both. What was said of other days (last year's ISEE) stays.

    Raises:
        NonTrovato: the cartella is not visible.
        DatiNonValidi: the validity ends before it begins.
    """
    if dati.valido_al is not None and dati.valido_al < dati.valido_dal:
        raise DatiNonValidi("La validità del fatto finisce prima di cominciare.")
    cartella = await ctx.blocca(Cartella, cartella_id)
    stesso = (col(Fatto.cartella_id) == cartella_id, col(Fatto.tipo) == dati.tipo, col(Fatto.fonte) == dati.fonte)
    ultimo = sa.func.max(col(Fatto.registrato_il)) + sa.text(
        "interval '1 microsecond'"
    )  # a clock may step back: recorded time not
    istante = await ctx.sessione.scalar(sa.select(sa.func.greatest(sa.func.clock_timestamp(), ultimo)).where(*stesso))
    assert istante is not None
    tocca = sa.or_(col(Fatto.valido_al).is_(None), col(Fatto.valido_al) >= dati.valido_dal)
    if dati.valido_al is not None:
        tocca = sa.and_(tocca, col(Fatto.valido_dal) <= dati.valido_al)
    superati = sa.update(Fatto).where(*stesso, col(Fatto.registrato_al).is_(None), tocca)
    await ctx.sessione.execute(superati.values(registrato_al=istante))
    fatto = Fatto(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=cartella_id,
        tipo=dati.tipo,
        classe=int(dati.classe),
        valore=dati.valore,
        fonte=dati.fonte,
        schema_dati=dati.schema_dati,
        valido_dal=dati.valido_dal,
        valido_al=dati.valido_al,
        registrato_il=istante,
    )
    ctx.sessione.add(fatto)
    cartella.versione += 1
    await ctx.emetti(
        FattoRegistrato(
            aggregato_id=cartella.id, versione=cartella.versione, cartella_id=cartella.id, fatto_id=fatto.id, tipo_fatto=dati.tipo
        )
    )
    return fatto


async def fatti_creduti(ctx: Contesto, cartella_id: UUID, al: date) -> list[Fatto]:
    """Return the facts now believed that are true on the day `al`, of the classes the role may see."""
    query = sa.select(Fatto).where(
        col(Fatto.cartella_id) == cartella_id,
        col(Fatto.registrato_al).is_(None),
        col(Fatto.valido_dal) <= al,
        sa.or_(col(Fatto.valido_al).is_(None), col(Fatto.valido_al) >= al),
    )
    return list((await ctx.sessione.execute(query.order_by(col(Fatto.tipo), col(Fatto.registrato_il)))).scalars())


async def richiedi(ctx: Contesto, cartella_id: UUID) -> Cartella:
    """Return a visible cartella that is open.

    Raises:
        NonTrovato: not visible.
        StatoNonAmmesso: closed.
    """
    cartella = await ctx.trova(Cartella, cartella_id)
    if cartella.stato is StatoCartella.CHIUSA:
        raise StatoNonAmmesso("La cartella è chiusa.")
    return cartella
