"""Properties of the codice fiscale: what is made is read back, every wrong character is found, omocodia changes nothing."""

import string
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.persone import codice_fiscale as cf

nomi = st.text(st.sampled_from(string.ascii_letters + "àèéìòù' "), min_size=1, max_size=20).filter(
    lambda testo: any(c.isalpha() for c in testo)
)
dati = st.fixed_dictionaries(
    {
        "cognome": nomi,
        "nome": nomi,
        "data_nascita": st.dates(date(1900, 1, 1), date(2099, 12, 31)),
        "sesso": st.sampled_from(["M", "F"]),
        "luogo": st.from_regex(r"[A-MZ][0-9]{3}", fullmatch=True),
    }
)


@given(dati)
def test_cio_che_si_genera_si_rilegge(persona: dict[str, Any]) -> None:
    letto = cf.leggi(cf.genera(**persona))
    letto.verifica_coerenza(data_nascita=persona["data_nascita"], sesso=persona["sesso"], luogo=persona["luogo"])
    assert letto.data_nascita(persona["data_nascita"]) == persona["data_nascita"]
    assert not letto.omocodico


@given(dati, st.integers(0, 15), st.sampled_from(string.ascii_uppercase + string.digits + " -\x00é"))
def test_un_carattere_sbagliato_si_scopre(persona: dict[str, Any], posto: int, carattere: str) -> None:
    """The check character alone finds every wrong character that the form lets through."""
    codice = cf.genera(**persona)
    alterato = codice[:posto] + carattere + codice[posto + 1 :]
    if alterato != codice:
        with pytest.raises(cf.CodiceFiscaleNonValido):
            cf.valida(alterato)


@settings(max_examples=50, deadline=None)  # 128 codes each
@given(dati, st.integers(0, 127), st.integers(0, 15), st.sampled_from(string.ascii_uppercase + string.digits))
def test_un_carattere_sbagliato_si_scopre_anche_con_omocodia(
    persona: dict[str, Any], variante: int, posto: int, carattere: str
) -> None:
    codice = cf.omocodie(cf.genera(**persona))[variante]
    alterato = codice[:posto] + carattere + codice[posto + 1 :]
    if alterato != codice:
        with pytest.raises(cf.CodiceFiscaleNonValido):
            cf.valida(alterato)


@settings(max_examples=20, deadline=None)  # 256 codes each
@given(dati)
def test_le_128_omocodie_dicono_lo_stesso(persona: dict[str, Any]) -> None:
    codice = cf.genera(**persona)
    varianti = cf.omocodie(codice)
    assert len(set(varianti)) == 128
    assert varianti[0] == codice
    assert {cf.leggi(v).base for v in varianti} == {codice}
    assert len({(x.anno, x.mese, x.giorno, x.sesso, x.luogo) for x in map(cf.leggi, varianti)}) == 1
    assert set(cf.omocodie(varianti[127])) == set(varianti)


@given(st.text(max_size=20))
def test_un_testo_qualunque_e_rifiutato_senza_altri_errori(testo: str) -> None:
    """A valid code by chance is out of reach; what matters is that only our refusals come out."""
    with pytest.raises(cf.CodiceFiscaleNonValido):
        cf.leggi(testo)
