"""How an équipe ends and how a member leaves it. Access follows the team and ends with it. Reached through `valutazioni.service`.

The days of a team are facts, its last one included. Access is closed with them and never later: at once, when that day is not
in the future (docs/security/squadre.md). What the équipe was doing stays in the record: drafts remain readable, and it can
no longer conclude or sign them.
"""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.platform.errori import Conflitto, DatiNonValidi, NonTrovato, StatoNonAmmesso
from services.core.valutazioni.events import EquipeSciolta, MembroUscito
from services.core.valutazioni.models import Equipe, MembroEquipe, TipoEquipe
from services.core.valutazioni.squadre import EquipeLetta, concede_fino_a, lette, origine


async def sciogli_equipe(ctx: Contesto, equipe_id: UUID, versione: int, cessata_il: date) -> EquipeLetta:
    """End an équipe: its members sit, and see the record by it, until `cessata_il`. A planned end may only come nearer.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        Conflitto: the caller is a guest, or the équipe is that of a reserved programme.
        StatoNonAmmesso: it has ended, or ends by then.
        DatiNonValidi: it was not yet formed on that day.
    """
    equipe = await _da_cambiare(ctx, equipe_id, versione)
    _prima_della_fine(equipe.cessata_il, cessata_il, ctx.data_riferimento, "L'équipe è già sciolta, o cessa prima.")
    if cessata_il < equipe.costituita_il:
        raise DatiNonValidi.del_campo("cessata_il", "viene prima della costituzione")
    equipe.cessata_il = cessata_il
    equipe.versione += 1
    ancora = sa.or_(col(MembroEquipe.al).is_(None), col(MembroEquipe.al) > cessata_il)
    query = sa.select(MembroEquipe).where(col(MembroEquipe.equipe_id) == equipe.id, ancora).order_by(col(MembroEquipe.id))
    membri = list((await ctx.sessione.execute(query)).scalars())
    for membro in membri:
        membro.al = max(cessata_il, membro.dal)
    await ctx.emetti(
        EquipeSciolta(
            aggregato_id=equipe.id,
            versione=equipe.versione,
            cartella_id=equipe.cartella_id,
            cessata_il=cessata_il,
            membri=[m.id for m in membri],
        )
    )
    return await _chiudi(ctx, equipe, None, cessata_il)


async def togli_membro(ctx: Contesto, equipe_id: UUID, versione: int, membro_id: UUID, al: date) -> EquipeLetta:
    """Let a member leave: she sits, and sees the record by this équipe, until `al`. A planned end may only come nearer.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`; the member is not of this équipe.
        Conflitto: as in `sciogli_equipe`.
        StatoNonAmmesso: she has left, or leaves by then.
        DatiNonValidi: she did not yet sit on that day.
    """
    equipe = await _da_cambiare(ctx, equipe_id, versione)
    membro = await esce(ctx, equipe, membro_id, al)
    await ctx.emetti(
        MembroUscito(aggregato_id=equipe.id, versione=equipe.versione, cartella_id=equipe.cartella_id, membro_id=membro.id, al=al)
    )
    return await _chiudi(ctx, equipe, membro, al)


async def esce(ctx: Contesto, equipe: Equipe, membro_id: UUID, al: date) -> MembroEquipe:
    """Write on an équipe, whose lock the caller holds, that a member leaves. Her grants are then for `termina_accessi`.

    Raises:
        NonTrovato, StatoNonAmmesso, DatiNonValidi: as in `togli_membro`.
    """
    membro = await ctx.sessione.get(MembroEquipe, membro_id, populate_existing=True)
    if membro is None or membro.equipe_id != equipe.id:
        raise NonTrovato.cercando(membro_id)
    _prima_della_fine(membro.al, al, ctx.data_riferimento, "Il componente ha già lasciato l'équipe, o la lascia prima.")
    if al < membro.dal:
        raise DatiNonValidi.del_campo("al", "viene prima dell'ingresso nell'équipe")
    membro.al = al
    equipe.versione += 1
    return membro


async def termina_accessi(ctx: Contesto, equipe: Equipe, membro: MembroEquipe | None, ultimo: date) -> None:
    """End the grants an équipe gave, all or those of one member. The last act: the caller's own may be among them."""
    if membro is not None and membro.operatore_id is None:
        return
    await ctx.sessione.flush()  # what was changed is written while the caller still sees it
    motivo, origine_id = origine(equipe)
    chi = (None, None) if membro is None else (membro.operatore_id, membro.ente_id)
    await ctx.sessione.execute(
        _TERMINA, {"motivo": motivo.value, "origine": origine_id, "operatore": chi[0], "ente": chi[1], "ultimo": ultimo}
    )


_TERMINA = sa.text("SELECT termina_accessi(:motivo, :origine, :operatore, :ente, :ultimo)")


async def _da_cambiare(ctx: Contesto, equipe_id: UUID, versione: int) -> Equipe:
    equipe = await ctx.trova(Equipe, equipe_id)
    if equipe.tipo is TipoEquipe.EQUIPE_PIPPI:
        raise Conflitto("L'équipe di un programma riservato si cambia dal suo caso.")
    await concede_fino_a(ctx, equipe)
    return await ctx.blocca(Equipe, equipe_id, versione)


def _prima_della_fine(fine: date | None, nuova: date, oggi: date, altrimenti: str) -> None:
    if fine is not None and fine <= max(nuova, oggi):
        raise StatoNonAmmesso(altrimenti)


async def _chiudi(ctx: Contesto, equipe: Equipe, membro: MembroEquipe | None, ultimo: date) -> EquipeLetta:
    """Read the équipe as it is now, then end the grants: whoever ended her own would no longer read it."""
    await ctx.sessione.flush()  # the reading must see the change
    [letta] = await lette(ctx, [equipe])
    await termina_accessi(ctx, equipe, membro, ultimo)
    return letta
