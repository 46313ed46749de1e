"""Step 6: the ASST receives the signed webhook; refused, retried, repeated after a crash, and counted once."""

import time
from typing import Any

from services.cli.demo import asst
from services.cli.demo.scena import Scena, attendi, esigi

TIPO = "misure.assegnazione.creata"
RISPOSTA_LENTA_MS = 3000


def passo(scena: Scena) -> str:
    """Wait for the 503; slow the answers; kill the worker between the ASST's count and our commit; see one count in the end."""
    oggetto = str(scena.memoria.assegnazione)

    def quando(tentativi: int, contata: int) -> dict[str, Any] | None:
        trovata = asst.ricevuta(scena, TIPO, oggetto)
        return trovata if trovata and trovata["tentativi"] >= tentativi and trovata["contata"] >= contata else None

    asst.rallenta(scena, RISPOSTA_LENTA_MS)
    attendi("il primo tentativo del webhook, rifiutato con 503", lambda: quando(1, 0))
    attendi("il secondo tentativo, contato dall'ASST", lambda: quando(2, 1))
    scena.pila.worker.uccidi()
    asst.rallenta(scena, 0)
    inizio = time.monotonic()
    scena.pila.worker.avvia()
    scena.pila.attendi_worker()
    finale = attendi("il tentativo dopo la caduta del worker", lambda: quando(3, 1), 60.0)
    ripreso = time.monotonic() - inizio
    time.sleep(1.0)
    finale = asst.ricevuta(scena, TIPO, oggetto) or finale
    esigi(finale["contata"] == 1, "l'ASST ha contato il beneficio più d'una volta")
    esigi(finale["tentativi"] == 3, f"consegna riuscita e tuttavia ripetuta: {finale['tentativi']} tentativi")
    rifiutate = scena.sandbox.get("/asst/_ricevuti").json()["firme_rifiutate"]
    esigi(rifiutate == 0, "l'ASST ha rifiutato una firma")
    return (
        f"firma valida; 503, poi contato, worker ucciso (SIGKILL) prima del nostro commit, ripreso in {ripreso:.0f} s: "
        f"{finale['tentativi']} tentativi con lo stesso identificativo, contato una volta"
    )
