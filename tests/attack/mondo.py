"""The world an attacker finds: in Crema, one object of every kind, each with the path that names it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.core.territorio.carico import identificativo
from tests.casa import Casa
from tests.percorsi import ADA, CSC, LEO, Percorso

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
    ids |= await _freni(p, await casa.operatore("as-due-comuni"))
    for ruolo, chi in (("coordinatore", "coord-lodi"), ("responsabile_servizio", "resp-lodi")):
        await _incaricata(casa, chi, 2, LODI, ruolo)
    colleghe = [await _incaricata(casa, c, 1, CSC, "assistente_sociale", ["disabilita"]) for c in ("as-csc", "as-csc-riserva")]
    ids["incarico_id"] = colleghe[0]
    if graduatoria:
        versione = await casa.admin.fetchval("SELECT versione FROM avviso WHERE id = $1", avviso)
        chiusa = await p.crea(
            "amm-misure-csc", f"/avvisi/{avviso}/graduatoria", {"chiusura_anticipata": True}, if_match=f'"{versione}"'
        )
        ids["graduatoria_id"] = UUID(chiusa["id"])
    return Mondo(casa, p, ids, UUID(caso["equipe_id"]), progetto["impronta"])


async def _freni(p: Percorso, escluso: UUID) -> dict[str, UUID]:
    """What stops or forces a door: somebody kept out, a limitation asked for, an opening in emergency."""
    base, motivazione = f"/cartelle/{ADA}", "Zzqmotivazione di prova, di una persona inventata"
    richieste: dict[str, tuple[str, str, dict[str, Any]]] = {
        "esclusione_id": ("coord-csc", f"{base}/esclusioni", {"operatore_id": str(escluso), "motivo": "parentela"}),
        "limitazione_id": (
            "as-crema", f"{base}/limitazioni", {"tipo": "limitazione", "richiesta_il": "2025-09-15", "motivazione": motivazione},
        ),
        "emergenza_id": (
            "pronto-intervento-csc", "/accessi-emergenza", {"cartella_id": str(ADA), "motivazione": motivazione, "ore": 4},
        ),
    }  # fmt: skip
    return {nome: UUID((await p.crea(*richiesta))["id"]) for nome, richiesta in richieste.items()}


async def _incaricata(
    casa: Casa, soggetto: str, ambito_id: int, ente: UUID, ruolo: str, servizi: list[str] | None = None
) -> UUID:
    """An operator the examples do not have, with her incarico: some operations are of a role that Lodi's example lacks."""
    incarico: UUID = await casa.admin.fetchval(
        """WITH nuova AS (INSERT INTO operatore (id, emittente, soggetto, cognome, nome)
                          VALUES ($1, $2, $3, 'Zzqincarichi', 'Oria') RETURNING id)
           INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, servizi, dal)
           SELECT $4, id, $5, $6, $7, $8, '2022-01-01' FROM nuova RETURNING id""",
        nuovo_id(), casa.settings.oidc_issuer, soggetto, nuovo_id(), ambito_id, ente, ruolo, servizi,
    )  # fmt: skip
    return incarico


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
