"""What a responsabile di servizio does with the incarichi of her ente: ends them, has them covered, sees what they leave.

Whom she answers for is told by one function of the database, `governa_incarico`; what may be given, by the row policy of
`incarico`; an end is brought by `cessa_incarico`. Nobody gives herself a role, nor more than she has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from services.core.access.contesto import Contesto
from services.core.access.models import Incarico
from services.core.incarichi import repository
from services.core.incarichi.events import IncaricoCessato, SostituzioneRegistrata
from services.core.incarichi.repository import ConsegnaVista, IncaricoVisto, SpecieConsegna, elenca, leggi
from services.core.platform.errori import Conflitto, DatiNonValidi, StatoNonAmmesso, VersioneSuperata

__all__ = [
    "ConsegnaVista",
    "DatiSostituzione",
    "IncaricoVisto",
    "SpecieConsegna",
    "cessa",
    "consegne",
    "elenca",
    "leggi",
    "sostituisci",
]

_CESSA = sa.text("SELECT * FROM cessa_incarico(:incarico, :versione, :ultimo)")


@dataclass(frozen=True, slots=True)
class DatiSostituzione:
    """Who stands in, from when to when, over which Comuni (ISTAT codes) and services of the colleague's; None: all of hers."""

    operatore_id: UUID
    dal: date
    al: date
    comuni: list[str] | None
    servizi: list[str] | None
    pronto_intervento: bool


async def cessa(ctx: Contesto, incarico_id: UUID, versione: int, ultimo_giorno: date) -> IncaricoVisto:
    """End an incarico on `ultimo_giorno`, included; at once when it is the reference date. Its substitutions end with it.

    Raises:
        NonTrovato: it is not one the caller answers for.
        Conflitto: it is her own.
        VersioneSuperata: `versione` is not the current one.
        StatoNonAmmesso: it has ended, or ends by then.
        DatiNonValidi: the day is past.
    """
    incarico = (await leggi(ctx, incarico_id)).incarico
    if incarico.operatore_id == ctx.principal.operatore_id:
        raise Conflitto("Il proprio incarico è chiuso da un altro responsabile.")
    if ultimo_giorno < ctx.data_riferimento:
        raise DatiNonValidi.del_campo("ultimo_giorno", "è già passato: ciò che l'incarico consentì resta")
    if incarico.versione != versione:
        raise _superata(incarico.versione)
    fine, oggi = incarico.al, ctx.data_riferimento
    if incarico.revocato_il is not None or (fine is not None and (fine < oggi or oggi < fine <= ultimo_giorno)):
        raise StatoNonAmmesso("L'incarico è già cessato, o cessa prima.")
    cessati = (await ctx.sessione.execute(_CESSA, {"incarico": incarico_id, "versione": versione, "ultimo": ultimo_giorno})).all()
    if not cessati:
        raise _superata((await leggi(ctx, incarico_id)).incarico.versione)
    for riga in cessati:
        ctx.annota("incarico", riga.incarico_id)
        await ctx.emetti(
            IncaricoCessato(
                aggregato_id=riga.incarico_id,
                versione=riga.versione_nuova,
                ultimo_giorno=riga.ultimo_giorno,
                subito=riga.subito,
            )
        )
    return await leggi(ctx, incarico_id)


def _superata(attuale: int) -> VersioneSuperata:
    return VersioneSuperata("L'incarico è cambiato: rileggerlo e ripetere la modifica.", versione_attuale=attuale)


async def sostituisci(ctx: Contesto, incarico_id: UUID, dati: DatiSostituzione) -> IncaricoVisto:
    """Register that a colleague of the ente stands in for the holder of an incarico, under an incarico of her own.

    Raises:
        NonTrovato: it is not one the caller answers for.
        Conflitto: she would give it to herself.
        StatoNonAmmesso: it has ended, or is a substitution itself.
        DatiNonValidi: days, Comuni, services or mark beyond those of the incarico; an operator who is not of the ente.
    """
    coperto = await leggi(ctx, incarico_id)
    incarico = coperto.incarico
    if dati.operatore_id == ctx.principal.operatore_id:
        raise Conflitto("Nessuno conferisce un incarico a sé.")
    if incarico.revocato_il is not None or (incarico.al is not None and incarico.al < ctx.data_riferimento):
        raise StatoNonAmmesso("L'incarico è cessato: non c'è chi sostituire.")
    if incarico.sostituisce_id is not None:
        raise StatoNonAmmesso("È già una sostituzione: si sostituisce il titolare.")
    _nei_giorni(ctx, incarico, dati)
    comuni = await _comuni(ctx, coperto, dati.comuni)
    servizi = _servizi(incarico, dati.servizi)
    if dati.pronto_intervento and not incarico.pronto_intervento:
        raise DatiNonValidi.del_campo("pronto_intervento", "l'incarico sostituito non lo ha")
    opera = await repository.opera_per(ctx, dati.operatore_id, incarico.ente_id, dati.dal, dati.al)
    if dati.operatore_id == incarico.operatore_id or not opera:
        raise DatiNonValidi.del_campo("operatore_id", "non è un altro operatore dell'ente, con incarico in tutti quei giorni")
    nuovo = Incarico(
        operatore_id=dati.operatore_id,
        ambito_id=incarico.ambito_id,
        ente_id=incarico.ente_id,
        ruolo=incarico.ruolo,
        comuni=comuni,
        servizi=servizi,
        dal=dati.dal,
        al=dati.al,
        pronto_intervento=dati.pronto_intervento,
        sostituisce_id=incarico.id,
    )
    ctx.sessione.add(nuovo)
    await ctx.emetti(
        SostituzioneRegistrata(
            aggregato_id=nuovo.id,
            versione=nuovo.versione,
            sostituisce_id=incarico.id,
            sostituto_id=dati.operatore_id,
            dal=dati.dal,
            al=dati.al,
        )
    )
    return await leggi(ctx, nuovo.id)


def _nei_giorni(ctx: Contesto, incarico: Incarico, dati: DatiSostituzione) -> None:
    if dati.dal < max(ctx.data_riferimento, incarico.dal):
        raise DatiNonValidi.del_campo("dal", "è già passato, o viene prima dell'incarico")
    if dati.al < dati.dal or (incarico.al is not None and dati.al > incarico.al):
        raise DatiNonValidi.del_campo("al", "viene prima dell'inizio, o dopo la fine dell'incarico")


async def _comuni(ctx: Contesto, coperto: IncaricoVisto, codici: Sequence[str] | None) -> list[int] | None:
    if codici is None:
        return coperto.incarico.comuni
    noti = await repository.comuni(ctx, codici)
    ammessi = coperto.incarico.comuni
    if len(noti) != len(set(codici)) or (ammessi is not None and not set(noti.values()) <= set(ammessi)):
        raise DatiNonValidi.del_campo("comuni", "non sono tutti fra quelli dell'incarico")
    return sorted(noti.values())


def _servizi(incarico: Incarico, servizi: list[str] | None) -> list[str] | None:
    if servizi is None:
        return incarico.servizi
    if incarico.servizi is not None and not set(servizi) <= set(incarico.servizi):
        raise DatiNonValidi.del_campo("servizi", "non sono tutti fra quelli dell'incarico")
    return sorted(set(servizi))


async def consegne(
    ctx: Contesto, incarico_id: UUID, dopo: tuple[UUID, UUID] | None, limite: int
) -> tuple[list[ConsegnaVista], tuple[UUID, UUID] | None]:
    """Return a page of the cases the holder of an incarico leaves, or would leave, among those the caller sees.

    Raises:
        NonTrovato: it is not one the caller answers for.
    """
    return await repository.consegne(ctx, (await leggi(ctx, incarico_id)).incarico, dopo, limite)
