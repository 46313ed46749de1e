"""Where the operators of each relation sit: enti, deleghe, grants. The second half of `core/access/situazioni.py`, as rows.

The territory is invented: two ambiti; in the first the Comuni of Borgo and Valle with two services each, and four gestori; in the
second the Comune of Oltre. The cartella aimed at is in charge of Borgo's service for disability, delegated to `gestore`.
"""

from dataclasses import dataclass
from datetime import date

from services.core.access.ruoli import Finalita
from services.core.access.situazioni import DAL, FINALITA, GIORNO, IERI, Relazione

DISABILITA, MINORI = "disabilita", "tutela_minori"
SERVIZI = (DISABILITA, MINORI)

BERSAGLIO, RISERVATO, OPPOSTO = "bersaglio", "riservato", "opposto"
VICINO, ALTRO_SERVIZIO, LONTANO = "vicino", "altro_servizio", "lontano"
Competenza = tuple[str, str]
"""Comune and service."""


@dataclass(frozen=True, slots=True)
class Luogo:
    """A Comune of the invented territory."""

    ambito: int
    istat: str
    belfiore: str


AMBITO, ALTRO_AMBITO = 9001, 9002
LUOGHI = {
    "borgo": Luogo(AMBITO, "990001", "Z901"),
    "valle": Luogo(AMBITO, "990002", "Z902"),
    "oltre": Luogo(ALTRO_AMBITO, "990003", "Z903"),
}
ENTI = {
    "comune-borgo": ("comune", "borgo"),
    "comune-valle": ("comune", "valle"),
    "comune-oltre": ("comune", "oltre"),
    "gestore": ("azienda", None),
    "altro-gestore": ("azienda", None),
    "ex-gestore": ("azienda", None),
    "socio": ("ets", None),
    "asst": ("asst", None),
}
"""Type, and Comune of the enti that are one. Those of the second ambito end in `-oltre`."""

DELEGHE: tuple[tuple[str, Competenza, date, date | None], ...] = (
    ("ex-gestore", ("borgo", DISABILITA), DAL, IERI),
    ("gestore", ("borgo", DISABILITA), GIORNO, None),
    ("altro-gestore", ("borgo", MINORI), DAL, None),
    ("ex-gestore", ("valle", DISABILITA), DAL, None),
    ("socio", ("valle", MINORI), DAL, None),
)
"""Ente gestore, competenza, first and last day: the service passed from one gestore to the other at midnight."""

CONDIVISIONI: tuple[tuple[str, Finalita, date | None], ...] = (
    *((ente, FINALITA, None) for ente in ENTI if ente != "socio"),
    ("socio", FINALITA, IERI),
    ("socio", Finalita.PRESA_IN_CARICO, None),
)
"""Ente, purpose and last day: agreements share every class with everybody, with `socio` for this purpose until yesterday."""

CORREDI: dict[str, tuple[Competenza, bool]] = {
    BERSAGLIO: (("borgo", DISABILITA), False),
    RISERVATO: (("borgo", DISABILITA), True),
    OPPOSTO: (("borgo", DISABILITA), False),
    VICINO: (("valle", DISABILITA), False),
    ALTRO_SERVIZIO: (("borgo", MINORI), False),
    LONTANO: (("oltre", DISABILITA), False),
}
"""The cartelle there are: who has them in charge, and whether they are reserved. The person of `opposto` opposes the sharing."""


@dataclass(frozen=True, slots=True)
class Concessione:
    """Grants on the cartella aimed at, for an ente: by its équipe, by the team of its P.I.P.P.I. case, in emergency.

    `ore` is how far from now the emergency ends, negative when it has.
    """

    ente: str
    al: date | None = None
    equipe: bool = True
    del_caso: bool = False
    revocata: bool = False
    ore: int | None = None


@dataclass(frozen=True, slots=True)
class Posto:
    """Where the operators of a relation sit, one for each role.

    `competenze` is what the ente answers for that day within the incarico, told here and not asked of the database; in the first
    of them they may open. `casa` is a cartella they see, to whose household they may add.
    """

    ente: str
    competenze: tuple[Competenza, ...]
    casa: str
    mira: str = BERSAGLIO
    servizi: tuple[str, ...] | None = None
    al: date | None = None
    revocato: bool = False
    pronto_intervento: bool = True
    escluso: bool = False
    concessione: Concessione | None = None

    @property
    def propria(self) -> Competenza:
        """The Comune and service of their own in which they open; those of the object for who has none."""
        return self.competenze[0] if self.competenze else CORREDI[self.mira][0]


_BORGO = tuple(("borgo", servizio) for servizio in SERVIZI)
_VALLE = tuple(("valle", servizio) for servizio in SERVIZI)
_R = Relazione


def _di_valle(concessione: Concessione | None, mira: str = BERSAGLIO) -> Posto:
    return Posto("comune-valle", _VALLE, VICINO, mira=mira, concessione=concessione)


POSTI: dict[Relazione, Posto] = {
    _R.SQUADRA: _di_valle(Concessione("comune-valle")),
    _R.SQUADRA_PIPPI: _di_valle(Concessione("comune-valle", equipe=False, del_caso=True)),
    _R.TERRITORIO: Posto("comune-borgo", _BORGO, BERSAGLIO),
    _R.DELEGA: Posto("gestore", (("borgo", DISABILITA),), BERSAGLIO),
    _R.ALTRO_COMUNE: _di_valle(None),
    _R.ALTRO_AMBITO: Posto("comune-oltre", tuple(("oltre", servizio) for servizio in SERVIZI), LONTANO),
    _R.SERVIZIO_NON_DELEGATO: Posto("altro-gestore", (("borgo", MINORI),), ALTRO_SERVIZIO),
    _R.DELEGA_CESSATA: Posto("ex-gestore", (("valle", DISABILITA),), VICINO),
    _R.INCARICO_RISTRETTO: Posto(
        "comune-borgo", (("borgo", MINORI),), ALTRO_SERVIZIO, servizi=(MINORI,), pronto_intervento=False
    ),
    _R.INCARICO_CESSATO: Posto("comune-borgo", (), BERSAGLIO, al=IERI),
    _R.INCARICO_REVOCATO: Posto("comune-borgo", (), BERSAGLIO, al=GIORNO, revocato=True),
    _R.SQUADRA_CESSATA: _di_valle(Concessione("comune-valle", IERI, del_caso=True)),
    _R.SQUADRA_REVOCATA: _di_valle(Concessione("comune-valle", GIORNO, del_caso=True, revocata=True)),
    _R.SQUADRA_DI_ALTRO_ENTE: _di_valle(Concessione("gestore", del_caso=True)),
    _R.CONDIVISIONE_REVOCATA: Posto("socio", (("valle", MINORI),), BERSAGLIO, concessione=Concessione("socio")),
    _R.OPPOSIZIONE_ACCOLTA: _di_valle(Concessione("comune-valle"), OPPOSTO),
    _R.CLASSE_SUPERIORE: Posto("comune-borgo", _BORGO, BERSAGLIO, concessione=Concessione("comune-borgo")),
    _R.OPERATORE_ESCLUSO: Posto("comune-borgo", _BORGO, ALTRO_SERVIZIO, escluso=True, concessione=Concessione("comune-borgo")),
    _R.PROTETTA: Posto("comune-borgo", _BORGO, BERSAGLIO, mira=RISERVATO),
    _R.PROTETTA_IN_SQUADRA: _di_valle(Concessione("comune-valle"), RISERVATO),
    _R.EMERGENZA: _di_valle(Concessione("comune-valle", GIORNO, equipe=False, ore=1)),
    _R.EMERGENZA_SCADUTA: _di_valle(Concessione("comune-valle", GIORNO, equipe=False, ore=-1)),
}
