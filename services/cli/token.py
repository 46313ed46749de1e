"""Development tokens for registered operators."""

import asyncpg

from services.cli.terminale import ErroreComando
from services.core.platform.settings import Settings
from services.sandbox.oidc import EmittenteOidc


def emittente(settings: Settings) -> EmittenteOidc:
    """The development issuer. Raises `ErroreComando` in production, where tokens come from the identity provider."""
    if settings.produzione:
        raise ErroreComando("In produzione i token li rilascia il fornitore d'identità: questo comando è per lo sviluppo.")
    return EmittenteOidc(
        iss=settings.oidc_issuer,
        destinatario=settings.oidc_audience,
        stato=settings.stato_dir,
        produzione=settings.produzione,
    )


async def verifica_operatore(settings: Settings, soggetto: str) -> None:
    """Make sure that the operator is known to this database. Raises `ErroreComando` when not, or when it cannot be asked."""
    try:
        connessione = await asyncpg.connect(settings.dsn_app)
    except (OSError, asyncpg.PostgresError) as errore:
        raise ErroreComando("Il database non risponde: eseguire «ambito up», o «ambito migrate» e «ambito load».") from errore
    try:
        noto = await connessione.fetchval("SELECT operatore_del_token($1, $2)", settings.oidc_issuer, soggetto)
    except asyncpg.UndefinedFunctionError as errore:
        raise ErroreComando("Il database non ha ancora lo schema: eseguire prima «ambito migrate».") from errore
    finally:
        await connessione.close()
    if noto is None:
        raise ErroreComando(f"L'operatore «{soggetto}» non è registrato: gli esempi sono in examples/*/operatori.yaml.")
