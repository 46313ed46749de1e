"""Bad input through the real application: each gets one clear problem in Italian, and changes nothing in the database."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from stdnum.it.codicefiscale import calc_check_digit

from services.api.problems import BASE_TIPI
from services.core.persone.codice_fiscale import genera, omocodie
from services.core.platform import tokens
from services.core.platform.settings import Settings
from services.sandbox.oidc import DURATA_MINIMA_S, EmittenteOidc
from tests.conftest import Intestazioni

CREMA, OFFANENGO, LODI = "019035", "019062", "098031"
CF = genera(cognome="Zzqostile", nome="Ines", data_nascita=date(1990, 1, 31), sesso="F", luogo="D142")
FUORI_AUDIT = ("audit", "idempotenza", "alembic_version")
Connessione = asyncpg.Connection
JSON = {"content-type": "application/json"}


def persona(**altro: Any) -> dict[str, Any]:
    base = {
        "cognome": "Zzqostile", "nome": "Ines", "data_nascita": "1990-01-31", "sesso": "F", "comune_residenza": CREMA,
        "comune_nascita": "D142", "codice_fiscale": CF,
    }  # fmt: skip
    return {**base, **altro}


def cartella(**altro: Any) -> dict[str, Any]:
    return {"persona": persona(**altro), "servizio": "disabilita", "aperta_il": "2025-09-15"}


async def impronta(admin: Connessione) -> dict[str, str]:
    """Return the digest of every table but the audit trail."""
    nomi = await admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        r["tablename"]: await admin.fetchval(
            f"SELECT coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM {r['tablename']} t"
        )
        for r in nomi
        if r["tablename"] not in FUORI_AUDIT
    }


async def audit_di(admin: Connessione, risposta: httpx.Response) -> list[str]:
    """Return the outcomes the trail holds for one request."""
    righe = await admin.fetch("SELECT esito FROM audit WHERE richiesta_id = $1", UUID(risposta.headers["richiesta-id"]))
    return [r["esito"] for r in righe]


def problema(risposta: httpx.Response, stato: int, tipo: str) -> dict[str, Any]:
    assert (risposta.status_code, risposta.headers["content-type"]) == (stato, "application/problem+json"), risposta.text
    corpo: dict[str, Any] = risposta.json()
    assert corpo["type"] == BASE_TIPI + tipo
    assert corpo["detail"]
    return corpo


NUL = b'{"persona": {"cognome": "Zzq\\u0000", "nome": "x"}, "servizio": "disabilita", "aperta_il": "2025-09-15"}'
CF_SENZA_CONTROLLO = CF[:-1] + ("A" if CF[-1] != "A" else "B")
CF_31_FEBBRAIO = "ZZQNSI90B71D142" + calc_check_digit("ZZQNSI90B71D142")

RIFIUTI: list[tuple[str, dict[str, Any], int, str]] = [
    ("codice fiscale: controllo", {"json": cartella(codice_fiscale=CF_SENZA_CONTROLLO)}, 422, "codice-fiscale-non-valido"),
    ("codice fiscale: 31 febbraio", {"json": cartella(codice_fiscale=CF_31_FEBBRAIO)}, 422, "codice-fiscale-non-valido"),
    ("codice fiscale di un'altra data", {"json": cartella(data_nascita="1990-01-30")}, 422, "codice-fiscale-non-valido"),
    ("codice fiscale: simboli", {"json": cartella(codice_fiscale="ZZQ;DROP TABLE--")}, 422, "dati-non-validi"),
    ("nata domani", {"json": cartella(codice_fiscale=None, data_nascita="2025-09-16")}, 422, "dati-non-validi"),
    ("nata tre secoli fa", {"json": cartella(codice_fiscale=None, data_nascita="1725-01-01")}, 422, "dati-non-validi"),
    ("una data che non esiste", {"json": cartella(data_nascita="2025-02-30")}, 422, "dati-non-validi"),
    ("Comune sconosciuto", {"json": cartella(comune_residenza="999999")}, 422, "dati-non-validi"),
    ("Comune di un altro ambito", {"json": cartella(comune_residenza=LODI)}, 422, "dati-non-validi"),
    ("Comune dell'ambito, fuori dall'incarico", {"json": cartella(comune_residenza=OFFANENGO)}, 404, "non-trovato"),
    ("servizio sconosciuto", {"json": {**cartella(), "servizio": "inventato"}}, 422, "dati-non-validi"),
    ("campo ignoto", {"json": {**cartella(), "admin": True}}, 422, "dati-non-validi"),
    ("campo ignoto più dentro", {"json": cartella(protetta=True)}, 422, "dati-non-validi"),
    ("valore d'elenco ignoto", {"json": cartella(sesso="X9")}, 422, "dati-non-validi"),
    ("parametro ignoto", {"json": cartella(), "params": {"forza": "1"}}, 422, "dati-non-validi"),
    ("corpo troppo grande", {"content": b" " * 2_000_000, "headers": JSON}, 413, "richiesta-troppo-grande"),
    ("NUL", {"content": NUL, "headers": JSON}, 422, "dati-non-validi"),
    ("tipo di contenuto", {"content": b"<a/>", "headers": {"content-type": "application/xml"}}, 415, "tipo-non-supportato"),
    ("JSON rotto", {"content": b'{"persona":', "headers": JSON}, 400, "richiesta-malformata"),
    ("nessun corpo", {}, 422, "dati-non-validi"),
    ("incarico altrui", {"json": cartella(), "headers": {"Incarico": str(UUID(int=7))}}, 403, "operazione-non-consentita"),
    ("incarico che non è un UUID", {"json": cartella(), "headers": {"Incarico": "1"}}, 422, "dati-non-validi"),
    ("finalità inventata", {"json": cartella(), "headers": {"Finalita": "curiosita"}}, 422, "dati-non-validi"),
    ("chiave di idempotenza con spazi", {"json": cartella(), "headers": {"Idempotency-Key": "a b"}}, 400, "richiesta-malformata"),
]  # fmt: skip


async def test_ogni_ingresso_cattivo_ha_il_suo_problema(
    client: httpx.AsyncClient, token: Intestazioni, admin: Connessione
) -> None:
    prima = await impronta(admin)
    for nome, richiesta, stato, tipo in RIFIUTI:
        testate = token("as-crema") | richiesta.get("headers", {})
        risposta = await client.post("/cartelle", **{**richiesta, "headers": testate})
        try:
            corpo = problema(risposta, stato, tipo)
        except AssertionError as errore:
            raise AssertionError(f"{nome}: {errore}") from None
        assert CF not in risposta.text, nome
        assert corpo["instance"] == f"urn:uuid:{risposta.headers['richiesta-id']}"
        assert await audit_di(admin, risposta) == (["negata"] if stato in (403, 404) else []), nome
    assert await impronta(admin) == prima


async def test_l_omocodia_e_valida(client: httpx.AsyncClient, token: Intestazioni) -> None:
    risposta = await client.post("/cartelle", json=cartella(codice_fiscale=omocodie(CF)[3].lower()), headers=token("as-crema"))
    assert risposta.status_code == 201, risposta.text


async def test_un_codice_gia_presente_da_un_conflitto_che_non_rivela(
    client: httpx.AsyncClient, token: Intestazioni, admin: Connessione
) -> None:
    """The code is that of a person followed by another Comune: the answer must not say whose it is, nor where."""
    riga = await admin.fetchrow(
        """SELECT p.* FROM persona p JOIN comune c ON c.id = p.comune_residenza_id
           WHERE c.codice_istat = $1 AND p.codice_fiscale IS NOT NULL AND NOT p.protetta LIMIT 1""",
        OFFANENGO,
    )
    assert riga is not None
    dati = persona(
        cognome=riga["cognome"], nome=riga["nome"], data_nascita=riga["data_nascita"].isoformat(), sesso=riga["sesso"],
        codice_fiscale=riga["codice_fiscale"], comune_nascita=riga["comune_nascita"],
    )  # fmt: skip
    prima = await impronta(admin)
    risposta = await client.post("/cartelle", json={**cartella(), "persona": dati}, headers=token("as-crema"))
    corpo = problema(risposta, 409, "conflitto")
    assert set(corpo) == {"type", "title", "status", "detail", "instance"}
    assert await impronta(admin) == prima


INVISIBILI = (
    ("GET", "/cartelle/{}"),
    ("GET", "/cartelle/{}/fatti"),
    ("GET", "/cartelle/{}/domande"),
    ("POST", "/cartelle/{}/chiusura"),
)


async def test_cio_che_esiste_ma_non_si_vede_e_come_cio_che_non_esiste(
    client: httpx.AsyncClient, token: Intestazioni, admin: Connessione
) -> None:
    nascosta = await admin.fetchval(
        """SELECT k.id FROM cartella k JOIN competenza e ON e.id = k.competenza_id JOIN comune c ON c.id = e.comune_id
           WHERE c.codice_istat = $1 LIMIT 1""",
        OFFANENGO,
    )
    di_lodi = await admin.fetchval("SELECT id FROM cartella WHERE ambito_id = 2 LIMIT 1")
    assert nascosta is not None
    assert di_lodi is not None
    prima = await impronta(admin)
    for metodo, percorso in INVISIBILI:
        corpi = []
        for cartella_id in (nascosta, di_lodi, UUID(int=12345)):
            testate = token("as-crema") | {"If-Match": '"1"'}
            risposta = await client.request(metodo, percorso.format(cartella_id), headers=testate)
            corpo = problema(risposta, 404, "non-trovato")
            assert corpo.pop("instance")
            corpi.append(corpo)
            righe = await admin.fetch(
                "SELECT esito, oggetti FROM audit WHERE richiesta_id = $1", UUID(risposta.headers["richiesta-id"])
            )
            assert [(r["esito"], r["oggetti"]) for r in righe] == [("negata", [cartella_id])], percorso
        assert corpi[0] == corpi[1] == corpi[2]
    assert await impronta(admin) == prima


async def _una_cartella(client: httpx.AsyncClient, testate: dict[str, str]) -> dict[str, Any]:
    risposta = await client.post("/cartelle", json=cartella(), headers=testate)
    assert risposta.status_code == 201, risposta.text
    corpo: dict[str, Any] = risposta.json()
    return corpo


async def test_senza_versione_428_e_versione_superata_409(
    client: httpx.AsyncClient, token: Intestazioni, admin: Connessione
) -> None:
    mie = token("as-crema")
    creata = await _una_cartella(client, mie)
    prima = await impronta(admin)
    percorso = f"/cartelle/{creata['id']}/chiusura"
    problema(await client.post(percorso, headers=mie), 428, "precondizione-richiesta")
    problema(await client.post(percorso, headers=mie | {"If-Match": "*"}), 400, "richiesta-malformata")
    corpo = problema(await client.post(percorso, headers=mie | {"If-Match": '"99"'}), 409, "versione-superata")
    assert corpo["versione_attuale"] == creata["versione"]
    assert await impronta(admin) == prima


async def test_due_scrittori_sulla_stessa_versione(client: httpx.AsyncClient, token: Intestazioni, admin: Connessione) -> None:
    mie = token("as-crema")
    creata = await _una_cartella(client, mie)
    percorso = f"/cartelle/{creata['id']}/chiusura"
    testate = mie | {"If-Match": f'"{creata["versione"]}"'}
    risposte = await asyncio.gather(*(client.post(percorso, headers=testate) for _ in range(4)))
    assert sorted(r.status_code for r in risposte) == [200, 409, 409, 409]
    eventi = await admin.fetchval("SELECT count(*) FROM evento WHERE aggregato_id = $1 AND versione = 2", UUID(creata["id"]))
    assert eventi == 1


async def conta(admin: Connessione) -> int:
    return int(await admin.fetchval("SELECT count(*) FROM cartella"))


async def test_la_stessa_richiesta_ripetuta_ha_un_solo_effetto(
    client: httpx.AsyncClient, token: Intestazioni, admin: Connessione
) -> None:
    mie = token("as-crema") | {"Idempotency-Key": "una-chiave"}
    prima = await conta(admin)
    risposte = await asyncio.gather(*(client.post("/cartelle", json=cartella(), headers=mie) for _ in range(4)))
    risposte.append(await client.post("/cartelle", json=cartella(), headers=mie))
    assert [r.status_code for r in risposte] == [201] * 5
    assert len({r.content for r in risposte}) == 1
    assert len({(r.headers["etag"], r.headers["location"], r.headers["content-type"]) for r in risposte}) == 1
    assert len({r.headers["richiesta-id"] for r in risposte}) == 5
    assert await conta(admin) == prima + 1


async def test_la_chiave_vale_per_una_sola_richiesta(
    client: httpx.AsyncClient, token: Intestazioni, admin: Connessione, settings: Settings
) -> None:
    mie = token("as-crema") | {"Idempotency-Key": "una-chiave"}
    creata = await client.post("/cartelle", json=cartella(), headers=mie)
    dopo = await impronta(admin)
    problema(await client.post("/cartelle", json=cartella(nome="Iride"), headers=mie), 422, "chiave-di-idempotenza-riusata")
    altro_percorso = f"/cartelle/{creata.json()['id']}/componenti"
    corpo = {"persona": persona(codice_fiscale=None), "relazione": "figlio", "dal": "2025-09-01"}
    primo = await client.post(altro_percorso, json=corpo, headers=mie | {"If-Match": '"9"'})
    problema(primo, 409, "versione-superata")  # another operation: the key is free there, and a refusal does not take it
    assert await impronta(admin) == dopo
    assert (await client.post(altro_percorso, json=corpo, headers=mie | {"If-Match": '"1"'})).status_code == 201
    assert (await client.post("/cartelle", json=cartella(), headers=mie)).content == creata.content


async def test_la_chiave_e_di_chi_la_usa(client: httpx.AsyncClient, token: Intestazioni) -> None:
    chiave = {"Idempotency-Key": "una-chiave"}
    prima = await client.post("/cartelle", json=cartella(), headers=token("as-crema") | chiave)
    seconda = await client.post("/cartelle", json=cartella(), headers=token("segretariato-crema") | chiave)
    assert prima.status_code == 201
    problema(seconda, 409, "conflitto")


async def test_una_chiave_scaduta_e_di_nuovo_libera(client: httpx.AsyncClient, token: Intestazioni, admin: Connessione) -> None:
    mie = token("as-crema") | {"Idempotency-Key": "una-chiave"}
    assert (await client.post("/cartelle", json=cartella(), headers=mie)).status_code == 201
    await admin.execute("UPDATE idempotenza SET creata_il = clock_timestamp() - interval '25 hours'")
    problema(await client.post("/cartelle", json=cartella(), headers=mie), 409, "conflitto")
    altra = await client.post("/cartelle", json=cartella(codice_fiscale=None, nome="Iride"), headers=mie)
    assert altra.status_code == 201


def _di_altri(settings: Settings) -> str:
    emittente = EmittenteOidc(
        iss="https://altrove.example", destinatario=settings.oidc_audience, stato=settings.stato_dir, produzione=False
    )
    return emittente.token("as-crema")


def _per_altri(settings: Settings) -> str:
    emittente = EmittenteOidc(iss=settings.oidc_issuer, destinatario="altra-api", stato=settings.stato_dir, produzione=False)
    return emittente.token("as-crema")


def _senza_firma(settings: Settings) -> str:
    return "eyJhbGciOiJub25lIn0.e30."


def _scaduto(settings: Settings) -> str:
    emittente = EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=settings.stato_dir, produzione=False
    )
    return emittente.token("as-crema", durata_s=DURATA_MINIMA_S)


async def test_token_che_non_valgono(
    client: httpx.AsyncClient, settings: Settings, admin: Connessione, monkeypatch: pytest.MonkeyPatch
) -> None:
    prima = await impronta(admin)
    buono_per_poco = _scaduto(settings)
    vero = tokens.adesso_ms
    for nome, testo, scarto in (
        ("di un altro emittente", _di_altri(settings), 0),
        ("per un'altra API", _per_altri(settings), 0),
        ("senza firma", _senza_firma(settings), 0),
        ("scaduto", buono_per_poco, DURATA_MINIMA_S + 120),
    ):
        monkeypatch.setattr(tokens, "adesso_ms", lambda s=scarto: vero() + s * 1000)
        risposta = await client.post("/cartelle", json=cartella(), headers={"Authorization": f"Bearer {testo}"})
        assert risposta.status_code == 401, f"{nome}: {risposta.text}"
        problema(risposta, 401, "non-autenticato")
        assert risposta.headers["www-authenticate"].startswith("Bearer")
    assert await impronta(admin) == prima


async def test_senza_token(client: httpx.AsyncClient) -> None:
    for testate in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        problema(await client.get("/cartelle", headers=testate), 401, "non-autenticato")


async def test_un_cursore_forgiato(client: httpx.AsyncClient, token: Intestazioni) -> None:
    mie = token("as-crema")
    buono = (await client.get("/cartelle", params={"limite": 1}, headers=mie)).json()["successivo"]
    for forgiato in (buono[:-2] + ("AA" if buono[-2:] != "AA" else "BB"), "x", buono + buono, ""):
        problema(await client.get("/cartelle", params={"cursore": forgiato}, headers=mie), 422, "dati-non-validi")
    problema(await client.get("/audit", params={"cursore": buono}, headers=token("dpo-crema")), 422, "dati-non-validi")


async def test_un_cursore_di_un_altro_operatore(client: httpx.AsyncClient, token: Intestazioni) -> None:
    buono = (await client.get("/cartelle", params={"limite": 1}, headers=token("as-crema"))).json()["successivo"]
    risposta = await client.get("/cartelle", params={"cursore": buono}, headers=token("segretariato-crema"))
    problema(risposta, 422, "dati-non-validi")
    assert (await client.get("/cartelle", params={"cursore": buono}, headers=token("as-crema"))).status_code == 200


async def test_il_commit_che_fallisce_non_da_un_2xx(client: httpx.AsyncClient, token: Intestazioni, admin: Connessione) -> None:
    """A constraint checked only at COMMIT: the endpoint has returned, the answer has not left."""
    await admin.execute(
        """CREATE FUNCTION guasta() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$;
           CREATE CONSTRAINT TRIGGER al_commit AFTER INSERT ON cartella DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION guasta()"""
    )
    prima = await conta(admin)
    risposta = await client.post("/cartelle", json=cartella(), headers=token("as-crema"))
    problema(risposta, 503, "sistema-occupato")
    assert risposta.headers["retry-after"] == "1"
    assert await conta(admin) == prima
    assert await audit_di(admin, risposta) == []
