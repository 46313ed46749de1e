"""The broker of the wake-ups, without a server: what it refuses, what it is made of, when names are woken."""

import re
import threading
from pathlib import Path

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import AgeLimit, AsyncIO, TimeLimit
from dramatiq_postgres import generate_init_sql

from services.core.platform.coda import nome_coda
from services.core.platform.pg import ruoli
from services.worker import sveglie as modulo
from services.worker.broker import BrokerPostgres, BrokerRabbit, crea_broker
from services.worker.nomi import INVII, PULIZIA
from services.worker.sveglie import ATTORE, Orario, Sveglie

RADICE = Path(__file__).resolve().parents[2]
DSN = "postgresql://nessuno@127.0.0.1:1/nessuno"


@pytest.fixture(params=[None, "amqp://guest:guest@127.0.0.1:1/"])
def broker(request):
    broker = crea_broker(request.param, DSN, fili=2)
    yield broker
    broker.close()


def test_la_scelta_dipende_dal_solo_indirizzo():
    per_url = {url: crea_broker(url, DSN, fili=2) for url in (None, "amqp://guest:guest@127.0.0.1:1/")}
    assert [type(b) for b in per_url.values()] == [BrokerPostgres, BrokerRabbit]
    for broker in per_url.values():
        broker.close()


def test_componenti_dichiarati_e_nient_altro(broker):
    assert [type(m) for m in broker.middleware] == [AgeLimit, TimeLimit, AsyncIO]


def test_nessun_ritardo_e_nessuna_coda_di_ritardi(broker):
    messaggio = dramatiq.Message(queue_name="prova", actor_name=ATTORE, args=("x",), kwargs={}, options={})
    with pytest.raises(ValueError, match="prossimo_tentativo"):
        broker.enqueue(messaggio, delay=1000)
    broker.declare_queue("prova")
    assert broker.get_declared_queues() == {"prova"}
    assert broker.get_declared_delay_queues() == set()


def test_il_server_assente_e_un_errore_e_non_un_silenzio():
    broker = crea_broker("amqp://guest:guest@127.0.0.1:1/?connection_attempts=1", DSN, fili=1)
    with pytest.raises(ConnectionClosed):
        broker.enqueue(dramatiq.Message(queue_name="prova", actor_name=ATTORE, args=("x",), kwargs={}, options={}))
    broker.close()


def test_due_installazioni_hanno_due_code():
    assert nome_coda("postgresql://u:p@h/ambito-lodi?host=/x") == "ambito_sveglie_ambito_lodi"
    assert nome_coda("postgresql://h/a") != nome_coda("postgresql://h/b")


def _essenza(sql: str) -> list[str]:
    senza_commenti = re.sub(r"--[^\n]*", "", sql).replace("IF NOT EXISTS ", "")
    return [" ".join(c.split()) for c in senza_commenti.split(";") if c.strip()]


def test_lo_schema_congelato_e_quello_che_il_pacchetto_si_aspetta():
    congelato = _essenza((RADICE / "migrations/sql/dramatiq.sql").read_text("utf-8"))
    assert congelato == _essenza(generate_init_sql())


@pytest.mark.parametrize("nome", ["", "Webhooks", "webhooks; DROP", 'a"b', "1a", "a" * 40])
def test_il_nome_di_un_lettore_non_puo_portare_altro_sql(nome):
    with pytest.raises(ValueError, match="lettore"):
        ruoli.lettore(nome)
    assert ruoli.lettore("webhooks") == "ambito_lettore_webhooks"


class TestSveglie:
    def test_le_richieste_che_si_accavallano_diventano_una(self):
        broker, blocco, entrato, fatti = StubBroker(middleware=[]), threading.Event(), threading.Event(), []

        def lento(messaggio):
            entrato.set()
            blocco.wait(5)
            fatti.append(messaggio.args[0])

        broker.enqueue = lento
        sveglie = Sveglie(broker, "prova")
        sveglie.chiedi(["piano"])
        assert entrato.wait(5)
        for _ in range(50):
            sveglie.chiedi(["webhooks", "piano"])
        blocco.set()
        sveglie._filo.shutdown(wait=True)
        assert fatti == ["piano", "piano", "webhooks"]

    def test_il_broker_assente_non_ferma_chi_chiede(self, monkeypatch):
        monkeypatch.setattr(modulo, "RIPRESA_S", 0.0)
        broker, prove = StubBroker(middleware=[]), []

        def assente(messaggio):
            prove.append(messaggio.args[0])
            raise ConnectionClosed("assente")

        broker.enqueue = assente
        sveglie = Sveglie(broker, "prova")
        sveglie.chiedi(["piano"])
        sveglie._filo.submit(lambda: None).result(5)
        sveglie.chiedi(["webhooks"])
        sveglie._filo.shutdown(wait=True)
        assert prove == ["piano", "webhooks"]
        sveglie.chiedi(["dopo la chiusura"])

    def test_orario(self, monkeypatch):
        ora, chiesti = [100.0], []
        monkeypatch.setattr(modulo.time, "monotonic", lambda: ora[0])
        orario = Orario(["piano", "webhooks"], lambda nomi: chiesti.append(sorted(nomi)))
        for passo in (0.0, 0.5, 0.6, 4.0, 0.1):
            ora[0] += passo
            orario.giro()
        assert chiesti == [sorted([INVII, PULIZIA, "piano", "webhooks"]), [INVII], sorted([INVII, "piano", "webhooks"])]
