"""The whole matrix, on one database."""

import gc
import time
from functools import partial

from services.cli.authz.celle import Avanzamento, Matrice, in_parallelo
from services.cli.authz.esecutore import Esecutore, prepara
from services.cli.authz.verifiche import Aggregati, Conflitti
from services.core.platform.settings import Settings


async def interroga(esecutore: Esecutore, settings: Settings, avanzamento: Avanzamento | None = None) -> Matrice:
    """Put every question: operations × roles × relations, then keys and values."""
    inizio = time.perf_counter()
    gc.freeze()  # the world and the application stay to the end: the collector spends a sixth of the time on them
    domande = [
        partial(esecutore.chiedi, operazione, attore)
        for operazione in esecutore.operazioni.values()
        for attore in esecutore.mondo.attori.values()
    ]
    conflitti, aggregati = Conflitti(esecutore), Aggregati(esecutore, settings)
    totale, fatte = len(domande) + len(conflitti.domande) + len(aggregati.domande), 0

    def fatto() -> None:
        nonlocal fatte
        fatte += 1
        if avanzamento is not None:
            avanzamento(fatte, totale)

    celle = await in_parallelo(domande, fatto)
    celle += await conflitti.tutti(fatto)
    celle += await aggregati.tutti(fatto)
    return Matrice(celle, time.perf_counter() - inizio)


async def esegui(settings: Settings, avanzamento: Avanzamento | None = None) -> Matrice:
    """Write the world in the database of `settings`, start the application on it and put every question. Raises as `prepara`."""
    async with prepara(settings) as esecutore:
        return await interroga(esecutore, settings, avanzamento)
