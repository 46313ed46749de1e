"""The two example ambiti, and what the reader of such folders refuses."""

import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.core.access.ruoli import Ruolo
from services.core.misure.dati_domanda import DatiDomandaB2
from services.core.misure.opzioni import OpzioniAvviso
from services.core.persone import codice_fiscale as cf
from services.core.territorio import esempi
from services.core.territorio.models import TipoEnte
from services.core.valutazioni.scale import VoceAdl, VoceIadl
from services.sandbox.isee import carica_dati

RADICE = Path(__file__).resolve().parents[2] / "examples"
NOMI = ("cremasco", "lodi")
DEMO = date(2025, 9, 15)
COGNOME_IMPOSSIBILE = re.compile(r"(Zzq|Qwx|Xyz|Kkq|Jwx|Yzq|Wqx|Qqz|Xxq|Zkw)[a-z]+")


@pytest.fixture(scope="module")
def cremasco() -> esempi.AmbitoEsempio:
    return esempi.leggi(RADICE / "cremasco")


@pytest.fixture(scope="module")
def lodi() -> esempi.AmbitoEsempio:
    return esempi.leggi(RADICE / "lodi")


@pytest.fixture(params=NOMI)
def esempio(request: pytest.FixtureRequest) -> esempi.AmbitoEsempio:
    trovato: esempi.AmbitoEsempio = request.getfixturevalue(request.param)
    return trovato


def test_ambito_cremasco(cremasco: esempi.AmbitoEsempio) -> None:
    tipi = Counter(x.tipo for x in cremasco.enti())
    assert len(cremasco.ambito.comuni) == tipi[TipoEnte.COMUNE] == 48
    assert {c.codice_istat[:3] for c in cremasco.ambito.comuni} == {"019"}
    assert tipi[TipoEnte.RSA] == 8
    assert tipi[TipoEnte.ETS] >= 1
    assert tipi[TipoEnte.ASST] == tipi[TipoEnte.AZIENDA] == 1
    sub = {c.sub_ambito for c in cremasco.ambito.comuni}
    assert sub == {s.codice for s in cremasco.ambito.sub_ambiti}
    assert sub == {"bagnolo-cremasco", "castelleone", "crema", "pandino", "sergnano", "soncino"}
    assert len(cremasco.persone.persone) >= 12


def test_ambito_di_lodi(lodi: esempi.AmbitoEsempio) -> None:
    assert len(lodi.ambito.comuni) == 61
    province = Counter(c.codice_istat[:3] for c in lodi.ambito.comuni)
    assert province == {"098": 60, "015": 1}
    [milanese] = [c for c in lodi.ambito.comuni if c.codice_istat.startswith("015")]
    assert (milanese.denominazione, milanese.codice_belfiore) == ("San Colombano al Lambro", "H803")
    [fuso] = [c for c in lodi.ambito.comuni if c.codice == "castelgerundo"]
    assert fuso.codice_belfiore == "M393"
    assert {"Cornovecchio", "Somaglia"} <= {c.denominazione for c in lodi.ambito.comuni}
    assert len(lodi.persone.persone) >= 4


def test_chi_gestisce_la_tutela_a_lodi(lodi: esempi.AmbitoEsempio) -> None:
    """44 Comuni ACSI, 5 ASSC, 11 ASP (piano, par. 4.2); the one left manages by itself."""

    def gestori(giorno: date) -> dict[str, str]:
        return {d.comune: d.delega.ente for d in lodi.deleghe() if d.servizio == "tutela_minori" and d.delega.comprende(giorno)}

    assert Counter(gestori(DEMO).values()) == {"acsi": 44, "assc-casalpusterlengo": 5, "asp-basso-lodigiano": 11}
    assert gestori(DEMO)["maleo"] == "asp-basso-lodigiano"
    assert gestori(date(2015, 12, 31))["maleo"] == "assc-casalpusterlengo"
    assert gestori(date(2016, 1, 1))["maleo"] == "comune-borghetto-lodigiano"
    assert len(gestori(date(2014, 6, 1))) == 7


def test_codici_unici_e_disgiunti(cremasco: esempi.AmbitoEsempio, lodi: esempi.AmbitoEsempio) -> None:
    assert cremasco.ambito.id != lodi.ambito.id
    belfiore = [c.codice_belfiore for e in (cremasco, lodi) for c in e.ambito.comuni]
    assert len(set(belfiore)) == 109
    soggetti = [o.soggetto for e in (cremasco, lodi) for o in e.operatori.operatori]
    assert len(set(soggetti)) == len(soggetti)
    assert {w.audience for w in cremasco.waas.enti}.isdisjoint(w.audience for w in lodi.waas.enti)


def test_persone_inventate(esempio: esempi.AmbitoEsempio) -> None:
    for persona in esempio.persone.persone:
        assert COGNOME_IMPOSSIBILE.fullmatch(persona.cognome)
        assert persona.codice_fiscale == cf.genera(
            cognome=persona.cognome,
            nome=persona.nome,
            data_nascita=persona.data_nascita,
            sesso=persona.sesso,
            luogo=persona.comune_nascita,
        )
        assert persona.data_nascita < DEMO
    for operatore in esempio.operatori.operatori:
        assert COGNOME_IMPOSSIBILE.fullmatch(operatore.cognome)


def test_persona_della_dimostrazione(cremasco: esempi.AmbitoEsempio) -> None:
    persone = {p.codice: p for p in cremasco.persone.persone}
    [cartella] = [c for c in cremasco.persone.cartelle if c.persona == "zzqprova-ada"]
    assert (cartella.comune, cartella.servizio) == ("crema", "disabilita")
    assert [(r.requisito, r.stato) for r in cartella.requisiti if r.comprende(DEMO)] == [("L104_ART3_C3", "accertata")]
    nucleo = cremasco.nucleo_della(cartella)
    eta = sorted((DEMO - persone[c.persona].data_nascita).days // 365 for c in nucleo.componenti)
    assert eta == [9, 58, 60]
    figlio = next(c.persona for c in nucleo.componenti if c.relazione == "figlio")
    assert figlio in {c.persona for c in cremasco.persone.cartelle}


def test_incarichi_della_dimostrazione(cremasco: esempi.AmbitoEsempio, lodi: esempi.AmbitoEsempio) -> None:
    attesi = {
        "as-crema": (Ruolo.ASSISTENTE_SOCIALE, "comune-crema"),
        "as-offanengo": (Ruolo.ASSISTENTE_SOCIALE, "comune-offanengo"),
        "segretariato-crema": (Ruolo.SEGRETARIATO, "comune-crema"),
        "amm-misure-csc": (Ruolo.AMMINISTRATIVO_MISURA, "csc"),
        "coord-csc": (Ruolo.COORDINATORE, "csc"),
        "psicologa-csc": (Ruolo.CASE_MANAGER, "csc"),
        "asst-crema": (Ruolo.OPERATORE_ASST, "asst-crema"),
        "udp-crema": (Ruolo.UFFICIO_DI_PIANO, "ufficio-di-piano"),
        "dpo-crema": (Ruolo.DPO, "csc"),
        "admin": (Ruolo.AMMINISTRATORE_TECNICO, "csc"),
        "as-lodi": (Ruolo.ASSISTENTE_SOCIALE, "comune-lodi"),
        "tutela-acsi": (Ruolo.ASSISTENTE_SOCIALE, "acsi"),
    }
    in_vigore = {
        (o.soggetto, i.ruolo, i.ente)
        for e in (cremasco, lodi)
        for o in e.operatori.operatori
        for i in o.incarichi
        if i.comprende(DEMO)
    }
    assert {(s, r, e) for s, (r, e) in attesi.items()} <= in_vigore
    assert not any(s == "as-cessata" for s, _, _ in in_vigore)


def test_domande_e_avvisi_seguono_i_moduli_della_misura(esempio: esempi.AmbitoEsempio) -> None:
    avvisi = {a.codice: OpzioniAvviso.model_validate(a.opzioni) for a in esempio.avvisi.avvisi}
    assert esempio.domande.domande
    for domanda in esempio.domande.domande:
        DatiDomandaB2.model_validate(domanda.dati)
        assert domanda.tipo_intervento in avvisi[domanda.avviso].interventi
        assert set(domanda.autonomie_adl or []) <= {v.value for v in VoceAdl}
        assert set(domanda.autonomie_iadl or []) <= {v.value for v in VoceIadl}


@pytest.mark.parametrize("nome", NOMI)
def test_la_sandbox_legge_le_attestazioni(nome: str) -> None:
    attestazioni = carica_dati([RADICE / nome / "sandbox_isee.yaml"])
    persone = {p.codice_fiscale for p in esempi.leggi(RADICE / nome).persone.persone}
    assert {a.codice_fiscale for a in attestazioni} <= persone


def test_la_linea_taglia(cremasco: esempi.AmbitoEsempio) -> None:
    """Not every applicant can have even the smallest benefit (100 euro a month)."""
    [avviso] = cremasco.avvisi.avvisi
    minimo = 100_00 * OpzioniAvviso.model_validate(avviso.opzioni).mesi
    richiedenti = [d for d in cremasco.domande.domande if d.avviso == avviso.codice]
    assert 0 < avviso.budget_centesimi < minimo * len(richiedenti)
    assert avviso.aperto_dal <= DEMO <= avviso.aperto_al


def test_indicatore_del_piano(cremasco: esempi.AmbitoEsempio) -> None:
    [piano] = cremasco.piano.piani
    [indicatore] = [i for o in piano.obiettivi for i in o.indicatori if i.codice == "DOM-OC-1"]
    assert (str(indicatore.verso), indicatore.valore_atteso, indicatore.formula) == (">=", Decimal(60), "progetti_co_costruiti")
    assert "illustrativo" in piano.denominazione


Modifica = Callable[[dict[str, Any]], object]


def _primo_indicatore(dati: dict[str, Any]) -> dict[str, Any]:
    primo: dict[str, Any] = dati["piani"][0]["obiettivi"][0]["indicatori"][0]
    return primo


def _modificato(tmp_path: Path, file: str, modifica: Modifica) -> list[str]:
    cartella = tmp_path / "cremasco"
    shutil.copytree(RADICE / "cremasco", cartella)
    dati = yaml.safe_load((cartella / file).read_text("utf-8"))
    modifica(dati)
    (cartella / file).write_text(yaml.safe_dump(dati, allow_unicode=True), encoding="utf-8")
    with pytest.raises(esempi.EsempioNonValido) as presa:
        esempi.leggi(cartella)
    return presa.value.errori


@pytest.mark.parametrize(
    ("file", "modifica", "atteso"),
    [
        ("ambito.yaml", lambda d: d.update(colore="blu"), "ambito.yaml, colore: campo sconosciuto"),
        ("ambito.yaml", lambda d: d.pop("id"), "ambito.yaml, id: manca"),
        ("ambito.yaml", lambda d: d["comuni"][0].update(codice_istat=19001), "atteso un testo"),
        ("ambito.yaml", lambda d: d["comuni"][0].update(codice_istat="19001"), "codice_istat: forma non ammessa"),
        ("ambito.yaml", lambda d: d["comuni"][0].update(sub_ambito="atlantide"), "il sub-ambito «atlantide» non esiste"),
        ("ambito.yaml", lambda d: d["comuni"].append(d["comuni"][0]), "«agnadello» compare più di una volta"),
        ("ambito.yaml", lambda d: d["deleghe"][0].update(ente="nessuno"), "l'ente «nessuno» non esiste"),
        ("ambito.yaml", lambda d: d["deleghe"][0].update(al=date(2021, 1, 1)), "la data «al» precede la data «dal»"),
        ("ambito.yaml", lambda d: d["enti"].append({"codice": "x", "tipo": "comune", "denominazione": "X"}), "non va elencato"),
        ("ambito.yaml", lambda d: d["enti"][0].update(tipo="lega"), "tipo: valore non previsto"),
        ("operatori.yaml", lambda d: d["operatori"][0]["incarichi"][0].update(ruolo="re"), "ruolo: valore non previsto"),
        ("operatori.yaml", lambda d: d["operatori"][0]["incarichi"][0].update(ente="boh"), "l'ente «boh» non esiste"),
        ("operatori.yaml", lambda d: d["operatori"][0].update(incarichi=[]), "incarichi: lista vuota"),
        ("persone.yaml", lambda d: d["persone"][0].update(comune_residenza="lodi"), "il Comune di residenza «lodi» non esiste"),
        ("persone.yaml", lambda d: d["persone"][0].update(sesso="M"), "non corrisponde ai dati della persona: sesso"),
        ("persone.yaml", lambda d: d["persone"][0].update(codice_fiscale="ZZQDAA67C52D142E"), "carattere di controllo"),
        ("persone.yaml", lambda d: d["nuclei"].pop(0), "deve essere in un solo nucleo, ed è in 0"),
        ("persone.yaml", lambda d: d["cartelle"].append(d["cartelle"][0]), "«zzqprova-ada» compare più di una volta"),
        ("persone.yaml", lambda d: d["cartelle"][0].update(aperta_il=date(1960, 1, 1)), "aperta prima della nascita"),
        ("persone.yaml", lambda d: d["cartelle"][0]["requisiti"].append(d["cartelle"][0]["requisiti"][0]), "due stati"),
        ("avvisi.yaml", lambda d: d["avvisi"][0].update(budget_centesimi=-1), "numero troppo piccolo"),
        ("domande.yaml", lambda d: d["domande"][0].update(avviso="b1"), "l'avviso «b1» non esiste"),
        ("waas.yaml", lambda d: d["enti"][0].update(audience="http://x"), "audience: forma non ammessa"),
        ("webhook.yaml", lambda d: d["destinazioni"][0].update(tipi=["x"]), "forma non ammessa"),
        ("piano.yaml", lambda d: _primo_indicatore(d).update(formula="magia"), "la formula «magia» non esiste"),
    ],
)
def test_errori_detti_con_chiarezza(tmp_path: Path, file: str, modifica: Modifica, atteso: str) -> None:
    errori = _modificato(tmp_path, file, modifica)
    assert any(atteso in e for e in errori), errori
    assert all(e.startswith(file) for e in errori), errori


def test_deleghe_che_si_sovrappongono(tmp_path: Path) -> None:
    nuova = {"ente": "asst-crema", "servizi": ["disabilita"], "comuni": ["crema"], "dal": date(2030, 1, 1), "fonte": "prova"}
    errori = _modificato(tmp_path, "ambito.yaml", lambda d: d["deleghe"].append(nuova))
    assert errori == ["ambito.yaml, deleghe: «crema» × «disabilita» è delegata due volte nello stesso giorno"]


def test_nessun_errore_ripete_un_codice_fiscale(tmp_path: Path) -> None:
    def stesso_codice(dati: dict[str, Any]) -> None:
        dati["persone"][1]["codice_fiscale"] = dati["persone"][0]["codice_fiscale"]

    errori = _modificato(tmp_path, "persone.yaml", stesso_codice)
    assert any("ha lo stesso codice fiscale" in e for e in errori)
    assert not any("ZZQ" in e for e in errori)


@pytest.mark.parametrize(
    ("testo", "atteso"),
    [
        ("operatori: []\noperatori: []\n", "operatori.yaml, riga 2: YAML non valido (chiave ripetuta: operatori)"),
        ("operatori: [\n", "YAML non valido"),
        ("operatori: !!python/object/apply:os.system ['true']\n", "YAML non valido"),
        ("[1, 2]: x\n", "una chiave deve essere un testo"),
        ("- 1\n", "operatori.yaml, documento: attesa una mappa"),
        ("", "operatori.yaml, documento: attesa una mappa"),
    ],
)
def test_file_malfatti(tmp_path: Path, testo: str, atteso: str) -> None:
    shutil.copytree(RADICE / "cremasco", tmp_path / "c")
    (tmp_path / "c" / "operatori.yaml").write_text(testo, encoding="utf-8")
    with pytest.raises(esempi.EsempioNonValido) as presa:
        esempi.leggi(tmp_path / "c")
    assert any(atteso in e for e in presa.value.errori), presa.value.errori


def test_file_obbligatori_e_facoltativi(tmp_path: Path) -> None:
    with pytest.raises(esempi.EsempioNonValido) as presa:
        esempi.leggi(tmp_path)
    assert presa.value.errori == [
        "ambito.yaml: il file manca o non si può leggere",
        "operatori.yaml: il file manca o non si può leggere",
    ]
    for nome in ("ambito.yaml", "operatori.yaml"):
        shutil.copy(RADICE / "lodi" / nome, tmp_path / nome)
    letto = esempi.leggi(tmp_path)
    assert letto.persone.persone == []
    assert letto.isee.root == []
