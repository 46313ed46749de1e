"""Step 8: the indicator of the Piano di Zona has moved, and opens down to the record that moved it."""

from services.cli.demo.p01_cartella import OPERATRICE
from services.cli.demo.scena import Scena, attendi, esigi

CODICE = "DOM-OC-1"
ALTRA = "as-offanengo"


def contributi(scena: Scena, chi: str) -> int:
    """How many records `chi` may open contribute to the indicator."""
    return int(next(i for i in scena.elenco(chi, "/indicatori") if i["codice"] == CODICE)["contributi"])


def attendi_mosso(scena: Scena) -> None:
    """Wait until the signed progetto counts. Raises `NonRegge` after ten seconds."""
    prima = scena.memoria.indicatore_prima
    attendi("l'indicatore mosso dalla firma", lambda: contributi(scena, OPERATRICE) > prima, 10.0)


def passo(scena: Scena) -> str:
    """Read the value, open the contributions, open the record; somebody else's records do not count for her."""
    indicatore = next(i for i in scena.elenco(OPERATRICE, "/indicatori") if i["codice"] == CODICE)
    elenco = list(scena.elenco(OPERATRICE, f"/indicatori/{indicatore['id']}/contributi"))
    mio = [c for c in elenco if c["record_id"] == str(scena.memoria.progetto)]
    esigi(len(mio) == 1, "il progetto firmato non è tra i contributi, o vi è due volte")
    progetto = scena.chiedi(OPERATRICE, "GET", mio[0]["record"]).corpo
    esigi(progetto["id"] == str(scena.memoria.progetto), "il contributo apre un altro record")
    esigi(not indicatore["raggiunto"], "l'atteso risulta raggiunto con un solo progetto")
    altri = {c["record_id"] for c in scena.elenco(ALTRA, f"/indicatori/{indicatore['id']}/contributi")}
    esigi(str(scena.memoria.progetto) not in altri, "il contributo si vede da un altro Comune")
    return (
        f"«{indicatore['testo']}»: {indicatore['valore']} di {indicatore['valore_atteso']} {indicatore['unita']}, mosso "
        f"{scena.memoria.indicatore_s:.1f} s dopo la firma; si apre fino al progetto; da un altro Comune non si vede"
    )
