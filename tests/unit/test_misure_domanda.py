"""Declared answers of a domanda and options of an avviso: strict input, and absence that stays absence."""

from datetime import date

import pytest
from pydantic import ValidationError

from services.core.misure.dati_domanda import DatiDomandaB2
from services.core.misure.opzioni import OpzioniAvviso


def test_domanda_vuota_non_dichiara_nulla() -> None:
    assert DatiDomandaB2().fatti("dichiarazione") == []


def test_falso_zero_ed_elenco_vuoto_sono_risposte() -> None:
    dati = DatiDomandaB2(vive_a_domicilio=False, spesa_mensile_centesimi=0, prestazioni_in_corso=())
    assert {fatto.tipo: fatto.valore for fatto in dati.fatti("d")} == {
        "vive_a_domicilio": False,
        "spesa_mensile_centesimi": 0,
        "prestazioni_in_corso": [],
    }


def test_fatti_dichiarati_con_fonte_e_senza_identita() -> None:
    dati = DatiDomandaB2.model_validate(
        {
            "prestazioni_in_corso": [{"codice": "SAD", "dal": "2025-01-01"}],
            "continuita": True,
        }
    )
    fatti = {fatto.tipo: fatto for fatto in dati.fatti("dichiarazione")}
    assert fatti["prestazioni_in_corso"].valore == [{"codice": "SAD", "dal": "2025-01-01", "al": None}]
    assert "continuita" not in fatti
    assert {(fatto.fonte, fatto.id) for fatto in fatti.values()} == {("dichiarazione", None)}


@pytest.mark.parametrize(
    "errati",
    [
        {"sconosciuto": True},
        {"spesa_mensile_centesimi": -1},
        {"spesa_mensile_centesimi": 10.5},
        {"certificazioni": {"L104_ART3_C3": "accertata"}},
        {"prestazioni_in_corso": [{"codice": "sad", "dal": "2025-02-01"}]},
        {"prestazioni_in_corso": [{"codice": "SAD", "dal": "2025-02-01", "al": "2025-01-31"}]},
        {"prestazioni_in_corso": [{"codice": "SAD"}]},
    ],
)
def test_risposte_errate_rifiutate(errati: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DatiDomandaB2.model_validate(errati)


def test_opzioni_dell_avviso() -> None:
    opzioni = OpzioniAvviso(interventi=("buono_caregiver",), mesi=12, decorrenza=date(2025, 10, 1))
    assert opzioni.finanziamento_parziale is False
    for errate in (
        {"interventi": [], "mesi": 12, "decorrenza": "2025-10-01"},
        {"interventi": ["buono_caregiver"], "mesi": 0, "decorrenza": "2025-10-01"},
        {"interventi": ["buono_caregiver"], "mesi": 12, "decorrenza": "2025-10-02"},
        {"interventi": ["buono_caregiver"], "mesi": 12, "decorrenza": "2025-10-01", "altro": 1},
    ):
        with pytest.raises(ValidationError):
            OpzioniAvviso.model_validate(errate)
