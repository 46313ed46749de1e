"""Assegnazioni written as administrator on an example ambito, with all that their flow to INPS needs, and its reader.

So the tests of the flows do not depend on how an assegnazione comes about.
"""

import itertools
import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.core.flussi.lettore import LettoreFlussi
from services.core.misure.events import BeneficioAssegnato
from services.core.persone.codice_fiscale import genera
from services.core.platform.db import crea_engine
from services.core.platform.eventi import aggiungi, sequenzia
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.worker.lettori import Corsa, esegui

CREMA = "019035"
DSU = "INPS-ISEE-2025-00000001Z-00"
NOMI = ("Xenobia", "Quirzia", "Wolfhilde", "Zypora", "Kxenia")


@dataclass(slots=True)
class Mondo:
    """Where the assegnazioni hang: an avviso and a graduatoria of an example ambito, the ente that publishes."""

    ambito_id: int
    ente_id: UUID
    audience: str
    comune_id: int
    competenza_id: int
    avviso: UUID = field(default_factory=nuovo_id)
    graduatoria: UUID = field(default_factory=nuovo_id)
    numeri: Any = field(default_factory=itertools.count)


@dataclass(slots=True)
class Varianti:
    """What may differ from a record that can be declared whole."""

    codice_fiscale: str | None = ""
    """Empty: a valid one is made. None: there is none."""
    cognome: str = "Zzqprova"
    comune_nascita: str | None = "D142"
    protetta: bool = False
    riservata: bool = False
    dsu: bool = True
    valutazione: bool = True
    mobilita: str | None = "assistito"
    valutata_il: date = date(2025, 6, 15)
    misura: str = "FNA_B2"
    importo_centesimi: int = 40_000
    dal: date = date(2025, 10, 1)
    al: date = date(2025, 12, 31)
    protocollo: str | None = "2025-0000123"


async def crea_mondo(admin: Any, comune_istat: str = CREMA) -> Mondo:
    """Write avviso and graduatoria in the ambito of `comune_istat`, which an example loaded."""
    riga = await admin.fetchrow(
        """SELECT c.ambito_id, c.id AS comune_id, w.ente_id, w.audience,
                  (SELECT min(k.id) FROM competenza k WHERE k.comune_id = c.id) AS competenza_id
           FROM comune c JOIN ente_waas w ON w.ambito_id = c.ambito_id WHERE c.codice_istat = $1""",
        comune_istat,
    )
    m = Mondo(riga["ambito_id"], riga["ente_id"], riga["audience"], riga["comune_id"], riga["competenza_id"])
    await admin.execute(
        """INSERT INTO avviso (id, versione, ambito_id, codice, misura, denominazione, anno, fondo, budget_centesimi, aperto_dal,
                               aperto_al, stato, opzioni)
           VALUES ($1, 1, $2, $3, 'FNA_B2', 'Avviso di prova', 2025, 'FNA', 100000000, '2025-01-01', '2025-08-31',
                   'chiuso', '{}')""",
        m.avviso,
        m.ambito_id,
        f"zz-{m.avviso.hex[-8:]}",
    )
    await admin.execute(
        """INSERT INTO graduatoria (id, versione, ambito_id, avviso_id, linea, stato, budget_centesimi, impegnato_centesimi)
           VALUES ($1, 1, $2, $3, 'zz', 'bozza', 100000000, 0)""",
        m.graduatoria,
        m.ambito_id,
        m.avviso,
    )
    return m


async def assegna(admin: Any, sessione: AsyncSession, m: Mondo, v: Varianti | None = None) -> UUID:
    """Write an assegnazione and its event; return its id."""
    v = v or Varianti()
    assegnazione = await scrivi_assegnazione(admin, m, v)
    await annuncia(sessione, m, assegnazione, v)
    return assegnazione


async def annuncia(sessione: AsyncSession, m: Mondo, assegnazione: UUID, v: Varianti) -> None:
    """Append the event of an assegnazione to the log."""
    evento = BeneficioAssegnato(
        aggregato_id=assegnazione,
        versione=1,
        domanda_id=nuovo_id(),
        graduatoria_id=m.graduatoria,
        misura=v.misura,
        tipo_intervento="buono",
        importo_mensile_centesimi=v.importo_centesimi,
        mesi=3,
        dal=v.dal,
        al=v.al,
    )
    await aggiungi(sessione, evento, ambito_id=m.ambito_id)


async def scrivi_assegnazione(admin: Any, m: Mondo, v: Varianti) -> UUID:
    """Write person, cartella, domanda, decision, valutazione and assegnazione."""
    n = next(m.numeri)
    nato = date(1940 + n // 365 % 40, 1 + n // 28 % 12, 1 + n % 28)
    nome = NOMI[n % len(NOMI)]
    codice = (
        genera(cognome=v.cognome, nome=nome, data_nascita=nato, sesso="F", luogo="D142")
        if v.codice_fiscale == ""
        else v.codice_fiscale
    )
    persona, nucleo, cartella, domanda, assegnazione = (nuovo_id() for _ in range(5))
    await admin.execute(
        """INSERT INTO persona (id, versione, ambito_id, cognome, nome, data_nascita, sesso, codice_fiscale, comune_nascita,
                                comune_residenza_id, cittadinanza, protetta)
           VALUES ($1, 1, $2, $3, $4, $5, 'F', $6, $7, $8, '380', $9)""",
        persona, m.ambito_id, v.cognome, nome, nato, codice, v.comune_nascita, m.comune_id, v.protetta,
    )  # fmt: skip
    await admin.execute("INSERT INTO nucleo (id, ambito_id) VALUES ($1, $2)", nucleo, m.ambito_id)
    await admin.execute(
        """INSERT INTO cartella (id, versione, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata,
                                 aperta_il, creata_il)
           VALUES ($1, 1, $2, $3, $4, $5, 'aperta', $6, '2025-01-10', now())""",
        cartella, m.ambito_id, persona, nucleo, m.competenza_id, v.riservata,
    )  # fmt: skip
    await admin.execute(
        """INSERT INTO domanda (id, versione, ambito_id, cartella_id, avviso_id, stato, tipo_intervento, protocollo,
                                presentata_il, dati)
           VALUES ($1, 1, $2, $3, $4, 'assegnata', 'buono', $5, '2025-06-01', '{}')""",
        domanda, m.ambito_id, cartella, m.avviso, v.protocollo,
    )  # fmt: skip
    if v.dsu:
        await _decisione(admin, m, cartella, domanda)
    if v.valutazione:
        await _valutazione(admin, m, cartella, domanda, v)
    await admin.execute(
        """INSERT INTO assegnazione (id, versione, ambito_id, cartella_id, domanda_id, graduatoria_id, misura,
                                     importo_mensile_centesimi, mesi, dal, al, stato)
           VALUES ($1, 1, $2, $3, $4, $5, $6, $7, 3, $8, $9, 'attiva')""",
        assegnazione, m.ambito_id, cartella, domanda, m.graduatoria, v.misura, v.importo_centesimi, v.dal, v.al,
    )  # fmt: skip
    return assegnazione


async def _decisione(admin: Any, m: Mondo, cartella: UUID, domanda: UUID) -> None:
    fatto, decisione = nuovo_id(), nuovo_id()
    await admin.execute(
        """INSERT INTO fatto (id, ambito_id, cartella_id, tipo, classe, valore, fonte, schema_dati, valido_dal, valido_al,
                              registrato_il)
           VALUES ($1, $2, $3, 'isee.sociosanitario', 4, $4, 'INPS', 'prova', '2025-02-03', '2025-12-31', now())""",
        fatto, m.ambito_id, cartella, json.dumps({"dsu": DSU, "importo_centesimi": 1}),
    )  # fmt: skip
    usati = {"isee": {"id": str(fatto), "fonte": "INPS"}, "dichiarato": {"id": None, "valore": True}}
    await admin.execute(
        """INSERT INTO decisione (id, ambito_id, cartella_id, domanda_id, data_riferimento, esito, spiegazione, fatti, parametri,
                                  impronta, creata_il)
           VALUES ($1, $2, $3, $4, '2025-06-01', 'ammissibile', '{}', $5, '{}', repeat('0', 64), now())""",
        decisione, m.ambito_id, cartella, domanda, json.dumps(usati),
    )  # fmt: skip
    await admin.execute("UPDATE domanda SET decisione_id = $1 WHERE id = $2", decisione, domanda)


async def _valutazione(admin: Any, m: Mondo, cartella: UUID, domanda: UUID, v: Varianti) -> None:
    equipe = nuovo_id()
    await admin.execute(
        """INSERT INTO equipe (id, versione, ambito_id, cartella_id, custodia_id, tipo, costituita_il)
           VALUES ($1, 1, $2, $3, $3, 'equipe_multidisciplinare', '2025-05-01')""",
        equipe, m.ambito_id, cartella,
    )  # fmt: skip
    await admin.execute(
        """INSERT INTO valutazione (id, versione, ambito_id, cartella_id, equipe_id, domanda_id, stato, data_valutazione,
             adl, iadl, punteggio_adl, punteggio_iadl, mobilita, disturbi_cognitivi, disturbi_comportamentali, necessita_cure,
             area_reddituale, area_supporto, strumento, fonte, conclusa_il)
           VALUES ($1, 1, $2, $3, $4, $5, 'conclusa', $7, '{}', '{}', 1, 2, $6, 'lievi', 'assenti', 'media', 'autonomo',
             'parziale', 'altro', 'uvm', '2025-06-20')""",
        nuovo_id(), m.ambito_id, cartella, equipe, domanda, v.mobilita, v.valutata_il,
    )  # fmt: skip


@dataclass(slots=True)
class Lavoratore:
    """The worker's sequencer and reader, run on command."""

    motore: AsyncEngine

    @classmethod
    def di(cls, settings: Settings) -> "Lavoratore":
        """Connect as the worker."""
        return cls(crea_engine(settings.dsn_worker, massimo=8))

    @property
    def sessioni(self) -> async_sessionmaker[AsyncSession]:
        """Sessions as the worker."""
        return async_sessionmaker(self.motore, expire_on_commit=False, autoflush=False)

    async def lavora(self) -> Corsa:
        """Number every event and let the reader of the flows read them."""
        async with self.sessioni() as sessione, sessione.begin():
            await sessione.execute(sa.text("SET LOCAL ROLE ambito_sequenziatore"))
            while await sequenzia(sessione):
                pass
        corsa = Corsa.ANCORA
        while corsa is Corsa.ANCORA:
            corsa = await esegui(self.sessioni, LettoreFlussi())
        return corsa
