"""The demonstration of the seal: real requests over HTTP, an erasure, then every tampering on a copy of its own."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from services.cli.demo.regia import preparato
from services.cli.demo.scena import NonRegge, Scena, attendi, esigi
from services.cli.demo_audit.manomissioni import MANOMISSIONI, Manomissione
from services.cli.supervisore import Interrotto, Pila, cartella_testimone, elimina_database, fermabile, variabili
from services.cli.terminale import ERRORI_ATTESI, console, errori, riga
from services.core.platform.ids import nuovo_id
from services.core.platform.pg.dsn import componi_dsn, nome_database
from services.core.platform.settings import RADICE_PROGETTO, Settings
from services.core.sigillo.chiavi import firmatario

DATABASE = "ambito_demo_audit"
VECCHIE = 30
"""Rows of two years ago, as an archive taken over would bring them: there must be something old enough to erase."""

_VECCHIE = """INSERT INTO audit
    (quando, richiesta_id, ambito_id, operatore_id, operazione, finalita, esito, oggetto_tipo, oggetti)
  SELECT clock_timestamp() - interval '2 years', r.id, (SELECT min(id) FROM ambito), r.id, 'leggiCartella', 'presa_in_carico',
         'consentita', 'cartella', ARRAY[r.id] FROM unnest($1::uuid[]) AS r (id)"""


@dataclass(slots=True)
class Prova:
    """What the steps share: running programs, and where the witness keeps what it knows of this chain."""

    pila: Pila
    archivio: UUID | None = None

    @property
    def database(self) -> str:
        """The database of the sealed trail."""
        return nome_database(self.settings.dsn_admin)

    @property
    def copia(self) -> str:
        """The copy of it that is tampered with."""
        return f"{self.database}_copia"

    @property
    def settings(self) -> Settings:
        """The settings of the programs under test."""
        return self.pila.settings

    def interroga(self, query: str, *argomenti: object) -> Any:
        """Ask the database one value, as administrator."""

        async def chiedi() -> Any:
            connessione = await asyncpg.connect(self.settings.dsn_admin_diretto)
            try:
                return await connessione.fetchval(query, *argomenti)
            finally:
                await connessione.close()

        return asyncio.run(chiedi())

    def ambito(self, *argomenti: str, **ambiente: str) -> subprocess.CompletedProcess[str]:
        """Run the `ambito` command as a program of its own."""
        admin = {"AMBITO_DATABASE_URL": self.settings.dsn_admin}
        return subprocess.run(
            [sys.executable, "-m", "services.cli.main", *argomenti],
            cwd=RADICE_PROGETTO,
            env=os.environ | variabili(self.settings) | admin | ambiente,
            capture_output=True,
            text=True,
            check=False,
        )

    def verifica(self, database: str, *, testimone: bool = True) -> tuple[int, dict[str, Any]]:
        """Verify a database with `ambito audit verify`, and return its exit status and report."""
        assert self.settings.sigillo_chiave is not None, "in sviluppo c'è sempre"
        chiavi = ["--chiave", str(self.settings.sigillo_chiave.with_suffix(".pub"))]
        chiavi += ["--chiave-testimone", str(self.settings.testimone_chiave)]
        file = ["--testimone", str(cartella_testimone(self.settings) / f"{self.archivio}.jsonl")] if testimone else []
        dsn = componi_dsn(self.settings.dsn_admin_diretto, database=database)
        esito = self.ambito("audit", "verify", *chiavi, *file, "--json", AMBITO_DATABASE_REVISORE_URL=dsn)
        esigi(esito.returncode in (0, 1), f"la verifica non è riuscita: {esito.stderr.strip()}")
        return esito.returncode, json.loads(esito.stdout)


def _richieste(prova: Prova) -> str:
    """Reads, changes and refusals, sealed second after second."""
    prova.interroga(_VECCHIE, [nuovo_id() for _ in range(VECCHIE)])
    attendi("le righe vecchie sigillate", lambda: prova.interroga("SELECT count(*) > 0 FROM sigillo_testa"))
    _giri(prova, 4)
    righe = prova.interroga("SELECT count(*) FROM audit")
    lotti = prova.interroga("SELECT count(*) FROM sigillo_testa")
    negate = prova.interroga("SELECT count(*) FROM audit WHERE esito = 'negata'")
    return f"{righe} righe di audit, {negate} di dinieghi, sigillate in {lotti} lotti firmati"


def _giri(prova: Prova, quanti: int) -> None:
    """Rounds of requests, more than a second apart, so that each is a batch; then wait for the last to be witnessed."""
    scena = Scena(prova.pila)
    try:
        for _ in range(quanti):
            _un_giro(scena)
            time.sleep(1.1)
    finally:
        scena.chiudi()
    _attendi_sigillo(prova)


def _un_giro(scena: Scena) -> None:
    cartelle = [c["id"] for c in scena.elenco("as-crema", "/cartelle")]
    for cartella in cartelle[:5]:
        scena.chiedi("as-crema", "GET", f"/cartelle/{cartella}")
        scena.chiedi("as-offanengo", "GET", f"/cartelle/{cartella}", stato=404)
    scena.chiedi("as-crema", "GET", "/audit", stato=403)
    scena.chiedi("dpo-crema", "GET", "/audit")


def _oblio(prova: Prova) -> str:
    """What is older than the term loses who and whom, by the real command, and the chain holds."""
    esito = prova.ambito("audit", "oblia", "--prima-del", "2024-12-31", "--motivo", "Termine di conservazione decorso", "--si")
    esigi(esito.returncode == 0, f"l'oblio non è riuscito: {esito.stderr.strip()}")
    tolte = prova.interroga("SELECT count(*) FROM audit WHERE operatore_id IS NULL AND oggetti = '{}' AND quando < '2024-12-31'")
    esigi(tolte == VECCHIE, f"dovevano essere obliate {VECCHIE} righe, lo sono {tolte}")
    _attendi_sigillo(prova)
    _giri(prova, 2)
    return f"{VECCHIE} righe di due anni fa senza più nomi né documenti; l'atto firmato è nella catena"


def _attendi_sigillo(prova: Prova) -> None:
    aperte = "SELECT audit_da_sigillare = 0 AND teste_da_testimoniare = 0 FROM misura_sigillo()"
    attendi("tutto sigillato e testimoniato", lambda: prova.interroga(aperte))
    atti = "SELECT count(*) = 0 FROM sigillo_oblio o WHERE NOT EXISTS (SELECT FROM sigillo_voce v WHERE v.oblio_id = o.id)"
    attendi("gli atti sigillati", lambda: prova.interroga(atti))
    attendi("gli atti testimoniati", lambda: prova.interroga(aperte))


def _integro(prova: Prova) -> str:
    """With every program stopped, the untouched trail verifies clean."""
    prova.archivio = prova.interroga("SELECT archivio FROM sigillo_testa ORDER BY lotto LIMIT 1")
    for processo in prova.pila.programmi:
        processo.ferma()
    uscita, rapporto = prova.verifica(prova.database)
    esigi(uscita == 0 and rapporto["integro"], f"l'audit intatto non risulta integro: {rapporto['rilievi'][:3]}")
    esigi(rapporto["testimoniato_fino_a"] == rapporto["lotti"], "non tutti i lotti sono testimoniati")
    return f"{rapporto['righe']} numeri in {rapporto['lotti']} lotti, {rapporto['obliate']} obliati, tutto testimoniato: uscita 0"


def _manometti(manomissione: Manomissione) -> Callable[[Prova], str]:
    def passo(prova: Prova) -> str:
        asyncio.run(_su_una_copia(prova, manomissione))
        uscita, rapporto = prova.verifica(prova.copia)
        esigi(uscita == 1, "la verifica non ha trovato nulla")
        esigi(manomissione.attesa.value in rapporto["conteggi"], f"trovata come {', '.join(rapporto['conteggi'])}")
        trovato: str = next(r["testo"] for r in rapporto["rilievi"] if r["specie"] == manomissione.attesa.value)
        if manomissione.solo_col_testimone:
            trovato += "; col solo database non si poteva" if prova.verifica(prova.copia, testimone=False)[0] == 0 else ""
        return trovato

    return passo


async def _su_una_copia(prova: Prova, manomissione: Manomissione) -> None:
    dsn = prova.settings.dsn_admin_diretto
    await elimina_database(dsn, prova.copia)
    servizio = await asyncpg.connect(componi_dsn(dsn, database="postgres"))
    try:
        await servizio.execute(f'CREATE DATABASE "{prova.copia}" TEMPLATE "{prova.database}"')
    finally:
        await servizio.close()
    copia = await asyncpg.connect(componi_dsn(dsn, database=prova.copia))
    try:
        await manomissione.fai(copia, firmatario(prova.settings))
    finally:
        await copia.close()


def _ancora_integro(prova: Prova) -> str:
    """The original, after all that was done to its copies."""
    uscita, rapporto = prova.verifica(prova.database)
    esigi(uscita == 0, f"l'originale non risulta più integro: {rapporto['rilievi'][:3]}")
    return "l'originale, non toccato, resta integro: uscita 0"


PASSI: tuple[tuple[str, Callable[[Prova], str]], ...] = (
    ("Richieste vere, sigillate", _richieste),
    ("L'oblio, con il suo atto", _oblio),
    ("La verifica dell'audit intatto", _integro),
    *((manomissione.nome, _manometti(manomissione)) for manomissione in MANOMISSIONI),
    ("L'originale", _ancora_integro),
)

PREPARATORI = 3
"""The first steps: when one of them does not hold, the others prove nothing."""


def esegui(settings: Settings) -> bool:
    """Run every step on a database made anew; tell whether the untouched trail was clean and every tampering was found."""
    inizio = time.perf_counter()
    try:
        with fermabile(), console.status("Preparo…") as stato:
            pila = Pila(settings, database=DATABASE, da_capo=True, passo=lambda cosa: stato.update(f"Preparo: {cosa}…"))
            with pila:
                stato.stop()
                riga(True, 0, "Preparazione", preparato(pila), (time.perf_counter() - inizio) * 1000)
                return _tutti(Prova(pila), inizio)
    except Interrotto:
        console.print("Interrotto.")
        return False
    except ERRORI_ATTESI as errore:
        errori.print(f"Errore: {errore}", markup=False, soft_wrap=True)
        return False


def _tutti(prova: Prova, inizio: float) -> bool:
    falliti = 0
    try:
        for numero, (nome, fai) in enumerate(PASSI, 1):
            regge, testo, ms = esegui_passo(prova, fai)
            riga(regge, numero, nome, testo, ms)
            falliti += not regge
            if not regge and numero <= PREPARATORI:
                errori.print(f"Senza questo il resto non prova nulla; i registri sono in {prova.pila.registri}.", markup=False)
                return False
    finally:
        asyncio.run(elimina_database(prova.settings.dsn_admin_diretto, prova.copia))
    if falliti:
        errori.print(f"{falliti} passi non reggono.", markup=False)
        return False
    console.print(f"\nTrovate tutte e {len(MANOMISSIONI)} le manomissioni ({time.perf_counter() - inizio:.1f} s).")
    return True


def esegui_passo(prova: Prova, fai: Callable[[Prova], str]) -> tuple[bool, str, float]:
    """Run one step: whether it held, what it says, how long it took in milliseconds."""
    inizio = time.perf_counter()
    try:
        regge, testo = True, fai(prova)
    except NonRegge as errore:
        regge, testo = False, str(errore)
    except httpx.HTTPError as errore:
        regge, testo = False, f"nessuna risposta: {type(errore).__name__}"
    return regge, testo, (time.perf_counter() - inizio) * 1000
