"""The sandbox as one program: the development issuer, PDND, INPS (ISEE and the poller of the WaaS e-service), an ASST.

`python -m services.sandbox.main` listens on 127.0.0.1 only. What it knows comes from `examples/*/`.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
import uvicorn
from fastapi import FastAPI

from services.core.platform import registro
from services.core.platform.http import cliente_http
from services.core.platform.pdnd import ClientPdnd, ConfigurazionePdnd, VerificaVoucher
from services.core.platform.portachiavi import CoppiaChiavi, chiave_persistente
from services.core.platform.settings import RADICE_PROGETTO, Settings, get_settings
from services.core.territorio.carico import identificativo
from services.core.territorio.carico_fatti import segreto_di_esempio
from services.core.territorio.esempi import AmbitoEsempio, leggi
from services.sandbox import asst, inps, isee, oidc, pdnd
from services.sandbox.chiavi import rifiuta_produzione

ESEMPI = RADICE_PROGETTO / "examples"
CLIENT_INPS = UUID("00000000-0000-4000-8000-000000001495")
KID_INPS = "inps-sandbox"


def _nome(*parti: str) -> UUID:
    """A stable identifier of the sandbox's PDND catalogue."""
    return uuid5(NAMESPACE_URL, "/".join(("sandbox-pdnd", *parti)))


@lru_cache(maxsize=4)
def _leggi_esempi(esempi: Path) -> tuple[tuple[AmbitoEsempio, ...], tuple[isee.DatoISEE, ...]]:
    """Read the ambiti and the ISEE certificates of the examples; once per process, since parsing them is slow."""
    ambiti = tuple(leggi(percorso.parent) for percorso in sorted(esempi.glob("*/ambito.yaml")))
    return ambiti, isee.carica_dati(sorted(esempi.glob(f"*/{isee.NOME_FILE}")))


def _segreti_asst(settings: Settings, ambiti: Iterable[AmbitoEsempio]) -> list[str]:
    """The webhook secrets of the example destinations, as loading the examples makes them."""
    return [
        segreto_di_esempio(settings, identificativo(a.ambito.codice, "destinazione", d.ente, d.percorso))
        for a in ambiti
        for d in a.webhook.destinazioni
    ]


def _finalita(destinatario: str, consumatore: str, erogatore: str) -> pdnd.FinalitaRegistrata:
    return pdnd.FinalitaRegistrata(
        destinatario,
        consumatore=_nome("ente", consumatore),
        erogatore=_nome("ente", erogatore),
        eservice=_nome("eservice", destinatario),
        descrittore=_nome("descrittore", destinatario),
    )


def _registro(settings: Settings, chiavi_inps: CoppiaChiavi, audience_waas: Iterable[str]) -> pdnd.Registro:
    """Who may buy vouchers: this ambito for the ISEE, INPS for the WaaS e-service of each ente."""
    assert settings.pdnd_chiave_privata, "in sviluppo le impostazioni PDND sono sempre complete"
    ambito = chiave_persistente(settings.pdnd_chiave_privata, kid=settings.pdnd_kid)
    isee_ambito = {UUID(settings.pdnd_finalita_isee): _finalita(str(settings.isee_url), "ambito", "inps")}
    waas = {_nome("finalita", a): _finalita(a, "inps", a) for a in audience_waas}
    return {
        UUID(settings.pdnd_client_id): pdnd.ClientRegistrato({ambito.kid: ambito.pubblica}, isee_ambito),
        CLIENT_INPS: pdnd.ClientRegistrato({KID_INPS: chiavi_inps.pubblica}, waas),
    }


def _poller(settings: Settings, app: FastAPI, client: ClientPdnd, audience_waas: Iterable[str]) -> Iterable[inps.PollerINPS]:
    async def voucher(audience: str) -> str:
        return await client.voucher(_nome("finalita", audience))

    for audience in audience_waas:
        yield inps.PollerINPS(
            fabbrica_client=lambda: cliente_http(transport=app.state.trasporto_api),
            voucher=voucher,
            base_url=f"{settings.base_url}/waas/v1",
            audience=audience,
        )


def create_app(settings: Settings, *, esempi: Path = ESEMPI) -> FastAPI:
    """Build the sandbox. `app.state.trasporto_api` may be given a transport to the API, for tests without sockets;
    `app.state.pdnd` and `app.state.isee` are the stand-ins themselves.

    Raises:
        SandboxVietata: in production.
        EsempioNonValido, DatiNonCaricati: an example file is not usable.
    """
    rifiuta_produzione(settings.produzione)
    stato = settings.stato_dir
    chiavi_inps = chiave_persistente(stato / "pdnd_inps.pem", kid=KID_INPS)
    ambiti, attestazioni = _leggi_esempi(esempi)
    audience = [ente.audience for ambito in ambiti for ente in ambito.waas.enti]
    server = pdnd.PdndSandbox(
        iss=str(settings.pdnd_issuer),
        destinatario_asserzione=str(settings.pdnd_audience),
        registro=_registro(settings, chiavi_inps, audience),
        chiavi=chiave_persistente(stato / "pdnd_sandbox.pem"),
        produzione=settings.produzione,
    )
    app_pdnd = pdnd.app(server)
    cliente = cliente_http(transport=httpx.ASGITransport(app=app_pdnd))

    @asynccontextmanager
    async def vita(_: FastAPI) -> AsyncIterator[None]:
        yield
        await cliente.aclose()

    app = FastAPI(title="Sandbox di Ambito", lifespan=vita, docs_url=None, redoc_url=None)
    app.state.trasporto_api = None
    configurazione = ConfigurazionePdnd(
        "http://pdnd/token.oauth2", str(settings.pdnd_audience), CLIENT_INPS, KID_INPS, chiavi_inps.privata
    )
    inps.monta(app.state, _poller(settings, app, ClientPdnd(configurazione, cliente), audience))
    emittente = oidc.EmittenteOidc(
        iss=settings.oidc_issuer, destinatario=settings.oidc_audience, stato=stato, produzione=settings.produzione
    )
    voucher_isee = VerificaVoucher(
        iss=server.iss, jwks_url="pdnd", destinatari=frozenset({str(settings.isee_url)}), scarica=server.scarica
    )
    app.mount("/oidc", oidc.app(emittente))
    app.mount("/pdnd", app_pdnd)
    servizio_isee = isee.IseeSandbox(attestazioni, voucher_isee)
    app.state.pdnd, app.state.isee = server, servizio_isee
    app.mount("/inps/isee", isee.app(servizio_isee))
    app.include_router(inps.router)
    app.include_router(asst.crea_router(asst.StatoAsst(segreti=_segreti_asst(settings, ambiti))))
    return app


def main() -> None:
    """Serve the sandbox until a signal ends it."""
    settings = get_settings()
    registro.configura(settings.log_livello)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=settings.sandbox_port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
