"""Properties of the pure part of the flows: nothing lost, nothing twice, and no input that breaks the readers."""

import contextlib
import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.core.flussi.annualita import dividi_per_anno
from services.core.flussi.contratto import EsitoLetto, EsitoMalformato, impronta, leggi_esito
from services.core.flussi.identificativi import leggi_id, scrivi_id
from services.core.flussi.orologio import (
    ANTICIPO_MASSIMO_MS,
    MASSIMO_MS,
    SequenzaTroppoAvanti,
    leggi_ts,
    prossimo_ts,
    stampa_ts,
)
from services.core.flussi.ps_xml import FlussoIllegibile, leggi_xml, scrivi_xml
from services.core.flussi.regole_ps import controlla
from services.core.flussi.tracciato import Durata
from tests.unit.flussi_esempi import flusso

GIORNI = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@given(st.lists(st.integers(0, 5), max_size=400), st.integers(0, MASSIMO_MS // 2))
def test_la_sequenza_cresce_sempre_e_non_corre_avanti(passi, inizio):
    """Whatever the clock does, even standing still, no two flows of an ente share an instant."""
    ultimo, adesso = 0, inizio
    for passo in passi:
        adesso += passo
        prossimo = prossimo_ts(ultimo, adesso)
        assert prossimo > ultimo
        assert adesso <= prossimo <= adesso + ANTICIPO_MASSIMO_MS
        ultimo = prossimo


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_o_un_istante_buono_o_un_rifiuto(ultimo, adesso):
    if ultimo >= adesso + ANTICIPO_MASSIMO_MS:
        with pytest.raises(SequenzaTroppoAvanti):
            prossimo_ts(ultimo, adesso)
    else:
        assert prossimo_ts(ultimo, adesso) == max(ultimo + 1, adesso)


@given(st.integers(0, MASSIMO_MS))
def test_cio_che_si_stampa_torna_uguale_e_ordinato(ms):
    assert leggi_ts(stampa_ts(ms)) == ms
    assert ms == MASSIMO_MS or stampa_ts(ms) < stampa_ts(ms + 1)


@given(st.from_regex(r"[A-Z][0-9]{3}", fullmatch=True), st.sampled_from(["PS", "SINBA"]), GIORNI, st.integers(1, 9_999_999))
def test_identificativo_andata_e_ritorno(ente, tipo, giorno, progressivo):
    letto = leggi_id(scrivi_id(ente, tipo, giorno, progressivo))
    assert (letto.codice_ente, letto.tipo, letto.giorno, letto.progressivo) == (ente, tipo, giorno, progressivo)


@given(GIORNI, st.integers(0, 1500))
@example(date(2024, 2, 29), 800)
@example(date(2025, 1, 31), 364)
def test_la_divisione_non_perde_ne_ripete_mesi(inizio, giorni):
    fine = inizio + timedelta(days=giorni)
    parti = dividi_per_anno(inizio, fine)
    assert [p.anno for p in parti] == list(range(inizio.year, inizio.year + len(parti)))
    assert parti[0].inizio == inizio
    assert all(p.inizio.year == p.fine.year == p.anno for p in parti)
    assert all(1 <= p.mesi <= 12 for p in parti)
    assert all(b.inizio - a.fine == timedelta(days=1) for a, b in itertools.pairwise(parti))
    interi = (fine.year - inizio.year) * 12 + fine.month - inizio.month
    assert interi <= sum(p.mesi for p in parti) <= interi + 1
    if parti[-1].fine != fine:  # the days left over begin no instalment
        assert parti[-1].fine == date(parti[-1].anno, 12, 31)
        assert (fine - parti[-1].fine).days < 31


TESTI = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=36)
IMPORTI = st.decimals(0, Decimal("9999999.99"), places=2)


@given(cognome=TESTI, nome=TESTI, mensile=IMPORTI, soglia=IMPORTI, ore=st.integers(0, 744), minuti=st.integers(0, 59))
def test_cio_che_non_ha_violazioni_si_scrive_e_torna_uguale(cognome, nome, mensile, soglia, ore, minuti):
    f = flusso(
        anagrafica={"cognome": cognome, "nome": nome},
        prestazione={
            "importo_mensile": mensile,
            "quota_ente": mensile,
            "quota_utente": None,
            "quota_ssn": None,
            "soglia_isee": soglia,
            "ore_mensili": Durata(ore, minuti),
        },
    )
    violazioni = {(v.codice, v.campo) for v in controlla(f)}
    assert (("lunghezza", "Anagrafica.Cognome") in violazioni) == (not cognome.strip())
    if not violazioni:
        riletto = leggi_xml(scrivi_xml(f))
        attesa, letta = f.beneficiari[0], riletto.beneficiari[0]
        assert letta.prestazioni == attesa.prestazioni
        assert (letta.anagrafica.cognome, letta.anagrafica.nome) == (cognome.strip(), nome.strip())
    else:
        assert violazioni <= {
            ("caratteri", "Anagrafica.Cognome"),
            ("caratteri", "Anagrafica.Nome"),
            ("lunghezza", "Anagrafica.Cognome"),
            ("lunghezza", "Anagrafica.Nome"),
            ("importo-zero", "PrestazioniSociali.ImportoMensile"),
        }


@given(st.binary(max_size=400))
def test_qualunque_cosa_si_rifiuta_per_nome(dati):
    with pytest.raises(FlussoIllegibile):
        leggi_xml(dati)


@given(st.data())
def test_un_flusso_guasto_si_legge_o_si_rifiuta_per_nome(data):
    xml = bytearray(scrivi_xml(flusso()))
    for _ in range(data.draw(st.integers(1, 6))):
        dove = data.draw(st.integers(0, len(xml) - 1))
        xml[dove : dove + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    with contextlib.suppress(FlussoIllegibile):
        controlla(leggi_xml(bytes(xml)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda figli: st.lists(figli, max_size=3) | st.dictionaries(st.text(max_size=12), figli, max_size=3),
    max_leaves=8,
)
CAMPI = ["id_flusso", "tipo", "ts_flusso", "ts_acquisizione", "codice_esito", "descrizione_esito", "id_acquisizione_siuss"]
VALORI = JSON | st.sampled_from(
    ["PS_PSA_SINA", "SINBA", "OK", "ERRORE_GENERICO", "2023-11-27T11:04:56.852Z", "H501.PS.20210520.1"]
)


@given(JSON | st.dictionaries(st.sampled_from(CAMPI), VALORI))
def test_qualunque_esito_si_legge_o_si_mette_da_parte(grezzo):
    assert isinstance(leggi_esito(grezzo), EsitoLetto | EsitoMalformato)
    assert len(impronta(grezzo)) == 64
