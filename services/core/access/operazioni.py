"""Which roles may perform which operation, and for which purpose by default; by `operationId` of the OpenAPI document.

A route whose operation is not here stops the application from being built (`api/deps.py`); territory, team and data
class are not decided here but by the scope rule (`access/regola.py`), inside the query.
"""

from dataclasses import dataclass

from services.core.access.ruoli import Finalita, Ruolo

R, F = Ruolo, Finalita


@dataclass(frozen=True, slots=True)
class Regola:
    """Roles admitted, and the purpose assumed when the header `Finalita` is missing; None makes the header compulsory."""

    ruoli: frozenset[Ruolo]
    finalita: Finalita | None


def _r(finalita: Finalita | None, *ruoli: Ruolo) -> Regola:
    return Regola(frozenset(ruoli), finalita)


_CASO = (R.ASSISTENTE_SOCIALE, R.COORDINATORE, R.RESPONSABILE_SERVIZIO, R.CASE_MANAGER)
_LETTURA = (*_CASO, R.SEGRETARIATO, R.AMMINISTRATIVO_MISURA, R.OPERATORE_ASST, R.ETS_GESTORE, R.ANTIVIOLENZA)
_TUTTI = tuple(Ruolo)

OPERAZIONI: dict[str, Regola] = {
    # cartelle e persone
    "elencaCartelle": _r(F.PRESA_IN_CARICO, *_LETTURA),
    "leggiCartella": _r(F.PRESA_IN_CARICO, *_LETTURA),
    "apriCartella": _r(F.PRESA_IN_CARICO, R.SEGRETARIATO, *_CASO),
    "chiudiCartella": _r(F.PRESA_IN_CARICO, *_CASO),
    "aggiungiComponente": _r(F.PRESA_IN_CARICO, R.SEGRETARIATO, *_CASO),
    "cercaPersona": _r(None, R.SEGRETARIATO, *_CASO),
    "registraRequisito": _r(F.EROGAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "elencaFatti": _r(F.PRESA_IN_CARICO, *_LETTURA),
    # misure
    "elencaAvvisi": _r(F.EROGAZIONE, *_LETTURA, R.UFFICIO_DI_PIANO),
    "elencaDomande": _r(F.EROGAZIONE, *_CASO, R.SEGRETARIATO, R.AMMINISTRATIVO_MISURA),
    "redigiDomanda": _r(F.EROGAZIONE, *_CASO, R.SEGRETARIATO),
    "leggiDomanda": _r(F.EROGAZIONE, *_CASO, R.SEGRETARIATO, R.AMMINISTRATIVO_MISURA),
    "modificaDomanda": _r(F.EROGAZIONE, *_CASO, R.SEGRETARIATO),
    "ritiraDomanda": _r(F.EROGAZIONE, *_CASO, R.SEGRETARIATO),
    "consultaIsee": _r(F.EROGAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "presentaDomanda": _r(F.EROGAZIONE, *_CASO),
    "leggiDecisione": _r(F.EROGAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "chiudiGraduatoria": _r(F.EROGAZIONE, R.AMMINISTRATIVO_MISURA, R.RESPONSABILE_SERVIZIO),
    "leggiGraduatoria": _r(F.EROGAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "elencaVociGraduatoria": _r(F.EROGAZIONE, R.AMMINISTRATIVO_MISURA, R.RESPONSABILE_SERVIZIO),
    "elencaAssegnazioni": _r(F.EROGAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    # équipe, valutazione, progetto: dati sanitari, finalità da dichiarare
    "elencaOperatori": _r(F.PRESA_IN_CARICO, *_CASO),
    "elencaEquipe": _r(F.VALUTAZIONE, *_CASO, R.OPERATORE_ASST),
    "costituisciEquipe": _r(F.VALUTAZIONE, *_CASO),
    "leggiEquipe": _r(F.VALUTAZIONE, *_CASO, R.OPERATORE_ASST),
    "sciogliEquipe": _r(F.VALUTAZIONE, *_CASO),
    "togliMembroEquipe": _r(F.VALUTAZIONE, *_CASO),
    "apriValutazione": _r(None, *_CASO, R.OPERATORE_ASST),
    "leggiValutazione": _r(None, *_CASO, R.OPERATORE_ASST),
    "concludiValutazione": _r(None, *_CASO, R.OPERATORE_ASST),
    "redigiProgetto": _r(F.PRESA_IN_CARICO, *_CASO),
    "leggiProgetto": _r(F.PRESA_IN_CARICO, *_CASO, R.OPERATORE_ASST),
    "firmaProgetto": _r(F.PRESA_IN_CARICO, *_CASO, R.OPERATORE_ASST),
    # P.I.P.P.I.
    "apriCasoPippi": _r(F.PRESA_IN_CARICO, *_CASO),
    "elencaCasiPippi": _r(F.PRESA_IN_CARICO, *_CASO, R.OPERATORE_ASST, R.ETS_GESTORE),
    "leggiCasoPippi": _r(F.PRESA_IN_CARICO, *_CASO, R.OPERATORE_ASST, R.ETS_GESTORE),
    "aderisciCasoPippi": _r(F.PRESA_IN_CARICO, *_CASO),
    "aggiungiMembroPippi": _r(F.PRESA_IN_CARICO, *_CASO),
    "togliMembroPippi": _r(F.PRESA_IN_CARICO, *_CASO),
    "rilevaCasoPippi": _r(F.VALUTAZIONE, *_CASO, R.OPERATORE_ASST, R.ETS_GESTORE),
    "aggiungiMicroprogetto": _r(F.PRESA_IN_CARICO, *_CASO, R.OPERATORE_ASST, R.ETS_GESTORE),
    # piano di zona
    "elencaIndicatori": _r(F.PROGRAMMAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "leggiIndicatore": _r(F.PROGRAMMAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "elencaContributi": _r(F.PROGRAMMAZIONE, *_CASO, R.AMMINISTRATIVO_MISURA),
    # contitolarità, esclusioni, limitazioni
    "elencaAccordi": _r(F.CONTROLLO, R.RESPONSABILE_SERVIZIO, R.UFFICIO_DI_PIANO, R.DPO),
    "escludiOperatore": _r(F.PRESA_IN_CARICO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    "dichiaraAstensione": _r(F.PRESA_IN_CARICO, *_LETTURA),
    "elencaEsclusioni": _r(F.PRESA_IN_CARICO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    "revocaEsclusione": _r(F.PRESA_IN_CARICO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    "registraLimitazione": _r(F.PRESA_IN_CARICO, *_CASO),
    "elencaLimitazioni": _r(F.PRESA_IN_CARICO, *_CASO),
    "decidiLimitazione": _r(F.PRESA_IN_CARICO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    "terminaLimitazione": _r(F.PRESA_IN_CARICO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    # flussi e audit
    "elencaFlussiCartella": _r(F.FLUSSO_STATALE, *_CASO, R.AMMINISTRATIVO_MISURA),
    "elencaAudit": _r(F.CONTROLLO, R.DPO),
    # pronto intervento
    "apriEmergenza": _r(F.PRESA_IN_CARICO, *_CASO, R.SEGRETARIATO),
    "elencaEmergenze": _r(F.CONTROLLO, *_CASO, R.SEGRETARIATO, R.DPO),
    "leggiEmergenza": _r(F.CONTROLLO, *_CASO, R.SEGRETARIATO, R.DPO),
    "chiudiEmergenza": _r(F.PRESA_IN_CARICO, *_CASO, R.SEGRETARIATO),
    "prendiVisioneEmergenza": _r(F.CONTROLLO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    "riesaminaEmergenza": _r(F.CONTROLLO, R.COORDINATORE, R.RESPONSABILE_SERVIZIO),
    "verificaAccessoStorico": _r(F.CONTROLLO, R.DPO),
    # incarichi
    "elencaIncarichi": _r(F.CONTROLLO, R.RESPONSABILE_SERVIZIO),
    "leggiIncarico": _r(F.CONTROLLO, R.RESPONSABILE_SERVIZIO),
    "cessaIncarico": _r(F.CONTROLLO, R.RESPONSABILE_SERVIZIO),
    "sostituisciIncarico": _r(F.CONTROLLO, R.RESPONSABILE_SERVIZIO),
    "elencaConsegne": _r(F.PRESA_IN_CARICO, R.RESPONSABILE_SERVIZIO),
    # proprie
    "leggiIo": _r(F.CONTROLLO, *_TUTTI),
    "valutaAccesso": _r(None, *_TUTTI),
    "valutaAccessi": _r(None, *_TUTTI),
}

PUBBLICHE = frozenset(
    {
        "leggiStato",
        # contratto di INPS: voucher PDND, non operatori
        "elencaFlussiWaas",
        "registraEsitiWaas",
        "leggiStatoWaas",
    }
)
"""Operations that no operator's role governs: the state of the service, and the e-service that INPS calls with a PDND voucher."""
