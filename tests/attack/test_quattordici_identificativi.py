"""The sweep: identifiers of others in every place the contract has for one, fields nobody may set in every object of a body.

Driven by the OpenAPI document. A new operation fails here until the sweep can perform it for who is entitled to it: without
that, a refusal to the attacker would prove nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.api.motivi import NON_PREVISTO
from services.core.access.bersagli import BERSAGLI, Risorsa
from services.core.access.operazioni import OPERAZIONI
from services.core.platform.cursori import Legame
from services.core.platform.ids import nuovo_id
from tests.attack.altrui import DELL_AMBITO, Altrui, di_lodi, di_offanengo
from tests.attack.mondo import Mondo, crea, operazioni, senza_numero
from tests.attack.schemi import Posto, metti, oggetti, posti, prendi
from tests.attack.test_ambito import CORPI, riempi
from tests.casa import Casa, persona, problema
from tests.percorsi import BRUNO, COMUNE_CREMA, CSC, LEO

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROVATI = ("as-crema", "tutela-csc", "amm-misure-csc", "coord-csc", "resp-disabilita-csc", "dpo-crema", "pronto-intervento-csc")
"""Operators of Crema, in the order in which they are tried: the first who performs an operation on her own attacks with it."""
DECIDONO = {"valutaAccesso", "valutaAccessi", "verificaAccessoStorico"}
"""They answer 200 to a question about anything: "no", and in the words for what does not exist."""
CON_CODICE = {"cercaPersona", "apriEmergenza"}
"""They look for a codice fiscale: tests/integration/test_ricerca_persona.py and test_emergenze.py say what they may tell."""
DELLA_STESSA_CASA = {"EsclusioneIngresso.operatore_id", "apriEmergenza.cartella_id"}
"""Within the ambito it is their purpose: any colleague may be kept out, any cartella opened in emergency by who is on duty."""
PERMESSI = (200, 201, 409)
"""The entitled got past the door: done, or met the version or the state of an object she sees."""
VIETATI = ("ruolo", "ente_id", "ambito_id", "operatore_id", "protetta", "riservata", "id", "versione")
FORME: dict[tuple[str, str], dict[str, Any]] = {
    ("MembroIngresso", "operatore_id"): {"qualifica": "altro", "ente_id": str(COMUNE_CREMA)},
    ("MembroIngresso", "persona_id"): {"qualifica": "altro"},
    ("MembroIngresso", "ente_id"): {"qualifica": "medico", "descrizione": "x"},
    ("FirmaIngresso", "persona_id"): {"ruolo_firmatario": "rappresentante", "titolo_rappresentanza": "tutore"},
}
"""Schema and field → what must stand beside the field for the request to be accepted."""


@dataclass
class Banco:
    """Crema's world, those of others, and for each place who performs the operation on her own objects."""

    mondo: Mondo
    altrui: dict[str, Altrui]
    propri: dict[str, str]
    chi: dict[Posto, str]
    scorta: str
    """A cartella for what would shut the door to those who try it: to abstain, to keep a colleague out."""

    @property
    def casa(self) -> Casa:
        return self.mondo.casa

    def corpo(self, operazione: str) -> Any:
        """A body of the operation that would be accepted, on objects of Crema; None when it has none."""
        corpi = CORPI | {
            "apriCartella": {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"},
            "aggiungiComponente": CORPI["aggiungiComponente"] | {"persona": persona()},
            "cercaPersona": {"codice_fiscale": "ZZQDAA67C52D142D"},
            "firmaProgetto": CORPI["firmaProgetto"] | {"impronta": self.mondo.impronta},
            "escludiOperatore": CORPI["escludiOperatore"] | {"operatore_id": self.propri["operatore"]},
            "sostituisciIncarico": CORPI["sostituisciIncarico"] | {"operatore_id": self.propri["sostituisciIncarico.operatore"]},
            "verificaAccessoStorico": {
                n: self.propri[n.removesuffix("_id")] for n in ("operatore_id", "incarico_id", "cartella_id")
            }
            | {"giorno": "2025-09-15"},
        }
        chiesto = {
            "subject": {
                "type": "operatore", "id": self.propri["operatore"], "properties": {"incarico_id": self.propri["incarico"]},
            },
            "action": {"name": "leggiCartella"}, "resource": {"type": "cartella", "id": self.propri["cartella"]},
        }  # fmt: skip
        corpi |= {"valutaAccesso": chiesto, "valutaAccessi": chiesto | {"evaluations": [chiesto]}}
        return riempi(corpi.get(operazione), self.mondo.ids)

    async def versione(self, posto: Posto) -> str:
        """For a place in the body the version of the object in the path, else one that nothing has: the entitled meets a 409."""
        nome = posto.percorso.partition("{")[2].partition("}")[0]
        tabella = {"caso_id": "caso_pippi"}.get(nome, nome.removesuffix("_id"))
        if posto.luogo != "body" or not nome:
            return '"999999"'
        return f'"{await self.casa.admin.fetchval(f"SELECT versione FROM {tabella} WHERE id = $1", self.mondo.ids[nome])}"'

    def percorso_di(self, operazione: str) -> dict[str, str]:
        """Where an operation is not performed on the objects of Crema's walk: a case needs a child, and see `scorta`."""
        altrove = {"apriCasoPippi": str(LEO), "dichiaraAstensione": self.scorta, "escludiOperatore": self.scorta}
        return {"cartella_id": altrove[operazione]} if operazione in altrove else {}

    async def del_proprio(self, posto: Posto, chi: str) -> httpx.Response:
        """The operation as `chi` does it on what is hers."""
        if posto.luogo == "path":
            altrove = self.percorso_di(posto.operazione)
            return await self.chiedi(posto, altrove.get(posto.nome, str(self.mondo.ids[posto.nome])), chi)
        return await self.chiedi(posto, self.propri.get(f"{posto.operazione}.{posto.tipo}", self.propri[posto.tipo]), chi)

    async def chiedi(self, posto: Posto, valore: str, chi: str) -> httpx.Response:
        """The operation as `chi` would do it on her own, with `valore` in that place."""
        percorso = {n: str(v) for n, v in self.mondo.ids.items()} | self.percorso_di(posto.operazione)
        testate = {"finalita": "valutazione", "if_match": await self.versione(posto)}
        query, corpo = {}, self.corpo(posto.operazione)
        if posto.luogo == "path":
            percorso[posto.nome] = valore
        elif posto.luogo == "query":
            query[posto.nome] = valore
        elif posto.luogo == "header":
            testate[posto.nome.lower()] = valore
        else:
            if posto.operazione == "valutaAccessi" and "[]" not in posto.cammino:
                corpo = corpo | {"evaluations": [{}]}  # else what is said for all would not be used
            dove, forma = posto.cammino[:-1], FORME.get((posto.forma, posto.nome))
            base = prendi(corpo, dove) if forma is None else {**_senza_riferimenti(prendi(corpo, dove)), **forma}
            corpo = metti(corpo, dove, (base or {}) | {posto.nome: valore})
        url = httpx.URL(posto.percorso.format(**percorso), params=query or None)
        return await self.casa.client.request(posto.metodo, url, json=corpo, headers=self.casa.token(chi, **testate))


def _senza_riferimenti(oggetto: Any) -> dict[str, Any]:
    return {n: v for n, v in (oggetto or {}).items() if n not in ("ente_id", "descrizione", "operatore_id", "persona_id")}


async def _propri(mondo: Mondo) -> dict[str, str]:
    ids = {nome.removesuffix("_id"): str(v) for nome, v in mondo.ids.items()}
    carla, membro = (
        await mondo.casa.operatore("as-crema"),
        "SELECT id FROM membro_equipe WHERE equipe_id = $1 AND persona_id = $2",
    )
    membri = [str(await mondo.casa.admin.fetchval(membro, e, BRUNO)) for e in (mondo.ids["equipe_id"], mondo.equipe_pippi)]
    return ids | {
        "membro": membri[0], "togliMembroPippi.membro": membri[1],
        "sostituisciIncarico.operatore": str(await mondo.casa.operatore("as-csc-riserva")),
        "persona": str(BRUNO), "operatore": str(carla), "ente": str(COMUNE_CREMA), "comune": "019035", "codice_fiscale": "",
        "incarico": str(await mondo.casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", carla)),
    }  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def banco(casa: Casa) -> Banco:
    altrui = {"lodi": await di_lodi(casa), "offanengo": await di_offanengo(casa)}
    mondo, documento = await crea(casa), casa.app.openapi()  # after the others: it closes the avviso
    trovato = Banco(mondo, altrui, await _propri(mondo), {}, (await casa.apri())["id"])
    for metodo, percorso, definizione in operazioni(casa):
        for posto in posti(documento, metodo, percorso, definizione):
            if posto.luogo == "header" or posto.tipo == "codice_fiscale":
                continue
            esiti = []
            for chi in PROVATI:
                risposta = await trovato.del_proprio(posto, chi)
                esiti.append((chi, risposta.status_code, risposta.text))
                if risposta.status_code in PERMESSI:
                    trovato.chi[posto] = chi
                    break
            assert posto in trovato.chi, f"nobody entitled performs {posto}: {esiti}"
    return trovato


def _comune_a_tutti(posto: Posto) -> bool:
    """What within an ambito is no single Comune's: avvisi, enti and the like, and the past, which its DPO reads whole."""
    nomi = {f"{posto.forma}.{posto.nome}", f"{posto.operazione}.{posto.nome}"}
    return bool(
        posto.tipo in DELL_AMBITO or posto.operazione in ("elencaAudit", "verificaAccessoStorico") or nomi & DELLA_STESSA_CASA
    )


def _rifiutata(posto: Posto, risposta: httpx.Response) -> None:
    """Nothing was given: 404, or 422 in a body; where the answer is a list or a decision, an empty one or a "no"."""
    if posto.operazione in DECIDONO and risposta.status_code == 200:
        no = [d.get("decision", d.get("poteva")) for d in risposta.json().get("evaluations", [risposta.json()])]
        assert no == [False], (str(posto), risposta.text)
    elif posto.operazione in DECIDONO:
        problema(risposta, 403, "operazione-non-consentita")  # about another subject, or under another incarico
    elif posto.luogo == "query":
        assert (risposta.status_code, risposta.json()["elementi"]) == (200, []), (str(posto), risposta.text)
    else:
        assert risposta.status_code in (404, 422), (str(posto), risposta.status_code, risposta.text)
        assert posto.luogo == "body" or risposta.status_code == 404, str(posto)


@pytest.mark.parametrize("di_chi", ["lodi", "offanengo"])
async def test_identificativi_di_altri_in_ogni_posto(banco: Banco, di_chi: str) -> None:
    """Refused in the words for what nobody has, with nothing of the record, and nothing changed. A filter only narrows."""
    casa, altrui = banco.casa, banco.altrui[di_chi]
    prima, provati = await casa.impronta("audit"), {"path": 0, "query": 0, "body": 0}
    for posto, chi in banco.chi.items():
        if di_chi == "offanengo" and _comune_a_tutti(posto):
            continue
        valore = altrui.ids[posto.tipo]
        risposta = await banco.chiedi(posto, valore, chi)
        detto = frozenset({valore}) if posto.luogo == "query" else frozenset()
        assert not altrui.tradito(risposta.text + str(risposta.headers), detto), (str(posto), risposta.text)
        _rifiutata(posto, risposta)
        if posto.tipo != "comune":  # a public code: one that does not exist is a malformed one
            viste = [senza_numero(r) for r in (risposta, await banco.chiedi(posto, str(nuovo_id()), chi))]
            for _, _, corpo in viste:
                corpo.pop("noto_al", None)
            assert viste[0] == viste[1], str(posto)
        provati[posto.luogo] += 1
    assert provati["path"] >= (40 if di_chi == "lodi" else 35)
    assert provati["body"] >= 14
    assert di_chi == "offanengo" or provati["query"] >= 1
    assert await casa.impronta("audit") == prima


async def test_la_decisione_non_dice_cio_che_esiste(banco: Banco) -> None:
    """For every operation about an object: asked about others' and about nothing, the same "no"; about one's own, also "yes"."""
    casa, carla = banco.casa, banco.propri["operatore"]
    ids = {a.chi: a.ids for a in banco.altrui.values()} | {"proprio": banco.propri, "nulla": {}}
    decisioni: dict[str, list[Any]] = {}
    chiesti = [(op, b.risorsa) for op, b in BERSAGLI.items() if b.risorsa is not Risorsa.AMBITO and b.risorsa not in DELL_AMBITO]
    for di_chi, suoi in ids.items():
        domande = [
            {"action": {"name": op}, "resource": {"type": r, "id": suoi.get(r.removesuffix("_pippi"), str(nuovo_id()))}}
            for op, r in chiesti
        ]
        corpo = {"subject": {"type": "operatore", "id": carla}, "evaluations": domande}
        risposta = await casa.post("as-crema", "/access/v1/evaluations", corpo, finalita="controllo")
        assert risposta.status_code == 200, risposta.text
        decisioni[di_chi] = risposta.json()["evaluations"]
    assert len(chiesti) >= 30
    assert not [d for d in decisioni["nulla"] if d["decision"]]
    assert all(decisioni[a.chi] == decisioni["nulla"] for a in banco.altrui.values())
    assert sum(d["decision"] for d in decisioni["proprio"]) >= 15


async def test_un_codice_fiscale_di_altri_non_dice_nulla(banco: Banco) -> None:
    """Of another ambito it is a code never seen; of another Comune, a conflict without a word on whose it is."""
    casa, visti = banco.casa, 0
    di_lodi = {"codice_fiscale": banco.altrui["lodi"].ids["codice_fiscale"]}
    cercata = await casa.post("as-crema", "/persone/ricerca", di_lodi, finalita="controllo")
    assert (cercata.status_code, cercata.json()["trovata"]) == (200, False)
    emergenza = di_lodi | {"motivazione": "Zzqmotivazione di prova, di una persona inventata", "ore": 1}
    problema(await casa.post("pronto-intervento-csc", "/accessi-emergenza", emergenza), 404, "non-trovato")
    for metodo, percorso, definizione in operazioni(casa):
        for posto in posti(casa.app.openapi(), metodo, percorso, definizione):
            if posto.tipo != "codice_fiscale" or posto.operazione in CON_CODICE:
                continue
            for nome, altrui in banco.altrui.items():
                corpo = banco.corpo(posto.operazione)
                chi_e = await casa.admin.fetchrow(
                    "SELECT data_nascita, sesso, comune_nascita FROM persona WHERE id = $1", UUID(altrui.ids["persona"])
                )
                assert chi_e is not None
                vera = {"data_nascita": chi_e["data_nascita"].isoformat(), "sesso": chi_e["sesso"]}
                vera |= {"comune_nascita": chi_e["comune_nascita"], "codice_fiscale": altrui.ids["codice_fiscale"]}
                corpo = metti(corpo, posto.cammino[:-1], prendi(corpo, posto.cammino[:-1]) | vera)
                testate = casa.token("as-crema", if_match=await banco.versione(posto))
                risposta = await casa.client.request(metodo, percorso.format(**banco.mondo.ids), json=corpo, headers=testate)
                assert not altrui.tradito(risposta.text), str(posto)
                assert risposta.status_code in ((409,) if nome == "offanengo" else (201, 409)), (str(posto), risposta.text)
                if nome == "offanengo":
                    problema(risposta, 409, "conflitto")
                visti += 1
    assert visti >= 4


async def test_l_incarico_di_altri_finito_o_futuro_non_apre_nessuna_operazione(banco: Banco) -> None:
    """Every operation, under a broader incarico that is a colleague's, of another ambito, her own of yesterday or of tomorrow."""
    casa, carla = banco.casa, await banco.casa.operatore("as-crema")
    cattivi = {nome: a.ids["incarico"] for nome, a in banco.altrui.items()}
    coordinatrice = await casa.operatore("coord-csc")
    cattivi["collega"] = str(await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", coordinatrice))
    for nome, dal, al in (("finito", date(2025, 1, 1), date(2025, 9, 14)), ("futuro", date(2025, 9, 16), None)):
        cattivi[nome] = str(
            await casa.admin.fetchval(
                """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal, al)
                   VALUES ($1, $2, 1, $3, 'responsabile_servizio', $4, $5) RETURNING id""",
                nuovo_id(), carla, CSC, dal, al,
            )
        )  # fmt: skip
    assert (await casa.get("as-crema", "/io", incarico=banco.propri["incarico"])).status_code == 200
    prima, provate = await casa.impronta("audit"), 0
    for metodo, percorso, definizione in operazioni(casa):
        [posto] = [p for p in posti(casa.app.openapi(), metodo, percorso, definizione) if p.luogo == "header"]
        risposte = {nome: await banco.chiedi(posto, valore, "as-crema") for nome, valore in cattivi.items()}
        for nome, risposta in risposte.items():
            assert problema(risposta, 403, "operazione-non-consentita") is not None, (str(posto), nome)
            assert senza_numero(risposta) == senza_numero(risposte["collega"]), (str(posto), nome)
            provate += 1
    assert provate == 5 * len(OPERAZIONI)
    assert await casa.impronta("audit") == prima


async def test_assegnazione_di_massa_in_ogni_oggetto_di_ogni_corpo(banco: Banco) -> None:
    """The refusal says that a field is too many; the bodies are those the entitled performed the operations with."""
    casa, documento, provati = banco.casa, banco.casa.app.openapi(), 0
    prima = await casa.impronta("audit")
    for metodo, percorso, definizione in operazioni(casa):
        operazione, url = definizione["operationId"], percorso.format(**banco.mondo.ids)
        chi = await _chi(casa, operazione)
        for cammino, schema in oggetti(documento, definizione):
            assert schema.get("additionalProperties") is False, (operazione, cammino, "an open object")
            corpo = metti(banco.corpo(operazione), cammino, prendi(banco.corpo(operazione), cammino) or {})
            for nome in VIETATI:
                if nome in schema["properties"]:
                    continue
                cattivo = metti(corpo, cammino, prendi(corpo, cammino) | {nome: str(nuovo_id())})
                testate = casa.token(chi, if_match='"999999"', finalita="valutazione")
                risposta = await casa.client.request(metodo, url, json=cattivo, headers=testate)
                motivi = [c["motivo"] for c in problema(risposta, 422, "dati-non-validi").get("campi", ())]
                assert {NON_PREVISTO, "campo non previsto"} & set(motivi), (operazione, cammino, nome, motivi)
                provati += 1
    assert provati > 150
    assert await casa.impronta("audit") == prima


async def _chi(casa: Casa, operazione: str) -> str:
    """The first of those tried whose role has the operation."""
    for chi in PROVATI:
        operatore = await casa.operatore(chi)
        ruolo = await casa.admin.fetchval("SELECT ruolo FROM incarico WHERE operatore_id = $1 ORDER BY dal LIMIT 1", operatore)
        if ruolo in OPERAZIONI[operazione].ruoli:
            return chi
    raise AssertionError(f"{operazione}: none of {PROVATI} has it")


async def test_un_cursore_di_altri_in_ogni_elenco(banco: Banco) -> None:
    """Sealed with the true key, for the same list of another operator, incarico, object or operation: all refused alike."""
    casa = banco.casa
    sigillo = casa.app.state.ambito.cursori
    carla, dario = UUID(banco.propri["operatore"]), UUID(banco.altrui["offanengo"].ids["operatore"])
    provati, riusciti = 0, 0
    for _, percorso, definizione in operazioni(casa):
        if "cursore" not in {p["name"] for p in definizione.get("parameters", ())}:
            continue
        operazione, url = definizione["operationId"], percorso.format(**banco.mondo.ids)
        chi = await _chi(casa, operazione)
        io = await casa.operatore(chi)
        nome = percorso.partition("{")[2].partition("}")[0]
        filtri = {nome: banco.mondo.ids[nome]} if nome else {}
        valori = (date(2025, 9, 15), nuovo_id())
        altri = (
            Legame(operazione, dario if io == carla else carla, None, filtri),
            Legame(operazione, io, nuovo_id(), filtri),
            Legame(operazione, io, None, filtri | {nome or "ente_id": nuovo_id()}),
            Legame("elencaAltro", io, None, filtri),
        )
        viste = []
        for legame in altri:
            risposta = await casa.client.get(f"{url}?cursore={sigillo.emetti(legame, valori)}", headers=casa.token(chi))
            viste.append(problema(risposta, 422, "dati-non-validi"))
            provati += 1
        assert all(v == viste[0] for v in viste), operazione
        proprio = (await casa.client.get(f"{url}?limite=1", headers=casa.token(chi))).json()["successivo"]
        if proprio is not None:
            seguito = await casa.client.get(f"{url}?limite=1&cursore={proprio}", headers=casa.token(chi))
            assert seguito.status_code == 200, operazione
            riusciti += 1
    assert provati >= 4 * 13
    assert riusciti >= 5, "the cursors of these lists are accepted from their owner"
