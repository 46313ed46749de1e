"""What each operation aims at, in the words of the rule: the row its path names, what it touches besides, what it lists.

The roles of an operation stand in `operazioni.py`, the scope in `regola.py` and `preclusione.py`, the classes of the rows in
`politiche.FIGLIE`; this page only says which row of which table an operation is about. The matrix (`matrice.py`) computes the
expected outcomes from them all, and the decision endpoint (`decisione.py`) asks the database about the same rows.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.core.access.politiche import (
    FIGLIE,
    PIPPI,
    RUOLI_ACCORDI,
    RUOLI_ESCLUSIONI,
    RUOLI_GRADUATORIA,
    RUOLI_LIMITAZIONI,
)
from services.core.access.ruoli import Classe, Ruolo


class Sede(StrEnum):
    """What makes a row visible, its class and the roles it asks apart."""

    AMBITO = "ambito"
    """Being of the caller's ambito."""
    CARTELLA = "cartella"
    """The cartella it hangs from being visible."""
    CASO = "caso"
    """A live grant of the team of its P.I.P.P.I. case."""
    EMERGENZA = "emergenza"
    """Being hers, or of her territory if she judges it, or the DPO's ambito."""
    INCARICHI = "incarichi"
    """Being of those its ente's responsible answers for (`governa_incarico`)."""
    VOCE = "voce"
    """The roles that form a graduatoria read every line; the others those of the domande they see."""


SEDI: dict[str, Sede] = (
    dict.fromkeys(("avviso", "indicatore", "operatore", "audit", "graduatoria", "accordo"), Sede.AMBITO)
    | dict.fromkeys(("cartella", "persona", "componente", "equipe", "contributo", "flusso", *FIGLIE), Sede.CARTELLA)
    | dict.fromkeys(("esclusione", "limitazione"), Sede.CARTELLA)
    | dict.fromkeys(("caso_pippi", "equipe_pippi", *PIPPI), Sede.CASO)
    | dict.fromkeys(("emergenza", "nota_emergenza"), Sede.EMERGENZA)
    | {"voce_graduatoria": Sede.VOCE, "incarico": Sede.INCARICHI}
)
"""By table. `equipe_pippi` are the rows of `equipe` that a P.I.P.P.I. case guards."""

CLASSI: dict[str, Classe] = (
    FIGLIE | dict.fromkeys(PIPPI, Classe.BISOGNO) | dict.fromkeys(("flusso", "voce_graduatoria"), Classe.ECONOMICA)
)
"""The class a role must have to see a row; 0 where each row carries its own, no entry where none is asked."""

RUOLI_DELLE_RIGHE: dict[str, tuple[Ruolo, ...]] = {
    "graduatoria": RUOLI_GRADUATORIA,
    "accordo": RUOLI_ACCORDI,
    "esclusione": RUOLI_ESCLUSIONI,
    "limitazione": RUOLI_LIMITAZIONI,
    "nota_emergenza": tuple(ruolo for ruolo in Ruolo if ruolo is not Ruolo.DPO),
}
"""The roles a row asks for, beside all the rest; no entry: any."""


class Risorsa(StrEnum):
    """Kinds of object a path can name, as tables. `ambito` stands for operations whose path names none."""

    AMBITO = "ambito"
    CARTELLA = "cartella"
    DOMANDA = "domanda"
    AVVISO = "avviso"
    GRADUATORIA = "graduatoria"
    EQUIPE = "equipe"
    VALUTAZIONE = "valutazione"
    PROGETTO = "progetto"
    CASO_PIPPI = "caso_pippi"
    INDICATORE = "indicatore"
    ESCLUSIONE = "esclusione"
    LIMITAZIONE = "limitazione"
    EMERGENZA = "emergenza"
    INCARICO = "incarico"


class Modo(StrEnum):
    """How an operation reaches its object, where it is not by naming it in the path."""

    ORDINARIO = "ordinario"
    APRE = "apre"
    """It creates in the territory of the caller."""
    CERCA = "cerca"
    """It looks for a person in the whole ambito."""
    EMERGENZA = "emergenza"
    """It opens what is closed, within the ambito."""
    STORIA = "storia"
    """It asks of the past of an object of the ambito; any other is unknown to it."""
    VALUTA = "valuta"
    """It answers what the caller may do; exercised on `VALUTATA`."""


class Spetta(StrEnum):
    """Whose act it is, among those who see the object. To the others it is a conflict: they see it, so it is no secret."""

    CHIUNQUE = "chiunque"
    CHI_FORMA = "chi_forma"
    """Who holds the cartella by territory: a guest of a team forms and changes none (docs/security/squadre.md)."""
    CHI_SIEDE = "chi_siede"
    CHI_HA_APERTO = "chi_ha_aperto"
    CHI_NON_HA_APERTO = "chi_non_ha_aperto"


R, S = Risorsa, Spetta

VALUTATA = "leggiCartella"


@dataclass(frozen=True, slots=True)
class Bersaglio:
    """What one operation is about.

    `tocca` are tables of a class whose rows it reads or writes besides the one named; `elenca` the table its answer lists.
    """

    risorsa: Risorsa = R.AMBITO
    tocca: tuple[str, ...] = ()
    elenca: str | None = None
    modo: Modo = Modo.ORDINARIO
    spetta: Spetta = S.CHIUNQUE


BERSAGLI: dict[str, Bersaglio] = {
    # cartelle e persone
    "elencaCartelle": Bersaglio(elenca="cartella"),
    "leggiCartella": Bersaglio(R.CARTELLA),
    "apriCartella": Bersaglio(modo=Modo.APRE),
    "chiudiCartella": Bersaglio(R.CARTELLA),
    "aggiungiComponente": Bersaglio(R.CARTELLA),
    "cercaPersona": Bersaglio(modo=Modo.CERCA),
    "registraRequisito": Bersaglio(R.CARTELLA),
    "elencaFatti": Bersaglio(R.CARTELLA, elenca="fatto"),
    # misure
    "elencaAvvisi": Bersaglio(elenca="avviso"),
    "elencaDomande": Bersaglio(R.CARTELLA, elenca="domanda"),
    "redigiDomanda": Bersaglio(R.CARTELLA, tocca=("domanda",)),
    "leggiDomanda": Bersaglio(R.DOMANDA),
    "modificaDomanda": Bersaglio(R.DOMANDA),
    "ritiraDomanda": Bersaglio(R.DOMANDA),
    "consultaIsee": Bersaglio(R.DOMANDA),
    "presentaDomanda": Bersaglio(R.DOMANDA, tocca=("decisione",)),
    "leggiDecisione": Bersaglio(R.DOMANDA, tocca=("decisione",)),
    "chiudiGraduatoria": Bersaglio(R.AVVISO),
    "leggiGraduatoria": Bersaglio(R.GRADUATORIA),
    "elencaVociGraduatoria": Bersaglio(R.GRADUATORIA, elenca="voce_graduatoria"),
    "elencaAssegnazioni": Bersaglio(R.CARTELLA, elenca="assegnazione"),
    # équipe, valutazione, progetto
    "elencaOperatori": Bersaglio(elenca="operatore"),
    "elencaEquipe": Bersaglio(R.CARTELLA, elenca="equipe"),
    "costituisciEquipe": Bersaglio(R.CARTELLA, spetta=S.CHI_FORMA),
    "leggiEquipe": Bersaglio(R.EQUIPE),
    "sciogliEquipe": Bersaglio(R.EQUIPE, spetta=S.CHI_FORMA),
    "togliMembroEquipe": Bersaglio(R.EQUIPE, spetta=S.CHI_FORMA),
    "apriValutazione": Bersaglio(R.CARTELLA, tocca=("valutazione",)),
    "leggiValutazione": Bersaglio(R.VALUTAZIONE),
    "concludiValutazione": Bersaglio(R.VALUTAZIONE, spetta=S.CHI_SIEDE),
    "redigiProgetto": Bersaglio(R.CARTELLA, tocca=("progetto",)),
    "leggiProgetto": Bersaglio(R.PROGETTO),
    "firmaProgetto": Bersaglio(R.PROGETTO),
    # P.I.P.P.I.
    "apriCasoPippi": Bersaglio(R.CARTELLA, spetta=S.CHI_FORMA),
    "elencaCasiPippi": Bersaglio(elenca="caso_pippi"),
    "leggiCasoPippi": Bersaglio(R.CASO_PIPPI),
    "aderisciCasoPippi": Bersaglio(R.CASO_PIPPI),
    "aggiungiMembroPippi": Bersaglio(R.CASO_PIPPI),
    "togliMembroPippi": Bersaglio(R.CASO_PIPPI),
    "rilevaCasoPippi": Bersaglio(R.CASO_PIPPI, tocca=("rilevazione_pippi",)),
    "aggiungiMicroprogetto": Bersaglio(R.CASO_PIPPI, tocca=("microprogetto",)),
    # piano di zona
    "elencaIndicatori": Bersaglio(elenca="indicatore"),
    "leggiIndicatore": Bersaglio(R.INDICATORE),
    "elencaContributi": Bersaglio(R.INDICATORE, elenca="contributo"),
    # contitolarità, esclusioni, limitazioni
    "elencaAccordi": Bersaglio(elenca="accordo"),
    "escludiOperatore": Bersaglio(R.CARTELLA),
    "dichiaraAstensione": Bersaglio(R.CARTELLA),
    "elencaEsclusioni": Bersaglio(R.CARTELLA, elenca="esclusione"),
    "revocaEsclusione": Bersaglio(R.ESCLUSIONE),
    "registraLimitazione": Bersaglio(R.CARTELLA),
    "elencaLimitazioni": Bersaglio(R.CARTELLA, elenca="limitazione"),
    "decidiLimitazione": Bersaglio(R.LIMITAZIONE),
    "terminaLimitazione": Bersaglio(R.LIMITAZIONE),
    # pronto intervento
    "apriEmergenza": Bersaglio(modo=Modo.EMERGENZA),
    "elencaEmergenze": Bersaglio(elenca="emergenza"),
    "leggiEmergenza": Bersaglio(R.EMERGENZA),
    "chiudiEmergenza": Bersaglio(R.EMERGENZA, spetta=S.CHI_HA_APERTO),
    "prendiVisioneEmergenza": Bersaglio(R.EMERGENZA, spetta=S.CHI_NON_HA_APERTO),
    "riesaminaEmergenza": Bersaglio(R.EMERGENZA, spetta=S.CHI_NON_HA_APERTO),
    # incarichi
    "elencaIncarichi": Bersaglio(elenca="incarico"),
    "leggiIncarico": Bersaglio(R.INCARICO),
    "cessaIncarico": Bersaglio(R.INCARICO),
    "sostituisciIncarico": Bersaglio(R.INCARICO),
    "elencaConsegne": Bersaglio(R.INCARICO, elenca="equipe"),
    # flussi, audit, accesso
    "elencaFlussiCartella": Bersaglio(R.CARTELLA, elenca="flusso"),
    "elencaAudit": Bersaglio(elenca="audit"),
    "verificaAccessoStorico": Bersaglio(modo=Modo.STORIA),
    "leggiIo": Bersaglio(),
    "valutaAccesso": Bersaglio(modo=Modo.VALUTA),
    "valutaAccessi": Bersaglio(modo=Modo.VALUTA),
}
"""By `operationId`. `tests/unit/test_matrice.py` holds it to the operations there are, and to the parameters of their paths."""
