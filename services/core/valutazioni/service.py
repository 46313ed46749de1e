"""What can be done to équipes and assessments: the only writer, and the door of this area for the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.cartelle import service as cartelle
from services.core.cartelle.models import Cartella
from services.core.misure.models import Domanda
from services.core.platform.errori import Conflitto, DatiNonValidi, NonTrovato
from services.core.valutazioni import regole, sina
from services.core.valutazioni.events import (
    EquipeCostituita,
    ValutazioneAperta,
    ValutazioneConclusa,
    ValutazioneRettificata,
)
from services.core.valutazioni.models import (
    AreaReddituale,
    AreaSupporto,
    DisturbiCognitivi,
    DisturbiComportamentali,
    Equipe,
    FonteValutazione,
    Mobilita,
    NecessitaCure,
    StrumentoValutazione,
    TipoEquipe,
    Valutazione,
)
from services.core.valutazioni.parametri import ParametroMancante, fasce_avq
from services.core.valutazioni.scale import VociNonValide, katz, lawton
from services.core.valutazioni.sina import SezioneSina
from services.core.valutazioni.squadre import (
    Candidato,
    DatiMembro,
    EquipeLetta,
    MembroLetto,
    SquadraNelGiorno,
    aggiungi,
    candidati,
    equipe_ordinaria,
    lette,
    membri_letti,
    scrivi,
    squadra_nel_giorno,
    verifica_membri,
)
from services.core.valutazioni.stati import AttoValutazione, stato_dopo
from services.core.valutazioni.uscite import esce, sciogli_equipe, termina_accessi, togli_membro

__all__ = [
    "Candidato",
    "DatiMembro",
    "DatiValutazione",
    "EquipeLetta",
    "MembroLetto",
    "Rilievi",
    "SezioneSina",
    "SquadraNelGiorno",
    "aggiungi",
    "apri",
    "candidati",
    "concludi",
    "costituisci_equipe",
    "elenca_equipe",
    "equipe_ordinaria",
    "esce",
    "leggi",
    "leggi_equipe",
    "lette",
    "membri_letti",
    "sciogli_equipe",
    "scrivi",
    "sezione_sina",
    "squadra_nel_giorno",
    "termina_accessi",
    "togli_membro",
    "verifica_domanda",
    "verifica_membri",
]


@dataclass(frozen=True, slots=True)
class Rilievi:
    """What is observed of the person. None means "not said": at the conclusion it leaves what the draft says."""

    adl: Mapping[str, int | None] | None = None
    iadl: Mapping[str, int | None] | None = None
    mobilita: Mobilita | None = None
    disturbi_cognitivi: DisturbiCognitivi | None = None
    disturbi_comportamentali: DisturbiComportamentali | None = None
    necessita_cure: NecessitaCure | None = None
    area_reddituale: AreaReddituale | None = None
    area_supporto: AreaSupporto | None = None
    strumento: StrumentoValutazione | None = None
    fonte: FonteValutazione | None = None


@dataclass(frozen=True, slots=True)
class DatiValutazione:
    equipe_id: UUID
    data_valutazione: date
    domanda_id: UUID | None
    rettifica_di: UUID | None
    rilievi: Rilievi


async def costituisci_equipe(
    ctx: Contesto, cartella_id: UUID, tipo: TipoEquipe, costituita_il: date, membri: Sequence[DatiMembro]
) -> Equipe:
    """Form an équipe around a cartella; each member who is an operator gets the record opened from the reference date.

    Raises:
        NonTrovato: the cartella is not visible.
        StatoNonAmmesso: it is closed.
        Conflitto: the caller sees it as a guest of a team.
        DatiNonValidi: the type is reserved, the date is in the future, or a member cannot be accepted.
    """
    await cartelle.richiedi(ctx, cartella_id)
    if tipo is TipoEquipe.EQUIPE_PIPPI:
        raise DatiNonValidi.del_campo("tipo", "l'équipe di un programma riservato si costituisce aprendo il caso")
    if costituita_il > ctx.data_riferimento:
        raise DatiNonValidi.del_campo("costituita_il", "è nel futuro")
    await verifica_membri(ctx, membri)
    equipe = Equipe(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=cartella_id,
        custodia_id=cartella_id,
        tipo=tipo,
        costituita_il=costituita_il,
    )
    righe = await scrivi(ctx, equipe, membri)
    ctx.annota("equipe", equipe.id)
    await ctx.emetti(
        EquipeCostituita(
            aggregato_id=equipe.id,
            versione=equipe.versione,
            cartella_id=cartella_id,
            tipo_equipe=tipo.value,
            costituita_il=costituita_il,
            membri=[r.id for r in righe],
            enti=sorted({r.ente_id for r in righe if r.ente_id}),
        )
    )
    return equipe


async def elenca_equipe(
    ctx: Contesto, cartella_id: UUID, dopo: UUID | None, limite: int
) -> tuple[list[EquipeLetta], UUID | None]:
    """Return a page of the équipes of a cartella, the latest first, and the key to go on from.

    Raises:
        NonTrovato: the cartella is not visible.
    """
    await ctx.trova(Cartella, cartella_id)
    query = sa.select(Equipe).where(col(Equipe.cartella_id) == cartella_id).order_by(col(Equipe.id).desc()).limit(limite + 1)
    if dopo is not None:
        query = query.where(col(Equipe.id) < dopo)
    righe = list((await ctx.sessione.execute(query)).scalars())
    mostrate = righe[:limite]
    ctx.annota("equipe", *(e.id for e in mostrate))
    return await lette(ctx, mostrate), mostrate[-1].id if len(righe) > limite else None


async def leggi_equipe(ctx: Contesto, equipe_id: UUID) -> EquipeLetta:
    """Return an équipe with its members, or raise NonTrovato."""
    equipe = await ctx.trova(Equipe, equipe_id)
    return (await lette(ctx, [equipe]))[0]


async def apri(ctx: Contesto, cartella_id: UUID, dati: DatiValutazione) -> Valutazione:
    """Open a draft assessment by an équipe of the cartella; with `rettifica_di`, of the concluded one it will supersede.

    Raises:
        NonTrovato: cartella, équipe, domanda or rectified assessment are not visible, or are of another cartella.
        StatoNonAmmesso: the cartella is closed, or what should be rectified is not concluded.
        DatiNonValidi: the date is in the future, the équipe is not in being that day, or an item is not of its scale.
        Conflitto: at flush, when that assessment is being rectified already.
    """
    await cartelle.richiedi(ctx, cartella_id)
    if dati.data_valutazione > ctx.data_riferimento:
        raise DatiNonValidi.del_campo("data_valutazione", "è nel futuro")
    await equipe_ordinaria(ctx, cartella_id, dati.equipe_id, dati.data_valutazione)
    domanda_id = dati.domanda_id
    if dati.rettifica_di is not None:
        vecchia = await _della_cartella(ctx, cartella_id, dati.rettifica_di)
        stato_dopo(vecchia.stato, AttoValutazione.RETTIFICA)
        domanda_id = domanda_id or vecchia.domanda_id
    if domanda_id is not None:
        await verifica_domanda(ctx, cartella_id, domanda_id)
    valutazione = Valutazione(
        ambito_id=ctx.principal.ambito_id,
        cartella_id=cartella_id,
        equipe_id=dati.equipe_id,
        domanda_id=domanda_id,
        rettifica_di=dati.rettifica_di,
        data_valutazione=dati.data_valutazione,
    )
    _riporta(valutazione, dati.rilievi)
    ctx.sessione.add(valutazione)
    ctx.annota("valutazione", valutazione.id)
    await ctx.emetti(
        ValutazioneAperta(
            aggregato_id=valutazione.id,
            versione=valutazione.versione,
            cartella_id=cartella_id,
            equipe_id=dati.equipe_id,
            domanda_id=domanda_id,
            rettifica_di=dati.rettifica_di,
            data_valutazione=dati.data_valutazione,
        )
    )
    return valutazione


async def leggi(ctx: Contesto, valutazione_id: UUID) -> Valutazione:
    """Return an assessment, or raise NonTrovato."""
    return await ctx.trova(Valutazione, valutazione_id)


async def concludi(ctx: Contesto, valutazione_id: UUID, versione: int, rilievi: Rilievi) -> Valutazione:
    """Conclude a draft with what `rilievi` adds to it; the scores are fixed and it can no longer change.

    Raises:
        NonTrovato, VersioneSuperata: as `Contesto.blocca`.
        StatoNonAmmesso: it is not a draft.
        Conflitto: the équipe has ended, the caller does not sit in it, or another assessment is concluded for the same domanda.
        DatiNonValidi: an item is not of its scale, or something is missing: each missing item is named.
    """
    v = await ctx.blocca(Valutazione, valutazione_id, versione)
    dopo = stato_dopo(v.stato, AttoValutazione.CONCLUDI)
    equipe = await ctx.trova(Equipe, v.equipe_id)
    squadra = await squadra_nel_giorno(ctx, equipe, ctx.data_riferimento)
    if not squadra.in_essere:
        raise Conflitto("L'équipe che svolge la valutazione è sciolta: ne serve un'altra, con una nuova valutazione.")
    if not squadra.vi_siede(ctx.principal):
        raise Conflitto("La valutazione è conclusa da chi siede nell'équipe che la svolge.")
    _riporta(v, rilievi)
    mancanti = regole.impedimenti_a_concludere(v)
    if mancanti:
        voci = [{"campo": campo, "motivo": motivo} for campo, motivo in mancanti.items()]
        raise DatiNonValidi("La valutazione non può essere conclusa: mancano dei rilievi.", campi=voci)
    if v.rettifica_di is not None:
        await _supera(ctx, v.rettifica_di, v.id)
    v.punteggio_adl, v.punteggio_iadl = katz(v.adl).valore, lawton(v.iadl).valore
    v.stato, v.conclusa_il = dopo, ctx.data_riferimento
    v.versione += 1
    await ctx.emetti(
        ValutazioneConclusa(
            aggregato_id=v.id,
            versione=v.versione,
            cartella_id=v.cartella_id,
            equipe_id=v.equipe_id,
            domanda_id=v.domanda_id,
            data_valutazione=v.data_valutazione,
            conclusa_il=ctx.data_riferimento,
        )
    )
    return v


async def _supera(ctx: Contesto, vecchia_id: UUID, nuova_id: UUID) -> None:
    vecchia = await ctx.blocca(Valutazione, vecchia_id)
    vecchia.stato = stato_dopo(vecchia.stato, AttoValutazione.RETTIFICA)
    vecchia.versione += 1
    await ctx.emetti(
        ValutazioneRettificata(
            aggregato_id=vecchia.id, versione=vecchia.versione, cartella_id=vecchia.cartella_id, rettificata_da=nuova_id
        )
    )


def sezione_sina(valutazione: Valutazione) -> SezioneSina:
    """The SINA section of INPS's flow, by the bands in force on the day of the valutazione.

    Without bands the attribute they give is named as missing, and none is given.
    """
    try:
        return sina.sezione_sina(valutazione, fasce_avq(valutazione.data_valutazione).valore)
    except ParametroMancante:
        return SezioneSina({}, ("AttivitaVitaQuotidiana",))


async def verifica_domanda(ctx: Contesto, cartella_id: UUID, domanda_id: UUID) -> None:
    """Check that a domanda is visible and of this cartella, or raise NonTrovato."""
    query = sa.select(col(Domanda.id)).where(col(Domanda.id) == domanda_id, col(Domanda.cartella_id) == cartella_id)
    if await ctx.sessione.scalar(query) is None:
        raise NonTrovato.cercando(domanda_id)


async def _della_cartella(ctx: Contesto, cartella_id: UUID, valutazione_id: UUID) -> Valutazione:
    valutazione = await ctx.trova(Valutazione, valutazione_id)
    if valutazione.cartella_id != cartella_id:
        raise NonTrovato.cercando(valutazione_id)
    return valutazione


_LIBERI = tuple(f.name for f in fields(Rilievi) if f.name not in ("adl", "iadl"))


def _riporta(valutazione: Valutazione, rilievi: Rilievi) -> None:
    """Put what is said on the draft. Items of a scale are merged one by one; new mappings are set, so that the change is seen."""
    errori: dict[str, str] = {}
    for nome, punteggia in (("adl", katz), ("iadl", lawton)):
        voci: dict[str, Any] = {**getattr(valutazione, nome), **(getattr(rilievi, nome) or {})}
        try:
            punteggia(voci)
        except VociNonValide as errore:
            errori |= {f"{nome}.{voce}": motivo for voce, motivo in errore.campi.items()}
        setattr(valutazione, nome, voci)
    if errori:
        campi = [{"campo": campo, "motivo": motivo} for campo, motivo in errori.items()]
        raise DatiNonValidi("Alcune voci delle scale non possono essere accettate.", campi=campi)
    for nome in _LIBERI:
        if getattr(rilievi, nome) is not None:
            setattr(valutazione, nome, getattr(rilievi, nome))
