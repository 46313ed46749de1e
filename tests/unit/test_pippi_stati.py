"""The life of a P.I.P.P.I. case, and what its events must not carry."""

from datetime import date
from itertools import product

import pytest
from pydantic import ValidationError

from services.core.pippi import events
from services.core.pippi.models import StatoCaso, Tempo
from services.core.pippi.stati import AttoCaso, controlla_ordine, stato_dopo
from services.core.platform.errori import StatoNonAmmesso
from services.core.platform.ids import nuovo_id

S, A = StatoCaso, AttoCaso
TUTTE = set(Tempo)
AMMESSE = {
    (S.PROPOSTO, A.CAMBIA_EQUIPE): S.PROPOSTO,
    (S.PROPOSTO, A.ADERISCI): S.ADERITO,
    (S.PROPOSTO, A.INTERROMPI): S.INTERROTTO,
    (S.ADERITO, A.CAMBIA_EQUIPE): S.ADERITO,
    (S.ADERITO, A.RILEVA): S.ADERITO,
    (S.ADERITO, A.AVVIA): S.IN_CORSO,
    (S.ADERITO, A.INTERROMPI): S.INTERROTTO,
    (S.IN_CORSO, A.CAMBIA_EQUIPE): S.IN_CORSO,
    (S.IN_CORSO, A.RILEVA): S.IN_CORSO,
    (S.IN_CORSO, A.AGGIUNGI_MICROPROGETTO): S.IN_CORSO,
    (S.IN_CORSO, A.VERIFICA_MICROPROGETTO): S.IN_CORSO,
    (S.IN_CORSO, A.CONCLUDI): S.CONCLUSO,
    (S.IN_CORSO, A.INTERROMPI): S.INTERROTTO,
}


@pytest.mark.parametrize(("stato", "atto"), list(product(StatoCaso, AttoCaso)))
def test_ogni_transizione_ammessa_o_vietata(stato: StatoCaso, atto: AttoCaso) -> None:
    if (stato, atto) in AMMESSE:
        assert stato_dopo(stato, atto, TUTTE) is AMMESSE[stato, atto]
    else:
        with pytest.raises(StatoNonAmmesso):
            stato_dopo(stato, atto, TUTTE)


@pytest.mark.parametrize(("stato", "atto", "manca"), [(S.ADERITO, A.AVVIA, Tempo.T0), (S.IN_CORSO, A.CONCLUDI, Tempo.T2)])
def test_senza_la_rilevazione_richiesta_l_atto_e_rifiutato(stato: StatoCaso, atto: AttoCaso, manca: Tempo) -> None:
    with pytest.raises(StatoNonAmmesso, match=manca.value):
        stato_dopo(stato, atto, TUTTE - {manca})


def test_t1_e_t2_vengono_dopo_t0() -> None:
    for tempo in (Tempo.T1, Tempo.T2):
        with pytest.raises(StatoNonAmmesso):
            controlla_ordine(tempo, set())
        controlla_ordine(tempo, {Tempo.T0})
    controlla_ordine(Tempo.T0, set())


TIPI: list[type[events.EventoPippi]] = [
    t for t in vars(events).values() if isinstance(t, type) and events.EventoPippi in t.__bases__
]
ESTERNI = {"cartella_id", "equipe_id", "persona_id", "operatore_id", "ente_id", "punteggi", "motivo_interruzione"}


@pytest.mark.parametrize("tipo", TIPI, ids=lambda t: t.__name__)
def test_ogni_evento_e_della_sola_area_e_non_nomina_la_cartella(tipo: type[events.EventoPippi]) -> None:
    assert tipo.tipo.startswith(events.PREFISSO)
    assert not ESTERNI & (set(tipo.model_fields) - {"cartella_id"})


def test_gli_eventi_sono_tutti_quelli_dell_area_e_i_nomi_non_si_ripetono() -> None:
    assert len(TIPI) == 7
    assert len({t.tipo for t in TIPI}) == 7


def test_un_evento_con_la_cartella_e_rifiutato() -> None:
    campi = {"aggregato_id": nuovo_id(), "versione": 1, "edizione": "2025", "proposto_il": date(2025, 9, 15)}
    assert events.CasoProposto.model_validate(campi).cartella_id is None
    with pytest.raises(ValidationError, match="non porta la cartella"):
        events.CasoProposto.model_validate(campi | {"cartella_id": nuovo_id()})
