"""PS_PSA_SINA to and from XML. Writing wants a flow that broke no rule; reading believes nothing of what it reads."""

import re
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from services.core.flussi.ps import Anagrafica, Beneficiario, EnteFlusso, FlussoPS, Indirizzo, InvaliditaCivile, Prestazione, Sina
from services.core.flussi.tracciato import Violazione, leggi_attributi, scrivi_attributi
from services.core.platform.errori import DatiNonValidi

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SPAZIO_NOMI: Final = "http://inps.it/Casellario"
"""The target namespace of INPS's schemas: a name, never fetched."""

MASSIMO_OTTETTI: Final = 7_500_000
"""What fits in the 10,000,000 characters of base64 of the WaaS contract (property `flusso`)."""

_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_VIETATI = re.compile(r"<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)


class FlussoIllegibile(DatiNonValidi):
    """A document that cannot be taken for a flow. `violazioni` says why, without quoting it."""

    tipo, titolo = "flusso-illegibile", "Il documento non è un flusso leggibile"

    def __init__(self, *violazioni: Violazione) -> None:
        super().__init__(campi=[{"campo": v.campo, "motivo": v.testo} for v in violazioni])
        self.violazioni = violazioni


def scrivi_xml(flusso: FlussoPS) -> bytes:
    """Write a flow as UTF-8 XML. Call `regole_ps.controlla` first.

    Raises:
        ValueError: a text that XML cannot carry.
    """
    radice = etree.Element(_q("Flusso"), nsmap={None: SPAZIO_NOMI})  # type: ignore[dict-item]  # the stubs forget the default namespace
    identificazione = _aggiungi(radice, "IdentificazioneFlusso", flusso)
    _aggiungi(identificazione, "Ente", flusso.ente)
    for beneficiario in flusso.beneficiari:
        nodo = _aggiungi(radice, "Beneficiario", beneficiario)
        _aggiungi(nodo, "Anagrafica", beneficiario.anagrafica)
        for indirizzo in beneficiario.indirizzi:
            _aggiungi(nodo, "Indirizzo", indirizzo)
        for prestazione in beneficiario.prestazioni:
            _scrivi_prestazione(nodo, prestazione)
    return etree.tostring(radice, encoding="UTF-8", xml_declaration=True)


def _scrivi_prestazione(padre: etree._Element, prestazione: Prestazione) -> None:
    nodo = _aggiungi(padre, "PrestazioniSociali", prestazione)
    if prestazione.sina is None:
        return
    sina = _aggiungi(nodo, "SINA", prestazione.sina)
    _aggiungi_testi(sina, "NecessitaInterventiSociali", "CodicePrestazione", prestazione.sina.interventi_necessari)
    _aggiungi_testi(sina, "InvaliditaCivile", "InvCiv", tuple(i.value for i in prestazione.sina.invalidita))


def _aggiungi(padre: etree._Element, nome: str, riga: "DataclassInstance") -> etree._Element:
    return etree.SubElement(padre, _q(nome), scrivi_attributi(riga))


def _aggiungi_testi(padre: etree._Element, contenitore: str, nome: str, testi: tuple[str, ...]) -> None:
    if not testi:
        return
    nodo = etree.SubElement(padre, _q(contenitore))
    for testo in testi:
        etree.SubElement(nodo, _q(nome)).text = testo


def _q(nome: str) -> str:
    return f"{{{SPAZIO_NOMI}}}{nome}"


def leggi_documento(dati: bytes) -> etree._Element:
    """Parse XML written by a stranger: UTF-8 only, no document type, no entities, no network, bounded in size and depth.

    The text `<!DOCTYPE` is refused even within a comment: no flow needs it, and a rule without exceptions has no holes.

    Raises:
        FlussoIllegibile: it is none of that, or not XML.
    """
    if len(dati) > MASSIMO_OTTETTI:
        raise FlussoIllegibile(Violazione("troppo-grande", "", f"Il documento supera {MASSIMO_OTTETTI} byte"))
    try:
        testo = dati.decode("utf-8")
    except UnicodeDecodeError as errore:
        raise FlussoIllegibile(Violazione("codifica", "", "Il documento non è in UTF-8")) from errore
    if _VIETATI.search(testo):
        raise FlussoIllegibile(Violazione("dtd-vietata", "", "Il documento contiene dichiarazioni di tipo o entità"))
    lettore = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(dati, lettore)
    except (etree.XMLSyntaxError, ValueError) as errore:
        raise FlussoIllegibile(Violazione("xml", "", "Il documento non è XML ben formato")) from errore


def leggi_xml(dati: bytes) -> FlussoPS:
    """Read a PS_PSA_SINA flow with any number of beneficiaries and benefits.

    Raises:
        FlussoIllegibile: not XML we accept, not this flow, or an element or attribute that is unknown or cannot be read.
    """
    return _Lettura().flusso(leggi_documento(dati))


class _Lettura:
    """One reading: collects every violation of structure before giving up, so that the sender sees them all at once."""

    def __init__(self) -> None:
        self.violazioni: list[Violazione] = []

    def flusso(self, radice: etree._Element) -> FlussoPS:
        if radice.tag != _q("Flusso"):
            raise FlussoIllegibile(Violazione("radice", "", "Il documento non è un flusso SIUSS"))
        figli = self._figli(radice, "Flusso", {"IdentificazioneFlusso": (1, 1), "Beneficiario": (1, None)})
        self._attributi_vietati(radice)
        identificazione = figli["IdentificazioneFlusso"]
        valori: dict[str, Any] = {}
        if identificazione:
            valori = self._valori(FlussoPS, identificazione[0], "IdentificazioneFlusso")
            enti = self._figli(identificazione[0], "IdentificazioneFlusso", {"Ente": (1, 1)})["Ente"]
            if enti:
                valori["ente"] = EnteFlusso(**self._valori(EnteFlusso, enti[0], "Ente"))
        valori["beneficiari"] = tuple(self._beneficiario(n) for n in figli["Beneficiario"])
        if self.violazioni:
            raise FlussoIllegibile(*self.violazioni)
        return FlussoPS(**valori)

    def _beneficiario(self, nodo: etree._Element) -> Beneficiario:
        valori = self._valori(Beneficiario, nodo, "Beneficiario")
        attesi = {"Anagrafica": (1, 1), "Indirizzo": (1, 5), "PrestazioniSociali": (1, None)}
        figli = self._figli(nodo, "Beneficiario", attesi)
        for anagrafica in figli["Anagrafica"][:1]:
            valori["anagrafica"] = Anagrafica(**self._valori(Anagrafica, anagrafica, "Anagrafica"))
        valori["indirizzi"] = tuple(Indirizzo(**self._valori(Indirizzo, n, "Indirizzo")) for n in figli["Indirizzo"])
        valori["prestazioni"] = tuple(self._prestazione(n) for n in figli["PrestazioniSociali"])
        return Beneficiario(**valori)

    def _prestazione(self, nodo: etree._Element) -> Prestazione:
        valori = self._valori(Prestazione, nodo, "PrestazioniSociali")
        for sina in self._figli(nodo, "PrestazioniSociali", {"SINA": (0, 1)})["SINA"][:1]:
            valori["sina"] = self._sina(sina)
        return Prestazione(**valori)

    def _sina(self, nodo: etree._Element) -> Sina:
        valori = self._valori(Sina, nodo, "SINA")
        figli = self._figli(nodo, "SINA", {"NecessitaInterventiSociali": (0, 1), "InvaliditaCivile": (0, 1)})
        for contenitore in figli["NecessitaInterventiSociali"][:1]:
            codici = self._figli(contenitore, "NecessitaInterventiSociali", {"CodicePrestazione": (1, None)})["CodicePrestazione"]
            valori["interventi_necessari"] = tuple((c.text or "").strip() for c in codici)
        for contenitore in figli["InvaliditaCivile"][:1]:
            codici = self._figli(contenitore, "InvaliditaCivile", {"InvCiv": (1, None)})["InvCiv"]
            valori["invalidita"] = tuple(i for c in codici if (i := self._invalidita((c.text or "").strip())) is not None)
        return Sina(**valori)

    def _invalidita(self, testo: str) -> InvaliditaCivile | None:
        if testo in {i.value for i in InvaliditaCivile}:
            return InvaliditaCivile(testo)
        self.violazioni.append(Violazione("formato", "SINA.InvaliditaCivile.InvCiv", "Il codice non è fra quelli ammessi"))
        return None

    def _attributi_vietati(self, nodo: etree._Element) -> None:
        for nome in _nomi(nodo):
            self.violazioni.append(Violazione("attributo-sconosciuto", nome[:64], "L'attributo non è previsto dal tracciato"))

    def _valori(self, modello: "type[DataclassInstance]", nodo: etree._Element, dove: str) -> dict[str, Any]:
        valori, violazioni = leggi_attributi(modello, _nomi(nodo))
        self.violazioni.extend(v.sotto(dove) for v in violazioni)
        return valori

    def _figli(
        self, nodo: etree._Element, dove: str, attesi: dict[str, tuple[int, int | None]]
    ) -> dict[str, list[etree._Element]]:
        trovati: dict[str, list[etree._Element]] = {nome: [] for nome in attesi}
        ordine = list(attesi)
        ultimo = 0
        for figlio in nodo:
            nome = etree.QName(figlio).localname
            if nome not in attesi or figlio.tag != _q(nome):
                self.violazioni.append(Violazione("elemento-sconosciuto", dove, "L'elemento non è previsto dal tracciato"))
                continue
            if ordine.index(nome) < ultimo:
                self.violazioni.append(Violazione("ordine-elementi", f"{dove}.{nome}", "L'elemento è fuori posto"))
            ultimo = max(ultimo, ordine.index(nome))
            trovati[nome].append(figlio)
        for nome, (minimo, massimo) in attesi.items():
            if len(trovati[nome]) < minimo or (massimo is not None and len(trovati[nome]) > massimo):
                self.violazioni.append(
                    Violazione("numero-elementi", f"{dove}.{nome}", "L'elemento manca o è ripetuto troppe volte")
                )
        return trovati


def _nomi(nodo: etree._Element) -> dict[str, str]:
    """Attributes by name, without those of XMLSchema-instance, which any document may carry."""
    return {str(n): str(v) for n, v in nodo.attrib.items() if not str(n).startswith(_XSI)}
