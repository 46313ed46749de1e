"""Every scenario under tests/scenari: what a social worker wrote is what the rules answer, and the committed decisions replay."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.core.misure.catalogo import parametri, registro
from services.core.misure.fatti import Fatto
from services.core.misure.motore import Valutazione, ricalcola, valuta
from services.core.misure.parametro import euro_in_centesimi
from services.core.misure.spiegazione import spiega

SCENARI = Path(__file__).parents[1] / "scenari"
CORPUS = SCENARI / "corpus_decisioni.json"


def leggi() -> list[dict[str, Any]]:
    return [caso for file in sorted(SCENARI.rglob("*.yaml")) for caso in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def fatti_del(caso: dict[str, Any]) -> list[Fatto]:
    fatti: list[Fatto] = []
    for nome, valore in caso.items():
        if nome == "certificazioni":
            fatti += [Fatto(f"certificazione.{codice}", {"stato": stato}, "verbale") for codice, stato in valore.items()]
        elif nome == "isee":
            contenuto = {
                "tipo": valore["tipo"],
                "importo_centesimi": euro_in_centesimi(valore["euro"]),
                "difformita": valore["difformita"],
            }
            dal = valore["dichiarato_il"]
            fatti.append(Fatto("isee", contenuto, "INPS", "isee-1", dal, date(dal.year, 12, 31)))
        elif nome == "spesa_mensile_euro":
            fatti.append(Fatto("spesa_mensile_centesimi", euro_in_centesimi(valore), "dichiarazione"))
        elif nome == "prestazioni_in_corso":
            prestazioni = [{chiave: str(dato) for chiave, dato in prestazione.items()} for prestazione in valore]
            fatti.append(Fatto(nome, prestazioni, "dichiarazione"))
        else:
            fatti.append(Fatto(nome, valore.isoformat() if isinstance(valore, date) else valore, "dichiarazione"))
    return fatti


def valuta_scenario(scenario: dict[str, Any]) -> Valutazione:
    return valuta(registro(), parametri(), scenario["misura"], fatti_del(scenario["caso"]), scenario["data_riferimento"])


def con_esito(valutazione: Valutazione, esito: str) -> list[str]:
    return [nodo.regola.codice for nodo in valutazione.nodi if nodo.risposta.esito == esito]


@pytest.mark.parametrize("scenario", leggi(), ids=lambda scenario: scenario["scenario"])
def test_scenario(scenario: dict[str, Any]) -> None:
    valutazione = valuta_scenario(scenario)
    atteso = scenario["atteso"]
    assert valutazione.esito == atteso["esito"]
    assert con_esito(valutazione, "non_soddisfatta") == atteso.get("non_soddisfatte", [])
    assert con_esito(valutazione, "da_chiarire") == atteso.get("da_chiarire", [])
    assert sorted(valutazione.mancanti) == sorted(atteso.get("manca", []))
    if "importo_mensile" in atteso:
        assert valutazione.valori["importo_mensile_centesimi"] == euro_in_centesimi(atteso["importo_mensile"])


def test_scenari_coprono_ogni_regola_nei_tre_esiti() -> None:
    visti: dict[str, set[str]] = {}
    for scenario in leggi():
        for nodo in valuta_scenario(scenario).nodi:
            visti.setdefault(nodo.regola.codice, set()).add(nodo.risposta.esito.value)
    tre = {"soddisfatta", "non_soddisfatta", "da_chiarire"}
    attesi = dict.fromkeys(registro().misura("FNA_B2", date(2025, 9, 15)).regole, tre)
    attesi["FNA_B2.ISEE_ATTESTAZIONE"] = {"soddisfatta", "da_chiarire"}  # a wrong ISEE is always replaceable
    assert visti == attesi


def test_le_decisioni_conservate_si_ricalcolano_con_la_stessa_impronta() -> None:
    """The corpus was written once. If this fails a released rule was edited: write a new version beside it instead."""
    corpus = json.loads(CORPUS.read_text(encoding="utf-8"))
    assert len(corpus["decisioni"]) >= 40
    for decisione in corpus["decisioni"]:
        salvati = {codice: corpus["parametri"][codice] for codice in decisione["parametri"]}
        ricalcolata = ricalcola(registro(), decisione["spiegazione"], decisione["fatti"], salvati, decisione["valori_dei_fatti"])
        assert ricalcolata.impronta == decisione["impronta"], decisione["scenario"]
        assert ricalcolata.spiegazione() == decisione["spiegazione"]
        assert ricalcolata.fatti_salvati() == decisione["fatti"]
        assert ricalcolata.parametri_salvati() == salvati


@pytest.mark.parametrize("scenario", leggi(), ids=lambda scenario: scenario["scenario"])
def test_ogni_decisione_si_spiega_in_italiano(scenario: dict[str, Any]) -> None:
    valutazione = valuta_scenario(scenario)
    spiegazione = spiega(valutazione.spiegazione(), valutazione.fatti_salvati(), valutazione.parametri_salvati())
    testo = spiegazione.testo()
    assert len(spiegazione.paragrafi) == len(valutazione.nodi)
    for nodo in valutazione.nodi:
        assert nodo.regola.titolo in testo
        assert all(norma.atto in testo for norma in nodo.regola.norme)
    assert all(titolo in testo for titolo in valutazione.mancanti.values())
