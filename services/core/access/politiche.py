"""Row policies and grants of every table, as data: what `ambito_app` sees and writes, and what each system role may.

Migrations carry the rendered SQL frozen; `tests/integration/test_politiche.py` shows that the database and this page agree,
and that no table is left without row-level security.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.core.access import preclusione, regola
from services.core.access.ruoli import Classe, Ruolo
from services.core.platform.pg.ruoli import (
    APP,
    CARICATORE,
    DEFINER,
    MITTENTE,
    OBLIO,
    REVISORE,
    SEQUENZIATORE,
    SIGILLATORE,
    lettore,
)


@dataclass(frozen=True, slots=True)
class Politica:
    """One row policy. `usa` filters what is seen and changed, `scrive` what may be written (defaults to `usa`)."""

    tabella: str
    nome: str
    ruolo: str
    comando: str
    usa: str | None = None
    scrive: str | None = None
    restrittiva: bool = False

    def sql(self) -> str:
        """Render as CREATE POLICY."""
        specie = "RESTRICTIVE" if self.restrittiva else "PERMISSIVE"
        righe = [f"CREATE POLICY {self.nome} ON {self.tabella} AS {specie} FOR {self.comando} TO {self.ruolo}"]
        if self.usa is not None and self.comando != "INSERT":
            righe.append(f"  USING ({self.usa})")
        if self.comando in ("INSERT", "UPDATE", "ALL"):
            righe.append(f"  WITH CHECK ({self.scrive or self.usa})")
        return "\n".join(righe) + ";"


SIGILLO = ("sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_oblio", "sigillo_stato")
"""The seal of the audit trail: one chain for the whole database, which the application neither reads nor writes."""

SENZA_AMBITO = frozenset(
    {"ambito", "servizio", "operatore", "sequenza", "cursore", "idempotenza", "regola_ruolo", "audit", *SIGILLO}
)
"""Tables without a compulsory `ambito_id`; every other one has the RESTRICTIVE policy of the ambito."""

FIGLIE: dict[str, Classe] = {
    "fatto": Classe(0),
    "domanda": Classe.BISOGNO,
    "decisione": Classe.ECONOMICA,
    "assegnazione": Classe.ECONOMICA,
    "valutazione": Classe.SANITARIA,
    "progetto": Classe.BISOGNO,
    "obiettivo": Classe.BISOGNO,
    "firma": Classe.BISOGNO,
}
"""Tables that hang from a cartella: visible and writable iff the cartella is and the role has the data class.

Class 0: each row carries its own, in the column `classe`.
"""

CONSULTABILI = (
    "sub_ambito",
    "comune",
    "ente",
    "competenza",
    "delega",
    "avviso",
    "piano",
    "obiettivo_piano",
    "indicatore",
    "incarico",
)
"""Tables every operator of the ambito may read."""

PIPPI = ("rilevazione_pippi", "microprogetto")
RUOLI_GRADUATORIA = (Ruolo.AMMINISTRATIVO_MISURA, Ruolo.RESPONSABILE_SERVIZIO)
RUOLI_ESCLUSIONI = (Ruolo.COORDINATORE, Ruolo.RESPONSABILE_SERVIZIO)
"""Who keeps an operator from a cartella, sees who is kept and ends it. Anyone may keep herself from one she sees."""

RUOLI_LIMITAZIONI = (Ruolo.ASSISTENTE_SOCIALE, Ruolo.COORDINATORE, Ruolo.RESPONSABILE_SERVIZIO, Ruolo.CASE_MANAGER)
"""Who records oppositions and limitations: who has the person in charge for a holder of the record."""

RUOLI_ACCORDI = (Ruolo.RESPONSABILE_SERVIZIO, Ruolo.UFFICIO_DI_PIANO, Ruolo.DPO)
"""Who reads what is shared with whom."""

RUOLI_RIESAME = (Ruolo.RESPONSABILE_SERVIZIO, Ruolo.COORDINATORE)
"""Who judges what was opened in emergency in her territory; never who opened it: a grant of her own is not a territory."""
AMBITO = "ambito_id = (SELECT app_ambito())"
IN_PROPRIO_NOME = (
    "operatore_id IS NOT DISTINCT FROM (SELECT app_operatore()) AND incarico_id IS NOT DISTINCT FROM (SELECT app_incarico())"
)
CARTELLA_VISIBILE = "EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id)"
ENTE_WAAS = "ente_id = (SELECT app_ente_waas())"
COMUNE_IN_SCOPE = (
    "EXISTS (SELECT 1 FROM competenza k WHERE k.comune_id = comune_residenza_id"
    " AND k.id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[])))"
)
CASO_DELLA_SQUADRA = "IN (SELECT a.origine_id FROM accesso a WHERE a.motivo = 'pippi')"
CARTELLA_O_NESSUNA = "coalesce(cartella_id, '00000000-0000-0000-0000-000000000000'::uuid)"
FORMA_SQUADRE = "concede_fino_a('equipe', cartella_id, NULL) IS NOT NULL"
"""Whether the caller may form and change the ordinary équipes of a cartella: docs/security/squadre.md."""


def _classe(classe: Classe) -> str:
    return f"((SELECT app_classi()) & {int(classe)}) <> 0"


def _ruoli(ruoli: tuple[Ruolo, ...]) -> str:
    return f"(SELECT app_ruolo()) IN ({', '.join(repr(r.value) for r in ruoli)})"


def _app_anagrafe() -> Iterator[Politica]:
    yield Politica("ambito", "proprio", APP, "SELECT", "id = (SELECT app_ambito())")
    yield Politica("servizio", "tutti", APP, "SELECT", "true")
    yield Politica(
        "operatore", "colleghi", APP, "SELECT", "EXISTS (SELECT 1 FROM incarico i WHERE i.operatore_id = operatore.id)"
    )
    for tabella in CONSULTABILI:
        yield Politica(tabella, "consultabile", APP, "SELECT", "true")
    yield Politica("accesso", "propri", APP, "SELECT", regola.ACCESSI_PROPRI)
    entro = "coalesce(al, 'infinity'::date) <= concede_fino_a(motivo, cartella_id, origine_id)"
    yield Politica("accesso", "concede", APP, "INSERT", scrive=f"dal >= (SELECT app_data()) AND {entro}")
    argomenti = "sostituisce_id, operatore_id, ente_id, ruolo, comuni, servizi, dal, al, pronto_intervento"
    yield Politica("incarico", "sostituisce", APP, "INSERT", scrive=f"puo_sostituire({argomenti})")
    yield Politica("storia_accesso", "dpo", APP, "SELECT", _ruoli((Ruolo.DPO,)))
    yield Politica("idempotenza", "proprie", APP, "ALL", "operatore_id = (SELECT app_operatore())")
    yield Politica("evento", "aggiunge", APP, "INSERT", scrive=IN_PROPRIO_NOME)
    yield Politica("audit", "aggiunge", APP, "INSERT", scrive=f"{AMBITO} AND {IN_PROPRIO_NOME}")
    yield Politica(
        "audit",
        "dpo",
        APP,
        "SELECT",
        f"(SELECT app_ruolo()) = '{Ruolo.DPO}' AND ({AMBITO} OR ambito_oggetto_id = (SELECT app_ambito()))",
    )


def _app_cartelle() -> Iterator[Politica]:
    yield Politica("cartella", "visibile", APP, "ALL", regola.politica())
    yield Politica("cartella", "non_preclusa", APP, "ALL", preclusione.non_preclusa(), restrittiva=True)
    yield Politica("persona", "non_preclusa", APP, "ALL", preclusione.non_preclusa(CARTELLA_O_NESSUNA), restrittiva=True)
    propria = regola.politica("cartella_id")
    visibile = f"{propria} OR (NOT protetta AND EXISTS (SELECT 1 FROM componente m WHERE m.persona_id = persona.id))"
    yield Politica("persona", "nelle_cartelle", APP, "SELECT", visibile)
    yield Politica("persona", "modifica", APP, "UPDATE", visibile)
    yield Politica("persona", "residente", APP, "INSERT", scrive=f"cartella_id IS NULL AND {COMUNE_IN_SCOPE}")
    nucleo = "EXISTS (SELECT 1 FROM cartella c WHERE c.nucleo_id = {})"
    yield Politica("nucleo", "nelle_cartelle", APP, "SELECT", nucleo.format("nucleo.id"))
    yield Politica("nucleo", "nuovo", APP, "INSERT", scrive="true")
    yield Politica("componente", "nelle_cartelle", APP, "ALL", nucleo.format("componente.nucleo_id"))
    for tabella, classe in FIGLIE.items():
        yield Politica(tabella, "nella_cartella", APP, "ALL", CARTELLA_VISIBILE)
        condizione = _classe(classe) if classe else "(classe & (SELECT app_classi())) <> 0"
        yield Politica(tabella, "classe", APP, "ALL", condizione, restrittiva=True)


def _app_squadre() -> Iterator[Politica]:
    custodita = f"{CARTELLA_VISIBILE} AND (custodia_id = cartella_id OR custodia_id {CASO_DELLA_SQUADRA})"
    formata = f"{CARTELLA_VISIBILE} AND (custodia_id = cartella_id AND {FORMA_SQUADRE} OR custodia_id {CASO_DELLA_SQUADRA})"
    for tabella in ("equipe", "membro_equipe"):
        yield Politica(tabella, "in_custodia", APP, "SELECT", custodita)
        yield Politica(tabella, "forma", APP, "INSERT", scrive=formata)
        yield Politica(tabella, "cambia", APP, "UPDATE", formata)
    yield Politica("caso_pippi", "squadra", APP, "ALL", f"id {CASO_DELLA_SQUADRA}")
    for tabella in PIPPI:
        yield Politica(tabella, "squadra", APP, "ALL", f"caso_id {CASO_DELLA_SQUADRA}")
        yield Politica(tabella, "classe", APP, "ALL", _classe(Classe.BISOGNO), restrittiva=True)
    for tabella in ("caso_pippi", *PIPPI):
        yield Politica(tabella, "non_preclusa", APP, "ALL", preclusione.non_preclusa("cartella_id"), restrittiva=True)


def _app_contitolarita() -> Iterator[Politica]:
    decidono, hanno_in_carico = _ruoli(RUOLI_ESCLUSIONI), _ruoli(RUOLI_LIMITAZIONI)
    propria = "operatore_id = (SELECT app_operatore())"
    yield Politica("esclusione", "di_chi_decide", APP, "SELECT", f"{decidono} AND {CARTELLA_VISIBILE}")
    yield Politica("esclusione", "registra", APP, "INSERT", scrive=f"({decidono} OR {propria}) AND {CARTELLA_VISIBILE}")
    yield Politica("esclusione", "revoca", APP, "UPDATE", f"{decidono} AND NOT {propria} AND {CARTELLA_VISIBILE}")
    yield Politica("limitazione", "di_chi_ha_in_carico", APP, "ALL", f"{hanno_in_carico} AND {CARTELLA_VISIBILE}")
    for tabella in ("accordo", "condivisione"):
        yield Politica(tabella, "di_chi_ne_risponde", APP, "SELECT", _ruoli(RUOLI_ACCORDI))


def _app_emergenze() -> Iterator[Politica]:
    riesamina = (
        f"{_ruoli(RUOLI_RIESAME)} AND operatore_id <> (SELECT app_operatore())"
        " AND EXISTS (SELECT 1 FROM cartella c WHERE c.id = cartella_id"
        " AND c.competenza_id = ANY (COALESCE((SELECT app_competenze()), '{}'::integer[])))"
    )
    yield Politica("emergenza", "propria", APP, "SELECT", "operatore_id = (SELECT app_operatore())")
    yield Politica("emergenza", "territorio", APP, "SELECT", riesamina)
    yield Politica("emergenza", "dpo", APP, "SELECT", _ruoli((Ruolo.DPO,)))
    in_proprio_nome = "(riesaminata_da IS NULL OR riesaminata_da = (SELECT app_operatore()))"
    yield Politica("emergenza", "riesamina", APP, "UPDATE", riesamina, scrive=f"{riesamina} AND {in_proprio_nome}")
    sua = "EXISTS (SELECT 1 FROM emergenza e WHERE e.id = emergenza_id{})"
    yield Politica("nota_emergenza", "letta", APP, "SELECT", f"NOT ({_ruoli((Ruolo.DPO,))}) AND {sua.format('')}")
    giudicata = sua.format(" AND e.riesaminata_da = scritta_da")
    riesame = f"specie = 'riesame' AND scritta_da = (SELECT app_operatore()) AND {giudicata}"
    yield Politica("nota_emergenza", "riesame", APP, "INSERT", scrive=riesame)


def _app_misure_e_flussi() -> Iterator[Politica]:
    yield Politica("avviso", "chiude", APP, "UPDATE", _ruoli(RUOLI_GRADUATORIA))
    yield Politica("graduatoria", "di_chi_la_forma", APP, "ALL", _ruoli(RUOLI_GRADUATORIA))
    yield Politica("voce_graduatoria", "di_chi_la_forma", APP, "ALL", _ruoli(RUOLI_GRADUATORIA))
    propria = "EXISTS (SELECT 1 FROM domanda d WHERE d.id = domanda_id)"
    yield Politica("voce_graduatoria", "della_domanda", APP, "SELECT", propria)
    yield Politica("voce_graduatoria", "classe", APP, "ALL", _classe(Classe.ECONOMICA), restrittiva=True)
    yield Politica("contributo", "nella_cartella", APP, "SELECT", CARTELLA_VISIBILE)
    yield Politica("flusso", "nella_cartella", APP, "SELECT", f"{CARTELLA_VISIBILE} AND {_classe(Classe.ECONOMICA)}")
    for tabella in ("flusso", "esito_flusso", "ente_waas"):
        yield Politica(tabella, "ente_waas", APP, "ALL", ENTE_WAAS)


def _sistema() -> Iterator[Politica]:
    for ruolo, permessi in PERMESSI_DI_SISTEMA.items():
        for tabella in permessi:
            yield Politica(tabella, ruolo.removeprefix("ambito_"), ruolo, "ALL", _righe_di_sistema(ruolo, tabella))


def _righe_di_sistema(ruolo: str, tabella: str) -> str:
    if tabella == "cursore" and ruolo != DEFINER:  # a reader has its own cursor; the definer measures the lag of all
        return f"lettore = '{ruolo.removeprefix('ambito_lettore_')}'"
    return "true"


_LETTORE = {"evento": "SELECT", "cursore": "SELECT, INSERT, UPDATE"}

PERMESSI_DI_SISTEMA: dict[str, dict[str, str]] = {
    DEFINER: dict.fromkeys(
        (
            "operatore",
            "ente",
            "competenza",
            "delega",
            "regola_ruolo",
            "ente_waas",
            "cartella",
            "valutazione",
            "componente",
            "equipe",
            "avviso",
            "decisione",
            "fatto",
            "graduatoria",
            "indicatore",
            "esclusione",
            "accordo",
            "condivisione",
            "limitazione",
        ),
        "SELECT",
    )
    | {
        "evento": "SELECT",
        "cursore": "SELECT",
        "sequenza": "SELECT",
        "consegna": "SELECT",
        "audit": "INSERT, SELECT (id, quando)",
        **dict.fromkeys(("sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_stato"), "SELECT"),
        "idempotenza": "SELECT, DELETE",
        "accesso": "SELECT, INSERT, UPDATE (al, revocato_il)",
        "incarico": "SELECT, UPDATE (versione, al, revocato_il)",
        "emergenza": "SELECT, INSERT, UPDATE (versione, chiusa_il)",
        "nota_emergenza": "INSERT",
        "storia_accesso": "SELECT, INSERT, UPDATE (registrato_al)",
        "domanda": "SELECT, UPDATE (stato, versione)",
        "assegnazione": "INSERT",
        "persona": "SELECT, UPDATE (cartella_id, competenza_id, riservata, protetta, celata, versione)",
    },
    SEQUENZIATORE: {"evento": "SELECT, UPDATE (posizione)", "sequenza": "SELECT, UPDATE"},
    lettore("webhooks"): _LETTORE
    | {"destinazione": "SELECT", "consegna": "SELECT, INSERT", "ambito": "SELECT", "accesso": "SELECT"}
    | dict.fromkeys(("ente", "accordo", "condivisione", "limitazione"), "SELECT"),
    lettore("piano"): _LETTORE
    | {"piano": "SELECT", "indicatore": "SELECT", "obiettivo_piano": "SELECT", "contributo": "SELECT, INSERT, UPDATE, DELETE"},
    lettore("flussi"): {"evento": "SELECT, INSERT", "cursore": "SELECT, INSERT, UPDATE"}
    | dict.fromkeys(
        ("assegnazione", "domanda", "avviso", "cartella", "persona", "comune", "ente", "competenza", "fatto", "valutazione"),
        "SELECT",
    )
    | {"ente_waas": "SELECT, UPDATE", "flusso": "SELECT, INSERT, UPDATE", "progetto": "SELECT", "decisione": "SELECT"},
    MITTENTE: {
        "consegna": "SELECT, UPDATE",
        "destinazione": "SELECT, UPDATE",
        "tentativo_consegna": "SELECT, INSERT",
        "evento": "SELECT, INSERT",
    },
    SIGILLATORE: {
        "audit": "SELECT",
        **dict.fromkeys(("sigillo_voce", "sigillo_testa", "sigillo_ricevuta"), "SELECT, INSERT"),
        "sigillo_oblio": "SELECT",
        "sigillo_stato": "SELECT, INSERT, UPDATE",
    },
    OBLIO: {
        "audit": "SELECT, UPDATE (operatore_id, incarico_id, oggetti)",
        "sigillo_voce": "SELECT, UPDATE (sale, impegno)",
        "sigillo_testa": "SELECT",
        "sigillo_oblio": "SELECT, INSERT",
    },
    REVISORE: dict.fromkeys(("audit", "sigillo_voce", "sigillo_testa", "sigillo_ricevuta", "sigillo_oblio"), "SELECT"),
}
"""Grants of each system role, by table; the policy lets it see all rows of those tables, of every ambito."""

_AUDIT_SCRIVIBILI = (
    "richiesta_id, ambito_id, operatore_id, incarico_id, operazione, finalita, esito, motivo, oggetto_tipo, oggetti"
)
"""The columns of audit the application may write: number and instant are the database's."""

_PERSONA_MODIFICABILE = (
    "versione, cognome, nome, data_nascita, sesso, codice_fiscale, comune_nascita, comune_residenza_id, cittadinanza, protetta"
)
"""The columns of persona the application may change: those that repeat her cartella are the database's."""

PERMESSI_APP: dict[str, str] = (
    dict.fromkeys(("ambito", "servizio", "operatore", *CONSULTABILI, "contributo"), "SELECT")
    | dict.fromkeys(
        ("nucleo", "componente", "cartella", *FIGLIE, "equipe", "membro_equipe", "caso_pippi", *PIPPI, "graduatoria"),
        "SELECT, INSERT, UPDATE",
    )
    | {
        "persona": f"SELECT, INSERT, UPDATE ({_PERSONA_MODIFICABILE})",
        "accesso": "SELECT, INSERT",
        "emergenza": "SELECT, UPDATE (versione, letta_il, letta_da, esito, riesaminata_il, riesaminata_da)",
        "nota_emergenza": "SELECT, INSERT",
        "storia_accesso": "SELECT",
        "incarico": "SELECT, INSERT",
        **dict.fromkeys(("accordo", "condivisione"), "SELECT"),
        "esclusione": "SELECT, INSERT, UPDATE (versione, al, revocata_il)",
        "limitazione": "SELECT, INSERT, UPDATE (versione, esito, decisa_il, motivazione_esito, dal, al)",
        "voce_graduatoria": "SELECT, INSERT",
        "idempotenza": "SELECT, INSERT, UPDATE, DELETE",
        "evento": "INSERT",
        "audit": f"SELECT, INSERT ({_AUDIT_SCRIVIBILI})",
        "avviso": "SELECT, UPDATE",
        "flusso": "SELECT, UPDATE",
        "esito_flusso": "SELECT, INSERT",
        "ente_waas": "SELECT, UPDATE",
    }
)


PERMESSI_CARICATORE = {"evento": "SELECT, INSERT"} | dict.fromkeys(("audit", "storia_accesso", *SIGILLO), "SELECT")
"""Loading deletes nothing and cannot rewrite the log, the history, the audit trail or its seal; the rest it may."""


def politiche(tabelle: list[str]) -> list[Politica]:
    """Every policy, in a stable order. `tabelle` are all the tables of the metadata."""
    ambito = [Politica(t, "ambito", APP, "ALL", AMBITO, restrittiva=True) for t in tabelle if t not in SENZA_AMBITO]
    carico = [Politica(t, "caricatore", CARICATORE, "ALL", "true") for t in tabelle]
    accesso = [*_app_anagrafe(), *_app_cartelle(), *_app_squadre(), *_app_emergenze(), *_app_contitolarita()]
    return [*ambito, *accesso, *_app_misure_e_flussi(), *_sistema(), *carico]


def sql(tabelle: list[str]) -> str:
    """Render row-level security, policies and grants for `tabelle`."""
    righe = [f"ALTER TABLE {t} ENABLE ROW LEVEL SECURITY;\nALTER TABLE {t} FORCE ROW LEVEL SECURITY;" for t in tabelle]
    righe += [p.sql() for p in politiche(tabelle)]
    righe += [f"GRANT {permessi} ON {tabella} TO {APP};" for tabella, permessi in PERMESSI_APP.items()]
    for ruolo, tabelle_del_ruolo in PERMESSI_DI_SISTEMA.items():
        righe += [f"GRANT {permessi} ON {tabella} TO {ruolo};" for tabella, permessi in tabelle_del_ruolo.items()]
    righe += [f"GRANT {PERMESSI_CARICATORE.get(t, 'SELECT, INSERT, UPDATE')} ON {t} TO {CARICATORE};" for t in tabelle]
    righe.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {CARICATORE};")
    return "\n".join(righe) + "\n"
