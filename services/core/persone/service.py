"""Persons and households: the only writer. A person enters the records only together with a cartella or a household."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import col

from services.core.access.contesto import Contesto
from services.core.persone import codice_fiscale
from services.core.persone.models import Componente, Nucleo, Persona, Relazione, Sesso
from services.core.platform.errori import DatiNonValidi
from services.core.territorio.models import Comune

ETA_MASSIMA = 125


@dataclass(frozen=True, slots=True)
class DatiPersona:
    """Identity of a person as an operator declares it. `comune_residenza` is an ISTAT code, `comune_nascita` a Belfiore one."""

    cognome: str
    nome: str
    data_nascita: date
    sesso: Sesso
    comune_residenza: str
    codice_fiscale: str | None = None
    comune_nascita: str | None = None
    cittadinanza: str = "380"
    protetta: bool = False


def verifica(dati: DatiPersona, al: date) -> None:
    """Check an identity on the day `al`.

    Raises:
        DatiNonValidi: born after `al` or too long before.
        CodiceFiscaleNonValido: wrong in itself or against the other data.
    """
    if dati.data_nascita > al:
        raise DatiNonValidi.del_campo("data_nascita", "è nel futuro")
    if al.year - dati.data_nascita.year > ETA_MASSIMA:
        raise DatiNonValidi.del_campo("data_nascita", f"è di oltre {ETA_MASSIMA} anni fa")
    if dati.codice_fiscale is not None and len(codice_fiscale.valida(dati.codice_fiscale, ammetti_provvisorio=True)) == 16:
        letto = codice_fiscale.leggi(dati.codice_fiscale)
        letto.verifica_coerenza(data_nascita=dati.data_nascita, sesso=dati.sesso.value, luogo=dati.comune_nascita)


async def comune(ctx: Contesto, codice_istat: str) -> Comune:
    """Return a Comune of the caller's ambito by ISTAT code, or raise DatiNonValidi."""
    trovato = (await ctx.sessione.execute(sa.select(Comune).where(col(Comune.codice_istat) == codice_istat))).scalar_one_or_none()
    if trovato is None:
        raise DatiNonValidi.del_campo("comune_residenza", "Comune sconosciuto in questo ambito")
    return trovato


async def crea(ctx: Contesto, dati: DatiPersona, *, celata: bool = False) -> Persona:
    """Add a person. The row is visible to the caller only once a cartella or a household holds her.

    `celata`: she enters as household of a reserved cartella; her codice fiscale neither meets nor makes a conflict.
    """
    verifica(dati, ctx.data_riferimento)
    persona = Persona(
        ambito_id=ctx.principal.ambito_id,
        cognome=dati.cognome,
        nome=dati.nome,
        data_nascita=dati.data_nascita,
        sesso=dati.sesso,
        codice_fiscale=dati.codice_fiscale.upper() if dati.codice_fiscale else None,
        comune_nascita=dati.comune_nascita,
        comune_residenza_id=(await comune(ctx, dati.comune_residenza)).id,
        cittadinanza=dati.cittadinanza,
        protetta=dati.protetta,
        celata=celata,
    )
    ctx.sessione.add(persona)
    await ctx.sessione.flush()  # the unique codice fiscale speaks before the cartella is added
    return persona


async def crea_nucleo(ctx: Contesto) -> Nucleo:
    """Add an empty household."""
    nucleo = Nucleo(ambito_id=ctx.principal.ambito_id)
    ctx.sessione.add(nucleo)
    await ctx.sessione.flush()  # the cartella refers to it
    return nucleo


async def aggiungi_a_nucleo(ctx: Contesto, nucleo_id: UUID, persona_id: UUID, relazione: Relazione, dal: date) -> Componente:
    """Put a person into a household from `dal` on."""
    componente = Componente(
        ambito_id=ctx.principal.ambito_id, nucleo_id=nucleo_id, persona_id=persona_id, relazione=relazione, dal=dal
    )
    ctx.sessione.add(componente)
    await ctx.sessione.flush()  # a person twice in a household is refused here
    return componente
