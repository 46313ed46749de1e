"""Bodies made to break a parser, a validator or a column: each is a clear refusal, never a 500, and changes nothing."""

import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.attack.mondo import ADA, Mondo
from tests.attack.test_ambito import CORPI, riempi
from tests.casa import persona

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON = {"content-type": "application/json"}
MASSIMO = 2**63 - 1


def rotte(mondo: Mondo) -> dict[str, tuple[str, str, str, dict[str, Any]]]:
    """Name → who, method, path, a body that would be accepted. One for each shape of body there is."""
    ids = mondo.ids
    return {
        "apriCartella": (
            "as-crema", "POST", "/cartelle", {"persona": persona(), "servizio": "disabilita", "aperta_il": "2025-09-15"},
        ),
        "cercaPersona": ("as-crema", "POST", "/persone/ricerca", {"codice_fiscale": "ZZQDAA67C52D142D"}),
        "modificaDomanda": ("as-crema", "PUT", f"/domande/{ids['domanda_id']}", CORPI["modificaDomanda"]),
        "costituisciEquipe": ("as-crema", "POST", f"/cartelle/{ADA}/equipe", CORPI["costituisciEquipe"]),
        "apriValutazione": ("as-crema", "POST", f"/cartelle/{ADA}/valutazioni", riempi(CORPI["apriValutazione"], ids)),
        "redigiProgetto": ("as-crema", "POST", f"/cartelle/{ADA}/progetti", riempi(CORPI["redigiProgetto"], ids)),
        "registraRequisito": ("as-crema", "POST", f"/cartelle/{ADA}/requisiti", CORPI["registraRequisito"]),
        "rilevaCasoPippi": (
            "tutela-csc", "POST", f"/casi-pippi/{ids['caso_id']}/rilevazioni", CORPI["rilevaCasoPippi"] | {"tempo": "T0"},
        ),
        "aggiungiMicroprogetto": (
            "tutela-csc", "POST", f"/casi-pippi/{ids['caso_id']}/microprogetti",
            CORPI["aggiungiMicroprogetto"] | {"entro": "2020-01-01"},
        ),
    }  # fmt: skip


def annidato(livelli: int) -> bytes:
    return b'{"a":' * livelli + b"1" + b"}" * livelli


def grezzi(valido: bytes) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Bytes that are no JSON of ours, made from a body that is."""
    primo = valido[1:].partition(b":")[0]
    return {
        "vuoto": (b"", JSON),
        "solo spazi": (b" \n\t", JSON),
        "nullo": (b"null", JSON),
        "elenco": (b"[" + valido + b"]", JSON),
        "testo": (b'"x"', JSON),
        "numero": (b"1", JSON),
        "vero": (b"true", JSON),
        "nome ripetuto": (b"{" + primo + b":1," + valido[1:], JSON),
        "nome ripetuto dentro": (valido[:-1] + b',"dati":{"a":1,"a":2}}', JSON),
        "nome ripetuto con codifica": (valido[:-1] + b',"\\u0064":1,"d":2}', JSON),
        "coda": (valido + b"{}", JSON),
        "commento": (b"/* x */" + valido, JSON),
        "virgola finale": (valido[:-1] + b",}", JSON),
        "NaN": (valido[:-1] + b',"x":NaN}', JSON),
        "infinito": (valido[:-1] + b',"x":-Infinity}', JSON),
        "esponente enorme": (valido[:-1] + b',"x":1e999}', JSON),
        "intero enorme": (valido[:-1] + b',"x":' + b"9" * 5000 + b"}", JSON),
        "intero lungo": (valido[:-1] + b',"x":' + b"9" * 4000 + b"}", JSON),
        "annidato": (annidato(40), JSON),
        "annidato oltre l'interprete": (annidato(100_000), JSON),
        "elenchi annidati": (b"[" * 200_000, JSON),
        "NUL nel nome": (valido[:-1] + b',"a\\u0000":1}', JSON),
        "NUL nel valore": (valido[:-1] + b',"a":"\\u0000"}', JSON),
        "NUL vero": (valido[:-1] + b',"a":"\x00"}', JSON),
        "mezza coppia": (valido[:-1] + b',"a":"\\ud800"}', JSON),
        "mezza coppia in UTF-8": (valido[:-1] + b',"a":"\xed\xa0\x80"}', JSON),
        "latin-1": (valido[:-1] + b',"a":"\xe9"}', JSON),
        "BOM": (b"\xef\xbb\xbf" + valido, JSON),
        "UTF-16": (valido.decode().encode("utf-16"), JSON),
        "UTF-16 dichiarato": (valido.decode().encode("utf-16"), {"content-type": "application/json; charset=utf-16"}),
        "gzip": (gzip.compress(valido), JSON | {"content-encoding": "gzip"}),
        "gzip taciuto": (gzip.compress(valido), JSON),
        "modulo": (b"persona=x", {"content-type": "application/x-www-form-urlencoded"}),
        "multipart": (b"--x\r\n\r\n--x--", {"content-type": "multipart/form-data; boundary=x"}),
        "senza tipo": (valido, {"content-type": ""}),
        "YAML": (b"!!python/object/apply:os.system [id]", {"content-type": "application/yaml"}),
        "XML con entità": (
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', {"content-type": "application/xml"},
        ),
        "pickle": (b"\x80\x04.", {"content-type": "application/json"}),
    }  # fmt: skip


async def manda(mondo: Mondo, rotta: tuple[str, str, str, Any], contenuto: Any, testate: dict[str, str]) -> httpx.Response:
    chi, metodo, percorso, _ = rotta
    proprie = mondo.casa.token(chi, if_match='"1"', finalita="valutazione") | testate
    return await mondo.casa.client.request(metodo, percorso, content=contenuto, headers=proprie)


def rifiutato(risposta: httpx.Response, nome: str) -> None:
    assert 400 <= risposta.status_code < 500, (nome, risposta.status_code, risposta.text)
    assert risposta.headers["content-type"] == "application/problem+json", nome


async def test_byte_ostili_su_ogni_forma_di_corpo(mondo: Mondo) -> None:
    prima, prove = await mondo.casa.impronta("audit"), 0
    for operazione, rotta in rotte(mondo).items():
        valido = json.dumps(rotta[3]).encode()
        for nome, (contenuto, testate) in grezzi(valido).items():
            rifiutato(await manda(mondo, rotta, contenuto, testate), f"{operazione}: {nome}")
            prove += 1
    assert prove > 300
    assert await mondo.casa.impronta("audit") == prima


async def a_pezzi(dati: bytes, passo: int) -> AsyncIterator[bytes]:
    for i in range(0, len(dati), passo):
        yield dati[i : i + passo]


async def test_a_pezzi_vale_come_intero_e_il_limite_e_su_cio_che_arriva(mondo: Mondo) -> None:
    casa = mondo.casa
    rotta = rotte(mondo)["cercaPersona"]
    valido = json.dumps(rotta[3]).encode()
    assert (await manda(mondo, rotta, a_pezzi(valido, 1), JSON)).status_code == 200
    prima = await casa.impronta("audit")
    for operazione, r in rotte(mondo).items():
        troppo = await manda(mondo, r, a_pezzi(b" " * 3_000_000, 65_536), JSON)
        assert troppo.status_code == 413, operazione
        bugiarda = await manda(mondo, r, a_pezzi(b" " * 3_000_000, 65_536), JSON | {"content-length": "10"})
        assert bugiarda.status_code in (400, 413), operazione
        for lunghezza in ("-1", "1e3", "0x10", "9" * 30, "1, 1"):
            rifiutato(await manda(mondo, r, b"{}", JSON | {"content-length": lunghezza}), f"{operazione}: {lunghezza}")
    for percorso in ("/cartelle", f"/cartelle/{ADA}", "/io", "/avvisi"):
        testate = casa.token("as-crema") | JSON
        rifiutato(await casa.client.request("GET", percorso, content=b"{}", headers=testate), percorso)
        rifiutato(await casa.client.request("GET", percorso, content=a_pezzi(b"{}", 1), headers=testate), percorso)
    assert await casa.impronta("audit") == prima


STRANI: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**31, 2**63, MASSIMO, -(2**63) - 1, 10**30, 1e308, "", " ", "\u0001", "\u202e", "a" * 2001,
    "a" * 100_000, "\U0010ffff", "'; DROP TABLE persona; --", "${jndi:ldap://x}", "{{7*7}}", "%00", "../../etc/passwd",
    "0001-01-01", "9999-12-31", "2025-02-30", "2025-09-15T00:00:00Z", "0000-00-00", "-0001-01-01", "10000-01-01",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", [], [[]], [None], {}, {"": 1}, ["a"] * 300,
    {"a": {"b": {"c": []}}}, "2025-W01-1", "1", "NaN", "-0",
)  # fmt: skip


def con(corpo: Any, strano: Any) -> list[Any]:
    """`corpo` with each of its leaves and branches, in turn, made `strano`."""
    if isinstance(corpo, dict):
        varianti = [corpo | {campo: strano} for campo in corpo]
        for campo, dentro in corpo.items():
            varianti += [corpo | {campo: v} for v in con(dentro, strano)]
        return varianti
    if isinstance(corpo, list):
        return [[v, *corpo[1:]] for v in con(corpo[0], strano)]
    return []


@pytest.mark.lento
async def test_nessun_valore_in_nessun_campo_da_un_500(mondo: Mondo) -> None:
    """Every field of every shape of body, made each strange value: an answer of ours, and never a fault."""
    stati: dict[int, int] = {}
    for operazione, rotta in rotte(mondo).items():
        for i, strano in enumerate(STRANI):
            varianti = con(rotta[3], strano)
            for corpo in varianti[i % 3 :: 3]:  # a third of the fields for each value: every field meets a third of the values
                risposta = await manda(mondo, rotta, json.dumps(corpo).encode(), JSON)
                assert risposta.status_code < 500, (operazione, corpo, risposta.text)
                stati[risposta.status_code] = stati.get(risposta.status_code, 0) + 1
    assert stati[422] > 400
    assert set(stati) <= {200, 201, 400, 404, 409, 422}


INDIRIZZI = (
    "/cartelle/{}", "/cartelle/{}/fatti", "/domande/{}", "/equipe/{}", "/valutazioni/{}", "/progetti/{}", "/casi-pippi/{}",
    "/graduatorie/{}", "/graduatorie/{}/voci", "/indicatori/{}", "/indicatori/{}/contributi",
)  # fmt: skip
ID_STRANI = (
    "1", "null", "..", "%2e%2e", "%00", "%ff", "a" * 5000, "00000000-0000-0000-0000-00000000000g", "'%20OR%20'1'='1",
    "ffffffff-ffff-ffff-ffff-ffffffffffff;a=b", "%C0%AF", "\u200b", "0", "-1", "undefined", "*",
)  # fmt: skip
QUERY_STRANE = (
    "limite=0", "limite=-1", "limite=101", "limite=9223372036854775808", "limite=1&limite=2", "limite=", "limite=1e1",
    "limite=%00", "cursore=", "cursore=x", "cursore=" + "A" * 1025, "cursore=AAAA", "cursore=%FF", "ignoto=1",
    "limite=1;cursore=x", "limite[]=1", "&" * 80, "limite=\u0661",
)  # fmt: skip


async def test_nessun_indirizzo_da_un_500(mondo: Mondo) -> None:
    casa = mondo.casa
    testate = casa.token("as-crema", finalita="valutazione")
    for modello in INDIRIZZI:
        for strano in ID_STRANI:
            rifiutato(await casa.client.get(modello.format(strano), headers=testate), f"{modello} {strano}")
    for percorso in ("/cartelle", "/operatori", "/avvisi", "/indicatori", "/casi-pippi", f"/cartelle/{ADA}/domande"):
        for query in QUERY_STRANE:
            rifiutato(await casa.client.get(f"{percorso}?{query}", headers=testate), f"{percorso} {query}")
    for operatore in ("1", "%00", "'", "a" * 2000):
        rifiutato(await casa.get("dpo-crema", f"/audit?operatore_id={operatore}"), operatore)
        rifiutato(await casa.get("dpo-crema", f"/audit?esito={operatore}"), operatore)


CREDENZIALI_STRANE = (
    "Bearer", "Bearer ", "Bearer a.b.c", "Bearer " + "a" * 100_000, "Basic YTpi", "Bearer \xff", "Bearer a b", "DPoP x",
    "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer ....", "bearer null",
)  # fmt: skip


async def test_credenziali_strane_sono_401(mondo: Mondo) -> None:
    casa = mondo.casa
    for testo in CREDENZIALI_STRANE:
        for percorso in ("/cartelle", "/avvisi", f"/cartelle/{ADA}"):
            risposta = await casa.client.get(percorso, headers=[(b"authorization", testo.encode("latin-1"))])
            assert risposta.status_code == 401, (testo[:40], risposta.text)
            assert risposta.headers["www-authenticate"].startswith("Bearer")
            assert await casa.audit(risposta) == []
    due = [(b"authorization", casa.token(chi)["Authorization"].encode()) for chi in ("as-crema", "dpo-crema")]
    visti = {(await casa.client.get("/io", headers=h)).json().get("ruolo") for h in (due, due[:1])}
    assert visti <= {"assistente_sociale", None}, "the first of two, or nobody: never the second"


VERSIONI_STRANE = (
    '"0"', '"-1"', "*", 'W/"1"', '"1", "2"', '"99999999999999999999"', '"1', "1", '""', '"1"\t"2"', '"\u0661"',
)  # fmt: skip


@pytest.mark.parametrize("valore", VERSIONI_STRANE)
async def test_if_match_strani_sono_400(mondo: Mondo, valore: str) -> None:
    casa = mondo.casa
    testate = [(k.encode(), v.encode()) for k, v in (casa.token("as-crema") | {"If-Match": valore}).items()]
    prima = await casa.impronta("audit")
    for percorso in (f"/cartelle/{ADA}/chiusura", f"/domande/{mondo.ids['domanda_id']}/ritiro"):
        rifiutato(await casa.client.post(percorso, headers=testate), valore)
    assert await casa.impronta("audit") == prima
