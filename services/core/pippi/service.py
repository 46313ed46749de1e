"""What can be done to a P.I.P.P.I. case: the only writer. What keeps the case unknown outside its team is in ADR 0011.

The child's cartella and the persons are looked up without being annotated: the audit trail names the case, and nobody who
looks there for a cartella finds that it has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.cartelle.models import Cartella, StatoCartella
from services.core.persone.models import Persona
from services.core.pippi import repository
from services.core.pippi.events import (
    CasoAderito,
    CasoAvviato,
    CasoProposto,
    MembroAggiunto,
    MembroUscito,
    MicroprogettoAggiunto,
    RilevazioneRegistrata,
)
from services.core.pippi.models import CasoPippi, Dispositivo, Microprogetto, RilevazionePippi, StatoCaso, Tempo
from services.core.pippi.mondo_del_bambino import PunteggiNonValidi, Sottodimensione, leggi_punteggi
from services.core.pippi.stati import AttoCaso, controlla_ordine, stato_dopo
from services.core.platform.errori import Conflitto, DatiNonValidi, NonTrovato, StatoNonAmmesso
from services.core.platform.ids import nuovo_id
from services.core.valutazioni import service as valutazioni
from services.core.valutazioni.models import Equipe, Qualifica, TipoEquipe

MAGGIORE_ETA = 18
"""Years (Codice civile, art. 2)."""


@dataclass(frozen=True, slots=True)
class DatiMicroprogetto:
    sottodimensione: Sottodimensione
    situazione_osservata: str
    risultato_atteso: str
    dispositivo: Dispositivo
    responsabile: str
    entro: date


async def apri(
    ctx: Contesto, cartella_id: UUID, edizione: str, qualifica: Qualifica, membri: Sequence[valutazioni.DatiMembro]
) -> CasoPippi:
    """Propose the programme for the child of a cartella. The caller is the first of the team; `membri` are the others.

    A second case of the same child is not refused: to refuse it would reveal the first.

    Raises:
        NonTrovato: the cartella is not visible.
        StatoNonAmmesso: it is closed.
        DatiNonValidi: the person is of age, or a member cannot be accepted.
    """
    await _bambino(ctx, cartella_id)
    if any(m.operatore_id == ctx.principal.operatore_id for m in membri):
        raise DatiNonValidi.del_campo("membri", "chi apre il caso ne fa già parte")
    await valutazioni.verifica_membri(ctx, membri)
    ambito_id, oggi = ctx.principal.ambito_id, ctx.data_riferimento
    caso_id = nuovo_id()
    equipe = Equipe(
        ambito_id=ambito_id, cartella_id=cartella_id, custodia_id=caso_id, tipo=TipoEquipe.EQUIPE_PIPPI, costituita_il=oggi
    )
    proprio = valutazioni.DatiMembro(qualifica, operatore_id=ctx.principal.operatore_id, ente_id=ctx.principal.ente_id)
    await valutazioni.scrivi(ctx, equipe, [proprio, *membri])
    caso = CasoPippi(
        id=caso_id, ambito_id=ambito_id, cartella_id=cartella_id, equipe_id=equipe.id, edizione=edizione, proposto_il=oggi
    )
    ctx.sessione.add(caso)
    ctx.annota("caso_pippi", caso_id)
    await ctx.emetti(CasoProposto(aggregato_id=caso_id, versione=caso.versione, edizione=edizione, proposto_il=oggi))
    return caso


async def _bambino(ctx: Contesto, cartella_id: UUID) -> None:
    cartella = await ctx.sessione.get(Cartella, cartella_id)
    persona = await ctx.sessione.get(Persona, cartella.persona_id) if cartella else None
    if cartella is None or persona is None:
        raise NonTrovato
    if cartella.stato is StatoCartella.CHIUSA:
        raise StatoNonAmmesso("La cartella è chiusa.")
    nascita, oggi = persona.data_nascita, ctx.data_riferimento
    if oggi.year - nascita.year - ((oggi.month, oggi.day) < (nascita.month, nascita.day)) >= MAGGIORE_ETA:
        raise DatiNonValidi("Il programma riguarda un minorenne.")


async def elenca(ctx: Contesto, dopo: UUID | None, limite: int) -> tuple[list[CasoPippi], UUID | None]:
    """Return a page of the cases of the caller's teams, the latest first, and the key to go on from."""
    query = sa.select(CasoPippi).order_by(col(CasoPippi.id).desc()).limit(limite + 1)
    if dopo is not None:
        query = query.where(col(CasoPippi.id) < dopo)
    righe = list((await ctx.sessione.execute(query)).scalars())
    mostrati = righe[:limite]
    ctx.annota("caso_pippi", *(c.id for c in mostrati))
    return mostrati, mostrati[-1].id if len(righe) > limite else None


async def leggi(ctx: Contesto, caso_id: UUID) -> repository.CasoLetto:
    """Return a case with its team, surveys and micro-projects, or raise NonTrovato."""
    return await repository.letto(ctx, await ctx.trova(CasoPippi, caso_id))


async def aderisci(ctx: Contesto, caso_id: UUID, versione: int, adesione_il: date) -> CasoPippi:
    """Record that the family adhered on a day.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: the case is not proposed.
        DatiNonValidi: the day is before the proposal or in the future.
    """
    caso = await ctx.blocca(CasoPippi, caso_id, versione)
    dopo = stato_dopo(caso.stato, AttoCaso.ADERISCI)
    _tra(caso.proposto_il, adesione_il, ctx.data_riferimento, "adesione_il", "la proposta")
    caso.stato, caso.adesione_il = dopo, adesione_il
    caso.versione += 1
    await ctx.emetti(CasoAderito(aggregato_id=caso.id, versione=caso.versione, adesione_il=adesione_il))
    return caso


async def aggiungi_membro(ctx: Contesto, caso_id: UUID, dati: valutazioni.DatiMembro) -> CasoPippi:
    """Add a member to the team from the reference date; an operator gets the case opened.

    Raises:
        NonTrovato: the case is not visible.
        StatoNonAmmesso: it is over.
        Conflitto: she is in the team already.
        DatiNonValidi: she cannot be accepted.
    """
    caso = await ctx.blocca(CasoPippi, caso_id)
    caso.stato = stato_dopo(caso.stato, AttoCaso.CAMBIA_EQUIPE)
    await valutazioni.verifica_membri(ctx, [dati], campo="membro")
    equipe = await ctx.blocca(Equipe, caso.equipe_id)
    gia = [letto.membro for letto in (await valutazioni.membri_letti(ctx, equipe.id))[equipe.id]]
    chi = dati.operatore_id or dati.persona_id
    oggi = ctx.data_riferimento
    if chi is not None and any(chi in (m.operatore_id, m.persona_id) and (m.al is None or m.al >= oggi) for m in gia):
        raise Conflitto("Fa già parte dell'équipe.")
    membro = await valutazioni.aggiungi(ctx, equipe, dati)
    caso.versione += 1
    await ctx.emetti(MembroAggiunto(aggregato_id=caso.id, versione=caso.versione, membro_id=membro.id, dal=membro.dal))
    return caso


async def togli_membro(ctx: Contesto, caso_id: UUID, versione: int, membro_id: UUID, al: date) -> repository.CasoLetto:
    """Let a member leave the team: she sits, and sees the case, until `al`; at once when that day is not in the future.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`; the member is not of this team.
        StatoNonAmmesso: the case is over, or she has left, or leaves by then.
        Conflitto: no operator would stay: nobody could open the case, or let anybody in, ever again.
        DatiNonValidi: she did not yet sit on that day.
    """
    caso = await ctx.blocca(CasoPippi, caso_id, versione)
    caso.stato = stato_dopo(caso.stato, AttoCaso.CAMBIA_EQUIPE)
    equipe = await ctx.blocca(Equipe, caso.equipe_id)
    membro = await valutazioni.esce(ctx, equipe, membro_id, al)
    altri = [x.membro for x in (await valutazioni.membri_letti(ctx, equipe.id))[equipe.id] if x.membro.id != membro.id]
    if not any(m.operatore_id is not None and (m.al is None or m.al > max(al, ctx.data_riferimento)) for m in altri):
        raise Conflitto("Nell'équipe deve restare almeno un operatore: prima se ne aggiunga un altro.")
    caso.versione += 1
    await ctx.emetti(MembroUscito(aggregato_id=caso.id, versione=caso.versione, membro_id=membro.id, al=al))
    await ctx.sessione.flush()  # the reading must see the change, and comes before the caller may have closed the case to herself
    letto = await repository.letto(ctx, caso)
    await valutazioni.termina_accessi(ctx, equipe, membro, al)
    return letto


async def rileva(ctx: Contesto, caso_id: UUID, tempo: Tempo, data: date, punteggi: Mapping[str, int | None]) -> RilevazionePippi:
    """Record the *Mondo del bambino* at one time. The first one (T0) starts the work with the family.

    Raises:
        NonTrovato: the case is not visible.
        StatoNonAmmesso: the family has not adhered, the case is over, or the survey that comes first is missing.
        Conflitto: there is one at that time already.
        DatiNonValidi: the day is before the adhesion or in the future, a score is not of the scale, or there is none.
    """
    caso = await ctx.blocca(CasoPippi, caso_id)
    caso.stato = stato_dopo(caso.stato, AttoCaso.RILEVA)
    presenti = await repository.tempi_rilevati(ctx, caso_id)
    if tempo in presenti:
        raise Conflitto(f"La rilevazione {tempo} c'è già.")
    controlla_ordine(tempo, presenti)
    assert caso.adesione_il is not None  # the state says so, and the table checks it
    _tra(caso.adesione_il, data, ctx.data_riferimento, "data", "l'adesione")
    rilevazione = RilevazionePippi(
        ambito_id=caso.ambito_id,
        cartella_id=caso.cartella_id,
        caso_id=caso.id,
        tempo=tempo,
        data=data,
        punteggi=_punteggi(punteggi),
    )
    ctx.sessione.add(rilevazione)
    await ctx.emetti(
        RilevazioneRegistrata(
            aggregato_id=rilevazione.id, versione=rilevazione.versione, caso_id=caso.id, tempo=tempo.value, data=data
        )
    )
    if caso.stato is StatoCaso.ADERITO:
        caso.stato = stato_dopo(caso.stato, AttoCaso.AVVIA, {*presenti, tempo})
        caso.versione += 1
        await ctx.emetti(CasoAvviato(aggregato_id=caso.id, versione=caso.versione))
    return rilevazione


def _punteggi(grezzi: Mapping[str, int | None]) -> dict[str, int | None]:
    try:
        letti = leggi_punteggi(grezzi)
    except PunteggiNonValidi as errore:
        campi = [{"campo": f"punteggi.{nome}", "motivo": motivo} for nome, motivo in errore.campi.items()]
        raise DatiNonValidi("Alcuni punteggi non possono essere accettati.", campi=campi) from None
    if all(valore is None for valore in letti.values()):
        raise DatiNonValidi.del_campo("punteggi", "nessuna sottodimensione è stata rilevata")
    return {sotto.value: valore for sotto, valore in letti.items()}


async def aggiungi_microprogetto(ctx: Contesto, caso_id: UUID, dati: DatiMicroprogetto) -> Microprogetto:
    """Add a micro-project to a case in progress.

    Raises:
        NonTrovato: the case is not visible.
        StatoNonAmmesso: the work has not started, or is over.
        DatiNonValidi: the term is past.
    """
    caso = await ctx.blocca(CasoPippi, caso_id)
    caso.stato = stato_dopo(caso.stato, AttoCaso.AGGIUNGI_MICROPROGETTO)
    if dati.entro < ctx.data_riferimento:
        raise DatiNonValidi.del_campo("entro", "è già passato")
    micro = Microprogetto(
        ambito_id=caso.ambito_id,
        cartella_id=caso.cartella_id,
        caso_id=caso.id,
        sottodimensione=dati.sottodimensione,
        situazione_osservata=dati.situazione_osservata,
        risultato_atteso=dati.risultato_atteso,
        dispositivo=dati.dispositivo,
        responsabile=dati.responsabile,
        entro=dati.entro,
    )
    ctx.sessione.add(micro)
    await ctx.emetti(
        MicroprogettoAggiunto(
            aggregato_id=micro.id,
            versione=micro.versione,
            caso_id=caso.id,
            dispositivo=dati.dispositivo.value,
            entro=dati.entro,
        )
    )
    return micro


def _tra(dal: date, giorno: date, al: date, campo: str, cosa: str) -> None:
    if not dal <= giorno <= al:
        raise DatiNonValidi.del_campo(campo, f"deve stare fra {cosa} e oggi")
