"""The scope rule: which cartelle an operator sees under one incarico. One definition, three uses.

A cartella is reached by a *via*. Each via is written once, here, in its three forms: the PostgreSQL policy (what the
database enforces), the branch of a list query (the same set, in the shape that stays fast) and the predicate in Python
(the point check, and the oracle of the property test `tests/property/test_scope.py`, which shows that the three agree).
What is kept from an operator whatever her via is in `preclusione.py`.

Settings are read inside scalar subqueries, so that the planner evaluates each once per query (InitPlan), never per row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

LARGHEZZA_RAMI = 50
"""Up to this many competenze a list is one indexed branch each; beyond, one scan in list order (measured: docs/adr/0003)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the database knows of the principal during a transaction."""

    ambito_id: int
    operatore_id: UUID
    ente_id: UUID
    competenze: frozenset[int]
    data: date
    istante: datetime | None = None
    """Technical time, for grants that expire; None: not told, and none of those is alive."""
    escluse: frozenset[UUID] | None = frozenset()
    """The cartelle kept from her (`preclusione.escluse`); None: all of them."""


@dataclass(frozen=True, slots=True)
class CartellaVista:
    """The columns of a cartella the rule looks at."""

    id: UUID
    ambito_id: int
    competenza_id: int
    riservata: bool


@dataclass(frozen=True, slots=True)
class AccessoVisto:
    """The columns of a team grant the rule looks at."""

    ambito_id: int
    cartella_id: UUID
    operatore_id: UUID
    ente_id: UUID
    dal: date
    al: date | None
    revocato: bool = False
    scade_il: datetime | None = None


@dataclass(frozen=True, slots=True)
class Via:
    """One way to a cartella. In `politica` the identifier of the cartella is written `{id}`: see `politica()`."""

    nome: str
    politica: str
    vale: Callable[[Scope, CartellaVista, list[AccessoVisto]], bool]


def _territorio(scope: Scope, cartella: CartellaVista, _: list[AccessoVisto]) -> bool:
    return not cartella.riservata and cartella.competenza_id in scope.competenze


def _squadra(scope: Scope, cartella: CartellaVista, accessi: list[AccessoVisto]) -> bool:
    return any(
        a.cartella_id == cartella.id
        and a.ambito_id == scope.ambito_id
        and a.operatore_id == scope.operatore_id
        and a.ente_id == scope.ente_id
        and a.dal <= scope.data
        and (a.al is None or a.al >= scope.data)
        and not a.revocato
        and (a.scade_il is None or (scope.istante is not None and a.scade_il > scope.istante))
        for a in accessi
    )


ACCESSI_PROPRI = """(operatore_id, ente_id) = (SELECT app_operatore(), app_ente())
  AND daterange(dal, al, '[]') @> (SELECT app_data()) AND revocato_il IS NULL
  AND (scade_il IS NULL OR scade_il > statement_timestamp())"""
"""The row policy of `accesso`: the grants of this operator, for this ente, alive on the day. Others do not exist for her.

One opened in emergency dies at its instant, within a transaction too: no job has to come and end it.

Two init plans and not five: each query on a cartella starts them once for every place where the rule stands.
"""

ACCESSI_VIVI = "SELECT a.cartella_id FROM accesso a"

VIE = (
    Via(
        nome="territorio",
        politica="NOT riservata AND competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[]))",
        vale=_territorio,
    ),
    Via(nome="squadra", politica=f"{{id}} IN ({ACCESSI_VIVI})", vale=_squadra),
)


def politica(id_: str = "id") -> str:
    """Render the rule over a row that has `id_` (the cartella's identifier), `competenza_id` and `riservata`.

    Two tables have them: cartella, and persona, which repeats those of her own cartella.
    """
    return " OR ".join(f"({via.politica.replace('{id}', id_)})" for via in VIE)


def puo_vedere(scope: Scope, cartella: CartellaVista, accessi: list[AccessoVisto]) -> bool:
    """The point check: same ambito, not kept from her, and at least one via."""
    preclusa = scope.escluse is None or cartella.id in scope.escluse
    return cartella.ambito_id == scope.ambito_id and not preclusa and any(via.vale(scope, cartella, accessi) for via in VIE)


def lista(colonne: str, condizione: str, limite: str) -> str:
    """Render the list of visible cartelle in `(creata_il, id)` descending order, at most `limite` rows.

    `colonne` must be columns of cartella and include `id` and `creata_il`; `condizione` is a boolean over them. Both are
    constants of the calling repository, never text from outside. The width of the scope chooses the shape at execution:
    the branch not chosen is cut by a one-time filter. What is kept from the caller is left out by the policies.
    """
    ordine = "ORDER BY creata_il DESC, id DESC"
    return f"""
SELECT * FROM (
  (SELECT r.* FROM unnest((SELECT app_competenze())) k CROSS JOIN LATERAL (
     SELECT {colonne} FROM cartella WHERE competenza_id = k AND NOT riservata AND {condizione} {ordine} LIMIT {limite}) r
   WHERE (SELECT cardinality(app_competenze())) <= {LARGHEZZA_RAMI} {ordine} LIMIT {limite})
  UNION ALL
  (SELECT {colonne} FROM cartella
   WHERE (SELECT cardinality(app_competenze())) > {LARGHEZZA_RAMI} AND NOT riservata
     AND competenza_id = ANY ((SELECT app_competenze())::integer[]) AND {condizione} {ordine} LIMIT {limite})
  UNION ALL
  (SELECT {colonne} FROM cartella
   WHERE id = ANY (ARRAY({ACCESSI_VIVI}))
     AND (riservata OR NOT competenza_id = ANY (COALESCE((SELECT app_competenze()), '{{}}'::integer[])))
     AND {condizione} {ordine} LIMIT {limite})
) visibili {ordine} LIMIT {limite}"""
