"""Metrics for Prometheus: requests by route and status, how long they took, and what the worker has still to do.

No label ever carries an identifier or a path value: route templates, methods, statuses and names of readers only.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST
REGISTRO = CollectorRegistry()

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
    "eventi_da_numerare": Gauge("ambito_eventi_da_numerare", "Eventi che il sequenziatore deve numerare.", registry=REGISTRO),
    "ultima_posizione": Gauge("ambito_ultima_posizione", "Ultima posizione data nel registro eventi.", registry=REGISTRO),
    "consegne_in_attesa": Gauge("ambito_consegne_in_attesa", "Consegne di webhook ancora da fare.", registry=REGISTRO),
    "eta_xmin": Gauge(
        "ambito_eta_xmin_transazioni", "Età, in transazioni, dell'istantanea più vecchia aperta.", registry=REGISTRO
    ),
}
RITARDO = Gauge("ambito_ritardo_lettore", "Eventi numerati che un lettore non ha ancora letto.", ("lettore",), registry=REGISTRO)


async def misura_database(connessione: Any) -> None:
    """Read queues and lags from the database, on an open asyncpg connection: no process has to keep them up to date."""
    code = await connessione.fetchrow("SELECT * FROM misura_code()")
    for nome, indicatore in CODE.items():
        indicatore.set(code[nome])
    lettori = await connessione.fetch("SELECT lettore, ritardo FROM misura_lettori()")
    RITARDO.clear()
    for riga in lettori:
        RITARDO.labels(riga["lettore"]).set(riga["ritardo"])


def esponi() -> bytes:
    """Return the text exposition format; its media type is `CONTENT_TYPE`."""
    return generate_latest(REGISTRO)
