"""What can be done to exclusions, oppositions and limitations: the only writer. Agreements are loaded (`territorio.carico`)."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.models import Operatore
from services.core.cartelle.models import Cartella
from services.core.contitolarita.events import (
    EsclusioneRegistrata,
    EsclusioneRevocata,
    LimitazioneDecisa,
    LimitazioneRichiesta,
    LimitazioneTerminata,
)
from services.core.contitolarita.models import (
    Esclusione,
    EsitoLimitazione,
    Limitazione,
    MotivoEsclusione,
    TipoLimitazione,
)
from services.core.platform.clock import adesso
from services.core.platform.errori import DatiNonValidi, StatoNonAmmesso


async def escludi(
    ctx: Contesto, cartella_id: UUID, operatore_id: UUID, motivo: MotivoEsclusione, al: date | None = None
) -> Esclusione:
    """Keep an operator from a cartella from the reference date, under any incarico, until `al` included or until revoked.

    The caller may keep herself (D.P.R. 62/2013, art. 7: duty to abstain): from the next request on it is not found for her,
    and somebody else must revoke.

    Raises:
        NonTrovato: the cartella is not visible.
        DatiNonValidi: the operator has no incarico in the ambito, or `al` is before the reference date.
        StatoNonAmmesso: she is kept from it already.
    """
    if al is not None and al < ctx.data_riferimento:
        raise DatiNonValidi.del_campo("al", "è già passato")
    await ctx.blocca(Cartella, cartella_id)
    if await ctx.sessione.get(Operatore, operatore_id) is None:
        raise DatiNonValidi.del_campo("operatore_id", "operatore sconosciuto in questo ambito")
    in_corso = sa.or_(col(Esclusione.al).is_(None), col(Esclusione.al) >= ctx.data_riferimento)
    gia = sa.select(col(Esclusione.id)).where(
        col(Esclusione.cartella_id) == cartella_id,
        col(Esclusione.operatore_id) == operatore_id,
        col(Esclusione.revocata_il).is_(None),
        in_corso,
    )
    if await ctx.sessione.scalar(gia.limit(1)) is not None:
        raise StatoNonAmmesso("L'operatore è già escluso da questa cartella.")
    esclusione = Esclusione(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=cartella_id,
        operatore_id=operatore_id,
        motivo=motivo,
        dal=ctx.data_riferimento,
        al=al,
    )
    ctx.sessione.add(esclusione)
    ctx.annota("esclusione", esclusione.id)
    await ctx.emetti(
        EsclusioneRegistrata(
            aggregato_id=esclusione.id,
            versione=esclusione.versione,
            cartella_id=cartella_id,
            escluso_id=operatore_id,
            dal=esclusione.dal,
            al=al,
        )
    )
    return esclusione


async def revoca_esclusione(ctx: Contesto, esclusione_id: UUID, versione: int) -> Esclusione:
    """End an exclusion at once. Nobody ends her own: to her neither it nor the cartella is found.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: it has ended.
    """
    esclusione = await ctx.blocca(Esclusione, esclusione_id, versione)
    finita = esclusione.al is not None and esclusione.al < ctx.data_riferimento
    if finita or esclusione.revocata_il is not None:
        raise StatoNonAmmesso("L'esclusione è già finita.")
    esclusione.al = max(ctx.data_riferimento, esclusione.dal)
    esclusione.revocata_il = adesso()
    esclusione.versione += 1
    await ctx.emetti(
        EsclusioneRevocata(
            aggregato_id=esclusione.id,
            versione=esclusione.versione,
            cartella_id=esclusione.cartella_id,
            escluso_id=esclusione.operatore_id,
            al=esclusione.al,
        )
    )
    return esclusione


async def registra_limitazione(
    ctx: Contesto, cartella_id: UUID, tipo: TipoLimitazione, richiesta_il: date, motivazione: str
) -> Limitazione:
    """Record what a person asked about the sharing of her record. It has no effect until accepted.

    Raises:
        NonTrovato: the cartella is not visible.
        DatiNonValidi: asked after the reference date.
    """
    if richiesta_il > ctx.data_riferimento:
        raise DatiNonValidi.del_campo("richiesta_il", "è nel futuro")
    await ctx.trova(Cartella, cartella_id)
    limitazione = Limitazione(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=cartella_id,
        tipo=tipo,
        richiesta_il=richiesta_il,
        motivazione=motivazione,
    )
    ctx.sessione.add(limitazione)
    ctx.annota("limitazione", limitazione.id)
    await ctx.emetti(
        LimitazioneRichiesta(
            aggregato_id=limitazione.id,
            versione=limitazione.versione,
            cartella_id=cartella_id,
            tipo_limitazione=tipo.value,
            richiesta_il=richiesta_il,
        )
    )
    return limitazione


async def decidi_limitazione(
    ctx: Contesto, limitazione_id: UUID, versione: int, *, accolta: bool, motivazione: str
) -> Limitazione:
    """Accept or reject a request, saying why. Accepted, sharing by agreement stops with the reference date, at once.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: it has been decided.
    """
    limitazione = await ctx.blocca(Limitazione, limitazione_id, versione)
    if limitazione.esito is not EsitoLimitazione.IN_ESAME:
        raise StatoNonAmmesso("La richiesta è già stata decisa.")
    limitazione.esito = EsitoLimitazione.ACCOLTA if accolta else EsitoLimitazione.RESPINTA
    limitazione.decisa_il = ctx.data_riferimento
    limitazione.motivazione_esito = motivazione
    limitazione.dal = ctx.data_riferimento if accolta else None
    limitazione.versione += 1
    await ctx.emetti(
        LimitazioneDecisa(
            aggregato_id=limitazione.id,
            versione=limitazione.versione,
            cartella_id=limitazione.cartella_id,
            esito=limitazione.esito.value,
            dal=limitazione.dal,
        )
    )
    return limitazione


async def termina_limitazione(ctx: Contesto, limitazione_id: UUID, versione: int, al: date) -> Limitazione:
    """Let an accepted request have effect until `al` included: the person is told before (GDPR art. 18.3).

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: it is not accepted, or has an end already.
        DatiNonValidi: `al` is before the reference date.
    """
    limitazione = await ctx.blocca(Limitazione, limitazione_id, versione)
    if limitazione.esito is not EsitoLimitazione.ACCOLTA or limitazione.al is not None:
        raise StatoNonAmmesso("La richiesta non è accolta, oppure ha già una fine.")
    if al < ctx.data_riferimento:
        raise DatiNonValidi.del_campo("al", "è già passato")
    limitazione.al = al
    limitazione.versione += 1
    await ctx.emetti(
        LimitazioneTerminata(
            aggregato_id=limitazione.id, versione=limitazione.versione, cartella_id=limitazione.cartella_id, al=al
        )
    )
    return limitazione
