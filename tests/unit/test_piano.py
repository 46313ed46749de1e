"""Formulas and values of the indicators."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.core.piano.formule import FORMULE, Apporto, EventoNonLeggibile, FattoEvento, Periodo, Rimozione
from services.core.piano.valore import Somma, StatoValore, calcola
from services.core.piano.verso import Verso
from services.core.platform.eventi import Evento
from services.core.platform.ids import nuovo_id
from services.core.progetti.events import ProgettoFirmato
from services.core.progetti.models import TipoProgetto

PIANO = Periodo(date(2025, 1, 1), date(2027, 12, 31))
A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)
CONTA, QUOTA = FORMULE["progetti_co_costruiti"], FORMULE["quota_progetti_co_costruiti"]


INDIVIDUALIZZATO = TipoProgetto.PROGETTO_INDIVIDUALIZZATO


def firmato(enti: list[UUID], firmato_il: date = date(2025, 9, 15), tipo: TipoProgetto = INDIVIDUALIZZATO) -> FattoEvento:
    """Made from the event itself, so that a change of its fields is seen here."""
    evento = ProgettoFirmato(
        aggregato_id=nuovo_id(),
        versione=4,
        cartella_id=nuovo_id(),
        tipo_progetto=tipo,
        equipe_id=nuovo_id(),
        enti_coinvolti=enti,
        equipe_integrata=True,
        valutazione_id=None,
        domanda_id=None,
        firmato_il=firmato_il,
    )
    dati = evento.model_dump(mode="json", exclude=set(Evento.model_fields))
    return FattoEvento(evento.tipo, evento.aggregato, evento.aggregato_id, evento.cartella_id, dati)


@pytest.mark.parametrize(("enti", "conta"), [([A, B], True), ([A, B, C], True), ([A], False), ([A, A], False), ([], False)])
def test_servono_due_enti_diversi(enti: list[UUID], conta: bool) -> None:
    assert CONTA.applica(firmato(enti), PIANO) == (Apporto(date(2025, 9, 1), 1) if conta else Rimozione())
    assert QUOTA.applica(firmato(enti), PIANO) == Apporto(date(2025, 9, 1), int(conta), 1)


@pytest.mark.parametrize(
    ("giorno", "mese"),
    [
        (date(2024, 12, 31), None),
        (date(2025, 1, 1), date(2025, 1, 1)),
        (date(2027, 12, 31), date(2027, 12, 1)),
        (date(2028, 1, 1), None),
    ],
)
def test_solo_nel_periodo_del_piano(giorno: date, mese: date | None) -> None:
    for formula in (CONTA, QUOTA):
        apporto = formula.applica(firmato([A, B], giorno), PIANO)
        if mese is None:
            assert apporto == Rimozione()
        else:
            assert isinstance(apporto, Apporto)
            assert apporto.periodo == mese


@pytest.mark.parametrize("tipo", list(TipoProgetto))
def test_i_progetti_della_tutela_non_sono_sul_tema(tipo: TipoProgetto) -> None:
    atteso = tipo is not TipoProgetto.PROGETTO_QUADRO
    assert isinstance(CONTA.applica(firmato([A, B], tipo=tipo), PIANO), Apporto) is atteso
    assert isinstance(QUOTA.applica(firmato([A, B], tipo=tipo), PIANO), Apporto) is atteso


def test_altri_eventi_non_riguardano_la_formula() -> None:
    altro = FattoEvento("progetti.progetto.chiuso", "progetto", A, B, {"al": "2025-12-31"})
    assert all(f.applica(altro, PIANO) is None for f in FORMULE.values())


@pytest.mark.parametrize(
    "difetto",
    [
        {"enti_coinvolti": None},
        {"enti_coinvolti": "ab"},
        {"firmato_il": "2025-13-01"},
        {"firmato_il": None},
        {"tipo_progetto": ...},
    ],
)
def test_evento_che_non_si_legge(difetto: dict[str, Any]) -> None:
    """Better stopped than counted wrongly."""
    buono = firmato([A, B])
    dati = {k: v for k, v in (dict(buono.dati) | difetto).items() if v is not ...}
    with pytest.raises(EventoNonLeggibile):
        CONTA.applica(FattoEvento(buono.tipo, buono.aggregato, buono.aggregato_id, buono.cartella_id, dati), PIANO)


def test_apporto_impossibile() -> None:
    with pytest.raises(ValueError, match="primo giorno"):
        Apporto(date(2025, 9, 15), 1)
    with pytest.raises(ValueError, match="denominatore"):
        Apporto(date(2025, 9, 1), 0, 0)


def test_conteggio_zero_e_un_valore() -> None:
    valore = calcola(CONTA, Somma(0, 0, None), Verso.ALMENO, Decimal(60))
    assert (valore.stato, valore.valore, valore.raggiunto) == (StatoValore.CALCOLATO, Decimal(0), False)
    assert calcola(CONTA, Somma(60, 60, None), Verso.ALMENO, Decimal(60)).raggiunto is True


@pytest.mark.parametrize("somma", [Somma(0, 0, None), Somma(3, 2, None), Somma(0, 0, 0)])
def test_rapporto_senza_denominatore_non_e_zero(somma: Somma) -> None:
    valore = calcola(QUOTA, somma, Verso.ALMENO, Decimal(75))
    assert valore.stato is StatoValore.NON_CALCOLABILE
    assert valore.valore is None
    assert valore.raggiunto is None
    assert valore.motivo is not None


def test_rapporto_diviso_alla_fine_e_confrontato_prima_di_arrotondare() -> None:
    valore = calcola(QUOTA, Somma(3, 2, 3), Verso.ALMENO, Decimal("66.67"))
    assert valore.valore == Decimal("66.67")
    assert valore.raggiunto is False  # 2/3 is less than 66,67 %
    assert (valore.numeratore, valore.denominatore) == (2, 3)
    assert calcola(QUOTA, Somma(4, 3, 4), Verso.ALMENO, Decimal(75)).raggiunto is True
    assert calcola(QUOTA, Somma(8, 1, 8), Verso.PARI, Decimal("12.5")).raggiunto is True
    assert calcola(QUOTA, Somma(8, 1, 8), Verso.AL_PIU, Decimal("12.49")).raggiunto is False


def test_somma_di_mesi_non_media_le_percentuali() -> None:
    """1 of 1 and 0 of 9 are 10 %, not 50 %."""
    assert calcola(QUOTA, Somma(10, 1, 10), Verso.ALMENO, Decimal(50)).valore == Decimal("10.00")
