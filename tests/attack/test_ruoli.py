"""Escalation: what a role may not do on anything, fields nobody may set, and letting oneself or a friend into a case."""

from typing import Any
from uuid import UUID

import pytest

from services.core.access.operazioni import OPERAZIONI
from services.core.access.ruoli import Ruolo
from services.core.platform.ids import nuovo_id
from tests.attack.mondo import ADA, LEO, Mondo, operazioni, senza_numero
from tests.attack.test_ambito import CORPI, riempi
from tests.casa import Casa, persona, problema
from tests.percorsi import ASST, COMUNE_CREMA, CSC, ETS, Percorso

pytestmark = pytest.mark.asyncio(loop_scope="module")

VIETATI = {
    "id": str(nuovo_id()), "ambito_id": 2, "operatore_id": str(nuovo_id()), "incarico_id": str(nuovo_id()), "ruolo": "dpo",
    "classi": 63, "stato": "assegnata", "esito": "ammissibile", "versione": 99, "decisione_id": str(nuovo_id()),
    "protetta": False, "riservata": False, "cartella_id": str(nuovo_id()), "presentata_il": "2020-01-01", "protocollo": "1",
    "conclusa_il": "2025-09-15", "punteggio_adl": 0, "firmato_il": "2025-09-15", "custodia_id": str(nuovo_id()),
    "creata_il": "2020-01-01T00:00:00Z", "motivo": "pippi", "dal_accesso": "2020-01-01", "__proto__": {"admin": True},
}  # fmt: skip
"""Columns of the tables and words of other languages: none is a field of a body."""


async def test_ogni_ruolo_senza_l_operazione_ha_403_su_tutto_e_resta_scritto(mondo: Mondo) -> None:
    """Every operation, by one operator of each role that lacks it, on what exists: the refusal tells of the role alone."""
    casa = mondo.casa
    per_ruolo = {
        r["ruolo"]: r["soggetto"]
        for r in await casa.admin.fetch(
            """SELECT DISTINCT ON (i.ruolo) i.ruolo, o.soggetto FROM incarico i JOIN operatore o ON o.id = i.operatore_id
               WHERE i.ambito_id = 1 AND i.al IS NULL AND o.soggetto <> 'as-due-comuni' ORDER BY i.ruolo, o.soggetto"""
        )
    }
    assert len(per_ruolo) >= 13
    prima = await casa.impronta("audit")
    negate = 0
    for metodo, percorso, definizione in operazioni(casa):
        operazione = definizione["operationId"]
        corpo = riempi(CORPI.get(operazione), mondo.ids)
        visti = []
        for ruolo, chi in per_ruolo.items():
            if ruolo in OPERAZIONI[operazione].ruoli:
                continue
            testate = casa.token(chi, if_match='"1"', finalita="valutazione")
            risposta = await casa.client.request(metodo, percorso.format(**mondo.ids), json=corpo, headers=testate)
            problema(risposta, 403, "operazione-non-consentita")
            [riga] = await casa.audit(risposta)
            assert (riga["esito"], riga["operazione"], riga["ambito_id"]) == ("negata", operazione, 1)
            visti.append(senza_numero(risposta))
            negate += 1
        assert all(v == visti[0] for v in visti)
    assert negate > 250
    assert await casa.impronta("audit") == prima


async def test_nessun_campo_di_troppo_passa(mondo: Mondo) -> None:
    """Mass assignment, on every body there is: one unknown field more, at the top and inside each object."""
    casa, prove = mondo.casa, 0
    validi = CORPI | {
        "apriCartella": {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"},
        "cercaPersona": {"codice_fiscale": "ZZQDAA67C52D142D"},
    }
    prima = await casa.impronta("audit")
    for metodo, percorso, definizione in operazioni(casa):
        operazione = definizione["operationId"]
        if "requestBody" not in definizione:
            continue
        corpo = riempi(validi[operazione], mondo.ids)
        chi = "tutela-csc" if "Pippi" in operazione else "as-crema"
        if Ruolo.ASSISTENTE_SOCIALE not in OPERAZIONI[operazione].ruoli:
            candidate = {Ruolo.COORDINATORE: "coord-csc", Ruolo.RESPONSABILE_SERVIZIO: "resp-disabilita-csc"}
            candidate |= {Ruolo.DPO: "dpo-crema"}
            chi = next(chi for ruolo, chi in candidate.items() if ruolo in OPERAZIONI[operazione].ruoli)
        for nome, valore in VIETATI.items():
            for cattivo in _con(corpo, nome, valore):
                testate = casa.token(chi, if_match='"1"', finalita="valutazione")
                risposta = await casa.client.request(metodo, percorso.format(**mondo.ids), json=cattivo, headers=testate)
                problema(risposta, 422, "dati-non-validi")
                assert len(str(valore)) < 8 or str(valore) not in risposta.text
                prove += 1
    assert prove > 300
    assert await casa.impronta("audit") == prima


def _con(corpo: dict[str, Any], nome: str, valore: Any) -> list[dict[str, Any]]:
    """`corpo` with the field added at the top, and inside its first nested object, where the schema does not know it."""
    cattivi = [] if nome in corpo else [corpo | {nome: valore}]
    for campo, dentro in corpo.items():
        if isinstance(dentro, dict) and campo != "punteggi" and nome not in dentro:
            cattivi.append(corpo | {campo: dentro | {nome: valore}})
        elif isinstance(dentro, list) and nome != "operatore_id":
            cattivi.append(corpo | {campo: [dentro[0] | {nome: valore}, *dentro[1:]]})
    return cattivi


def _squadra(operatore: UUID, ente: UUID) -> dict[str, Any]:
    membri = [{"qualifica": "altro", "operatore_id": str(operatore), "ente_id": str(ente)}]
    return {"tipo": "uvm", "costituita_il": "2025-09-15", "membri": membri}


async def test_nessuno_si_fa_entrare_in_una_cartella(mondo: Mondo) -> None:
    """Herself, or a friend: by an équipe around a cartella she does not see, by a role that may not form one, into a case."""
    casa = mondo.casa
    dario, sara, carla, livia = [await casa.operatore(s) for s in ("as-offanengo", "asst-crema", "as-crema", "coord-csc")]
    offanengo = await casa.admin.fetchval("SELECT ente_id FROM incarico WHERE operatore_id = $1", dario)
    prima = await casa.impronta("audit")
    base = f"/cartelle/{ADA}/equipe"
    problema(await casa.post("as-offanengo", base, _squadra(dario, offanengo)), 404, "non-trovato")
    problema(await casa.post("asst-crema", base, _squadra(sara, ASST)), 403, "operazione-non-consentita")
    problema(await casa.post("segretariato-crema", base, _squadra(sara, ASST)), 403, "operazione-non-consentita")
    problema(await casa.post("as-crema", base, _squadra(carla, CSC)), 422, "dati-non-validi")  # for an ente not her own
    caso = f"/casi-pippi/{mondo.ids['caso_id']}/membri"
    for chi, operatore, ente in (("as-crema", carla, COMUNE_CREMA), ("coord-csc", livia, CSC)):
        membro = {"qualifica": "altro", "operatore_id": str(operatore), "ente_id": str(ente)}
        problema(await casa.post(chi, caso, membro), 404, "non-trovato")
    pia = {"qualifica": "altro", "operatore_id": str(await casa.operatore("educatrice-ets")), "ente_id": str(ETS)}
    problema(await casa.post("educatrice-ets", caso, pia), 403, "operazione-non-consentita")
    riservata = {"tipo": "equipe_pippi"} | _squadra(carla, COMUNE_CREMA) | {"tipo": "equipe_pippi"}
    problema(await casa.post("as-crema", f"/cartelle/{LEO}/equipe", riservata), 422, "dati-non-validi")
    assert await casa.impronta("audit") == prima


async def test_l_accesso_di_una_squadra_vale_per_l_ente_per_cui_si_siede(mondo: Mondo) -> None:
    """Called for one ente, an operator with two does not carry the grant under the other incarico."""
    casa, chi = mondo.casa, "as-due-comuni"
    operatore = await casa.operatore(chi)
    primo, secondo = await casa.admin.fetch("SELECT id, ente_id FROM incarico WHERE operatore_id = $1 ORDER BY id", operatore)
    creata = await casa.apri()
    formata = await casa.post("as-crema", f"/cartelle/{creata['id']}/equipe", _squadra(operatore, primo["ente_id"]))
    assert formata.status_code == 201, formata.text
    percorso = f"/cartelle/{creata['id']}"
    assert (await casa.get(chi, percorso, incarico=str(primo["id"]))).status_code == 200
    problema(await casa.get(chi, percorso, incarico=str(secondo["id"])), 404, "non-trovato")


async def test_chi_siede_per_un_ente_non_firma_ne_conclude_sotto_un_altro_incarico(casa: Casa) -> None:
    """Sara sits for the ASST; under a second incarico, at the Comune, she neither answers for the case nor concludes."""
    p = Percorso(casa.client, casa.token)
    equipe = (await p.equipe_integrata())["id"]
    asst, comune = await _due_incarichi(casa, "asst-crema")
    valutazione = await p.crea(
        "as-crema", f"/cartelle/{ADA}/valutazioni", {"equipe_id": equipe, "data_valutazione": "2025-09-12"}
    )
    progetto = await p.progetto(equipe, None)
    firma = {"ruolo_firmatario": "asst", "impronta": progetto["impronta"]}
    percorso = f"/progetti/{progetto['id']}/firme"
    for ruolo in ("asst", "responsabile_caso"):
        risposta = await p.post("asst-crema", percorso, firma | {"ruolo_firmatario": ruolo}, incarico=comune)
        problema(risposta, 409, "conflitto")
    conclusione = f"/valutazioni/{valutazione['id']}/conclusione"
    problema(await p.post("asst-crema", conclusione, {}, incarico=comune, if_match='"1"'), 409, "conflitto")
    propria = await p.post("asst-crema", percorso, firma, incarico=asst)
    assert propria.status_code == 201, propria.text
    [firmata] = await casa.admin.fetch("SELECT ente_id, operatore_id FROM firma WHERE progetto_id = $1", UUID(progetto["id"]))
    assert firmata["ente_id"] == ASST
    sua = await p.post("asst-crema", conclusione, {}, incarico=asst, if_match='"1"')
    problema(sua, 422, "dati-non-validi")  # she may: only the items are missing


async def _due_incarichi(casa: Casa, chi: str) -> tuple[str, str]:
    operatore = await casa.operatore(chi)
    primo = await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", operatore)
    secondo = nuovo_id()
    await casa.admin.execute(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal)
           VALUES ($1, $2, 1, $3, 'assistente_sociale', '2024-01-01')""",
        secondo, operatore, COMUNE_CREMA,
    )  # fmt: skip
    return str(primo), str(secondo)


async def test_una_classe_non_si_ottiene_da_un_altra_porta(mondo: Mondo) -> None:
    """The segretariato sees no economic or health data, by whatever door: facts, the domanda's decision, the assessment."""
    casa, ids = mondo.casa, mondo.ids
    fatti = (await casa.get("segretariato-crema", f"/cartelle/{ADA}/fatti?limite=100")).json()["elementi"]
    assert not [f for f in fatti if f["tipo"].startswith("isee")]
    tutti = (await casa.get("as-crema", f"/cartelle/{ADA}/fatti?limite=100")).json()["elementi"]
    assert [f for f in tutti if f["tipo"].startswith("isee")]
    domanda = (await casa.get("segretariato-crema", f"/domande/{ids['domanda_id']}")).json()
    assert domanda["graduatoria"] is None
    assert (await casa.get("as-crema", f"/domande/{ids['domanda_id']}")).json()["graduatoria"] is not None
    for percorso in (f"/domande/{ids['domanda_id']}/decisione", f"/valutazioni/{ids['valutazione_id']}"):
        problema(await casa.get("segretariato-crema", percorso, finalita="valutazione"), 403, "operazione-non-consentita")
    problema(
        await casa.get("amm-misure-csc", f"/valutazioni/{ids['valutazione_id']}", finalita="valutazione"),
        403,
        "operazione-non-consentita",
    )
