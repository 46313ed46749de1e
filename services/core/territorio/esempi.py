"""Reading a folder that describes an ambito, and checking that its files agree with one another.

All errors are gathered before refusing, each with file, place and reason in Italian, for the person who writes the files. No
error repeats a codice fiscale.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.core.persone import codice_fiscale as cf
from services.core.piano.formule import FORMULE
from services.core.platform.yamlstretto import leggi_yaml
from services.core.territorio.esempi_file import (
    CartellaEsempio,
    ComuneEsempio,
    DelegaEsempio,
    EnteEsempio,
    FileAccordi,
    FileAmbito,
    FileAvvisi,
    FileDomande,
    FileIsee,
    FileOperatori,
    FilePersone,
    FilePiano,
    FileWaas,
    FileWebhook,
    Intervallo,
    NucleoEsempio,
    PersonaEsempio,
)
from services.core.territorio.models import TipoEnte

M = TypeVar("M", bound=BaseModel)

_RAGIONI = {
    "missing": "manca",
    "extra_forbidden": "campo sconosciuto",
    "string_type": "atteso un testo (tra virgolette, se sembra un numero)",
    "int_type": "atteso un numero intero",
    "bool_type": "atteso true o false",
    "date_type": "attesa una data AAAA-MM-GG",
    "list_type": "attesa una lista",
    "dict_type": "attesa una mappa",
    "model_type": "attesa una mappa",
    "enum": "valore non previsto",
    "literal_error": "valore non previsto",
    "string_pattern_mismatch": "forma non ammessa",
    "too_short": "lista vuota",
    "string_too_long": "testo troppo lungo",
    "string_too_short": "testo vuoto",
    "greater_than_equal": "numero troppo piccolo",
    "less_than_equal": "numero troppo grande",
    "decimal_parsing": "atteso un numero",
    "decimal_type": "atteso un numero",
}


class EsempioNonValido(Exception):
    """The folder cannot be loaded. `errori` are sentences for who writes the files; nothing was loaded."""

    def __init__(self, cartella: Path, errori: list[str]) -> None:
        super().__init__(f"{cartella.name}: {len(errori)} errori.\n" + "\n".join(f"- {e}" for e in errori))
        self.errori = errori


@dataclass(frozen=True, slots=True)
class DelegaEspansa:
    """One delega of one competenza."""

    comune: str
    servizio: str
    delega: DelegaEsempio


@dataclass(frozen=True, slots=True)
class AmbitoEsempio:
    """A folder read and checked: every reference finds what it names."""

    ambito: FileAmbito
    operatori: FileOperatori
    accordi: FileAccordi
    persone: FilePersone
    avvisi: FileAvvisi
    domande: FileDomande
    isee: FileIsee
    waas: FileWaas
    webhook: FileWebhook
    piano: FilePiano

    def enti(self) -> Iterator[EnteEsempio]:
        """Every ente: first the one of each Comune, then those listed."""
        for comune in self.ambito.comuni:
            yield ente_del_comune(comune)
        yield from self.ambito.enti

    def deleghe(self) -> Iterator[DelegaEspansa]:
        """Every delega, one for each competenza it is about."""
        tutti = [c.codice for c in self.ambito.comuni]
        for delega in self.ambito.deleghe:
            for comune in delega.comuni or tutti:
                for servizio in delega.servizi:
                    yield DelegaEspansa(comune, servizio, delega)

    def nucleo_della(self, cartella: CartellaEsempio) -> NucleoEsempio:
        """The one household of the person on the day the cartella was opened."""
        return next(n for n in self.persone.nuclei if _siede(cartella, n))


def ente_del_comune(comune: ComuneEsempio) -> EnteEsempio:
    """The ente that administers a Comune."""
    return EnteEsempio(
        codice=f"comune-{comune.codice}",
        tipo=TipoEnte.COMUNE,
        denominazione=f"Comune di {comune.denominazione}",
        comune=comune.codice,
    )


def leggi(cartella: Path) -> AmbitoEsempio:
    """Read and check the files of an ambito. `ambito.yaml` and `operatori.yaml` are compulsory; the others may be missing.

    Raises:
        EsempioNonValido: with every error found: first those of each file, and if there is none, those between files.
    """
    errori: list[str] = []

    def file(nome: str, modello: type[M], *, facoltativo: bool = True) -> M:
        try:
            return _file(cartella / nome, modello, facoltativo=facoltativo)
        except EsempioNonValido as errore:
            errori.extend(errore.errori)
            return modello.model_construct()

    esempio = AmbitoEsempio(
        ambito=file("ambito.yaml", FileAmbito, facoltativo=False),
        operatori=file("operatori.yaml", FileOperatori, facoltativo=False),
        accordi=file("accordi.yaml", FileAccordi),
        persone=file("persone.yaml", FilePersone),
        avvisi=file("avvisi.yaml", FileAvvisi),
        domande=file("domande.yaml", FileDomande),
        isee=file("sandbox_isee.yaml", FileIsee),
        waas=file("waas.yaml", FileWaas),
        webhook=file("webhook.yaml", FileWebhook),
        piano=file("piano.yaml", FilePiano),
    )
    for controllo in () if errori else CONTROLLI:
        errori.extend(controllo(esempio))
    if errori:
        raise EsempioNonValido(cartella, errori)
    return esempio


def _file(percorso: Path, modello: type[M], *, facoltativo: bool) -> M:
    if facoltativo and not percorso.exists():
        return modello()
    try:
        return modello.model_validate(leggi_yaml(percorso.read_text(encoding="utf-8")))
    except ValidationError as errore:
        raise EsempioNonValido(percorso.parent, list(_frasi(percorso.name, errore))) from None
    except OSError:
        raise EsempioNonValido(percorso.parent, [f"{percorso.name}: il file manca o non si può leggere"]) from None
    except UnicodeDecodeError:
        raise EsempioNonValido(percorso.parent, [f"{percorso.name}: il file non è in UTF-8"]) from None
    except yaml.MarkedYAMLError as errore:
        riga = f", riga {errore.problem_mark.line + 1}" if errore.problem_mark else ""
        raise EsempioNonValido(percorso.parent, [f"{percorso.name}{riga}: YAML non valido ({errore.problem})"]) from None


def _frasi(nome: str, errore: ValidationError) -> Iterator[str]:
    for voce in errore.errors(include_url=False, include_input=False):
        luogo = ".".join(str(p) for p in voce["loc"]) or "documento"
        ragione = _RAGIONI.get(voce["type"], "valore non valido")
        if voce["type"] == "value_error":  # raised by our own validators, in Italian
            ragione = voce["msg"].removeprefix("Value error, ")
        yield f"{nome}, {luogo}: {ragione}"


def _doppi(dove: str, valori: Iterable[str]) -> Iterator[str]:
    visti: set[str] = set()
    for valore in valori:
        if valore in visti:
            yield f"{dove}: «{valore}» compare più di una volta"
        visti.add(valore)


def _ignoti(dove: str, cosa: str, valori: Iterable[str | None], noti: set[str]) -> Iterator[str]:
    for valore in valori:
        if valore is not None and valore not in noti:
            yield f"{dove}: {cosa} «{valore}» non esiste"


def _siede(cartella: CartellaEsempio, nucleo: NucleoEsempio) -> bool:
    return any(c.persona == cartella.persona and c.comprende(cartella.aperta_il) for c in nucleo.componenti)


def _comuni(e: AmbitoEsempio) -> set[str]:
    return {c.codice for c in e.ambito.comuni}


def _servizi(e: AmbitoEsempio) -> set[str]:
    return {s.codice for s in e.ambito.servizi}


def _enti(e: AmbitoEsempio) -> set[str]:
    return {x.codice for x in e.enti()}


def _controlla_territorio(e: AmbitoEsempio) -> Iterator[str]:
    a = e.ambito
    yield from _doppi("ambito.yaml, sub_ambiti", (s.codice for s in a.sub_ambiti))
    yield from _doppi("ambito.yaml, comuni", (c.codice for c in a.comuni))
    yield from _doppi("ambito.yaml, comuni, codice_istat", (c.codice_istat for c in a.comuni))
    yield from _doppi("ambito.yaml, comuni, codice_belfiore", (c.codice_belfiore for c in a.comuni))
    yield from _doppi("ambito.yaml, servizi", (s.codice for s in a.servizi))
    yield from _doppi("ambito.yaml, enti", (x.codice for x in e.enti()))
    sub_ambiti = {s.codice for s in a.sub_ambiti}
    yield from _ignoti("ambito.yaml, comuni", "il sub-ambito", (c.sub_ambito for c in a.comuni), sub_ambiti)
    yield from _ignoti("ambito.yaml, enti", "il Comune", (x.comune for x in a.enti), _comuni(e))
    for x in a.enti:
        if x.tipo is TipoEnte.COMUNE:
            yield f"ambito.yaml, enti, «{x.codice}»: l'ente di un Comune nasce dal Comune, non va elencato"


def _controlla_deleghe(e: AmbitoEsempio) -> Iterator[str]:
    for n, d in enumerate(e.ambito.deleghe):
        dove = f"ambito.yaml, deleghe.{n}"
        yield from _ignoti(dove, "l'ente", [d.ente], _enti(e))
        yield from _ignoti(dove, "il Comune", d.comuni or [], _comuni(e))
        yield from _ignoti(dove, "il servizio", d.servizi, _servizi(e))
    per_competenza: dict[tuple[str, str], list[DelegaEsempio]] = {}
    for espansa in e.deleghe():
        altre = per_competenza.setdefault((espansa.comune, espansa.servizio), [])
        if any(espansa.delega.tocca(altra) for altra in altre):
            yield f"ambito.yaml, deleghe: «{espansa.comune}» × «{espansa.servizio}» è delegata due volte nello stesso giorno"
        altre.append(espansa.delega)


def _controlla_operatori(e: AmbitoEsempio) -> Iterator[str]:
    yield from _doppi("operatori.yaml", (o.soggetto for o in e.operatori.operatori))
    for o in e.operatori.operatori:
        dove = f"operatori.yaml, «{o.soggetto}»"
        yield from _doppi(f"{dove}, incarichi", (f"{i.ruolo} {i.ente} {i.dal}" for i in o.incarichi))
        for i in o.incarichi:
            yield from _ignoti(dove, "l'ente", [i.ente], _enti(e))
            yield from _ignoti(dove, "il Comune", i.comuni or [], _comuni(e))
            yield from _ignoti(dove, "il servizio", i.servizi or [], _servizi(e))


def _controlla_accordi(e: AmbitoEsempio) -> Iterator[str]:
    yield from _doppi("accordi.yaml", (a.codice for a in e.accordi.accordi))
    for a in e.accordi.accordi:
        dove = f"accordi.yaml, «{a.codice}»"
        yield from _ignoti(dove, "l'ente", (c.ente for c in a.condivisioni), _enti(e))
        yield from _doppi(f"{dove}, condivisioni", (f"{c.ente} {f} {c.dal}" for c in a.condivisioni for f in c.finalita))
        for n, c in enumerate(a.condivisioni):
            yield from _doppi(f"{dove}, condivisioni.{n}, classi", c.classi)
            if not a.tocca(c):
                yield f"{dove}, condivisioni.{n}: nessun giorno è fra quelli dell'accordo"


def _controlla_persone(e: AmbitoEsempio) -> Iterator[str]:
    yield from _doppi("persone.yaml, persone", (p.codice for p in e.persone.persone))
    yield from _ignoti("persone.yaml", "il Comune di residenza", (p.comune_residenza for p in e.persone.persone), _comuni(e))
    codici: dict[str, str] = {}
    for p in e.persone.persone:
        yield from _controlla_codice(p)
        if p.codice_fiscale is not None and not p.protetta:
            if p.codice_fiscale in codici:
                yield f"persone.yaml, «{p.codice}»: ha lo stesso codice fiscale di «{codici[p.codice_fiscale]}»"
            codici[p.codice_fiscale] = p.codice


def _controlla_codice(p: PersonaEsempio) -> Iterator[str]:
    if p.codice_fiscale is None:
        return
    try:
        letto = cf.leggi(p.codice_fiscale)
        letto.verifica_coerenza(data_nascita=p.data_nascita, sesso=p.sesso, luogo=p.comune_nascita)
    except cf.CodiceFiscaleNonValido as errore:
        yield f"persone.yaml, «{p.codice}»: {errore.dettaglio}"
    else:
        if letto.codice != p.codice_fiscale:
            yield f"persone.yaml, «{p.codice}»: il codice fiscale va scritto in maiuscolo"


def _controlla_cartelle(e: AmbitoEsempio) -> Iterator[str]:
    persone = {p.codice: p for p in e.persone.persone}
    yield from _doppi("persone.yaml, nuclei", (n.codice for n in e.persone.nuclei))
    yield from _doppi("persone.yaml, cartelle", (c.persona for c in e.persone.cartelle))
    for n in e.persone.nuclei:
        dove = f"persone.yaml, nucleo «{n.codice}»"
        yield from _ignoti(dove, "la persona", (m.persona for m in n.componenti), set(persone))
        yield from _doppi(dove, (f"{m.persona} {m.dal}" for m in n.componenti))
    for c in e.persone.cartelle:
        dove = f"persone.yaml, cartella di «{c.persona}»"
        yield from _ignoti(dove, "la persona", [c.persona], set(persone))
        yield from _ignoti(dove, "il Comune", [c.comune], _comuni(e))
        yield from _ignoti(dove, "il servizio", [c.servizio], _servizi(e))
        nuclei = sum(_siede(c, n) for n in e.persone.nuclei)
        if nuclei != 1:
            yield f"{dove}: il giorno dell'apertura la persona deve essere in un solo nucleo, ed è in {nuclei}"
        if c.persona in persone and c.aperta_il < persone[c.persona].data_nascita:
            yield f"{dove}: aperta prima della nascita"
        yield from _controlla_requisiti(dove, c)


def _controlla_requisiti(dove: str, c: CartellaEsempio) -> Iterator[str]:
    per_codice: dict[str, list[Intervallo]] = {}
    for r in c.requisiti:
        altri = per_codice.setdefault(r.requisito, [])
        if any(r.tocca(altro) for altro in altri):
            yield f"{dove}: «{r.requisito}» ha due stati nello stesso giorno"
        altri.append(r)


def _controlla_resto(e: AmbitoEsempio) -> Iterator[str]:
    yield from _doppi("avvisi.yaml", (a.codice for a in e.avvisi.avvisi))
    avvisi, cartelle = {a.codice for a in e.avvisi.avvisi}, {c.persona for c in e.persone.cartelle}
    yield from _ignoti("domande.yaml", "l'avviso", (d.avviso for d in e.domande.domande), avvisi)
    yield from _ignoti("domande.yaml", "la cartella della persona", (d.persona for d in e.domande.domande), cartelle)
    yield from _doppi("domande.yaml", (f"{d.avviso} {d.persona}" for d in e.domande.domande))
    isee = e.isee.root
    yield from _doppi("sandbox_isee.yaml, protocollo_dsu e tipo", (f"{a.protocollo_dsu} {a.tipo_indicatore}" for a in isee))
    chiavi = {(a.codice_fiscale, a.tipo_indicatore, a.data_presentazione) for a in isee}
    if len(chiavi) != len(isee):
        yield "sandbox_isee.yaml: una persona ha due attestazioni dello stesso tipo e dello stesso giorno"
    for n, a in enumerate(isee):
        yield from _codice_valido(f"sandbox_isee.yaml, {n}", a.codice_fiscale)
    yield from _doppi("waas.yaml, ente", (w.ente for w in e.waas.enti))
    yield from _doppi("waas.yaml, audience", (w.audience for w in e.waas.enti))
    yield from _doppi("waas.yaml, codice_ente", (w.codice_ente for w in e.waas.enti))
    yield from _ignoti("waas.yaml", "l'ente", (w.ente for w in e.waas.enti), _enti(e))
    for w in e.waas.enti:
        yield from _codice_valido(f"waas.yaml, «{w.ente}»", w.codice_fiscale_operatore)
    yield from _ignoti("webhook.yaml", "l'ente", (d.ente for d in e.webhook.destinazioni), _enti(e))
    yield from _doppi("webhook.yaml", (f"{d.ente} {d.percorso}" for d in e.webhook.destinazioni))


def _codice_valido(dove: str, codice: str | None) -> Iterator[str]:
    if codice is None:
        return
    try:
        cf.leggi(codice)
    except cf.CodiceFiscaleNonValido as errore:
        yield f"{dove}: {errore.dettaglio}"


def _controlla_piano(e: AmbitoEsempio) -> Iterator[str]:
    yield from _doppi("piano.yaml", (p.codice for p in e.piano.piani))
    for p in e.piano.piani:
        dove = f"piano.yaml, «{p.codice}»"
        indicatori = [i for o in p.obiettivi for i in o.indicatori]
        yield from _doppi(f"{dove}, obiettivi", (o.codice for o in p.obiettivi))
        yield from _doppi(f"{dove}, indicatori", (i.codice for i in indicatori))
        yield from _ignoti(dove, "la formula", (i.formula for i in indicatori), set(FORMULE))


CONTROLLI: tuple[Callable[[AmbitoEsempio], Iterator[str]], ...] = (
    _controlla_territorio,
    _controlla_deleghe,
    _controlla_operatori,
    _controlla_accordi,
    _controlla_persone,
    _controlla_cartelle,
    _controlla_resto,
    _controlla_piano,
)
