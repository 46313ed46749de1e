"""ETag and If-Match: the version of a document, so that two writers do not overwrite each other (RFC 9110 §13.1.1).

A change without `If-Match` is 428 (RFC 6585); a stale version is 409 with the current one (docs/adr/0008).
"""

import re
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from services.core.platform.errori import PrecondizioneRichiesta, RichiestaMalformata

_MODELLO = '^"[1-9][0-9]{0,17}"$'
_FORTE = re.compile(_MODELLO)

INTESTAZIONE_ETAG: dict[str, Any] = {
    "ETag": {
        "description": "Versione del documento, da rimandare in If-Match.",
        "schema": {"type": "string", "maxLength": 20, "pattern": _MODELLO},
    }
}
"""For `responses={200: {"headers": INTESTAZIONE_ETAG}}`."""


def etag(versione: int) -> str:
    """Return the strong entity tag of `versione`."""
    return f'"{versione}"'


def leggi_if_match(valori: list[str]) -> int:
    """Return the version named by `If-Match`.

    Raises:
        PrecondizioneRichiesta: the header is missing.
        RichiestaMalformata: `*`, a weak tag, a list, or a tag that is not one of ours.
    """
    if not valori:
        raise PrecondizioneRichiesta("Indicare in If-Match la versione del documento che si vuole cambiare.")
    trovato = _FORTE.fullmatch(valori[0].strip()) if len(valori) == 1 else None
    if trovato is None:
        raise RichiestaMalformata('If-Match deve essere un solo ETag forte, per esempio "3".')
    return int(trovato[0][1:-1])


async def _versione(
    request: Request,
    if_match: Annotated[  # noqa: ARG001  # declared for the contract; read below, where repetitions are seen
        str | None,
        Header(
            alias="If-Match",
            description="ETag della versione che si vuole cambiare.",
            max_length=64,
            json_schema_extra={"pattern": _MODELLO},
        ),
    ] = None,
) -> int:
    return leggi_if_match(request.headers.getlist("if-match"))


VersioneAttesa = Annotated[int, Depends(_versione)]
"""The version the caller read: `versione: VersioneAttesa` in the endpoint of a change."""
