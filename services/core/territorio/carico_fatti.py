"""What the loading computes from the files: facts of a cartella, options of an avviso, the secret of a sandbox receiver."""

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.core.access.ruoli import Classe
from services.core.cartelle.models import Cartella, Fatto
from services.core.misure.opzioni import OpzioniAvviso
from services.core.platform.settings import Settings
from services.core.territorio.esempi_file import AvvisoEsempio, CartellaEsempio

SCHEMA_CERTIFICAZIONE = "certificazione/1"


def fatti(esempio: CartellaEsempio, cartella: Cartella, ora: datetime) -> list[Fatto]:
    """The certifications known about a person, as facts. That one exists is a need to know of every measure (BISOGNO); the
    diagnosis it rests on is not kept."""
    return [
        Fatto(
            ambito_id=cartella.ambito_id,
            cartella_id=cartella.id,
            tipo=f"certificazione.{r.requisito}",
            classe=int(Classe.BISOGNO),
            valore={"stato": r.stato},
            fonte=r.fonte,
            schema_dati=SCHEMA_CERTIFICAZIONE,
            valido_dal=r.dal,
            valido_al=r.al,
            registrato_il=ora,
        )
        for r in esempio.requisiti
    ]


def opzioni_errate(avviso: AvvisoEsempio) -> str | None:
    """Say which options are not those of the measure's form; None when all are right."""
    try:
        OpzioniAvviso.model_validate(avviso.opzioni)
    except ValidationError as errore:
        return ", ".join(".".join(str(p) for p in voce["loc"]) or "insieme" for voce in errore.errors(include_input=False))
    return None


def opzioni(avviso: AvvisoEsempio) -> dict[str, Any]:
    """The options of an avviso in the form they are stored."""
    return OpzioniAvviso.model_validate(avviso.opzioni).model_dump(mode="json")


def segreto_di_esempio(settings: Settings, destinazione_id: UUID) -> str:
    """The signing secret of a receiver of the sandbox, computed from the installation's own: who holds the settings (the
    sandbox, the demo) finds it without asking. Never for a real receiver, whose secret is random and shown once."""
    chiave = settings.segreto_webhook.get_secret_value().encode()
    impronta = hmac.new(chiave, b"ambito.webhook.esempio:" + destinazione_id.bytes, hashlib.sha256).digest()
    return "whsec_" + b64encode(impronta).decode()
