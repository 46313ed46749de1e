"""Step 3: the domanda is presented, and the answer says why, rule by rule."""

from services.cli.demo.p01_cartella import OPERATRICE
from services.cli.demo.scena import Scena, esigi
from services.core.platform.ids import nuovo_id


def passo(scena: Scena) -> str:
    """Refuse a stale version, present, repeat with the same key: same bytes, one effect."""
    percorso = f"/domande/{scena.memoria.domanda}"
    versione = scena.chiedi(OPERATRICE, "GET", percorso).versione
    esigi(versione > 1, "la domanda non ha cambiato versione con l'ISEE")
    scena.chiedi(OPERATRICE, "POST", f"{percorso}/presentazione", versione=versione - 1, stato=409)
    chiave = str(nuovo_id())
    prima = scena.chiedi(OPERATRICE, "POST", f"{percorso}/presentazione", versione=versione, chiave=chiave)
    seconda = scena.chiedi(OPERATRICE, "POST", f"{percorso}/presentazione", versione=versione, chiave=chiave)
    esigi(prima.byte == seconda.byte, "la stessa richiesta ripetuta ha avuto un'altra risposta")
    decisione = prima.corpo
    esigi(decisione["esito"] == "ammissibile", f"la domanda di Ada è «{decisione['esito']}»: {decisione['apertura']}")
    esigi(decisione["regole"], "la decisione non spiega alcuna regola")
    senza = [r["codice"] for r in decisione["regole"] if not r["norme"]]
    esigi(not senza, f"regole senza norma: {', '.join(senza)}")
    esigi(all(p["atto"] for p in decisione["parametri"]), "un parametro non cita il suo atto")
    importo = decisione["importo_mensile_centesimi"] // 100
    return (
        f"ammissibile per {len(decisione['regole'])} regole, ciascuna con la norma e i valori di {len(decisione['parametri'])} "
        f"parametri in vigore ({importo} euro al mese); versione superata 409; ripetuta con la stessa chiave, gli stessi byte"
    )
