"""Signature and secrets of webhooks: what is accepted, what is refused, and why."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from services.core.platform.clock import adesso
from services.core.platform.ids import nuovo_id
from services.core.webhooks import segreti
from services.core.webhooks.firma import FirmaNonValida, firma, nuovo_segreto, verifica

ORA = datetime(2025, 9, 15, 10, 0, 0, tzinfo=UTC)
CORPO = '{"tipo":"misure.assegnazione.creata","ambito":"città"}'.encode()
VECCHIO, NUOVO = nuovo_segreto(), nuovo_segreto()


def test_quanto_firmato_e_accettato_dal_verificatore_di_riferimento():
    intestazioni = firma([NUOVO], "msg-1", adesso(), CORPO)
    assert Webhook(NUOVO).verify(CORPO, intestazioni)["ambito"] == "città"
    assert verifica([NUOVO], intestazioni, CORPO, adesso()) == "msg-1"


def test_vettore_noto_della_specifica():
    # the published example of the Standard Webhooks libraries
    segreto = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    quando = datetime.fromtimestamp(1614265330, tz=UTC)
    intestazioni = firma([segreto], "msg_p5jXN8AQM9LWM0D4loKWxJek", quando, b'{"test": 2432232314}')
    assert intestazioni["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("accettato", [VECCHIO, NUOVO], ids=["vecchia", "nuova"])
def test_durante_la_rotazione_valgono_due_chiavi(accettato):
    intestazioni = firma([NUOVO, VECCHIO], "msg-1", ORA, CORPO)
    assert len(intestazioni["webhook-signature"].split()) == 2
    assert verifica([accettato], intestazioni, CORPO, ORA) == "msg-1"


def test_dopo_la_rotazione_la_vecchia_non_vale_piu():
    with pytest.raises(FirmaNonValida, match="nessuna firma"):
        verifica([VECCHIO], firma([NUOVO], "msg-1", ORA, CORPO), CORPO, ORA)


@pytest.mark.parametrize(
    ("cambia", "motivo"),
    [
        ({"webhook-id": "msg-2"}, "nessuna firma"),
        ({"webhook-id": ""}, "mancanti"),
        ({"webhook-signature": ""}, "mancanti"),
        ({"webhook-signature": "v1"}, "nessuna firma"),
        ({"webhook-signature": "v1,é"}, "nessuna firma"),
        ({"webhook-signature": "v2,abc"}, "nessuna firma"),
        ({"webhook-timestamp": ""}, "istante"),
        ({"webhook-timestamp": "nan"}, "istante"),
        ({"webhook-timestamp": "-5"}, "istante"),
        ({"webhook-timestamp": "9" * 30}, "istante"),
        ({"webhook-timestamp": "١٧٥٧٩٣٠٤٠٠"}, "istante"),
    ],
)
def test_intestazioni_alterate(cambia, motivo):
    with pytest.raises(FirmaNonValida, match=motivo):
        verifica([NUOVO], firma([NUOVO], "msg-1", ORA, CORPO) | cambia, CORPO, ORA)


def test_un_byte_del_corpo_cambiato():
    with pytest.raises(FirmaNonValida, match="nessuna firma"):
        verifica([NUOVO], firma([NUOVO], "msg-1", ORA, CORPO), CORPO + b" ", ORA)
    with pytest.raises(FirmaNonValida, match="UTF-8"):
        verifica([NUOVO], firma([NUOVO], "msg-1", ORA, CORPO), b"\xff", ORA)


@pytest.mark.parametrize(
    ("scarto", "accettato"),
    [
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (-timedelta(minutes=5), True),
        (timedelta(days=-1), False),
    ],
)
def test_tolleranza_di_cinque_minuti(scarto, accettato):
    intestazioni = firma([NUOVO], "msg-1", ORA, CORPO)
    if accettato:
        assert verifica([NUOVO], intestazioni, CORPO, ORA + scarto) == "msg-1"
    else:
        with pytest.raises(FirmaNonValida, match="tolleranza"):
            verifica([NUOVO], intestazioni, CORPO, ORA + scarto)


def test_senza_segreti_o_senza_fuso_non_si_firma():
    with pytest.raises(ValueError, match="segreto"):
        firma([], "msg-1", ORA, CORPO)
    with pytest.raises(ValueError, match="fuso"):
        firma([NUOVO], "msg-1", ORA.replace(tzinfo=None), CORPO)


class TestSegreti:
    CHIAVE = segreti.chiave("x" * 32)
    ALTRA = segreti.chiave("y" * 32)
    ID = UUID(int=7)

    def test_andata_e_ritorno_e_mai_due_volte_gli_stessi_byte(self):
        uno = segreti.cifra([self.CHIAVE], segreti.contesto(self.ID), NUOVO)
        due = segreti.cifra([self.CHIAVE], segreti.contesto(self.ID), NUOVO)
        assert uno != due
        assert NUOVO.encode() not in uno
        assert segreti.decifra([self.CHIAVE], segreti.contesto(self.ID), uno) == NUOVO

    def test_spostato_su_un_altra_riga_non_si_legge(self):
        cifrato = segreti.cifra([self.CHIAVE], segreti.contesto(self.ID), NUOVO)
        with pytest.raises(segreti.SegretoIllegibile):
            segreti.decifra([self.CHIAVE], segreti.contesto(nuovo_id()), cifrato)

    @pytest.mark.parametrize("posizione", [0, 1, 4, 8, 20, -1])
    def test_alterato_non_si_legge(self, posizione):
        cifrato = bytearray(segreti.cifra([self.CHIAVE], segreti.contesto(self.ID), NUOVO))
        cifrato[posizione] ^= 1
        with pytest.raises(segreti.SegretoIllegibile):
            segreti.decifra([self.CHIAVE], segreti.contesto(self.ID), bytes(cifrato))

    @pytest.mark.parametrize("troncato", [0, 1, 5, 10, 17, 30])
    def test_troncato_non_si_legge(self, troncato):
        cifrato = segreti.cifra([self.CHIAVE], segreti.contesto(self.ID), NUOVO)
        with pytest.raises(segreti.SegretoIllegibile):
            segreti.decifra([self.CHIAVE], segreti.contesto(self.ID), cifrato[:troncato])

    def test_rotazione_della_chiave(self):
        vecchio = segreti.cifra([self.CHIAVE], segreti.contesto(self.ID), NUOVO)
        assert segreti.decifra([self.ALTRA, self.CHIAVE], segreti.contesto(self.ID), vecchio) == NUOVO
        nuovo = segreti.cifra([self.ALTRA, self.CHIAVE], segreti.contesto(self.ID), NUOVO)
        with pytest.raises(segreti.SegretoIllegibile):
            segreti.decifra([self.CHIAVE], segreti.contesto(self.ID), nuovo)

    def test_un_segreto_corto_e_rifiutato(self):
        with pytest.raises(ValueError, match="32 byte"):
            segreti.chiave("corto")
        with pytest.raises(ValueError, match="32 byte"):
            segreti.cifra([b"corta"], b"", NUOVO)
