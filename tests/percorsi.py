"""Walks that several tests start from, over HTTP as a real client makes them: équipe, valutazione, progetto, P.I.P.P.I. case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from services.core.territorio.carico import identificativo

ADA = identificativo("cremasco", "cartella", "zzqprova-ada")
PERSONA_ADA = identificativo("cremasco", "persona", "zzqprova-ada")
BRUNO = identificativo("cremasco", "persona", "qwxesempi-bruno")
LEO = identificativo("cremasco", "cartella", "qwxesempi-leo")
COMUNE_CREMA = identificativo("cremasco", "ente", "comune-crema")
ASST = identificativo("cremasco", "ente", "asst-crema")
CSC = identificativo("cremasco", "ente", "csc")
ETS = identificativo("cremasco", "ente", "ets-educativa")
SCUOLA = identificativo("cremasco", "ente", "istituto-comprensivo")

ADL = {
    "fare_il_bagno": 0,
    "vestirsi": 0,
    "usare_i_servizi": 1,
    "trasferirsi": 0,
    "continenza": 1,
    "alimentarsi": 1,
}
IADL = {
    "usare_il_telefono": 1,
    "fare_acquisti": 0,
    "preparare_il_cibo": 0,
    "governo_della_casa": 0,
    "fare_il_bucato": 0,
    "usare_i_trasporti": 0,
    "assumere_farmaci": 1,
    "gestire_il_denaro": 1,
}
ALTRI_RILIEVI = {
    "mobilita": "assistito",
    "disturbi_comportamentali": "assenti",
    "area_reddituale": "aiuto_di_altri",
    "area_supporto": "parziale",
    "strumento": "altro",
    "fonte": "uvm",
}


@dataclass
class Percorso:
    """A client and the tokens of the example operators."""

    client: httpx.AsyncClient
    token: Callable[..., dict[str, str]]

    async def get(self, chi: str, percorso: str, **intestazioni: str) -> httpx.Response:
        """GET as an operator, for the purpose of an assessment unless told otherwise."""
        return await self.client.get(percorso, headers=self.token(chi, **({"finalita": "valutazione"} | intestazioni)))

    async def post(self, chi: str, percorso: str, corpo: Any = None, **intestazioni: str) -> httpx.Response:
        """POST as an operator; `if_match` may be given among the headers."""
        testate = self.token(chi, **({"finalita": "valutazione"} | intestazioni))
        return await self.client.post(percorso, json=corpo, headers=testate)

    async def crea(self, chi: str, percorso: str, corpo: Any, **intestazioni: str) -> dict[str, Any]:
        """POST that must create, and its answer."""
        risposta = await self.post(chi, percorso, corpo, **intestazioni)
        assert risposta.status_code == 201, risposta.text
        creato: dict[str, Any] = risposta.json()
        return creato

    async def operatore(self, chi: str, ente_id: UUID, cognome: str) -> str:
        """The identifier of a colleague, found as a client finds it."""
        risposta = await self.get(chi, f"/operatori?ente_id={ente_id}&limite=100", finalita="presa_in_carico")
        assert risposta.status_code == 200, risposta.text
        (trovato,) = [o["operatore_id"] for o in risposta.json()["elementi"] if o["cognome"] == cognome]
        return str(trovato)

    async def equipe_integrata(self, cartella: UUID = ADA) -> dict[str, Any]:
        """An équipe of the Comune, the ASST and the caregiver."""
        carla = await self.operatore("as-crema", COMUNE_CREMA, "Zzqassistente")
        sara = await self.operatore("as-crema", ASST, "Yzqsanitari")
        membri: list[dict[str, Any]] = [
            {"qualifica": "assistente_sociale", "operatore_id": carla, "ente_id": str(COMUNE_CREMA)},
            {"qualifica": "infermiere", "operatore_id": sara, "ente_id": str(ASST)},
            {"qualifica": "caregiver", "persona_id": str(BRUNO)},
        ]
        corpo = {"tipo": "equipe_multidisciplinare", "costituita_il": "2025-09-10", "membri": membri}
        return await self.crea("as-crema", f"/cartelle/{cartella}/equipe", corpo)

    async def valutazione_conclusa(self, equipe_id: str, **altro: Any) -> dict[str, Any]:
        """An assessment concluded by the ASST."""
        corpo = {"equipe_id": equipe_id, "data_valutazione": "2025-09-12", **ALTRI_RILIEVI, **altro}
        v = await self.crea("as-crema", f"/cartelle/{ADA}/valutazioni", corpo)
        voci = {"adl": ADL, "iadl": IADL}
        conclusa = await self.post("asst-crema", f"/valutazioni/{v['id']}/conclusione", voci, if_match='"1"')
        assert conclusa.status_code == 200, conclusa.text
        fatta: dict[str, Any] = conclusa.json()
        return fatta

    async def progetto(self, equipe_id: str, valutazione_id: str | None, **altro: Any) -> dict[str, Any]:
        """The draft of an FNA project."""
        corpo = {
            "tipo": "progetto_individualizzato",
            "equipe_id": equipe_id,
            "valutazione_id": valutazione_id,
            "dal": "2025-09-15",
            "al": "2026-09-14",
            "obiettivi": [{"testo": "Uscire di casa", "risultato_atteso": "Due uscite alla settimana"}],
        }
        return await self.crea("as-crema", f"/cartelle/{ADA}/progetti", corpo | altro)

    async def firma(self, chi: str, progetto: dict[str, Any], ruolo: str, **altro: Any) -> httpx.Response:
        """A signature on the content as read."""
        corpo = {"ruolo_firmatario": ruolo, "impronta": progetto["impronta"], **altro}
        return await self.post(chi, f"/progetti/{progetto['id']}/firme", corpo, finalita="presa_in_carico")

    async def caso(self, chi: str = "tutela-csc", cartella: UUID = LEO) -> dict[str, Any]:
        """A P.I.P.P.I. case with an educator of an ETS, a teacher and a parent."""
        pia = await self.operatore(chi, ETS, "Zzqeducati")
        membri: list[dict[str, Any]] = [
            {"qualifica": "educatore", "operatore_id": pia, "ente_id": str(ETS)},
            {"qualifica": "insegnante", "ente_id": str(SCUOLA), "descrizione": "Insegnante prevalente, classe quarta"},
            {"qualifica": "genitore", "persona_id": str(BRUNO)},
        ]
        corpo = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": membri}
        return await self.crea(chi, f"/cartelle/{cartella}/casi-pippi", corpo)

    async def caso_avviato(self) -> dict[str, Any]:
        """A case adhered to, with T0 and one micro-project."""
        caso = await self.caso()
        base = f"/casi-pippi/{caso['id']}"
        adesione = await self.post("tutela-csc", f"{base}/adesione", {"adesione_il": "2025-09-15"}, if_match='"1"')
        assert adesione.status_code == 200, adesione.text
        t0 = {"tempo": "T0", "data": "2025-09-15", "punteggi": {"autonomia": 2, "imparare": 3, "abitazione": None}}
        await self.crea("educatrice-ets", f"{base}/rilevazioni", t0)
        micro = {
            "sottodimensione": "autonomia",
            "situazione_osservata": "Non si prepara da solo per la scuola",
            "risultato_atteso": "Prepara lo zaino la sera, quattro giorni su cinque",
            "dispositivo": "educativa_domiciliare",
            "responsabile": "Educatrice",
            "entro": "2025-12-15",
        }
        await self.crea("educatrice-ets", f"{base}/microprogetti", micro)
        letto = await self.get("tutela-csc", base)
        assert letto.status_code == 200, letto.text
        avviato: dict[str, Any] = letto.json()
        return avviato
