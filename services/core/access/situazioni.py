"""The relations of the authorization matrix, as facts of the rule: what an operator is to the object she aims at.

Pure. `matrice.py` hands these facts to the rule's own predicates; nothing is judged here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.core.access.preclusione import CondivisioneVista, EsclusioneVista, LimitazioneVista
from services.core.access.regola import AccessoVisto
from services.core.access.ruoli import Classe, Finalita

GIORNO = date(2025, 9, 15)
"""The reference date of the matrix."""

FINALITA = Finalita.VALUTAZIONE
"""The purpose its requests declare."""

IERI = GIORNO - timedelta(days=1)
DAL = date(2025, 1, 1)
ORA = datetime(2025, 9, 15, 12, tzinfo=UTC)
TUTTE = Classe(sum(Classe))


class Relazione(StrEnum):
    """What an operator is to the object she aims at."""

    SQUADRA = "squadra"
    SQUADRA_PIPPI = "squadra_pippi"
    TERRITORIO = "territorio"
    DELEGA = "delega"
    ALTRO_COMUNE = "altro_comune"
    ALTRO_AMBITO = "altro_ambito"
    SERVIZIO_NON_DELEGATO = "servizio_non_delegato"
    DELEGA_CESSATA = "delega_cessata"
    INCARICO_RISTRETTO = "incarico_ristretto"
    INCARICO_CESSATO = "incarico_cessato"
    INCARICO_REVOCATO = "incarico_revocato"
    SQUADRA_CESSATA = "squadra_cessata"
    SQUADRA_REVOCATA = "squadra_revocata"
    SQUADRA_DI_ALTRO_ENTE = "squadra_di_altro_ente"
    CONDIVISIONE_REVOCATA = "condivisione_revocata"
    OPPOSIZIONE_ACCOLTA = "opposizione_accolta"
    CLASSE_SUPERIORE = "classe_superiore"
    OPERATORE_ESCLUSO = "operatore_escluso"
    PROTETTA = "protetta"
    PROTETTA_IN_SQUADRA = "protetta_in_squadra"
    EMERGENZA = "emergenza"
    EMERGENZA_SCADUTA = "emergenza_scaduta"


NON_COSTRUITE: dict[str, str] = {}
"""Relations the plans ask for whose machinery is not built, and why: they are listed as not tried, never counted as passed."""

CARTELLA, OPERATORE, ENTE, ALTRO_ENTE = (UUID(int=n) for n in range(1, 5))
AMBITO, ALTRO_AMBITO, COMPETENZA = 1, 2, 1


def _accesso(
    ente: UUID = ENTE, al: date | None = None, *, revocato: bool = False, scade_il: datetime | None = None
) -> AccessoVisto:
    return AccessoVisto(AMBITO, CARTELLA, OPERATORE, ente, DAL, al, revocato, scade_il)


def condivisa(al: date | None = None, finalita: Finalita = FINALITA, ente: UUID = ENTE) -> CondivisioneVista:
    """Everything shared with an ente for a purpose, from the beginning to `al`."""
    return CondivisioneVista(ente, TUTTE, finalita, DAL, al, DAL, None)


_CONDIVISA = (condivisa(),)


@dataclass(frozen=True, slots=True)
class Situazione:
    """What stands between operator and cartella.

    `competenza`: her ente answers for it that day, within her incarico. `equipe`, `del_caso` and `emergenza` are her grants on
    it, by the reason they were given for; `condivisioni` what agreements share with her ente; `pronto_intervento` whether her
    incarico may open in emergency; `governa` whether it covers the incarichi of the Comune that has the cartella in charge.
    """

    descrizione: str
    competenza: bool = False
    equipe: tuple[AccessoVisto, ...] = ()
    del_caso: tuple[AccessoVisto, ...] = ()
    emergenza: tuple[AccessoVisto, ...] = ()
    condivisioni: tuple[CondivisioneVista, ...] = _CONDIVISA
    esclusioni: tuple[EsclusioneVista, ...] = ()
    limitazioni: tuple[LimitazioneVista, ...] = ()
    stesso_ambito: bool = True
    riservata: bool = False
    in_corso: bool = True
    pronto_intervento: bool = True
    governa: bool = False


_R = Relazione
_VIVO, _FINITO, _REVOCATO = (_accesso(),), (_accesso(al=IERI),), (_accesso(al=GIORNO, revocato=True),)
_DI_ALTRI = (_accesso(ALTRO_ENTE),)
_ORA_IN_CORSO, _ORA_PASSATA = ORA + timedelta(hours=1), ORA - timedelta(hours=1)

SITUAZIONI: dict[Relazione, Situazione] = {
    _R.SQUADRA: Situazione("siede nell'équipe della cartella, e opera per un altro Comune", equipe=_VIVO),
    _R.SQUADRA_PIPPI: Situazione("siede nell'équipe del caso P.I.P.P.I., e opera per un altro Comune", del_caso=_VIVO),
    _R.TERRITORIO: Situazione("opera per il Comune competente", competenza=True, governa=True),
    _R.DELEGA: Situazione("opera per l'ente gestore a cui il servizio è delegato da oggi", competenza=True),
    _R.ALTRO_COMUNE: Situazione("opera per un altro Comune dell'ambito"),
    _R.ALTRO_AMBITO: Situazione("opera in un altro ambito", stesso_ambito=False),
    _R.SERVIZIO_NON_DELEGATO: Situazione("opera per un ente a cui quel Comune ha delegato un altro servizio"),
    _R.DELEGA_CESSATA: Situazione("opera per un ente a cui il servizio era delegato fino a ieri"),
    _R.INCARICO_RISTRETTO: Situazione(
        "opera per il Comune competente, con incarico per un altro servizio e senza pronto intervento", pronto_intervento=False
    ),
    _R.INCARICO_CESSATO: Situazione(
        "opera per il Comune competente, e l'incarico è finito ieri", competenza=True, in_corso=False
    ),
    _R.INCARICO_REVOCATO: Situazione(
        "opera per il Comune competente, e l'incarico è revocato oggi", competenza=True, in_corso=False
    ),
    _R.SQUADRA_CESSATA: Situazione("ha lasciato ieri l'équipe, e quella del caso", equipe=_FINITO, del_caso=_FINITO),
    _R.SQUADRA_REVOCATA: Situazione("lascia oggi l'équipe, e quella del caso", equipe=_REVOCATO, del_caso=_REVOCATO),
    _R.SQUADRA_DI_ALTRO_ENTE: Situazione(
        "siede nell'équipe, e in quella del caso, per un ente, e agisce per un altro", equipe=_DI_ALTRI, del_caso=_DI_ALTRI
    ),
    _R.CONDIVISIONE_REVOCATA: Situazione(
        "siede nell'équipe, e l'accordo condivide con il suo ente per altra finalità, per questa fino a ieri",
        equipe=_VIVO,
        condivisioni=(condivisa(IERI), condivisa(finalita=Finalita.PRESA_IN_CARICO), condivisa(ente=ALTRO_ENTE)),
    ),
    _R.OPPOSIZIONE_ACCOLTA: Situazione(
        "siede nell'équipe di una cartella di cui la persona ha fermato la condivisione",
        equipe=_VIVO,
        limitazioni=(LimitazioneVista(CARTELLA, True, GIORNO),),
    ),
    _R.CLASSE_SUPERIORE: Situazione(
        "ogni via le è aperta, e chiede dati di una classe che il ruolo non ha", competenza=True, equipe=_VIVO, governa=True
    ),
    _R.OPERATORE_ESCLUSO: Situazione(
        "ogni via le è aperta, ed è esclusa dalla cartella",
        competenza=True,
        governa=True,
        equipe=_VIVO,
        esclusioni=(EsclusioneVista(CARTELLA, OPERATORE, GIORNO),),
    ),
    _R.PROTETTA: Situazione(
        "opera per il Comune competente, e la cartella è riservata", competenza=True, riservata=True, governa=True
    ),
    _R.PROTETTA_IN_SQUADRA: Situazione(
        "siede nell'équipe della cartella riservata, e opera per un altro Comune", equipe=_VIVO, riservata=True
    ),
    _R.EMERGENZA: Situazione(
        "l'ha aperta in emergenza, e opera per un altro Comune", emergenza=(_accesso(scade_il=_ORA_IN_CORSO),)
    ),
    _R.EMERGENZA_SCADUTA: Situazione(
        "l'aveva aperta in emergenza, e l'ora è passata", emergenza=(_accesso(scade_il=_ORA_PASSATA),)
    ),
}
