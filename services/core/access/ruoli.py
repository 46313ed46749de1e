"""Roles, data classes and purposes, and which classes a role may see: the one source of the access rule's vocabulary."""

from enum import IntFlag, StrEnum


class Ruolo(StrEnum):
    """The function an incarico gives, as the plans name them."""

    SEGRETARIATO = "segretariato"
    ASSISTENTE_SOCIALE = "assistente_sociale"
    COORDINATORE = "coordinatore"
    RESPONSABILE_SERVIZIO = "responsabile_servizio"
    CASE_MANAGER = "case_manager"
    AMMINISTRATIVO_MISURA = "amministrativo_misura"
    UFFICIO_DI_PIANO = "ufficio_di_piano"
    AMMINISTRATORE_PUBBLICO = "amministratore_pubblico"
    OPERATORE_ASST = "operatore_asst"
    RSA = "rsa"
    ETS_GESTORE = "ets_gestore"
    ETS_COPROGRAMMATORE = "ets_coprogrammatore"
    ANTIVIOLENZA = "antiviolenza"
    DPO = "dpo"
    AMMINISTRATORE_TECNICO = "amministratore_tecnico"


class Classe(IntFlag):
    """Classes of data on a person. The numbers are stored in row policies: never renumber."""

    IDENTITA = 1
    BISOGNO = 2
    ECONOMICA = 4
    SANITARIA = 8
    GIUDIZIARIA = 16
    VIOLENZA = 32


class Finalita(StrEnum):
    """Purpose of a request (header `Finalita`), recorded with every read and change."""

    PRESA_IN_CARICO = "presa_in_carico"
    VALUTAZIONE = "valutazione"
    EROGAZIONE = "erogazione"
    PROGRAMMAZIONE = "programmazione"
    CONTROLLO = "controllo"
    FLUSSO_STATALE = "flusso_statale"


C = Classe
_SOCIALE = C.IDENTITA | C.BISOGNO | C.ECONOMICA | C.SANITARIA

CLASSI_DEL_RUOLO: dict[Ruolo, Classe] = {
    Ruolo.SEGRETARIATO: C.IDENTITA | C.BISOGNO,
    Ruolo.ASSISTENTE_SOCIALE: _SOCIALE | C.GIUDIZIARIA,
    Ruolo.COORDINATORE: _SOCIALE | C.GIUDIZIARIA,
    Ruolo.RESPONSABILE_SERVIZIO: _SOCIALE | C.GIUDIZIARIA,
    Ruolo.CASE_MANAGER: _SOCIALE,
    Ruolo.AMMINISTRATIVO_MISURA: C.IDENTITA | C.BISOGNO | C.ECONOMICA,
    Ruolo.UFFICIO_DI_PIANO: C(0),
    Ruolo.AMMINISTRATORE_PUBBLICO: C(0),
    Ruolo.OPERATORE_ASST: C.IDENTITA | C.BISOGNO | C.SANITARIA,
    Ruolo.RSA: C.IDENTITA | C.SANITARIA,
    Ruolo.ETS_GESTORE: C.IDENTITA | C.BISOGNO,
    Ruolo.ETS_COPROGRAMMATORE: C(0),
    Ruolo.ANTIVIOLENZA: _SOCIALE | C.VIOLENZA,
    Ruolo.DPO: C(0),
    Ruolo.AMMINISTRATORE_TECNICO: C(0),
}

RUOLI_TERRITORIALI = frozenset(
    {
        Ruolo.SEGRETARIATO,
        Ruolo.ASSISTENTE_SOCIALE,
        Ruolo.COORDINATORE,
        Ruolo.RESPONSABILE_SERVIZIO,
        Ruolo.CASE_MANAGER,
        Ruolo.AMMINISTRATIVO_MISURA,
        Ruolo.ANTIVIOLENZA,
    }
)
"""Roles whose scope is the territory of their ente (own Comuni, or delegated competenze). The others see a case only by team."""

RUOLI_PER_ACCORDO = frozenset({Ruolo.OPERATORE_ASST, Ruolo.RSA, Ruolo.ETS_GESTORE})
"""Roles of enti that are not holders of the records: whatever a team grants them, they see the data classes that an agreement in
force shares with their ente for the purpose of the request (docs/security/contitolarita.md)."""
