"""What came of a request, and what its answer should not hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from services.cli.authz.attori import Attore
from services.cli.authz.corredo import Corredo, Traccia
from services.cli.authz.esercizi import ESERCIZI
from services.cli.authz.mondo import Mondo
from services.cli.authz.relazioni import BERSAGLIO
from services.core.access.bersagli import BERSAGLI, Modo
from services.core.access.matrice import Esito, atteso, classe_chiesta, visibile
from services.core.access.ruoli import Classe
from services.core.access.storia import Motivo
from services.core.platform.errori import Conflitto

_NUMERO = re.compile(rb"urn:uuid:[0-9a-f-]{36}")
_RIVELATRICI = ("etag", "location", "last-modified")
_DI_OGNI_SCAMBIO = frozenset({"richiesta-id", "date"})
_RIFIUTI = {401: Esito.NON_AUTENTICATA, 403: Esito.VIETATA, 404: Esito.NON_TROVATO}

ELENCHI_INTERI = {"elencaCartelle": ("cartella", "cartella_id"), "elencaCasiPippi": ("caso_pippi", "caso_id")}
"""Lists over the whole scope: they hold every row she sees. To hide too much is a defect as well."""

SULLE_EMERGENZE = frozenset(o for o, b in BERSAGLI.items() if "emergenza" in (b.risorsa, b.elenca))
"""An emergency names its cartella also to who may no longer open it, and to the DPO."""


@dataclass(frozen=True, slots=True)
class Impronta:
    """All that an answer tells, but for the number of the request: two that are equal cannot be told apart."""

    stato: int
    intestazioni: frozenset[tuple[str, str]]
    corpo: bytes


def impronta(risposta: httpx.Response) -> Impronta:
    """Return what `risposta` tells."""
    testate = frozenset((n, v) for n, v in risposta.headers.items() if n not in _DI_OGNI_SCAMBIO)
    return Impronta(risposta.status_code, testate, _NUMERO.sub(b"", risposta.content))


def tipo(risposta: httpx.Response) -> str:
    """Return the type of a problem, without its prefix; empty when it is none."""
    if risposta.headers.get("content-type") != "application/problem+json":
        return ""
    return str(risposta.json()["type"]).rpartition("/")[2]


def ottenuto(operazione: str, attore: Attore, mondo: Mondo, risposta: httpx.Response) -> str:
    """Return the outcome of an answer, in the words of `Esito`; status and type of problem where it is none of them."""
    stato = risposta.status_code
    if stato in _RIFIUTI:
        return _RIFIUTI[stato]
    if stato < httpx.codes.MULTIPLE_CHOICES:
        return _riuscita(operazione, attore, mondo, risposta)
    specie, esercizio = tipo(risposta), ESERCIZI[operazione]
    if specie in esercizio.oltre:
        return Esito.CONSENTITA
    if specie in esercizio.nascosto:
        return Esito.NON_TROVATO
    return Esito.CONFLITTO if specie == Conflitto.tipo else f"{stato} {specie}".strip()


def _riuscita(operazione: str, attore: Attore, mondo: Mondo, risposta: httpx.Response) -> Esito:
    bersaglio = BERSAGLI.get(operazione)
    if bersaglio is None:
        return Esito.CONSENTITA
    if bersaglio.modo is Modo.CERCA:
        return _trovata(risposta, mondo.mira(attore))
    if bersaglio.modo is Modo.STORIA:
        return Esito.ASSENTE if risposta.json()["motivo"] == Motivo.IGNOTI else Esito.CONSENTITA
    if bersaglio.modo is Modo.VALUTA:
        corpo = risposta.json()
        return Esito.CONSENTITA if corpo.get("evaluations", [corpo])[0]["decision"] else Esito.ASSENTE
    if bersaglio.elenca is not None and cercata(bersaglio.elenca, attore, mondo) not in risposta.text:
        return Esito.ASSENTE
    return Esito.CONSENTITA


def _trovata(risposta: httpx.Response, corredo: Corredo) -> Esito:
    corpo = risposta.json()
    if not corpo["trovata"]:
        return Esito.ASSENTE
    return Esito.CONSENTITA if corpo["cartella_id"] == str(corredo.vista.id) else Esito.MINIMA


def cercata(tabella: str, attore: Attore, mondo: Mondo) -> str:
    """Return the text by which the row aimed at is recognised in a list of `tabella`."""
    corredo = mondo.mira(attore)
    if tabella == "fatto":
        classe = classe_chiesta(attore.ruolo, attore.relazione) or Classe.IDENTITA
        return next(t.valore for t in corredo.tracce if t.tabella == tabella and t.classe == classe)
    if tabella == "emergenza" and attore.emergenza_id is not None:
        return str(attore.emergenza_id)
    dell_ambito = {
        "operatore": mondo.candidato,
        "incarico": mondo.testimone.incarico_id,
        "accordo": mondo.accordo_id,
        "audit": mondo.corredi[BERSAGLIO].vista.id,
        "avviso": corredo.ids["avviso_chiuso"],
        "indicatore": corredo.ids["indicatore_id"],
    }
    if tabella in dell_ambito:
        return str(dell_ambito[tabella])
    return next(t.valore for t in corredo.tracce if t.tabella == tabella)


def difetti(operazione: str, attore: Attore, mondo: Mondo, risposta: httpx.Response) -> Iterator[str]:
    """Yield what an answer should not hold, or should and does not."""
    if risposta.status_code >= httpx.codes.BAD_REQUEST:
        yield from (f"intestazione {nome} in un rifiuto" for nome in _RIVELATRICI if nome in risposta.headers)
    testo = risposta.text
    for corredo in mondo.corredi.values():
        for traccia in corredo.tracce:
            if traccia.valore in testo and not _puo_comparire(operazione, attore, mondo, corredo, traccia):
                yield f"trapela {traccia.tabella} di «{corredo.nome}»"
    if operazione in ELENCHI_INTERI and risposta.status_code == httpx.codes.OK:
        yield from _mancanti(*ELENCHI_INTERI[operazione], attore, mondo, testo)


def _puo_comparire(operazione: str, attore: Attore, mondo: Mondo, corredo: Corredo, traccia: Traccia) -> bool:
    vista = mondo.vista(attore, corredo)
    if visibile(traccia.tabella, vista, traccia.classe):
        return True
    if operazione == "elencaAudit":
        return vista.stesso_ambito  # the DPO reads identifiers of records: it is her task
    previsto = atteso(operazione, attore.ruolo, attore.relazione) if corredo is mondo.mira(attore) else None
    if operazione == "cercaPersona" and traccia.tabella == "persona":
        return previsto is Esito.MINIMA
    if traccia.tabella != "cartella":
        return False
    aperta = operazione == "apriEmergenza" and previsto is Esito.CONSENTITA
    return aperta or (operazione in SULLE_EMERGENZE and visibile("emergenza", vista))


def _mancanti(tabella: str, nome: str, attore: Attore, mondo: Mondo, testo: str) -> Iterator[str]:
    for corredo in mondo.corredi.values():
        if visibile(tabella, mondo.vista(attore, corredo)) and str(corredo.ids[nome]) not in testo:
            yield f"manca {tabella} di «{corredo.nome}»"
