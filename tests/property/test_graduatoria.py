"""The ranking as properties: total order, permutation changes nothing, the budget is never passed, the snapshot runs again."""

import itertools
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.core.misure.catalogo import parametri
from services.core.misure.esiti import EsitoVoce
from services.core.misure.graduatoria import (
    Candidatura,
    Criterio,
    GraduatoriaIncompleta,
    Ingresso,
    PesoScala,
    calcola,
    punteggio_fragilita,
    riesegui,
)

GIORNO = date(2025, 9, 15)
CRITERI = parametri().in_vigore("FNA_B2.criteri_graduatoria", GIORNO)
PESI = parametri().in_vigore("FNA_B2.punteggio_fragilita", GIORNO)


@st.composite
def candidature(disegna: st.DrawFn) -> tuple[Candidatura, ...]:
    """Few values for each key, so that ties of every depth happen."""
    identita = disegna(st.lists(st.integers(1, 2**128 - 1), unique=True, max_size=25))
    return tuple(
        Candidatura(
            domanda=UUID(int=numero),
            idonea=(esclusione := disegna(st.sampled_from([None, None, None, "non_ammissibile"]))) is None,
            esclusione=esclusione,
            presentata_il=date(2025, 6, 1) + timedelta(days=disegna(st.integers(0, 2))),
            importo_mensile_centesimi=disegna(st.sampled_from([10000, 33333, 80000])),
            continuita=disegna(st.booleans()),
            adl=disegna(st.integers(0, 2)),
            iadl=disegna(st.integers(0, 2)),
            isee_centesimi=disegna(st.sampled_from([0, 999_999, 1_840_000])),
        )
        for numero in identita
    )


def ingresso(elenco: tuple[Candidatura, ...], budget: int = 5_000_000, **altro: Any) -> Ingresso:
    base: dict[str, Any] = {
        "avviso": UUID(int=1),
        "misura": "FNA_B2",
        "linea": "unica",
        "data_riferimento": GIORNO,
        "budget_centesimi": budget,
        "mesi": 12,
        "finanziamento_parziale": False,
        "criteri": CRITERI.valore,
        "atto_criteri": CRITERI.atto,
        "versione_criteri": CRITERI.versione,
        "pesi": PESI.valore,
        "versione_pesi": PESI.versione,
        "candidature": elenco,
    }
    return Ingresso.model_validate(base | altro)


def una(numero: int, **altro: Any) -> Candidatura:
    base: dict[str, Any] = {
        "domanda": UUID(int=numero),
        "idonea": True,
        "presentata_il": date(2025, 6, 1),
        "importo_mensile_centesimi": 10000,
        "continuita": False,
        "adl": 3,
        "iadl": 4,
        "isee_centesimi": 1_000_000,
    }
    return Candidatura.model_validate(base | altro)


BUDGET = st.integers(0, 6_000_000)


@given(candidature(), st.data(), BUDGET, st.booleans())
def test_l_ordine_di_arrivo_non_conta(elenco: tuple[Candidatura, ...], dati: st.DataObject, budget: int, parziale: bool) -> None:
    mescolato = tuple(dati.draw(st.permutations(elenco)))
    primo = calcola(ingresso(elenco, budget, finanziamento_parziale=parziale))
    secondo = calcola(ingresso(mescolato, budget, finanziamento_parziale=parziale))
    assert primo.voci == secondo.voci
    assert primo.byte_istantanea() == secondo.byte_istantanea()


@given(candidature(), BUDGET)
def test_ordine_totale_con_ogni_spareggio_motivato(elenco: tuple[Candidatura, ...], budget: int) -> None:
    voci = calcola(ingresso(elenco, budget)).voci
    assert [voce.posizione for voce in voci] == list(range(1, len(elenco) + 1))
    assert {voce.domanda for voce in voci} == {candidatura.domanda for candidatura in elenco}
    idonee = [voce for voce in voci if voce.esito is not EsitoVoce.NON_IDONEA]
    assert voci[: len(idonee)] == tuple(idonee)
    criteri = [Criterio.model_validate(criterio) for criterio in CRITERI.valore]
    assert not idonee or idonee[0].segue_per is None
    for prima, dopo in itertools.pairwise(idonee):
        assert dopo.segue_per is not None
        for criterio in criteri:
            a, b = prima.valori[criterio.chiave], dopo.valori[criterio.chiave]
            if criterio == dopo.segue_per:
                assert type(a) is type(b)
                assert (a < b) if criterio.verso == "crescente" else (a > b)  # type: ignore[operator]  # same type, just checked
                break
            assert a == b


@given(candidature(), BUDGET, st.booleans())
def test_mai_oltre_il_budget_e_mai_un_sorpasso(elenco: tuple[Candidatura, ...], budget: int, parziale: bool) -> None:
    risultato = calcola(ingresso(elenco, budget, finanziamento_parziale=parziale))
    assert 0 <= risultato.impegnato_centesimi <= budget
    mensile = {candidatura.domanda: candidatura.importo_mensile_centesimi for candidatura in elenco}
    chiuso = False
    for voce in risultato.voci:
        assert voce.importo_centesimi == voce.mesi * mensile[voce.domanda]
        assert (voce.esito is EsitoVoce.IDONEA_FINANZIATA) == (voce.mesi > 0)
        assert not (chiuso and voce.mesi), "a domanda after the cut-off was funded"
        assert voce.mesi == 12 or voce.mesi == 0 or parziale
        chiuso = chiuso or voce.mesi < 12


@given(candidature(), BUDGET)
def test_la_prima_non_finanziata_non_ci_stava(elenco: tuple[Candidatura, ...], budget: int) -> None:
    risultato = calcola(ingresso(elenco, budget))
    mensile = {candidatura.domanda: candidatura.importo_mensile_centesimi for candidatura in elenco}
    for voce in risultato.voci:
        if voce.esito is EsitoVoce.IDONEA_NON_FINANZIATA:
            assert risultato.impegnato_centesimi + 12 * mensile[voce.domanda] > budget
            break


@given(candidature(), BUDGET, st.integers(0, 3_000_000))
def test_piu_budget_non_toglie_a_nessuno(elenco: tuple[Candidatura, ...], budget: int, aggiunta: int) -> None:
    prima = {voce.domanda for voce in calcola(ingresso(elenco, budget)).voci if voce.mesi}
    dopo = {voce.domanda for voce in calcola(ingresso(elenco, budget + aggiunta)).voci if voce.mesi}
    assert prima <= dopo


@given(candidature(), st.data())
def test_stabile_chi_esce_non_cambia_l_ordine_degli_altri(elenco: tuple[Candidatura, ...], dati: st.DataObject) -> None:
    if not elenco:
        return
    uscita = dati.draw(st.sampled_from(elenco))
    resto = tuple(candidatura for candidatura in elenco if candidatura is not uscita)
    atteso = [voce.domanda for voce in calcola(ingresso(elenco)).voci if voce.domanda != uscita.domanda]
    assert [voce.domanda for voce in calcola(ingresso(resto)).voci] == atteso


@settings(max_examples=50)
@given(candidature(), BUDGET, st.booleans())
def test_dall_istantanea_gli_stessi_byte(elenco: tuple[Candidatura, ...], budget: int, parziale: bool) -> None:
    risultato = calcola(ingresso(elenco, budget, finanziamento_parziale=parziale))
    assert riesegui(risultato.byte_istantanea()) == risultato.byte_istantanea()
    rimescolata = json.dumps(json.loads(risultato.byte_istantanea()), indent=1).encode()  # as a JSON column may give it back
    assert riesegui(rimescolata) == risultato.byte_istantanea()


def test_istantanea_manomessa_non_torna() -> None:
    risultato = calcola(ingresso((una(1), una(2, isee_centesimi=5))))
    manomessa = risultato.byte_istantanea().replace(b'"isee":5', b'"isee":7')
    assert manomessa != risultato.byte_istantanea()
    assert riesegui(manomessa) != manomessa
    with pytest.raises(ValueError):
        riesegui(risultato.byte_istantanea().replace(b'"schema":1', b'"schema":2'))


def test_ogni_criterio_decide_quando_i_precedenti_sono_pari() -> None:
    elenco = (
        una(9),
        una(8, domanda=UUID(int=10)),
        una(7, presentata_il=date(2025, 5, 31)),
        una(6, isee_centesimi=999_999),
        una(5, adl=2),
        una(4, continuita=True),
    )
    voci = calcola(ingresso(elenco)).voci
    assert [voce.domanda.int for voce in voci] == [4, 5, 6, 7, 9, 10]
    assert [voce.segue_per and voce.segue_per.chiave for voce in voci] == [
        None,
        "continuita",
        "fragilita",
        "isee",
        "presentazione",
        "domanda",
    ]
    assert voci[1].chiavi_json("Atto")["segue_per"] == {
        "chiave": "continuita",
        "titolo": "continuità con l'annualità precedente",
        "atto": "Atto",
    }


def test_chi_non_ci_sta_chiude_la_linea_o_riceve_mesi_interi() -> None:
    elenco = (una(1, continuita=True), una(2, adl=0, importo_mensile_centesimi=80000), una(3))
    intero = calcola(ingresso(elenco, budget=400_000))
    assert [voce.mesi for voce in intero.voci] == [12, 0, 0]
    parziale = calcola(ingresso(elenco, budget=400_000, finanziamento_parziale=True))
    assert [voce.mesi for voce in parziale.voci] == [12, 3, 0]
    assert parziale.impegnato_centesimi == 120_000 + 240_000
    esatto = calcola(ingresso(elenco, budget=120_000 + 960_000))
    assert [voce.mesi for voce in esatto.voci] == [12, 12, 0]


def test_fragilita_conta_le_attivita_senza_autonomia() -> None:
    pesi = [PesoScala(scala="ADL", titolo="k", massimo=6, peso=2), PesoScala(scala="IADL", titolo="l", massimo=8, peso=1)]
    assert punteggio_fragilita(una(1, adl=0, iadl=0), pesi) == 20
    assert punteggio_fragilita(una(1, adl=6, iadl=8), pesi) == 0
    with pytest.raises(ValueError, match="oltre il massimo"):
        punteggio_fragilita(una(1, adl=7), pesi)


@pytest.mark.parametrize(
    ("campo", "chiave"), [("adl", "fragilita"), ("iadl", "fragilita"), ("isee_centesimi", "isee"), ("continuita", "continuita")]
)
def test_una_chiave_mancante_non_vale_zero(campo: str, chiave: str) -> None:
    incompleta = una(2, **{campo: None})
    with pytest.raises(GraduatoriaIncompleta) as errore:
        calcola(ingresso((una(1), incompleta)))
    assert errore.value.estensioni["mancanti"] == {str(UUID(int=2)): [chiave]}
    esclusa = una(2, idonea=False, esclusione="non_integrata", **{campo: None})
    assert calcola(ingresso((una(1), esclusa))).voci[1].esito is EsitoVoce.NON_IDONEA


@pytest.mark.parametrize(
    "altro",
    [
        {"criteri": CRITERI.valore[:-1]},
        {"criteri": [*CRITERI.valore, CRITERI.valore[0]]},
        {"criteri": [CRITERI.valore[-1], *CRITERI.valore[:-1]]},
        {"criteri": [*CRITERI.valore[:-1], {**CRITERI.valore[-1], "verso": "decrescente"}]},
        {"pesi": [*PESI.valore, PESI.valore[0]]},
        {"budget_centesimi": -1},
        {"mesi": 0},
    ],
)
def test_criteri_che_non_danno_un_ordine_totale_rifiutati(altro: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ingresso((una(1),), **altro)
    with pytest.raises(ValidationError):
        ingresso((una(1), una(1, adl=0)))


def test_l_esclusione_ha_un_motivo_e_solo_lei() -> None:
    for errata in ({"idonea": False}, {"esclusione": "non_integrata"}, {"importo_mensile_centesimi": 0}):
        with pytest.raises(ValidationError):
            una(1, **errata)
    voce = calcola(ingresso((una(1, idonea=False, esclusione="non_integrata"),))).voci[0]
    assert voce.chiavi_json("Atto")["esclusione"] == "non_integrata"


def test_data_decrescente() -> None:
    criteri = [{"chiave": "presentazione", "verso": "decrescente", "titolo": "più recente"}, CRITERI.valore[-1]]
    voci = calcola(ingresso((una(1), una(2, presentata_il=date(2025, 6, 2))), criteri=criteri)).voci
    assert [voce.domanda.int for voce in voci] == [2, 1]
