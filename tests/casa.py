"""A cloned database with the application on it, shared by the tests of one module that do not disturb each other.

A module declares two fixtures of module scope, `settings` (`with clone(server, modello)`) and `casa`
(`async with apri_casa(settings)`), and runs its tests in the module's event loop.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI

from services.api.main import create_app
from services.api.problems import BASE_TIPI
from services.core.persone.codice_fiscale import genera
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.sandbox import main as sandbox_main
from services.sandbox.oidc import EmittenteOidc
from tests.ambiente import GIORNO, Server

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COMUNI = {"crema": ("019035", "D142"), "offanengo": ("019062", "G004"), "lodi": ("098031", "E648")}
"""ISTAT and Belfiore code of the Comuni whose operators open cartelle in these tests."""

_numeri = count()


@contextmanager
def clone(server: Server, modello: str) -> Iterator[Settings]:
    """Settings on a fresh clone of the template, dropped at the end."""
    nome = server.clona(modello)
    try:
        yield server.settings(nome)
    finally:
        server.elimina(nome)


def persona(comune: str = "crema", **altro: Any) -> dict[str, Any]:
    """An invented person nobody else is, living in `comune`."""
    istat, belfiore = COMUNI[comune]
    nata = date(1950, 1, 1) + timedelta(days=next(_numeri))
    codice = genera(cognome="Zzqprova", nome="Iside", data_nascita=nata, sesso="F", luogo=belfiore)
    base = {
        "cognome": "Zzqprova", "nome": "Iside", "data_nascita": nata.isoformat(), "sesso": "F", "comune_residenza": istat,
        "comune_nascita": belfiore, "codice_fiscale": codice,
    }  # fmt: skip
    return base | altro


def problema(risposta: httpx.Response, stato: int, tipo: str) -> dict[str, Any]:
    """Check that the answer is that problem, and return it without the number of the request."""
    assert (risposta.status_code, risposta.headers["content-type"]) == (stato, "application/problem+json"), risposta.text
    corpo: dict[str, Any] = risposta.json()
    assert corpo["type"] == BASE_TIPI + tipo
    assert corpo.pop("instance") == f"urn:uuid:{risposta.headers['richiesta-id']}"
    return corpo


@dataclass
class Casa:
    """The application, a client of it, and a connection as administrator."""

    settings: Settings
    app: FastAPI
    client: httpx.AsyncClient
    admin: Admin
    emittente: EmittenteOidc
    _token: dict[str, str] = field(default_factory=dict)
    _operatori: dict[str, UUID] = field(default_factory=dict)

    def token(self, chi: str, **intestazioni: str) -> dict[str, str]:
        """The headers of an example operator: `token("as-crema", if_match='"1"')`."""
        if chi not in self._token:
            self._token[chi] = self.emittente.token(chi)
        testate = {"Authorization": f"Bearer {self._token[chi]}"}
        return testate | {nome.replace("_", "-").title(): valore for nome, valore in intestazioni.items()}

    async def get(self, chi: str, percorso: str, **intestazioni: str) -> httpx.Response:
        """GET as an operator."""
        return await self.client.get(percorso, headers=self.token(chi, **intestazioni))

    async def post(self, chi: str, percorso: str, corpo: Any = None, **intestazioni: str) -> httpx.Response:
        """POST as an operator."""
        return await self.client.post(percorso, json=corpo, headers=self.token(chi, **intestazioni))

    async def apri(
        self, chi: str = "as-crema", servizio: str = "disabilita", comune: str = "crema", **altro: Any
    ) -> dict[str, Any]:
        """Open a cartella over HTTP, and return the answer."""
        corpo = {"persona": persona(comune, **altro), "servizio": servizio, "aperta_il": "2025-09-15"}
        risposta = await self.post(chi, "/cartelle", corpo)
        assert risposta.status_code == 201, risposta.text
        creata: dict[str, Any] = risposta.json()
        return creata

    async def audit(self, risposta: httpx.Response) -> list[dict[str, Any]]:
        """The rows of the trail that one request left."""
        righe = await self.admin.fetch(
            "SELECT * FROM audit WHERE richiesta_id = $1 ORDER BY id", UUID(risposta.headers["richiesta-id"])
        )
        return [dict(riga) for riga in righe]

    async def operatore(self, soggetto: str) -> UUID:
        """The identifier of an example operator."""
        if soggetto not in self._operatori:
            self._operatori[soggetto] = await self.admin.fetchval("SELECT id FROM operatore WHERE soggetto = $1", soggetto)
        return self._operatori[soggetto]

    async def impronta(self, *escluse: str) -> dict[str, str]:
        """Digest of every table, to show that nothing changed."""
        tabelle = await self.admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return {
            t: await self.admin.fetchval(
                f"SELECT coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {t} t"
            )
            for (t,) in tabelle
            if t not in escluse
        }


@asynccontextmanager
async def apri_casa(settings: Settings) -> AsyncIterator[Casa]:
    """Start the application on the database of `settings`, its outgoing HTTP going to the sandbox."""
    app = create_app(settings, trasporto=httpx.ASGITransport(app=sandbox_main.create_app(settings)))
    admin = await asyncpg.connect(settings.dsn_admin)
    trasporto = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=Path(settings.stato_dir), produzione=False
    )
    try:
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=trasporto, base_url="http://prova") as client:
            yield Casa(settings, app, client, admin, emittente)
    finally:
        await admin.close()


async def semina(
    admin: Admin, istanti: list[datetime], comune: str = "Offanengo", servizio: str = "disabilita", *, riservata: bool = False
) -> list[UUID]:
    """Cartelle of a Comune created at those instants, as the loader would write them."""
    competenza = await admin.fetchrow(
        """SELECT k.id, k.ambito_id, k.comune_id FROM competenza k JOIN comune c ON c.id = k.comune_id
           WHERE c.denominazione = $1 AND k.servizio = $2""",
        comune,
        servizio,
    )
    assert competenza is not None
    k, ambito, c = competenza
    ids = [(nuovo_id(), nuovo_id(), nuovo_id(), istante) for istante in istanti]
    async with admin.transaction():
        await admin.executemany(
            """INSERT INTO persona
                 (id, versione, ambito_id, cognome, nome, data_nascita, sesso, comune_residenza_id, cittadinanza, protetta)
               VALUES ($1, 1, $2, 'Zzqprova', 'Seminata', '1960-01-01', 'F', $3, '380', $4)""",
            [(p, ambito, c, riservata) for p, _, _, _ in ids],
        )
        await admin.executemany("INSERT INTO nucleo (id, ambito_id) VALUES ($1, $2)", [(n, ambito) for _, n, _, _ in ids])
        await admin.executemany(
            """INSERT INTO cartella
                 (id, versione, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata, aperta_il, creata_il)
               VALUES ($1, 1, $2, $3, $4, $5, 'aperta', $6, '2025-01-01', $7)""",
            [(x, ambito, p, n, k, riservata, q) for p, n, x, q in ids],
        )
    return [x for _, _, x, _ in ids]


async def ammetti(casa: Casa, soggetto: str, cartella: UUID, al: date | None = None, dal: date = GIORNO) -> None:
    """Give an operator a team's grant on a cartella, for the ente of her incarico."""
    await casa.admin.execute(
        """INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al)
           SELECT $1, i.ambito_id, $2, i.operatore_id, i.ente_id, 'equipe', $1, $4, $5
           FROM incarico i JOIN operatore o ON o.id = i.operatore_id WHERE o.soggetto = $3""",
        nuovo_id(), cartella, soggetto, dal, al,
    )  # fmt: skip
