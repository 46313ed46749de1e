"""The canonical content of a progetto and its digest: what a signature is put on. Pure: no I/O."""

import hashlib
import json
from collections.abc import Iterable

from services.core.progetti.models import Obiettivo, Progetto


def impronta_contenuto(progetto: Progetto, obiettivi: Iterable[Obiettivo]) -> str:
    """Return the SHA-256 (hex) of what the parties agree on: kind, period, équipe, assessment, objectives in their order.

    State, version and the dates of signing are not part of it: signing must not change what is signed.
    """
    contenuto = {
        "progetto": str(progetto.id),
        "cartella": str(progetto.cartella_id),
        "tipo": progetto.tipo.value,
        "equipe": str(progetto.equipe_id),
        "valutazione": str(progetto.valutazione_id) if progetto.valutazione_id else None,
        "dal": progetto.dal.isoformat(),
        "al": progetto.al.isoformat() if progetto.al else None,
        "obiettivi": [[o.ordine, o.testo, o.risultato_atteso] for o in sorted(obiettivi, key=lambda o: o.ordine)],
    }
    return hashlib.sha256(json.dumps(contenuto, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
