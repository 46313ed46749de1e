"""Vectors of the codice fiscale: valid, omocodia, provisional, and one refusal for each cause."""

from datetime import date

import pytest
from stdnum.it.codicefiscale import calc_check_digit

from services.core.persone import codice_fiscale as cf

MARIO = "RSSMRA85D03F205P"


@pytest.mark.parametrize("codice", [MARIO, "RSSMRA85D03F20RK", "RSSMRA85DL3F205A", MARIO.lower()])
def test_codici_validi_anche_con_omocodia(codice: str) -> None:
    letto = cf.leggi(codice)
    assert (letto.anno, letto.mese, letto.giorno, letto.sesso, letto.luogo) == (85, 4, 3, "M", "F205")
    assert letto.codice == codice.upper()
    assert letto.base == MARIO
    assert letto.omocodico is (codice.upper() != MARIO)


@pytest.mark.parametrize(
    ("codice", "errore"),
    [
        ("RSSMRA85D03F205X", cf.CarattereDiControlloErrato),
        ("RSSMRA85D32F205Q", cf.DataImpossibile),
        ("RSSMRA85D03F205", cf.LunghezzaNonValida),
        ("", cf.LunghezzaNonValida),
        (MARIO + "\n", cf.LunghezzaNonValida),
        (" " + MARIO, cf.LunghezzaNonValida),
        ("RSSMRA85D03F205 ", cf.CaratteriNonAmmessi),
        ("RSS MRA85D03F205", cf.CaratteriNonAmmessi),
        ("RSSMRA85D03F20AP", cf.CaratteriNonAmmessi),
        ("RSSMRA85F03F205P", cf.CaratteriNonAmmessi),
        ("R5SMRA85D03F205P", cf.CaratteriNonAmmessi),
        ("RßSMRA85D03F205P", cf.CaratteriNonAmmessi),
        ("RſSMRA85D03F205P", cf.CaratteriNonAmmessi),
        ("RSSMRA８5D03F205P", cf.CaratteriNonAmmessi),
        ("00743110157", cf.ProvvisorioNonAmmesso),
    ],
)
def test_una_causa_per_ogni_rifiuto(codice: str, errore: type[cf.CodiceFiscaleNonValido]) -> None:
    with pytest.raises(cf.CodiceFiscaleNonValido) as presa:
        cf.valida(codice)
    assert type(presa.value) is errore
    assert presa.value.estensioni["causa"] == errore.causa
    assert presa.value.estensioni["campi"][0]["campo"] == "codice_fiscale"
    if codice:
        assert codice.strip().upper() not in str(presa.value).upper()
        assert codice.strip().upper() not in str(presa.value.estensioni).upper()


@pytest.mark.parametrize("giorno", ["00", "32", "40", "72", "80", "81", "99"])
def test_giorno_fuori_dai_mesi(giorno: str) -> None:
    """40 is not day 0 of a woman, and 99 is not the 19th."""
    quindici = f"RSSMRA85D{giorno}F205"
    with pytest.raises(cf.DataImpossibile):
        cf.leggi(quindici + calc_check_digit(quindici))


def test_29_febbraio() -> None:
    bisestile = cf.genera(cognome="Zzqprova", nome="Ada", data_nascita=date(2000, 2, 29), sesso="F", luogo="D142")
    assert cf.leggi(bisestile).data_nascita(date(2025, 9, 15)) == date(2000, 2, 29)
    with pytest.raises(cf.DataImpossibile):
        cf.leggi(bisestile).data_nascita(date(1999, 1, 1))  # 1900 was not a leap year
    quindici = "RSSMRA01B29F205"
    with pytest.raises(cf.DataImpossibile):
        cf.leggi(quindici + calc_check_digit(quindici))


def test_secolo_secondo_la_data_di_riferimento() -> None:
    letto = cf.leggi(cf.genera(cognome="Zzqprova", nome="Ada", data_nascita=date(1920, 5, 1), sesso="F", luogo="D142"))
    assert letto.data_nascita(date(2020, 4, 30)) == date(1920, 5, 1)
    assert letto.data_nascita(date(2020, 5, 1)) == date(2020, 5, 1)


def test_coerenza_con_i_dati() -> None:
    letto = cf.leggi("RSSMRA85D03F20RK")
    letto.verifica_coerenza(data_nascita=date(1985, 4, 3), sesso="M", luogo="F205")
    letto.verifica_coerenza(data_nascita=date(1985, 4, 3), sesso="M")
    with pytest.raises(cf.DatiNonCoerenti) as presa:
        letto.verifica_coerenza(data_nascita=date(1985, 3, 4), sesso="F", luogo="D142")
    assert [c["campo"] for c in presa.value.estensioni["campi"]] == ["data_nascita", "sesso", "comune_nascita"]
    assert "RSSMRA" not in str(presa.value.estensioni)
    with pytest.raises(cf.DatiNonCoerenti) as presa:
        letto.verifica_coerenza(data_nascita=date(1986, 4, 3), sesso="M", luogo="F205")
    assert [c["campo"] for c in presa.value.estensioni["campi"]] == ["data_nascita"]


def test_codice_provvisorio() -> None:
    assert cf.valida("00743110157", ammetti_provvisorio=True) == "00743110157"
    for codice, errore in (
        ("00743110158", cf.CarattereDiControlloErrato),
        ("0074311015A", cf.CaratteriNonAmmessi),
        ("00000000000", cf.CaratteriNonAmmessi),
    ):
        with pytest.raises(errore):
            cf.valida(codice, ammetti_provvisorio=True)
    assert cf.valida(MARIO, ammetti_provvisorio=True) == MARIO


@pytest.mark.parametrize(
    ("cognome", "nome", "inizio"),
    [
        ("Rossi", "Mario", "RSSMRA"),
        ("Fo", "Al", "FOXLAX"),
        ("D'Aùria", "Gianfranco", "DRAGFR"),
        ("Zzqprova", "Bo", "ZZQBOX"),
        ("Aiello", "Aia", "LLAAIA"),
    ],
)
def test_lettere_di_cognome_e_nome(cognome: str, nome: str, inizio: str) -> None:
    assert cf.genera(cognome=cognome, nome=nome, data_nascita=date(1985, 4, 3), sesso="M", luogo="F205").startswith(inizio)


def test_genera_rifiuta_dati_impossibili() -> None:
    with pytest.raises(ValueError, match="Belfiore"):
        cf.genera(cognome="Zzqprova", nome="Ada", data_nascita=date(1985, 4, 3), sesso="F", luogo="Crema")
    with pytest.raises(ValueError, match="lettere"):
        cf.genera(cognome="123", nome="Ada", data_nascita=date(1985, 4, 3), sesso="F", luogo="D142")
    with pytest.raises(ValueError, match="secoli"):
        cf.genera(cognome="Zzqprova", nome="Ada", data_nascita=date(1885, 4, 3), sesso="F", luogo="D142")


def test_il_codice_non_appare_nella_rappresentazione() -> None:
    assert MARIO not in repr(cf.leggi(MARIO))
