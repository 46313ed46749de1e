"""Step 7: INPS polls the WaaS e-service with a PDND voucher, checks the flows, and posts the outcomes."""

from typing import Any

from services.cli.demo.p01_cartella import OPERATRICE
from services.cli.demo.scena import Scena, attendi, esigi


def passo(scena: Scena) -> str:
    """An operator's token is not a voucher; a round of INPS; the flow of Ada's buono is acknowledged on her record."""
    intruso = scena.api.get(
        "/waas/v1/flussi",
        params={"since": 0, "limit": 1},
        headers={"Authorization": f"Bearer {scena.token(OPERATRICE)}"},
    )
    esigi(intruso.status_code == 401, f"il token di un operatore vale come voucher: {intruso.status_code}")

    def flussi(stato: str) -> list[dict[str, Any]]:
        della_cartella = scena.elenco(OPERATRICE, f"/cartelle/{scena.memoria.cartella}/flussi")
        return [f for f in della_cartella if f["stato"] == stato]

    attendi("il flusso del buono pubblicato", lambda: flussi("pubblicato"))
    resoconti = scena.sandbox.post("/inps/_giro", json={}).raise_for_status().json()
    anomalie = [a for r in resoconti.values() for a in r["anomalie"]]
    esigi(not anomalie, f"INPS segnala: {'; '.join(anomalie)}")
    acquisiti = attendi("l'acquisizione del flusso", lambda: flussi("acquisito"))
    esigi(not flussi("respinto") and not flussi("pubblicato"), "un flusso della cartella non è stato acquisito")
    esigi(all(f["id_acquisizione_siuss"] for f in acquisiti), "manca l'identificativo di acquisizione")
    letti = sum(r["flussi"] for r in resoconti.values())
    ripetuto = scena.sandbox.post("/inps/_giro", json={}).raise_for_status().json()
    esigi(not any(r["flussi"] for r in ripetuto.values()), "al secondo giro INPS rilegge flussi già letti")
    return (
        f"INPS ha letto {letti} flussi con voucher PDND, XML e regole conformi; i {len(acquisiti)} di Ada risultano acquisiti "
        f"({acquisiti[0]['id_flusso']}); al secondo giro nessuno; un token di operatore riceve 401"
    )
