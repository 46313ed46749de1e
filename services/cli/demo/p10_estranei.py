"""Step 10: operators of another Comune and of another ambito get the same 404 as for nothing, and each attempt is audited."""

from services.cli.demo.scena import Scena, esigi
from services.core.platform.ids import nuovo_id

ESTRANEI = {"as-offanengo": "dpo-crema", "as-lodi": "dpo-lodi"}
"""Who tries, and the officer in whose audit trail it must be."""

_DI_CIASCUNA = ("richiesta_id", "instance")
"""What tells one answer from another and says nothing of the object."""


def passo(scena: Scena) -> str:
    """Try to open Ada's cartella and one that does not exist: same answer; then look for both attempts in the audit trail."""
    cartella = str(scena.memoria.cartella)
    for chi, garante in ESTRANEI.items():
        negata = scena.chiedi(chi, "GET", f"/cartelle/{cartella}", stato=404).corpo
        inesistente = scena.chiedi(chi, "GET", f"/cartelle/{nuovo_id()}", stato=404).corpo
        for voce in _DI_CIASCUNA:
            negata.pop(voce, None)
            inesistente.pop(voce, None)
        esigi(negata == inesistente, f"a {chi} la risposta rivela che la cartella esiste")
        io = scena.chiedi(chi, "GET", "/io").corpo["operatore"]["id"]
        negati = scena.elenco(garante, "/audit", filtri={"esito": "negata", "operatore_id": io})
        esigi(any(cartella in v["oggetti"] for v in negati), f"il tentativo di {chi} non è nell'audit di {garante}")
        scena.chiedi(chi, "GET", "/audit", stato=403)
    return "un altro Comune e Lodi ricevono 404, uguale a quello per ciò che non esiste; i tentativi sono nell'audit dei due DPO"
