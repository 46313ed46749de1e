"""Misure: avvisi, domande, ISEE, decisions, graduatorie, assegnazioni, and the facts the measures rest on."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.api.deps import RichiestaAutenticata, Scrittura, cursori, legame_di, stato, transazione
from services.api.etag import INTESTAZIONE_ETAG, VersioneAttesa
from services.api.idempotenza import idempotente
from services.api.pagina import Paginazione, rispondi
from services.api.rotte import RottaAmbito
from services.api.schemas import misure as schemi
from services.api.schemas.base import Pagina
from services.api.schemas.cartelle import FattoUscita
from services.api.traduzioni import misure as traduci
from services.core.misure import repository, service
from services.core.misure.isee_client import IseeNonTrovato

router = APIRouter(route_class=RottaAmbito, tags=["misure"])

CON_ETAG = {"headers": INTESTAZIONE_ETAG}


@router.get(
    "/avvisi",
    operation_id="elencaAvvisi",
    summary="Elenca gli avvisi dell'ambito, dal più recente",
    response_model=Pagina[schemi.AvvisoUscita],
)
async def elenca_avvisi(request: Request, richiesta: RichiestaAutenticata, ctx: Scrittura, pagina: Paginazione) -> Response:
    legame = legame_di(richiesta)
    dopo = None
    if pagina.cursore is not None:
        giorno, id_ = cursori(request).leggi(pagina.cursore, legame, (date, UUID))
        dopo = (giorno, id_)
    elenco = await repository.avvisi(ctx, dopo, pagina.limite)
    ultima = elenco.righe[-1] if elenco.altri else None
    successivo = cursori(request).emetti(legame, (ultima.aperto_dal, ultima.id)) if ultima else None
    return rispondi(Pagina[schemi.AvvisoUscita](elementi=[traduci.avviso(riga) for riga in elenco.righe], successivo=successivo))


@router.get(
    "/cartelle/{cartella_id}/fatti",
    operation_id="elencaFatti",
    summary="Elenca i fatti noti sulla persona, delle classi che l'incarico può vedere",
    response_model=Pagina[FattoUscita],
)
async def elenca_fatti(
    cartella_id: UUID, request: Request, richiesta: RichiestaAutenticata, ctx: Scrittura, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    elenco = await repository.fatti(ctx, cartella_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].id,)) if elenco.altri else None
    return rispondi(Pagina[FattoUscita](elementi=[FattoUscita.model_validate(f) for f in elenco.righe], successivo=successivo))


@router.post(
    "/cartelle/{cartella_id}/requisiti",
    operation_id="registraRequisito",
    summary="Registra che un accertamento c'è, è stato chiesto o non c'è",
    status_code=201,
    response_model=schemi.FattoCreato,
)
@idempotente
async def registra_requisito(cartella_id: UUID, ctx: Scrittura, corpo: schemi.RequisitoIngresso) -> Response:
    fatto = await service.registra_requisito(ctx, cartella_id, corpo.requisito, corpo.stato, corpo.fonte, corpo.dal, corpo.al)
    return rispondi(schemi.FattoCreato.model_validate(fatto), stato=201, posizione=f"/cartelle/{cartella_id}/fatti")


@router.get(
    "/cartelle/{cartella_id}/domande",
    operation_id="elencaDomande",
    summary="Elenca le domande di una cartella, dalla più recente",
    response_model=Pagina[schemi.DomandaVoce],
)
async def elenca_domande(
    cartella_id: UUID, request: Request, richiesta: RichiestaAutenticata, ctx: Scrittura, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    elenco = await repository.domande(ctx, cartella_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].id,)) if elenco.altri else None
    elementi = [schemi.DomandaVoce.model_validate(riga) for riga in elenco.righe]
    return rispondi(Pagina[schemi.DomandaVoce](elementi=elementi, successivo=successivo))


@router.post(
    "/cartelle/{cartella_id}/domande",
    operation_id="redigiDomanda",
    summary="Redige la bozza di una domanda",
    status_code=201,
    response_model=schemi.DomandaCreata,
    responses={201: CON_ETAG},
)
@idempotente
async def redigi_domanda(cartella_id: UUID, ctx: Scrittura, corpo: schemi.DomandaIngresso) -> Response:
    dati = corpo.dati.model_dump(mode="json")
    domanda = await service.redigi(ctx, cartella_id, corpo.avviso_id, corpo.tipo_intervento, dati)
    return rispondi(traduci.domanda_creata(domanda), stato=201, versione=domanda.versione, posizione=f"/domande/{domanda.id}")


@router.get(
    "/domande/{domanda_id}",
    operation_id="leggiDomanda",
    summary="Legge una domanda",
    response_model=schemi.DomandaUscita,
    responses={200: CON_ETAG},
)
async def leggi_domanda(domanda_id: UUID, ctx: Scrittura) -> Response:
    domanda, voce = await repository.domanda(ctx, domanda_id)
    return rispondi(traduci.domanda(domanda, voce), versione=domanda.versione)


@router.put(
    "/domande/{domanda_id}",
    operation_id="modificaDomanda",
    summary="Sostituisce le risposte di una bozza o di una domanda da chiarire",
    response_model=schemi.DomandaCreata,
    responses={200: CON_ETAG},
)
@idempotente
async def modifica_domanda(domanda_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: schemi.DomandaModifica) -> Response:
    dati = corpo.dati.model_dump(mode="json")
    domanda = await service.aggiorna(ctx, domanda_id, versione, corpo.tipo_intervento, dati)
    return rispondi(traduci.domanda_creata(domanda), versione=domanda.versione)


@router.post(
    "/domande/{domanda_id}/ritiro",
    operation_id="ritiraDomanda",
    summary="Ritira una domanda non ancora in graduatoria",
    response_model=schemi.DomandaCreata,
    responses={200: CON_ETAG},
)
@idempotente
async def ritira_domanda(domanda_id: UUID, ctx: Scrittura, versione: VersioneAttesa) -> Response:
    domanda = await service.ritira(ctx, domanda_id, versione)
    return rispondi(traduci.domanda_creata(domanda), versione=domanda.versione)


@router.post(
    "/domande/{domanda_id}/isee",
    operation_id="consultaIsee",
    summary="Consulta presso INPS l'ISEE che serve alla domanda e lo conserva come fatto",
    response_model=schemi.IseeUscita,
    responses={200: CON_ETAG},
)
async def consulta_isee(domanda_id: UUID, request: Request, richiesta: RichiestaAutenticata) -> Response:
    """Two short transactions around the call: none is held open while INPS answers."""
    st = stato(request)
    async with transazione(st.database, richiesta) as ctx:
        da_chiedere = await service.prepara_isee(ctx, domanda_id)
    esito = await st.servizi.isee.consulta(
        da_chiedere.codice_fiscale, data_validita=da_chiedere.data_validita, tipo_indicatore=da_chiedere.tipo_indicatore
    )
    if isinstance(esito, IseeNonTrovato):
        corpo = traduci.isee_non_trovato(da_chiedere.versione_domanda)
    else:
        async with transazione(st.database, richiesta) as ctx:
            domanda, fatto = await service.collega_isee(ctx, domanda_id, esito)
            corpo = traduci.isee(domanda.versione, fatto.id, esito)
    return rispondi(corpo, versione=corpo.versione_domanda)


@router.post(
    "/domande/{domanda_id}/presentazione",
    operation_id="presentaDomanda",
    summary="Presenta una domanda: risponde se è ammissibile, e perché, regola per regola",
    response_model=schemi.DecisioneUscita,
    responses={200: CON_ETAG},
)
@idempotente
async def presenta_domanda(domanda_id: UUID, ctx: Scrittura, versione: VersioneAttesa) -> Response:
    domanda, decisione = await service.presenta(ctx, domanda_id, versione)
    return rispondi(traduci.decisione(domanda, decisione), versione=domanda.versione)


@router.get(
    "/domande/{domanda_id}/decisione",
    operation_id="leggiDecisione",
    summary="Legge l'ultima decisione su una domanda, con la spiegazione",
    response_model=schemi.DecisioneUscita,
    responses={200: CON_ETAG},
)
async def leggi_decisione(domanda_id: UUID, ctx: Scrittura) -> Response:
    domanda, decisione = await repository.decisione(ctx, domanda_id)
    return rispondi(traduci.decisione(domanda, decisione), versione=domanda.versione)


@router.post(
    "/avvisi/{avviso_id}/graduatoria",
    operation_id="chiudiGraduatoria",
    summary="Forma e chiude la graduatoria di un avviso, assegna i benefici entro il budget",
    status_code=201,
    response_model=schemi.GraduatoriaUscita,
    responses={201: CON_ETAG},
)
@idempotente
async def chiudi_graduatoria(
    avviso_id: UUID, ctx: Scrittura, versione: VersioneAttesa, corpo: schemi.ChiusuraIngresso
) -> Response:
    graduatoria = await service.chiudi_graduatoria(
        ctx, avviso_id, versione, anticipata=corpo.chiusura_anticipata, da_chiarire=corpo.domande_da_chiarire
    )
    uscita = schemi.GraduatoriaUscita.model_validate(graduatoria)
    return rispondi(uscita, stato=201, versione=graduatoria.versione, posizione=f"/graduatorie/{graduatoria.id}")


@router.get(
    "/graduatorie/{graduatoria_id}",
    operation_id="leggiGraduatoria",
    summary="Legge una graduatoria",
    response_model=schemi.GraduatoriaUscita,
    responses={200: CON_ETAG},
)
async def leggi_graduatoria(graduatoria_id: UUID, ctx: Scrittura) -> Response:
    graduatoria = await repository.graduatoria(ctx, graduatoria_id)
    return rispondi(schemi.GraduatoriaUscita.model_validate(graduatoria), versione=graduatoria.versione)


@router.get(
    "/graduatorie/{graduatoria_id}/voci",
    operation_id="elencaVociGraduatoria",
    summary="Elenca le voci di una graduatoria, in ordine di posizione",
    response_model=Pagina[schemi.VoceUscita],
)
async def elenca_voci(
    graduatoria_id: UUID, request: Request, richiesta: RichiestaAutenticata, ctx: Scrittura, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, graduatoria_id=graduatoria_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (int,))[0] if pagina.cursore is not None else None
    elenco = await repository.voci(ctx, graduatoria_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].posizione,)) if elenco.altri else None
    return rispondi(Pagina[schemi.VoceUscita](elementi=[traduci.voce(riga) for riga in elenco.righe], successivo=successivo))


@router.get(
    "/cartelle/{cartella_id}/assegnazioni",
    operation_id="elencaAssegnazioni",
    summary="Elenca i benefici assegnati alla persona, dal più recente",
    response_model=Pagina[schemi.AssegnazioneUscita],
)
async def elenca_assegnazioni(
    cartella_id: UUID, request: Request, richiesta: RichiestaAutenticata, ctx: Scrittura, pagina: Paginazione
) -> Response:
    legame = legame_di(richiesta, cartella_id=cartella_id)
    dopo = cursori(request).leggi(pagina.cursore, legame, (UUID,))[0] if pagina.cursore is not None else None
    elenco = await repository.assegnazioni(ctx, cartella_id, dopo, pagina.limite)
    successivo = cursori(request).emetti(legame, (elenco.righe[-1].id,)) if elenco.altri else None
    elementi = [schemi.AssegnazioneUscita.model_validate(riga) for riga in elenco.righe]
    return rispondi(Pagina[schemi.AssegnazioneUscita](elementi=elementi, successivo=successivo))
