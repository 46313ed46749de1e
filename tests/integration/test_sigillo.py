"""The sealer: late, rolled-back and crossing writers, two sealers at once, the rights, the handing over, the measures."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from services.core.platform.errori import ServizioEsterno
from services.core.platform.ids import nuovo_id
from services.core.platform.settings import Settings
from services.core.sigillo.consegna import Bivio, Consegna
from services.core.sigillo.firme import Fiducia
from services.core.sigillo.rapporto import Specie
from services.core.sigillo.service import Sigillo, adotta_testimone
from tests.mondo_sigillo import Mondo, apri_mondo, nuova_chiave, scrivi

pytestmark = pytest.mark.server

SCONOSCIUTO = "01900000-0000-7000-8000-0000000000aa"


@pytest.fixture
async def mondo(settings: Settings, tmp_path: Path) -> AsyncIterator[Mondo]:
    async with apri_mondo(settings, tmp_path / "testimone") as m:
        yield m


async def collegati(settings: Settings, quante: int) -> list["asyncpg.Connection[asyncpg.Record]"]:
    return [await asyncpg.connect(settings.dsn_admin) for _ in range(quante)]


async def sigillate(mondo: Mondo) -> list[int]:
    """The identifiers of the sealed rows, in order of number; the numbers are checked to be 1, 2, 3…"""
    righe = await mondo.admin.fetch("SELECT numero, audit_id FROM sigillo_voce ORDER BY numero")
    assert [r["numero"] for r in righe] == list(range(1, len(righe) + 1))
    return [r["audit_id"] for r in righe]


class TestChiScrive:
    async def test_chi_conferma_tardi_non_si_perde(self, mondo: Mondo) -> None:
        """It drew its identifier first and commits last, while hundreds of rows are sealed around it."""
        (lenta,) = await collegati(mondo.settings, 1)
        transazione = lenta.transaction()
        await transazione.start()
        await scrivi(lenta)
        suo = await lenta.fetchval("SELECT max(id) FROM audit")
        for _ in range(4):
            assert await mondo.sigilla(50) == 50
        assert await mondo.admin.fetchval("SELECT assodato FROM sigillo_stato") < suo
        await transazione.commit()
        assert await mondo.sigilla() == 1
        assert (await sigillate(mondo))[-1] == suo
        await mondo.sigilla(1)
        assert await mondo.sigilla() == 0
        assert await mondo.admin.fetchval("SELECT assodato FROM sigillo_stato") > suo
        assert (await mondo.verifica()).integro
        await lenta.close()

    async def test_anche_quando_scrive_per_mezzo_di_una_funzione(self, mondo: Mondo) -> None:
        """A refusal is written by a function with its owner's rights: the lock that tells of it is taken there too."""
        app = await asyncpg.connect(mondo.settings.dsn_app)
        transazione = app.transaction()
        await transazione.start()
        diniego = "SELECT registra_diniego($1, $1, NULL, 'leggiCartella', NULL, 'non-trovato', '{}', current_date)"
        await app.execute(diniego, nuovo_id())
        for _ in range(3):
            await mondo.sigilla(20)
        await transazione.commit()
        await app.close()
        assert await mondo.sigilla() == 1
        assert (await mondo.verifica()).integro

    async def test_chi_annulla_non_lascia_buchi(self, mondo: Mondo) -> None:
        for _ in range(3):
            transazione = mondo.admin.transaction()
            await transazione.start()
            await scrivi(mondo.admin, 3)
            await transazione.rollback()
            await mondo.sigilla(2)
        assert len(await sigillate(mondo)) == 6
        assert (await mondo.verifica()).integro

    @pytest.mark.parametrize("seme", range(4))
    async def test_molti_insieme_e_due_sigillatori(self, mondo: Mondo, seme: int) -> None:
        """Two sealers without the election that keeps them apart: nothing lost, doubled or skipped all the same."""
        caso = random.Random(seme)
        scrittori, sigillatori = await collegati(mondo.settings, 8), await collegati(mondo.settings, 2)
        scritte, fine = 0, asyncio.Event()

        async def scrive(connessione: "asyncpg.Connection[asyncpg.Record]", caso: random.Random) -> None:
            nonlocal scritte
            for _ in range(20):
                transazione = connessione.transaction()
                await transazione.start()
                quante = caso.randint(1, 4)
                await scrivi(connessione, quante)
                await asyncio.sleep(caso.choice((0, 0, 0.002, 0.02)))
                if caso.random() < 0.25:
                    await transazione.rollback()
                else:
                    await transazione.commit()
                    scritte += quante

        async def sigilla(connessione: "asyncpg.Connection[asyncpg.Record]", caso: random.Random) -> None:
            sigillo = Sigillo(mondo.chiave)
            while not fine.is_set():
                await sigillo.sigilla(connessione, caso.randint(1, 30))
                await asyncio.sleep(caso.choice((0, 0.001)))

        in_corso = [asyncio.create_task(sigilla(c, random.Random(caso.random()))) for c in sigillatori]
        await asyncio.gather(*(scrive(c, random.Random(caso.random())) for c in scrittori))
        fine.set()
        await asyncio.gather(*in_corso)
        await mondo.sigilla()
        trovate = await sigillate(mondo)
        assert len(trovate) == scritte == await mondo.admin.fetchval("SELECT count(*) FROM audit")
        assert len(set(trovate)) == scritte
        assert (await mondo.verifica()).integro
        for connessione in (*scrittori, *sigillatori):
            await connessione.close()

    async def test_di_due_insieme_uno_solo_lavora(self, mondo: Mondo) -> None:
        await scrivi(mondo.admin, 5)
        uno, altro = await collegati(mondo.settings, 2)
        transazione = uno.transaction()
        await transazione.start()
        assert await Sigillo(mondo.chiave).sigilla(uno) == 5
        assert await Sigillo(mondo.chiave).sigilla(altro) == 0
        await transazione.rollback()
        assert await mondo.sigilla() == 5
        for connessione in (uno, altro):
            await connessione.close()

    async def test_il_sigillo_non_tocca_le_righe_dell_audit(self, mondo: Mondo) -> None:
        """It adds beside them: the pages the application writes to are not written again."""
        await scrivi(mondo.admin, 20)
        stato = "SELECT array_agg(ctid::text || xmin::text || xmax::text ORDER BY id) FROM audit"
        prima = await mondo.admin.fetchval(stato)
        assert await mondo.sigilla() == 20
        assert await mondo.admin.fetchval(stato) == prima

    async def test_tiene_il_passo(self, mondo: Mondo) -> None:
        """A backlog of a busy day is sealed at thousands of rows a second, in batches that follow one another."""
        await mondo.admin.execute(
            """INSERT INTO audit (richiesta_id, ambito_id, operazione, esito, oggetti)
               SELECT gen_random_uuid(), 1, 'elencaCartelle', 'consentita', '{}' FROM generate_series(1, 10000)"""
        )
        async with asyncio.timeout(20):
            assert await mondo.sigilla() == 10000
        assert await mondo.admin.fetchval("SELECT count(*) FROM sigillo_testa") == 5
        assert (await mondo.verifica()).integro


class TestChiPuo:
    @pytest.mark.parametrize("ruolo", ["ambito_app", "ambito_caricatore", "ambito_definer", "ambito_lettore_piano"])
    async def test_nessun_altro_scrive_il_sigillo(self, mondo: Mondo, ruolo: str) -> None:
        tabelle = ("sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_oblio", "sigillo_stato")
        for tabella in tabelle:
            for privilegio in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
                possiede = f"has_table_privilege('{ruolo}', '{tabella}', '{privilegio}')"
                assert not await mondo.admin.fetchval(f"SELECT {possiede}"), (tabella, privilegio)

    async def test_il_sigillatore_non_cambia_ne_toglie_nulla(self, mondo: Mondo) -> None:
        for tabella in ("audit", "sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_oblio"):
            for privilegio in ("UPDATE", "DELETE", "TRUNCATE"):
                possiede = f"has_any_column_privilege('ambito_sigillatore', '{tabella}', 'UPDATE')"
                if privilegio != "UPDATE":
                    possiede = f"has_table_privilege('ambito_sigillatore', '{tabella}', '{privilegio}')"
                assert not await mondo.admin.fetchval(f"SELECT {possiede}"), (tabella, privilegio)

    async def test_l_applicazione_sa_solo_quante_ne_mancano(self, mondo: Mondo) -> None:
        """`misura_sigillo` counts with its owner's rights, for whoever asks: numbers, and no row behind them."""
        await scrivi(mondo.admin, 3)
        app = await asyncpg.connect(mondo.settings.dsn_app)
        misure = dict(await app.fetchrow("SELECT * FROM misura_sigillo()"))
        assert misure.pop("audit_da_sigillare_secondi") >= 0
        assert misure == {"audit_da_sigillare": 3, "teste_da_testimoniare": 0, "teste_da_testimoniare_secondi": 0}
        for tabella in ("sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_oblio", "sigillo_stato"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.fetch(f"SELECT 1 FROM {tabella}")
        await app.close()

    async def test_il_revisore_legge_soltanto(self, mondo: Mondo) -> None:
        righe = await mondo.admin.fetch(
            "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'ambito_revisore'"
        )
        assert [r[0] for r in righe] == ["SELECT"]

    async def test_il_worker_non_puo_obliare(self, mondo: Mondo) -> None:
        worker = await asyncpg.connect(mondo.settings.dsn_worker)
        for ruolo in ("ambito_oblio", "ambito_revisore"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await worker.execute(f"SET ROLE {ruolo}")
        await worker.close()


class TestConsegna:
    async def test_tutte_in_ordine_e_una_volta(self, mondo: Mondo) -> None:
        for _ in range(5):
            await mondo.sigilla(3)
        await mondo.testimone.riceve(mondo.admin)
        await mondo.testimone.riceve(mondo.admin)
        assert len((await mondo.file()).read_bytes().splitlines()) == 5
        rapporto = await mondo.verifica(await mondo.file())
        assert rapporto.integro
        assert rapporto.testimoniato_fino_a == 5

    async def test_a_lotti_quando_sono_molte(self, mondo: Mondo, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.core.sigillo.consegna.LOTTO", 3)
        for _ in range(8):
            await mondo.sigilla(1)
        await mondo.testimone.riceve(mondo.admin)
        assert [r[0] for r in await mondo.admin.fetch("SELECT lotto FROM sigillo_ricevuta ORDER BY 1")] == [3, 6, 8]
        assert (await mondo.verifica(await mondo.file())).integro

    async def test_un_testimone_assente_non_ferma_il_sigillo(self, mondo: Mondo) -> None:
        async def giu(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("giù")

        await adotta_testimone(mondo.admin, mondo.testimone.chiave.kid)
        consegna = Consegna(
            httpx.AsyncClient(transport=httpx.MockTransport(giu)), "http://giu", Fiducia([mondo.testimone.chiave.pubblica])
        )
        for _ in range(3):
            await mondo.sigilla(2)
            with pytest.raises(ServizioEsterno):
                await consegna.giro(mondo.admin)
        await mondo.admin.execute("SELECT pg_sleep(0.05)")
        misure = await mondo.admin.fetchrow("SELECT * FROM misura_sigillo()")
        assert (misure["audit_da_sigillare"], misure["teste_da_testimoniare"]) == (0, 3)
        assert misure["teste_da_testimoniare_secondi"] >= 0.05
        rapporto = await mondo.verifica()
        assert (rapporto.integro, rapporto.testimoniato_fino_a, rapporto.da_testimoniare) == (True, None, 3)
        await mondo.testimone.riceve(mondo.admin)
        misure = await mondo.admin.fetchrow("SELECT * FROM misura_sigillo()")
        assert (misure["teste_da_testimoniare"], misure["teste_da_testimoniare_secondi"]) == (0, 0)

    async def test_non_testimoniata_da_troppo_e_un_rilievo(self, mondo: Mondo) -> None:
        await mondo.sigilla(3)
        await mondo.manometti("UPDATE sigillo_testa SET quando = quando - interval '2 hours'")
        assert Specie.NON_TESTIMONIATA in await mondo.trova()

    async def test_una_ricevuta_perduta_non_ripete_nulla(self, mondo: Mondo) -> None:
        """The witness wrote and signed; the sealer was killed before it could keep the receipt."""
        for _ in range(3):
            await mondo.sigilla(2)
        await mondo.testimone.riceve(mondo.admin)
        await mondo.manometti("DELETE FROM sigillo_ricevuta")
        await mondo.testimone.riavvia()
        await mondo.sigilla(2)
        await mondo.testimone.riceve(mondo.admin)
        assert len((await mondo.file()).read_bytes().splitlines()) == 4
        assert (await mondo.verifica(await mondo.file())).testimoniato_fino_a == 4

    async def test_un_bivio_si_rifiuta_e_si_vede(self, mondo: Mondo) -> None:
        """The database goes on from an earlier head than the one the witness has."""
        for _ in range(4):
            await mondo.sigilla(2)
        await mondo.testimone.riceve(mondo.admin)
        file = await mondo.file()
        await mondo.manometti(
            "DELETE FROM sigillo_testa WHERE lotto > 2; DELETE FROM sigillo_voce WHERE numero > 4; DELETE FROM sigillo_ricevuta"
        )
        await mondo.admin.execute("UPDATE sigillo_stato SET assodato = 0")
        await mondo.sigilla(1)
        consegna = mondo.testimone.consegna()
        with pytest.raises(Bivio):
            await consegna.giro(mondo.admin)
        for _ in range(3):
            await mondo.sigilla(1)
        with pytest.raises(Bivio):
            await consegna.giro(mondo.admin)
        assert len(file.read_bytes().splitlines()) == 4
        trovate = await mondo.trova(file)
        assert Specie.BIFORCAZIONE in trovate

    async def test_dopo_il_ripristino_dichiarato_si_riparte(self, mondo: Mondo) -> None:
        """The database came back from a copy taken after its second batch; the witness's operator declared it."""
        for _ in range(4):
            await mondo.sigilla(2)
        await mondo.testimone.riceve(mondo.admin)
        file, archivio = await mondo.file(), await mondo.archivio()
        await mondo.manometti(
            "DELETE FROM sigillo_testa WHERE lotto > 2; DELETE FROM sigillo_voce WHERE numero > 4; DELETE FROM sigillo_ricevuta",
            "DELETE FROM audit WHERE id NOT IN (SELECT audit_id FROM sigillo_voce)",
        )
        assert (await mondo.trova(file))[Specie.CODA_TRONCATA] == [(3, 4)]
        mondo.testimone.archivi.ripristina(archivio, 2, "copia delle 6")
        await mondo.sigilla(3)
        await mondo.testimone.riceve(mondo.admin)
        rapporto = await mondo.verifica(file)
        assert rapporto.integro, rapporto.rilievi
        assert rapporto.testimoniato_fino_a == 3
        assert any("ripristino" in nota and "copia delle 6" in nota for nota in rapporto.note)

    async def test_un_impostore_non_passa_per_il_testimone(self, mondo: Mondo) -> None:
        await mondo.sigilla(2)
        consegna = Consegna(mondo.testimone.cliente, "http://testimone", Fiducia([nuova_chiave().pubblica]))
        with pytest.raises(ServizioEsterno):
            await consegna.giro(mondo.admin)
        assert await mondo.admin.fetchval("SELECT count(*) FROM sigillo_ricevuta") == 0

    @pytest.mark.parametrize(
        ("metodo", "percorso", "corpo", "stato"),
        [
            ("GET", "/archivi/non-un-uuid", None, 404),
            ("GET", f"/archivi/{SCONOSCIUTO}", None, 404),
            ("POST", "/archivi/../../etc/passwd/teste", b"{}", 404),
            ("POST", f"/archivi/{SCONOSCIUTO}/teste", b"{}", 422),
            ("POST", f"/archivi/{SCONOSCIUTO}/teste", b'{"teste":[]}', 422),
            ("POST", f"/archivi/{SCONOSCIUTO}/teste", b"[" * 100_000, 422),
            ("POST", f"/archivi/{SCONOSCIUTO}/teste", b"\xff" * 10, 422),
            ("POST", f"/archivi/{SCONOSCIUTO}/teste", b" " * (1024 * 1024 + 1), 413),
        ],
    )
    async def test_il_testimone_e_l_ospite_ostile(
        self, mondo: Mondo, metodo: str, percorso: str, corpo: bytes | None, stato: int
    ) -> None:
        risposta = await mondo.testimone.cliente.request(metodo, f"http://testimone{percorso}", content=corpo)
        assert risposta.status_code == stato

    async def test_una_testa_di_altri_e_rifiutata_con_403(self, mondo: Mondo) -> None:
        await scrivi(mondo.admin)
        await Sigillo(nuova_chiave()).sigilla(mondo.admin)
        with pytest.raises(ServizioEsterno):
            await mondo.testimone.riceve(mondo.admin)
        assert not list(mondo.testimone.cartella.glob("*.jsonl"))
