"""The agreements of the example ambiti, and what their reader refuses; the rule of what is kept, case by case."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml

from services.core.access.preclusione import CondivisioneVista, EsclusioneVista, LimitazioneVista, classi_viste, escluse
from services.core.access.ruoli import CLASSI_DEL_RUOLO, RUOLI_PER_ACCORDO, RUOLI_TERRITORIALI, Classe, Finalita, Ruolo
from services.core.territorio import esempi
from services.core.territorio.models import TipoEnte
from tests.ambiente import ESEMPI

GIORNO = date(2025, 9, 15)
IERI = GIORNO - timedelta(days=1)
ENTE, ALTRO, CARTELLA, IO, LEI = (UUID(int=n) for n in range(1, 6))
F, R, C = Finalita, Ruolo, Classe


@pytest.mark.parametrize("nome", ["cremasco", "lodi"])
def test_gli_esempi_condividono_solo_con_chi_non_e_titolare(nome: str) -> None:
    e = esempi.leggi(ESEMPI / nome)
    tipi = {x.codice: x.tipo for x in e.enti()}
    assert e.accordi.accordi
    for accordo in e.accordi.accordi:
        assert "llustrativ" in accordo.fonte
        assert accordo.base_giuridica.value in accordo.norma.lower().replace("gdpr, art. ", "gdpr_").replace(
            ", par. ", "_"
        ).replace(", lett. ", "_").replace(")", "")
        for c in accordo.condivisioni:
            assert tipi[c.ente] in (TipoEnte.ASST, TipoEnte.ETS)
            assert not {"economica", "giudiziaria", "violenza"} & set(c.classi)


def test_ogni_operatore_per_accordo_degli_esempi_ne_ha_uno() -> None:
    """But the RSA: what it may see waits for a positive UVM and a signed PAI."""
    for nome in ("cremasco", "lodi"):
        e = esempi.leggi(ESEMPI / nome)
        condivisi = {c.ente for a in e.accordi.accordi for c in a.condivisioni}
        incarichi = [i for o in e.operatori.operatori for i in o.incarichi]
        assert {i.ente for i in incarichi if i.ruolo in RUOLI_PER_ACCORDO - {R.RSA}} == condivisi


Modifica = Callable[[dict[str, Any]], object]


def _prima(dati: dict[str, Any]) -> dict[str, Any]:
    voce: dict[str, Any] = dati["accordi"][0]["condivisioni"][0]
    return voce


@pytest.mark.parametrize(
    ("modifica", "atteso"),
    [
        (lambda d: d.update(patti=[]), "patti: campo sconosciuto"),
        (lambda d: d["accordi"][0].update(note="x"), "accordi.0.note: campo sconosciuto"),
        (lambda d: d["accordi"][0].pop("norma"), "accordi.0.norma: manca"),
        (lambda d: d["accordi"][0].update(base_giuridica="legittimo_interesse"), "base_giuridica: valore non previsto"),
        (lambda d: d["accordi"][0].update(al=date(2020, 1, 1)), "la data «al» precede la data «dal»"),
        (lambda d: d["accordi"].append(d["accordi"][0]), "«asst-valutazione-integrata» compare più di una volta"),
        (lambda d: _prima(d).update(ente="nessuno"), "l'ente «nessuno» non esiste"),
        (lambda d: _prima(d).update(classi=["segreta"]), "classi.0: valore non previsto"),
        (lambda d: _prima(d).update(classi=["identita", "identita"]), "«identita» compare più di una volta"),
        (lambda d: _prima(d).update(classi=[]), "classi: lista vuota"),
        (lambda d: _prima(d).update(finalita=["curiosita"]), "finalita.0: valore non previsto"),
        (lambda d: _prima(d).update(finalita=["valutazione", "valutazione"]), "compare più di una volta"),
        (lambda d: d["accordi"][0]["condivisioni"].append(_prima(d)), "compare più di una volta"),
        (lambda d: _prima(d).update(dal=date(2019, 1, 1), al=date(2019, 12, 31)), "nessun giorno è fra quelli dell'accordo"),
    ],
)
def test_errori_detti_con_chiarezza(tmp_path: Path, modifica: Modifica, atteso: str) -> None:
    cartella = tmp_path / "cremasco"
    shutil.copytree(ESEMPI / "cremasco", cartella)
    dati = yaml.safe_load((cartella / "accordi.yaml").read_text("utf-8"))
    modifica(dati)
    (cartella / "accordi.yaml").write_text(yaml.safe_dump(dati, allow_unicode=True), encoding="utf-8")
    with pytest.raises(esempi.EsempioNonValido) as presa:
        esempi.leggi(cartella)
    assert any(atteso in e for e in presa.value.errori), presa.value.errori
    assert all(e.startswith("accordi.yaml") for e in presa.value.errori)


def _condivisa(**altro: Any) -> CondivisioneVista:
    base: dict[str, Any] = {
        "ente_id": ENTE, "classi": C.IDENTITA | C.SANITARIA | C.ECONOMICA, "finalita": F.VALUTAZIONE, "dal": GIORNO, "al": None,
        "accordo_dal": GIORNO, "accordo_al": None,
    }  # fmt: skip
    return CondivisioneVista(**(base | altro))


@pytest.mark.parametrize(
    ("altro", "attese"),
    [
        ({}, C.IDENTITA | C.SANITARIA),
        ({"al": GIORNO, "accordo_al": GIORNO}, C.IDENTITA | C.SANITARIA),
        ({"ente_id": ALTRO}, C(0)),
        ({"finalita": F.EROGAZIONE}, C(0)),
        ({"dal": IERI, "al": IERI}, C(0)),
        ({"dal": GIORNO + timedelta(days=1)}, C(0)),
        ({"accordo_dal": IERI, "accordo_al": IERI}, C(0)),
        ({"su_consenso": True}, C(0)),
    ],
)
def test_le_classi_sono_del_ruolo_e_condivise(altro: dict[str, Any], attese: Classe) -> None:
    assert classi_viste(R.OPERATORE_ASST, ENTE, F.VALUTAZIONE, GIORNO, [_condivisa(**altro)]) == attese
    for ruolo in RUOLI_TERRITORIALI:
        assert classi_viste(ruolo, ENTE, None, GIORNO, []) == CLASSI_DEL_RUOLO[ruolo], "a holder needs no agreement"


def test_piu_accordi_si_sommano() -> None:
    due = [_condivisa(classi=C.IDENTITA), _condivisa(classi=C.BISOGNO), _condivisa(classi=C.SANITARIA, finalita=F.CONTROLLO)]
    assert classi_viste(R.OPERATORE_ASST, ENTE, F.VALUTAZIONE, GIORNO, due) == C.IDENTITA | C.BISOGNO


def test_che_cosa_e_tenuto_fuori() -> None:
    mie = [EsclusioneVista(CARTELLA, IO, GIORNO)]
    ferme = [LimitazioneVista(ALTRO, accolta=True, dal=IERI, al=GIORNO)]
    sociale, asst = C.IDENTITA | C.BISOGNO, C.IDENTITA | C.SANITARIA
    assert escluse(R.COORDINATORE, sociale, IO, GIORNO, mie, ferme) == frozenset({CARTELLA})
    assert escluse(R.OPERATORE_ASST, asst, IO, GIORNO, mie, ferme) == frozenset({CARTELLA, ALTRO})
    assert escluse(R.COORDINATORE, sociale, LEI, GIORNO, mie, ferme) == frozenset()
    assert escluse(R.OPERATORE_ASST, C.SANITARIA, IO, GIORNO, [], []) is None
    assert escluse(R.DPO, C(0), IO, GIORNO, [], []) is None
    for finita in (EsclusioneVista(CARTELLA, IO, IERI, IERI), EsclusioneVista(CARTELLA, IO, IERI, GIORNO, revocata=True)):
        assert escluse(R.COORDINATORE, sociale, IO, GIORNO, [finita], []) == frozenset()
    for senza_effetto in (
        LimitazioneVista(ALTRO, accolta=False, dal=None),
        LimitazioneVista(ALTRO, accolta=True, dal=IERI, al=IERI),
    ):
        assert escluse(R.OPERATORE_ASST, asst, IO, GIORNO, [], [senza_effetto]) == frozenset()
