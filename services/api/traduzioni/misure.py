"""Answers of the measures, built from the domain."""

from uuid import UUID

from services.api.schemas import misure as schemi
from services.core.misure.dati_domanda import DatiDomandaB2
from services.core.misure.isee_client import AttestazioneISEE
from services.core.misure.models import Avviso, Decisione, Domanda, VoceGraduatoria
from services.core.misure.opzioni import OpzioniAvviso
from services.core.misure.service import SCHEMA_ISEE
from services.core.misure.spiegazione import spiega


def avviso(riga: Avviso) -> schemi.AvvisoUscita:
    opzioni = OpzioniAvviso.model_validate(riga.opzioni)
    propri = riga.model_dump(include=set(schemi.AvvisoUscita.model_fields))
    return schemi.AvvisoUscita(**propri, interventi=list(opzioni.interventi))


def domanda_creata(riga: Domanda) -> schemi.DomandaCreata:
    return schemi.DomandaCreata(id=riga.id, versione=riga.versione, stato=riga.stato)


def domanda(riga: Domanda, voce_: VoceGraduatoria | None) -> schemi.DomandaUscita:
    posto = None
    if voce_ is not None:
        posto = schemi.InGraduatoria(
            graduatoria_id=voce_.graduatoria_id,
            posizione=voce_.posizione,
            esito=voce_.esito,
            importo_centesimi=voce_.importo_centesimi,
        )
    return schemi.DomandaUscita(
        **riga.model_dump(include=set(schemi.DomandaUscita.model_fields) - {"dati"}),
        dati=schemi.RisposteUscita.model_validate(DatiDomandaB2.model_validate(riga.dati)),
        graduatoria=posto,
    )


def isee(versione: int, fatto_id: UUID, attestazione: AttestazioneISEE) -> schemi.IseeUscita:
    return schemi.IseeUscita(
        trovata=True,
        versione_domanda=versione,
        fatto_id=fatto_id,
        tipo_indicatore=attestazione.tipo_indicatore,
        importo_centesimi=attestazione.valore_centesimi,
        protocollo_dsu=attestazione.protocollo_dsu,
        valido_dal=attestazione.data_dsu,
        valido_al=attestazione.valida_fino,
        difformita=attestazione.difformita,
        schema_dati=SCHEMA_ISEE,
    )


def isee_non_trovato(versione: int) -> schemi.IseeUscita:
    return schemi.IseeUscita(
        trovata=False,
        versione_domanda=versione,
        fatto_id=None,
        tipo_indicatore=None,
        importo_centesimi=None,
        protocollo_dsu=None,
        valido_dal=None,
        valido_al=None,
        difformita=None,
        schema_dati=SCHEMA_ISEE,
    )


def decisione(domanda_: Domanda, riga: Decisione) -> schemi.DecisioneUscita:
    spiegazione = spiega(riga.spiegazione, riga.fatti, riga.parametri)
    return schemi.DecisioneUscita(
        id=riga.id,
        domanda_id=domanda_.id,
        versione_domanda=domanda_.versione,
        stato_domanda=domanda_.stato,
        data_riferimento=riga.data_riferimento,
        esito=riga.esito,
        importo_mensile_centesimi=riga.spiegazione["valori"].get("importo_mensile_centesimi"),
        apertura=spiegazione.apertura,
        regole=[schemi.ParagrafoUscita.model_validate(paragrafo) for paragrafo in spiegazione.paragrafi],
        fatti=[
            schemi.FattoUsato.model_validate(
                {"tipo": tipo} | {nome: dati[nome] for nome in ("id", "fonte", "valido_dal", "valido_al")}
            )
            for tipo, dati in sorted(riga.fatti.items())
        ],
        parametri=[
            schemi.ParametroUsato.model_validate(
                {"codice": codice} | {nome: dati[nome] for nome in schemi.ParametroUsato.model_fields if nome != "codice"}
            )
            for codice, dati in sorted(riga.parametri.items())
        ],
        impronta=riga.impronta,
        creata_il=riga.creata_il,
    )


def voce(riga: VoceGraduatoria) -> schemi.VoceUscita:
    chiavi = riga.chiavi
    return schemi.VoceUscita(
        id=riga.id,
        protocollo=riga.protocollo,
        posizione=riga.posizione,
        esito=riga.esito,
        importo_centesimi=riga.importo_centesimi,
        valori=[
            schemi.ChiaveOrdinamento(chiave=nome, valore=str(valore))
            for nome, valore in sorted(chiavi["valori"].items())
            if nome != "domanda"  # the last tie-break is the identifier, which the line does not tell
        ],
        segue_per=None if chiavi["segue_per"] is None else schemi.CriterioUscita(**chiavi["segue_per"]),
        esclusione=chiavi["esclusione"],
    )
