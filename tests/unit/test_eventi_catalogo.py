"""`docs/eventi.md` is what the code declares, and no event has room for personal data."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest

from services.core import catalogo_eventi
from services.core.catalogo_eventi import TipoNonPrevisto, campi_propri, tipi_di_evento
from services.core.platform.eventi import Evento
from services.core.platform.registro import CHIAVI_VIETATE
from services.core.platform.settings import RADICE_PROGETTO

CATALOGO = RADICE_PROGETTO / "docs" / "eventi.md"

PERSONALI = CHIAVI_VIETATE | {
    "allegato", "annotazione", "annotazioni", "contenuto", "descrizione", "eta", "etnia", "messaggio", "motivazione", "motivo",
    "nome_completo", "nota", "note", "osservazioni", "patologia", "presso", "reato", "religione", "scuola", "testo",
}  # fmt: skip
"""Names of fields that would say something of a person, or could: what the log of the service refuses, and free text."""

CODICI = {
    "codice_esito", "dispositivo", "edizione", "esito", "evento_tipo", "id_acquisizione_siuss", "id_flusso", "impronta", "linea",
    "misura", "operazione", "origine_tipo", "regole", "ruolo_firmatario", "tempo", "tipo_equipe", "tipo_fatto", "tipo_flusso",
    "tipo_intervento", "tipo_isee", "tipo_limitazione", "tipo_progetto",
}  # fmt: skip
"""Every text an event may carry, looked at one by one: words of closed lists, a digest over random identifiers, references
given by INPS. A new one is added here by who has made sure that nobody can write a person into it."""

FRAMMENTI = (
    "cognome",
    "nominativ",
    "codice_fiscale",
    "nascita",
    "indirizzo",
    "residenza",
    "telefono",
    "diagnosi",
    "cittadinanza",
)


def eventi() -> Any:
    return pytest.mark.parametrize("evento", tipi_di_evento(), ids=lambda e: e.tipo)


def test_il_catalogo_e_quello_del_codice() -> None:
    assert CATALOGO.read_text(encoding="utf-8") == catalogo_eventi.catalogo(), "eseguire «make eventi» e rivedere la differenza"


def test_ci_sono_gli_eventi_di_ogni_area() -> None:
    con_eventi = {p.parent.name for p in Path(catalogo_eventi.__file__).parent.glob("*/events.py")}
    assert {e.tipo.partition(".")[0] for e in tipi_di_evento()} == con_eventi


def test_un_tipo_ha_una_sola_forma_per_versione() -> None:
    conti = Counter((e.tipo, e.schema_versione) for e in tipi_di_evento())
    assert [tipo for tipo, volte in conti.items() if volte > 1] == []


@eventi()
def test_il_tipo_comincia_dalla_propria_area(evento: type[Evento]) -> None:
    area = evento.__module__.split(".")[2]
    assert evento.tipo.startswith(f"{area}.")
    assert evento.tipo.count(".") == 2
    assert evento.tipo == evento.tipo.lower()


@eventi()
def test_nessun_campo_porta_dati_personali(evento: type[Evento]) -> None:
    nomi = set(campi_propri(evento))
    assert nomi & PERSONALI == set()
    assert [n for n in nomi if any(f in n for f in FRAMMENTI)] == []


@eventi()
def test_un_testo_e_un_codice_conosciuto(evento: type[Evento]) -> None:
    testi = {nome for nome, tipo in campi_propri(evento).items() if "text" in tipo}
    assert testi - CODICI == set()


def test_i_codici_conosciuti_sono_tutti_usati() -> None:
    usati = {nome for e in tipi_di_evento() for nome, tipo in campi_propri(e).items() if "text" in tipo}
    assert CODICI - usati == set()


@pytest.mark.parametrize("tipo", [dict[str, str], Decimal, list[dict[str, int]], int | str])
def test_una_forma_aperta_non_entra_nel_registro(tipo: Any) -> None:
    class Aperto(Evento):
        tipo: ClassVar[str] = "prova.aperto.scritto"
        aggregato: ClassVar[str] = "prova"

        dati: tipo  # type: ignore[valid-type]  # the subject of the test

    with pytest.raises(TipoNonPrevisto):
        campi_propri(Aperto)
    assert Aperto not in tipi_di_evento()
