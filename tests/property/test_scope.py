"""Filter = policies = predicate: on random worlds the three forms of the scope rule show the same cartelle.

What hangs from a cartella follows it, within the data classes: persons and facts are compared too. The worlds hold what keeps a
cartella from an operator: exclusions, agreements with their purposes and days, limitations.

Each world lives in one plain transaction (no savepoints: `SET LOCAL` survives a released one) that is rolled back.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.access import preclusione, regola
from services.core.access.preclusione import CondivisioneVista, EsclusioneVista, LimitazioneVista
from services.core.access.regola import AccessoVisto, CartellaVista, Scope
from services.core.access.ruoli import RUOLI_PER_ACCORDO, RUOLI_TERRITORIALI, Classe, Finalita, Ruolo
from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from tests.ambiente import Server

GIORNO = date(2025, 9, 15)
AMBITI = (8001, 8002)
SERVIZI = ("servizio_uno", "servizio_due")
CREATA = datetime(2025, 1, 1, tzinfo=UTC)

giorni = st.integers(-2, 2).map(lambda n: GIORNO + timedelta(days=n))
intervalli = st.tuples(giorni, st.none() | giorni).map(lambda c: (c[0], max(c) if c[1] is not None else None))


@dataclass(frozen=True)
class IncaricoFinto:
    ambito: int
    ente: int
    """0 and 1: the enti of the two Comuni; 2: the azienda; 3: the ASST."""
    ruolo: Ruolo
    comuni: list[int] | None
    servizi: list[str] | None
    dal: date
    al: date | None


Periodo = tuple[date, date | None]
Deleghe = list[tuple[int, int, tuple[date, date | None]]]


@dataclass(frozen=True)
class Mondo:
    """Two ambiti of two Comuni and two services each, one operator acting under one incarico."""

    deleghe: Deleghe
    incarico: IncaricoFinto
    cartelle: list[tuple[int, int, bool]]
    accessi: list[tuple[int, int, bool, bool, int | None, Periodo]]
    """Minutes from now to when one opened in emergency expires; None: of a team."""
    esclusioni: list[tuple[int, bool, bool, Periodo]]
    condivisioni: list[tuple[int, Classe, Finalita, bool, Periodo, Periodo]]
    limitazioni: list[tuple[int, bool, Periodo]]
    conviventi: list[tuple[int, int]]
    finalita: Finalita | None


ambiti = st.integers(0, 1)
scadenze = st.none() | st.sampled_from((-60, 60))
classi = st.integers(1, 63).map(Classe) | st.just(Classe.IDENTITA | Classe.BISOGNO)
finalita = st.sampled_from((Finalita.PRESA_IN_CARICO, Finalita.VALUTAZIONE))
deleghe = st.lists(st.tuples(ambiti, st.integers(0, 3), intervalli), max_size=6)


def sovrapposta(altre: Deleghe, a: int, k: int, periodo: tuple[date, date | None]) -> bool:
    """Whether the competenza has, on one of those days, another delega: the database takes no two."""
    dal, al = periodo
    return any((a, k) == (b, j) and dal <= (fine or date.max) and inizio <= (al or date.max) for b, j, (inizio, fine) in altre)


mondi = st.builds(
    Mondo,
    deleghe=deleghe.map(lambda d: [x for i, x in enumerate(d) if not sovrapposta(d[:i], *x)]),
    incarico=st.builds(
        IncaricoFinto,
        ambito=ambiti,
        ente=st.integers(0, 3),
        ruolo=st.sampled_from(Ruolo) | st.sampled_from(sorted(RUOLI_PER_ACCORDO)),
        comuni=st.none() | st.lists(st.integers(0, 1), unique=True, max_size=2),
        servizi=st.none() | st.lists(st.sampled_from(SERVIZI), unique=True, max_size=2),
        dal=st.just(GIORNO),
        al=st.none() | st.just(GIORNO),
    ),
    cartelle=st.lists(st.tuples(ambiti, st.integers(0, 3), st.booleans()), min_size=1, max_size=10),
    accessi=st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans(), st.booleans(), scadenze, intervalli), max_size=8
    ),
    esclusioni=st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans(), intervalli), max_size=4),
    condivisioni=st.lists(
        st.tuples(st.integers(0, 3), classi, finalita, st.integers(0, 4).map(lambda n: n == 0), intervalli, intervalli),
        max_size=6,
    ),
    limitazioni=st.lists(st.tuples(st.integers(0, 9), st.booleans(), intervalli), max_size=4),
    conviventi=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6, unique=True),
    finalita=finalita | st.none(),
)

NOTI = ((Ruolo.ASSISTENTE_SOCIALE, 0), (Ruolo.OPERATORE_ASST, 3), (Ruolo.ETS_GESTORE, 3))
spesso, di_rado = st.sampled_from((True, True, True, False)), st.sampled_from((False, False, False, True))
vivi = st.sampled_from([(GIORNO, None), (GIORNO, GIORNO), (GIORNO - timedelta(days=1), None)])
mondi_noti = st.builds(
    Mondo,
    deleghe=st.just([]),
    incarico=st.sampled_from(NOTI).map(lambda r: IncaricoFinto(0, r[1], r[0], None, None, GIORNO, None)),
    cartelle=st.lists(st.tuples(st.just(0), st.integers(0, 1), di_rado), min_size=2, max_size=4),
    accessi=st.lists(st.tuples(st.integers(0, 1), st.just(3), spesso, di_rado, st.none(), vivi), min_size=1, max_size=2),
    esclusioni=st.lists(st.tuples(st.integers(0, 3), spesso, st.booleans(), vivi | intervalli), max_size=2),
    condivisioni=st.lists(
        st.tuples(st.just(3), classi.map(lambda c: c | Classe.IDENTITA), finalita, di_rado, vivi | intervalli, vivi | intervalli),
        min_size=1,
        max_size=3,
    ),
    limitazioni=st.lists(st.tuples(st.integers(0, 3), spesso, vivi | intervalli), min_size=1, max_size=2),
    conviventi=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), min_size=1, max_size=3, unique=True),
    finalita=finalita,
)
"""Worlds in which the operator sees something unless it is kept from her: in the others that is rare, and a fault of what
keeps would pass."""


class Scena:
    """A world written in the database, and what the rule says of it in Python."""

    def __init__(self, cur: psycopg.Cursor[tuple[object, ...]], mondo: Mondo) -> None:
        self.cur, self.mondo = cur, mondo
        self.operatore, self.collega = nuovo_id(), nuovo_id()
        self.comuni: dict[tuple[int, int], int] = {}
        self.enti: dict[tuple[int, int], UUID] = {}
        self.competenze: dict[tuple[int, int], int] = {}
        self.persone: dict[UUID, UUID] = {}
        self.nucleo_di: dict[UUID, UUID] = {}
        self._territorio()
        self.incarico = self._incarico()
        self.cartelle = [self._cartella(*c) for c in mondo.cartelle]
        self.nuclei = {c.id: {c.id} for c in self.cartelle}
        for n, m in mondo.conviventi:
            self._convive(n, m)
        self.accessi = [self._accesso(*a) for a in mondo.accessi]
        self.esclusioni = [self._esclusione(*e) for e in mondo.esclusioni]
        self.condivisioni = [self._condivisione(*c) for c in mondo.condivisioni]
        self.limitazioni = [self._limitazione(*x) for x in mondo.limitazioni]

    def _uno(self, sql: str, *valori: object) -> object:
        riga = self.cur.execute(sql, valori).fetchone()
        assert riga is not None
        return riga[0]

    def _territorio(self) -> None:
        self.cur.executemany("INSERT INTO servizio VALUES (%s, %s) ON CONFLICT DO NOTHING", [(s, s) for s in SERVIZI])
        for o in (self.operatore, self.collega):
            self.cur.execute("INSERT INTO operatore VALUES (%s, 'prova', %s, 'Zzq', 'Zzq')", (o, str(o)))
        for a, ambito in enumerate(AMBITI):
            self.cur.execute("INSERT INTO ambito VALUES (%s, %s, 'Prova')", (ambito, f"prova-{ambito}"))
            for c in range(2):
                sql = (
                    "INSERT INTO comune (ambito_id, codice_istat, codice_belfiore, denominazione)"
                    " VALUES (%s, %s, 'Z999', 'Prova') RETURNING id"
                )
                self.comuni[a, c] = int(str(self._uno(sql, ambito, f"99900{c}")))
                for s, servizio in enumerate(SERVIZI):
                    sql = "INSERT INTO competenza (ambito_id, comune_id, servizio) VALUES (%s, %s, %s) RETURNING id"
                    self.competenze[a, c * 2 + s] = int(str(self._uno(sql, ambito, self.comuni[a, c], servizio)))
            for e, tipo in enumerate(("comune", "comune", "azienda", "asst")):
                self.enti[a, e] = nuovo_id()
                self.cur.execute(
                    "INSERT INTO ente (id, ambito_id, tipo, codice, denominazione, comune_id)"
                    " VALUES (%s, %s, %s, %s, 'Prova', %s)",
                    (self.enti[a, e], ambito, tipo, f"ente-{e}", self.comuni[a, e] if e < 2 else None),
                )
        for a, k, (dal, al) in self.mondo.deleghe:
            self.cur.execute(
                "INSERT INTO delega (id, ambito_id, competenza_id, ente_gestore_id, dal, al) VALUES (%s, %s, %s, %s, %s, %s)",
                (nuovo_id(), AMBITI[a], self.competenze[a, k], self.enti[a, 2], dal, al),
            )

    def _incarico(self) -> UUID:
        i, id_ = self.mondo.incarico, nuovo_id()
        comuni = None if i.comuni is None else [self.comuni[i.ambito, c] for c in i.comuni]
        self.cur.execute(
            "INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, comuni, servizi, dal, al)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (id_, self.operatore, AMBITI[i.ambito], self.enti[i.ambito, i.ente], i.ruolo.value, comuni, i.servizi, i.dal, i.al),
        )
        return id_

    def _cartella(self, a: int, k: int, riservata: bool) -> CartellaVista:
        persona, nucleo, cartella = nuovo_id(), nuovo_id(), nuovo_id()
        self.cur.execute(
            "INSERT INTO persona (id, versione, ambito_id, cognome, nome, data_nascita, sesso, comune_residenza_id,"
            " cittadinanza, protetta)"
            " VALUES (%s, 1, %s, 'Zzq', 'Zzq', '1960-01-01', 'F', %s, '380', false)",
            (persona, AMBITI[a], self.comuni[a, k // 2]),
        )
        self.cur.execute("INSERT INTO nucleo VALUES (%s, %s)", (nucleo, AMBITI[a]))
        self.cur.execute(
            "INSERT INTO cartella (id, versione, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata,"
            " aperta_il, creata_il)"
            " VALUES (%s, 1, %s, %s, %s, %s, 'aperta', %s, '2025-01-01', %s)",
            (cartella, AMBITI[a], persona, nucleo, self.competenze[a, k], riservata, CREATA),
        )
        self.persone[cartella], self.nucleo_di[cartella] = persona, nucleo
        self._abita(AMBITI[a], nucleo, persona)
        for classe in Classe:
            self.cur.execute(
                "INSERT INTO fatto (id, ambito_id, cartella_id, tipo, classe, valore, fonte, schema_dati, valido_dal)"
                " VALUES (%s, %s, %s, 'prova', %s, '{}', 'prova', 'prova/1', '2025-01-01')",
                (nuovo_id(), AMBITI[a], cartella, int(classe)),
            )
        return CartellaVista(cartella, AMBITI[a], self.competenze[a, k], riservata)

    def _abita(self, ambito: int, nucleo: UUID, persona: UUID) -> None:
        self.cur.execute(
            "INSERT INTO componente (id, ambito_id, nucleo_id, persona_id, relazione, dal) VALUES (%s, %s, %s, %s, 'altro', %s)",
            (nuovo_id(), ambito, nucleo, persona, GIORNO),
        )

    def _convive(self, n: int, m: int) -> None:
        """The person of the second cartella joins the household of the first, when the two are of one ambito."""
        di, chi = (self.cartelle[i % len(self.cartelle)] for i in (n, m))
        if di.ambito_id == chi.ambito_id and chi.id not in self.nuclei[di.id]:
            self.nuclei[di.id].add(chi.id)
            self._abita(di.ambito_id, self.nucleo_di[di.id], self.persone[chi.id])

    def _esclusione(self, n: int, mia: bool, chiusa: bool, periodo: Periodo) -> EsclusioneVista:
        cartella = self.cartelle[n % len(self.cartelle)]
        chi = self.operatore if mia else self.collega
        vista = EsclusioneVista(cartella.id, chi, *periodo, revocata=chiusa and periodo[1] is not None)
        self.cur.execute(
            "INSERT INTO esclusione (id, versione, ambito_id, cartella_id, operatore_id, motivo, dal, al, revocata_il)"
            " VALUES (%s, 1, %s, %s, %s, 'parentela', %s, %s, CASE WHEN %s THEN now() END)",
            (nuovo_id(), cartella.ambito_id, cartella.id, chi, *periodo, vista.revocata),
        )
        return vista

    def _condivisione(
        self, e: int, classi: Classe, finalita: Finalita, su_consenso: bool, periodo: Periodo, accordo: Periodo
    ) -> CondivisioneVista:
        ambito, testata = self.mondo.incarico.ambito, nuovo_id()
        base = "consenso" if su_consenso else "gdpr_9_2_h"
        self.cur.execute(
            "INSERT INTO accordo (id, ambito_id, codice, titolo, estremi, base_giuridica, norma, dal, al)"
            " VALUES (%s, %s, %s, 'Prova', 'Prova', %s, 'Prova', %s, %s)",
            (testata, AMBITI[ambito], str(testata), base, *accordo),
        )
        self.cur.execute(
            "INSERT INTO condivisione (id, ambito_id, accordo_id, ente_id, classi, finalita, dal, al)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (nuovo_id(), AMBITI[ambito], testata, self.enti[ambito, e], int(classi), finalita.value, *periodo),
        )
        return CondivisioneVista(self.enti[ambito, e], classi, finalita, *periodo, *accordo, su_consenso)

    def _limitazione(self, n: int, accolta: bool, periodo: Periodo) -> LimitazioneVista:
        cartella = self.cartelle[n % len(self.cartelle)]
        dal, al = periodo if accolta else (None, None)
        self.cur.execute(
            "INSERT INTO limitazione"
            " (id, versione, ambito_id, cartella_id, tipo, richiesta_il, motivazione, esito, decisa_il, dal, al)"
            " VALUES (%s, 1, %s, %s, 'opposizione', '2025-01-01', 'Prova', %s, '2025-01-02', %s, %s)",
            (nuovo_id(), cartella.ambito_id, cartella.id, "accolta" if accolta else "respinta", dal, al),
        )
        return LimitazioneVista(cartella.id, accolta, dal, al)

    def _accesso(self, n: int, e: int, mio: bool, chiuso: bool, scade: int | None, periodo: Periodo) -> AccessoVisto:
        cartella = self.cartelle[n % len(self.cartelle)]
        visto = AccessoVisto(
            ambito_id=cartella.ambito_id,
            cartella_id=cartella.id,
            operatore_id=self.operatore if mio else self.collega,
            ente_id=self.enti[AMBITI.index(cartella.ambito_id), e],
            dal=periodo[0],
            al=periodo[1],
            revocato=chiuso and periodo[1] is not None,
            scade_il=None if scade is None else adesso() + timedelta(minutes=scade),
        )
        self.cur.execute(
            "INSERT INTO accesso"
            " (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al, revocato_il, scade_il)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN now() END, %s)",
            (
                *(nuovo_id(), visto.ambito_id, visto.cartella_id, visto.operatore_id, visto.ente_id),
                *("equipe" if scade is None else "emergenza", nuovo_id()),
                *(visto.dal, visto.al, visto.revocato, visto.scade_il),
            ),
        )
        return visto

    def scope(self) -> Scope:
        """The scope as the rule of territory says it, computed here and not in SQL."""
        i = self.mondo.incarico
        proprie = {k for (a, k) in self.competenze if a == i.ambito and i.ente < 2 and k // 2 == i.ente}
        delegate = {
            k
            for a, k, (dal, al) in self.mondo.deleghe
            if a == i.ambito and i.ente == 2 and dal <= GIORNO and (al is None or al >= GIORNO)
        }
        ammesse = {
            k
            for k in proprie | delegate
            if i.ruolo in RUOLI_TERRITORIALI
            and (i.comuni is None or k // 2 in i.comuni)
            and (i.servizi is None or SERVIZI[k % 2] in i.servizi)
        }
        competenze = frozenset(self.competenze[i.ambito, k] for k in ammesse)
        escluse = preclusione.escluse(i.ruolo, self.classi(), self.operatore, GIORNO, self.esclusioni, self.limitazioni)
        return Scope(AMBITI[i.ambito], self.operatore, self.enti[i.ambito, i.ente], competenze, GIORNO, adesso(), escluse)

    def classi(self) -> Classe:
        """The data classes of the request, as the rule says them."""
        i = self.mondo.incarico
        return preclusione.classi_viste(i.ruolo, self.enti[i.ambito, i.ente], self.mondo.finalita, GIORNO, self.condivisioni)

    def persone_viste(self, scope: Scope, viste: set[UUID]) -> set[UUID]:
        """The persons of the cartelle seen, and of their households who is not protected; nobody of a cartella kept from her."""
        di_casa = {c for vista in viste for c in self.nuclei[vista]}
        protette = {c.id for c in self.cartelle if c.riservata}
        precluse = scope.escluse or frozenset()
        return {self.persone[c] for c in (viste | (di_casa - protette)) - precluse}

    def entra(self) -> None:
        self.cur.execute("SET LOCAL ROLE ambito_app")
        ruoli = [r.value for r in Ruolo]
        argomenti = (self.operatore, self.incarico, ruoli, GIORNO, self.mondo.finalita)
        assert self._uno("SELECT classi FROM app_entra(%s, %s, %s, %s, %s)", *argomenti) == int(self.classi())


@pytest.fixture(scope="module")
def connessione(server: Server, modello: str):  # type: ignore[no-untyped-def]  # a generator of psycopg connections
    nome = server.clona(modello)
    with psycopg.connect(server.settings(nome).dsn_admin) as aperta:
        yield aperta
    server.elimina(nome)


@pytest.mark.server
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mondo=mondi)
def test_le_tre_forme_della_regola_coincidono(connessione: psycopg.Connection[tuple[object, ...]], mondo: Mondo) -> None:
    confronta(connessione, mondo)


@pytest.mark.server
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mondo=mondi_noti)
def test_le_tre_forme_coincidono_dove_qualcosa_si_vede(connessione: psycopg.Connection[tuple[object, ...]], mondo: Mondo) -> None:
    confronta(connessione, mondo)


def confronta(connessione: psycopg.Connection[tuple[object, ...]], mondo: Mondo) -> None:
    """Write the world, enter it, and compare what the database shows with what the rule says."""
    with connessione.cursor() as cur:
        scena = Scena(cur, mondo)
        scope = scena.scope()
        scena.entra()
        politiche = {r[0] for r in cur.execute("SELECT id FROM cartella").fetchall()}
        lista = regola.lista("id, creata_il", "true", "1000")
        elenco = [r[0] for r in cur.execute(lista).fetchall()]  # type: ignore[arg-type]  # a rendered constant, not a literal
        predicato = {c.id for c in scena.cartelle if regola.puo_vedere(scope, c, scena.accessi)}
        for cartella in scena.cartelle:
            visibile = cur.execute("SELECT 1 FROM cartella WHERE id = %s", (cartella.id,)).fetchone() is not None
            assert visibile == (cartella.id in predicato)
        assert politiche == predicato
        assert len(elenco) == len(set(elenco))
        assert set(elenco) == predicato
        persone = {r[0] for r in cur.execute("SELECT id FROM persona").fetchall()}
        assert persone == scena.persone_viste(scope, predicato)
        fatti = set(cur.execute("SELECT cartella_id, classe FROM fatto").fetchall())
        assert fatti == {(c, int(classe)) for c in predicato for classe in scena.classi()}
    connessione.rollback()
