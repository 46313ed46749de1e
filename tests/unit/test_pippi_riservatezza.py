"""What the tables themselves keep of ADR 0011: the guard of an équipe, no reference from outside, no key that refuses."""

import pkgutil
from importlib import import_module

import pytest
import sqlalchemy as sa

import services.core
from services.core.platform.modelli import metadata

AREA = {"caso_pippi", "rilevazione_pippi", "microprogetto"}
CUSTODITE = AREA | {"equipe", "membro_equipe"}

for modulo in pkgutil.walk_packages(services.core.__path__, "services.core."):
    if modulo.name.endswith(".models"):
        import_module(modulo.name)


def riferimenti(tabella: str) -> set[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    chiavi = metadata.tables[tabella].foreign_key_constraints
    return {(tuple(c.column_keys), c.referred_table.name, tuple(e.column.name for e in c.elements)) for c in chiavi}


def unici(tabella: str) -> list[tuple[str, ...]]:
    t = metadata.tables[tabella]
    vincoli = [tuple(c.name for c in v.columns) for v in t.constraints if isinstance(v, sa.UniqueConstraint)]
    return vincoli + [tuple(c.name for c in i.columns) for i in t.indexes if i.unique]


def test_un_membro_porta_cartella_e_custodia_della_sua_equipe() -> None:
    colonne = ("equipe_id", "cartella_id", "custodia_id")
    assert (colonne, "equipe", ("id", "cartella_id", "custodia_id")) in riferimenti("membro_equipe")
    assert not any(m == ("equipe_id",) for m, _, _ in riferimenti("membro_equipe"))


def test_il_caso_custodisce_la_propria_equipe() -> None:
    assert (("equipe_id", "cartella_id", "id"), "equipe", ("id", "cartella_id", "custodia_id")) in riferimenti("caso_pippi")


def test_la_custodia_e_obbligatoria_e_segue_il_tipo() -> None:
    equipe = metadata.tables["equipe"]
    assert not equipe.c.custodia_id.nullable
    assert not metadata.tables["membro_equipe"].c.custodia_id.nullable
    testi = {str(c.sqltext) for c in equipe.constraints if isinstance(c, sa.CheckConstraint)}
    assert "(tipo = 'equipe_pippi') = (custodia_id <> cartella_id)" in testi


def test_nessuna_tabella_fuori_dall_area_si_riferisce_ai_casi() -> None:
    fuori = {nome for nome in metadata.tables if nome not in AREA and any(t in AREA for _, t, _ in riferimenti(nome))}
    assert fuori == set()


@pytest.mark.parametrize("tabella", sorted(CUSTODITE))
def test_nessuna_chiave_unica_rifiuta_per_cio_che_non_si_vede(tabella: str) -> None:
    """Every unique key holds the row's own id, or that of the case or équipe it hangs from, which an outsider cannot name."""
    assert all({"id", "caso_id", "equipe_id"} & set(colonne) for colonne in unici(tabella))
