"""Step 4: the valutazione by an équipe with a member of the ASST, and the progetto signed by all who must."""

import time
from uuid import UUID

from services.cli.demo import p08_indicatore, pratiche, valutazioni
from services.cli.demo.p01_cartella import ADA, OPERATRICE
from services.cli.demo.scena import Scena, esigi
from services.core.valutazioni.scale import VoceAdl, VoceIadl

SANITARIA = "asst-crema"


def passo(scena: Scena) -> str:
    """Form the équipe, refuse an incomplete conclusion, conclude, draft the progetto, sign it three times."""
    memoria, cartella = scena.memoria, scena.memoria.cartella
    scena.chiedi(SANITARIA, "GET", f"/cartelle/{cartella}", stato=404)
    memoria.equipe = valutazioni.costituisci(scena, OPERATRICE, cartella)
    scena.chiedi(SANITARIA, "GET", f"/cartelle/{cartella}")

    corpo = {
        "equipe_id": str(memoria.equipe),
        "data_valutazione": scena.settings.giorno().isoformat(),
        "domanda_id": str(memoria.domanda),
    }
    finalita = valutazioni.FINALITA
    aperta = scena.chiedi(SANITARIA, "POST", f"/cartelle/{cartella}/valutazioni", corpo=corpo, stato=201, finalita=finalita).corpo
    conclusione, esempio = f"/valutazioni/{aperta['id']}/conclusione", pratiche.esempi()[ADA]
    adl = valutazioni.voci(esempio, VoceAdl)
    iadl = valutazioni.voci(esempio, VoceIadl)
    incompleta = {"adl": dict(list(adl.items())[1:]), "iadl": iadl}
    scena.chiedi(SANITARIA, "POST", conclusione, corpo=incompleta, versione=aperta["versione"], finalita=finalita, stato=422)
    rilievi = valutazioni.RILIEVI | {"adl": adl, "iadl": iadl}
    conclusa = scena.chiedi(SANITARIA, "POST", conclusione, corpo=rilievi, versione=aperta["versione"], finalita=finalita).corpo
    attesi = (len(esempio.autonomie_adl or []), len(esempio.autonomie_iadl or []))
    esigi((conclusa["punteggio_adl"], conclusa["punteggio_iadl"]) == attesi, "i punteggi non sono quelli delle voci")

    memoria.indicatore_prima = p08_indicatore.contributi(scena, OPERATRICE)
    _progetto(scena, UUID(conclusa["id"]))
    firmato = time.monotonic()
    p08_indicatore.attendi_mosso(scena)
    memoria.indicatore_s = time.monotonic() - firmato
    return (
        f"équipe integrata con l'ASST (che prima non vedeva la cartella), valutazione incompleta 422 e poi conclusa: "
        f"ADL {attesi[0]}/6, IADL {attesi[1]}/8; progetto firmato da Ada, dal responsabile del caso e dall'ASST"
    )


def _progetto(scena: Scena, valutazione: UUID) -> None:
    memoria, cartella = scena.memoria, scena.memoria.cartella
    corpo = {
        "tipo": "progetto_individualizzato",
        "equipe_id": str(memoria.equipe),
        "valutazione_id": str(valutazione),
        "domanda_id": str(memoria.domanda),
        "dal": "2025-10-01",
        "al": "2026-09-30",
        "obiettivi": [
            {
                "testo": "Restare a casa con il sostegno del marito caregiver",
                "risultato_atteso": "Nessun ricovero di sollievo nei dodici mesi e carico del caregiver non aumentato",
            }
        ],
    }
    progetto = scena.chiedi(OPERATRICE, "POST", f"/cartelle/{cartella}/progetti", corpo=corpo, stato=201).corpo
    memoria.progetto = UUID(progetto["id"])
    persona = scena.chiedi(OPERATRICE, "GET", f"/cartelle/{cartella}").corpo["persona"]["id"]
    firme = (
        (OPERATRICE, {"ruolo_firmatario": "persona", "persona_id": persona}),
        (OPERATRICE, {"ruolo_firmatario": "responsabile_caso"}),
        (SANITARIA, {"ruolo_firmatario": "asst"}),
    )
    for chi, firma in firme:
        esigi(progetto["stato"] == "bozza", "il progetto risulta firmato prima dell'ultima firma")
        corpo_firma = firma | {"impronta": progetto["impronta"]}
        progetto = scena.chiedi(chi, "POST", f"/progetti/{memoria.progetto}/firme", corpo=corpo_firma, stato=201).corpo
    mancanti = [c["codice"] for c in progetto["condizioni"] if c["esito"] != "soddisfatta"]
    esigi(progetto["stato"] == "firmato", f"il progetto non è firmato: {', '.join(mancanti)}")
