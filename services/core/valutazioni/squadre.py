"""Équipes and their members: checked, written with the grants they give, and read. Reached through `valutazioni.service`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.models import Accesso, Incarico, MotivoAccesso, Operatore
from services.core.access.principal import Principal
from services.core.access.ruoli import CLASSI_DEL_RUOLO
from services.core.persone.models import Persona
from services.core.platform.errori import Conflitto, DatiNonValidi, NonTrovato
from services.core.territorio.models import Ente
from services.core.valutazioni import regole
from services.core.valutazioni.models import Equipe, MembroEquipe, Qualifica, TipoEquipe

RUOLI_AMMESSI = tuple(ruolo for ruolo, classi in CLASSI_DEL_RUOLO.items() if classi)
"""Roles that may sit in an équipe: those that may see something of a person."""


@dataclass(frozen=True, slots=True)
class DatiMembro:
    """A member to be: an operator acting for an ente, or a person of the record, or whom an ente sends, described in words."""

    qualifica: Qualifica
    operatore_id: UUID | None = None
    ente_id: UUID | None = None
    persona_id: UUID | None = None
    descrizione: str | None = None


@dataclass(frozen=True, slots=True)
class MembroLetto:
    """A member with the names the reader may see; `nominativo` is None when she may not, or when only the ente is known."""

    membro: MembroEquipe
    nominativo: str | None
    ente: str | None


@dataclass(frozen=True, slots=True)
class EquipeLetta:
    """An équipe with its members. `integrata` is judged on the reference date; None when it depends on an unknown ente."""

    equipe: Equipe
    membri: list[MembroLetto]
    integrata: bool | None


@dataclass(frozen=True, slots=True)
class SquadraNelGiorno:
    """What the rules of other areas need to know of an équipe on a day. `posti` are operator and ente of each seat taken."""

    in_essere: bool
    integrata: bool | None
    enti: tuple[UUID, ...]
    operatori: frozenset[UUID]
    operatori_asst: frozenset[UUID]
    posti: frozenset[tuple[UUID, UUID | None]]

    def vi_siede(self, chi: Principal) -> bool:
        """Whether `chi` sits there for the ente she acts for: a seat held under another incarico is not hers now."""
        return (chi.operatore_id, chi.ente_id) in self.posti


@dataclass(frozen=True, slots=True)
class Candidato:
    """An operator who may be called into an équipe, under one of her incarichi."""

    incarico: Incarico
    operatore: Operatore
    ente: Ente


def _motivo_di_forma(dati: DatiMembro) -> str | None:
    if dati.operatore_id is not None:
        if dati.persona_id is not None or dati.ente_id is None:
            return "un operatore siede per un ente, che va indicato, e non come persona della cartella"
    elif dati.persona_id is not None:
        if dati.ente_id is not None:
            return "una persona della cartella non siede per un ente"
    elif dati.ente_id is None or dati.descrizione is None:
        return "indicare un operatore, una persona della cartella, oppure un ente e una descrizione"
    return None


async def verifica_membri(ctx: Contesto, membri: Sequence[DatiMembro], campo: str = "membri") -> None:
    """Check that each member is one we know, and may sit, on the reference date.

    Raises:
        DatiNonValidi: naming the position of each wrong one.
    """
    motivi: dict[int, str] = {}
    visti: set[UUID] = set()
    for i, dati in enumerate(membri):
        motivo = _motivo_di_forma(dati) or await _motivo_di_sostanza(ctx, dati)
        chi = dati.operatore_id or dati.persona_id
        if motivo is None and chi is not None:
            motivo = "compare due volte" if chi in visti else None
            visti.add(chi)
        if motivo is not None:
            motivi[i] = motivo
    if motivi:
        voci = [{"campo": f"{campo}[{i}]", "motivo": motivo} for i, motivo in motivi.items()]
        raise DatiNonValidi("Alcuni componenti dell'équipe non possono essere accettati.", campi=voci)


async def _motivo_di_sostanza(ctx: Contesto, dati: DatiMembro) -> str | None:
    if dati.operatore_id is not None:
        return None if await _incarico_in_corso(ctx, dati) else "l'operatore non ha un incarico in corso presso quell'ente"
    if dati.persona_id is not None:
        return None if await ctx.sessione.get(Persona, dati.persona_id) else "persona sconosciuta"
    return None if await ctx.sessione.get(Ente, dati.ente_id) else "ente sconosciuto"


async def _incarico_in_corso(ctx: Contesto, dati: DatiMembro) -> bool:
    query = sa.select(sa.literal(1)).where(
        col(Incarico.operatore_id) == dati.operatore_id,
        col(Incarico.ente_id) == dati.ente_id,
        *_in_corso(ctx.data_riferimento),
    )
    return await ctx.sessione.scalar(query.limit(1)) is not None


def _in_corso(giorno: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Incarico.dal) <= giorno,
        sa.or_(col(Incarico.al).is_(None), col(Incarico.al) >= giorno),
        col(Incarico.revocato_il).is_(None),
        col(Incarico.ruolo).in_(RUOLI_AMMESSI),
    )


async def scrivi(ctx: Contesto, equipe: Equipe, membri: Sequence[DatiMembro]) -> list[MembroEquipe]:
    """Insert an équipe with its members and the grants of those who are operators, in the order the row policies need.

    Raises:
        Conflitto: the caller sees the cartella as a guest.
    """
    fino_a = await concede_fino_a(ctx, equipe)
    for dati in membri:
        _concedi(ctx, equipe, dati, fino_a)
    await ctx.sessione.flush()  # the row of an équipe in custody is written under a grant its writer already has
    ctx.sessione.add(equipe)
    await ctx.sessione.flush()  # the members refer to it
    righe = [_membro(equipe, dati, equipe.costituita_il, fino_a) for dati in membri]
    ctx.sessione.add_all(righe)
    await ctx.sessione.flush()  # a member refused by the database is refused before the event
    return righe


async def aggiungi(ctx: Contesto, equipe: Equipe, dati: DatiMembro) -> MembroEquipe:
    """Insert one more member from the reference date, with her grant. The caller holds the équipe's lock.

    Raises:
        Conflitto: as in `scrivi`.
    """
    fino_a = await concede_fino_a(ctx, equipe)
    _concedi(ctx, equipe, dati, fino_a)
    riga = _membro(equipe, dati, ctx.data_riferimento, fino_a)
    ctx.sessione.add(riga)
    equipe.versione += 1
    await ctx.sessione.flush()  # as in `scrivi`
    return riga


def origine(equipe: Equipe) -> tuple[MotivoAccesso, UUID]:
    """Return reason and origin of the grants an équipe gives."""
    if equipe.tipo is TipoEquipe.EQUIPE_PIPPI:
        return MotivoAccesso.PIPPI, equipe.custodia_id
    return MotivoAccesso.EQUIPE, equipe.id


async def concede_fino_a(ctx: Contesto, equipe: Equipe) -> date | None:
    """Return the last day for which the caller may open the cartella to a member of `equipe`; None: without end.

    The row policies ask the same function of the database (docs/security/squadre.md).

    Raises:
        Conflitto: she may not, because she sees the cartella as a guest.
    """
    motivo, origine_id = origine(equipe)
    funzione = sa.func.concede_fino_a(motivo.value, equipe.cartella_id, origine_id)
    fino_a: date | None = await ctx.sessione.scalar(sa.select(funzione))
    if fino_a is None:
        raise Conflitto("L'équipe è formata e cambiata da chi ha in carico la cartella, non da chi vi è ammesso come ospite.")
    return None if fino_a == date.max else fino_a  # PostgreSQL's infinity, as asyncpg reads it


def _concedi(ctx: Contesto, equipe: Equipe, dati: DatiMembro, fino_a: date | None) -> None:
    """Open the record to a member from today on: never backwards, whenever the équipe began; never beyond `fino_a`."""
    if dati.operatore_id is None:
        return
    assert dati.ente_id is not None  # checked by `verifica_membri`
    motivo, origine_id = origine(equipe)
    ctx.sessione.add(
        Accesso(
            ambito_id=equipe.ambito_id,
            cartella_id=equipe.cartella_id,
            operatore_id=dati.operatore_id,
            ente_id=dati.ente_id,
            motivo=motivo,
            origine_id=origine_id,
            dal=ctx.data_riferimento,
            al=fino_a,
        )
    )


def _membro(equipe: Equipe, dati: DatiMembro, dal: date, fino_a: date | None) -> MembroEquipe:
    """An operator sits as long as she can see: `fino_a`. The others have no grant that ends."""
    return MembroEquipe(
        ambito_id=equipe.ambito_id,
        cartella_id=equipe.cartella_id,
        equipe_id=equipe.id,
        custodia_id=equipe.custodia_id,
        operatore_id=dati.operatore_id,
        ente_id=dati.ente_id,
        persona_id=dati.persona_id,
        qualifica=dati.qualifica,
        descrizione=dati.descrizione,
        dal=dal,
        al=fino_a if dati.operatore_id is not None else None,
    )


async def equipe_ordinaria(ctx: Contesto, cartella_id: UUID, equipe_id: UUID, giorno: date) -> Equipe:
    """Return an équipe of the cartella on which a valutazione or a progetto of the day `giorno` may rest.

    Raises:
        NonTrovato: it is not visible, or belongs to another cartella.
        DatiNonValidi: it is in custody of a reserved programme, was not in being on `giorno`, or has ended since.
    """
    equipe = await ctx.trova(Equipe, equipe_id)
    if equipe.cartella_id != cartella_id:
        raise NonTrovato.cercando(equipe_id)
    motivo = None
    if equipe.tipo is TipoEquipe.EQUIPE_PIPPI:
        motivo = "è l'équipe di un programma riservato"
    elif not regole.in_essere(equipe.costituita_il, equipe.cessata_il, giorno):
        motivo = "non è in essere in quel giorno"
    elif not regole.in_essere(equipe.costituita_il, equipe.cessata_il, ctx.data_riferimento):
        motivo = "è sciolta"
    if motivo:
        raise DatiNonValidi.del_campo("equipe_id", motivo)
    return equipe


async def presenze(ctx: Contesto, *equipe_ids: UUID) -> dict[UUID, list[regole.Presenza]]:
    """Return the members of each équipe as the rules see them."""
    m = MembroEquipe
    query = sa.select(m, col(Ente.tipo)).outerjoin(Ente, col(Ente.id) == col(m.ente_id)).where(col(m.equipe_id).in_(equipe_ids))
    trovate: dict[UUID, list[regole.Presenza]] = {id_: [] for id_ in equipe_ids}
    for riga, tipo in (await ctx.sessione.execute(query)).all():
        presenza = regole.Presenza(riga.operatore_id, riga.persona_id, riga.ente_id, tipo, riga.dal, riga.al)
        trovate[riga.equipe_id].append(presenza)
    return trovate


async def squadra_nel_giorno(ctx: Contesto, equipe: Equipe, giorno: date) -> SquadraNelGiorno:
    """Judge an équipe on a day."""
    membri = (await presenze(ctx, equipe.id))[equipe.id]
    attivi = regole.presenti(membri, giorno)
    asst = frozenset(p.operatore_id for p in attivi if p.operatore_id and p.tipo_ente == regole.TIPO_ENTE_SANITARIO)
    return SquadraNelGiorno(
        in_essere=regole.in_essere(equipe.costituita_il, equipe.cessata_il, giorno),
        integrata=regole.integrata(membri, giorno),
        enti=regole.enti_coinvolti(membri, giorno),
        operatori=frozenset(p.operatore_id for p in attivi if p.operatore_id),
        operatori_asst=asst,
        posti=frozenset((p.operatore_id, p.ente_id) for p in attivi if p.operatore_id),
    )


async def membri_letti(ctx: Contesto, *equipe_ids: UUID) -> dict[UUID, list[MembroLetto]]:
    """Return the members of each équipe with the names the reader may see, in order of entry."""
    m, o, p = MembroEquipe, Operatore, Persona
    query = (
        sa.select(m, sa.func.coalesce(o.cognome, p.cognome), sa.func.coalesce(o.nome, p.nome), col(Ente.denominazione))
        .outerjoin(o, col(o.id) == col(m.operatore_id))
        .outerjoin(p, col(p.id) == col(m.persona_id))
        .outerjoin(Ente, col(Ente.id) == col(m.ente_id))
        .where(col(m.equipe_id).in_(equipe_ids))
        .order_by(col(m.dal), col(m.id))
    )
    letti: dict[UUID, list[MembroLetto]] = {id_: [] for id_ in equipe_ids}
    for membro, cognome, nome, ente in (await ctx.sessione.execute(query)).all():
        letti[membro.equipe_id].append(MembroLetto(membro, cognome and f"{cognome} {nome}", ente))
    return letti


async def lette(ctx: Contesto, equipes: Sequence[Equipe]) -> list[EquipeLetta]:
    """Return équipes with their members and whether each is integrated on the reference date."""
    ids = [e.id for e in equipes]
    membri, visti = await membri_letti(ctx, *ids), await presenze(ctx, *ids)
    return [EquipeLetta(e, membri[e.id], regole.integrata(visti[e.id], ctx.data_riferimento)) for e in equipes]


async def candidati(ctx: Contesto, ente_id: UUID | None, dopo: UUID | None, limite: int) -> tuple[list[Candidato], UUID | None]:
    """Return who may be called into an équipe on the reference date, a page in order of incarico, and the key to go on from."""
    query = (
        sa.select(Incarico, Operatore, Ente)
        .join(Operatore, col(Operatore.id) == col(Incarico.operatore_id))
        .join(Ente, col(Ente.id) == col(Incarico.ente_id))
        .where(*_in_corso(ctx.data_riferimento))
        .order_by(col(Incarico.id))
        .limit(limite + 1)
    )
    if ente_id is not None:
        query = query.where(col(Incarico.ente_id) == ente_id)
    if dopo is not None:
        query = query.where(col(Incarico.id) > dopo)
    righe = [Candidato(*riga) for riga in (await ctx.sessione.execute(query)).all()]
    return righe[:limite], righe[limite - 1].incarico.id if len(righe) > limite else None
