"""Step 5: the graduatoria closes under its budget line and assigns the buono."""

from collections import Counter
from uuid import UUID

from services.cli.demo import asst, pratiche
from services.cli.demo.p01_cartella import ADA, OPERATRICE
from services.cli.demo.scena import Scena, esigi
from services.core.platform.ids import nuovo_id

AMMINISTRATIVA = "amm-misure-csc"
PAROLE = {"idonea_finanziata": "finanziate", "idonea_non_finanziata": "idonee oltre la linea", "non_idonea": "non idonee"}


def passo(scena: Scena) -> str:
    """Present the other domande of the examples, close twice at once in meaning, and look at the line of the budget."""
    avviso = scena.memoria.avviso
    altre = 0
    for codice_fiscale, esempio in pratiche.esempi().items():
        if codice_fiscale != ADA:
            pratiche.completa(scena, avviso, codice_fiscale, esempio)
            altre += 1
    asst.rifiuta_i_primi(scena, asst.TUTTI)
    percorso = f"/avvisi/{avviso}/graduatoria"
    versione = next(a["versione"] for a in scena.elenco(AMMINISTRATIVA, "/avvisi") if a["id"] == str(avviso))
    blocca = {"chiusura_anticipata": True, "domande_da_chiarire": "blocca"}
    scena.chiedi(AMMINISTRATIVA, "POST", percorso, corpo=blocca, versione=versione, stato=409)
    chiave = str(nuovo_id())
    escludi = blocca | {"domande_da_chiarire": "escludi"}
    chiusa = scena.chiedi(AMMINISTRATIVA, "POST", percorso, corpo=escludi, versione=versione, stato=201, chiave=chiave)
    ripetuta = scena.chiedi(AMMINISTRATIVA, "POST", percorso, corpo=escludi, versione=versione, stato=201, chiave=chiave)
    esigi(chiusa.byte == ripetuta.byte, "la chiusura ripetuta ha avuto un'altra risposta")
    scena.chiedi(AMMINISTRATIVA, "POST", percorso, corpo=escludi, versione=versione, stato=409)
    graduatoria = chiusa.corpo
    esigi(0 < graduatoria["impegnato_centesimi"] <= graduatoria["budget_centesimi"], "impegnato oltre il budget, o nullo")
    voci = list(scena.elenco(AMMINISTRATIVA, f"/graduatorie/{graduatoria['id']}/voci"))
    esigi(len(voci) == altre + 1, f"in graduatoria {len(voci)} domande invece di {altre + 1}")
    esiti = Counter(v["esito"] for v in voci)
    finanziate = [v for v in voci if v["esito"] == "idonea_finanziata"]
    somma = sum(v["importo_centesimi"] for v in finanziate)
    esigi(somma == graduatoria["impegnato_centesimi"], "gli importi delle voci non fanno l'impegnato")
    assegnate = list(scena.elenco(OPERATRICE, f"/cartelle/{scena.memoria.cartella}/assegnazioni"))
    esigi(len(assegnate) == 1, "ad Ada non è stato assegnato un buono")
    scena.memoria.assegnazione = UUID(assegnate[0]["id"])
    conti = ", ".join(f"{esiti[esito]} {parole}" for esito, parole in PAROLE.items())
    return (
        f"{len(voci)} domande: {conti}; impegnati "
        f"{graduatoria['impegnato_centesimi'] // 100} euro su {graduatoria['budget_centesimi'] // 100}; seconda chiusura 409"
    )
