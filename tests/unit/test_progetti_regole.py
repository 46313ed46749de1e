"""When a progetto may be held signed, its states, and the digest a signature is put on."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from services.core.platform.errori import StatoNonAmmesso
from services.core.platform.ids import nuovo_id
from services.core.progetti.contenuto import impronta_contenuto
from services.core.progetti.events import ProgettoFirmato
from services.core.progetti.models import Obiettivo, Progetto, RuoloFirmatario, StatoProgetto, TipoProgetto
from services.core.progetti.regole import (
    CodiceCondizione,
    Esito,
    FirmaVista,
    ProgettoVisto,
    condizioni_di_firma,
    puo_essere_firmato,
)
from services.core.progetti.stati import AttoProgetto, stato_dopo

GIORNO = date(2025, 9, 15)
RESPONSABILE, INFERMIERA, ESTRANEO = (UUID(int=n) for n in (1, 2, 3))
IMPRONTA = "a" * 64
C = CodiceCondizione

FIRMA_PERSONA = FirmaVista(RuoloFirmatario.PERSONA, None, IMPRONTA)
FIRMA_RESPONSABILE = FirmaVista(RuoloFirmatario.RESPONSABILE_CASO, RESPONSABILE, IMPRONTA)
FIRMA_ASST = FirmaVista(RuoloFirmatario.ASST, INFERMIERA, IMPRONTA)

PRONTO = ProgettoVisto(
    tipo=TipoProgetto.PROGETTO_INDIVIDUALIZZATO,
    giorno=GIORNO,
    impronta=IMPRONTA,
    obiettivi=1,
    equipe_in_essere=True,
    equipe_integrata=True,
    operatori_presenti=frozenset({RESPONSABILE, INFERMIERA}),
    operatori_asst=frozenset({INFERMIERA}),
    valutazione_conclusa_il=GIORNO,
    firme=(FIRMA_PERSONA, FIRMA_RESPONSABILE, FIRMA_ASST),
)


def non_soddisfatte(progetto: ProgettoVisto) -> dict[CodiceCondizione, Esito]:
    return {c.codice: c.esito for c in condizioni_di_firma(progetto) if c.esito is not Esito.SODDISFATTA}


def test_con_tutto_puo_essere_firmato() -> None:
    assert puo_essere_firmato(PRONTO)
    assert {c.codice for c in condizioni_di_firma(PRONTO)} == set(C)


@pytest.mark.parametrize(
    ("cambio", "attese"),
    [
        ({"equipe_in_essere": False}, {C.EQUIPE_IN_ESSERE}),
        ({"equipe_integrata": False}, {C.EQUIPE_INTEGRATA}),
        ({"valutazione_conclusa_il": None}, {C.VALUTAZIONE_CONCLUSA}),
        ({"valutazione_conclusa_il": date(2025, 9, 16)}, {C.VALUTAZIONE_CONCLUSA}),
        ({"obiettivi": 0}, {C.ALMENO_UN_OBIETTIVO}),
        ({"firme": (FIRMA_RESPONSABILE, FIRMA_ASST)}, {C.FIRMA_PERSONA}),
        ({"firme": (FIRMA_PERSONA, FIRMA_ASST)}, {C.FIRMA_RESPONSABILE}),
        ({"firme": (FIRMA_PERSONA, FIRMA_RESPONSABILE)}, {C.FIRMA_ASST}),
        ({"firme": ()}, {C.FIRMA_PERSONA, C.FIRMA_RESPONSABILE, C.FIRMA_ASST}),
        ({"operatori_presenti": frozenset()}, {C.EQUIPE_IN_ESSERE, C.FIRMA_RESPONSABILE}),
        ({"operatori_asst": frozenset()}, {C.FIRMA_ASST}),
        ({"impronta": "b" * 64}, {C.FIRMA_PERSONA, C.FIRMA_RESPONSABILE, C.FIRMA_ASST}),
    ],
)
def test_ogni_condizione_da_sola_impedisce(cambio: dict[str, object], attese: set[CodiceCondizione]) -> None:
    progetto = replace(PRONTO, **cambio)  # type: ignore[arg-type]  # one field at a time
    assert non_soddisfatte(progetto) == dict.fromkeys(attese, Esito.NON_SODDISFATTA)
    assert not puo_essere_firmato(progetto)


def test_il_rappresentante_firma_per_la_persona() -> None:
    firme = (FirmaVista(RuoloFirmatario.RAPPRESENTANTE, None, IMPRONTA), FIRMA_RESPONSABILE, FIRMA_ASST)
    assert puo_essere_firmato(replace(PRONTO, firme=firme))


@pytest.mark.parametrize("ruolo", [RuoloFirmatario.RESPONSABILE_CASO, RuoloFirmatario.ASST])
def test_la_firma_di_chi_non_siede_nell_equipe_non_vale(ruolo: RuoloFirmatario) -> None:
    firme = tuple(replace(f, operatore_id=ESTRANEO) if f.ruolo is ruolo else f for f in PRONTO.firme)
    assert not puo_essere_firmato(replace(PRONTO, firme=firme))


def test_il_responsabile_non_vale_come_asst() -> None:
    firme = (FIRMA_PERSONA, FIRMA_RESPONSABILE, replace(FIRMA_ASST, operatore_id=RESPONSABILE))
    assert C.FIRMA_ASST in non_soddisfatte(replace(PRONTO, firme=firme))


def test_dove_non_occorre_integrata_l_asst_firma_solo_se_c_e() -> None:
    pai = replace(
        PRONTO,
        tipo=TipoProgetto.PAI,
        equipe_integrata=False,
        operatori_asst=frozenset(),
        firme=(FIRMA_PERSONA, FIRMA_RESPONSABILE),
    )
    assert puo_essere_firmato(pai)
    assert C.FIRMA_ASST not in {c.codice for c in condizioni_di_firma(pai)}
    assert non_soddisfatte(replace(pai, equipe_integrata=True)) == {C.FIRMA_ASST: Esito.NON_SODDISFATTA}


def test_un_ente_ignoto_lascia_da_chiarire_e_non_si_firma() -> None:
    assert non_soddisfatte(replace(PRONTO, equipe_integrata=None)) == {C.EQUIPE_INTEGRATA: Esito.DA_CHIARIRE}
    pai = replace(PRONTO, tipo=TipoProgetto.PAI, equipe_integrata=None, firme=(FIRMA_PERSONA, FIRMA_RESPONSABILE))
    assert non_soddisfatte(pai) == {C.FIRMA_ASST: Esito.DA_CHIARIRE}
    assert not puo_essere_firmato(pai)


def test_ogni_condizione_ha_un_motivo_da_leggere() -> None:
    assert all(c.motivo.endswith(".") for c in condizioni_di_firma(PRONTO))


AMMESSE = {
    (StatoProgetto.BOZZA, AttoProgetto.MODIFICA): StatoProgetto.BOZZA,
    (StatoProgetto.BOZZA, AttoProgetto.RACCOGLI_FIRMA): StatoProgetto.BOZZA,
    (StatoProgetto.BOZZA, AttoProgetto.FIRMA): StatoProgetto.FIRMATO,
    (StatoProgetto.BOZZA, AttoProgetto.CHIUDI): StatoProgetto.CHIUSO,
    (StatoProgetto.FIRMATO, AttoProgetto.CHIUDI): StatoProgetto.CHIUSO,
}


@pytest.mark.parametrize(("stato", "atto"), list(product(StatoProgetto, AttoProgetto)))
def test_ogni_transizione_ammessa_o_vietata(stato: StatoProgetto, atto: AttoProgetto) -> None:
    if (stato, atto) in AMMESSE:
        assert stato_dopo(stato, atto) is AMMESSE[stato, atto]
    else:
        with pytest.raises(StatoNonAmmesso):
            stato_dopo(stato, atto)


def progetto_di_prova(**altro: object) -> Progetto:
    campi: dict[str, Any] = {
        "id": UUID(int=10),
        "ambito_id": 1,
        "cartella_id": UUID(int=11),
        "equipe_id": UUID(int=12),
        "tipo": TipoProgetto.PROGETTO_INDIVIDUALIZZATO,
        "dal": GIORNO,
    }
    return Progetto(**(campi | altro))


def obiettivo(ordine: int, testo: str = "uscire di casa", risultato: str = "due volte a settimana") -> Obiettivo:
    return Obiettivo(
        ambito_id=1, cartella_id=UUID(int=11), progetto_id=UUID(int=10), testo=testo, risultato_atteso=risultato, ordine=ordine
    )


def test_l_impronta_non_cambia_firmando_ne_con_l_ordine_di_lettura() -> None:
    base = impronta_contenuto(progetto_di_prova(), [obiettivo(1), obiettivo(2)])
    firmato = progetto_di_prova(stato=StatoProgetto.FIRMATO, firmato_il=GIORNO, versione=9)
    assert impronta_contenuto(firmato, [obiettivo(2), obiettivo(1)]) == base
    assert len(base) == 64


@pytest.mark.parametrize(
    ("progetto", "obiettivi"),
    [
        (progetto_di_prova(), []),
        (progetto_di_prova(), [obiettivo(1, testo="altro")]),
        (progetto_di_prova(), [obiettivo(1, risultato="altro")]),
        (progetto_di_prova(), [obiettivo(2)]),
        (progetto_di_prova(al=date(2026, 9, 14)), [obiettivo(1)]),
        (progetto_di_prova(valutazione_id=UUID(int=13)), [obiettivo(1)]),
        (progetto_di_prova(equipe_id=UUID(int=14)), [obiettivo(1)]),
        (progetto_di_prova(tipo=TipoProgetto.PAI), [obiettivo(1)]),
    ],
)
def test_ogni_cambiamento_del_contenuto_cambia_l_impronta(progetto: Progetto, obiettivi: list[Obiettivo]) -> None:
    assert impronta_contenuto(progetto, obiettivi) != impronta_contenuto(progetto_di_prova(), [obiettivo(1)])


def test_l_evento_di_firma_porta_gli_enti_e_nessun_dato_personale() -> None:
    enti = [nuovo_id(), nuovo_id()]
    evento = ProgettoFirmato(
        aggregato_id=nuovo_id(),
        versione=4,
        cartella_id=nuovo_id(),
        tipo_progetto="progetto_individualizzato",
        equipe_id=nuovo_id(),
        enti_coinvolti=enti,
        equipe_integrata=True,
        valutazione_id=nuovo_id(),
        domanda_id=None,
        firmato_il=GIORNO,
    )
    dati = evento.model_dump(mode="json", exclude={"aggregato_id", "versione", "cartella_id"})
    assert dati["enti_coinvolti"] == [str(e) for e in enti]
    assert dati["firmato_il"] == "2025-09-15"
    attesi = "tipo_progetto equipe_id enti_coinvolti equipe_integrata valutazione_id domanda_id firmato_il"
    assert set(dati) == set(attesi.split())
