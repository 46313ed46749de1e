"""Forming an integrated équipe and assessing with it, as the operators would."""

from typing import Any
from uuid import UUID

from services.cli.demo.scena import Scena, esigi
from services.core.territorio.esempi_file import DomandaEsempio
from services.core.valutazioni.scale import VoceAdl, VoceIadl

SANITARIA = "Yzqsanitari"
FINALITA = "valutazione"

RILIEVI = {
    "mobilita": "assistito",
    "disturbi_cognitivi": "lievi",
    "disturbi_comportamentali": "assenti",
    "necessita_cure": "media",
    "area_reddituale": "aiuto_di_altri",
    "area_supporto": "parziale",
    "strumento": "svama",
    "fonte": "uvm",
}
"""What the équipe of the examples finds besides the two scales."""


def operatori(scena: Scena, chi: str) -> dict[str, dict[str, Any]]:
    """The operators that may be called in an équipe, by surname."""
    return {o["cognome"]: o for o in scena.elenco(chi, "/operatori")}


def membro(operatore: dict[str, Any], qualifica: str) -> dict[str, Any]:
    """An operator as a member."""
    return {"qualifica": qualifica, "operatore_id": operatore["operatore_id"], "ente_id": operatore["ente_id"]}


def costituisci(scena: Scena, chi: str, cartella: UUID) -> UUID:
    """An équipe of `chi` and of an operator of the ASST, from today. Raises `NonRegge` when it is not integrated."""
    io = scena.chiedi(chi, "GET", "/io").corpo
    conosciuti = operatori(scena, chi)
    membri = [
        membro(conosciuti[io["operatore"]["cognome"]], "assistente_sociale"),
        membro(conosciuti[SANITARIA], "infermiere"),
    ]
    corpo = {"tipo": "uvm", "costituita_il": io["data_riferimento"], "membri": membri}
    equipe = scena.chiedi(chi, "POST", f"/cartelle/{cartella}/equipe", corpo=corpo, stato=201).corpo
    esigi(equipe["integrata"], "l'équipe con l'ASST non risulta integrata")
    return UUID(equipe["id"])


def voci(esempio: DomandaEsempio, scala: type[VoceAdl] | type[VoceIadl]) -> dict[str, int]:
    """The items of a scale: one for what the person does alone, zero for the rest of it."""
    da_sola = (esempio.autonomie_adl if scala is VoceAdl else esempio.autonomie_iadl) or []
    return {v.value: int(v.value in da_sola) for v in scala}


def valuta(scena: Scena, chi: str, cartella: UUID, equipe: UUID, domanda: UUID, esempio: DomandaEsempio) -> dict[str, Any]:
    """Open an assessment for the domanda and conclude it; return it."""
    giorno = scena.settings.giorno().isoformat()
    corpo = {"equipe_id": str(equipe), "data_valutazione": giorno, "domanda_id": str(domanda)}
    aperta = scena.chiedi(chi, "POST", f"/cartelle/{cartella}/valutazioni", corpo=corpo, stato=201, finalita=FINALITA).corpo
    rilievi = RILIEVI | {"adl": voci(esempio, VoceAdl), "iadl": voci(esempio, VoceIadl)}
    percorso = f"/valutazioni/{aperta['id']}/conclusione"
    conclusa: dict[str, Any] = scena.chiedi(
        chi, "POST", percorso, corpo=rilievi, versione=aperta["versione"], finalita=FINALITA
    ).corpo
    return conclusa
