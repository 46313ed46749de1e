"""Erasure: taking from sealed rows what leads to a person, once they need be kept no more, and leaving a signed act of it.

The values and their salt go, the commitment stays: the chain verifies as before, and from what is left nobody can tell whose
row it was. The act is a row of the chain like the others; an erased row that no act names is a forgery, and is found.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.core.platform.errori import DatiNonValidi
from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import OBLIO
from services.core.sigillo import repository
from services.core.sigillo.firme import Firmatario
from services.core.sigillo.forma import CHIARE, PERSONALI, Atto, impegno
from services.core.sigillo.service import come

ILLIMITATO = 2**63 - 1
LOTTO = 5000
"""Most rows that one act erases: one transaction each."""

CONSERVAZIONE_MINIMA = timedelta(days=184)
"""Six months: the least that accesses of system administrators are kept (Garante, provv. 27 novembre 2008, punto 2, lett. f).

The term itself is the controller's, in its register of processing, and is longer: whoever erases gives the day.
"""

MOTIVO_MASSIMO = 300

_DA_OBLIARE = f"""SELECT v.numero, v.sale, {", ".join(f"a.{nome}" for nome in (*CHIARE, *PERSONALI))}
  FROM sigillo_voce v JOIN audit a ON a.id = v.audit_id
  WHERE v.numero BETWEEN $1 AND $2 AND v.sale IS NOT NULL AND a.quando < $3 ORDER BY v.numero LIMIT $4 FOR UPDATE"""

_TOGLI_SALI = """UPDATE sigillo_voce v SET sale = NULL, impegno = d.impegno
  FROM unnest($1::bigint[], $2::bytea[]) AS d (numero, impegno) WHERE v.numero = d.numero"""

_TOGLI_DATI = "UPDATE audit SET operatore_id = NULL, incarico_id = NULL, oggetti = '{}' WHERE id = ANY ($1::bigint[])"

_SCRIVI_ATTO = """INSERT INTO sigillo_oblio (id, archivio, numeri, motivo, quando, kid, firma)
  VALUES ($1, $2, $3, $4, $5, $6, $7)"""


@dataclass(frozen=True, slots=True)
class Quali:
    """The rows written before `prima_di`, among the numbers from `da` to `a`, both included."""

    prima_di: datetime
    da: int = 1
    a: int = ILLIMITATO


def controlla(quali: Quali, motivo: str, ora: datetime) -> None:
    """Refuse what must not be erased.

    Raises:
        DatiNonValidi: rows younger than six months, or no reason to write in the act.
    """
    if quali.prima_di > ora - CONSERVAZIONE_MINIMA:
        raise DatiNonValidi(f"Si possono obliare solo le righe più vecchie di {CONSERVAZIONE_MINIMA.days} giorni.")
    if not 1 <= len(motivo.strip()) <= MOTIVO_MASSIMO:
        raise DatiNonValidi(f"Il motivo è obbligatorio e ha al massimo {MOTIVO_MASSIMO} caratteri.")


async def oblia(
    connessione: Any, firmatario: Firmatario, quali: Quali, *, motivo: str, ora: datetime, limite: int = LOTTO
) -> Atto | None:
    """Erase the next of the sealed rows that `quali` names; return the act, None when there is no more to erase.

    One transaction: values, salts and act go and come together. The sealer gives the act its number within a second.

    Raises:
        DatiNonValidi: as `controlla`.
    """
    controlla(quali, motivo, ora)
    async with come(connessione, OBLIO):
        righe = await connessione.fetch(_DA_OBLIARE, quali.da, quali.a, quali.prima_di, limite)
        ultima = await repository.ultima_testa(connessione)
        if not righe or ultima is None:
            return None
        atto = Atto(
            id=nuovo_id(),
            archivio=ultima.testa.archivio,
            numeri=intervalli([riga["numero"] for riga in righe]),
            motivo=motivo.strip(),
            quando=ora,
            kid=firmatario.kid,
        )
        await connessione.execute(_TOGLI_SALI, [r["numero"] for r in righe], [impegno(r["sale"], r) for r in righe])
        await connessione.execute(_TOGLI_DATI, [r["id"] for r in righe])
        await connessione.execute(
            _SCRIVI_ATTO,
            atto.id,
            atto.archivio,
            json.dumps(atto.numeri),
            atto.motivo,
            atto.quando,
            atto.kid,
            firmatario.firma(atto.byte()),
        )
        return atto


def intervalli(numeri: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return ascending numbers as intervals, both ends included."""
    trovati: list[tuple[int, int]] = []
    for numero in numeri:
        if trovati and trovati[-1][1] == numero - 1:
            trovati[-1] = (trovati[-1][0], numero)
        else:
            trovati.append((numero, numero))
    return tuple(trovati)
