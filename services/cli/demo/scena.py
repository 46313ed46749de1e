"""What the steps of the demonstration share: clients, tokens, what earlier steps found; and the way to say what must hold."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import httpx

from services.cli.supervisore import Pila
from services.cli.token import emittente
from services.core.platform.ids import nuovo_id

T = TypeVar("T")


class NonRegge(Exception):
    """Something a step promised does not hold; the text says what."""


def esigi(condizione: object, cosa: str) -> None:
    """Raise `NonRegge` unless `condizione` holds."""
    if not condizione:
        raise NonRegge(cosa)


@dataclass(frozen=True, slots=True)
class Risposta:
    """An answer of the API with the expected status: its JSON, its version (0 without ETag), its bytes."""

    corpo: Any
    versione: int
    byte: bytes


class Memoria:
    """What steps leave to those after them; each name exists from the step that sets it."""

    cartella: UUID
    avviso: UUID
    domanda: UUID
    equipe: UUID
    progetto: UUID
    assegnazione: UUID
    indicatore_prima: int
    indicatore_s: float


class Scena:
    """One run of the demonstration against running programs."""

    def __init__(self, pila: Pila) -> None:
        self.pila = pila
        self.settings = pila.settings
        self.memoria = Memoria()
        self.api = httpx.Client(base_url=pila.indirizzo_api, trust_env=False, timeout=20.0)
        self.sandbox = httpx.Client(base_url=pila.settings.sandbox_url, trust_env=False, timeout=20.0)
        self._emittente = emittente(pila.settings)
        self._token: dict[str, str] = {}

    def chiudi(self) -> None:
        """Close the clients."""
        self.api.close()
        self.sandbox.close()

    def token(self, chi: str) -> str:
        """The token of an example operator, as her identity provider would give it."""
        if chi not in self._token:
            self._token[chi] = self._emittente.token(chi)
        return self._token[chi]

    def chiedi(
        self,
        chi: str,
        metodo: str,
        percorso: str,
        *,
        stato: int = 200,
        corpo: object = None,
        versione: int | None = None,
        finalita: str | None = None,
        chiave: str | None = None,
        filtri: Mapping[str, str] | None = None,
    ) -> Risposta:
        """Ask the API as the operator `chi`; every POST carries an `Idempotency-Key`.

        Raises:
            NonRegge: the status is not `stato`, or an error is not problem+json.
        """
        intestazioni = {"Authorization": f"Bearer {self.token(chi)}"}
        if versione is not None:
            intestazioni["If-Match"] = f'"{versione}"'
        if finalita is not None:
            intestazioni["Finalita"] = finalita
        if metodo == "POST":
            intestazioni["Idempotency-Key"] = chiave or str(nuovo_id())
        risposta = self.api.request(metodo, percorso, headers=intestazioni, json=corpo, params=dict(filtri or {}))
        tipo = risposta.headers.get("content-type", "").partition(";")[0]
        if risposta.status_code != stato:
            raise NonRegge(f"{metodo} {percorso} di {chi}: atteso {stato}, avuto {risposta.status_code}{_perche(risposta)}")
        esigi(stato < 400 or tipo == "application/problem+json", f"{metodo} {percorso}: l'errore non è problem+json")
        letto = risposta.json() if risposta.content else None
        etag = risposta.headers.get("etag", "").strip('"')
        return Risposta(letto, int(etag) if etag.isdigit() else 0, risposta.content)

    def elenco(self, chi: str, percorso: str, **altro: Any) -> Iterator[dict[str, Any]]:
        """Every element of a list, page after page."""
        filtri: dict[str, str] = dict(altro.pop("filtri", {}))
        while True:
            pagina = self.chiedi(chi, "GET", percorso, filtri=filtri, **altro).corpo
            yield from pagina["elementi"]
            if pagina["successivo"] is None:
                return
            filtri["cursore"] = pagina["successivo"]

    def cartella_di(self, chi: str, codice_fiscale: str) -> UUID:
        """The cartella of a person, found by her exact codice fiscale in a POST. Raises `NonRegge` when `chi` may not see it."""
        trovata = self.chiedi(
            chi, "POST", "/persone/ricerca", corpo={"codice_fiscale": codice_fiscale}, finalita="presa_in_carico"
        ).corpo
        esigi(trovata["cartella_id"], f"{chi} non vede la cartella cercata")
        return UUID(trovata["cartella_id"])


def _perche(risposta: httpx.Response) -> str:
    """What a problem says of itself."""
    if not risposta.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    problema = risposta.json()
    return f": {problema.get('detail')} {problema.get('campi') or ''}".rstrip()


def attendi(cosa: str, prova: Callable[[], T | None], secondi: float = 20.0) -> T:
    """Repeat `prova` until it gives something. Raises `NonRegge` when time runs out."""
    scadenza = time.monotonic() + secondi
    while True:
        trovato = prova()
        if trovato:
            return trovato
        if time.monotonic() > scadenza:
            raise NonRegge(f"dopo {secondi:.0f} s ancora nulla: {cosa}")
        time.sleep(0.05)
