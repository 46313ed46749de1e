"""Filter = policies = predicate: on random worlds the three forms of the scope rule show the same cartelle.

Each world lives in one plain transaction (no savepoints: `SET LOCAL` survives a released one) that is rolled back.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.access import regola
from services.core.access.regola import AccessoVisto, CartellaVista, Scope
from services.core.access.ruoli import RUOLI_TERRITORIALI, Ruolo
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


@dataclass(frozen=True)
class Mondo:
    """Two ambiti of two Comuni and two services each, one operator acting under one incarico."""

    deleghe: list[tuple[int, int, tuple[date, date | None]]]
    incarico: IncaricoFinto
    cartelle: list[tuple[int, int, bool]]
    accessi: list[tuple[int, int, bool, tuple[date, date | None]]]


ambiti = st.integers(0, 1)
mondi = st.builds(
    Mondo,
    deleghe=st.lists(st.tuples(ambiti, st.integers(0, 3), intervalli), max_size=6),
    incarico=st.builds(
        IncaricoFinto,
        ambito=ambiti,
        ente=st.integers(0, 3),
        ruolo=st.sampled_from(Ruolo),
        comuni=st.none() | st.lists(st.integers(0, 1), unique=True, max_size=2),
        servizi=st.none() | st.lists(st.sampled_from(SERVIZI), unique=True, max_size=2),
        dal=st.just(GIORNO),
        al=st.none() | st.just(GIORNO),
    ),
    cartelle=st.lists(st.tuples(ambiti, st.integers(0, 3), st.booleans()), min_size=1, max_size=10),
    accessi=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans(), intervalli), max_size=8),
)


class Scena:
    """A world written in the database, and what the rule says of it in Python."""

    def __init__(self, cur: psycopg.Cursor[tuple[object, ...]], mondo: Mondo) -> None:
        self.cur, self.mondo = cur, mondo
        self.operatore, self.collega = nuovo_id(), nuovo_id()
        self.comuni: dict[tuple[int, int], int] = {}
        self.enti: dict[tuple[int, int], UUID] = {}
        self.competenze: dict[tuple[int, int], int] = {}
        self._territorio()
        self.incarico = self._incarico()
        self.cartelle = [self._cartella(*c) for c in mondo.cartelle]
        self.accessi = [self._accesso(*a) for a in mondo.accessi]

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
        return CartellaVista(cartella, AMBITI[a], self.competenze[a, k], riservata)

    def _accesso(self, n: int, e: int, mio: bool, periodo: tuple[date, date | None]) -> AccessoVisto:
        cartella = self.cartelle[n % len(self.cartelle)]
        visto = AccessoVisto(
            ambito_id=cartella.ambito_id,
            cartella_id=cartella.id,
            operatore_id=self.operatore if mio else self.collega,
            ente_id=self.enti[AMBITI.index(cartella.ambito_id), e],
            dal=periodo[0],
            al=periodo[1],
        )
        self.cur.execute(
            "INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al)"
            " VALUES (%s, %s, %s, %s, %s, 'equipe', %s, %s, %s)",
            (nuovo_id(), visto.ambito_id, visto.cartella_id, visto.operatore_id, visto.ente_id, nuovo_id(), visto.dal, visto.al),
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
        return Scope(AMBITI[i.ambito], self.operatore, self.enti[i.ambito, i.ente], competenze, GIORNO)

    def entra(self) -> None:
        self.cur.execute("SET LOCAL ROLE ambito_app")
        ruoli = [r.value for r in Ruolo]
        self.cur.execute("SELECT app_entra(%s, %s, %s, %s)", (self.operatore, self.incarico, ruoli, GIORNO))


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
    connessione.rollback()
