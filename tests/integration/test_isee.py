"""The ISEE of a domanda through the real application: PDND and INPS are the sandbox, behind the application's own HTTP client."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.sandbox import isee

FINALITA = UUID("00000000-0000-4000-8000-00000000f15e")
ADA = "ZZQDAA67C52D142D"
DATI = {"vive_a_domicilio": True, "caregiver_familiare": True, "prestazioni_in_corso": [], "continuita": False}


class Banco:
    """A domanda in draft for a person of Crema, and what is read and broken around it."""

    def __init__(self, app, client, sandbox, admin, intestazioni) -> None:
        self.app, self.client, self.sandbox, self.admin, self.intestazioni = app, client, sandbox, admin, intestazioni
        self.domanda: UUID | None = None

    async def redigi(self, cognome: str) -> None:
        cartella = await self.admin.fetchval(
            "SELECT c.id FROM cartella c JOIN persona p ON p.id = c.persona_id WHERE lower(p.cognome) = $1", cognome
        )
        avviso = await self.admin.fetchval(
            "SELECT a.id FROM avviso a JOIN cartella c ON c.ambito_id = a.ambito_id WHERE c.id = $1 AND a.stato = 'aperto'",
            cartella,
        )
        corpo = {"avviso_id": str(avviso), "tipo_intervento": "buono_caregiver", "dati": DATI}
        risposta = await self.client.post(f"/cartelle/{cartella}/domande", json=corpo, headers=self.intestazioni)
        assert risposta.status_code == 201, risposta.text
        self.domanda = UUID(risposta.json()["id"])

    async def consulta(self, **altre: str) -> httpx.Response:
        return await self.client.post(f"/domande/{self.domanda}/isee", headers=self.intestazioni | altre)

    async def fatti(self) -> list[dict[str, Any]]:
        righe = await self.admin.fetch(
            """SELECT f.tipo, f.classe, f.fonte, f.schema_dati, f.valore, f.valido_dal, f.valido_al, f.registrato_al FROM fatto f
               JOIN domanda d USING (cartella_id) WHERE d.id = $1 AND f.tipo LIKE 'isee.%' ORDER BY f.registrato_il""",
            self.domanda,
        )
        return [dict(r) for r in righe]

    async def versione(self) -> int:
        return await self.admin.fetchval("SELECT versione FROM domanda WHERE id = $1", self.domanda)

    async def audit(self) -> list[Any]:
        """Identifiers of the requests audited as consultation of the ISEE, and their outcomes."""
        return await self.admin.fetch(
            "SELECT richiesta_id, array_agg(DISTINCT esito) AS esiti, array_agg(DISTINCT oggetto_tipo) AS tipi FROM audit"
            " WHERE operazione = 'consultaIsee' GROUP BY 1"
        )

    async def eventi(self) -> int:
        return await self.admin.fetchval(
            "SELECT count(*) FROM evento WHERE aggregato_id = $1 AND tipo LIKE '%isee%'", self.domanda
        )

    async def comanda(self, percorso: str, modo: str) -> None:
        trasporto = httpx.ASGITransport(app=self.sandbox)
        async with httpx.AsyncClient(transport=trasporto, base_url="http://sandbox") as c:
            assert (await c.post(percorso, json={"modo": modo})).status_code == 200


@pytest.fixture
async def banco(app, client, sandbox, admin, token):
    b = Banco(app, client, sandbox, admin, token("as-crema"))
    await b.redigi("zzqprova")
    return b


async def test_l_isee_diventa_un_fatto_con_fonte_e_validita(banco):
    prima = await banco.versione()
    risposta = await banco.consulta()
    assert risposta.status_code == 200, risposta.text
    corpo = risposta.json()
    assert corpo["trovata"] is True
    assert (corpo["importo_centesimi"], corpo["protocollo_dsu"]) == (1_184_237, "INPS-ISEE-2025-00000001B-00")
    assert (corpo["valido_dal"], corpo["valido_al"]) == ("2025-02-10", "2025-12-31")
    assert "da verificare" in corpo["schema_dati"]
    assert risposta.headers["etag"] == f'"{prima + 1}"'
    [fatto] = await banco.fatti()
    assert (fatto["tipo"], fatto["fonte"], fatto["classe"]) == ("isee.sociosanitario", "INPS", 4)
    assert fatto["schema_dati"] == "ConsultazioneISEE (schema da verificare)"
    assert (fatto["valido_dal"], fatto["valido_al"], fatto["registrato_al"]) == (date(2025, 2, 10), date(2025, 12, 31), None)
    assert await banco.versione() == prima + 1
    assert await banco.eventi() == 1


async def test_una_richiesta_un_audit(banco):
    await banco.consulta()
    [riga] = await banco.audit()
    assert riga["esiti"] == ["consentita"]
    assert {"domanda", "persona", "fatto"} <= set(riga["tipi"])


async def test_il_codice_fiscale_non_esce_dalla_risposta_ne_dai_log(banco, capfd):
    for modo in ("normale", "offline"):
        await banco.comanda("/inps/isee/_comando", modo)
        assert ADA not in (await banco.consulta()).text
    uscita = capfd.readouterr()
    assert ADA not in uscita.out + uscita.err


async def test_inps_o_pdnd_giu_503_e_nulla_cambia(banco):
    prima = await banco.versione()
    modi = [
        ("/inps/isee/_comando", "offline"),
        ("/inps/isee/_comando", "errore"),
        ("/pdnd/_comando", "giù"),
        ("/pdnd/_comando", "scaduto"),
    ]
    for percorso, modo in modi:
        await banco.comanda(percorso, modo)
        risposta = await banco.consulta()
        assert risposta.status_code == 503, modo
        assert risposta.headers["content-type"] == "application/problem+json"
        assert risposta.json()["type"].endswith("servizio-esterno-non-disponibile")
        assert (await banco.fatti(), await banco.versione(), await banco.eventi()) == ([], prima, 0)
        await banco.comanda(percorso, "normale")
        banco.app.state.ambito.servizi.isee._pdnd.dimentica(FINALITA)
    audit = await banco.audit()
    assert len(audit) == len(modi), "that we went to ask INPS about the person is recorded whatever it answered"
    assert all(riga["esiti"] == ["consentita"] for riga in audit)
    assert (await banco.consulta()).status_code == 200


async def test_mentre_inps_pensa_nessuna_transazione_e_aperta(banco, monkeypatch):
    chiamata, rispondi = asyncio.Event(), asyncio.Event()
    originale = isee.leggi_corpo

    async def aspetta(*argomenti):
        chiamata.set()
        await rispondi.wait()
        return await originale(*argomenti)

    monkeypatch.setattr(isee, "leggi_corpo", aspetta)
    in_corso = asyncio.create_task(banco.consulta())
    await asyncio.wait_for(chiamata.wait(), 20)
    aperte = await banco.admin.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    rispondi.set()
    assert (await in_corso).status_code == 200
    assert aperte == 0


async def test_ripetere_sostituisce_e_conserva_la_versione_precedente(banco):
    assert (await banco.consulta()).status_code == 200
    assert (await banco.consulta()).status_code == 200
    fatti = await banco.fatti()
    assert len([f for f in fatti if f["registrato_al"] is None]) == 1, "one is believed now"


async def test_chi_non_ha_isee_non_ha_zero(banco):
    banco.sandbox.state.isee.dati = ()
    risposta = await banco.consulta()
    assert risposta.status_code == 200
    corpo = risposta.json()
    assert (corpo["trovata"], corpo["importo_centesimi"], corpo["fatto_id"]) == (False, None, None)
    assert await banco.fatti() == []


async def test_una_risposta_contro_lo_schema_e_un_guasto_di_inps(banco, monkeypatch):
    vera = isee.IseeSandbox.rispondi

    def storta(self, richiesta):
        risposta = vera(self, richiesta)
        return risposta | {"DatiIndicatore": risposta["DatiIndicatore"] | {"ValoreIndicatore": 11842.37}}

    monkeypatch.setattr(isee.IseeSandbox, "rispondi", storta)
    risposta = await banco.consulta()
    assert risposta.status_code == 503
    assert await banco.fatti() == []


async def test_chi_non_vede_la_domanda_non_interroga_inps(banco, token):
    for soggetto in ("as-offanengo", "as-lodi"):
        risposta = await banco.client.post(f"/domande/{banco.domanda}/isee", headers=token(soggetto))
        assert risposta.status_code == 404
    assert (banco.sandbox.state.pdnd.richieste, banco.sandbox.state.isee.modo) == (0, isee.Modo.NORMALE)
    assert [riga["esiti"] for riga in await banco.audit()] == [["negata"], ["negata"]]
