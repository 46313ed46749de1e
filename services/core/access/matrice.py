"""The authorization matrix: what the rule expects of every operation, for every role, in every relation to the object.

Pure, and computed from the one source of the rule: roles (`operazioni.py`), ways to a cartella (`regola.VIE`) and what is kept
from an operator (`preclusione.py`), both in their Python form, classes (`ruoli.py`, `politiche.FIGLIE`), object of each operation
(`bersagli.py`). PostgreSQL's policies are not consulted: they are what `ambito authz matrix` puts to the test
(`services/cli/authz`).

How a relation is added:

1. a member of `Relazione` and its entry in `SITUAZIONI` (`situazioni.py`), in the words of the rule: which facts stand between
   operator and object. A fact of a kind the rule did not know enters `Situazione` and, here, `vista_di`, where it is handed to
   the rule's own predicate;
2. where the operators of that relation sit and which object they aim at, in `services/cli/authz/relazioni.py`: real rows;
3. while the machinery is not built, its name and the reason stand in `NON_COSTRUITE` instead, and the matrix says so.

`tests/unit/test_matrice.py` fails while one of them is missing, or the two tell different facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.core.access.bersagli import (
    BERSAGLI,
    CLASSI,
    RUOLI_DELLE_RIGHE,
    SEDI,
    VALUTATA,
    Bersaglio,
    Modo,
    Risorsa,
    Sede,
    Spetta,
)
from services.core.access.operazioni import OPERAZIONI
from services.core.access.politiche import RUOLI_GRADUATORIA, RUOLI_RIESAME
from services.core.access.preclusione import classi_viste, escluse
from services.core.access.regola import AccessoVisto, CartellaVista, Scope, puo_vedere
from services.core.access.ruoli import CLASSI_DEL_RUOLO, RUOLI_TERRITORIALI, Classe, Ruolo
from services.core.access.situazioni import (
    ALTRO_AMBITO,
    AMBITO,
    CARTELLA,
    COMPETENZA,
    ENTE,
    FINALITA,
    GIORNO,
    OPERATORE,
    ORA,
    SITUAZIONI,
    Relazione,
    Situazione,
)


class Esito(StrEnum):
    """What comes of a request, as far as authorization goes."""

    CONSENTITA = "consentita"
    """It passes, and what is listed is there."""
    ASSENTE = "assente"
    """It passes, and nothing of the object is in the answer."""
    MINIMA = "minima"
    """A search finds the person, her minimal identity and that others have her in charge; not the cartella."""
    NON_TROVATO = "404"
    VIETATA = "403"
    NON_AUTENTICATA = "401"
    CONFLITTO = "409"
    """A key already taken, in one wording for all; or an act that belongs to others on an object she sees."""


@dataclass(frozen=True, slots=True)
class Concessi:
    """The grants of an operator on a cartella, by the reason they were given for."""

    equipe: Sequence[AccessoVisto] = ()
    caso: Sequence[AccessoVisto] = ()
    emergenza: Sequence[AccessoVisto] = ()


@dataclass(frozen=True, slots=True)
class Vista:
    """What the rule says of one cartella to one operator.

    `territorio`: it is of hers, seen or not. `siede` in its équipe; `ha_aperto` it in emergency, once; `in_emergenza` now.
    `governa`: she answers for the incarichi of its Comune, when her role is the one that does.
    """

    ruolo: Ruolo
    classi: Classe
    stesso_ambito: bool
    territorio: bool
    cartella: bool
    caso: bool
    siede: bool
    ha_aperto: bool
    in_emergenza: bool
    governa: bool = False


def guarda(ruolo: Ruolo, classi: Classe, scope: Scope, cartella: CartellaVista, concessi: Concessi) -> Vista:
    """Ask the predicate of the rule, of the cartella and of each way by itself."""
    senza_territorio = replace(scope, competenze=frozenset())
    tutti = [*concessi.equipe, *concessi.caso, *concessi.emergenza]
    return Vista(
        ruolo=ruolo,
        classi=classi,
        stesso_ambito=scope.ambito_id == cartella.ambito_id,
        territorio=scope.ambito_id == cartella.ambito_id and cartella.competenza_id in scope.competenze,
        cartella=puo_vedere(scope, cartella, tutti),
        caso=puo_vedere(senza_territorio, cartella, list(concessi.caso)),
        siede=puo_vedere(senza_territorio, cartella, list(concessi.equipe)),
        ha_aperto=bool(concessi.emergenza),
        in_emergenza=puo_vedere(senza_territorio, cartella, list(concessi.emergenza)),
    )


def vista_di(ruolo: Ruolo, situazione: Situazione) -> Vista:
    """Return what an operator of that role sees in that situation."""
    s = situazione
    classi = classi_viste(ruolo, ENTE, FINALITA, GIORNO, s.condivisioni)
    scope = Scope(
        ambito_id=AMBITO if s.stesso_ambito else ALTRO_AMBITO,
        operatore_id=OPERATORE,
        ente_id=ENTE,
        competenze=frozenset({COMPETENZA} if s.competenza and ruolo in RUOLI_TERRITORIALI else ()),
        data=GIORNO,
        istante=ORA,
        escluse=escluse(ruolo, classi, OPERATORE, GIORNO, s.esclusioni, s.limitazioni),
    )
    cartella = CartellaVista(CARTELLA, AMBITO, COMPETENZA, s.riservata)
    vista = guarda(ruolo, classi, scope, cartella, Concessi(s.equipe, s.del_caso, s.emergenza))
    return replace(vista, governa=s.governa)


def visibile(tabella: str, vista: Vista, classe: Classe | None = None) -> bool:
    """Tell whether a row of `tabella` that hangs from the cartella seen is visible; `classe` for a row that carries its own."""
    if vista.ruolo not in RUOLI_DELLE_RIGHE.get(tabella, Ruolo):
        return False
    return _nella_sede(SEDI[tabella], vista) and ha_classe(tabella, vista.classi, classe)


def _nella_sede(sede: Sede, vista: Vista) -> bool:
    match sede:
        case Sede.AMBITO:
            return vista.stesso_ambito
        case Sede.CARTELLA:
            return vista.cartella
        case Sede.CASO:
            return vista.caso
        case Sede.EMERGENZA:
            giudica = vista.ruolo in RUOLI_RIESAME and vista.territorio and vista.cartella
            return vista.stesso_ambito and (vista.ha_aperto or giudica or vista.ruolo is Ruolo.DPO)
        case Sede.INCARICHI:
            return vista.governa
        case Sede.VOCE:
            return vista.stesso_ambito and (vista.ruolo in RUOLI_GRADUATORIA or visibile("domanda", vista))


def ha_classe(tabella: str, classi: Classe, classe: Classe | None = None) -> bool:
    """Tell whether `classi` has that of a row; a class-0 table is asked with the row's own, by default the lowest."""
    return tabella not in CLASSI or bool(classi & (CLASSI[tabella] or classe or Classe.IDENTITA))


def atteso(operazione: str, ruolo: Ruolo, relazione: Relazione) -> Esito:
    """Return the outcome the rule gives: `operazione` asked by `ruolo`, of an object she is in `relazione` to.

    Raises:
        KeyError: an operation without rule or without object.
    """
    if operazione in SENZA_RUOLO:
        return SENZA_RUOLO[operazione]
    situazione, bersaglio = SITUAZIONI[relazione], BERSAGLI[operazione]
    if not situazione.in_corso or ruolo not in OPERAZIONI[operazione].ruoli:
        return Esito.VIETATA
    vista = vista_di(ruolo, situazione)
    match bersaglio.modo:
        case Modo.VALUTA:
            return Esito.CONSENTITA if atteso(VALUTATA, ruolo, relazione) is Esito.CONSENTITA else Esito.ASSENTE
        case Modo.CERCA:
            return _cercando(vista, situazione)
        case Modo.STORIA:
            return Esito.CONSENTITA if vista.stesso_ambito else Esito.ASSENTE
        case Modo.APRE:
            return Esito.CONSENTITA if vista.territorio else Esito.NON_TROVATO
        case Modo.EMERGENZA:
            return _in_emergenza(vista, situazione)
        case Modo.ORDINARIO:
            return _sull_oggetto(bersaglio, vista, classe_chiesta(ruolo, relazione))


def _sull_oggetto(bersaglio: Bersaglio, vista: Vista, classe: Classe | None) -> Esito:
    if bersaglio.risorsa is not Risorsa.AMBITO and not visibile(bersaglio.risorsa, vista):
        return Esito.NON_TROVATO
    if not all(ha_classe(tabella, vista.classi) for tabella in bersaglio.tocca):
        return Esito.NON_TROVATO
    if not _le_spetta(bersaglio.spetta, vista):
        return Esito.CONFLITTO
    if bersaglio.elenca is not None and not visibile(bersaglio.elenca, vista, classe):
        return Esito.ASSENTE
    return Esito.CONSENTITA


def _le_spetta(spetta: Spetta, vista: Vista) -> bool:
    return {
        Spetta.CHIUNQUE: True,
        Spetta.CHI_FORMA: vista.territorio,
        Spetta.CHI_SIEDE: vista.siede,
        Spetta.CHI_HA_APERTO: vista.ha_aperto,
        Spetta.CHI_NON_HA_APERTO: not vista.ha_aperto,
    }[spetta]


def _cercando(vista: Vista, situazione: Situazione) -> Esito:
    """A protected person is never found, nor whom she is kept from; of others the ambito is told the minimum."""
    if situazione.riservata or situazione.esclusioni or not vista.stesso_ambito:
        return Esito.ASSENTE
    return Esito.CONSENTITA if vista.cartella else Esito.MINIMA


def _in_emergenza(vista: Vista, situazione: Situazione) -> Esito:
    """It opens what is closed: not what she sees already, nor what is reserved or kept from her. One she has open stays so."""
    if not situazione.pronto_intervento:
        return Esito.VIETATA
    if vista.cartella and not vista.in_emergenza:
        return Esito.CONFLITTO
    nascosta = situazione.riservata or situazione.esclusioni or not vista.stesso_ambito
    return Esito.NON_TROVATO if nascosta else Esito.CONSENTITA


def classe_chiesta(ruolo: Ruolo, relazione: Relazione) -> Classe | None:
    """The class of the row looked for in a list whose rows carry their own: one the role lacks, where that is the question."""
    if relazione is not Relazione.CLASSE_SUPERIORE:
        return None
    return next((classe for classe in Classe if not CLASSI_DEL_RUOLO[ruolo] & classe), None)


def atteso_di_conflitto(operazione: str, ruolo: Ruolo, relazione: Relazione) -> Esito:
    """Return the outcome when the codice fiscale typed in the caller's own territory is that of the person of the object.

    The key is one per ambito, so the conflict is the same whether she sees her or not; a protected person is outside it,
    and her code is taken as a new one.
    """
    situazione = SITUAZIONI[relazione]
    if not situazione.in_corso or ruolo not in OPERAZIONI[operazione].ruoli:
        return Esito.VIETATA
    return Esito.CONSENTITA if situazione.riservata or not situazione.stesso_ambito else Esito.CONFLITTO


def atteso_di_aggregato(operazione: str, ruolo: Ruolo, relazione: Relazione) -> Esito:
    """Return whether a value moves (`CONSENTITA`) or stays (`ASSENTE`) when a record is added to the cartella aimed at."""
    primo = atteso(operazione, ruolo, relazione)
    if primo is not Esito.CONSENTITA:
        return primo
    return Esito.CONSENTITA if vista_di(ruolo, SITUAZIONI[relazione]).cartella else Esito.ASSENTE


SENZA_RUOLO: dict[str, Esito] = {
    "leggiStato": Esito.CONSENTITA,
    "leggiStatoWaas": Esito.CONSENTITA,
    # the e-service that INPS calls: an operator's token is not a PDND voucher
    "elencaFlussiWaas": Esito.NON_AUTENTICATA,
    "registraEsitiWaas": Esito.NON_AUTENTICATA,
}
"""What an operator gets of the operations no role governs (`operazioni.PUBBLICHE`), whoever she is."""
