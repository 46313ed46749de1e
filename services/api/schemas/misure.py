"""Schemas of avvisi, domande, decisions, graduatorie and assegnazioni."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.api.schemas.base import Centesimi, Ingresso, TestoBreve, Uscita, Versione
from services.api.schemas.cartelle import Anno
from services.core.misure.chiusura import DaChiarire
from services.core.misure.esiti import EsitoAmmissibilita, EsitoRegola, EsitoVoce
from services.core.misure.isee_client import TipoIndicatore
from services.core.misure.models import StatoAssegnazione, StatoAvviso, StatoDomanda, StatoGraduatoria

CodiceMisura = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,63}$", max_length=64, description="Codice della misura o prestazione.")
]
CodiceIntervento = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,63}$", max_length=64, description="Codice dell'intervento.")]
Mesi = Annotated[int, Field(ge=1, le=24, json_schema_extra={"format": "int32"})]
Posizione = Annotated[int, Field(ge=1, le=10_000_000, json_schema_extra={"format": "int32"})]
Impronta = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64, description="SHA-256 in esadecimale.")]
Frase = Annotated[str, Field(max_length=1000)]
Frasi = Annotated[list[Frase], Field(max_length=200)]


class AvvisoUscita(Uscita):
    id: UUID
    versione: Versione
    codice: TestoBreve
    misura: CodiceMisura
    denominazione: Frase
    anno: Anno
    fondo: TestoBreve
    budget_centesimi: Centesimi
    aperto_dal: date
    aperto_al: date
    stato: StatoAvviso
    interventi: Annotated[list[CodiceIntervento], Field(max_length=50)]


class PrestazioneInCorso(Ingresso):
    """Un'altra misura o prestazione che la persona riceve; senza `al` è ancora in corso."""

    codice: CodiceMisura
    dal: date
    al: date | None = None


class RisposteB2(Ingresso):
    """Risposte dichiarate per la Misura B2. Ciò che manca o è nullo non è noto: non vale «no» né zero."""

    vive_a_domicilio: bool | None = None
    caregiver_familiare: bool | None = None
    assistente_regolarmente_impiegato: bool | None = None
    spesa_mensile_centesimi: Annotated[int, Field(ge=0, le=100_000_000, json_schema_extra={"format": "int64"})] | None = None
    prestazioni_in_corso: Annotated[list[PrestazioneInCorso], Field(max_length=50)] | None = None
    continuita: bool | None = None


class DomandaIngresso(Ingresso):
    avviso_id: UUID
    tipo_intervento: CodiceIntervento
    dati: RisposteB2


class DomandaModifica(Ingresso):
    """Le risposte sostituiscono per intero le precedenti."""

    tipo_intervento: CodiceIntervento
    dati: RisposteB2


class RequisitoIngresso(Ingresso):
    """Che un accertamento c'è, è stato chiesto o non c'è: né diagnosi né punteggi."""

    requisito: CodiceMisura
    stato: Literal["accertata", "in_attesa", "assente"]
    fonte: TestoBreve
    dal: date
    al: date | None = None


class ChiusuraIngresso(Ingresso):
    chiusura_anticipata: bool = False
    domande_da_chiarire: DaChiarire = DaChiarire.BLOCCA


class PrestazioneUscita(Uscita):
    codice: CodiceMisura
    dal: date
    al: date | None


class RisposteUscita(Uscita):
    vive_a_domicilio: bool | None
    caregiver_familiare: bool | None
    assistente_regolarmente_impiegato: bool | None
    spesa_mensile_centesimi: Centesimi | None
    prestazioni_in_corso: Annotated[list[PrestazioneUscita], Field(max_length=50)] | None
    continuita: bool | None


class DomandaCreata(Uscita):
    id: UUID
    versione: Versione
    stato: StatoDomanda


class DomandaVoce(Uscita):
    """Una riga dell'elenco delle domande di una cartella."""

    id: UUID
    versione: Versione
    avviso_id: UUID
    stato: StatoDomanda
    tipo_intervento: CodiceIntervento
    presentata_il: date | None
    esito: EsitoAmmissibilita | None


class InGraduatoria(Uscita):
    graduatoria_id: UUID
    posizione: Posizione
    esito: EsitoVoce
    importo_centesimi: Centesimi


class DomandaUscita(Uscita):
    """`graduatoria` è nulla finché la graduatoria non è chiusa, o se l'incarico non può vedere dati economici."""

    id: UUID
    versione: Versione
    cartella_id: UUID
    avviso_id: UUID
    stato: StatoDomanda
    tipo_intervento: CodiceIntervento
    protocollo: TestoBreve | None
    presentata_il: date | None
    esito: EsitoAmmissibilita | None
    decisione_id: UUID | None
    dati: RisposteUscita
    graduatoria: InGraduatoria | None


class FattoCreato(Uscita):
    id: UUID
    tipo: TestoBreve
    valido_dal: date
    valido_al: date | None


class IseeUscita(Uscita):
    """Esito della consultazione presso INPS. Se `trovata` è falso l'attestazione manca: non vale zero."""

    trovata: bool
    versione_domanda: Versione
    fatto_id: UUID | None
    tipo_indicatore: TipoIndicatore | None
    importo_centesimi: Centesimi | None
    protocollo_dsu: TestoBreve | None
    valido_dal: date | None
    valido_al: date | None
    difformita: bool | None
    schema_dati: TestoBreve


class ParagrafoUscita(Uscita):
    """La spiegazione di una regola."""

    codice: TestoBreve
    titolo: Frase
    esito: EsitoRegola
    motivo: Frase
    norme: Frasi
    parametri: Frasi
    fonti: Frasi
    mancanti: Frasi
    voci: Frasi
    valori: Frasi


class FattoUsato(Uscita):
    """Una versione di un fatto usata dalla decisione; `id` è nullo per ciò che è stato dichiarato nella domanda."""

    tipo: TestoBreve
    id: UUID | None
    fonte: TestoBreve
    valido_dal: date | None
    valido_al: date | None


class ParametroUsato(Uscita):
    codice: TestoBreve
    versione: TestoBreve
    titolo: Frase
    atto: Frase
    articolo: Frase | None
    dal: date
    al: date | None
    da_verificare: bool


class DecisioneUscita(Uscita):
    id: UUID
    domanda_id: UUID
    versione_domanda: Versione
    stato_domanda: StatoDomanda
    data_riferimento: date
    esito: EsitoAmmissibilita
    importo_mensile_centesimi: Centesimi | None
    apertura: Frase
    regole: Annotated[list[ParagrafoUscita], Field(max_length=100)]
    fatti: Annotated[list[FattoUsato], Field(max_length=200)]
    parametri: Annotated[list[ParametroUsato], Field(max_length=200)]
    impronta: Impronta
    creata_il: datetime


class GraduatoriaUscita(Uscita):
    """`impronta` è quella dell'istantanea: chi la ricalcola dai dati dell'istantanea ottiene gli stessi byte."""

    id: UUID
    versione: Versione
    avviso_id: UUID
    linea: TestoBreve
    stato: StatoGraduatoria
    budget_centesimi: Centesimi
    impegnato_centesimi: Centesimi
    impronta: Impronta | None
    chiusa_il: datetime | None


class CriterioUscita(Uscita):
    chiave: TestoBreve
    titolo: Frase
    atto: Frase


class ChiaveOrdinamento(Uscita):
    chiave: TestoBreve
    valore: TestoBreve


class VoceUscita(Uscita):
    """Una riga della graduatoria, con il solo protocollo della domanda, come nelle graduatorie pubblicate.

    `segue_per` è il criterio per cui la voce segue quella che la precede; nullo per la prima e per chi non è idoneo.
    """

    id: UUID
    protocollo: TestoBreve
    posizione: Posizione
    esito: EsitoVoce
    importo_centesimi: Centesimi
    valori: Annotated[list[ChiaveOrdinamento], Field(max_length=20)]
    segue_per: CriterioUscita | None
    esclusione: Literal["non_ammissibile", "non_integrata"] | None


class AssegnazioneUscita(Uscita):
    id: UUID
    versione: Versione
    domanda_id: UUID
    graduatoria_id: UUID
    misura: CodiceMisura
    importo_mensile_centesimi: Centesimi
    mesi: Mesi
    dal: date
    al: date
    stato: StatoAssegnazione
