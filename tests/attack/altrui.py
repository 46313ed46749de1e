"""What an operator of Crema must never reach: an object of every kind of another ambito, and of another Comune of her own."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.core.platform.ids import nuovo_id
from services.core.territorio.carico import identificativo
from tests.attack.mondo import LODI
from tests.casa import COMUNI, Casa
from tests.percorsi import ADL, Percorso

OFFANENGO = identificativo("cremasco", "ente", "comune-offanengo")
SERVIZIO = "servizio_sociale_base"
DELL_AMBITO = frozenset({"avviso", "ente", "indicatore", "graduatoria"})
"""Kinds that belong to the ambito: within it they are no other Comune's."""


@dataclass(frozen=True)
class Altrui:
    """`chi` owns it all. `ids` is by kind of thing; `parole` are names and texts that stand nowhere else.

    The cartelle are of a service that no Comune delegates: the Azienda sees none of it.
    """

    chi: str
    ambito_id: int
    ids: dict[str, str]
    parole: tuple[str, ...]

    def tradito(self, testo: str, detti: frozenset[str] = frozenset()) -> list[str]:
        """What of it a text holds, apart from what the caller had said herself."""
        basso = testo.lower()
        return [v for v in (*self.ids.values(), *self.parole) if len(v) > 6 and v not in detti and v.lower() in basso]


async def _progetto(p: Percorso, chi: str, ente: UUID, parola: str, ids: dict[str, str]) -> None:
    """An équipe, an assessment and a project on the cartella, each with words of its own."""
    membri: list[dict[str, Any]] = [
        {"qualifica": "assistente_sociale", "operatore_id": ids["operatore"], "ente_id": str(ente)},
        {"qualifica": "medico", "ente_id": str(ente), "descrizione": f"{parola} descrizione"},
        {"qualifica": "caregiver", "persona_id": ids["familiare"]},
    ]
    squadra = {"tipo": "uvm", "costituita_il": "2025-09-10", "membri": membri}
    base = f"/cartelle/{ids['cartella']}"
    equipe = await p.crea(chi, f"{base}/equipe", squadra)
    ids |= {"equipe": equipe["id"], "membro": equipe["membri"][0]["id"]}
    valutazione = {"equipe_id": ids["equipe"], "data_valutazione": "2025-09-12", "adl": ADL}
    ids["valutazione"] = (await p.crea(chi, f"{base}/valutazioni", valutazione))["id"]
    progetto = {
        "tipo": "pai", "equipe_id": ids["equipe"], "valutazione_id": ids["valutazione"], "dal": "2025-09-15",
        "obiettivi": [{"testo": f"{parola} obiettivo", "risultato_atteso": f"{parola} risultato"}],
    }  # fmt: skip
    ids["progetto"] = (await p.crea(chi, f"{base}/progetti", progetto))["id"]


async def crea_altrui(casa: Casa, chi: str, comune: str, ambito_id: int, ente: UUID) -> Altrui:
    """Make one object of every kind over HTTP, as their own operator does; the graduatoria, as an administrator."""
    p, parola = Percorso(casa.client, casa.token), f"Xqz{comune}"
    nomi = {"cognome": f"{parola}prova", "nome": f"{parola}nome"}
    aperta = await casa.apri(chi, SERVIZIO, comune, **nomi)
    ids = {"cartella": aperta["id"], "persona": aperta["persona_id"], "nucleo": aperta["nucleo_id"]}
    familiare = {"persona": _persona(comune, f"{parola}familiare"), "relazione": "coniuge", "dal": "2025-09-01"}
    aggiunto = await casa.post(chi, f"/cartelle/{ids['cartella']}/componenti", familiare, if_match='"1"')
    assert aggiunto.status_code == 201, aggiunto.text
    ids |= {"familiare": aggiunto.json()["persona_id"], "operatore": str(await casa.operatore(chi)), "ente": str(ente)}
    fatto = {"requisito": "L104_ART3_C3", "stato": "accertata", "fonte": f"{parola} fonte", "dal": "2025-01-01"}
    ids["fatto"] = (await p.crea(chi, f"/cartelle/{ids['cartella']}/requisiti", fatto))["id"]
    avviso = "SELECT id FROM avviso WHERE ambito_id = $1 AND codice LIKE 'b2%' LIMIT 1"
    ids["avviso"] = str(await casa.admin.fetchval(avviso, ambito_id))
    domanda = {"avviso_id": ids["avviso"], "tipo_intervento": "buono_caregiver", "dati": {}}
    ids["domanda"] = (await p.crea(chi, f"/cartelle/{ids['cartella']}/domande", domanda))["id"]
    await _progetto(p, chi, ente, parola, ids)
    minore = await casa.apri(chi, SERVIZIO, comune, **nomi, data_nascita="2015-03-04", codice_fiscale=None)
    caso = await p.crea(chi, f"/cartelle/{minore['id']}/casi-pippi", {"edizione": parola, "qualifica": "assistente_sociale"})
    ids |= {"minore": minore["id"], "caso": caso["id"], "squadra": caso["equipe_id"]}
    ids["incarico"] = str(await casa.admin.fetchval("SELECT id FROM incarico WHERE operatore_id = $1", UUID(ids["operatore"])))
    ids["indicatore"] = str(await casa.admin.fetchval("SELECT id FROM indicatore WHERE ambito_id = $1 LIMIT 1", ambito_id))
    await _freni(casa, comune, ambito_id, ente, ids)
    ids["graduatoria"] = await _graduatoria(casa, ambito_id, ids) if ambito_id != 1 else str(nuovo_id())
    codice = await casa.admin.fetchval("SELECT codice_fiscale FROM persona WHERE id = $1", UUID(ids["persona"]))
    return Altrui(chi, ambito_id, ids | {"comune": COMUNI[comune][0], "codice_fiscale": codice}, (f"{parola}prova", parola))


def _persona(comune: str, cognome: str) -> dict[str, Any]:
    return {
        "cognome": cognome, "nome": "Elio", "data_nascita": "1949-05-05", "sesso": "M", "comune_residenza": COMUNI[comune][0],
    }  # fmt: skip


async def _operatore(casa: Casa, soggetto: str, ambito_id: int, ente: UUID, ruolo: str) -> str:
    """One more operator, marked for the pronto intervento."""
    operatore = nuovo_id()
    await casa.admin.execute(
        "INSERT INTO operatore (id, emittente, soggetto, cognome, nome) VALUES ($1, $2, $3, 'Zzqaltrui', 'Eva')",
        operatore, casa.settings.oidc_issuer, soggetto,
    )  # fmt: skip
    await casa.admin.execute(
        """INSERT INTO incarico (id, operatore_id, ambito_id, ente_id, ruolo, dal, pronto_intervento)
           VALUES ($1, $2, $3, $4, $5, '2025-01-01', true)""",
        nuovo_id(), operatore, ambito_id, ente, ruolo,
    )  # fmt: skip
    return soggetto


async def _freni(casa: Casa, comune: str, ambito_id: int, ente: UUID, ids: dict[str, str]) -> None:
    """An operator kept out, a limitation asked for, and an opening in emergency by somebody of a third Comune."""
    p, parola, base = Percorso(casa.client, casa.token), f"Xqz{comune}", f"/cartelle/{ids['cartella']}"
    capo = await _operatore(casa, f"capo-{comune}", ambito_id, ente, "coordinatore")
    terzo = await casa.admin.fetchval(
        "SELECT id FROM ente WHERE ambito_id = $1 AND tipo = 'comune' AND id <> $2 AND codice <> 'comune-crema' LIMIT 1",
        ambito_id, ente,
    )  # fmt: skip
    soccorso = await _operatore(casa, f"soccorso-{comune}", ambito_id, terzo, "assistente_sociale")
    tenuto_fuori = {"operatore_id": str(await casa.operatore(soccorso)), "motivo": "parentela", "al": "2025-09-15"}
    motivo = {"motivazione": f"{parola} motivazione, di una persona inventata"}
    emergenza = {"cartella_id": ids["cartella"], "ore": 4} | motivo
    ids["emergenza"] = (await p.crea(soccorso, "/accessi-emergenza", emergenza))["id"]
    ids["esclusione"] = (await p.crea(capo, f"{base}/esclusioni", tenuto_fuori))["id"]
    limitazione = {"tipo": "limitazione", "richiesta_il": "2025-09-15"} | motivo
    ids["limitazione"] = (await p.crea(capo, f"{base}/limitazioni", limitazione))["id"]


async def _graduatoria(casa: Casa, ambito_id: int, ids: dict[str, str]) -> str:
    nuova = nuovo_id()
    await casa.admin.execute(
        """INSERT INTO graduatoria (id, versione, ambito_id, avviso_id, linea, stato, budget_centesimi, impegnato_centesimi)
           VALUES ($1, 1, $2, $3, 'altra', 'bozza', 100000, 0)""",
        nuova, ambito_id, UUID(ids["avviso"]),
    )  # fmt: skip
    await casa.admin.execute(
        """INSERT INTO voce_graduatoria (id, ambito_id, graduatoria_id, domanda_id, protocollo, posizione, esito,
                                         importo_centesimi, chiavi)
           VALUES ($1, $2, $3, $4, 'Xqzprotocollo', 1, 'idonea_non_finanziata', 0, '{}')""",
        nuovo_id(), ambito_id, nuova, UUID(ids["domanda"]),
    )  # fmt: skip
    return str(nuova)


async def di_lodi(casa: Casa) -> Altrui:
    """The world of the other ambito."""
    return await crea_altrui(casa, "as-lodi", "lodi", 2, LODI)


async def di_offanengo(casa: Casa) -> Altrui:
    """The world of another Comune of Crema's ambito."""
    return await crea_altrui(casa, "as-offanengo", "offanengo", 1, OFFANENGO)
