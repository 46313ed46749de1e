"""Step 6: the ASST receives the signed webhook; refused, retried, repeated after a crash, and counted once."""

import time
from typing import Any

from services.cli.demo import asst, consegne
from services.cli.demo.scena import Scena, attendi, esigi

TIPO = "misure.assegnazione.creata"
RIPRESA_S = 60.0
"""Longest wait for an attempt. The last comes when the killed sender's lease (20 s) has run out."""


def passo(scena: Scena) -> str:
    """A 503, then a 2xx that the worker receives and is killed before it can commit; sent again, counted once."""
    oggetto = str(scena.memoria.assegnazione)
    asst.trattieni(scena, TIPO)
    asst.rifiuta_i_primi(scena, 1)
    try:
        contata = attendi("il webhook contato dall'ASST dopo il 503", lambda: _ricevuta(scena, oggetto), RIPRESA_S)
        inizio = _uccidi_prima_del_commit(scena, contata)
    finally:
        asst.trattieni(scena)
    scena.pila.worker.avvia()
    scena.pila.attendi_worker()
    identificativo = contata["id"]
    attendi("la consegna registrata", lambda: consegne.letta(scena, identificativo)[0] == "consegnata", RIPRESA_S)
    ripreso = time.monotonic() - inizio
    finale = asst.ricevuta(scena, TIPO, oggetto) or contata
    rifiuti = len(contata["risposte"])
    attese = [503] * rifiuti + [204]
    esigi(finale["id"] == identificativo, "la consegna è stata ripetuta con un altro identificativo")
    esigi(finale["contata"] == 1, "l'ASST ha contato il beneficio più d'una volta")
    esigi(finale["risposte"] == [*attese, 204], f"l'ASST ha risposto {finale['risposte']}")
    esigi(consegne.letta(scena, identificativo) == ("consegnata", rifiuti + 2, attese), "il primo 2xx risulta registrato")
    rifiutate = scena.sandbox.get("/asst/_ricevuti").json()["firme_rifiutate"]
    esigi(rifiutate == 0, "l'ASST ha rifiutato una firma")
    return (
        f"firma valida; 503; poi 2xx, e il worker che l'ha avuto, in attesa di scriverlo, è ucciso (SIGKILL) senza commit; "
        f"ripreso in {ripreso:.0f} s: {finale['tentativi']} tentativi con lo stesso identificativo, due 2xx, contato una volta"
    )


def _ricevuta(scena: Scena, oggetto: str) -> dict[str, Any] | None:
    """The delivery, when it was refused first and then counted."""
    trovata = asst.ricevuta(scena, TIPO, oggetto)
    return trovata if trovata and trovata["risposte"] and trovata["contata"] else None


def _uccidi_prima_del_commit(scena: Scena, contata: dict[str, Any]) -> float:
    """Let the held 2xx go while the row of its delivery is locked; kill the worker that waits to write it. Returns when."""
    identificativo, prima = contata["id"], contata["risposte"]
    with consegne.trattenuta(scena, identificativo) as aspetta:
        asst.trattieni(scena)
        attendi("il worker, ricevuto il 2xx, in attesa di scriverlo", lambda: aspetta() or None)
        ora = asst.ricevuta(scena, TIPO, contata["aggregato_id"]) or contata
        esigi(ora["risposte"] == [*prima, 204], f"il worker scrive un esito prima del 2xx: {ora['risposte']}")
        scena.pila.worker.uccidi()
        inizio = time.monotonic()
    stato, tentativi, registrati = consegne.letta(scena, identificativo)
    esigi((stato, registrati) == ("da_inviare", prima), "l'esito del 2xx è stato scritto prima che il worker fosse ucciso")
    esigi(tentativi == len(prima) + 1, f"la consegna risulta presa {tentativi} volte")
    return inizio
