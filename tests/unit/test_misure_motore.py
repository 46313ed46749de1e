"""The kernel on rules made for the test: three-valued logic, versions, record of what was read, hash and replay."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from services.core.misure.canonico import byte_canonici, impronta
from services.core.misure.esiti import EsitoRegola, almeno_una, tutte
from services.core.misure.fatti import Fatto, VistaFatti
from services.core.misure.motore import ReplicaImpossibile, Valutazione, ricalcola, valuta
from services.core.misure.parametro import Parametri, RegoleNonInVigore, VistaParametri, analizza
from services.core.misure.registro import DefinizioneMisura, Norma, Registro, Risposta

SI, NO, BOH = EsitoRegola.SODDISFATTA, EsitoRegola.NON_SODDISFATTA, EsitoRegola.DA_CHIARIRE
GIORNO = date(2025, 9, 15)
YAML = """
insieme: PROVA
parametri:
  - codice: soglia
    titolo: Soglia
    unita: intero
    valori:
      - {dal: 2025-01-01, al: 2025-12-31, valore: 10, atto: Atto}
"""


def soglia(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
    return Risposta(SI if fatti.intero("punti") >= parametri["soglia"] else NO, "Punti e soglia.")


def registro_di_prova(*altre: tuple[int, date, date | None, Callable[..., Risposta]]) -> Registro:
    registro = Registro()
    norme = (Norma("Atto", "art. 1"),)
    registro.regola("PROVA.SOGLIA", titolo="Soglia", norme=norme, dal=date(2025, 1, 1))(soglia)
    for versione, dal, al, funzione in altre:
        registro.regola("PROVA.SOGLIA", versione=versione, titolo="Soglia", norme=norme, dal=dal, al=al)(funzione)
    registro.aggiungi_misura(
        DefinizioneMisura("PROVA", "Prova", date(2025, 1, 1), None, ("PROVA.SOGLIA",), {"punti": "punteggio", "altro": "altro"})
    )
    return registro


PARAMETRI = Parametri(analizza(YAML, "prova"))


def prova(punti: int | None, *, giorno: date = GIORNO, registro: Registro | None = None, **altro: Any) -> Valutazione:
    fatti = [] if punti is None else [Fatto("punti", punti, "scheda", "f-1", **altro)]
    return valuta(registro or registro_di_prova(), PARAMETRI, "PROVA", fatti, giorno)


@pytest.mark.parametrize(
    ("esiti", "e", "o"),
    [
        ((), SI, NO),
        ((SI,), SI, SI),
        ((NO,), NO, NO),
        ((BOH,), BOH, BOH),
        ((SI, NO), NO, SI),
        ((SI, BOH), BOH, SI),
        ((NO, BOH), NO, BOH),
        ((SI, NO, BOH), NO, SI),
    ],
)
def test_logica_a_tre_valori(esiti: tuple[EsitoRegola, ...], e: EsitoRegola, o: EsitoRegola) -> None:
    assert tutte(esiti) is tutte(reversed(esiti)) is e
    assert almeno_una(esiti) is almeno_una(reversed(esiti)) is o


@pytest.mark.parametrize(
    ("punti", "esito"), [(10, "ammissibile"), (9, "non_ammissibile"), (0, "non_ammissibile"), (None, "da_chiarire")]
)
def test_zero_non_e_mancante(punti: int | None, esito: str) -> None:
    valutazione = prova(punti)
    assert valutazione.esito == esito
    assert dict(valutazione.mancanti) == ({} if punti is not None else {"punti": "punteggio"})


def test_fatto_non_in_vigore_e_da_chiarire() -> None:
    assert prova(10, valido_al=GIORNO).esito == "ammissibile"
    scaduto = prova(10, valido_al=date(2025, 9, 14))
    futuro = prova(10, valido_dal=date(2025, 9, 16))
    for valutazione in (scaduto, futuro):
        assert valutazione.esito == "da_chiarire"
        assert dict(valutazione.mancanti) == {"punti": "punteggio"}


def test_si_registra_solo_cio_che_la_regola_ha_letto() -> None:
    fatti = [Fatto("punti", 10, "scheda", "f-1"), Fatto("altro", 3, "scheda", "f-2")]
    valutazione = valuta(registro_di_prova(), PARAMETRI, "PROVA", fatti, GIORNO)
    assert list(valutazione.fatti) == ["punti"]
    assert list(valutazione.parametri_salvati()) == ["PROVA.soglia"]
    assert valutazione.fatti_salvati()["punti"] == {"id": "f-1", "fonte": "scheda", "valido_dal": None, "valido_al": None}


def test_la_spiegazione_non_contiene_valori_di_fatti() -> None:
    testo = json.dumps([prova(987654).spiegazione(), prova(987654).fatti_salvati()])
    assert "987654" not in testo


def test_fatto_doppio_o_di_tipo_errato_rifiutato() -> None:
    doppio = [Fatto("punti", 1, "a"), Fatto("punti", 2, "b")]
    with pytest.raises(ValueError, match="più di un fatto"):
        valuta(registro_di_prova(), PARAMETRI, "PROVA", doppio, GIORNO)
    for valore in (True, "10", None):
        with pytest.raises(TypeError):
            valuta(registro_di_prova(), PARAMETRI, "PROVA", [Fatto("punti", valore, "a")], GIORNO)


@pytest.mark.parametrize("giorno", [date(2024, 12, 31), date(2026, 1, 1)])
def test_fuori_validita_la_decisione_e_bloccata(giorno: date) -> None:
    with pytest.raises(RegoleNonInVigore):
        prova(10, giorno=giorno)


def test_versione_piu_alta_in_vigore() -> None:
    def severa(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
        return Risposta(NO, "Sempre no.")

    registro = registro_di_prova((2, date(2025, 7, 1), date(2025, 12, 31), severa))
    assert prova(10, registro=registro, giorno=date(2025, 6, 30)).nodi[0].regola.versione == 1
    assert prova(10, registro=registro, giorno=date(2025, 7, 1)).nodi[0].regola.versione == 2
    assert prova(10, registro=registro).esito == "non_ammissibile"


def test_una_decisione_vecchia_usa_la_sua_versione_e_i_suoi_parametri() -> None:
    vecchia = prova(10)

    def corretta(fatti: VistaFatti, parametri: VistaParametri) -> Risposta:
        return Risposta(NO, "Corretta dopo.")

    registro = registro_di_prova((2, date(2025, 1, 1), None, corretta))
    assert prova(10, registro=registro).esito == "non_ammissibile"
    ripetuta = replica(vecchia, {"f-1": 10}, registro)
    assert (ripetuta.impronta, ripetuta.esito) == (vecchia.impronta, "ammissibile")


def replica(valutazione: Valutazione, valori: dict[str, Any], registro: Registro | None = None) -> Valutazione:
    salvate = [valutazione.spiegazione(), valutazione.fatti_salvati(), valutazione.parametri_salvati()]
    spiegazione, fatti, parametri = json.loads(json.dumps(salvate, sort_keys=True))
    return ricalcola(registro or registro_di_prova(), spiegazione, fatti, parametri, valori)


@pytest.mark.parametrize("punti", [10, 9, None])
def test_replica_con_la_stessa_impronta(punti: int | None) -> None:
    valutazione = prova(punti)
    valori = {} if punti is None else {"f-1": punti}
    assert replica(valutazione, valori).impronta == valutazione.impronta


def test_ogni_ingresso_cambia_l_impronta() -> None:
    base = prova(10)
    diverse = [
        prova(11),
        prova(10, giorno=date(2025, 9, 16)),
        prova(10, valido_dal=date(2025, 1, 1)),
        valuta(registro_di_prova(), PARAMETRI, "PROVA", [Fatto("punti", 10, "scheda", "f-9")], GIORNO),
        valuta(registro_di_prova(), PARAMETRI, "PROVA", [Fatto("punti", 10, "altra fonte", "f-1")], GIORNO),
        valuta(
            registro_di_prova(),
            Parametri(analizza(YAML.replace("valore: 10", "valore: 8"), "p")),
            "PROVA",
            [Fatto("punti", 10, "scheda", "f-1")],
            GIORNO,
        ),
        replica(base, {"f-1": 12}),
    ]
    assert len({base.impronta, *(valutazione.impronta for valutazione in diverse)}) == len(diverse) + 1


def test_parametro_manomesso_si_vede() -> None:
    base = prova(10)
    parametri = base.parametri_salvati()
    parametri["PROVA.soglia"]["valore"] = 5
    ripetuta = ricalcola(registro_di_prova(), base.spiegazione(), base.fatti_salvati(), parametri, {"f-1": 10})
    assert ripetuta.esito == base.esito
    assert ripetuta.impronta != base.impronta


def test_replica_impossibile_se_manca_un_valore_o_una_versione() -> None:
    base = prova(10)
    with pytest.raises(ReplicaImpossibile):
        replica(base, {})
    spiegazione = base.spiegazione()
    spiegazione["regole"][0]["versione"] = 7
    with pytest.raises(ReplicaImpossibile):
        ricalcola(registro_di_prova(), spiegazione, base.fatti_salvati(), base.parametri_salvati(), {"f-1": 10})


def test_il_valore_dichiarato_resta_con_la_decisione() -> None:
    valutazione = valuta(registro_di_prova(), PARAMETRI, "PROVA", [Fatto("punti", 10, "dichiarazione")], GIORNO)
    assert valutazione.fatti_salvati()["punti"]["valore"] == 10
    assert replica(valutazione, {}).impronta == valutazione.impronta


def test_il_registro_rifiuta_doppioni_e_regole_senza_norma() -> None:
    registro = registro_di_prova()
    with pytest.raises(ValueError, match="già registrata"):
        registro.regola("PROVA.SOGLIA", titolo="x", norme=(Norma("Atto"),), dal=GIORNO)(soglia)
    with pytest.raises(ValueError, match="norma"):
        registro.regola("PROVA.ALTRA", titolo="x", norme=(), dal=GIORNO)
    with pytest.raises(ValueError, match="rovesciato"):
        registro.regola("PROVA.ALTRA", titolo="x", norme=(Norma("Atto"),), dal=GIORNO, al=date(2025, 1, 1))
    for regole, motivo in ((("PROVA.SOGLIA",), "stesso giorno"),):
        with pytest.raises(ValueError, match=motivo):
            registro.aggiungi_misura(DefinizioneMisura("PROVA", "x", date(2026, 1, 1), None, regole, {}))
    with pytest.raises(ValueError, match="ignote"):
        registro.aggiungi_misura(DefinizioneMisura("ALTRA", "x", GIORNO, None, ("PROVA.BOH",), {}))
    with pytest.raises(ValueError, match="ripetuta"):
        registro.aggiungi_misura(DefinizioneMisura("ALTRA", "x", GIORNO, None, ("PROVA.SOGLIA", "PROVA.SOGLIA"), {}))


def test_forma_canonica() -> None:
    assert (
        byte_canonici({"b": [1, None, True], "a": date(2025, 1, 2), "é": "à"})
        == '{"a":"2025-01-02","b":[1,null,true],"é":"à"}'.encode()
    )
    assert impronta({"a": 1, "b": 2}) == impronta({"b": 2, "a": 1})
    assert impronta({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    for errato in (1.5, {"a": float("nan")}, {1: "a"}, b"x", {"a"}):
        with pytest.raises(TypeError):
            byte_canonici(errato)
