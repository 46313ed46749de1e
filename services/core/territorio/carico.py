"""Loading an ambito from its files into the database: an administrator's act, done by a role that owns nothing.

Identifiers are computed from the slugs (UUIDv5), so that loading again adds what is missing and changes nothing of what is
there: what people have changed meanwhile stays. Everything happens in one transaction, one loading at a time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from services.core.access.models import Incarico, Operatore
from services.core.cartelle.events import CartellaAperta, FattoRegistrato
from services.core.cartelle.models import Cartella, Fatto
from services.core.flussi.models import EnteWaas
from services.core.misure.models import Avviso, StatoAvviso
from services.core.persone.models import Componente, Nucleo, Persona, Sesso
from services.core.piano import service as piano
from services.core.piano.models import Indicatore, ObiettivoPiano, Piano
from services.core.platform.clock import adesso
from services.core.platform.db import crea_engine
from services.core.platform.eventi import CANALE, aggiungi
from services.core.platform.pg.ruoli import CARICATORE
from services.core.platform.settings import Settings
from services.core.territorio import carico_accordi, carico_fatti
from services.core.territorio.esempi import AmbitoEsempio, leggi
from services.core.territorio.models import (
    UNA_DELEGA_AL_GIORNO,
    Ambito,
    Competenza,
    Comune,
    Delega,
    Ente,
    Servizio,
    SubAmbito,
)
from services.core.webhooks import segreti
from services.core.webhooks.models import Destinazione

SPAZIO = UUID("5e0c1b6a-6c55-5d0f-9d6b-0c7a5f0f3a11")
"""Name space of the identifiers computed from slugs: never to change."""

BLOCCO_CARICO = 0x43415249
"""Advisory lock of the loading (the letters CARI)."""

_PORZIONE = 500
Riga = SQLModel | Mapping[str, Any]

Avanzamento = Callable[[str, int, int], None]
"""Called after each step with its name, how many are done and how many there are."""


class CaricoNonRiuscito(Exception):
    """The folder is well written but cannot be loaded here; nothing was loaded. The text is for who runs the command."""


@dataclass(slots=True)
class Riepilogo:
    """How many rows of each table were added; a second loading adds none."""

    aggiunte: dict[str, int] = field(default_factory=dict)

    @property
    def totale(self) -> int:
        return sum(self.aggiunte.values())


def identificativo(ambito: str, tipo: str, *chiave: object) -> UUID:
    """The identifier of what the slugs `chiave` name in an ambito."""
    return uuid5(SPAZIO, "/".join([ambito, tipo, *(str(c) for c in chiave)]))


def identificativo_operatore(emittente: str, soggetto: str) -> UUID:
    """The identifier of an operator, the same in every ambito where she has an incarico."""
    return uuid5(SPAZIO, f"operatore {emittente} {soggetto}")


async def carica(settings: Settings, percorso: Path, avanzamento: Avanzamento | None = None) -> Riepilogo:
    """Load the folder `percorso` and say how many rows were added.

    Raises:
        EsempioNonValido: the files are wrong; nothing was done.
        CaricoNonRiuscito: they contradict what is already in the database, or hold invented data in production.
    """
    esempio = leggi(percorso)
    if settings.produzione and (esempio.persone.persone or esempio.webhook.destinazioni):
        raise CaricoNonRiuscito("In produzione persone e destinatari inventati non si caricano: togliere quei file.")
    engine = crea_engine(settings.dsn_admin, massimo=1)
    try:
        async with AsyncSession(engine, autoflush=False) as sessione, sessione.begin():
            await sessione.execute(sa.text(f"SET LOCAL ROLE {CARICATORE}"))
            await sessione.execute(sa.select(sa.func.pg_advisory_xact_lock(BLOCCO_CARICO)))
            carico = _Carico(sessione, esempio, settings)
            await carico.tutto(avanzamento)
            return carico.riepilogo
    except IntegrityError as errore:
        vincolo = getattr(getattr(errore.orig, "__cause__", None), "constraint_name", None) or "sconosciuto"
        if vincolo == UNA_DELEGA_AL_GIORNO:
            raise CaricoNonRiuscito("Alcune deleghe si sovrappongono ad altre già presenti: chiudere prima quelle.") from None
        raise CaricoNonRiuscito(f"I file contrastano con i dati presenti (vincolo {vincolo}): nulla è stato caricato.") from None
    finally:
        await engine.dispose()


class _Carico:
    """One loading, step by step, in the order of the foreign keys."""

    def __init__(self, sessione: AsyncSession, esempio: AmbitoEsempio, settings: Settings) -> None:
        self._sessione, self._e, self._settings = sessione, esempio, settings
        self._ambito = esempio.ambito.id
        self._comuni: dict[str, int] = {}
        self._competenze: dict[tuple[int, str], int] = {}
        self.riepilogo = Riepilogo()

    async def tutto(self, avanzamento: Avanzamento | None) -> None:
        passi = (
            ("territorio", self._territorio),
            ("enti e deleghe", self._enti_e_deleghe),
            ("operatori", self._operatori),
            ("accordi", self._accordi),
            ("persone", self._persone),
            ("cartelle", self._cartelle),
            ("avvisi", self._avvisi),
            ("piano di zona", self._piano),
            ("flussi e webhook", self._uscite),
        )
        for fatti, (nome, passo) in enumerate(passi, start=1):
            await passo()
            if avanzamento is not None:
                avanzamento(nome, fatti, len(passi))

    def _id(self, tipo: str, *chiave: object) -> UUID:
        return identificativo(self._e.ambito.codice, tipo, *chiave)

    async def _aggiungi(self, modello: type[SQLModel], righe: Iterable[Riga], chiave: Sequence[str]) -> set[Any]:
        """Insert the rows whose `chiave` is not there yet; return the keys of those added (a tuple when of several columns)."""
        tabella = modello.__table__  # type: ignore[attr-defined]  # given by SQLModel to classes with table=True
        valori = [dict(r) if isinstance(r, Mapping) else r.model_dump() for r in righe]
        nuove: set[Any] = set()
        for inizio in range(0, len(valori), _PORZIONE):
            comando = (
                insert(tabella)
                .values(valori[inizio : inizio + _PORZIONE])
                .on_conflict_do_nothing(index_elements=list(chiave))
                .returning(*(tabella.c[c] for c in chiave))
            )
            nuove.update(riga[0] if len(chiave) == 1 else tuple(riga) for riga in await self._sessione.execute(comando))
        nome = str(tabella.name)
        self.riepilogo.aggiunte[nome] = self.riepilogo.aggiunte.get(nome, 0) + len(nuove)
        return nuove

    async def _territorio(self) -> None:
        a = self._e.ambito
        await self._aggiungi(Ambito, [Ambito(id=a.id, codice=a.codice, denominazione=a.denominazione)], ["id"])
        codice = await self._sessione.scalar(sa.text("SELECT codice FROM ambito WHERE id = :id"), {"id": a.id})
        if codice != a.codice:
            raise CaricoNonRiuscito(f"Il numero {a.id} è già quello dell'ambito «{codice}»: darne un altro ad «{a.codice}».")
        sub = [
            SubAmbito(id=self._id("sub_ambito", s.codice), ambito_id=a.id, codice=s.codice, denominazione=s.denominazione)
            for s in a.sub_ambiti
        ]
        await self._aggiungi(SubAmbito, sub, ["id"])
        comuni = [
            {
                "ambito_id": a.id,
                "sub_ambito_id": self._id("sub_ambito", c.sub_ambito) if c.sub_ambito else None,
                "codice_istat": c.codice_istat,
                "codice_belfiore": c.codice_belfiore,
                "denominazione": c.denominazione,
            }
            for c in a.comuni
        ]
        await self._aggiungi(Comune, comuni, ["ambito_id", "codice_istat"])
        righe = await self._sessione.execute(sa.text("SELECT codice_istat, id FROM comune WHERE ambito_id = :a"), {"a": a.id})
        per_istat: dict[str, int] = {str(istat): int(id_) for istat, id_ in righe}
        self._comuni = {c.codice: per_istat[c.codice_istat] for c in a.comuni}
        servizi = [Servizio(codice=s.codice, denominazione=s.denominazione) for s in a.servizi]
        await self._aggiungi(Servizio, servizi, ["codice"])
        competenze = [{"ambito_id": a.id, "comune_id": c, "servizio": s.codice} for c in self._comuni.values() for s in a.servizi]
        await self._aggiungi(Competenza, competenze, ["comune_id", "servizio"])
        query = sa.text("SELECT comune_id, servizio, id FROM competenza WHERE ambito_id = :a")
        righe = await self._sessione.execute(query, {"a": a.id})
        self._competenze = {(int(c), str(s)): int(id_) for c, s, id_ in righe}

    async def _enti_e_deleghe(self) -> None:
        enti = [
            Ente(
                id=self._id("ente", x.codice),
                ambito_id=self._ambito,
                tipo=x.tipo,
                codice=x.codice,
                denominazione=x.denominazione,
                comune_id=self._comuni[x.comune] if x.comune else None,
            )
            for x in self._e.enti()
        ]
        await self._aggiungi(Ente, enti, ["id"])
        deleghe = [
            Delega(
                id=self._id("delega", d.comune, d.servizio, d.delega.ente, d.delega.dal),
                ambito_id=self._ambito,
                competenza_id=self._competenze[self._comuni[d.comune], d.servizio],
                ente_gestore_id=self._id("ente", d.delega.ente),
                dal=d.delega.dal,
                al=d.delega.al,
            )
            for d in self._e.deleghe()
        ]
        await self._aggiungi(Delega, deleghe, ["id"])

    async def _operatori(self) -> None:
        emittente = self._settings.oidc_issuer
        operatori, incarichi = [], []
        for o in self._e.operatori.operatori:
            operatore_id = identificativo_operatore(emittente, o.soggetto)
            operatori.append(Operatore(id=operatore_id, emittente=emittente, soggetto=o.soggetto, cognome=o.cognome, nome=o.nome))
            incarichi += [
                Incarico(
                    id=self._id("incarico", emittente, o.soggetto, i.ente, i.ruolo, i.dal),
                    operatore_id=operatore_id,
                    ambito_id=self._ambito,
                    ente_id=self._id("ente", i.ente),
                    ruolo=i.ruolo,
                    comuni=[self._comuni[c] for c in i.comuni] if i.comuni else None,
                    **i.model_dump(include={"servizi", "pronto_intervento", "dal", "al"}),
                )
                for i in o.incarichi
            ]
        await self._aggiungi(Operatore, operatori, ["id"])
        await self._aggiungi(Incarico, incarichi, ["id"])

    async def _accordi(self) -> None:
        """Agreements. Loading again may only bring an end nearer: what was shared and is no more is closed by its `al`."""
        for modello, righe in carico_accordi.righe(self._ambito, self._e.accordi.accordi, self._id).items():
            await self._aggiungi(modello, righe, ["id"])
            await carico_accordi.anticipa_le_fini(self._sessione, righe)

    async def _persone(self) -> None:
        persone = [
            Persona(
                id=self._id("persona", p.codice),
                ambito_id=self._ambito,
                cognome=p.cognome,
                nome=p.nome,
                data_nascita=p.data_nascita,
                sesso=Sesso(p.sesso),
                codice_fiscale=p.codice_fiscale,
                comune_nascita=p.comune_nascita,
                comune_residenza_id=self._comuni[p.comune_residenza],
                cittadinanza=p.cittadinanza,
                protetta=p.protetta,
            )
            for p in self._e.persone.persone
        ]
        await self._aggiungi(Persona, persone, ["id"])
        nuclei = [Nucleo(id=self._id("nucleo", n.codice), ambito_id=self._ambito) for n in self._e.persone.nuclei]
        await self._aggiungi(Nucleo, nuclei, ["id"])
        componenti = [
            Componente(
                id=self._id("componente", n.codice, c.persona, c.dal),
                ambito_id=self._ambito,
                nucleo_id=self._id("nucleo", n.codice),
                persona_id=self._id("persona", c.persona),
                relazione=c.relazione,
                dal=c.dal,
                al=c.al,
            )
            for n in self._e.persone.nuclei
            for c in n.componenti
        ]
        await self._aggiungi(Componente, componenti, ["id"])

    async def _cartelle(self) -> None:
        """Cartelle with their facts. What is new appends its events, in order: opening, then one for each fact."""
        ora = adesso()
        cartelle = [
            Cartella(
                id=self._id("cartella", c.persona),
                versione=1 + len(c.requisiti),
                ambito_id=self._ambito,
                persona_id=self._id("persona", c.persona),
                nucleo_id=self._id("nucleo", self._e.nucleo_della(c).codice),
                competenza_id=self._competenze[self._comuni[c.comune], c.servizio],
                riservata=c.riservata,
                aperta_il=c.aperta_il,
                creata_il=ora,
            )
            for c in self._e.persone.cartelle
        ]
        nuove = await self._aggiungi(Cartella, cartelle, ["id"])
        for cartella, esempio in zip(cartelle, self._e.persone.cartelle, strict=True):
            if cartella.id in nuove:
                await self._fatti(cartella, carico_fatti.fatti(esempio, cartella, ora))

    async def _fatti(self, cartella: Cartella, fatti: Sequence[Fatto]) -> None:
        """Facts are added only with their cartella: later on they belong to who works on it."""
        for fatto in fatti:
            fatto.id = self._id("fatto", cartella.id, fatto.tipo, fatto.valido_dal)
        await self._aggiungi(Fatto, fatti, ["id"])
        comuni = {"aggregato_id": cartella.id, "cartella_id": cartella.id}
        aperta = CartellaAperta(**comuni, versione=1, competenza_id=cartella.competenza_id)
        registrati = (
            FattoRegistrato(**comuni, versione=versione, fatto_id=fatto.id, tipo_fatto=fatto.tipo)
            for versione, fatto in enumerate(fatti, start=2)
        )
        for evento in (aperta, *registrati):
            await aggiungi(self._sessione, evento, ambito_id=self._ambito)

    async def _avvisi(self) -> None:
        for a in self._e.avvisi.avvisi:
            if motivo := carico_fatti.opzioni_errate(a):
                raise CaricoNonRiuscito(f"avvisi.yaml, «{a.codice}», opzioni: {motivo}")
        avvisi = [
            Avviso(
                id=self._id("avviso", a.codice),
                ambito_id=self._ambito,
                codice=a.codice,
                misura=a.misura,
                denominazione=a.denominazione,
                anno=a.anno,
                fondo=a.fondo,
                budget_centesimi=a.budget_centesimi,
                aperto_dal=a.aperto_dal,
                aperto_al=a.aperto_al,
                stato=StatoAvviso(a.stato),
                opzioni=carico_fatti.opzioni(a),
            )
            for a in self._e.avvisi.avvisi
        ]
        await self._aggiungi(Avviso, avvisi, ["id"])

    async def _piano(self) -> None:
        """Plans. A new indicator makes the reader of the plan read the log again: what happened before counts too."""
        piani, obiettivi, indicatori = [], [], []
        for p in self._e.piano.piani:
            piano_id = self._id("piano", p.codice)
            piani.append(
                Piano(id=piano_id, ambito_id=self._ambito, codice=p.codice, denominazione=p.denominazione, dal=p.dal, al=p.al)
            )
            for o in p.obiettivi:
                obiettivo_id = self._id("obiettivo_piano", p.codice, o.codice)
                obiettivi.append(
                    ObiettivoPiano(id=obiettivo_id, ambito_id=self._ambito, piano_id=piano_id, codice=o.codice, testo=o.testo)
                )
                indicatori += [
                    Indicatore(
                        id=self._id("indicatore", p.codice, i.codice),
                        ambito_id=self._ambito,
                        piano_id=piano_id,
                        obiettivo_id=obiettivo_id,
                        **i.model_dump(),
                    )
                    for i in o.indicatori
                ]
        await self._aggiungi(Piano, piani, ["id"])
        await self._aggiungi(ObiettivoPiano, obiettivi, ["id"])
        if await self._aggiungi(Indicatore, indicatori, ["id"]):
            await piano.riavvolgi(self._sessione)
            await self._sessione.execute(sa.select(sa.func.pg_notify(CANALE, "")))

    async def _uscite(self) -> None:
        waas = [
            EnteWaas(
                ente_id=self._id("ente", w.ente),
                ambito_id=self._ambito,
                audience=w.audience,
                codice_ente=w.codice_ente,
                denominazione=w.denominazione,
                codice_fiscale_operatore=w.codice_fiscale_operatore,
            )
            for w in self._e.waas.enti
        ]
        await self._aggiungi(EnteWaas, waas, ["ente_id"])
        chiave = segreti.chiave(self._settings.segreto_webhook.get_secret_value())
        destinazioni = []
        for d in self._e.webhook.destinazioni:
            id_ = self._id("destinazione", d.ente, d.percorso)
            segreto = carico_fatti.segreto_di_esempio(self._settings, id_)
            destinazioni.append(
                Destinazione(
                    id=id_,
                    ambito_id=self._ambito,
                    ente_id=self._id("ente", d.ente),
                    denominazione=d.denominazione,
                    url=self._settings.sandbox_url + d.percorso,
                    segreto_cifrato=segreti.cifra([chiave], segreti.contesto(id_), segreto),
                    tipi=d.tipi,
                )
            )
        await self._aggiungi(Destinazione, destinazioni, ["id"])
