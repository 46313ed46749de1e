"""Step 2: a domanda for the B2 is drafted, and the ISEE it needs is read from INPS with a PDND voucher."""

from uuid import UUID

from services.cli.demo import pratiche
from services.cli.demo.p01_cartella import ADA, OPERATRICE
from services.cli.demo.scena import Scena, esigi


def passo(scena: Scena) -> str:
    """Draft, ask INPS while it is down (nothing changes), ask again, and find the fact with its source."""
    memoria = scena.memoria
    avvisi = {a["codice"]: a for a in scena.elenco(OPERATRICE, "/avvisi")}
    memoria.avviso = UUID(avvisi["b2-2025"]["id"])
    esempio = pratiche.esempi()[ADA]
    memoria.domanda, versione = pratiche.redigi(scena, OPERATRICE, memoria.cartella, memoria.avviso, esempio)

    scena.sandbox.post("/inps/isee/_comando", json={"modo": "offline"}).raise_for_status()
    try:
        scena.chiedi(OPERATRICE, "POST", f"/domande/{memoria.domanda}/isee", stato=503)
    finally:
        scena.sandbox.post("/inps/isee/_comando", json={"modo": "normale"}).raise_for_status()
    dopo = scena.chiedi(OPERATRICE, "GET", f"/domande/{memoria.domanda}")
    esigi(dopo.versione == versione, "con INPS irraggiungibile la domanda è cambiata")

    isee = scena.chiedi(OPERATRICE, "POST", f"/domande/{memoria.domanda}/isee").corpo
    esigi(isee["trovata"], "INPS non ha trovato l'attestazione")
    fatti = {f["id"]: f for f in scena.elenco(OPERATRICE, f"/cartelle/{memoria.cartella}/fatti")}
    esigi(isee["fatto_id"] in fatti, "l'ISEE non è tra i fatti della cartella")
    fatto = fatti[isee["fatto_id"]]
    esigi(fatto["fonte"] == "INPS", "il fatto non ha INPS come fonte")
    esigi(fatto["valido_al"] == "2025-12-31", "l'ISEE non vale fino al 31 dicembre")
    genere = isee["tipo_indicatore"].replace("_", " ").lower().removeprefix("isee ")
    euro = f"{isee['importo_centesimi'] / 100:,.2f}".replace(",", "X").replace(".", ",").replace("X", ".")
    return (
        f"con INPS irraggiungibile 503 e nulla cambia; poi voucher, ISEE {genere} "
        f"di {euro} euro valido fino al {fatto['valido_al']}, fonte INPS, «{fatto['schema_dati']}»"
    )
