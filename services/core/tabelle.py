"""Every table of Ambito, imported once: what migrations and the policies' tests look at."""

from services.core.access import models as _access
from services.core.cartelle import models as _cartelle
from services.core.contitolarita import models as _contitolarita
from services.core.emergenze import models as _emergenze
from services.core.flussi import models as _flussi
from services.core.misure import models as _misure
from services.core.persone import models as _persone
from services.core.piano import models as _piano
from services.core.pippi import models as _pippi
from services.core.platform import eventi as _eventi
from services.core.platform import idempotenza as _idempotenza
from services.core.platform.modelli import metadata
from services.core.progetti import models as _progetti
from services.core.sigillo import models as _sigillo
from services.core.territorio import models as _territorio
from services.core.valutazioni import models as _valutazioni
from services.core.webhooks import models as _webhooks

AREE = (
    _access,
    _cartelle,
    _emergenze,
    _contitolarita,
    _eventi,
    _flussi,
    _idempotenza,
    _misure,
    _persone,
    _piano,
    _pippi,
    _progetti,
    _sigillo,
    _territorio,
    _valutazioni,
    _webhooks,
)

__all__ = ["AREE", "metadata", "nomi_tabelle"]


def nomi_tabelle() -> list[str]:
    """Names of the tables, in alphabetical order."""
    return sorted(metadata.tables)
