"""The reader of the flows on a cloned database: composes, discards with reasons, publishes each once and in order."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from stdnum.it.codicefiscale import calc_check_digit

from services.core.flussi.identificativi import leggi_id
from services.core.flussi.ps_xml import leggi_xml
from services.core.flussi.regole_ps import controlla
from services.core.platform.clock import adesso_ms
from services.core.platform.db import crea_engine
from services.core.platform.settings import Settings
from services.worker.lettori import Corsa
from tests.mondo_flussi import DSU, Lavoratore, Mondo, Varianti, assegna, crea_mondo


@pytest.fixture
async def lavoratore(settings: Settings) -> AsyncIterator[Lavoratore]:
    lavoratore = Lavoratore.di(settings)
    yield lavoratore
    await lavoratore.motore.dispose()


@pytest.fixture
async def scrive(settings: Settings) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """Sessions as administrator, for appending events."""
    motore = crea_engine(settings.dsn_admin, massimo=2)
    yield async_sessionmaker(motore, expire_on_commit=False)
    await motore.dispose()


@pytest.fixture
async def mondo(admin: Any) -> Mondo:
    return await crea_mondo(admin)


async def assegnata(admin: Any, scrive: async_sessionmaker[AsyncSession], m: Mondo, *varianti: Varianti) -> list[Any]:
    async with scrive() as sessione, sessione.begin():
        return [await assegna(admin, sessione, m, v) for v in varianti or (Varianti(),)]


async def flussi(admin: Any, origine: Any = None) -> list[Any]:
    return await admin.fetch(
        "SELECT * FROM flusso WHERE $1::uuid IS NULL OR origine_id = $1 ORDER BY ts_flusso NULLS LAST, id", origine
    )


async def test_un_assegnazione_diventa_un_flusso_pubblicato(admin, scrive, lavoratore, mondo):
    prima = adesso_ms()
    [assegnazione] = await assegnata(admin, scrive, mondo)
    assert await lavoratore.lavora() is Corsa.FINITO
    [flusso] = await flussi(admin)
    assert (flusso["origine_id"], flusso["anno"], flusso["ordine"], flusso["stato"]) == (assegnazione, 2025, 1, "pubblicato")
    assert (flusso["tipo"], flusso["operazione"], flusso["ente_id"], flusso["motivo"]) == (
        "PS_PSA_SINA",
        "I",
        mondo.ente_id,
        "[]",
    )
    assert prima <= flusso["ts_flusso"] <= adesso_ms()
    assert leggi_id(flusso["id_flusso"]).progressivo == 1

    letto = leggi_xml(flusso["contenuto"])
    assert letto.nome == flusso["id_flusso"]
    assert controlla(letto) == ()
    prestazione = letto.beneficiari[0].prestazioni[0]
    assert (prestazione.codice, str(prestazione.importo_mensile), prestazione.mesi) == ("A1.11", "400.00", 3)
    assert (prestazione.dsu_protocollo, prestazione.dsu_data) == (DSU, date(2025, 2, 3))
    assert prestazione.sina is not None
    assert prestazione.sina.mobilita == "2"
    assert letto.beneficiari[0].indirizzi[0].regione == "10"

    evento = await admin.fetchrow("SELECT * FROM evento WHERE tipo = 'flussi.flusso.pubblicato'")
    assert (evento["aggregato_id"], evento["versione"], evento["finalita"]) == (flusso["id"], 1, "flusso_statale")
    ente = await admin.fetchrow("SELECT * FROM ente_waas WHERE ente_id = $1", mondo.ente_id)
    assert (ente["ultimo_ts"], ente["progressivo"]) == (flusso["ts_flusso"], 1)


async def test_un_beneficio_a_cavallo_di_due_anni_si_dichiara_due_volte(admin, scrive, lavoratore, mondo):
    await assegnata(admin, scrive, mondo, Varianti(dal=date(2025, 10, 1), al=date(2026, 9, 30)))
    await lavoratore.lavora()
    trovati = await flussi(admin)
    assert [f["anno"] for f in trovati] == [2025, 2026]
    prestazioni = [leggi_xml(f["contenuto"]).beneficiari[0].prestazioni[0] for f in trovati]
    assert [(p.inizio, p.fine, p.mesi) for p in prestazioni] == [
        (date(2025, 10, 1), date(2025, 12, 31), 3),
        (date(2026, 1, 1), date(2026, 9, 30), 9),
    ]


async def test_chi_rompe_una_regola_non_ferma_gli_altri(admin, scrive, lavoratore, mondo):
    omocodia = "ZZQXNBRMCRNDMQNP"
    casi = {
        "cf-non-trasmissibile": Varianti(codice_fiscale=_con_controllo(omocodia[:15])),
        "dato-mancante": Varianti(codice_fiscale=None),
        "posizione-protetta": Varianti(protetta=True),
        "lunghezza": Varianti(cognome="Zzqprova" * 5),
        "misura-senza-codice": Varianti(misura="ZZ_PROVA"),
    }
    # one good before, between and after the bad ones
    varianti = [Varianti()]
    for v in casi.values():
        varianti += [v, Varianti()]
    ids = await assegnata(admin, scrive, mondo, *varianti)
    assert await lavoratore.lavora() is Corsa.FINITO
    buoni, cattivi = ids[::2], ids[1::2]
    assert [(await flussi(admin, i))[0]["stato"] for i in buoni] == ["pubblicato"] * 6
    for codice, id_ in zip(casi, cattivi, strict=True):
        [flusso] = await flussi(admin, id_)
        assert (flusso["stato"], flusso["ts_flusso"], flusso["id_flusso"]) == ("scartato", None, None)
        assert codice in flusso["motivo"]
        assert '"blocca"' in flusso["motivo"]
    eventi = await admin.fetch("SELECT dati FROM evento WHERE tipo = 'flussi.flusso.scartato' ORDER BY numero")
    assert len(eventi) == 5
    assert not any("Zzqprova" in e["dati"] for e in eventi)
    assert [leggi_id(f["id_flusso"]).progressivo for f in await flussi(admin) if f["id_flusso"]] == [1, 2, 3, 4, 5, 6]


def _con_controllo(quindici: str) -> str:
    return quindici + calc_check_digit(quindici)


async def test_una_cartella_riservata_non_parte(admin, scrive, lavoratore, mondo):
    await assegnata(admin, scrive, mondo, Varianti(riservata=True))
    await lavoratore.lavora()
    [flusso] = await flussi(admin)
    assert flusso["stato"] == "scartato"
    assert "posizione-protetta" in flusso["motivo"]


async def test_senza_codice_dell_operatore_niente_parte(admin, scrive, lavoratore, mondo):
    await admin.execute("UPDATE ente_waas SET codice_fiscale_operatore = NULL")
    await assegnata(admin, scrive, mondo)
    await lavoratore.lavora()
    [flusso] = await flussi(admin)
    assert flusso["stato"] == "scartato"
    assert "Ente.CFOperatore" in flusso["motivo"]


async def test_senza_un_ente_che_pubblica(admin, scrive, lavoratore, mondo):
    await admin.execute("DELETE FROM ente_waas")
    await assegnata(admin, scrive, mondo)
    await lavoratore.lavora()
    [flusso] = await flussi(admin)
    assert (flusso["stato"], flusso["ente_id"]) == ("scartato", None)
    assert "ente-erogatore" in flusso["motivo"]


async def test_una_valutazione_incompleta_resta_fuori_e_lo_si_dice(admin, scrive, lavoratore, mondo):
    await assegnata(admin, scrive, mondo, Varianti(mobilita=None))
    await lavoratore.lavora()
    [flusso] = await flussi(admin)
    assert flusso["stato"] == "pubblicato"
    assert leggi_xml(flusso["contenuto"]).beneficiari[0].prestazioni[0].sina is None
    assert "sina-incompleta" in flusso["motivo"]
    assert '"avviso"' in flusso["motivo"]


async def test_una_valutazione_senza_fasce_in_vigore_non_ferma_il_lettore(admin, scrive, lavoratore, mondo):
    await assegnata(admin, scrive, mondo, Varianti(valutata_il=date(1990, 1, 1)))
    assert await lavoratore.lavora() is Corsa.FINITO
    [flusso] = await flussi(admin)
    assert flusso["stato"] == "pubblicato"
    assert "AttivitaVitaQuotidiana" in flusso["motivo"]


async def test_senza_valutazione_ne_progetto_non_e_presa_in_carico(admin, scrive, lavoratore, mondo):
    await assegnata(admin, scrive, mondo, Varianti(valutazione=False, dsu=False, protocollo=None, comune_nascita=None))
    await lavoratore.lavora()
    [flusso] = await flussi(admin)
    assert flusso["stato"] == "pubblicato"
    letto = leggi_xml(flusso["contenuto"])
    prestazione = letto.beneficiari[0].prestazioni[0]
    assert (prestazione.presa_in_carico, prestazione.area_utenza, prestazione.sina) == ("2", None, None)
    assert (prestazione.dsu_protocollo, prestazione.dsu_anno, prestazione.dsu_data) == (None, None, None)
    assert len(prestazione.protocollo_domanda) == 32
    assert letto.beneficiari[0].anagrafica.luogo_nascita == "D142"


async def test_rileggere_il_log_non_pubblica_due_volte(admin, scrive, lavoratore, mondo):
    await assegnata(admin, scrive, mondo, Varianti(), Varianti(codice_fiscale=None), replace(Varianti(), al=date(2026, 3, 31)))
    await lavoratore.lavora()
    prima = await flussi(admin)
    eventi = await admin.fetchval("SELECT count(*) FROM evento")
    await admin.execute("UPDATE cursore SET posizione = 0 WHERE lettore = 'flussi'")
    assert await lavoratore.lavora() is Corsa.FINITO
    assert await flussi(admin) == prima
    assert await admin.fetchval("SELECT count(*) FROM evento") == eventi


async def test_la_sequenza_non_corre_piu_di_un_minuto(admin, scrive, lavoratore, mondo):
    await admin.execute("UPDATE ente_waas SET ultimo_ts = $1 WHERE ente_id = $2", adesso_ms() + 3_600_000, mondo.ente_id)
    await assegnata(admin, scrive, mondo)
    assert await lavoratore.lavora() is Corsa.ERRORE
    assert await flussi(admin) == []
    cursore = await admin.fetchrow("SELECT * FROM cursore WHERE lettore = 'flussi'")
    assert "SequenzaTroppoAvanti" in cursore["errore"]
    await admin.execute("UPDATE ente_waas SET ultimo_ts = 0 WHERE ente_id = $1", mondo.ente_id)
    await admin.execute("UPDATE cursore SET prossimo_tentativo = NULL WHERE lettore = 'flussi'")
    assert await lavoratore.lavora() is Corsa.FINITO
    assert len(await flussi(admin)) == 1


async def test_il_ruolo_del_lettore_non_puo_altro(lavoratore):
    async with lavoratore.sessioni() as sessione:
        await sessione.execute(sa.text("SET LOCAL ROLE ambito_lettore_flussi"))
        for vietata in (
            "UPDATE persona SET cognome = ''",
            "DELETE FROM flusso",
            "SELECT 1 FROM caso_pippi",
            "SELECT 1 FROM audit",
        ):
            with pytest.raises(sa.exc.ProgrammingError):
                async with sessione.begin_nested():
                    await sessione.execute(sa.text(vietata))
