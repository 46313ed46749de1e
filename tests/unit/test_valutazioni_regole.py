"""Équipe integrata, conclusion of a valutazione, its states, and its translation to SINA."""

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.core.platform.errori import StatoNonAmmesso
from services.core.platform.ids import nuovo_id
from services.core.valutazioni.models import (
    AreaReddituale,
    AreaSupporto,
    DisturbiCognitivi,
    DisturbiComportamentali,
    FonteValutazione,
    Mobilita,
    NecessitaCure,
    StatoValutazione,
    StrumentoValutazione,
    Valutazione,
)
from services.core.valutazioni.parametri import fasce_avq
from services.core.valutazioni.regole import Presenza, enti_coinvolti, impedimenti_a_concludere, in_essere, integrata, presenti
from services.core.valutazioni.scale import VoceAdl, VoceIadl
from services.core.valutazioni.sina import sezione_sina
from services.core.valutazioni.stati import AttoValutazione, stato_dopo

GIORNO = date(2025, 9, 15)
COMUNE, ASST, AZIENDA, SCUOLA = (UUID(int=n) for n in (1, 2, 3, 4))


def membro(ente: UUID | None, tipo: str | None, dal: date = date(2025, 9, 1), al: date | None = None) -> Presenza:
    return Presenza(operatore_id=nuovo_id(), persona_id=None, ente_id=ente, tipo_ente=tipo, dal=dal, al=al)


def genitore() -> Presenza:
    return Presenza(operatore_id=None, persona_id=nuovo_id(), ente_id=None, tipo_ente=None, dal=date(2025, 9, 1), al=None)


def test_comune_e_asst_fanno_una_equipe_integrata() -> None:
    assert integrata([membro(COMUNE, "comune"), membro(ASST, "asst")], GIORNO) is True


@pytest.mark.parametrize(
    "membri",
    [
        [],
        [membro(COMUNE, "comune")],
        [membro(ASST, "asst"), membro(ASST, "asst")],
        [membro(COMUNE, "comune"), membro(AZIENDA, "azienda")],
        [membro(COMUNE, "comune"), genitore()],
        [membro(COMUNE, "comune"), membro(ASST, "asst", dal=date(2025, 9, 16))],
        [membro(COMUNE, "comune"), membro(ASST, "asst", al=date(2025, 9, 14))],
    ],
)
def test_senza_le_due_parti_nel_giorno_non_e_integrata(membri: list[Presenza]) -> None:
    assert integrata(membri, GIORNO) is False


def test_i_giorni_estremi_sono_compresi() -> None:
    assert integrata([membro(COMUNE, "comune", dal=GIORNO), membro(ASST, "asst", al=GIORNO)], GIORNO) is True


def test_un_ente_di_tipo_ignoto_lascia_la_risposta_da_chiarire() -> None:
    assert integrata([membro(COMUNE, "comune"), membro(AZIENDA, None)], GIORNO) is None
    assert integrata([membro(COMUNE, "comune"), membro(None, None)], GIORNO) is None


def test_enti_coinvolti_distinti_e_presenti_nel_giorno() -> None:
    membri = [
        membro(ASST, "asst"),
        membro(COMUNE, "comune"),
        membro(COMUNE, "comune"),
        genitore(),
        membro(SCUOLA, "scuola", al=date(2025, 9, 14)),
    ]
    assert enti_coinvolti(membri, GIORNO) == (COMUNE, ASST)
    assert len(presenti(membri, GIORNO)) == 4


def test_equipe_in_essere_estremi_compresi() -> None:
    assert in_essere(GIORNO, GIORNO, GIORNO)
    assert in_essere(date(2025, 1, 1), None, GIORNO)
    assert not in_essere(date(2025, 9, 16), None, GIORNO)
    assert not in_essere(date(2025, 1, 1), date(2025, 9, 14), GIORNO)


def completa(**altro: object) -> Valutazione:
    campi: dict[str, Any] = {
        "ambito_id": 1,
        "cartella_id": nuovo_id(),
        "equipe_id": nuovo_id(),
        "data_valutazione": GIORNO,
        "adl": {v.value: 1 for v in VoceAdl} | {"fare_il_bagno": 0, "trasferirsi": 0},
        "punteggio_adl": 4,
        "mobilita": Mobilita.ASSISTITO,
        "disturbi_comportamentali": DisturbiComportamentali.PRESENTI,
        "area_reddituale": AreaReddituale.BISOGNO_SENZA_AIUTI,
        "area_supporto": AreaSupporto.PARZIALE,
        "strumento": StrumentoValutazione.ALTRO,
        "fonte": FonteValutazione.UVM,
    }
    return Valutazione(**(campi | altro))


RICHIESTI = ["mobilita", "disturbi_comportamentali", "area_reddituale", "area_supporto", "strumento", "fonte"]


def test_una_scala_completa_basta_per_concludere() -> None:
    assert impedimenti_a_concludere(completa()) == {}
    assert impedimenti_a_concludere(completa(adl={}, iadl={v.value: 0 for v in VoceIadl})) == {}


def test_una_scala_a_meta_impedisce_e_nomina_le_voci() -> None:
    adl = {v.value: 1 for v in VoceAdl if v is not VoceAdl.CONTINENZA}
    assert impedimenti_a_concludere(completa(adl=adl)) == {"adl.continenza": "voce non rilevata"}


def test_nessuna_scala_impedisce() -> None:
    assert set(impedimenti_a_concludere(completa(adl={}))) == {"adl"}


@pytest.mark.parametrize(
    "campo", ["mobilita", "disturbi_comportamentali", "area_reddituale", "area_supporto", "strumento", "fonte"]
)
def test_un_campo_richiesto_dal_flusso_impedisce(campo: str) -> None:
    assert impedimenti_a_concludere(completa(**{campo: None})) == {campo: "da indicare"}


AMMESSE = {
    (StatoValutazione.BOZZA, AttoValutazione.MODIFICA): StatoValutazione.BOZZA,
    (StatoValutazione.BOZZA, AttoValutazione.CONCLUDI): StatoValutazione.CONCLUSA,
    (StatoValutazione.CONCLUSA, AttoValutazione.RETTIFICA): StatoValutazione.RETTIFICATA,
}


@pytest.mark.parametrize(("stato", "atto"), list(product(StatoValutazione, AttoValutazione)))
def test_ogni_transizione_ammessa_o_vietata(stato: StatoValutazione, atto: AttoValutazione) -> None:
    if (stato, atto) in AMMESSE:
        assert stato_dopo(stato, atto) is AMMESSE[stato, atto]
    else:
        with pytest.raises(StatoNonAmmesso) as errore:
            stato_dopo(stato, atto)
        assert errore.value.estensioni == {"stato": stato.value}


def test_sina_traduce_ogni_campo() -> None:
    v = completa(disturbi_cognitivi=DisturbiCognitivi.GRAVI, necessita_cure=NecessitaCure.BASSA)
    sezione = sezione_sina(v, fasce_avq(GIORNO).valore)
    assert sezione.mancanti == ()
    assert sezione.attributi == {
        "Mobilita": "2",
        "AttivitaVitaQuotidiana": "2",
        "DisturbiComportamentali": "2",
        "AreaReddituale": "3",
        "AreaSupporto": "2",
        "FonteDerivazioneValutazione": "1",
        "StrumentoValutazione": "7",
        "DisturbiAreaCognitiva": "3",
        "NecessitaCureSanitarie": "1",
    }


def test_sina_nomina_cio_che_manca_e_non_inventa_codici() -> None:
    v = completa(punteggio_adl=None, mobilita=None, disturbi_cognitivi=DisturbiCognitivi.ASSENTI)
    sezione = sezione_sina(v, fasce_avq(GIORNO).valore)
    assert sezione.mancanti == ("Mobilita", "AttivitaVitaQuotidiana")
    assert not {"Mobilita", "AttivitaVitaQuotidiana", "DisturbiAreaCognitiva"} & set(sezione.attributi)


def test_i_codici_sina_sono_quelli_dello_schema_pubblicato() -> None:
    """Our codes are exactly those of the published XSD; skipped where the schema is not at hand."""
    from lxml import etree

    from services.core.valutazioni import sina

    percorso = Path(__file__).parents[3] / "shared/reference/siuss/PS_PSA_SINA201812.xsd"
    if not percorso.exists():
        pytest.skip("schema PS_PSA_SINA201812.xsd non presente accanto al progetto")
    radice = etree.parse(str(percorso), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    ns = {"xs": "http://www.w3.org/2001/XMLSchema"}

    def valori(tipo: str) -> set[str]:
        return {str(e.get("value")) for e in radice.iterfind(f".//xs:simpleType[@name='{tipo}']//xs:enumeration", ns)}

    assert set(sina.MOBILITA.values()) == valori("MobilitaType")
    assert set(sina.DISTURBI_COMPORTAMENTALI.values()) == valori("DisturbiComportamentaliType")
    assert set(sina.NECESSITA_CURE.values()) == valori("NecessitaCureSanitarieType")
    assert set(sina.AREA_REDDITUALE.values()) == valori("AreaRedditualeType")
    assert set(sina.AREA_SUPPORTO.values()) == valori("AreaSupportoType")
    assert set(sina.FONTE.values()) == valori("FonteDerivazioneValutazioneType")
    assert set(sina.STRUMENTO.values()) == valori("StrumentoValutazioneType")
    assert {c for c in sina.DISTURBI_COGNITIVI.values() if c} == valori("DisturbiAreaCognitivaType")
    assert {f.codice for f in fasce_avq(GIORNO).valore} == valori("AttivitaVitaQuotidianaType")
