"""Metrics for Prometheus: requests by route and status, how long they took, and what the worker has still to do.

No label ever carries an identifier or a path value: route templates, methods, statuses and names of readers only.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRO = CollectorRegistry()
DEL_DATABASE = CollectorRegistry()
"""What is read from the database, and exposed only when it could be read: an old number would look like a good one."""

LIMITI_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds, in seconds, of the classes in which the duration of requests is counted."""


class Richieste(Collector):
    """Requests by method, route template and status, and how long they took.

    Counted in plain dictionaries by the one thread that answers, and turned into metrics only when they are asked for.
    """

    def __init__(self) -> None:
        self._contate: dict[tuple[str, str, int], int] = {}
        self._durate: dict[tuple[str, str], list[float]] = {}

    def osserva(self, metodo: str, rotta: str, stato: int, secondi: float) -> None:
        """Count one answered request."""
        self._contate[metodo, rotta, stato] = self._contate.get((metodo, rotta, stato), 0) + 1
        durate = self._durate.get((metodo, rotta))
        if durate is None:
            durate = self._durate[metodo, rotta] = [0.0] * (len(LIMITI_S) + 2)
        durate[bisect_left(LIMITI_S, secondi)] += 1
        durate[-1] += secondi

    def collect(self) -> Iterable[Metric]:
        """Return the families, as prometheus-client asks of a collector."""
        conteggi = CounterMetricFamily("ambito_richieste_http", "Richieste servite.", labels=("metodo", "rotta", "stato"))
        for (metodo, rotta, stato), volte in list(self._contate.items()):
            conteggi.add_metric((metodo, rotta, str(stato)), volte)
        durate = HistogramMetricFamily(
            "ambito_durata_richieste_secondi", "Durata delle richieste, in secondi.", labels=("metodo", "rotta")
        )
        nomi = (*(str(limite) for limite in LIMITI_S), "+Inf")
        for etichette, valori in list(self._durate.items()):
            cumulati = accumulate(valori[:-1])
            durate.add_metric(etichette, list(zip(nomi, cumulati, strict=True)), sum_value=valori[-1])
        return (conteggi, durate)


RICHIESTE = Richieste()
REGISTRO.register(RICHIESTE)
osserva_richiesta = RICHIESTE.osserva
"""`rotta` is the template (`/cartelle/{id}`), never the path."""

CODE = {
    "eventi_da_numerare": Gauge("ambito_eventi_da_numerare", "Eventi che il sequenziatore deve numerare.", registry=DEL_DATABASE),
    "ultima_posizione": Gauge("ambito_ultima_posizione", "Ultima posizione data nel registro eventi.", registry=DEL_DATABASE),
    "consegne_in_attesa": Gauge("ambito_consegne_in_attesa", "Consegne di webhook ancora da fare.", registry=DEL_DATABASE),
    "eta_xmin": Gauge(
        "ambito_eta_xmin_transazioni", "Età, in transazioni, dell'istantanea più vecchia aperta.", registry=DEL_DATABASE
    ),
}
SIGILLO = {
    "audit_da_sigillare": Gauge("ambito_audit_da_sigillare", "Righe dell'audit non ancora sigillate.", registry=DEL_DATABASE),
    "audit_da_sigillare_secondi": Gauge(
        "ambito_audit_da_sigillare_secondi",
        "Da quanto attende la più vecchia riga da sigillare, in secondi.",
        registry=DEL_DATABASE,
    ),
    "teste_da_testimoniare": Gauge(
        "ambito_teste_da_testimoniare", "Teste dell'audit che il testimone non ha ancora controfirmato.", registry=DEL_DATABASE
    ),
    "teste_da_testimoniare_secondi": Gauge(
        "ambito_teste_da_testimoniare_secondi", "Da quanto attende la più vecchia testa, in secondi.", registry=DEL_DATABASE
    ),
}
RITARDO = Gauge(
    "ambito_ritardo_lettore", "Eventi numerati che un lettore non ha ancora letto.", ("lettore",), registry=DEL_DATABASE
)

DATABASE = Gauge("ambito_database_raggiungibile", "1 se il database ha risposto, 0 altrimenti.", registry=REGISTRO)
BROKER = Gauge("ambito_broker_raggiungibile", "1 se il broker delle sveglie ha risposto, 0 altrimenti.", registry=REGISTRO)
SVEGLIE = Gauge("ambito_sveglie_in_attesa", "Sveglie in attesa nella coda del broker.", ("coda",), registry=REGISTRO)


def osserva_broker(in_attesa: Mapping[str, int] | None) -> None:
    """Show how many wake-ups wait in each queue. None: the broker did not answer, and nothing is shown of its queues."""
    BROKER.set(in_attesa is not None)
    SVEGLIE.clear()
    for coda, quante in (in_attesa or {}).items():
        SVEGLIE.labels(coda).set(quante)


async def misura_sveglie(connessione: Any) -> dict[str, int]:
    """Return how many wake-ups wait in each queue of the database that has any, on an open asyncpg connection."""
    return {r["coda"]: r["in_attesa"] for r in await connessione.fetch("SELECT coda, in_attesa FROM misura_sveglie()")}


async def misura_database(connessione: Any) -> None:
    """Read queues and lags from the database, on an open asyncpg connection: no process has to keep them up to date."""
    code = await connessione.fetchrow("SELECT * FROM misura_code()")
    sigillo = await connessione.fetchrow("SELECT * FROM misura_sigillo()")
    for letta, indicatori in ((code, CODE), (sigillo, SIGILLO)):
        for nome, indicatore in indicatori.items():
            indicatore.set(letta[nome])
    lettori = await connessione.fetch("SELECT lettore, ritardo FROM misura_lettori()")
    RITARDO.clear()
    for riga in lettori:
        RITARDO.labels(riga["lettore"]).set(riga["ritardo"])


def esponi(*, database: bool) -> bytes:
    """Return the text exposition format, whose media type is `CONTENT_TYPE`. `database`: it was read for this answer."""
    DATABASE.set(database)
    return generate_latest(REGISTRO) + (generate_latest(DEL_DATABASE) if database else b"")
