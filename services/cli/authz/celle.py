"""The cells of the matrix, and running many of them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from services.core.access.ruoli import Ruolo
from services.core.access.situazioni import NON_COSTRUITE, Relazione

IN_VOLO = 8
"""Requests sent at a time: two processors are kept busy, and the pool has connections to spare."""

T = TypeVar("T")
Avanzamento = Callable[[int, int], None]
"""Called with how many cells are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Cella:
    """One cell. `prova` says which question was put; `difetti` what was wrong besides the outcome."""

    operazione: str
    ruolo: str
    relazione: str
    prova: str
    atteso: str
    ottenuto: str
    difetti: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the answer was the expected one, and nothing else was wrong with it."""
        return self.atteso == self.ottenuto and not self.difetti

    def come_json(self) -> dict[str, Any]:
        """The cell as `ambito authz matrix --json` prints it."""
        uscita: dict[str, Any] = {
            "operation": self.operazione,
            "role": self.ruolo,
            "relation": self.relazione,
            "check": self.prova,
            "expected": self.atteso,
            "got": self.ottenuto,
            "ok": self.ok,
        }
        return uscita | ({"defects": list(self.difetti)} if self.difetti else {})


@dataclass(frozen=True, slots=True)
class Matrice:
    """Every cell, and the time it took in seconds."""

    celle: list[Cella]
    secondi: float

    @property
    def fallite(self) -> list[Cella]:
        """The cells that are not as expected."""
        return [cella for cella in self.celle if not cella.ok]

    def come_json(self) -> dict[str, Any]:
        """The whole as JSON: cells, failures, and what could not be tried."""
        return {
            "operations": len({cella.operazione for cella in self.celle}),
            "roles": len(Ruolo),
            "relations": [r.value for r in Relazione],
            "non_costruite": NON_COSTRUITE,
            "seconds": round(self.secondi, 1),
            "counts": dict(Counter(cella.prova for cella in self.celle)),
            "cells": [cella.come_json() for cella in self.celle],
            "failures": [cella.come_json() for cella in self.fallite],
        }


async def in_parallelo(lavori: Iterable[Callable[[], Awaitable[T]]], fatto: Callable[[], None] | None = None) -> list[T]:
    """Run `lavori`, `IN_VOLO` at a time, and return what they give in their order; `fatto` is called after each."""
    semaforo = asyncio.Semaphore(IN_VOLO)

    async def uno(lavoro: Callable[[], Awaitable[T]]) -> T:
        async with semaforo:
            risultato = await lavoro()
        if fatto is not None:
            fatto()
        return risultato

    return list(await asyncio.gather(*(uno(lavoro) for lavoro in lavori)))
