"""What can be done to a progetto: the only writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.core.access.contesto import Contesto
from services.core.access.ruoli import Ruolo
from services.core.cartelle import service as cartelle
from services.core.cartelle.models import Cartella
from services.core.persone.models import Persona
from services.core.platform.errori import Conflitto, DatiNonValidi, NonTrovato
from services.core.progetti import regole, repository
from services.core.progetti.events import FirmaRaccolta, ProgettoFirmato, ProgettoRedatto
from services.core.progetti.models import Firma, Obiettivo, Progetto, RuoloFirmatario, TipoProgetto, TitoloRappresentanza
from services.core.progetti.repository import ProgettoLetto
from services.core.progetti.stati import AttoProgetto, stato_dopo
from services.core.valutazioni import service as valutazioni
from services.core.valutazioni.models import Valutazione

RUOLI_RESPONSABILI = frozenset({Ruolo.ASSISTENTE_SOCIALE, Ruolo.COORDINATORE, Ruolo.RESPONSABILE_SERVIZIO, Ruolo.CASE_MANAGER})
"""Roles that may answer for a case."""

R = RuoloFirmatario


@dataclass(frozen=True, slots=True)
class DatiObiettivo:
    testo: str
    risultato_atteso: str


@dataclass(frozen=True, slots=True)
class DatiProgetto:
    """A draft; objectives in the order they will be signed in. `al` included."""

    tipo: TipoProgetto
    equipe_id: UUID
    valutazione_id: UUID | None
    domanda_id: UUID | None
    dal: date
    al: date | None
    obiettivi: Sequence[DatiObiettivo]


@dataclass(frozen=True, slots=True)
class DatiFirma:
    """A signature on the content with digest `impronta`.

    The professional roles are signed by the caller for herself. For the person and her representative the caller collects the
    signature of `persona_id`, or of `nominativo` for a representative who is not in the records.
    """

    ruolo: RuoloFirmatario
    impronta: str
    persona_id: UUID | None = None
    nominativo: str | None = None
    titolo: TitoloRappresentanza | None = None


async def redigi(ctx: Contesto, cartella_id: UUID, dati: DatiProgetto) -> ProgettoLetto:
    """Write a draft.

    Raises:
        NonTrovato: cartella, équipe, valutazione or domanda are not visible, or are of another cartella.
        StatoNonAmmesso: the cartella is closed.
        DatiNonValidi: the period is not in order, or the équipe may not be used.
    """
    await cartelle.richiedi(ctx, cartella_id)
    if dati.al is not None and dati.al < dati.dal:
        raise DatiNonValidi.del_campo("al", "viene prima di dal")
    await valutazioni.equipe_ordinaria(ctx, cartella_id, dati.equipe_id, ctx.data_riferimento)
    if dati.valutazione_id is not None and (await ctx.trova(Valutazione, dati.valutazione_id)).cartella_id != cartella_id:
        raise NonTrovato.cercando(dati.valutazione_id)
    if dati.domanda_id is not None:
        await valutazioni.verifica_domanda(ctx, cartella_id, dati.domanda_id)
    ambito_id = ctx.principal.ambito_id
    progetto = Progetto(
        ambito_id=ambito_id,
        cartella_id=cartella_id,
        equipe_id=dati.equipe_id,
        valutazione_id=dati.valutazione_id,
        domanda_id=dati.domanda_id,
        tipo=dati.tipo,
        dal=dati.dal,
        al=dati.al,
    )
    ctx.sessione.add(progetto)
    await ctx.sessione.flush()  # the objectives refer to it
    for ordine, o in enumerate(dati.obiettivi, start=1):
        riga = Obiettivo(
            ambito_id=ambito_id,
            cartella_id=cartella_id,
            progetto_id=progetto.id,
            testo=o.testo,
            risultato_atteso=o.risultato_atteso,
            ordine=ordine,
        )
        ctx.sessione.add(riga)
    ctx.annota("progetto", progetto.id)
    await ctx.emetti(
        ProgettoRedatto(
            aggregato_id=progetto.id,
            versione=progetto.versione,
            cartella_id=cartella_id,
            tipo_progetto=progetto.tipo.value,
            equipe_id=progetto.equipe_id,
            valutazione_id=progetto.valutazione_id,
            domanda_id=progetto.domanda_id,
        )
    )
    return await repository.letto(ctx, progetto)


async def leggi(ctx: Contesto, progetto_id: UUID) -> ProgettoLetto:
    """Return a progetto with all that hangs from it, or raise NonTrovato."""
    return await repository.letto(ctx, await ctx.trova(Progetto, progetto_id))


async def firma(ctx: Contesto, progetto_id: UUID, dati: DatiFirma) -> ProgettoLetto:
    """Add a signature to a draft; with the last one that is required the progetto is signed, on the reference date.

    Raises:
        NonTrovato: the progetto is not visible.
        StatoNonAmmesso: it is not a draft.
        Conflitto: the content is no longer the one signed, the équipe has ended, the caller may not sign in that role, or has
            signed already.
        DatiNonValidi: the signatory is not told, or is not the one the role asks.
    """
    progetto = await ctx.blocca(Progetto, progetto_id)
    stato_dopo(progetto.stato, AttoProgetto.RACCOGLI_FIRMA)
    letto = await repository.letto(ctx, progetto)
    if dati.impronta != letto.impronta:
        raise Conflitto("Il contenuto del progetto non è quello che si intendeva firmare: rileggerlo.")
    squadra = await repository.squadra_di(ctx, progetto)
    if not squadra.in_essere:
        raise Conflitto("L'équipe del progetto è sciolta: ne serve un'altra, con un nuovo progetto.")
    riga = await _firma(ctx, progetto, dati, squadra)
    if any(_stesso_firmatario(riga, altra) for altra in letto.firme if altra.impronta == riga.impronta):
        raise Conflitto("Questa firma è già stata raccolta.")
    ctx.sessione.add(riga)
    progetto.versione += 1
    await ctx.emetti(
        FirmaRaccolta(
            aggregato_id=progetto.id,
            versione=progetto.versione,
            cartella_id=progetto.cartella_id,
            firma_id=riga.id,
            ruolo_firmatario=riga.ruolo_firmatario.value,
            ente_id=riga.ente_id,
            firmata_il=riga.firmata_il,
        )
    )
    visto = await repository.visto(ctx, progetto, [*letto.firme, riga], len(letto.obiettivi), letto.impronta, squadra)
    if regole.puo_essere_firmato(visto):
        await _segna_firmato(ctx, progetto, squadra)
    return await repository.letto(ctx, progetto)


async def _segna_firmato(ctx: Contesto, progetto: Progetto, squadra: valutazioni.SquadraNelGiorno) -> None:
    progetto.stato = stato_dopo(progetto.stato, AttoProgetto.FIRMA)
    progetto.firmato_il = ctx.data_riferimento
    await ctx.emetti(
        ProgettoFirmato(
            aggregato_id=progetto.id,
            versione=progetto.versione,
            cartella_id=progetto.cartella_id,
            tipo_progetto=progetto.tipo.value,
            equipe_id=progetto.equipe_id,
            enti_coinvolti=list(squadra.enti),
            equipe_integrata=squadra.integrata is True,
            valutazione_id=progetto.valutazione_id,
            domanda_id=progetto.domanda_id,
            firmato_il=ctx.data_riferimento,
        )
    )


async def _firma(ctx: Contesto, progetto: Progetto, dati: DatiFirma, squadra: valutazioni.SquadraNelGiorno) -> Firma:
    riga = Firma(
        ambito_id=progetto.ambito_id,
        cartella_id=progetto.cartella_id,
        progetto_id=progetto.id,
        ruolo_firmatario=dati.ruolo,
        impronta=dati.impronta,
        firmata_il=ctx.data_riferimento,
    )
    if dati.ruolo in (R.PERSONA, R.RAPPRESENTANTE):
        await _firma_per_la_persona(ctx, riga, dati)
    else:
        _firma_del_professionista(ctx, riga, dati, squadra)
    return riga


async def _firma_per_la_persona(ctx: Contesto, riga: Firma, dati: DatiFirma) -> None:
    rappresentante = dati.ruolo is R.RAPPRESENTANTE
    if rappresentante != (dati.titolo is not None):
        raise DatiNonValidi.del_campo("titolo_rappresentanza", "va indicato per il rappresentante, e solo per lui")
    if (dati.persona_id is None) == (dati.nominativo is None):
        motivo = "indicare la persona, oppure il nominativo di un rappresentante che non è in archivio"
        raise DatiNonValidi.del_campo("persona_id", motivo)
    cartella = await ctx.trova(Cartella, riga.cartella_id)
    if not rappresentante and dati.persona_id != cartella.persona_id:
        raise DatiNonValidi.del_campo("persona_id", "non è la persona della cartella")
    if rappresentante and dati.persona_id == cartella.persona_id:
        raise DatiNonValidi.del_campo("persona_id", "la persona non rappresenta sé stessa")
    if dati.persona_id is not None and await ctx.sessione.get(Persona, dati.persona_id) is None:
        raise DatiNonValidi.del_campo("persona_id", "persona sconosciuta")
    riga.persona_id, riga.nominativo, riga.titolo_rappresentanza = dati.persona_id, dati.nominativo, dati.titolo


def _firma_del_professionista(ctx: Contesto, riga: Firma, dati: DatiFirma, squadra: valutazioni.SquadraNelGiorno) -> None:
    if dati.persona_id is not None or dati.nominativo is not None or dati.titolo is not None:
        raise DatiNonValidi.del_campo("ruolo_firmatario", "in questo ruolo firma chi fa la richiesta, per sé")
    chi = ctx.principal
    if not squadra.vi_siede(chi) or (dati.ruolo is R.ASST and chi.operatore_id not in squadra.operatori_asst):
        raise Conflitto("In questo ruolo firma solo chi siede nell'équipe del progetto.")
    if dati.ruolo is R.RESPONSABILE_CASO and chi.ruolo not in RUOLI_RESPONSABILI:
        raise Conflitto("Questo incarico non può rispondere del caso.")
    riga.operatore_id, riga.ente_id = chi.operatore_id, chi.ente_id


def _stesso_firmatario(una: Firma, altra: Firma) -> bool:
    def chiave(f: Firma) -> tuple[object, ...]:
        return f.ruolo_firmatario, f.operatore_id, f.persona_id, f.nominativo

    return chiave(una) == chiave(altra)
