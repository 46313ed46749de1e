"""A small closed-loop HTTP load on loopback: `n` keep-alive connections, a fixed number of seconds, every latency kept."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Esito:
    """What a run saw. Latencies in milliseconds, sorted."""

    secondi: float
    latenze: list[float]
    errori: int

    @property
    def al_secondo(self) -> float:
        return len(self.latenze) / self.secondi

    def percentile(self, p: float) -> float:
        """Return the latency below which the fraction `p` of the answers came."""
        return self.latenze[min(len(self.latenze) - 1, int(len(self.latenze) * p))]


async def _connessione(
    porta: int, percorsi: Sequence[str], testate: str, fine: float, caso: random.Random, latenze: list[float]
) -> int:
    errori = 0
    lettore, scrittore = await asyncio.open_connection("127.0.0.1", porta)
    try:
        while time.perf_counter() < fine:
            inizio = time.perf_counter()
            scrittore.write(f"GET {caso.choice(percorsi)} HTTP/1.1\r\nHost: banco\r\n{testate}\r\n".encode())
            testa = await lettore.readuntil(b"\r\n\r\n")
            minuscola = testa.lower()
            posto = minuscola.index(b"content-length:") + 15
            await lettore.readexactly(int(minuscola[posto : minuscola.index(b"\r\n", posto)]))
            latenze.append((time.perf_counter() - inizio) * 1000)
            errori += not testa.startswith(b"HTTP/1.1 200")
    finally:
        scrittore.close()
    return errori


async def carica(porta: int, percorsi: Sequence[str], *, testate: str = "", secondi: float = 5, connessioni: int = 16) -> Esito:
    """Ask for random `percorsi` for `secondi`, always `connessioni` at once. Loopback only, and it stops by itself."""
    latenze: list[float] = []
    inizio = time.perf_counter()
    caso = random.Random(20250915)
    errori = await asyncio.gather(
        *(_connessione(porta, percorsi, testate, inizio + secondi, caso, latenze) for _ in range(connessioni))
    )
    return Esito(time.perf_counter() - inizio, sorted(latenze), sum(errori))
