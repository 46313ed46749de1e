"""Where a name, a code or a secret could end besides its own answer: log, problems, trail, events, numbers, contract."""

import json
import re
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from services.core.platform import registro
from services.core.platform.ids import nuovo_id
from services.core.webhooks.indirizzi import ammesso
from tests.attack.mondo import ADA, Mondo, operazioni
from tests.casa import Casa, persona

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODICE = re.compile(r"(?i)[a-z]{6}\d\d[a-z]\d\d[a-z]\d{3}[a-z]")
JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.")
JSON = {"content-type": "application/json"}
SEGRETI = ("Xyzsegreto", "Quintiliana", "1951-07-23", "zzq.segreta@esempio.it", "chiave-segreta-di-prova")


NOMI = "SELECT cognome, codice_fiscale FROM persona UNION SELECT cognome, soggetto FROM operatore"


def dati_segreti(**altro: Any) -> dict[str, Any]:
    return persona(cognome=SEGRETI[0], nome=SEGRETI[1], data_nascita=SEGRETI[2], codice_fiscale=None) | altro


async def prove(casa: Casa) -> list[Any]:
    """Requests that go well and badly with personal data in every place a caller can put it."""
    apertura = {"persona": dati_segreti(), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    chiave = {"idempotency_key": SEGRETI[4]}
    aperta = await casa.post("as-crema", "/cartelle", apertura, **chiave)
    assert aperta.status_code == 201, aperta.text
    id_ = aperta.json()["id"]
    cattivi = (
        apertura | {SEGRETI[0]: 1},
        apertura | {"persona": dati_segreti(codice_fiscale="ZZQDAA67C52D142D")},
        apertura | {"persona": dati_segreti(sesso=SEGRETI[1])},
        apertura | {"servizio": SEGRETI[0].lower()},
        apertura | {"persona": dati_segreti(comune_residenza="999999")},
        apertura | {"persona": SEGRETI[3]},
    )
    membro = {"persona": dati_segreti(), "relazione": "figlio", "dal": "2025-09-15"}
    rotto = json.dumps(apertura)[:-1].encode()
    doppia = apertura | {"persona": persona(cognome=SEGRETI[0], nome=SEGRETI[1])}
    assert (await casa.post("as-crema", "/cartelle", doppia)).status_code == 201
    risposte = [await casa.post("as-crema", "/cartelle", corpo) for corpo in cattivi]
    risposte += [
        await casa.post("as-crema", "/cartelle", doppia),
        await casa.post("as-crema", "/cartelle", apertura | {"servizio": "adulti_inclusione"}, **chiave),
        await casa.get("as-crema", f"/cartelle/{SEGRETI[0]}"),
        await casa.get("as-crema", f"/cartelle?{SEGRETI[0]}={SEGRETI[3]}"),
        await casa.get("as-crema", f"/cartelle?cursore={SEGRETI[0]}"),
        await casa.get("as-crema", f"/{SEGRETI[0]}/{SEGRETI[3]}"),
        await casa.get("as-crema", "/cartelle", incarico=SEGRETI[0]),
        await casa.get("as-crema", "/cartelle", finalita=SEGRETI[0]),
        await casa.client.get("/cartelle", headers={"Authorization": f"Bearer {SEGRETI[0]}"}),
        await casa.client.request(SEGRETI[0], "/cartelle", headers=casa.token("as-crema")),
        await casa.post("as-crema", "/persone/ricerca", {"codice_fiscale": SEGRETI[0]}, finalita="controllo"),
        await casa.post("as-lodi", f"/cartelle/{id_}/componenti", membro, if_match='"1"'),
        await casa.client.post("/cartelle", content=rotto, headers=casa.token("as-crema") | JSON),
    ]
    assert all(400 <= r.status_code < 500 for r in risposte), [r.status_code for r in risposte]
    return risposte


def _dimentica_uscite() -> None:
    """Make every logger of ours look for its output again: each remembers the one it found first."""
    for nome, modulo in list(sys.modules.items()):
        for log in (getattr(modulo, "log", None), getattr(modulo, "_log", None)) if nome.startswith("services.") else ():
            if log is not None:
                log.__dict__.pop("bind", None)


async def test_ne_log_ne_problemi_ripetono_cio_che_si_scrive(casa: Casa, tmp_path: Path) -> None:
    uscita = tmp_path / "log.jsonl"
    with uscita.open("w", encoding="utf-8") as file:
        registro.configura("debug", file)
        _dimentica_uscite()
        try:
            risposte = await prove(casa)
        finally:
            registro.configura("info")
            _dimentica_uscite()
    righe = uscita.read_text(encoding="utf-8")
    eventi = {json.loads(riga)["event"] for riga in righe.splitlines()}
    assert eventi >= {"richiesta", "vincolo_violato", "token_rifiutato"}
    assert righe.count('"event":"richiesta"') >= 18
    for testo in (righe, *(r.text for r in risposte), *(str(r.headers) for r in risposte)):
        for segreto in SEGRETI:
            assert segreto.lower() not in testo.lower(), testo[:500]
        assert not JWT.search(testo)
    assert not CODICE.search(righe)


async def test_ne_traccia_ne_eventi_ne_numeri_ne_contratto_portano_persone(mondo: Mondo) -> None:
    """The whole trail and the whole log of events of a world of work, /metrics, and the published contract."""
    casa = mondo.casa
    await prove(casa)
    nomi = {
        str(v).lower()
        for r in await casa.admin.fetch(
            "SELECT cognome, codice_fiscale FROM persona UNION SELECT cognome, soggetto FROM operatore"
        )
        for v in r
        if v
    }
    nomi |= {s.lower() for s in SEGRETI}
    audit = await casa.admin.fetchval("SELECT string_agg(t::text, ' ') FROM audit t")
    eventi = await casa.admin.fetchval("SELECT string_agg(dati::text, ' ') FROM evento")
    metriche = (await casa.client.get("/metrics")).text
    contratto = (await casa.client.get("/openapi.json")).text
    segreti = {v.get_secret_value() for v in casa.settings.__dict__.values() if isinstance(v, SecretStr)} - {""}
    assert len(segreti) >= 2
    for dove, testo in (("audit", audit), ("eventi", eventi), ("metriche", metriche), ("contratto", contratto)):
        parole = set(re.split(r"[^0-9a-zà-ù@._-]+", testo.lower()))
        assert not nomi & parole, (dove, nomi & parole)
        assert not CODICE.search(testo), dove
        assert not [s for s in segreti if s in testo], dove
        assert not JWT.search(testo), dove
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", metriche), "no identifier among the numbers"
    assert casa.settings.dsn_app not in repr(casa.settings)


async def test_nessun_percorso_chiede_dati_personali_nell_indirizzo(casa: Casa) -> None:
    ammessi = {"limite", "cursore", "ente_id", "esito", "operatore_id", "stato", "letta", "in_corso"}
    for _, percorso, definizione in operazioni(casa):
        parametri = {p["name"] for p in definizione.get("parameters", ()) if p["in"] == "query"}
        assert parametri <= ammessi, percorso
        assert all(nome.endswith("_id") for nome in re.findall(r"{(\w+)}", percorso))


async def test_le_risposte_conservate_non_si_leggono_da_altri_e_scadono(casa: Casa) -> None:
    """The stored bytes do hold names: only their operator reaches them, and they leave."""
    corpo = {"persona": dati_segreti(), "servizio": "disabilita", "aperta_il": "2025-09-15"}
    await casa.post("as-crema", "/cartelle", corpo, idempotency_key=str(nuovo_id()))
    database = casa.app.state.ambito.database
    for chi, quante in (("as-crema", True), ("coord-csc", False), ("dpo-crema", False)):
        ingresso = "SELECT app_entra('{}', NULL, '{{assistente_sociale,coordinatore,dpo}}', '2025-09-15', NULL)"
        async with database.lettura(ingresso.format(await casa.operatore(chi))) as connessione:
            assert bool(await connessione.fetchval("SELECT count(*) FROM idempotenza")) is quante
    await casa.admin.execute("UPDATE idempotenza SET creata_il = clock_timestamp() - interval '25 hours'")
    await casa.admin.execute("SELECT elimina_risposte_scadute(interval '24 hours')")
    assert await casa.admin.fetchval("SELECT count(*) FROM idempotenza") == 0


async def test_le_testate_di_ogni_risposta(mondo: Mondo) -> None:
    """Nothing is cached, sniffed or framed, of what is given and of what is refused."""
    casa = mondo.casa
    for percorso in (f"/cartelle/{ADA}", f"/cartelle/{nuovo_id()}", "/cartelle", "/io", "/niente", "/status", "/metrics"):
        risposta = await casa.get("as-crema", percorso)
        assert risposta.headers["cache-control"] == "no-store"
        assert risposta.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in risposta.headers["content-security-policy"]
        assert "server" not in risposta.headers
        assert UUID(risposta.headers["richiesta-id"])
        assert not [n for n in risposta.headers if n.startswith("access-control")]


NON_DESTINATARI = (
    "fec0::1", "feff::ffff", "3fff::1", "192.0.0.8", "192.0.0.170", "192.88.99.1", "5f00::1", "::ffff:169.254.169.254", "100::1",
)  # fmt: skip


@pytest.mark.parametrize("ip", NON_DESTINATARI)
async def test_un_webhook_non_va_dove_nessun_destinatario_sta(ip: str) -> None:
    """Ranges that the standard library of some release calls global, beside those of tests/unit/test_webhooks_indirizzi.py."""
    assert not ammesso(ip_address(ip), ())
