"""A small world of its own for the tests of the log and of the webhooks: one ambito, two cartelle, an ASST in the équipe of one.

Rows are written as administrator, so that these tests do not depend on the other areas' services.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.platform.eventi import Evento, aggiungi
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.core.webhooks import segreti
from services.core.webhooks.firma import nuovo_segreto

AMBITO = 9001
TIPO = "misure.assegnazione.creata"


class FattoDiProva(Evento):
    """An event of a public type without fields of its own."""

    tipo: ClassVar[str] = TIPO
    aggregato: ClassVar[str] = "assegnazione"


class FattoInterno(Evento):
    """An event that never leaves the ambito."""

    tipo: ClassVar[str] = "prova.fatto.interno"
    aggregato: ClassVar[str] = "prova"


@dataclass(slots=True)
class Mondo:
    """Identifiers of what was written. `cartella` has the ASST in its équipe, `altra` has not."""

    settings: Settings
    asst: UUID = field(default_factory=nuovo_id)
    operatore: UUID = field(default_factory=nuovo_id)
    cartella: UUID = field(default_factory=nuovo_id)
    altra: UUID = field(default_factory=nuovo_id)
    destinazione: UUID = field(default_factory=nuovo_id)
    segreto: str = field(default_factory=nuovo_segreto)

    @property
    def chiavi(self) -> list[bytes]:
        """The keys of the installation under test."""
        return [segreti.chiave(self.settings.segreto_webhook.get_secret_value())]


async def crea_mondo(admin: Any, settings: Settings, url: str = "http://127.0.0.1:9/asst/webhook") -> Mondo:
    """Write the world and return its identifiers. The log starts empty and nobody else listens."""
    m = Mondo(settings)
    await admin.execute("DELETE FROM destinazione; DELETE FROM evento")
    await admin.execute(f"INSERT INTO ambito (id, codice, denominazione) VALUES ({AMBITO}, 'prova', 'Ambito di prova')")
    await admin.execute(
        f"""INSERT INTO comune (id, ambito_id, codice_istat, codice_belfiore, denominazione)
            VALUES (9001, {AMBITO}, '999001', 'Z999', 'Zzqcomune')"""
    )
    await admin.execute("INSERT INTO servizio (codice, denominazione) VALUES ('zz_prova', 'Servizio di prova')")
    await admin.execute(f"INSERT INTO competenza (id, ambito_id, comune_id, servizio) VALUES (9001, {AMBITO}, 9001, 'zz_prova')")
    await admin.execute(
        f"""INSERT INTO ente (id, ambito_id, tipo, codice, denominazione)
            VALUES ($1, {AMBITO}, 'asst', 'zz-asst', 'ASST di prova')""",
        m.asst,
    )
    await admin.execute(
        "INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES ($1, 'prova', 'zz', 'Zzqprova', 'Qwxesempi')",
        m.operatore,
    )
    for cartella in (m.cartella, m.altra):
        persona, nucleo = nuovo_id(), nuovo_id()
        await admin.execute(
            f"""INSERT INTO persona (id, ambito_id, cognome, nome, data_nascita, sesso, comune_residenza_id,
                                     cittadinanza, protetta, versione)
                VALUES ($1, {AMBITO}, 'Zzqprova', 'Xyzfinta', '1950-01-01', 'F', 9001, '380', false, 1)""",
            persona,
        )
        await admin.execute(f"INSERT INTO nucleo (id, ambito_id) VALUES ($1, {AMBITO})", nucleo)
        await admin.execute(
            f"""INSERT INTO cartella (id, ambito_id, persona_id, nucleo_id, competenza_id, stato, riservata, aperta_il, creata_il,
                                      versione)
                VALUES ($1, {AMBITO}, $2, $3, 9001, 'aperta', false, '2025-01-10', now(), 1)""",
            cartella,
            persona,
            nucleo,
        )
    await concedi(admin, m, m.cartella)
    await accorda(admin, m)
    await nuova_destinazione(admin, m, m.destinazione, url)
    return m


async def concedi(
    admin: Any, m: Mondo, cartella: UUID, motivo: str = "equipe", dal: date = date(2025, 2, 1), al: date | None = None
) -> None:
    """Seat the ASST's operator in a team of `cartella`."""
    await admin.execute(
        f"""INSERT INTO accesso (id, ambito_id, cartella_id, operatore_id, ente_id, motivo, origine_id, dal, al)
            VALUES ($1, {AMBITO}, $2, $3, $4, $5, $6, $7, $8)""",
        nuovo_id(),
        cartella,
        m.operatore,
        m.asst,
        motivo,
        nuovo_id(),
        dal,
        al,
    )


async def accorda(admin: Any, m: Mondo) -> None:
    """An agreement that shares the identity with the ASST."""
    accordo = nuovo_id()
    await admin.execute(
        f"""INSERT INTO accordo (id, ambito_id, codice, titolo, estremi, base_giuridica, norma, dal)
            VALUES ($1, {AMBITO}, 'prova', 'Prova', 'Prova', 'gdpr_9_2_h', 'Prova', '2025-01-01')""",
        accordo,
    )
    await admin.execute(
        f"""INSERT INTO condivisione (id, ambito_id, accordo_id, ente_id, classi, finalita, dal)
            VALUES ($1, {AMBITO}, $2, $3, 1, 'presa_in_carico', '2025-01-01')""",
        nuovo_id(),
        accordo,
        m.asst,
    )


async def nuova_destinazione(admin: Any, m: Mondo, id_: UUID, url: str, tipi: tuple[str, ...] = (TIPO,)) -> None:
    """Register an address of the ASST."""
    await admin.execute(
        f"""INSERT INTO destinazione (id, versione, ambito_id, ente_id, denominazione, url, segreto_cifrato, tipi, attiva,
                                      errori_consecutivi)
            VALUES ($1, 1, {AMBITO}, $2, 'Sistema di prova', $3, $4, $5, true, 0)""",
        id_,
        m.asst,
        url,
        segreti.cifra(m.chiavi, segreti.contesto(id_), m.segreto),
        list(tipi),
    )


async def accadi(
    sessione: AsyncSession,
    cartella: UUID | None,
    aggregato: UUID | None = None,
    versione: int = 1,
    classe: type[Evento] = FattoDiProva,
) -> UUID:
    """Append one event and return the identifier of its aggregate."""
    aggregato = aggregato or nuovo_id()
    await aggiungi(sessione, classe(aggregato_id=aggregato, versione=versione, cartella_id=cartella), ambito_id=AMBITO)
    return aggregato


async def tempo_passa(admin: "asyncpg.Connection[asyncpg.Record]", quando: datetime | None = None) -> None:
    """Let leases run out and waits end, as the passing of time would."""
    await admin.execute(
        """UPDATE consegna SET in_corso_fino = CASE WHEN in_corso_fino IS NULL THEN NULL ELSE clock_timestamp() END,
                               prossimo_tentativo = least(prossimo_tentativo, coalesce($1, clock_timestamp()))
           WHERE stato = 'da_inviare'""",
        quando,
    )
