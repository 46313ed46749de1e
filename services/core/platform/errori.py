"""Errors of the domain. The API edge turns each into problem+json (RFC 9457); the texts are for the person who reads them.

No text may carry personal data, nor tell whether an object exists that the reader may not see.
"""

from typing import Any, Self
from uuid import UUID


class Errore(Exception):
    """Base of every expected refusal. `tipo` is stable and public; `stato` is the HTTP status it maps to."""

    stato = 500
    tipo = "errore-interno"
    titolo = "Errore interno"

    def __init__(self, dettaglio: str = "", **estensioni: Any) -> None:
        super().__init__(dettaglio or self.titolo)
        self.dettaglio = dettaglio or self.titolo
        self.estensioni = estensioni


class RichiestaMalformata(Errore):
    stato, tipo, titolo = 400, "richiesta-malformata", "Richiesta malformata"


class NonAutenticato(Errore):
    stato, tipo, titolo = 401, "non-autenticato", "Credenziali assenti, scadute o non valide"


class Vietato(Errore):
    """The role lacks the operation, whatever the object."""

    stato, tipo, titolo = 403, "operazione-non-consentita", "Operazione non consentita a questo incarico"


class NonTrovato(Errore):
    """Everything about an object the caller may not see, and what does not exist: the same answer.

    `oggetto` is the identifier that was sought, for the audit trail alone: it is not in the answer.
    """

    stato, tipo, titolo = 404, "non-trovato", "Non trovato"
    oggetto: UUID | None = None

    @classmethod
    def cercando(cls, oggetto: UUID) -> Self:
        """Return the error of one who sought `oggetto`."""
        errore = cls()
        errore.oggetto = oggetto
        return errore


class Conflitto(Errore):
    stato, tipo, titolo = 409, "conflitto", "La richiesta contrasta con lo stato attuale"


class VersioneSuperata(Conflitto):
    """`If-Match` names a version that is no longer the current one (`versione_attuale` in the problem)."""

    tipo, titolo = "versione-superata", "Il documento è stato modificato da altri"


class StatoNonAmmesso(Conflitto):
    tipo, titolo = "stato-non-ammesso", "Operazione non ammessa nello stato attuale"


class DatiNonValidi(Errore):
    """Well-formed JSON whose content cannot be accepted. `campi` lists `{campo, motivo}`, never the value."""

    stato, tipo, titolo = 422, "dati-non-validi", "Dati non validi"

    @staticmethod
    def del_campo(campo: str, motivo: str, dettaglio: str = "I dati non possono essere accettati.") -> "DatiNonValidi":
        """Return the refusal of one field."""
        return DatiNonValidi(dettaglio, campi=[{"campo": campo, "motivo": motivo}])


class ChiaveRiusata(Errore):
    stato, tipo, titolo = (
        422,
        "chiave-di-idempotenza-riusata",
        "La chiave di idempotenza è già stata usata per un'altra richiesta",
    )


class PrecondizioneRichiesta(Errore):
    stato, tipo, titolo = 428, "precondizione-richiesta", "Manca l'intestazione If-Match"


class TroppoGrande(Errore):
    stato, tipo, titolo = 413, "richiesta-troppo-grande", "Richiesta troppo grande"


class TipoNonSupportato(Errore):
    stato, tipo, titolo = 415, "tipo-non-supportato", "Tipo di contenuto non supportato"


class ServizioEsterno(Errore):
    """An outside platform did not answer, or answered against its contract."""

    stato, tipo, titolo = 503, "servizio-esterno-non-disponibile", "Il servizio esterno non risponde"
