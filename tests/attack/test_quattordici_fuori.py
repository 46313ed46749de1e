"""Leaks 10, 12 and 13 of docs/security/attacchi.md: what comes in as a file, the keys of tokens, what a fault carries outside."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.core.cartelle import repository, service
from services.core.platform import registro
from services.core.platform.ids import nuovo_id
from services.core.platform.pg.ruoli import CARICATORE
from services.core.territorio.carico import carica
from services.core.territorio.esempi import EsempioNonValido, leggi
from tests.ambiente import ESEMPI
from tests.attack.mondo import ADA, Mondo, operazioni
from tests.attack.schemi import risolvi
from tests.attack.test_segreti import _dimentica_uscite
from tests.casa import Casa, persona, problema

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROIBITE_AL_CARICO = (
    "DELETE FROM cartella",
    "TRUNCATE persona",
    "UPDATE evento SET dati = '{}'",
    "DELETE FROM evento",
    "UPDATE audit SET motivo = 'x'",
    "INSERT INTO audit (richiesta_id, operazione, esito) VALUES (gen_random_uuid(), 'x', 'consentita')",
    "ALTER TABLE persona DISABLE ROW LEVEL SECURITY",
    "DROP POLICY ambito ON persona",
    "CREATE TABLE public.trappola (id uuid)",
    "CREATE ROLE altro",
    "GRANT ambito_caricatore TO ambito_app",
    "COPY persona TO PROGRAM 'cat'",
    "COPY persona FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SET ROLE ambito_owner",
)


async def test_10_chi_carica_non_e_un_amministratore(casa: Casa) -> None:
    """The role of the loading writes rows and nothing else: it sees them, and cannot delete, rewrite the trail or touch files."""
    [ruolo] = await casa.admin.fetch("SELECT * FROM pg_roles WHERE rolname = $1", CARICATORE)
    assert not any(
        ruolo[a] for a in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication")
    )
    assert await casa.admin.fetchval("SHOW is_superuser") == "on", "the administrator of these tests could do all of it"
    transazione = casa.admin.transaction()
    await transazione.start()
    await casa.admin.execute(f"SET LOCAL SESSION AUTHORIZATION {CARICATORE}")
    assert await casa.admin.fetchval("SELECT count(*) FROM cartella") > 0
    for istruzione in PROIBITE_AL_CARICO:
        with pytest.raises(asyncpg.PostgresError) as errore:
            async with casa.admin.transaction():
                await casa.admin.execute(istruzione)
        assert errore.value.sqlstate == "42501", (istruzione, errore.value)
    await transazione.rollback()


async def test_10_il_carico_scrive_con_quel_ruolo(casa: Casa, tmp_path: Path) -> None:
    """Not only on paper: every row of a loading is written as that role, seen from a trigger."""
    shutil.copytree(ESEMPI / "lodi", tmp_path / "altro")
    for nome in ("avvisi", "domande", "persone", "piano", "sandbox_isee", "waas"):
        (tmp_path / "altro" / f"{nome}.yaml").unlink(missing_ok=True)
    ambito = tmp_path / "altro" / "ambito.yaml"
    testo = ambito.read_text(encoding="utf-8")
    ambito.write_text(re.sub(r"(?m)^id: \d+$", "id: 77", re.sub(r"(?m)^codice: \S+$", "codice: altro", testo)), encoding="utf-8")
    await casa.admin.execute(
        """CREATE TABLE chi_scrive (ruolo text); GRANT INSERT ON chi_scrive TO PUBLIC;
           CREATE FUNCTION segna() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO chi_scrive VALUES (current_user); RETURN NULL; END $$;
           GRANT EXECUTE ON FUNCTION segna() TO PUBLIC;
           CREATE TRIGGER segna AFTER INSERT ON ente FOR EACH STATEMENT EXECUTE FUNCTION segna();
           CREATE TRIGGER segna AFTER INSERT ON incarico FOR EACH STATEMENT EXECUTE FUNCTION segna()"""
    )
    try:
        assert (await carica(casa.settings, tmp_path / "altro")).aggiunte["ente"] > 60
        ruoli = await casa.admin.fetch("SELECT DISTINCT ruolo FROM chi_scrive")
    finally:
        await casa.admin.execute("DROP FUNCTION segna() CASCADE; DROP TABLE chi_scrive")
    assert [r["ruolo"] for r in ruoli] == [CARICATORE]


@pytest.mark.parametrize(
    "codice", ["../../etc/passwd", "/etc/passwd", "..", "a/../../b", "lodi%2f..", "lodi\\..\\x", "~root", "$(id)"]
)
async def test_10_un_nome_nei_file_non_e_un_percorso(tmp_path: Path, codice: str) -> None:
    """Codes are slugs: none can climb out of the folder, whatever is one day done with it."""
    shutil.copytree(ESEMPI / "lodi", tmp_path / "c")
    assert leggi(tmp_path / "c").ambito.codice == "lodi"
    ambito = tmp_path / "c" / "ambito.yaml"
    nuovo = re.sub(r"(?m)^codice: \S+$", lambda _: f"codice: '{codice}'", ambito.read_text(encoding="utf-8"))
    ambito.write_text(nuovo, encoding="utf-8")
    with pytest.raises(EsempioNonValido) as presa:
        leggi(tmp_path / "c")
    assert not any(codice in e for e in presa.value.errori if len(codice) > 2)


RISALITE = (
    "../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%5c..%5cetc%5cpasswd",
    "%2fetc%2fpasswd", "....//....//etc/passwd", "..%252f..%252fetc%252fpasswd",
    "swagger-ui.css%2f..%2findex.html", "swagger-ui.css%00.png",
    "__init__.py", "index.html", "..%c0%af..%c0%afetc", "swagger-ui.css/", "SWAGGER-UI.CSS", "file:%2f%2f%2fetc%2fpasswd",
)  # fmt: skip


async def test_10_le_risorse_delle_pagine_sono_quelle_nominate(casa: Casa) -> None:
    """The only files the application serves: three names, and no way up from there."""
    assert (await casa.client.get("/documentazione/risorse/swagger-ui.css")).status_code == 200
    for risalita in RISALITE:
        risposta = await casa.client.get(f"/documentazione/risorse/{risalita}")
        assert risposta.status_code in (400, 404), (risalita, risposta.status_code)
        assert "root:" not in risposta.text


async def test_10_l_api_non_riceve_file(casa: Casa) -> None:
    """No operation takes anything but JSON. The first that takes a file brings its own test of names, sizes and types."""
    tipi = {t for _, _, d in operazioni(casa) for t in d.get("requestBody", {}).get("content", {})}
    assert tipi == {"application/json"}


SEGRETE = re.compile(r"(?i)token|segret|secret|passw|api_?key|authorization|jti|chiave_privata|credenzial|sessione")
INTERI_AMMESSI = {("AuditVoce", "id"), ("AmbitoIo", "id")}
"""Identifiers that are numbers: of a row of the trail, for its DPO alone, and of the ambito, which is no secret."""


def _proprieta(casa: Casa) -> Iterator[tuple[str, str, dict[str, Any]]]:
    documento = casa.app.openapi()
    for forma, schema in documento["components"]["schemas"].items():
        for nome, dentro in schema.get("properties", {}).items():
            yield forma, nome, risolvi(documento, dentro)[1]


async def test_12_nessun_identificativo_si_conta_e_nessuna_risposta_ha_un_segreto(casa: Casa) -> None:
    """In the whole contract: identifiers are UUIDs, and no field is for a token, a key or a password."""
    visti = list(_proprieta(casa))
    identificativi = [(f, n, s) for f, n, s in visti if n == "id" or n.endswith("_id")]
    assert len(identificativi) > 60
    assert {(f, n) for f, n, s in identificativi if s.get("type") == "integer"} == INTERI_AMMESSI
    assert not [(f, n) for f, n, _ in visti if SEGRETE.search(n)]
    for _, percorso, definizione in operazioni(casa):
        for p in definizione.get("parameters", ()):
            if p["in"] in ("path", "query") and p["name"].endswith("id"):
                assert risolvi(casa.app.openapi(), p["schema"])[1].get("format") == "uuid", percorso


async def test_12_il_token_non_si_conserva_da_nessuna_parte(mondo: Mondo) -> None:
    """After a world of work, no row of any table holds the token, a part of it or its identifier: there is no key to expose."""
    casa = mondo.casa
    testo = casa.token("as-crema")["Authorization"].removeprefix("Bearer ")
    risposta = await casa.post("as-crema", "/cartelle", _apertura(), idempotency_key="Zzqchiave-di-prova")
    assert risposta.status_code == 201
    parti = [p for p in (*testo.split("."), testo) if len(p) > 20]
    assert len(parti) == 4
    tabelle = await casa.admin.fetch("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'dramatiq')")
    trovate = []
    for schema, tabella in tabelle:
        righe = await casa.admin.fetchval(f'SELECT string_agg(t::text, chr(10)) FROM "{schema}"."{tabella}" t') or ""
        assert not [p for p in parti if p in righe], tabella
        trovate += [tabella] * ("Zzqchiave-di-prova" in righe)
    assert trovate == ["idempotenza"], "and this is how it would be found"


def _apertura() -> dict[str, Any]:
    return {"persona": persona(cognome="Xyzguasto"), "servizio": "disabilita", "aperta_il": "2025-09-15"}


TESTATE = {
    "Cookie": "sessione=Xyzbiscotto", "X-Api-Key": "Xyzchiave", "Idempotency-Key": "Xyzripetuta",
    "X-Codice-Fiscale": "ZZQDAA67C52D142D", "User-Agent": "Xyzagente",
    "Referer": "https://esempio.it/Xyzprovenienza", "Accept-Language": "xyz",
}  # fmt: skip


class _Guasto(Exception):
    """A fault whose text, cause and locals hold all that was in the request."""


async def test_13_un_guasto_non_porta_fuori_la_richiesta(mondo: Mondo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 500 on each door, with secrets in headers and body and in the exception itself: the log has its class and its place."""
    casa, uscita = mondo.casa, tmp_path / "log.jsonl"
    testate = casa.token("as-crema", finalita="controllo") | TESTATE
    tutto = json.dumps(testate) + json.dumps(_apertura())

    async def guasta(*argomenti: Any) -> Any:
        locale = tutto
        raise _Guasto(locale, argomenti) from ValueError(locale)

    async def guasta_sql(ctx: Any, *_: Any) -> Any:
        connessione = await ctx.sessione.connection()
        await connessione.exec_driver_sql("INSERT INTO nessuna_tabella VALUES ($1)", (tutto,))

    with uscita.open("w", encoding="utf-8") as file, monkeypatch.context() as toppa:
        registro.configura("debug", file)
        _dimentica_uscite()
        try:
            risposte = [
                await casa.client.post("/cartelle", json=_apertura(), headers=testate | {"Idempotency-Key": str(nuovo_id())})
            ]
            toppa.setattr(repository, "leggi", guasta)
            toppa.setattr(service, "apri", guasta)
            risposte.append(await casa.client.get(f"/cartelle/{ADA}", headers=testate))
            risposte.append(await casa.client.post("/cartelle", json=_apertura(), headers=testate))
            toppa.setattr(service, "apri", guasta_sql)
            risposte.append(await casa.client.post("/cartelle", json=_apertura(), headers=testate))
        finally:
            registro.configura("info")
            _dimentica_uscite()
    assert risposte[0].status_code == 201, "nothing was wrong with the request"
    righe = uscita.read_text(encoding="utf-8")
    for risposta in risposte[1:]:
        problema(risposta, 500, "errore-interno")
        assert "xyz" not in (risposta.text + str(risposta.headers)).lower()
        UUID(risposta.headers["richiesta-id"])
        assert righe.count(risposta.headers["richiesta-id"]) >= 2, (
            "the fault and the access are found by the number of the request"
        )
    guasti = [json.loads(r) for r in righe.splitlines() if json.loads(r)["event"] == "errore_interno"]
    assert len(guasti) == 3
    assert "_Guasto" in guasti[0]["eccezione"]
    assert "guasta" in str(guasti[0]["dove"])
    segreti = ("xyz", "zzqdaa", "eyj", "bearer", str(casa.emittente.iss), "insert into")
    assert not [s for s in segreti if s in righe.lower()], righe[-3000:]
    assert "xyz" not in (await casa.client.get("/metrics")).text.lower()


async def test_13_nessun_raccoglitore_di_errori_e_collegato() -> None:
    """Nothing that copies requests to another service is loaded with the application."""
    esterni = ("sentry_sdk", "rollbar", "bugsnag", "newrelic", "ddtrace", "honeybadger", "raygun4py", "elasticapm", "airbrake")
    assert not [m for m in esterni if m in sys.modules]
    assert "services.api.main" in sys.modules
