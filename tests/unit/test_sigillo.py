"""The seal without a database: tree, canonical form, signatures, heads, the witness's file and its refusals."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.core.access.models import Audit
from services.core.platform.chiavi import ChiaveNonValida
from services.core.platform.ids import nuovo_id
from services.core.platform.portachiavi import chiave_persistente
from services.core.platform.settings import RADICE_PROGETTO, ConfigurazioneNonValida, carica_settings
from services.core.sigillo import chiavi, forma, testa
from services.core.sigillo.albero import Albero
from services.core.sigillo.firme import Fiducia, Firmatario, firmatario_persistente, leggi_privata, leggi_pubblica
from services.core.sigillo.oblio import intervalli
from services.core.sigillo.rapporto import Rapporto, Specie
from services.core.sigillo.testimonianza import FileTestimone
from services.testimone.archivio import Archivi, Biforcazione, CartellaOccupata, FileRovinato, FirmaRifiutata, Rifiuto
from tests.mondo_sigillo import nuova_chiave
from tests.unit.test_settings import PRODUZIONE

ISTANTE = datetime(2025, 9, 15, 8, 30, 0, 5, tzinfo=UTC)


def radice_per_definizione(foglie: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written: split at the largest power of two smaller than the number of leaves."""
    if len(foglie) == 1:
        return foglie[0]
    k = 1
    while k * 2 < len(foglie):
        k *= 2
    return hashlib.sha256(b"\x01" + radice_per_definizione(foglie[:k]) + radice_per_definizione(foglie[k:])).digest()


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70))
def test_l_albero_e_quello_della_rfc_6962(foglie: list[bytes]) -> None:
    albero = Albero()
    for foglia in foglie:
        albero.aggiungi(foglia)
    assert albero.radice() == radice_per_definizione(foglie)


def riga(**altro: object) -> dict[str, object]:
    base: dict[str, object] = dict.fromkeys((*forma.CHIARE, *forma.PERSONALI))
    base |= {"id": 7, "quando": ISTANTE, "richiesta_id": UUID(int=1), "operazione": "leggiCartella", "esito": "consentita"}
    return base | {"operatore_id": UUID(int=2), "oggetti": [UUID(int=3)]} | altro


class TestForma:
    def test_ogni_colonna_dell_audit_e_sigillata(self) -> None:
        """A column added to the trail must be given a new form, or it could be changed unseen."""
        assert sorted((*forma.CHIARE, *forma.PERSONALI)) == sorted(Audit.__table__.c.keys())  # type: ignore[attr-defined]

    def test_la_forma_rilasciata_non_cambia(self) -> None:
        """These hashes are in chains already signed: if this fails, the code is wrong, not the test."""
        impegno = forma.impegno(b"s" * 32, riga())
        assert impegno.hex() == "aba8e7b33d74b71dd4b4030517900d8258a8504537714b7647444fe73a84b074"
        assert forma.foglia(3, riga(), impegno).hex() == "372057b732203defdd8f51a896741f3914ab5796563af166182044e93990df25"
        atto = forma.Atto(
            id=UUID(int=4), archivio=UUID(int=5), numeri=((1, 2), (9, 9)), motivo="Termine decorso", quando=ISTANTE, kid="0" * 32
        )
        assert forma.foglia_oblio(8, atto, b"f" * 64).hex() == "a5c121b7524e2050969ad8a314093e4c7eecdf2cf61241291eac4ede06f81012"
        assert una_testa().impronta() == "b6aee020050b948129527f471ed42e460203f5900698e22c841908bcbaa0f888"

    def test_lo_stesso_istante_ha_un_solo_testo(self) -> None:
        roma = ISTANTE.astimezone(timezone(timedelta(hours=2)))
        assert forma.istante(roma) == forma.istante(ISTANTE) == "2025-09-15T08:30:00.000005+00:00"

    def test_i_valori_personali_entrano_solo_come_impegno(self) -> None:
        altro = riga(operatore_id=UUID(int=99), oggetti=[])
        assert forma.impegno(b"s" * 32, altro) != forma.impegno(b"s" * 32, riga())
        assert forma.foglia(1, altro, b"i") == forma.foglia(1, riga(), b"i")

    def test_il_sale_cambia_l_impegno_e_non_si_ripete(self) -> None:
        sali = {forma.nuovo_sale() for _ in range(100)}
        assert {len(s) for s in sali} == {32}
        assert len({forma.impegno(sale, riga()) for sale in sali}) == 100


def una_testa(dopo: testa.Testa | None = None, /, **altro: object) -> testa.Testa:
    base: dict[str, object] = {
        "archivio": dopo.archivio if dopo else UUID(int=5),
        "lotto": dopo.lotto + 1 if dopo else 1,
        "precedente": dopo.impronta() if dopo else testa.INIZIO,
        "da": dopo.a + 1 if dopo else 1,
        "a": dopo.a + 3 if dopo else 3,
        "quante": 3,
        "radice": "a" * 64,
        "quando": ISTANTE,
        "kid": "0" * 32,
    }
    return testa.Testa.model_validate(base | altro)


class TestTesta:
    def test_prosegue(self) -> None:
        prima = una_testa()
        assert prima.rottura(None) is None
        assert una_testa(prima).rottura(prima) is None

    @pytest.mark.parametrize(
        "altro",
        [
            {"archivio": UUID(int=6)},
            {"lotto": 3},
            {"precedente": "b" * 64},
            {"da": 5, "quante": 2},
            {"a": 9},
        ],
        ids=lambda a: next(iter(a)),
    )
    def test_non_prosegue(self, altro: dict[str, object]) -> None:
        prima = una_testa()
        assert una_testa(prima, **altro).rottura(prima) is not None

    def test_una_seconda_non_e_un_inizio(self) -> None:
        assert una_testa(una_testa()).rottura(None) is not None

    def test_cio_che_viaggia_torna_uguale(self) -> None:
        firmata = testa.TestaFirmata(testa=una_testa(), firma="c" * 128)
        assert testa.TestaFirmata.model_validate(firmata.contenuto()) == firmata


class TestChiavi:
    def test_si_crea_una_volta_privata_e_con_la_sua_meta(self, tmp_path: Path) -> None:
        percorso = tmp_path / "sigillo.pem"
        una, altra = firmatario_persistente(percorso), firmatario_persistente(percorso)
        assert una.kid == altra.kid == leggi_privata(percorso).kid
        assert percorso.stat().st_mode & 0o777 == 0o600
        pubblica = Fiducia([leggi_pubblica(percorso.with_suffix(".pub"))])
        assert pubblica.verifica(una.kid, b"dati", una.firma(b"dati"))
        assert not pubblica.verifica(una.kid, b"altri", una.firma(b"dati"))

    def test_una_chiave_sconosciuta_non_prova_nulla(self) -> None:
        mia, altrui = nuova_chiave(), nuova_chiave()
        fiducia = Fiducia([mia.pubblica])
        assert not fiducia.verifica(altrui.kid, b"x", altrui.firma(b"x"))
        assert not fiducia.verifica(mia.kid, b"x", altrui.firma(b"x"))

    def test_una_chiave_d_altra_specie_si_rifiuta(self, tmp_path: Path) -> None:
        rsa = tmp_path / "rsa.pem"
        chiave_persistente(rsa)
        for leggi in (leggi_privata, leggi_pubblica):
            with pytest.raises(ChiaveNonValida):
                leggi(rsa)


class TestImpostazioni:
    """In production nothing is made up: the worker says what is missing and does not start."""

    @pytest.fixture(autouse=True)
    def produzione(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for nome in [n for n in os.environ if n.startswith("AMBITO_")]:
            monkeypatch.delenv(nome)
        for nome, valore in PRODUZIONE.items():
            monkeypatch.setenv(nome, valore)
        monkeypatch.setenv("AMBITO_STATO_DIR", str(tmp_path / "stato"))

    def test_la_chiave_manca(self) -> None:
        with pytest.raises(ConfigurazioneNonValida, match="AMBITO_SIGILLO_CHIAVE"):
            chiavi.firmatario(carica_settings())

    @pytest.mark.parametrize("data", ["AMBITO_TESTIMONE_URL", "AMBITO_TESTIMONE_CHIAVE", None])
    def test_il_testimone_manca(self, monkeypatch: pytest.MonkeyPatch, data: str | None) -> None:
        if data is not None:
            monkeypatch.setenv(data, "https://testimone.example.it")
        with pytest.raises(ConfigurazioneNonValida, match="AMBITO_TESTIMONE_URL e AMBITO_TESTIMONE_CHIAVE"):
            chiavi.fiducia_nel_testimone(carica_settings())

    def test_una_chiave_che_non_c_e_non_si_crea(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        percorso = tmp_path / "sigillo.pem"
        monkeypatch.setenv("AMBITO_SIGILLO_CHIAVE", str(percorso))
        with pytest.raises(ConfigurazioneNonValida, match="AMBITO_SIGILLO_CHIAVE non è utilizzabile"):
            chiavi.firmatario(carica_settings())
        assert not percorso.exists()

    def test_il_worker_non_parte_e_dice_perche(self) -> None:
        comando = [sys.executable, "-m", "services.worker.processo"]
        esito = subprocess.run(comando, cwd=RADICE_PROGETTO, capture_output=True, text=True, check=False)
        assert (esito.returncode, "AMBITO_TESTIMONE_URL" in esito.stderr) == (2, True), esito.stderr

    def test_con_tutto_si_firma(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        mia = firmatario_persistente(tmp_path / "sigillo.pem")
        sua = firmatario_persistente(tmp_path / "testimone.pem")
        monkeypatch.setenv("AMBITO_SIGILLO_CHIAVE", str(tmp_path / "sigillo.pem"))
        monkeypatch.setenv("AMBITO_TESTIMONE_URL", "https://testimone.example.it")
        monkeypatch.setenv("AMBITO_TESTIMONE_CHIAVE", str(tmp_path / "testimone.pub"))
        settings = carica_settings()
        assert chiavi.firmatario(settings).kid == mia.kid
        assert chiavi.fiducia_nel_testimone(settings).nomi == (sua.kid,)


@given(st.sets(st.integers(1, 60)))
def test_gli_intervalli_dicono_gli_stessi_numeri(numeri: set[int]) -> None:
    trovati = intervalli(sorted(numeri))
    assert [n for da, a in trovati for n in range(da, a + 1)] == sorted(numeri)
    assert all(prossimo - fine > 1 for (_, fine), (prossimo, _) in pairwise(trovati))


def test_il_rapporto_unisce_e_conta_anche_cio_che_non_tiene() -> None:
    rapporto = Rapporto(massimo=2)
    for numero in (4, 5, 6, 9, 11):
        rapporto.aggiungi(Specie.ALTERATA, numero, numero, "x")
    assert [(r.da, r.a) for r in rapporto.rilievi] == [(4, 6), (9, 9)]
    assert rapporto.conteggi[Specie.ALTERATA] == 5
    assert rapporto.rilievi[0].testo() == "alterata: numeri 4-6: x"
    assert not rapporto.integro


ARCHIVIO = UUID(int=5)


class Banco:
    """A witness on a folder, and a sealer whose heads it knows."""

    def __init__(self, cartella: Path) -> None:
        self.cartella, self.sigillo, self.testimone = cartella, nuova_chiave(), nuova_chiave()
        self.archivi = self.apri()

    def apri(self) -> Archivi:
        return Archivi(self.cartella, self.testimone, Fiducia([self.sigillo.pubblica]))

    def riapri(self) -> None:
        self.archivi.chiudi()
        self.archivi = self.apri()

    def firma(self, t: testa.Testa, chi: Firmatario | None = None) -> testa.TestaFirmata:
        return testa.TestaFirmata(testa=t, firma=(chi or self.sigillo).firma(t.byte()).hex())

    def teste(self, quante: int, dopo: testa.Testa | None = None, **altro: object) -> list[testa.TestaFirmata]:
        fatte: list[testa.TestaFirmata] = []
        for _ in range(quante):
            dopo = una_testa(dopo, kid=self.sigillo.kid, **altro)
            fatte.append(self.firma(dopo))
        return fatte

    @property
    def file(self) -> Path:
        return self.archivi.percorso(ARCHIVIO)


@pytest.fixture
def banco(tmp_path: Path) -> Iterator[Banco]:
    banco = Banco(tmp_path / "testimone")
    yield banco
    banco.archivi.chiudi()


class TestTestimone:
    def test_conserva_e_controfirma(self, banco: Banco) -> None:
        teste = banco.teste(3)
        firmata = banco.archivi.testimonia(ARCHIVIO, teste)
        r = firmata.ricevuta
        assert (r.lotto, r.testa) == (3, teste[2].testa.impronta())
        assert Fiducia([banco.testimone.pubblica]).verifica(r.kid, r.byte(), bytes.fromhex(firmata.controfirma))
        assert len(banco.file.read_bytes().splitlines()) == 3

    def test_dopo_il_riavvio_sa_cio_che_ha_scritto(self, banco: Banco) -> None:
        teste = banco.teste(3)
        prima = banco.archivi.testimonia(ARCHIVIO, teste[:2])
        banco.riapri()
        assert banco.archivi.ultima(ARCHIVIO) == prima
        assert banco.archivi.testimonia(ARCHIVIO, teste[2:]).ricevuta.lotto == 3

    def test_una_linea_a_meta_si_toglie(self, banco: Banco) -> None:
        """Power went while it was being written: nobody had its receipt."""
        teste = banco.teste(3)
        banco.archivi.testimonia(ARCHIVIO, teste[:2])
        intero = banco.file.read_bytes()
        banco.file.write_bytes(intero + intero[:300])
        banco.riapri()
        assert banco.archivi.testimonia(ARCHIVIO, teste[2:]).ricevuta.lotto == 3
        assert len(banco.file.read_bytes().splitlines()) == 3

    def test_un_file_non_suo_lo_ferma(self, banco: Banco) -> None:
        banco.file.write_bytes(b'{"qualcosa":"d\'altro"}\n')
        with pytest.raises(FileRovinato):
            banco.archivi.testimonia(ARCHIVIO, banco.teste(1))

    def test_rifiuta_la_biforcazione_e_non_scrive(self, banco: Banco) -> None:
        prime = banco.teste(2)
        banco.archivi.testimonia(ARCHIVIO, prime)
        scritto = banco.file.read_bytes()
        altre = banco.teste(3, radice="b" * 64)
        for tentativo in (altre, altre[2:], prime, banco.teste(2, prime[0].testa, radice="b" * 64)):
            with pytest.raises(Biforcazione):
                banco.archivi.testimonia(ARCHIVIO, tentativo)
        with pytest.raises(Biforcazione):
            banco.archivi.testimonia(nuovo_id(), banco.teste(1))
        assert banco.file.read_bytes() == scritto

    def test_o_tutte_o_nessuna(self, banco: Banco) -> None:
        buone, estranea = banco.teste(2), nuova_chiave()
        falsa = banco.firma(una_testa(buone[1].testa, kid=banco.sigillo.kid), estranea)
        with pytest.raises(FirmaRifiutata):
            banco.archivi.testimonia(ARCHIVIO, [*buone, falsa])
        assert banco.archivi.ultima(ARCHIVIO) is None

    def test_una_cartella_ha_un_solo_testimone(self, banco: Banco) -> None:
        with pytest.raises(CartellaOccupata):
            banco.apri()

    def test_il_ripristino_dichiarato_riapre_da_un_lotto_precedente(self, banco: Banco) -> None:
        prime = banco.teste(5)
        banco.archivi.testimonia(ARCHIVIO, prime)
        nuove = banco.teste(2, prime[2].testa, radice="b" * 64)
        with pytest.raises(Biforcazione):
            banco.archivi.testimonia(ARCHIVIO, nuove)
        banco.archivi.ripristina(ARCHIVIO, 3, "copia del mattino")
        banco.riapri()
        ultima = banco.archivi.ultima(ARCHIVIO)
        assert ultima is not None
        assert (ultima.ricevuta.lotto, ultima.ricevuta.testa) == (3, prime[2].testa.impronta())
        assert banco.archivi.testimonia(ARCHIVIO, nuove).ricevuta.lotto == 5
        file = FileTestimone(banco.file)
        dichiarati = [(numero, r.ripristino.lotto) for numero, r in file.ripristini() if r]
        assert dichiarati == [(6, 3)]
        in_vigore = [letta.contenuto.testa for letta in file.teste(dichiarati) if letta.contenuto]
        assert in_vigore == [t.testa for t in (*prime[:3], *nuove)]

    @pytest.mark.parametrize("lotto", [3, 4, 99])
    def test_non_si_ripristina_a_cio_che_non_c_e(self, banco: Banco, lotto: int) -> None:
        banco.archivi.testimonia(ARCHIVIO, banco.teste(3))
        with pytest.raises(Rifiuto):
            banco.archivi.ripristina(ARCHIVIO, lotto, "x")

    def test_un_disco_pieno_non_lascia_mezze_linee(self, banco: Banco, monkeypatch: pytest.MonkeyPatch) -> None:
        teste = banco.teste(2)
        banco.archivi.testimonia(ARCHIVIO, teste[:1])
        prima = banco.file.read_bytes()

        def pieno(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("services.testimone.archivio.os.fsync", pieno)
        with pytest.raises(OSError, match="No space"):
            banco.archivi.testimonia(ARCHIVIO, teste[1:])
        assert banco.file.read_bytes() == prima
        monkeypatch.undo()
        assert banco.archivi.testimonia(ARCHIVIO, teste[1:]).ricevuta.lotto == 2


def test_due_chiavi_diverse_hanno_nomi_diversi() -> None:
    assert len({Firmatario(Ed25519PrivateKey.generate()).kid for _ in range(50)}) == 50
