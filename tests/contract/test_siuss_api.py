"""Our JSON of the WaaS against INPS's OpenAPI document."""

import re
from typing import Any

import jsonschema
import pytest
import yaml

from services.core.flussi.contratto import (
    MASSIMO_ESITI,
    MASSIMO_PER_PAGINA,
    PREDEFINITO_PER_PAGINA,
    CodiceEsito,
    ElencoFlussi,
    EsitoLetto,
    EsitoWaas,
    FlussoWaas,
    leggi_esito,
)
from services.core.flussi.orologio import stampa_ts
from services.core.flussi.ps_xml import scrivi_xml
from services.core.flussi.vocabolario import TipoFlusso
from tests.contract.siuss import cartella_siuss
from tests.unit.flussi_esempi import ID_FLUSSO, flusso

TS = 1_701_083_096_852


@pytest.fixture(scope="module")
def contratto() -> dict[str, Any]:
    return _numeri_veri(yaml.safe_load((cartella_siuss() / "api-comuni.yaml").read_text(encoding="utf-8")))


def _numeri_veri(nodo: Any, chiave: str = "") -> Any:
    """YAML 1.1 reads `maximum: 1e+20` as text: give the bounds back their number."""
    if isinstance(nodo, dict):
        return {k: _numeri_veri(v, k) for k, v in nodo.items()}
    if isinstance(nodo, list):
        return [_numeri_veri(v) for v in nodo]
    return float(nodo) if chiave in ("minimum", "maximum") and isinstance(nodo, str) else nodo


def _verifica(contratto: dict[str, Any], schema: str, valore: Any) -> None:
    """Validate against a schema of the document; OpenAPI 3.0 has the boolean exclusiveMaximum of JSON Schema draft 4."""
    radice = {"$ref": f"#/components/schemas/{schema}", "components": contratto["components"]}
    jsonschema.Draft4Validator(radice, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(valore)


def _pagina(quanti: int) -> dict[str, Any]:
    voce = FlussoWaas.di(
        codice_ente="D142",
        denominazione="Comunità Sociale Esempio",
        id_flusso=ID_FLUSSO,
        tipo=TipoFlusso.PS_PSA_SINA,
        ts_flusso=TS,
        contenuto=scrivi_xml(flusso()),
    )
    return ElencoFlussi(elenco_flussi=(voce,) * quanti).model_dump(mode="json")


@pytest.mark.parametrize("quanti", [0, 1, 100])
def test_le_pagine_sono_conformi(contratto, quanti):
    pagina = _pagina(quanti)
    _verifica(contratto, "Entries", pagina)
    assert all(re.fullmatch(r"2023-11-27T11:04:56\.852Z", v["ts_flusso"]) for v in pagina["elenco_flussi"])


def test_una_pagina_non_supera_il_massimo(contratto):
    assert contratto["components"]["schemas"]["Entries"]["properties"]["elenco_flussi"]["maxItems"] == MASSIMO_PER_PAGINA
    with pytest.raises(ValueError):
        _pagina(101)


def test_i_limiti_sono_quelli_del_contratto(contratto):
    parametri = {p["name"]: p for p in contratto["paths"]["/flussi"]["get"]["parameters"]}
    limite = parametri["limit"]["schema"]
    assert (limite["minimum"], limite["maximum"], limite["default"]) == (0, MASSIMO_PER_PAGINA, PREDEFINITO_PER_PAGINA)
    assert parametri["since"]["required"]
    assert contratto["components"]["schemas"]["UnixTimestamp"]["maximum"] == 1e20
    assert contratto["components"]["schemas"]["ElencoEsiti"]["properties"]["elenco_esiti"]["maxItems"] == MASSIMO_ESITI


def test_il_verificatore_vede_gli_errori(contratto):
    pagina = _pagina(1)
    pagina["elenco_flussi"][0]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError):
        _verifica(contratto, "Entries", pagina)
    with pytest.raises(jsonschema.ValidationError):
        _verifica(contratto, "UnixTimestamp", -1)


def test_gli_esempi_del_contratto_si_leggono(contratto):
    esempio = contratto["paths"]["/esiti"]["post"]["requestBody"]["content"]["application/json"]["example"]
    letti = [leggi_esito(e) for e in esempio["elenco_esiti"]]
    assert all(isinstance(e, EsitoLetto) for e in letti)
    assert [e.codice for e in letti] == [CodiceEsito.OK, CodiceEsito.RICHIESTA_INVALIDA]
    assert [e.ts_flusso for e in letti] == [TS, TS]


def test_gli_esiti_della_sandbox_sono_conformi(contratto):
    for codice in CodiceEsito:
        esito = EsitoWaas(
            id_flusso=ID_FLUSSO,
            tipo=TipoFlusso.SINBA,
            ts_flusso=stampa_ts(TS),
            ts_acquisizione=stampa_ts(TS + 1),
            codice_esito=codice,
            descrizione_esito="Prova",
        )
        scritto = esito.model_dump(mode="json", exclude_none=True)
        _verifica(contratto, "ElencoEsiti", {"elenco_esiti": [scritto]})
        assert isinstance(leggi_esito(scritto), EsitoLetto)


def test_i_campi_obbligatori_sono_gli_stessi(contratto):
    richiesti = {nome for nome, campo in EsitoWaas.model_fields.items() if campo.is_required()}
    assert set(contratto["components"]["schemas"]["EsitoFlusso"]["required"]) == richiesti


def test_gli_elenchi_chiusi_sono_gli_stessi(contratto):
    schemi = contratto["components"]["schemas"]
    assert set(schemi["TipoFlusso"]["enum"]) == {t.value for t in TipoFlusso}
    assert set(schemi["EsitoFlusso"]["properties"]["codice_esito"]["enum"]) == {c.value for c in CodiceEsito}
    assert set(schemi["Flusso"]["properties"]) == set(FlussoWaas.model_fields)
    assert set(schemi["EsitoFlusso"]["properties"]) == set(EsitoWaas.model_fields)
