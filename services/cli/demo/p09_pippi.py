"""Step 9: a P.I.P.P.I. case on the household's child, whose very existence is hidden from everyone outside its team."""

from uuid import UUID

from services.cli.demo import valutazioni
from services.cli.demo.scena import Scena, esigi
from services.core.platform.ids import nuovo_id
from services.core.territorio.carico import identificativo

LEO = "QWXLEO16E20D142N"
ASSISTENTE, PSICOLOGA, EDUCATRICE = "tutela-csc", "psicologa-csc", "educatrice-ets"
FUORI = {"as-crema": 404, "resp-disabilita-csc": 404, "asst-crema": 404, "coord-csc": 404, "dpo-crema": 403}
"""Who is not in the team, and the answer on the case: the one of what does not exist, or no right to the operation at all."""


def passo(scena: Scena) -> str:
    """Open with a teacher and a parent in the team, adhere, survey at T0, one micro-project; then everybody else looks for it."""
    cartella = scena.cartella_di(ASSISTENTE, LEO)
    caso = _apri(scena, cartella)
    percorso, giorno = f"/casi-pippi/{caso}", scena.settings.giorno().isoformat()
    versione = scena.chiedi(ASSISTENTE, "GET", percorso).versione
    scena.chiedi(ASSISTENTE, "POST", f"{percorso}/adesione", corpo={"adesione_il": giorno}, versione=versione)
    punteggi = {"imparare": 3, "scuola_risorse_educative": 4, "guida_regole_valori": 3, "autonomia": None}
    rilevazione = {"tempo": "T0", "data": giorno, "punteggi": punteggi}
    t0 = scena.chiedi(PSICOLOGA, "POST", f"{percorso}/rilevazioni", corpo=rilevazione, stato=201, finalita="valutazione").corpo
    esigi("autonomia" in t0["non_rilevate"], "una sottodimensione nulla risulta rilevata")
    micro = {
        "sottodimensione": "imparare",
        "situazione_osservata": "Leo non porta a termine i compiti senza un adulto accanto.",
        "risultato_atteso": "Leo finisce da solo i compiti tre pomeriggi su cinque.",
        "dispositivo": "partenariato_scuola_famiglia",
        "responsabile": "Insegnante di classe",
        "entro": "2025-12-20",
    }
    scena.chiedi(EDUCATRICE, "POST", f"{percorso}/microprogetti", corpo=micro, stato=201)
    letto = scena.chiedi(ASSISTENTE, "GET", percorso).corpo
    qualifiche = {m["qualifica"] for m in letto["membri"]}
    esigi({"insegnante", "genitore"} <= qualifiche, "nell'équipe mancano l'insegnante o il genitore")
    esigi(letto["stato"] == "in_corso", f"il caso è «{letto['stato']}»")
    esigi(len(letto["rilevazioni"]) == 1 and len(letto["microprogetti"]) == 1, "mancano T0 o il microprogetto")
    _nascosto(scena, caso, cartella)
    return (
        f"adesione, équipe di {len(letto['membri'])} con insegnante e genitore, T0 sul «Mondo del bambino», un microprogetto; "
        f"per {', '.join(chi for chi, stato in FUORI.items() if stato == 404)} il caso non esiste, al DPO non compete"
    )


def _apri(scena: Scena, cartella: UUID) -> UUID:
    nucleo = scena.chiedi(ASSISTENTE, "GET", f"/cartelle/{cartella}").corpo["nucleo"]
    genitore = next(c["persona_id"] for c in nucleo if c["nome"] == "Ada")
    conosciuti = valutazioni.operatori(scena, ASSISTENTE)
    membri = [
        valutazioni.membro(conosciuti["Xxqpsiche"], "psicologo"),
        valutazioni.membro(conosciuti["Zzqeducati"], "educatore"),
        {"qualifica": "genitore", "persona_id": genitore},
        {
            "qualifica": "insegnante",
            "ente_id": str(identificativo("cremasco", "ente", "istituto-comprensivo")),
            "descrizione": "Insegnante della classe 4A",
        },
    ]
    corpo = {"edizione": "2025", "qualifica": "assistente_sociale", "membri": membri}
    return UUID(scena.chiedi(ASSISTENTE, "POST", f"/cartelle/{cartella}/casi-pippi", corpo=corpo, stato=201).corpo["id"])


def _nascosto(scena: Scena, caso: UUID, cartella: UUID) -> None:
    for chi, stato in FUORI.items():
        per_il_caso = scena.chiedi(chi, "GET", f"/casi-pippi/{caso}", stato=stato).corpo
        per_nulla = scena.chiedi(chi, "GET", f"/casi-pippi/{nuovo_id()}", stato=stato).corpo
        esigi(per_il_caso["title"] == per_nulla["title"], f"a {chi} la risposta rivela il caso")
        if stato == 404:
            esigi(not list(scena.elenco(chi, "/casi-pippi")), f"{chi} ha un caso in elenco")
    cartella_leo = scena.chiedi("as-crema", "POST", "/persone/ricerca", corpo={"codice_fiscale": LEO}, finalita="presa_in_carico")
    esigi("pippi" not in cartella_leo.byte.decode().lower(), "la ricerca rivela il programma")
    equipe = scena.elenco(ASSISTENTE, f"/cartelle/{cartella}/equipe")
    for chi in ("as-crema", "coord-csc"):
        visibile = scena.api.get(f"/cartelle/{cartella}/equipe", headers={"Authorization": f"Bearer {scena.token(chi)}"})
        esigi("equipe_pippi" not in visibile.text, f"{chi} vede l'équipe riservata")
    esigi(any(e["tipo"] == "equipe_pippi" for e in equipe), "l'assistente sociale del caso non ne vede l'équipe")
