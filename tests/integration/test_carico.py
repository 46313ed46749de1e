"""Loading the example ambiti: everything is there, again is nothing, and what contradicts the database is refused whole."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest
import yaml

from services.core.platform.settings import Ambiente, Settings
from services.core.territorio.carico import CaricoNonRiuscito, carica, identificativo
from services.core.territorio.esempi import leggi
from services.core.webhooks import segreti
from tests.ambiente import AMBITI, ESEMPI

Admin: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_ANAGRAFE = ["ambito", "sub_ambito", "comune", "ente", "servizio", "competenza", "delega", "operatore", "incarico"]
_CASI = ["persona", "nucleo", "componente", "cartella", "fatto", "evento"]
TABELLE = [*_ANAGRAFE, *_CASI, "avviso", "piano", "obiettivo_piano", "indicatore", "ente_waas", "destinazione"]


async def _righe(admin: Admin) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables a loading writes, in a stable order."""
    return {t: sorted(tuple(map(str, r)) for r in await admin.fetch(f"SELECT * FROM {t}")) for t in TABELLE}


async def test_tutto_quello_che_e_scritto_e_caricato(admin: Admin) -> None:
    for nome in AMBITI:
        e = leggi(ESEMPI / nome)
        attesi = {
            "comune": len(e.ambito.comuni),
            "sub_ambito": len(e.ambito.sub_ambiti),
            "ente": len(list(e.enti())),
            "competenza": len(e.ambito.comuni) * len(e.ambito.servizi),
            "delega": len(list(e.deleghe())),
            "incarico": sum(len(o.incarichi) for o in e.operatori.operatori),
            "persona": len(e.persone.persone),
            "cartella": len(e.persone.cartelle),
            "fatto": sum(len(c.requisiti) for c in e.persone.cartelle),
            "avviso": len(e.avvisi.avvisi),
            "ente_waas": len(e.waas.enti),
            "destinazione": len(e.webhook.destinazioni),
        }
        for tabella, quante in attesi.items():
            assert await admin.fetchval(f"SELECT count(*) FROM {tabella} WHERE ambito_id = $1", e.ambito.id) == quante, tabella


async def test_ricaricare_non_cambia_nulla(settings: Settings, admin: Admin) -> None:
    prima = await _righe(admin)
    for nome in AMBITI:
        assert (await carica(settings, ESEMPI / nome)).totale == 0
    assert await _righe(admin) == prima


async def test_cio_che_le_persone_hanno_cambiato_resta(settings: Settings, admin: Admin) -> None:
    cartella = identificativo("cremasco", "cartella", "zzqprova-ada")
    await admin.execute(
        "UPDATE cartella SET stato = 'chiusa', chiusa_il = aperta_il, versione = versione + 1 WHERE id = $1", cartella
    )
    prima = await _righe(admin)
    await carica(settings, ESEMPI / "cremasco")
    assert await _righe(admin) == prima


async def test_ogni_cartella_ha_i_suoi_eventi(admin: Admin) -> None:
    """Opening first, then one for each fact; the row's version is that of the last event."""
    righe = await admin.fetch(
        """SELECT c.versione, array_agg(e.tipo ORDER BY e.numero) AS tipi, array_agg(e.versione ORDER BY e.numero) AS versioni,
                  (SELECT count(*) FROM fatto f WHERE f.cartella_id = c.id) AS fatti
           FROM cartella c JOIN evento e ON e.aggregato_id = c.id AND e.cartella_id = c.id AND e.ambito_id = c.ambito_id
           GROUP BY c.id"""
    )
    assert len(righe) == await admin.fetchval("SELECT count(*) FROM cartella")
    for r in righe:
        assert r["tipi"] == ["cartelle.cartella.aperta"] + ["cartelle.fatto.registrato"] * r["fatti"]
        assert r["versioni"] == list(range(1, r["versione"] + 1))


async def test_il_territorio_degli_incarichi(admin: Admin) -> None:
    """A Comune has all its services; an azienda what is delegated to it on that day."""

    async def competenze(soggetto: str, giorno: str = "2025-09-15") -> set[tuple[str, str]]:
        righe = await admin.fetch(
            f"""SELECT co.denominazione, k.servizio FROM operatore o JOIN incarico i ON i.operatore_id = o.id
                JOIN competenza k ON k.id = ANY (competenze_dell_incarico(i.id, '{giorno}'::date))
                JOIN comune co ON co.id = k.comune_id WHERE o.soggetto = $1""",
            soggetto,
        )
        return {(r[0], r[1]) for r in righe}

    assert {c for c, _ in await competenze("as-crema")} == {"Crema"}
    assert len(await competenze("as-crema")) == 6
    assert len(await competenze("amm-misure-csc")) == 48 * 4
    assert {s for _, s in await competenze("tutela-csc")} == {"tutela_minori"}
    assert len(await competenze("tutela-acsi")) == 44
    assert len(await competenze("tutela-asp")) == 11
    assert ("Maleo", "tutela_minori") not in await competenze("tutela-asp", "2017-12-31")
    assert await competenze("asst-crema") == set()
    assert await competenze("dpo-crema") == set()


async def test_segreto_del_webhook_cifrato(settings: Settings, admin: Admin) -> None:
    riga = await admin.fetchrow("SELECT id, segreto_cifrato, url FROM destinazione")
    assert riga is not None
    chiave = segreti.chiave(settings.segreto_webhook.get_secret_value())
    segreto = segreti.decifra([chiave], segreti.contesto(riga["id"]), bytes(riga["segreto_cifrato"]))
    assert segreto.startswith("whsec_")
    assert segreto.encode() not in bytes(riga["segreto_cifrato"])
    assert riga["url"] == settings.sandbox_url + "/asst/webhook"


def _copia(tmp_path: Path, file: str, modifica: Callable[[dict[str, Any]], object]) -> Path:
    cartella = tmp_path / "copia"
    shutil.copytree(ESEMPI / "cremasco", cartella)
    (cartella / "domande.yaml").unlink()  # names cartelle that some of these copies do without
    dati = yaml.safe_load((cartella / file).read_text("utf-8"))
    modifica(dati)
    (cartella / file).write_text(yaml.safe_dump(dati, allow_unicode=True), encoding="utf-8")
    return cartella


def _stesso_codice_fiscale(dati: dict[str, Any]) -> None:
    dati["persone"] = [dati["persone"][0] | {"codice": "altro-slug"}]
    dati["nuclei"], dati["cartelle"] = [], []


@pytest.mark.parametrize(
    ("file", "modifica", "motivo"),
    [
        ("persone.yaml", _stesso_codice_fiscale, "vincolo uq_persona_codice_fiscale"),
        ("ambito.yaml", lambda d: d.update(codice="altro"), "è già quello dell'ambito «cremasco»"),
        ("ambito.yaml", lambda d: d["deleghe"][0].update(ente="asst-crema"), "deleghe si sovrappongono"),
        ("avvisi.yaml", lambda d: d["avvisi"][0]["opzioni"].pop("mesi"), "«b2-2025», opzioni: mesi"),
    ],
)
async def test_cio_che_contrasta_non_si_carica(
    settings: Settings, admin: Admin, tmp_path: Path, file: str, modifica: Callable[[dict[str, Any]], object], motivo: str
) -> None:
    prima = await _righe(admin)
    with pytest.raises(CaricoNonRiuscito, match=motivo) as presa:
        await carica(settings, _copia(tmp_path, file, modifica))
    assert "ZZQ" not in str(presa.value)
    assert await _righe(admin) == prima


async def test_in_produzione_niente_dati_inventati(settings: Settings, admin: Admin) -> None:
    in_produzione = settings.model_copy(update={"env": Ambiente.PRODUZIONE})
    with pytest.raises(CaricoNonRiuscito, match="In produzione"):
        await carica(in_produzione, ESEMPI / "cremasco")


async def test_un_passo_alla_volta(settings: Settings, admin: Admin) -> None:
    passi: list[tuple[str, int, int]] = []
    await carica(settings, ESEMPI / "lodi", lambda *passo: passi.append(passo))
    assert [n for _, n, _ in passi] == list(range(1, len(passi) + 1))
    assert {t for _, _, t in passi} == {len(passi)}
