"""What can be done with an access in emergency: open it, close it, take note of it, judge it (docs/security/emergenza.md).

Who may open what is decided by one function of the database, `apri_emergenza`; who may see and judge it by row policies.
"""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.access.models import Incarico
from services.core.cartelle.models import Cartella
from services.core.emergenze import repository
from services.core.emergenze.events import EmergenzaAperta, EmergenzaChiusa, EmergenzaLetta, EmergenzaRiesaminata
from services.core.emergenze.models import Emergenza, EsitoRiesame, NotaEmergenza, SpecieNota
from services.core.emergenze.parametri import LimitiEmergenza, limiti
from services.core.emergenze.repository import EmergenzaVista, Filtro, StatoEmergenza, elenca, leggi
from services.core.persone import codice_fiscale
from services.core.persone.models import Persona
from services.core.platform.clock import adesso
from services.core.platform.errori import Conflitto, DatiNonValidi, NonTrovato, StatoNonAmmesso, VersioneSuperata, Vietato
from services.core.platform.ids import nuovo_id

__all__ = [
    "DatiApertura",
    "EmergenzaVista",
    "Filtro",
    "StatoEmergenza",
    "apri",
    "chiudi",
    "elenca",
    "leggi",
    "prendi_visione",
    "riesamina",
]

MOTIVO = "emergenza"
"""What the audit trail says of the opening; the words of the reason stay with the emergency."""

_APRI = sa.text("SELECT risultato, trovata FROM apri_emergenza(:id, :cartella, :codice, :motivazione, :ore, :massime)")


@dataclass(frozen=True, slots=True)
class DatiApertura:
    """What is to be opened, by its identifier or by the codice fiscale of its person; why; for how many hours."""

    motivazione: str
    ore: int
    cartella_id: UUID | None = None
    codice_fiscale: str | None = None


async def apri(ctx: Contesto, dati: DatiApertura) -> tuple[EmergenzaVista, bool]:
    """Open a cartella in emergency, and tell whether it was opened now; a live one of hers is returned as it is.

    Raises:
        Vietato: her incarico is not marked for the pronto intervento.
        DatiNonValidi: too many hours, too short a reason, not a codice fiscale.
        Conflitto: she sees it already without it, or has too many open.
        NonTrovato: there is none she may open so.
    """
    incarico = await ctx.sessione.get(Incarico, ctx.principal.incarico_id)
    if incarico is None or not incarico.pronto_intervento:
        raise Vietato("L'incarico non è abilitato al pronto intervento.")
    regole = limiti(ctx.data_riferimento)
    _nei_limiti(dati, regole)
    codice = None
    if dati.codice_fiscale is not None:
        codice = codice_fiscale.valida(dati.codice_fiscale, ammetti_provvisorio=True)
    await _non_gia_visibile(ctx, dati.cartella_id, codice)
    riga = (
        await ctx.sessione.execute(
            _APRI,
            {
                "id": nuovo_id(),
                "cartella": dati.cartella_id,
                "codice": codice,
                "motivazione": dati.motivazione,
                "ore": dati.ore,
                "massime": regole.aperte_massime,
            },
        )
    ).one()
    if riga.risultato == "troppe":
        raise Conflitto("Sono già aperti troppi accessi in emergenza: chiuderne uno che non serve più.")
    if riga.trovata is None:
        raise NonTrovato.cercando(dati.cartella_id) if dati.cartella_id is not None else NonTrovato
    vista = await leggi(ctx, riga.trovata)
    ctx.annota("cartella", vista.emergenza.cartella_id)
    ctx.motivo = MOTIVO
    nuova = bool(riga.risultato == "aperta")
    if nuova:
        e = vista.emergenza
        await ctx.emetti(
            EmergenzaAperta(aggregato_id=e.id, versione=e.versione, cartella_id=e.cartella_id, ente_id=e.ente_id, ore=dati.ore)
        )
    return vista, nuova


def _nei_limiti(dati: DatiApertura, regole: LimitiEmergenza) -> None:
    if dati.ore > regole.ore_massime:
        raise DatiNonValidi.del_campo("ore", f"al massimo {regole.ore_massime}")
    if len(dati.motivazione) < regole.motivazione_minima:
        raise DatiNonValidi.del_campo("motivazione", f"almeno {regole.motivazione_minima} caratteri")


async def _non_gia_visibile(ctx: Contesto, cartella_id: UUID | None, codice: str | None) -> None:
    """An emergency is for what is closed: what her incarico shows is worked on in the ordinary way."""
    sua = sa.and_(
        col(Emergenza.cartella_id) == col(Cartella.id),
        col(Emergenza.operatore_id) == ctx.principal.operatore_id,
        col(Emergenza.ente_id) == ctx.principal.ente_id,
        repository.VIVA,
    )
    query = sa.select(col(Cartella.id)).where(~sa.exists().where(sua))
    if cartella_id is not None:
        query = query.where(col(Cartella.id) == cartella_id)
    else:
        query = query.join(Persona, col(Persona.id) == col(Cartella.persona_id)).where(col(Persona.codice_fiscale) == codice)
    if await ctx.sessione.scalar(query.limit(1)) is not None:
        raise Conflitto("La cartella è già visibile con questo incarico: non serve l'emergenza.")


async def chiudi(ctx: Contesto, emergenza_id: UUID, versione: int) -> EmergenzaVista:
    """Close an emergency of one's own before its hour: the cartella is closed at once.

    Raises:
        NonTrovato: it is not visible.
        Conflitto: it is of somebody else.
        VersioneSuperata: it has changed meanwhile.
        StatoNonAmmesso: it is over already.
    """
    vista = await leggi(ctx, emergenza_id)
    if vista.emergenza.operatore_id != ctx.principal.operatore_id:
        raise Conflitto("Un accesso in emergenza è chiuso da chi l'ha aperto.")
    _alla_versione(vista, versione)
    if vista.stato is StatoEmergenza.CESSATA:
        raise StatoNonAmmesso("L'accesso in emergenza è già cessato.")
    await _chiudi(ctx, vista.emergenza)
    return await leggi(ctx, emergenza_id)


async def _chiudi(ctx: Contesto, emergenza: Emergenza) -> None:
    """Close it at the version read. If it has changed since, by another hand or by its hour, nothing is closed."""
    funzione = sa.func.chiudi_emergenza(emergenza.id, emergenza.versione)
    nuova: int | None = await ctx.sessione.scalar(sa.select(funzione))
    if nuova is None:
        ora = (await leggi(ctx, emergenza.id)).emergenza.versione
        raise VersioneSuperata("L'accesso in emergenza è cambiato: rileggerlo.", versione_attuale=ora)
    await ctx.emetti(EmergenzaChiusa(aggregato_id=emergenza.id, versione=nuova, cartella_id=emergenza.cartella_id))


def _alla_versione(vista: EmergenzaVista, versione: int) -> None:
    if vista.emergenza.versione != versione:
        raise VersioneSuperata("L'accesso in emergenza è cambiato: rileggerlo.", versione_attuale=vista.emergenza.versione)


async def _da_giudicare(ctx: Contesto, emergenza_id: UUID, versione: int) -> EmergenzaVista:
    """Return it locked, for who answers for its territory.

    Raises:
        NonTrovato: it is not visible, or not of a territory of hers.
        Conflitto: it is her own.
        VersioneSuperata: `versione` is not the current one.
    """
    vista = await leggi(ctx, emergenza_id)
    if vista.emergenza.operatore_id == ctx.principal.operatore_id:
        raise Conflitto("Il riesame spetta a chi non ha aperto l'accesso.")
    await ctx.blocca(Emergenza, emergenza_id, versione)
    return await leggi(ctx, emergenza_id)


async def prendi_visione(ctx: Contesto, emergenza_id: UUID, versione: int) -> EmergenzaVista:
    """Take note of an emergency in one's territory. Whoever does it first is recorded.

    Raises:
        NonTrovato, Conflitto, VersioneSuperata: as in `_da_giudicare`.
        StatoNonAmmesso: somebody has already.
    """
    emergenza = (await _da_giudicare(ctx, emergenza_id, versione)).emergenza
    if emergenza.letta_il is not None:
        raise StatoNonAmmesso("Della segnalazione è già stata presa visione.")
    emergenza.letta_il, emergenza.letta_da = adesso(), ctx.principal.operatore_id
    emergenza.versione += 1
    await ctx.emetti(EmergenzaLetta(aggregato_id=emergenza.id, versione=emergenza.versione, cartella_id=emergenza.cartella_id))
    return await leggi(ctx, emergenza_id)


async def riesamina(ctx: Contesto, emergenza_id: UUID, versione: int, esito: EsitoRiesame, nota: str) -> EmergenzaVista:
    """Judge an emergency in one's territory, once. One judged not legitimate while it lasts is closed at once.

    Raises:
        NonTrovato, Conflitto, VersioneSuperata: as in `_da_giudicare`.
        StatoNonAmmesso: it has been judged.
    """
    vista = await _da_giudicare(ctx, emergenza_id, versione)
    if vista.emergenza.esito is not EsitoRiesame.DA_RIESAMINARE:
        raise StatoNonAmmesso("L'accesso in emergenza è già stato riesaminato.")
    if esito is EsitoRiesame.NON_LEGITTIMO and vista.stato is StatoEmergenza.IN_CORSO:
        await _chiudi(ctx, vista.emergenza)
        vista = await leggi(ctx, emergenza_id)
    emergenza, ora, chi = vista.emergenza, adesso(), ctx.principal.operatore_id
    if emergenza.letta_il is None:
        emergenza.letta_il, emergenza.letta_da = ora, chi
    emergenza.esito, emergenza.riesaminata_il, emergenza.riesaminata_da = esito, ora, chi
    emergenza.versione += 1
    await ctx.sessione.flush()  # the policy of the note asks who has judged
    ctx.sessione.add(
        NotaEmergenza(
            ambito_id=emergenza.ambito_id, emergenza_id=emergenza.id, specie=SpecieNota.RIESAME, testo=nota, scritta_da=chi
        )
    )
    await ctx.emetti(
        EmergenzaRiesaminata(
            aggregato_id=emergenza.id, versione=emergenza.versione, cartella_id=emergenza.cartella_id, esito=esito.value
        )
    )
    return await leggi(ctx, emergenza_id)
