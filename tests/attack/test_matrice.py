"""The authorization matrix, whole: every operation × every role × every relation, on real rows. And that it can fail."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from services.cli.authz.attori import Attore
from services.cli.authz.banco import Richiesta
from services.cli.authz.celle import Cella, Matrice
from services.cli.authz.esecutore import Esecutore, prepara
from services.cli.authz.esecuzione import interroga
from services.cli.authz.esercizi import ESERCIZI, Scena
from services.cli.authz.verifiche import Aggregati, Conflitti
from services.core.access.bersagli import BERSAGLI, Modo, Risorsa
from services.core.access.matrice import SENZA_RUOLO, Esito
from services.core.access.operazioni import OPERAZIONI
from services.core.access.ruoli import Ruolo
from services.core.access.situazioni import FINALITA, Relazione
from services.core.platform.errori import NonTrovato
from services.core.platform.settings import Settings
from tests.casa import Admin

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900), pytest.mark.lento]

R, S, E = Relazione, Ruolo, Esito


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def esecutore(settings: Settings) -> AsyncIterator[Esecutore]:
    async with prepara(settings) as pronto:
        yield pronto


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def matrice(esecutore: Esecutore, settings: Settings) -> Matrice:
    return await interroga(esecutore, settings)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def amministratore(settings: Settings) -> AsyncIterator[Admin]:
    connessione = await asyncpg.connect(settings.dsn_admin)
    yield connessione
    await connessione.close()


async def test_nessun_vincolo_aspetta_il_commit(amministratore: Admin) -> None:
    """The bench rolls back instead of committing: a constraint checked at commit would never be."""
    assert await amministratore.fetchval("SELECT count(*) FROM pg_constraint WHERE condeferrable") == 0


@pytest.mark.server
async def test_nessuna_cella_fallisce(matrice: Matrice) -> None:
    assert [cella.come_json() for cella in matrice.fallite] == []
    accessi = [cella for cella in matrice.celle if cella.prova == "accesso"]
    assert len(accessi) == len(OPERAZIONI.keys() | SENZA_RUOLO) * len(Ruolo) * len(Relazione)
    assert len({(c.operazione, c.ruolo, c.relazione) for c in accessi}) == len(accessi)
    assert Counter(c.prova for c in matrice.celle).keys() == {
        "accesso", "conflitto di chiave", "conflitto uniforme", "valore aggregato",
    }  # fmt: skip


async def test_le_celle_provano_nei_due_versi(matrice: Matrice) -> None:
    """An operation that is never allowed, or never refused, would be a cell that cannot fail."""
    visti: dict[str, set[str]] = defaultdict(set)
    for cella in matrice.celle:
        visti[cella.operazione].add(cella.ottenuto)
    for operazione in OPERAZIONI:
        bersaglio = BERSAGLI[operazione]
        assert {E.CONSENTITA, E.VIETATA} <= visti[operazione], operazione
        if bersaglio.risorsa is not Risorsa.AMBITO:
            assert E.NON_TROVATO in visti[operazione], operazione
        elif bersaglio.elenca or bersaglio.modo in (Modo.CERCA, Modo.STORIA, Modo.VALUTA):
            assert E.ASSENTE in visti[operazione], operazione


async def test_la_decisione_e_quella_che_l_operazione_da(esecutore: Esecutore, matrice: Matrice) -> None:
    """The decision endpoint against the real outcome of every operation, for every operator of the world."""
    avuti = {(c.operazione, c.ruolo, c.relazione): c.ottenuto for c in matrice.celle if c.prova == "accesso"}
    confrontate: Counter[bool] = Counter()
    for attore in esecutore.mondo.attori.values():
        corpo = {"subject": {"type": "operatore", "id": str(attore.id)}, "evaluations": _quesiti(esecutore, attore)}
        richiesta = Richiesta("POST", "/access/v1/evaluations", corpo, {"Finalita": FINALITA})
        risposta = await esecutore.banco.manda(attore.soggetto, richiesta)
        if attore.relazione in (R.INCARICO_CESSATO, R.INCARICO_REVOCATO):
            assert risposta.status_code == 403
            continue
        decisioni = risposta.json()["evaluations"]
        for (operazione, bersaglio), decisione in zip(BERSAGLI.items(), decisioni, strict=True):
            avuto = avuti[operazione, attore.ruolo, attore.relazione]
            ha_il_ruolo = attore.ruolo in OPERAZIONI[operazione].ruoli
            passa = ha_il_ruolo and (bersaglio.risorsa is Risorsa.AMBITO or avuto != E.NON_TROVATO)
            assert decisione["decision"] == passa, (operazione, attore.ruolo, attore.relazione)
            motivo = "consentita" if passa else "non-trovato" if ha_il_ruolo else "operazione-non-consentita"
            assert decisione["context"]["id"] == motivo
            confrontate[passa] += 1
    assert confrontate[True] > 1_000
    assert confrontate[False] > 5_000


def _quesiti(esecutore: Esecutore, attore: Attore) -> list[dict[str, Any]]:
    scena = Scena(esecutore.mondo, attore, esecutore.mondo.mira(attore))
    quesiti = []
    for operazione, bersaglio in BERSAGLI.items():
        nome = "caso_id" if bersaglio.risorsa is Risorsa.CASO_PIPPI else f"{bersaglio.risorsa}_id"
        oggetto = ESERCIZI[operazione].nomi.get(nome, nome)
        id_ = attore.scope.ambito_id if bersaglio.risorsa is Risorsa.AMBITO else scena.id(oggetto)
        quesiti.append({"action": {"name": operazione}, "resource": {"type": bersaglio.risorsa, "id": str(id_)}})
    return quesiti


@asynccontextmanager
async def spalancate(admin: Admin, tabelle: str, *nomi: str) -> AsyncIterator[None]:
    """The policies `nomi` of those tables, or all those that grant, let everything through; put back at the end."""
    righe = await admin.fetch(
        """SELECT tablename, policyname, qual, with_check FROM pg_policies
           WHERE tablename = ANY ($1::text[]) AND 'ambito_app' = ANY (roles) AND cmd <> 'INSERT'
             AND (policyname = ANY ($2::text[]) OR (cardinality($2::text[]) = 0 AND permissive = 'PERMISSIVE'))""",
        tabelle.split(),
        list(nomi),
    )
    assert righe, tabelle
    try:
        for riga in righe:
            await admin.execute(_politica(riga["tablename"], riga["policyname"], "true", riga["with_check"] and "true"))
        yield
    finally:
        for riga in righe:
            await admin.execute(_politica(riga["tablename"], riga["policyname"], riga["qual"], riga["with_check"]))


def _politica(tabella: str, nome: str, usa: str, scrive: str | None) -> str:
    return f"ALTER POLICY {nome} ON {tabella} USING ({usa})" + (f" WITH CHECK ({scrive})" if scrive else "")


Domanda = tuple[str, Ruolo, Relazione]
SABOTAGGI: dict[str, tuple[str, tuple[str, ...], list[Domanda]]] = {
    "cartella: ogni riga": (
        "cartella",
        (),
        [
            ("leggiCartella", S.ASSISTENTE_SOCIALE, R.ALTRO_COMUNE),
            ("leggiDomanda", S.SEGRETARIATO, R.SERVIZIO_NON_DELEGATO),
            ("chiudiCartella", S.COORDINATORE, R.DELEGA_CESSATA),
            ("elencaFatti", S.ANTIVIOLENZA, R.PROTETTA),
            ("valutaAccesso", S.CASE_MANAGER, R.INCARICO_RISTRETTO),
            ("redigiProgetto", S.RESPONSABILE_SERVIZIO, R.SQUADRA_DI_ALTRO_ENTE),
        ],
    ),
    "cartella: più ambiti": ("cartella", ("ambito", "visibile"), [("valutaAccesso", S.ASSISTENTE_SOCIALE, R.ALTRO_AMBITO)]),
    "accesso: concessioni di altri e cessate": (
        "accesso",
        ("propri",),
        [
            ("leggiCartella", S.OPERATORE_ASST, R.SQUADRA_CESSATA),
            ("leggiCartella", S.ETS_GESTORE, R.ALTRO_COMUNE),
            ("leggiCasoPippi", S.ASSISTENTE_SOCIALE, R.TERRITORIO),
        ],
    ),
    "persona: chi è protetto nel nucleo": ("persona", (), [("leggiCartella", S.ASSISTENTE_SOCIALE, R.TERRITORIO)]),
    "fatto: ogni classe": ("fatto", ("classe",), [("elencaFatti", S.SEGRETARIATO, R.CLASSE_SUPERIORE)]),
    "valutazione": ("valutazione", (), [("leggiValutazione", S.ASSISTENTE_SOCIALE, R.ALTRO_COMUNE)]),
    "ciò che è precluso": (
        "cartella persona",
        ("non_preclusa",),
        [
            ("leggiCartella", S.ASSISTENTE_SOCIALE, R.OPERATORE_ESCLUSO),
            ("elencaCartelle", S.COORDINATORE, R.OPERATORE_ESCLUSO),
            ("leggiProgetto", S.OPERATORE_ASST, R.OPPOSIZIONE_ACCOLTA),
            ("leggiCartella", S.ETS_GESTORE, R.CONDIVISIONE_REVOCATA),
        ],
    ),
    "esclusioni di ogni cartella": ("esclusione", (), [("revocaEsclusione", S.COORDINATORE, R.ALTRO_COMUNE)]),
    "limitazioni di ogni cartella": ("limitazione", (), [("decidiLimitazione", S.COORDINATORE, R.ALTRO_COMUNE)]),
    "accordi di altri ambiti": ("accordo", ("ambito",), [("elencaAccordi", S.UFFICIO_DI_PIANO, R.ALTRO_AMBITO)]),
    "emergenze di altri territori": (
        "emergenza",
        (),
        [
            ("leggiEmergenza", S.ASSISTENTE_SOCIALE, R.TERRITORIO),
            ("elencaEmergenze", S.COORDINATORE, R.ALTRO_COMUNE),
            ("prendiVisioneEmergenza", S.COORDINATORE, R.SERVIZIO_NON_DELEGATO),
        ],
    ),
    "le parole dell'emergenza, al DPO": ("nota_emergenza", (), [("leggiEmergenza", S.DPO, R.TERRITORIO)]),
    "storia di altri ambiti": ("storia_accesso", ("ambito",), [("verificaAccessoStorico", S.DPO, R.ALTRO_AMBITO)]),
    "caso P.I.P.P.I.": (
        "caso_pippi",
        (),
        [("leggiCasoPippi", S.ASSISTENTE_SOCIALE, R.TERRITORIO), ("elencaCasiPippi", S.COORDINATORE, R.SQUADRA)],
    ),
    "équipe del caso": ("equipe", (), [("elencaEquipe", S.ASSISTENTE_SOCIALE, R.TERRITORIO)]),
    "contributo": ("contributo", (), [("elencaContributi", S.COORDINATORE, R.ALTRO_COMUNE)]),
    "avviso di altri ambiti": ("avviso", ("ambito",), [("elencaAvvisi", S.UFFICIO_DI_PIANO, R.ALTRO_AMBITO)]),
    "indicatori di altri ambiti": (
        "indicatore obiettivo_piano piano",
        ("ambito",),
        [("leggiIndicatore", S.COORDINATORE, R.ALTRO_AMBITO), ("elencaIndicatori", S.COORDINATORE, R.ALTRO_AMBITO)],
    ),
    "graduatoria di altri ambiti": (
        "graduatoria",
        ("ambito",),
        [("leggiGraduatoria", S.AMMINISTRATIVO_MISURA, R.ALTRO_AMBITO)],
    ),
    "incarichi di altri ambiti": (
        "incarico operatore ente",
        ("ambito",),
        [("elencaOperatori", S.COORDINATORE, R.ALTRO_AMBITO)],
    ),
    "audit di altri ambiti": ("audit", ("dpo",), [("elencaAudit", S.DPO, R.ALTRO_AMBITO)]),
}


@pytest.mark.parametrize("nome", SABOTAGGI)
async def test_una_politica_indebolita_si_vede(nome: str, esecutore: Esecutore, amministratore: Admin) -> None:
    tabelle, politiche, domande = SABOTAGGI[nome]
    assert all(cella.ok for cella in await _poni(esecutore, domande))
    async with spalancate(amministratore, tabelle, *politiche):
        for cella in await _poni(esecutore, domande):
            assert not cella.ok, cella
    assert all(cella.ok for cella in await _poni(esecutore, domande))


async def _poni(esecutore: Esecutore, domande: list[Domanda]) -> list[Cella]:
    return [await esecutore.chiedi(esecutore.operazioni[o], esecutore.mondo.attori[r, rel]) for o, r, rel in domande]


async def test_una_classe_di_troppo_si_vede(esecutore: Esecutore, amministratore: Admin) -> None:
    """The classes of a role are read from the database: were they wider there than in the rule, the facts would show it."""
    domanda = [("elencaFatti", S.SEGRETARIATO, R.TERRITORIO)]
    await amministratore.execute("UPDATE regola_ruolo SET classi = 63 WHERE ruolo = 'segretariato'")
    try:
        [cella] = await _poni(esecutore, domanda)
        assert "trapela fatto di «bersaglio»" in cella.difetti
    finally:
        await amministratore.execute("UPDATE regola_ruolo SET classi = 3 WHERE ruolo = 'segretariato'")
    assert all(cella.ok for cella in await _poni(esecutore, domanda))


async def test_una_protezione_tolta_si_vede(esecutore: Esecutore, amministratore: Admin) -> None:
    """A person no longer protected is found by her code, and stands in the unique key."""
    attore = esecutore.mondo.attori[S.SEGRETARIATO, R.PROTETTA]
    domanda = [("cercaPersona", S.SEGRETARIATO, R.PROTETTA)]
    conflitti, corredo = Conflitti(esecutore), esecutore.mondo.mira(attore)
    assert (await conflitti.uno("apriCartella", attore)).ok
    await amministratore.execute("UPDATE cartella SET riservata = false WHERE id = $1", corredo.vista.id)
    await amministratore.execute("UPDATE persona SET protetta = false WHERE id = $1", corredo.ids["persona_id"])
    try:
        assert not any(cella.ok for cella in await _poni(esecutore, domanda))
        assert (await conflitti.uno("apriCartella", attore)).ottenuto == E.CONFLITTO
    finally:
        await amministratore.execute("UPDATE cartella SET riservata = true WHERE id = $1", corredo.vista.id)
    assert all(cella.ok for cella in await _poni(esecutore, domanda))


async def test_un_valore_che_si_muove_per_chi_non_vede_si_vede(
    esecutore: Esecutore, settings: Settings, amministratore: Admin
) -> None:
    async with spalancate(amministratore, "contributo"):
        celle = await Aggregati(esecutore, settings).tutti(lambda: None)
    nascoste = [c for c in celle if c.atteso == E.ASSENTE and c.relazione != R.ALTRO_AMBITO]
    assert nascoste
    assert not any(cella.ok for cella in nascoste)


async def test_un_rifiuto_che_distingue_si_vede(esecutore: Esecutore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the text of a 404 to depend on what was sought, hidden and missing could be told apart."""
    monkeypatch.setattr(NonTrovato, "cercando", classmethod(lambda cls, oggetto: cls(f"Non trovato: {oggetto}")))
    domanda: list[Domanda] = [("leggiProgetto", S.COORDINATORE, R.ALTRO_COMUNE)]
    [cella] = await _poni(esecutore, domanda)
    assert (cella.ottenuto, cella.ok) == (E.NON_TROVATO, False)


async def test_un_incarico_che_non_finisce_si_vede(esecutore: Esecutore, amministratore: Admin) -> None:
    attore = esecutore.mondo.attori[S.ASSISTENTE_SOCIALE, R.INCARICO_CESSATO]
    domanda = [("leggiCartella", S.ASSISTENTE_SOCIALE, R.INCARICO_CESSATO)]
    prima = await amministratore.fetchval("SELECT al FROM incarico WHERE operatore_id = $1", attore.id)
    await amministratore.execute("UPDATE incarico SET al = NULL WHERE operatore_id = $1", attore.id)
    try:
        assert not any(cella.ok for cella in await _poni(esecutore, domanda))
    finally:
        await amministratore.execute("UPDATE incarico SET al = $2 WHERE operatore_id = $1", attore.id, prima)
    assert all(cella.ok for cella in await _poni(esecutore, domanda))
