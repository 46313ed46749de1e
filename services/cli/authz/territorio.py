"""The invented territory: ambiti, Comuni, enti, deleghe, agreements; and what each ambito gives to all its cartelle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from services.cli.authz.corredo import INTERVENTO, MISURA, Cornice
from services.cli.authz.relazioni import AMBITO, CONDIVISIONI, DELEGHE, ENTI, LUOGHI, SERVIZI, Competenza
from services.core.access.situazioni import DAL, GIORNO, TUTTE
from services.core.contitolarita.models import Accordo, BaseGiuridica, Condivisione
from services.core.misure.models import Avviso, Graduatoria, StatoAvviso, StatoGraduatoria
from services.core.piano.formule import FORMULE
from services.core.piano.models import Indicatore, ObiettivoPiano, Piano
from services.core.piano.verso import Verso
from services.core.platform.clock import adesso
from services.core.territorio.models import Ambito, Comune, Delega, Ente, Servizio, TipoEnte
from services.core.territorio.models import Competenza as RigaCompetenza

AVVISI = {"aperto": StatoAvviso.APERTO, "chiuso": StatoAvviso.CHIUSO, "libero": StatoAvviso.APERTO, "vuoto": StatoAvviso.APERTO}
"""`aperto` has the draft of every cartella, `chiuso` the graduatoria, `libero` and `vuoto` no domanda."""


def ambito_di(ente: str) -> int:
    """Return the ambito of an ente of `ENTI`."""
    return LUOGHI["oltre"].ambito if ente.endswith("-oltre") else AMBITO


@dataclass(slots=True)
class Territorio:
    """Writes the territory, and remembers its identifiers by name."""

    sessione: AsyncSession
    enti: dict[str, UUID] = field(default_factory=dict)
    competenze: dict[Competenza, int] = field(default_factory=dict)
    accordo_id: UUID | None = None
    _comuni: dict[str, int] = field(default_factory=dict)
    _ambiti: dict[int, tuple[Mapping[str, UUID], UUID, UUID]] = field(default_factory=dict)

    async def scrivi(self) -> None:
        """Write everything."""
        nuovi = insert(Servizio).values([{"codice": s, "denominazione": s} for s in SERVIZI]).on_conflict_do_nothing()
        await self.sessione.execute(nuovi)
        for ambito in sorted({luogo.ambito for luogo in LUOGHI.values()}):
            await self._aggiungi(Ambito(id=ambito, codice=f"prova-{ambito}", denominazione=f"Ambito inventato {ambito}"))
            self._ambiti[ambito] = await self._ambito(ambito)
        await self._comuni_e_competenze()
        await self._enti_e_deleghe()
        await self._accordi()

    def cornice(self, competenza: Competenza) -> Cornice:
        """Return what surrounds a cartella in charge of that competenza."""
        comune, servizio = competenza
        luogo = LUOGHI[comune]
        avvisi, graduatoria, indicatore = self._ambiti[luogo.ambito]
        return Cornice(
            luogo.ambito,
            self._comuni[comune],
            luogo.istat,
            luogo.belfiore,
            self.competenze[competenza],
            servizio,
            self.enti[f"comune-{comune}"],
            avvisi,
            graduatoria,
            indicatore,
        )

    async def _aggiungi(self, *righe: Any) -> None:
        self.sessione.add_all(righe)
        await self.sessione.flush()  # what comes next refers to them

    async def _comuni_e_competenze(self) -> None:
        for nome, luogo in LUOGHI.items():
            dati = {"ambito_id": luogo.ambito, "codice_istat": luogo.istat, "codice_belfiore": luogo.belfiore}
            comune_id = await self._numerata(Comune, **dati, denominazione=f"Zzq{nome}")
            self._comuni[nome] = comune_id
            for servizio in SERVIZI:
                numero = await self._numerata(RigaCompetenza, ambito_id=luogo.ambito, comune_id=comune_id, servizio=servizio)
                self.competenze[nome, servizio] = numero

    async def _numerata(self, tabella: type[SQLModel], **valori: object) -> int:
        """Insert a row whose number the database gives, and return it."""
        numero = await self.sessione.scalar(insert(tabella).values(**valori).returning(sa.literal_column("id")))
        assert numero is not None
        return int(numero)

    async def _enti_e_deleghe(self) -> None:
        for codice, (tipo, di) in ENTI.items():
            comune_id = self._comuni[di] if di else None
            ente = Ente(
                ambito_id=ambito_di(codice), tipo=TipoEnte(tipo), codice=codice, denominazione=codice, comune_id=comune_id
            )
            await self._aggiungi(ente)
            self.enti[codice] = ente.id
        for codice, competenza, dal, al in DELEGHE:
            delega = Delega(
                ambito_id=AMBITO,
                competenza_id=self.competenze[competenza],
                ente_gestore_id=self.enti[codice],
                dal=dal,
                al=al,
            )
            await self._aggiungi(delega)

    async def _accordi(self) -> None:
        """One agreement in each ambito."""
        accordi = {}
        for ambito in self._ambiti:
            accordo = Accordo(
                ambito_id=ambito,
                codice="prova",
                titolo="Accordo inventato",
                estremi="prova",
                base_giuridica=BaseGiuridica.GDPR_9_2_H,
                norma="prova",
                dal=DAL,
            )
            await self._aggiungi(accordo)
            accordi[ambito] = accordo.id
        self.accordo_id = accordi[AMBITO]
        for ente, finalita, al in CONDIVISIONI:
            ambito = ambito_di(ente)
            riga = Condivisione(
                ambito_id=ambito,
                accordo_id=accordi[ambito],
                ente_id=self.enti[ente],
                classi=int(TUTTE),
                finalita=finalita,
                dal=DAL,
                al=al,
            )
            await self._aggiungi(riga)

    async def _ambito(self, ambito: int) -> tuple[Mapping[str, UUID], UUID, UUID]:
        """Avvisi, graduatoria and indicator of an ambito."""
        avvisi = {nome: await self._avviso(ambito, nome, stato) for nome, stato in AVVISI.items()}
        graduatoria = Graduatoria(
            ambito_id=ambito,
            avviso_id=avvisi["chiuso"],
            stato=StatoGraduatoria.CHIUSA,
            budget_centesimi=10**12,
            impegnato_centesimi=500,
            impronta="0" * 64,
            istantanea={},
            chiusa_il=adesso(),
        )
        piano = Piano(ambito_id=ambito, codice="prova", denominazione="Piano", dal=DAL, al=date(2027, 12, 31))
        await self._aggiungi(graduatoria, piano)
        obiettivo = ObiettivoPiano(ambito_id=ambito, piano_id=piano.id, codice="1", testo="Prova")
        await self._aggiungi(obiettivo)
        indicatore = Indicatore(
            ambito_id=ambito,
            piano_id=piano.id,
            obiettivo_id=obiettivo.id,
            codice="1",
            testo="Prova",
            unita="numero",
            verso=next(iter(Verso)),
            valore_atteso=Decimal(10),
            formula=next(f for f in FORMULE.values() if not f.rapporto).codice,
        )
        await self._aggiungi(indicatore)
        return avvisi, graduatoria.id, indicatore.id

    async def _avviso(self, ambito: int, nome: str, stato: StatoAvviso) -> UUID:
        avviso = Avviso(
            ambito_id=ambito,
            codice=nome,
            misura=MISURA,
            denominazione=f"Avviso {nome}",
            anno=GIORNO.year,
            fondo="prova",
            budget_centesimi=10**9,
            aperto_dal=DAL,
            aperto_al=date(GIORNO.year, 12, 31),
            stato=stato,
            opzioni={"interventi": [INTERVENTO], "mesi": 12, "decorrenza": f"{GIORNO.year}-10-01"},
        )
        await self._aggiungi(avviso)
        return avviso.id
