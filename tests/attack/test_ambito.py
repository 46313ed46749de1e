"""Identifiers of others in every path and every field of a body: nothing is seen, nothing changes, every attempt is kept."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.core.access.operazioni import OPERAZIONI
from services.core.access.ruoli import Ruolo
from services.core.platform.ids import nuovo_id
from services.core.territorio.carico import identificativo, identificativo_operatore
from tests.attack.mondo import LODI, Mondo, operazioni, senza_numero
from tests.casa import Casa, persona, problema
from tests.percorsi import ADA, ASST, BRUNO, COMUNE_CREMA, LEO, PERSONA_ADA

pytestmark = pytest.mark.asyncio(loop_scope="module")

DI_LODI = {
    Ruolo.ASSISTENTE_SOCIALE: "as-lodi",
    Ruolo.AMMINISTRATIVO_MISURA: "amm-misure-lodi",
    Ruolo.OPERATORE_ASST: "asst-lodi",
    Ruolo.DPO: "dpo-lodi",
    Ruolo.COORDINATORE: "coord-lodi",
    Ruolo.RESPONSABILE_SERVIZIO: "resp-lodi",
}
CORPI: dict[str, Any] = {
    "aggiungiComponente": {"persona": persona("lodi"), "relazione": "figlio", "dal": "2025-09-01"},
    "registraRequisito": {"requisito": "L104_ART3_C3", "stato": "accertata", "fonte": "verbale", "dal": "2025-01-01"},
    "redigiDomanda": {"avviso_id": "{avviso_id}", "tipo_intervento": "buono_caregiver", "dati": {}},
    "modificaDomanda": {"tipo_intervento": "buono_caregiver", "dati": {}},
    "chiudiGraduatoria": {"chiusura_anticipata": True},
    "costituisciEquipe": {
        "tipo": "uvm", "costituita_il": "2025-09-15",
        "membri": [{"qualifica": "medico", "ente_id": str(ASST), "descrizione": "x"}],
    },
    "sciogliEquipe": {"cessata_il": "2025-09-15"},
    "togliMembroEquipe": {"membro_id": "{equipe_id}", "al": "2025-09-15"},
    "apriValutazione": {"equipe_id": "{equipe_id}", "data_valutazione": "2025-09-15"},
    "concludiValutazione": {"adl": {"fare_il_bagno": 1}},
    "redigiProgetto": {
        "tipo": "pai", "equipe_id": "{equipe_id}", "dal": "2025-09-15", "obiettivi": [{"testo": "x", "risultato_atteso": "y"}],
    },
    "firmaProgetto": {"ruolo_firmatario": "asst", "impronta": "0" * 64},
    "apriCasoPippi": {"edizione": "2025", "qualifica": "assistente_sociale"},
    "aderisciCasoPippi": {"adesione_il": "2025-09-15"},
    "aggiungiMembroPippi": {"qualifica": "medico", "ente_id": str(ASST), "descrizione": "x"},
    "togliMembroPippi": {"membro_id": "{caso_id}", "al": "2025-09-15"},
    "rilevaCasoPippi": {"tempo": "T1", "data": "2025-09-15", "punteggi": {"autonomia": 2}},
    "aggiungiMicroprogetto": {
        "sottodimensione": "autonomia", "situazione_osservata": "x", "risultato_atteso": "y", "dispositivo": "gruppi",
        "responsabile": "z", "entro": "2025-12-01",
    },
    "escludiOperatore": {"operatore_id": "{equipe_id}", "motivo": "parentela"},
    "dichiaraAstensione": {"motivo": "vicinato"},
    "registraLimitazione": {"tipo": "opposizione", "richiesta_il": "2025-09-15", "motivazione": "x"},
    "decidiLimitazione": {"accolta": True, "motivazione": "x"},
    "terminaLimitazione": {"al": "2025-09-15"},
    "apriEmergenza": {"cartella_id": "{cartella_id}", "motivazione": "x" * 40, "ore": 1},
    "cessaIncarico": {"ultimo_giorno": "2025-09-15"},
    "sostituisciIncarico": {"operatore_id": "{equipe_id}", "dal": "2025-09-15", "al": "2025-09-16"},
    "verificaAccessoStorico": {
        "operatore_id": "{equipe_id}", "incarico_id": "{incarico_id}", "cartella_id": "{cartella_id}", "giorno": "2025-09-15",
    },
    "riesaminaEmergenza": {"esito": "legittimo", "nota": "x"},
    "valutaAccesso": {
        "subject": {"type": "operatore", "id": "{equipe_id}"}, "action": {"name": "leggiCartella"},
        "resource": {"type": "cartella", "id": "{cartella_id}"},
    },
    "valutaAccessi": {
        "subject": {"type": "operatore", "id": "{equipe_id}"},
        "evaluations": [{"action": {"name": "leggiCartella"}, "resource": {"type": "cartella", "id": "{cartella_id}"}}],
    },
}  # fmt: skip


def riempi(corpo: Any, ids: dict[str, UUID]) -> Any:
    if isinstance(corpo, dict):
        return {k: riempi(v, ids) for k, v in corpo.items()}
    if isinstance(corpo, list):
        return [riempi(v, ids) for v in corpo]
    if isinstance(corpo, str) and corpo.startswith("{"):
        return str(ids[corpo[1:-1]])
    return corpo


async def test_ogni_percorso_con_un_identificativo_di_altri_e_404_e_resta_scritto_dove_l_oggetto_e(mondo: Mondo) -> None:
    """Every operation with an identifier in its path, by an operator of Lodi whose role has it, on Crema's object of the kind."""
    casa = mondo.casa
    nuovi = {nome: nuovo_id() for nome in mondo.ids}
    prima = await casa.impronta("audit")
    provate: set[str] = set()
    for metodo, percorso, definizione in operazioni(casa):
        if "{" not in percorso:
            continue
        operazione = definizione["operationId"]
        provate.add(operazione)
        chi = next(nome for ruolo, nome in DI_LODI.items() if ruolo in OPERAZIONI[operazione].ruoli)
        testate = casa.token(chi, if_match='"1"', finalita="valutazione")
        risposte = []
        for ids in (mondo.ids, nuovi):
            corpo = riempi(CORPI.get(operazione), ids)
            risposta = await casa.client.request(metodo, percorso.format(**ids), json=corpo, headers=testate)
            assert risposta.status_code == 404, (operazione, risposta.text)
            risposte.append(senza_numero(risposta))
            nome = percorso.partition("{")[2].partition("}")[0]
            [riga] = await casa.audit(risposta)
            assert (riga["esito"], riga["motivo"], riga["oggetti"]) == ("negata", "non-trovato", [ids[nome]]), operazione
            assert riga["ambito_id"] == 2
            assert riga["ambito_oggetto_id"] == (1 if ids is mondo.ids else None), operazione
        assert risposte[0] == risposte[1], operazione
    assert len(provate) >= 25
    assert await casa.impronta("audit") == prima


@dataclass(frozen=True)
class Altrui:
    """What as-crema may not see: of Lodi, and of Offanengo in her own ambito."""

    avviso: UUID
    cartella: UUID
    persona: UUID
    equipe: UUID
    operatore: UUID
    domanda: UUID


async def _di(casa: Casa, chi: str, comune: str, ambito: int, ente: UUID) -> Altrui:
    creata = await casa.apri(chi, comune=comune)
    operatore = await casa.operatore(chi)
    avviso = await casa.admin.fetchval("SELECT id FROM avviso WHERE ambito_id = $1 AND codice LIKE 'b2%' LIMIT 1", ambito)
    membri = [{"qualifica": "assistente_sociale", "operatore_id": str(operatore), "ente_id": str(ente)}]
    squadra = {"tipo": "uvm", "costituita_il": "2025-09-15", "membri": membri}
    equipe = await casa.post(chi, f"/cartelle/{creata['id']}/equipe", squadra)
    assert equipe.status_code == 201, equipe.text
    domanda = nuovo_id()
    await casa.admin.execute(
        """INSERT INTO domanda (id, versione, ambito_id, cartella_id, avviso_id, stato, tipo_intervento, dati)
           VALUES ($1, 1, $2, $3, $4, 'bozza', 'buono_caregiver', '{}')""",
        domanda, ambito, UUID(creata["id"]), avviso,
    )  # fmt: skip
    ids = (UUID(creata["id"]), UUID(creata["persona_id"]), UUID(equipe.json()["id"]))
    return Altrui(avviso, *ids, operatore=operatore, domanda=domanda)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def di_lodi(mondo: Mondo) -> Altrui:
    return await _di(mondo.casa, "as-lodi", "lodi", 2, LODI)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def di_offanengo(mondo: Mondo) -> Altrui:
    return await _di(mondo.casa, "as-offanengo", "offanengo", 1, identificativo("cremasco", "ente", "comune-offanengo"))


def _equipe(**membro: object) -> dict[str, Any]:
    membri = [{"qualifica": "altro", **{k: str(v) for k, v in membro.items()}}]
    return {"tipo": "uvm", "costituita_il": "2025-09-15", "membri": membri}


def _riferimenti(mondo: Mondo, altrui: Altrui, ente: UUID) -> dict[str, tuple[str, Any]]:
    """Requests of as-crema on her own objects, each naming in its body one thing that is not hers to see."""
    proprio, carla = mondo.ids, operatore_di("as-crema", mondo)
    progetto = CORPI["redigiProgetto"] | {"equipe_id": str(proprio["equipe_id"])}
    valutazione = CORPI["apriValutazione"] | {"equipe_id": str(proprio["equipe_id"])}
    firma = {"ruolo_firmatario": "rappresentante", "titolo_rappresentanza": "tutore", "impronta": mondo.impronta}
    base = f"/cartelle/{ADA}"
    return {
        "domanda: avviso": (f"{base}/domande", riempi(CORPI["redigiDomanda"], {"avviso_id": altrui.avviso})),
        "équipe: operatore": (f"{base}/equipe", _equipe(operatore_id=altrui.operatore, ente_id=COMUNE_CREMA)),
        "équipe: ente dell'operatore": (f"{base}/equipe", _equipe(operatore_id=carla, ente_id=ente)),
        "équipe: operatore ed ente": (f"{base}/equipe", _equipe(operatore_id=altrui.operatore, ente_id=ente)),
        "équipe: ente": (f"{base}/equipe", _equipe(ente_id=ente, descrizione="x")),
        "équipe: persona": (f"{base}/equipe", _equipe(persona_id=altrui.persona)),
        "caso: persona": (
            f"/cartelle/{LEO}/casi-pippi",
            CORPI["apriCasoPippi"] | {"membri": _equipe(persona_id=altrui.persona)["membri"]},
        ),
        "caso: operatore": (
            f"/cartelle/{LEO}/casi-pippi",
            CORPI["apriCasoPippi"] | {"membri": _equipe(operatore_id=altrui.operatore, ente_id=ente)["membri"]},
        ),
        "valutazione: équipe": (f"{base}/valutazioni", valutazione | {"equipe_id": str(altrui.equipe)}),
        "valutazione: domanda": (f"{base}/valutazioni", valutazione | {"domanda_id": str(altrui.domanda)}),
        "valutazione: rettificata": (f"{base}/valutazioni", valutazione | {"rettifica_di": str(altrui.cartella)}),
        "progetto: équipe": (f"{base}/progetti", progetto | {"equipe_id": str(altrui.equipe)}),
        "progetto: valutazione": (f"{base}/progetti", progetto | {"valutazione_id": str(altrui.domanda)}),
        "progetto: domanda": (f"{base}/progetti", progetto | {"domanda_id": str(altrui.domanda)}),
        "firma: persona": (f"/progetti/{proprio['progetto_id']}/firme", firma | {"persona_id": str(altrui.persona)}),
    }  # fmt: skip


def operatore_di(soggetto: str, mondo: Mondo) -> UUID:
    return identificativo_operatore(mondo.casa.settings.oidc_issuer, soggetto)


LECITI = ("équipe: ente", "équipe: ente dell'operatore", "domanda: avviso")
"""References to what every operator of an ambito may read: within it they are nobody else's."""


@pytest.mark.parametrize("di_chi", ["lodi", "offanengo"])
async def test_ogni_riferimento_nel_corpo_ad_altri_e_come_uno_a_nulla(
    mondo: Mondo, di_lodi: Altrui, di_offanengo: Altrui, di_chi: str
) -> None:
    casa, altrui = mondo.casa, di_lodi if di_chi == "lodi" else di_offanengo
    ente = LODI if di_chi == "lodi" else nuovo_id()
    vuoto = Altrui(*(nuovo_id() for _ in range(6)))
    prima = await casa.impronta("audit")
    leciti = () if di_chi == "lodi" else LECITI
    del_nulla = _riferimenti(mondo, vuoto, nuovo_id())
    for nome, (percorso, corpo) in _riferimenti(mondo, altrui, ente).items():
        if nome in leciti:
            continue
        testate = {"finalita": "valutazione"}
        risposta = await casa.post("as-crema", percorso, corpo, **testate)
        confronto = await casa.post("as-crema", *del_nulla[nome], **testate)
        assert risposta.status_code in (404, 422), (nome, risposta.text)
        assert senza_numero(risposta) == senza_numero(confronto), nome
        if risposta.status_code == 404:
            [riga] = await casa.audit(risposta)
            cercato = next(v for v in riga["oggetti"] if v not in (ADA, LEO))
            assert str(cercato) in str(corpo), "the trail names what was sought, not only where"
            if nome.endswith((": équipe", ": avviso")):
                assert riga["ambito_oggetto_id"] == (2 if di_chi == "lodi" else 1), nome
    assert await casa.impronta("audit") == prima


async def test_un_oggetto_proprio_di_un_altra_cartella_non_si_lega(mondo: Mondo) -> None:
    """All visible, but of different persons: nothing of one ends under another."""
    casa, altra = mondo.casa, (await mondo.casa.apri())["id"]
    prima = await casa.impronta("audit")
    valutazione = CORPI["apriValutazione"]
    progetto = CORPI["redigiProgetto"]
    for percorso, corpo in (
        ("valutazioni", riempi(valutazione, mondo.ids)),
        ("progetti", riempi(progetto, mondo.ids)),
    ):
        problema(await casa.post("as-crema", f"/cartelle/{altra}/{percorso}", corpo, finalita="valutazione"), 404, "non-trovato")
    assert await casa.impronta("audit") == prima
    squadra = _equipe(operatore_id=operatore_di("as-crema", mondo), ente_id=COMUNE_CREMA)
    equipe = (await casa.post("as-crema", f"/cartelle/{altra}/equipe", squadra)).json()["id"]
    prima = await casa.impronta("audit")
    for campo in ("valutazione_id", "domanda_id"):
        legato = progetto | {"equipe_id": equipe, campo: str(mondo.ids[campo])}
        problema(await casa.post("as-crema", f"/cartelle/{altra}/progetti", legato), 404, "non-trovato")
    for campo, cosa in (("domanda_id", "domanda_id"), ("rettifica_di", "valutazione_id")):
        legata = valutazione | {"equipe_id": equipe, campo: str(mondo.ids[cosa])}
        problema(
            await casa.post("as-crema", f"/cartelle/{altra}/valutazioni", legata, finalita="valutazione"), 404, "non-trovato"
        )
    assert await casa.impronta("audit") == prima


async def test_gli_elenchi_non_contengono_nulla_di_altri(mondo: Mondo, di_lodi: Altrui) -> None:
    """Every list without an identifier in its path, read to the end by Lodi, names none of Crema's objects, and the reverse."""
    casa = mondo.casa
    di_crema = {str(v) for v in mondo.ids.values()} | {str(v) for v in (PERSONA_ADA, BRUNO, COMUNE_CREMA, LEO)}
    di_la = {str(v) for v in (di_lodi.avviso, di_lodi.cartella, di_lodi.persona, di_lodi.equipe, di_lodi.operatore, LODI)}
    letti = 0
    for metodo, percorso, definizione in operazioni(casa):
        if metodo != "GET" or "{" in percorso or percorso == "/audit":
            continue
        ruoli = OPERAZIONI[definizione["operationId"]].ruoli
        di_qui = {Ruolo.ASSISTENTE_SOCIALE: "as-crema", Ruolo.RESPONSABILE_SERVIZIO: "resp-disabilita-csc"}
        for per_ruolo, vietati in ((DI_LODI, di_crema), (di_qui, di_la)):
            chi = next(chi for ruolo, chi in per_ruolo.items() if ruolo in ruoli)
            cursore, pagine = "", 0
            while True:
                limite = "" if percorso == "/io" else f"?limite=100{cursore}"
                risposta = await casa.get(chi, percorso + limite)
                assert risposta.status_code == 200, (definizione["operationId"], risposta.text)
                assert not [v for v in vietati if v in risposta.text], (chi, percorso)
                pagine += 1
                seguito = risposta.json().get("successivo")
                if seguito is None:
                    break
                cursore = f"&cursore={seguito}"
            letti += pagine
    assert letti >= 10
    assert (await casa.get("as-crema", f"/operatori?ente_id={LODI}")).json() == {"elementi": [], "successivo": None}
