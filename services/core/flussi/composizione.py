"""From a record of ours to the flow that declares it. Pure: what cannot be sent becomes a reason, never an exception.

What is declared of an assegnazione: one benefit per calendar year, its amount and months, the DSU of the ISEE that the decision
used, the assessment when there is a whole one. What we do not know is left out: quotas, the ISEE ceiling, the date of the event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.core.flussi.annualita import Annualita, dividi_per_anno
from services.core.flussi.codici import CodificaMisura, MisuraSenzaCodice, codifica_della_misura, regione_del_comune
from services.core.flussi.ps import (
    ITALIA,
    Anagrafica,
    Beneficiario,
    EnteFlusso,
    FlussoPS,
    Genere,
    Indirizzo,
    Prestazione,
    Sina,
    SiNo,
)
from services.core.flussi.ps_xml import scrivi_xml
from services.core.flussi.regole_ps import controlla
from services.core.flussi.tracciato import Violazione, leggi_attributi
from services.core.flussi.vocabolario import Operazione
from services.core.persone import codice_fiscale as cf
from services.core.platform.money import in_euro

_MASSIMO_DENOMINAZIONE = 100


@dataclass(frozen=True, slots=True)
class Persona:
    """The identity of the beneficiary. `comune_residenza` is an ISTAT code, `comune_nascita` a Belfiore one."""

    codice_fiscale: str | None = field(repr=False)
    cognome: str = field(repr=False)
    nome: str = field(repr=False)
    data_nascita: date = field(repr=False)
    sesso: str
    comune_nascita: str | None
    cittadinanza: str
    comune_residenza: str


@dataclass(frozen=True, slots=True)
class Dsu:
    """The declaration behind the ISEE that the decision used; what its source did not say is None."""

    protocollo: str | None
    data: date | None


@dataclass(frozen=True, slots=True)
class Ente:
    """The ente that declares, as `ente_waas` knows it."""

    codice: str
    denominazione: str
    cf_operatore: str | None


@dataclass(frozen=True, slots=True)
class Posizione:
    """An assegnazione with what its declaration needs. `dal` and `al` included; the amount in cents, monthly.

    `protetta`: the person or the cartella is under protection. `sina` holds the attributes of the assessment by XML name,
    `sina_mancanti` the required ones it does not say; both are empty when there is no concluded assessment.
    """

    assegnazione_id: UUID
    domanda_id: UUID
    misura: str
    importo_mensile_centesimi: int
    dal: date
    al: date
    protocollo: str | None
    protetta: bool
    in_carico: bool
    persona: Persona
    ente: Ente | None
    dsu: Dsu | None = None
    sina: Mapping[str, str] = field(default_factory=dict)
    sina_mancanti: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dichiarazione:
    """One calendar year of a position, ready but for its name. `note` says what was left out without stopping the flow."""

    annualita: Annualita
    ente: EnteFlusso
    beneficiario: Beneficiario
    prestazione: Prestazione
    note: tuple[Violazione, ...]

    def con_nome(self, id_flusso: str) -> FlussoPS:
        """Return the flow named `id_flusso`."""
        return FlussoPS.unico(id_flusso, self.ente, self.beneficiario, self.prestazione)


@dataclass(frozen=True, slots=True)
class Scarto:
    """One calendar year of a position that cannot be declared, and why."""

    anno: int
    violazioni: tuple[Violazione, ...]


def dichiara(posizione: Posizione) -> tuple[Dichiarazione | Scarto, ...]:
    """Return what is declared of `posizione`, one item for each calendar year, checked by every rule but that of the name."""
    esiti: list[Dichiarazione | Scarto] = []
    for annualita in dividi_per_anno(posizione.dal, posizione.al):
        try:
            codifica = codifica_della_misura(posizione.misura, annualita.inizio)
        except MisuraSenzaCodice as errore:
            motivo = Violazione("misura-senza-codice", "PrestazioniSociali.CodicePrestazione", errore.titolo)
            esiti.append(Scarto(annualita.anno, (motivo,)))
            continue
        esiti.append(_dichiara_anno(posizione, annualita, codifica))
    return tuple(esiti)


def _dichiara_anno(posizione: Posizione, annualita: Annualita, codifica: CodificaMisura) -> Dichiarazione | Scarto:
    impedimenti = list(_impedimenti(posizione))
    ente = posizione.ente or Ente("", "", None)
    sina, note = _sina(posizione)
    dichiarazione = Dichiarazione(
        annualita=annualita,
        ente=EnteFlusso(
            codice=ente.codice or None,
            denominazione=ente.denominazione[:_MASSIMO_DENOMINAZIONE] or None,
            indirizzo=ente.codice or None,
            cf_operatore=ente.cf_operatore,
        ),
        beneficiario=_beneficiario(posizione.persona),
        prestazione=_prestazione(posizione, annualita, codifica, sina),
        note=note,
    )
    if posizione.ente is not None:
        impedimenti += controlla(dichiarazione.con_nome(f"{ente.codice}.PS.{annualita.inizio:%Y%m%d}.0000001"))
    return Scarto(annualita.anno, tuple(impedimenti)) if impedimenti else dichiarazione


def _impedimenti(posizione: Posizione) -> list[Violazione]:
    trovati = []
    if posizione.ente is None:
        testo = "Nessun ente dell'ambito offre a INPS i flussi di questo Comune, o più d'uno potrebbe farlo"
        trovati.append(Violazione("ente-erogatore", "Ente", testo))
    if posizione.protetta:
        testo = "La posizione è protetta: se inviarla lo decide chi ne ha la cura"
        trovati.append(Violazione("posizione-protetta", "Beneficiario", testo))
    return trovati


def _beneficiario(persona: Persona) -> Beneficiario:
    regione = regione_del_comune(persona.comune_residenza)
    return Beneficiario(
        codice_fiscale=persona.codice_fiscale.upper() if persona.codice_fiscale else None,
        anagrafica=Anagrafica(
            cognome=persona.cognome,
            nome=persona.nome,
            anno_nascita=f"{persona.data_nascita.year:04d}",
            luogo_nascita=persona.comune_nascita or _luogo_dal_codice(persona.codice_fiscale),
            genere=Genere.FEMMINA if persona.sesso == "F" else Genere.MASCHIO,
            cittadinanza=persona.cittadinanza,
        ),
        indirizzi=(Indirizzo(regione=regione.codice if regione else None, comune=persona.comune_residenza, nazione=ITALIA),),
    )


def _luogo_dal_codice(codice: str | None) -> str | None:
    """The birthplace that the codice fiscale itself tells; None without a valid code of 16 characters."""
    try:
        return cf.leggi(codice).luogo if codice else None
    except cf.CodiceFiscaleNonValido:
        return None


def _prestazione(posizione: Posizione, annualita: Annualita, codifica: CodificaMisura, sina: Sina | None) -> Prestazione:
    dsu = posizione.dsu
    return Prestazione(
        operazione=Operazione.INSERIMENTO,
        prova_mezzi=codifica.prova_mezzi,
        carattere=codifica.carattere,
        dsu_protocollo=dsu.protocollo if dsu else None,
        dsu_anno=f"{dsu.data.year:04d}" if dsu and dsu.data else None,
        dsu_data=dsu.data if dsu else None,
        codice=codifica.codice,
        denominazione=codifica.denominazione,
        protocollo_domanda=posizione.protocollo or posizione.domanda_id.hex,
        inizio=annualita.inizio,
        fine=annualita.fine,
        mesi=annualita.mesi,
        importo_mensile=in_euro(posizione.importo_mensile_centesimi),
        presa_in_carico=SiNo.SI if posizione.in_carico else SiNo.NO,
        area_utenza=codifica.area_utenza if posizione.in_carico else None,
        sina=sina,
    )


def _sina(posizione: Posizione) -> tuple[Sina | None, tuple[Violazione, ...]]:
    """The assessment, only when whole: the format wants every required attribute or no SINA at all."""
    if not posizione.in_carico or not (posizione.sina or posizione.sina_mancanti):
        return None, ()
    if posizione.sina_mancanti:
        testo = f"La valutazione non è trasmessa perché non dice: {', '.join(posizione.sina_mancanti)}"
        return None, (Violazione("sina-incompleta", "SINA", testo),)
    valori, violazioni = leggi_attributi(Sina, dict(posizione.sina))
    return (None, tuple(v.sotto("SINA") for v in violazioni)) if violazioni else (Sina(**valori), ())


def scrivi(dichiarazione: Dichiarazione, id_flusso: str) -> bytes:
    """Return the XML of `dichiarazione` under its name."""
    return scrivi_xml(dichiarazione.con_nome(id_flusso))


def come_motivo(violazioni: tuple[Violazione, ...], gravita: str) -> list[dict[str, Any]]:
    """Return violations as kept in `flusso.motivo`; `gravita` is `blocca` or `avviso`."""
    return [{"codice": v.codice, "campo": v.campo, "testo": v.testo, "gravita": gravita} for v in violazioni]
