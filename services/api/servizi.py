"""The outside services of the process, built from the settings: who verifies tokens and vouchers, who asks INPS."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from uuid import UUID

import httpx

from services.core.misure.isee_client import (
    AttestazioneISEE,
    ConsultazioneISEE,
    ConsultazioneISEEPdnd,
    IseeNonTrovato,
    TipoIndicatore,
)
from services.core.platform.chiavi import ChiaveNonValida, Scarica
from services.core.platform.errori import ServizioEsterno
from services.core.platform.http import cliente_http, scarica_json
from services.core.platform.pdnd import ClientPdnd, ConfigurazionePdnd, VerificaVoucher, VoucherVerificato
from services.core.platform.portachiavi import chiave_persistente, leggi_chiave
from services.core.platform.settings import ConfigurazioneNonValida, Settings
from services.core.platform.tokens import Emittente, VerificatoreToken


class IseeNonConfigurato:
    """Stands for INPS where this installation has no PDND purpose for the ISEE."""

    async def consulta(
        self,
        codice_fiscale: str,
        *,
        data_validita: date,
        tipo_indicatore: TipoIndicatore | None = None,
        codice_soglia: str | None = None,
    ) -> AttestazioneISEE | IseeNonTrovato:
        """Raises ServizioEsterno, always."""
        del codice_fiscale, data_validita, tipo_indicatore, codice_soglia
        raise ServizioEsterno("La consultazione ISEE di INPS non è configurata in questa installazione")


@dataclass(slots=True)
class Servizi:
    """`verificatore` reads operators' tokens, `isee` asks INPS, `verifica_voucher` is for the consumers of our e-services."""

    verificatore: VerificatoreToken
    isee: ConsultazioneISEE
    voucher: VerificaVoucher | None
    cliente: httpx.AsyncClient

    async def verifica_voucher(self, token: str) -> VoucherVerificato:
        """Verify a PDND voucher. Its audience must then be looked up among those of the enti (`app_entra_waas`).

        Raises:
            TokenNonValido: refused.
            ServizioEsterno: PDND is not configured here, or its keys cannot be had.
        """
        if self.voucher is None:
            raise ServizioEsterno("PDND non è configurata in questa installazione")
        return await self.voucher.verifica(token)

    async def chiudi(self) -> None:
        """Close the connections."""
        await self.cliente.aclose()


def costruisci(settings: Settings, *, trasporto: httpx.AsyncBaseTransport | None = None) -> Servizi:
    """Build the services. `trasporto` carries the outgoing HTTP in tests.

    Raises:
        ConfigurazioneNonValida: an identifier or the private key of PDND is not usable.
    """
    cliente = cliente_http(transport=trasporto)
    scarica = partial(scarica_json, cliente)
    operatori = Emittente(settings.oidc_issuer, frozenset({settings.oidc_audience}), settings.oidc_jwks_url)
    return Servizi(
        verificatore=VerificatoreToken([operatori], scarica),
        isee=_isee(settings, cliente),
        voucher=_voucher(settings, scarica),
        cliente=cliente,
    )


def _voucher(settings: Settings, scarica: Scarica) -> VerificaVoucher | None:
    if not settings.pdnd_issuer or not settings.pdnd_jwks_url:
        return None
    return VerificaVoucher(iss=settings.pdnd_issuer, jwks_url=settings.pdnd_jwks_url, scarica=scarica)


def _isee(settings: Settings, cliente: httpx.AsyncClient) -> ConsultazioneISEE:
    configurazione = configurazione_pdnd(settings)
    if configurazione is None or not settings.isee_url or not settings.pdnd_finalita_isee:
        return IseeNonConfigurato()
    return ConsultazioneISEEPdnd(
        url=settings.isee_url,
        finalita=_uuid("AMBITO_PDND_FINALITA_ISEE", settings.pdnd_finalita_isee),
        pdnd=ClientPdnd(configurazione, cliente),
        cliente=cliente,
    )


def configurazione_pdnd(settings: Settings) -> ConfigurazionePdnd | None:
    """Return our registration at PDND, or None when the settings name none. In development the key is made at first use.

    Raises:
        ConfigurazioneNonValida: the client identifier or the key is not usable.
    """
    s = settings
    if not (s.pdnd_token_url and s.pdnd_audience and s.pdnd_client_id and s.pdnd_kid and s.pdnd_chiave_privata):
        return None
    leggi = leggi_chiave if s.produzione else chiave_persistente
    try:
        chiavi = leggi(s.pdnd_chiave_privata, kid=s.pdnd_kid)
    except (OSError, ChiaveNonValida):
        raise ConfigurazioneNonValida(
            "AMBITO_PDND_CHIAVE_PRIVATA non indica una chiave RSA leggibile di almeno 2048 bit."
        ) from None
    return ConfigurazionePdnd(
        url_token=s.pdnd_token_url,
        destinatario_asserzione=s.pdnd_audience,
        client_id=_uuid("AMBITO_PDND_CLIENT_ID", s.pdnd_client_id),
        kid=s.pdnd_kid,
        chiave_privata=chiavi.privata,
    )


def _uuid(variabile: str, valore: str) -> UUID:
    try:
        return UUID(valore)
    except ValueError:
        raise ConfigurazioneNonValida(f"{variabile} non è un UUID.") from None
