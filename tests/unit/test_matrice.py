"""The expectation of the matrix: whole, held to the rule and to the contract, and right where it was worked out by hand."""

from pathlib import Path

import pytest

import services.core.tabelle  # noqa: F401  # every table is in the metadata
from services.api.main import create_app
from services.cli.authz.comando import SIGLE
from services.cli.authz.esercizi import ESERCIZI, Operazione, operazioni
from services.cli.authz.relazioni import (
    CONDIVISIONI,
    CORREDI,
    DELEGHE,
    ENTI,
    OPPOSTO,
    POSTI,
    SERVIZI,
    Competenza,
    Posto,
)
from services.core.access.bersagli import BERSAGLI, CLASSI, RUOLI_DELLE_RIGHE, SEDI, Modo, Risorsa
from services.core.access.matrice import SENZA_RUOLO, Esito, atteso, atteso_di_aggregato, atteso_di_conflitto, vista_di
from services.core.access.operazioni import OPERAZIONI, PUBBLICHE
from services.core.access.politiche import FIGLIE
from services.core.access.ruoli import CLASSI_DEL_RUOLO, RUOLI_PER_ACCORDO, RUOLI_TERRITORIALI, Ruolo
from services.core.access.situazioni import (
    ENTE,
    GIORNO,
    NON_COSTRUITE,
    ORA,
    SITUAZIONI,
    Relazione,
    Situazione,
)
from services.core.platform.modelli import metadata
from tests.ambiente import impostazioni

R, S, E = Relazione, Ruolo, Esito

PARAMETRI = {"caso_id": Risorsa.CASO_PIPPI}
"""Names in a path that are not those of their table."""

CON_UNA_CONCESSIONE = {
    R.SQUADRA, R.SQUADRA_PIPPI, R.CONDIVISIONE_REVOCATA, R.OPPOSIZIONE_ACCOLTA, R.CLASSE_SUPERIORE, R.PROTETTA_IN_SQUADRA,
    R.EMERGENZA,
}  # fmt: skip


@pytest.fixture(scope="module")
def documento(tmp_path_factory: pytest.TempPathFactory) -> list[Operazione]:
    percorso: Path = tmp_path_factory.mktemp("stato")
    return operazioni(create_app(impostazioni(None, percorso)).openapi())


def test_ogni_operazione_con_una_regola_ha_il_suo_bersaglio_e_il_suo_esercizio(documento: list[Operazione]) -> None:
    assert BERSAGLI.keys() == OPERAZIONI.keys()
    assert SENZA_RUOLO.keys() == PUBBLICHE
    assert ESERCIZI.keys() == {operazione.id for operazione in documento} == OPERAZIONI.keys() | PUBBLICHE


def test_il_bersaglio_e_cio_che_il_percorso_nomina(documento: list[Operazione]) -> None:
    for operazione in documento:
        if operazione.id in PUBBLICHE:
            continue
        nominati = [PARAMETRI.get(nome) or Risorsa(nome.removesuffix("_id")) for nome in operazione.parametri]
        risorsa = BERSAGLI[operazione.id].risorsa
        assert nominati == ([] if risorsa is Risorsa.AMBITO else [risorsa]), operazione.id


def test_ogni_tabella_nominata_esiste_e_ha_una_sede() -> None:
    nominate = {r.value for r in Risorsa} | {t for b in BERSAGLI.values() for t in (*b.tocca, b.elenca) if t}
    assert nominate - {"ambito"} <= SEDI.keys()
    assert nominate | SEDI.keys() - {"equipe_pippi"} <= metadata.tables.keys()
    assert FIGLIE.items() <= CLASSI.items()
    assert RUOLI_DELLE_RIGHE.keys() <= SEDI.keys()
    for bersaglio in BERSAGLI.values():
        assert all(tabella in CLASSI for tabella in bersaglio.tocca), "a table without class asks for nothing"
        assert bersaglio.modo is Modo.ORDINARIO or bersaglio.risorsa is Risorsa.AMBITO


def test_ogni_relazione_e_detta_due_volte_e_le_due_coincidono() -> None:
    """As the rule sees it and as rows: the same facts, told by two hands."""
    assert SITUAZIONI.keys() == POSTI.keys() == set(Relazione)
    assert not NON_COSTRUITE.keys() & {r.value for r in Relazione}
    for relazione, situazione in SITUAZIONI.items():
        posto = POSTI[relazione]
        competenza, riservata = CORREDI[posto.mira]
        assert situazione.in_corso == (posto.al is None), relazione
        if situazione.in_corso:
            assert (competenza in posto.competenze) == situazione.competenza, relazione
            assert set(posto.competenze) == _del_giorno(posto), relazione
        assert riservata == situazione.riservata, relazione
        assert posto.ente.endswith("-oltre") != situazione.stesso_ambito, relazione
        assert posto.pronto_intervento == situazione.pronto_intervento, relazione
        assert posto.escluso == bool(situazione.esclusioni), relazione
        assert (posto.mira == OPPOSTO) == bool(situazione.limitazioni), relazione
        assert _concessi(posto) == _situati(situazione), relazione
        assert situazione.governa == (posto.ente == "comune-borgo" and posto.servizi is None and situazione.in_corso), relazione
        proprie = {(c.finalita, c.al) for c in situazione.condivisioni if c.ente_id == ENTE}
        assert {(finalita, al) for ente, finalita, al in CONDIVISIONI if ente == posto.ente} == proprie, relazione


def _del_giorno(posto: Posto) -> set[Competenza]:
    """What the ente answers for that day, from the territory and the deleghe."""
    _, comune = ENTI[posto.ente]
    proprie = {(comune, servizio) for servizio in SERVIZI} if comune else set()
    delegate = {c for ente, c, dal, al in DELEGHE if ente == posto.ente and dal <= GIORNO and (al is None or al >= GIORNO)}
    return {(c, s) for c, s in proprie | delegate if posto.servizi is None or s in posto.servizi}


Concesso = tuple[object, bool, bool, bool] | None
"""Of one kind of grant: its last day, whether it is revoked, for another ente, past its hour; None where there is none."""


def _concessi(posto: Posto) -> list[Concesso]:
    c = posto.concessione
    if c is None:
        return [None, None, None]
    altrui, in_emergenza = c.ente != posto.ente, c.ore is not None
    della_squadra: Concesso = (c.al, c.revocata, altrui, False)
    dell_emergenza: Concesso = (None, False, altrui, in_emergenza and (c.ore or 0) < 0)
    return [della_squadra if c.equipe else None, della_squadra if c.del_caso else None, dell_emergenza if in_emergenza else None]


def _situati(situazione: Situazione) -> list[Concesso]:
    detti: list[Concesso] = []
    for accessi in (situazione.equipe, situazione.del_caso, situazione.emergenza):
        assert len(accessi) <= 1
        detti += [(a.al, a.revocato, a.ente_id != ENTE, a.scade_il is not None and a.scade_il < ORA) for a in accessi] or [None]
    return detti


def test_la_vista_di_ogni_relazione() -> None:
    """Worked out by hand from the plans' words, not from the predicate."""
    for ruolo in Ruolo:
        viste = {relazione: vista_di(ruolo, situazione) for relazione, situazione in SITUAZIONI.items()}
        vedono = set(CON_UNA_CONCESSIONE)
        if ruolo in RUOLI_TERRITORIALI:
            vedono |= {R.TERRITORIO, R.DELEGA, R.INCARICO_CESSATO, R.INCARICO_REVOCATO}
        if ruolo in RUOLI_PER_ACCORDO:
            vedono -= {R.CONDIVISIONE_REVOCATA, R.OPPOSIZIONE_ACCOLTA}
        if not CLASSI_DEL_RUOLO[ruolo]:
            vedono = set()
        assert {r for r, v in viste.items() if v.cartella} == vedono, ruolo
        assert {r for r, v in viste.items() if v.caso} == {R.SQUADRA_PIPPI} & vedono
        assert {r for r, v in viste.items() if v.in_emergenza} == {R.EMERGENZA} & vedono
        assert {r for r, v in viste.items() if v.ha_aperto} == {R.EMERGENZA, R.EMERGENZA_SCADUTA}
        assert {r for r, v in viste.items() if not v.stesso_ambito} == {R.ALTRO_AMBITO}


@pytest.mark.parametrize(
    ("operazione", "ruolo", "relazione", "esito"),
    [
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONSENTITA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.DELEGA, E.CONSENTITA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.ALTRO_COMUNE, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.SERVIZIO_NON_DELEGATO, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.DELEGA_CESSATA, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.INCARICO_RISTRETTO, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.INCARICO_CESSATO, E.VIETATA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.SQUADRA_CESSATA, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.SQUADRA_DI_ALTRO_ENTE, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.PROTETTA, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.PROTETTA_IN_SQUADRA, E.CONSENTITA),
        ("leggiCartella", S.OPERATORE_ASST, R.TERRITORIO, E.NON_TROVATO),
        ("leggiCartella", S.OPERATORE_ASST, R.SQUADRA, E.CONSENTITA),
        ("leggiCartella", S.DPO, R.TERRITORIO, E.VIETATA),
        ("leggiCartella", S.AMMINISTRATORE_TECNICO, R.SQUADRA, E.VIETATA),
        ("elencaCartelle", S.ASSISTENTE_SOCIALE, R.ALTRO_COMUNE, E.ASSENTE),
        ("elencaCartelle", S.ASSISTENTE_SOCIALE, R.PROTETTA, E.ASSENTE),
        ("elencaFatti", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONSENTITA),
        ("elencaFatti", S.ASSISTENTE_SOCIALE, R.CLASSE_SUPERIORE, E.ASSENTE),
        ("elencaFatti", S.ASSISTENTE_SOCIALE, R.ALTRO_AMBITO, E.NON_TROVATO),
        ("apriCartella", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONSENTITA),
        ("apriCartella", S.ASSISTENTE_SOCIALE, R.SQUADRA, E.NON_TROVATO),
        ("apriCartella", S.ASSISTENTE_SOCIALE, R.PROTETTA, E.CONSENTITA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.OPERATORE_ESCLUSO, E.NON_TROVATO),
        ("elencaCartelle", S.COORDINATORE, R.OPERATORE_ESCLUSO, E.ASSENTE),
        ("cercaPersona", S.SEGRETARIATO, R.OPERATORE_ESCLUSO, E.ASSENTE),
        ("leggiCartella", S.OPERATORE_ASST, R.CONDIVISIONE_REVOCATA, E.NON_TROVATO),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.CONDIVISIONE_REVOCATA, E.CONSENTITA),
        ("leggiCartella", S.ETS_GESTORE, R.OPPOSIZIONE_ACCOLTA, E.NON_TROVATO),
        ("leggiCartella", S.SEGRETARIATO, R.OPPOSIZIONE_ACCOLTA, E.CONSENTITA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.EMERGENZA, E.CONSENTITA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.EMERGENZA_SCADUTA, E.NON_TROVATO),
        ("leggiIo", S.ASSISTENTE_SOCIALE, R.INCARICO_REVOCATO, E.VIETATA),
        ("leggiCartella", S.ASSISTENTE_SOCIALE, R.SQUADRA_REVOCATA, E.NON_TROVATO),
        ("costituisciEquipe", S.ASSISTENTE_SOCIALE, R.SQUADRA, E.CONFLITTO),
        ("costituisciEquipe", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONSENTITA),
        ("sciogliEquipe", S.ASSISTENTE_SOCIALE, R.EMERGENZA, E.CONFLITTO),
        ("concludiValutazione", S.OPERATORE_ASST, R.SQUADRA, E.CONSENTITA),
        ("concludiValutazione", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONFLITTO),
        ("apriEmergenza", S.ASSISTENTE_SOCIALE, R.ALTRO_COMUNE, E.CONSENTITA),
        ("apriEmergenza", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONFLITTO),
        ("apriEmergenza", S.ASSISTENTE_SOCIALE, R.PROTETTA, E.NON_TROVATO),
        ("apriEmergenza", S.ASSISTENTE_SOCIALE, R.OPERATORE_ESCLUSO, E.NON_TROVATO),
        ("apriEmergenza", S.ASSISTENTE_SOCIALE, R.ALTRO_AMBITO, E.NON_TROVATO),
        ("apriEmergenza", S.ASSISTENTE_SOCIALE, R.INCARICO_RISTRETTO, E.VIETATA),
        ("leggiEmergenza", S.COORDINATORE, R.TERRITORIO, E.CONSENTITA),
        ("leggiEmergenza", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.NON_TROVATO),
        ("leggiEmergenza", S.ASSISTENTE_SOCIALE, R.EMERGENZA_SCADUTA, E.CONSENTITA),
        ("riesaminaEmergenza", S.COORDINATORE, R.EMERGENZA, E.CONFLITTO),
        ("chiudiEmergenza", S.COORDINATORE, R.TERRITORIO, E.CONFLITTO),
        ("leggiEmergenza", S.DPO, R.ALTRO_COMUNE, E.CONSENTITA),
        ("elencaAccordi", S.UFFICIO_DI_PIANO, R.ALTRO_AMBITO, E.ASSENTE),
        ("elencaEsclusioni", S.COORDINATORE, R.SQUADRA, E.CONSENTITA),
        ("revocaEsclusione", S.COORDINATORE, R.OPERATORE_ESCLUSO, E.NON_TROVATO),
        ("elencaVociGraduatoria", S.AMMINISTRATIVO_MISURA, R.ALTRO_COMUNE, E.CONSENTITA),
        ("verificaAccessoStorico", S.DPO, R.ALTRO_AMBITO, E.ASSENTE),
        ("cercaPersona", S.SEGRETARIATO, R.ALTRO_COMUNE, E.MINIMA),
        ("cercaPersona", S.SEGRETARIATO, R.ALTRO_AMBITO, E.ASSENTE),
        ("cercaPersona", S.SEGRETARIATO, R.PROTETTA_IN_SQUADRA, E.ASSENTE),
        ("leggiCasoPippi", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.NON_TROVATO),
        ("leggiCasoPippi", S.ASSISTENTE_SOCIALE, R.SQUADRA, E.NON_TROVATO),
        ("leggiCasoPippi", S.ETS_GESTORE, R.SQUADRA_PIPPI, E.CONSENTITA),
        ("elencaCasiPippi", S.ETS_GESTORE, R.SQUADRA_CESSATA, E.ASSENTE),
        ("leggiGraduatoria", S.AMMINISTRATIVO_MISURA, R.ALTRO_COMUNE, E.CONSENTITA),
        ("leggiGraduatoria", S.AMMINISTRATIVO_MISURA, R.ALTRO_AMBITO, E.NON_TROVATO),
        ("leggiIndicatore", S.COORDINATORE, R.ALTRO_COMUNE, E.CONSENTITA),
        ("elencaContributi", S.COORDINATORE, R.ALTRO_COMUNE, E.ASSENTE),
        ("elencaAudit", S.DPO, R.ALTRO_COMUNE, E.CONSENTITA),
        ("elencaAudit", S.DPO, R.ALTRO_AMBITO, E.ASSENTE),
        ("elencaAudit", S.AMMINISTRATORE_TECNICO, R.TERRITORIO, E.VIETATA),
        ("leggiIo", S.UFFICIO_DI_PIANO, R.ALTRO_AMBITO, E.CONSENTITA),
        ("valutaAccesso", S.ASSISTENTE_SOCIALE, R.TERRITORIO, E.CONSENTITA),
        ("valutaAccesso", S.DPO, R.TERRITORIO, E.ASSENTE),
        ("elencaFlussiWaas", S.AMMINISTRATIVO_MISURA, R.TERRITORIO, E.NON_AUTENTICATA),
    ],
)
def test_caselle_ricavate_a_mano(operazione: str, ruolo: Ruolo, relazione: Relazione, esito: Esito) -> None:
    assert atteso(operazione, ruolo, relazione) is esito


def test_il_conflitto_non_dice_chi_si_vede() -> None:
    """Seen or not, the same conflict; protected or of another ambito, none."""
    esiti = {r: atteso_di_conflitto("apriCartella", S.ASSISTENTE_SOCIALE, r) for r in Relazione}
    assert {r for r, e in esiti.items() if e is E.CONSENTITA} == {R.ALTRO_AMBITO, R.PROTETTA, R.PROTETTA_IN_SQUADRA}
    assert {r for r, e in esiti.items() if e is E.VIETATA} == {R.INCARICO_CESSATO, R.INCARICO_REVOCATO}
    assert atteso_di_conflitto("apriCartella", S.DPO, R.TERRITORIO) is E.VIETATA


def test_un_valore_si_muove_per_chi_vede() -> None:
    esiti = {r: atteso_di_aggregato("leggiIndicatore", S.ASSISTENTE_SOCIALE, r) for r in Relazione}
    assert {r for r, e in esiti.items() if e is E.CONSENTITA} == {R.TERRITORIO, R.DELEGA, *CON_UNA_CONCESSIONE}
    assert esiti[R.ALTRO_AMBITO] is E.NON_TROVATO
    assert atteso_di_aggregato("elencaIndicatori", S.ASSISTENTE_SOCIALE, R.ALTRO_AMBITO) is E.ASSENTE
    assert atteso_di_aggregato("leggiIndicatore", S.DPO, R.TERRITORIO) is E.VIETATA


def test_un_ruolo_senza_classe_non_ha_cio_che_la_chiede(monkeypatch: pytest.MonkeyPatch) -> None:
    """No role has an operation on a class it lacks today; the expectation must know it all the same."""
    sociali = CLASSI_DEL_RUOLO[S.ASSISTENTE_SOCIALE]
    monkeypatch.setitem(CLASSI_DEL_RUOLO, S.ASSISTENTE_SOCIALE, sociali & ~FIGLIE["valutazione"])
    for operazione in ("leggiValutazione", "concludiValutazione", "apriValutazione"):
        assert atteso(operazione, S.ASSISTENTE_SOCIALE, R.TERRITORIO) is E.NON_TROVATO
    assert atteso("leggiProgetto", S.ASSISTENTE_SOCIALE, R.TERRITORIO) is E.CONSENTITA
    monkeypatch.setitem(CLASSI_DEL_RUOLO, S.ASSISTENTE_SOCIALE, sociali & ~FIGLIE["assegnazione"])
    assert atteso("elencaAssegnazioni", S.ASSISTENTE_SOCIALE, R.TERRITORIO) is E.ASSENTE


def test_una_situazione_senza_nulla_non_vede_nulla() -> None:
    vista = vista_di(S.ASSISTENTE_SOCIALE, Situazione("nessuna"))
    assert (vista.territorio, vista.cartella, vista.caso, vista.siede, vista.in_emergenza) == (False,) * 5


def test_ogni_ruolo_ha_la_sua_sigla() -> None:
    assert SIGLE.keys() == set(Ruolo)
    assert len(set(SIGLE.values())) == len(SIGLE)
