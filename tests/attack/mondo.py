"""The world an attacker finds: in Crema, one object of every kind, each with the path that names it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from services.core.platform.settings import Settings
from services.core.territorio.carico import identificativo
from tests.casa import Casa
from tests.percorsi import ADA, LEO, Percorso

LODI = identificativo("lodi", "ente", "comune-lodi")
RISPOSTE: dict[str, Any] = {
    "vive_a_domicilio": True,
    "caregiver_familiare": True,
    "prestazioni_in_corso": [],
    "continuita": False,
}


@dataclass(frozen=True)
class Mondo:
    """Identifiers of Crema's objects by the name their path parameter has, and the walks that made them.

    `impronta` is the digest of the project as it may be signed.
    """

    casa: Casa
    p: Percorso
    ids: dict[str, UUID]
    equipe_pippi: UUID
    impronta: str


async def crea(casa: Casa, *, graduatoria: bool = True) -> Mondo:
    """Make every kind of object over HTTP, as Crema's operators do."""
    p = Percorso(casa.client, casa.token)
    avviso = await casa.admin.fetchval("SELECT id FROM avviso WHERE codice = 'b2-2025' AND ambito_id = 1")
    bozza = {"avviso_id": str(avviso), "tipo_intervento": "buono_caregiver", "dati": RISPOSTE}
    domanda = (await p.crea("as-crema", f"/cartelle/{ADA}/domande", bozza))["id"]
    isee = await p.post("as-crema", f"/domande/{domanda}/isee")
    assert isee.status_code == 200, isee.text
    presentata = await p.post("as-crema", f"/domande/{domanda}/presentazione", if_match=isee.headers["etag"])
    assert presentata.status_code == 200, presentata.text
    equipe = (await p.equipe_integrata())["id"]
    valutazione = (await p.valutazione_conclusa(equipe, domanda_id=domanda))["id"]
    progetto = await p.progetto(equipe, valutazione)
    caso = await p.caso_avviato()
    ids = {
        "cartella_id": ADA, "avviso_id": avviso, "domanda_id": UUID(domanda), "equipe_id": UUID(equipe),
        "valutazione_id": UUID(valutazione), "progetto_id": UUID(progetto["id"]), "caso_id": UUID(caso["id"]),
        "indicatore_id": await casa.admin.fetchval("SELECT id FROM indicatore WHERE ambito_id = 1 LIMIT 1"),
    }  # fmt: skip
    if graduatoria:
        versione = await casa.admin.fetchval("SELECT versione FROM avviso WHERE id = $1", avviso)
        chiusa = await p.crea(
            "amm-misure-csc", f"/avvisi/{avviso}/graduatoria", {"chiusura_anticipata": True}, if_match=f'"{versione}"'
        )
        ids["graduatoria_id"] = UUID(chiusa["id"])
    return Mondo(casa, p, ids, UUID(caso["equipe_id"]), progetto["impronta"])


def senza_numero(risposta: httpx.Response) -> tuple[int, str | None, Any]:
    """What an answer tells: status, ETag and body, without the number of the request."""
    corpo = risposta.json()
    if isinstance(corpo, dict):
        corpo = {k: v for k, v in corpo.items() if k != "instance"}
    return risposta.status_code, risposta.headers.get("etag"), corpo


def operazioni(casa: Casa) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and definition of every operation published, the e-service of INPS and the state of the service apart."""
    for percorso, metodi in casa.app.openapi()["paths"].items():
        for metodo, definizione in metodi.items():
            if metodo in ("get", "post", "put", "patch", "delete") and not percorso.startswith(("/waas", "/status")):
                yield metodo.upper(), percorso, definizione


@asynccontextmanager
async def come_app(settings: Settings, **ambiente: object) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """The application's own role with forged settings: what an injected statement could do. Rolled back."""
    connessione = await asyncpg.connect(settings.dsn_app)
    try:
        transazione = connessione.transaction()
        await transazione.start()
        for nome, valore in ambiente.items():
            await connessione.execute("SELECT set_config($1, $2, true)", f"app.{nome}", str(valore))
        yield connessione
        await transazione.rollback()
    finally:
        await connessione.close()


__all__ = ["ADA", "LEO", "LODI", "Mondo", "come_app", "crea", "operazioni", "senza_numero"]
