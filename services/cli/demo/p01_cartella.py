"""Step 1: an assistente sociale signs in and opens the cartella of a person and her nucleo."""

from services.cli.demo.scena import Scena, esigi

ADA = "ZZQDAA67C52D142D"
OPERATRICE = "as-crema"


def passo(scena: Scena) -> str:
    """Sign in, list, search by codice fiscale, open."""
    anonima = scena.api.get("/cartelle")
    esigi(anonima.status_code == 401, "senza token l'elenco non è rifiutato")
    storpiato = scena.token(OPERATRICE)[:-6] + "AAAAAA"
    esigi(
        scena.api.get("/cartelle", headers={"Authorization": f"Bearer {storpiato}"}).status_code == 401,
        "un token dalla firma alterata è accettato",
    )
    io = scena.chiedi(OPERATRICE, "GET", "/io").corpo
    elenco = list(scena.elenco(OPERATRICE, "/cartelle"))
    scena.memoria.cartella = scena.cartella_di(OPERATRICE, ADA)
    esigi(str(scena.memoria.cartella) in {c["id"] for c in elenco}, "la cartella trovata non è nell'elenco")
    cartella = scena.chiedi(OPERATRICE, "GET", f"/cartelle/{scena.memoria.cartella}").corpo
    esigi(cartella["persona"]["codice_fiscale"] == ADA, "la cartella è di un'altra persona")
    relazioni = sorted(c["relazione"] for c in cartella["nucleo"])
    esigi(len(relazioni) == 3, f"il nucleo doveva avere tre componenti, ne ha {len(relazioni)}")
    ruolo = io["ruolo"].replace("_", " ")
    return f"token RS256 verificato ({ruolo}), {len(elenco)} cartelle visibili, aperta quella di Ada con {', '.join(relazioni)}"
