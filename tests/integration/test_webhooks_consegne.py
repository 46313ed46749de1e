"""Deliveries on the database: who hears of what, in which order, who sends, what each outcome leads to."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.core.platform.clock import adesso
from services.core.platform.db import crea_engine
from services.core.platform.eventi import sequenzia
from services.core.platform.ids import nuovo_id
from services.core.webhooks import attesa
from services.core.webhooks.lettore import LettoreWebhooks
from services.core.webhooks.models import StatoConsegna
from services.core.webhooks.service import Esito, Presa, reclama, registra
from services.worker.lettori import Corsa, esegui
from tests.mondo_eventi import AMBITO, FattoInterno, Mondo, accadi, concedi, crea_mondo, nuova_destinazione, tempo_passa

pytestmark = pytest.mark.server
GIORNO = date(2025, 9, 15)
AFFITTO = timedelta(seconds=20)


class Banco:
    """A world, sessions of both roles, and the steps of a delivery one by one."""

    def __init__(self, mondo: Mondo, di_admin, di_worker, admin) -> None:
        self.mondo, self.di_admin, self.di_worker, self.admin = mondo, di_admin, di_worker, admin

    async def accade(self, *cartelle: UUID | None, classe=None, aggregato: UUID | None = None) -> list[UUID]:
        async with self.di_admin() as s, s.begin():
            altro = {"classe": classe} if classe else {}
            fatti = [await accadi(s, c, aggregato, **altro) for c in cartelle]
        async with self.di_worker() as s, s.begin():
            await s.execute(sa.text("SET LOCAL ROLE ambito_sequenziatore"))
            await sequenzia(s)
        return fatti

    async def leggi(self, giorno: date = GIORNO) -> None:
        assert await esegui(self.di_worker, LettoreWebhooks(lambda: giorno)) is Corsa.FINITO

    async def consegne(self):
        return await self.admin.fetch("SELECT * FROM consegna ORDER BY evento_posizione, destinazione_id")

    async def reclama(self, limite: int = 50, quando=None, **altro) -> list[Presa]:
        async with self.di_worker() as s, s.begin():
            await s.execute(sa.text("SET LOCAL ROLE ambito_mittente"))
            return await reclama(s, adesso=quando or adesso(), affitto=AFFITTO, limite=limite, **altro)

    async def esito(self, presa: Presa, stato: int | None = 204, errore: str | None = None, quando=None) -> StatoConsegna | None:
        esito = Esito(adesso(), 12, stato, errore, "risposta")
        async with self.di_worker() as s, s.begin():
            await s.execute(sa.text("SET LOCAL ROLE ambito_mittente"))
            return await registra(s, presa, esito, adesso=quando or adesso(), casuale=lambda: 0.0)


@pytest.fixture
async def banco(settings, admin) -> AsyncIterator[Banco]:
    mondo = await crea_mondo(admin, settings)
    motori = [crea_engine(settings.dsn_admin, massimo=2), crea_engine(settings.dsn_worker, massimo=6)]
    fabbriche = [async_sessionmaker(m, class_=AsyncSession, expire_on_commit=False, autoflush=False) for m in motori]
    yield Banco(mondo, *fabbriche, admin)
    for motore in motori:
        await motore.dispose()


class TestChiSente:
    async def test_solo_chi_siede_nell_equipe_della_cartella(self, banco):
        (visto, _) = await banco.accade(banco.mondo.cartella, banco.mondo.altra)
        await banco.leggi()
        (riga,) = await banco.consegne()
        assert (riga["aggregato_id"], riga["cartella_id"], riga["stato"]) == (visto, banco.mondo.cartella, "da_inviare")
        corpo = json.loads(riga["corpo"])
        assert (corpo["id"], corpo["ambito"], corpo["aggregato_id"]) == (str(riga["id"]), "prova", str(visto))
        assert "posizione" not in corpo
        assert "cartella" not in json.dumps(corpo)

    @pytest.mark.parametrize(
        ("giorno", "quante"), [(date(2025, 1, 31), 0), (date(2025, 2, 1), 1), (date(2025, 6, 30), 1), (date(2025, 7, 1), 0)]
    )
    async def test_soltanto_nei_giorni_in_cui_vi_siede(self, banco, giorno, quante):
        await banco.admin.execute("UPDATE accesso SET al = '2025-06-30' WHERE ambito_id = $1", AMBITO)
        await banco.accade(banco.mondo.cartella)
        await banco.leggi(giorno)
        assert len(await banco.consegne()) == quante

    @pytest.mark.parametrize(
        ("cambia", "quante"),
        [
            ("UPDATE condivisione SET al = '2025-06-29'", 0),
            ("UPDATE condivisione SET al = '2025-06-30'", 1),
            ("UPDATE accordo SET al = '2025-06-29'", 0),
            ("UPDATE accordo SET base_giuridica = 'consenso'", 0),
            ("UPDATE condivisione SET classi = 10", 0),
            ("UPDATE condivisione SET dal = '2025-07-01'", 0),
            ("UPDATE ente SET tipo = 'azienda' WHERE codice = 'zz-asst'; DELETE FROM condivisione", 1),
        ],
    )
    async def test_chi_non_e_titolare_sente_finche_un_accordo_condivide(self, banco, cambia, quante):
        await banco.admin.execute(cambia)
        await banco.accade(banco.mondo.cartella)
        await banco.leggi(date(2025, 6, 30))
        assert len(await banco.consegne()) == quante

    @pytest.mark.parametrize(("esito", "al", "quante"), [("accolta", None, 0), ("accolta", "29", 1), ("respinta", None, 1)])
    async def test_un_opposizione_accolta_ferma_le_consegne(self, banco, esito, al, quante):
        dal = "'2025-06-01'" if esito == "accolta" else "NULL"
        fine = f"'2025-06-{al}'" if al else "NULL"
        await banco.admin.execute(
            f"""INSERT INTO limitazione (id, versione, ambito_id, cartella_id, tipo, richiesta_il, motivazione, esito, decisa_il,
                                         dal, al)
                VALUES ($1, 1, {AMBITO}, $2, 'opposizione', '2025-06-01', 'Prova', '{esito}', '2025-06-01', {dal}, {fine})""",
            nuovo_id(),
            banco.mondo.cartella,
        )
        await banco.accade(banco.mondo.cartella)
        await banco.leggi(date(2025, 6, 30))
        assert len(await banco.consegne()) == quante

    async def test_la_squadra_pippi_non_basta(self, banco):
        await concedi(banco.admin, banco.mondo, banco.mondo.altra, motivo="pippi")
        await banco.accade(banco.mondo.altra)
        await banco.leggi()
        assert await banco.consegne() == []

    async def test_un_tipo_interno_non_esce_nemmeno_se_richiesto(self, banco):
        await banco.admin.execute("UPDATE destinazione SET tipi = array['prova.fatto.interno']")
        await banco.accade(None, classe=FattoInterno)
        await banco.leggi()
        assert await banco.consegne() == []

    async def test_destinazioni_spente_o_di_altri_tipi_o_di_altro_ambito(self, banco):
        await nuova_destinazione(banco.admin, banco.mondo, nuovo_id(), "https://a.example/", ("progetti.progetto.firmato",))
        spenta, altrove = nuovo_id(), nuovo_id()
        await nuova_destinazione(banco.admin, banco.mondo, spenta, "https://b.example/")
        await nuova_destinazione(banco.admin, banco.mondo, altrove, "https://c.example/")
        await banco.admin.execute("UPDATE destinazione SET attiva = false WHERE id = $1", spenta)
        await banco.admin.execute("INSERT INTO ambito (id, codice, denominazione) VALUES (9002, 'altrove', 'Altro ambito')")
        await banco.admin.execute("UPDATE destinazione SET ambito_id = 9002 WHERE id = $1", altrove)
        await banco.accade(None)
        await banco.leggi()
        assert [r["destinazione_id"] for r in await banco.consegne()] == [banco.mondo.destinazione]

    async def test_rileggere_dall_inizio_non_aggiunge_nulla(self, banco):
        await banco.accade(banco.mondo.cartella, None)
        await banco.leggi()
        prima = await banco.consegne()
        await banco.admin.execute("UPDATE cursore SET posizione = 0 WHERE lettore = 'webhooks'")
        await banco.leggi()
        assert await banco.consegne() == prima
        assert len(prima) == 2


class TestOrdine:
    async def test_nella_stessa_cartella_si_aspetta_la_precedente(self, banco):
        attesi = [str(a) for _ in range(3) for a in await banco.accade(banco.mondo.cartella)]
        await banco.leggi()
        arrivati = []
        for _ in range(3):
            (presa,) = await banco.reclama()
            arrivati.append(json.loads(presa.corpo)["aggregato_id"])
            assert await banco.reclama() == []
            assert await banco.esito(presa) is StatoConsegna.CONSEGNATA
        assert arrivati == attesi
        assert await banco.reclama() == []

    async def test_cartelle_diverse_non_si_aspettano(self, banco):
        await concedi(banco.admin, banco.mondo, banco.mondo.altra)
        await banco.accade(banco.mondo.cartella, banco.mondo.altra, banco.mondo.cartella, None)
        await banco.leggi()
        assert len(await banco.reclama()) == 3

    async def test_una_fallita_tiene_ferme_le_seguenti_e_una_accantonata_no(self, banco):
        await banco.accade(banco.mondo.cartella, banco.mondo.cartella)
        await banco.leggi()
        (prima,) = await banco.reclama()
        assert await banco.esito(prima, 503) is StatoConsegna.DA_INVIARE
        assert await banco.reclama() == []
        (ancora,) = await banco.reclama(quando=adesso() + timedelta(minutes=1))
        assert (ancora.consegna_id, ancora.tentativo, ancora.corpo) == (prima.consegna_id, 2, prima.corpo)
        tardi = adesso() + attesa.LIMITE + timedelta(hours=1)
        assert await banco.esito(ancora, 503, quando=tardi) is StatoConsegna.ACCANTONATA
        (seconda,) = await banco.reclama()
        assert seconda.consegna_id != prima.consegna_id

    async def test_senza_cartella_l_ordine_e_dell_aggregato(self, banco):
        aggregato = nuovo_id()
        async with banco.di_admin() as s, s.begin():
            for versione in (1, 2):
                await accadi(s, None, aggregato, versione)
        (altro,) = await banco.accade(None)
        await banco.leggi()
        presi = {(c["aggregato_id"], c["versione"]) for c in (json.loads(p.corpo) for p in await banco.reclama())}
        assert presi == {(str(aggregato), 1), (str(altro), 1)}


class TestAffitto:
    async def test_due_mittenti_insieme_non_prendono_la_stessa(self, banco):
        await banco.accade(*[None] * 40)
        await banco.leggi()
        prese = await asyncio.gather(*(banco.reclama(limite=10, per_destinazione=10) for _ in range(6)))
        ids = [p.consegna_id for gruppo in prese for p in gruppo]
        assert len(ids) == len(set(ids)) == 40

    async def test_chi_muore_dopo_aver_preso_lascia_scadere_l_affitto(self, banco):
        await banco.accade(None)
        await banco.leggi()
        (presa,) = await banco.reclama()
        assert await banco.reclama(quando=adesso() + AFFITTO - timedelta(seconds=2)) == []
        (ripresa,) = await banco.reclama(quando=adesso() + AFFITTO)
        assert (ripresa.consegna_id, ripresa.corpo, ripresa.tentativo) == (presa.consegna_id, presa.corpo, 2)

    async def test_l_esito_tardivo_di_chi_ha_perso_l_affitto(self, banco):
        """A late failure changes nothing; a late success counts: the receiver has it."""
        await banco.accade(None)
        await banco.leggi()
        (vecchia,) = await banco.reclama()
        (nuova,) = await banco.reclama(quando=adesso() + AFFITTO)
        assert await banco.esito(vecchia, None, "tempo_scaduto") is None
        assert (await banco.consegne())[0]["in_corso_fino"] is not None
        assert await banco.esito(vecchia) is StatoConsegna.CONSEGNATA
        assert await banco.esito(nuova) is None
        assert await banco.admin.fetchval("SELECT count(*) FROM tentativo_consegna") == 3
        assert await banco.admin.fetchval("SELECT count(*) FROM evento WHERE tipo = 'webhooks.consegna.consegnata'") == 1

    async def test_ogni_destinazione_ha_la_sua_parte(self, banco):
        altra = nuovo_id()
        await nuova_destinazione(banco.admin, banco.mondo, altra, "https://b.example/")
        await banco.accade(*[None] * 20)
        await banco.leggi()
        prese = await banco.reclama(limite=8, per_destinazione=4)
        assert sorted(str(p.destinazione_id) for p in prese) == sorted([str(altra)] * 4 + [str(banco.mondo.destinazione)] * 4)
        rimaste = await banco.reclama(limite=8, per_destinazione=4, escluse=[altra])
        assert {p.destinazione_id for p in rimaste} == {banco.mondo.destinazione}


class TestEsiti:
    async def test_consegnata(self, banco):
        await banco.accade(banco.mondo.cartella)
        await banco.leggi()
        (presa,) = await banco.reclama()
        await banco.esito(presa)
        (riga,) = await banco.consegne()
        assert (riga["stato"], riga["ultimo_stato"], riga["ultimo_errore"]) == ("consegnata", 204, None)
        assert riga["in_corso_fino"] is None
        assert riga["consegnata_il"] is not None
        tentativo = await banco.admin.fetchrow("SELECT * FROM tentativo_consegna")
        assert (tentativo["stato_http"], tentativo["errore"]) == (204, None)
        assert (tentativo["estratto"], tentativo["durata_ms"]) == ("risposta", 12)
        evento = await banco.admin.fetchrow("SELECT * FROM evento WHERE tipo = 'webhooks.consegna.consegnata'")
        assert (evento["aggregato_id"], evento["versione"], evento["cartella_id"]) == (riga["id"], 1, banco.mondo.cartella)

    async def test_fallita_si_riprova_piu_tardi(self, banco):
        await banco.accade(None)
        await banco.leggi()
        (presa,) = await banco.reclama()
        await banco.esito(presa, None, "connessione")
        (riga,) = await banco.consegne()
        assert (riga["stato"], riga["ultimo_stato"], riga["ultimo_errore"]) == ("da_inviare", None, "connessione")
        assert timedelta(0) < riga["prossimo_tentativo"] - adesso() <= timedelta(seconds=1)
        assert await banco.admin.fetchval("SELECT errori_consecutivi FROM destinazione") == 1

    async def test_l_interruttore_della_destinazione(self, banco):
        await banco.accade(*[None] * 12)
        await banco.leggi()
        prese = await banco.reclama(per_destinazione=12)
        for presa in prese[:10]:
            await banco.esito(presa, 500)
        sospesa = await banco.admin.fetchval("SELECT sospesa_fino FROM destinazione")
        assert sospesa > adesso()
        await tempo_passa(banco.admin)
        assert await banco.reclama() == []
        (sonda,) = await banco.reclama(quando=sospesa, per_destinazione=12)
        await banco.esito(sonda)
        assert tuple(await banco.admin.fetchrow("SELECT errori_consecutivi, sospesa_fino FROM destinazione")) == (0, None)
        await tempo_passa(banco.admin)
        assert len(await banco.reclama(per_destinazione=12)) == 11

    async def test_410_spegne_la_destinazione(self, banco):
        await banco.accade(None, None)
        await banco.leggi()
        prima, seconda = await banco.reclama()
        assert await banco.esito(prima, 410) is StatoConsegna.ACCANTONATA
        assert tuple(await banco.admin.fetchrow("SELECT attiva, versione FROM destinazione")) == (False, 2)
        raccontati = await banco.admin.fetch(
            "SELECT tipo, aggregato_id, versione FROM evento WHERE tipo LIKE 'webhooks.%' ORDER BY 1"
        )
        assert [(r["tipo"], r["versione"]) for r in raccontati] == [
            ("webhooks.consegna.accantonata", 1),
            ("webhooks.destinazione.dismessa", 2),
        ]
        assert raccontati[0]["aggregato_id"] == prima.consegna_id
        await banco.esito(seconda, 503)
        assert await banco.reclama(quando=adesso() + timedelta(days=1)) == []
