"""The keys of the seal, where the settings say. In development both the sealer's and the witness's are made at first use."""

from services.core.platform.chiavi import ChiaveNonValida
from services.core.platform.settings import ConfigurazioneNonValida, Settings
from services.core.sigillo.firme import Fiducia, Firmatario, firmatario_persistente, leggi_privata, leggi_pubblica


def firmatario(settings: Settings) -> Firmatario:
    """The sealer's key. Raises `ConfigurazioneNonValida` when it is missing or unusable."""
    if settings.sigillo_chiave is None:
        raise ConfigurazioneNonValida("In produzione manca AMBITO_SIGILLO_CHIAVE, la chiave con cui si sigilla l'audit.")
    try:
        return leggi_privata(settings.sigillo_chiave) if settings.produzione else firmatario_persistente(settings.sigillo_chiave)
    except (OSError, ChiaveNonValida) as errore:
        raise ConfigurazioneNonValida(f"AMBITO_SIGILLO_CHIAVE non è utilizzabile: {errore}") from None


def crea_chiavi(settings: Settings) -> None:
    """Make both keys, outside production, where they are missing. Raises `ConfigurazioneNonValida`."""
    firmatario(settings)
    fiducia_nel_testimone(settings)


def fiducia_nel_testimone(settings: Settings) -> Fiducia:
    """The witness's public key. Raises `ConfigurazioneNonValida` when it, or the witness's address, is missing or unusable."""
    if settings.testimone_chiave is None or settings.testimone_url is None:
        raise ConfigurazioneNonValida("In produzione mancano AMBITO_TESTIMONE_URL e AMBITO_TESTIMONE_CHIAVE del testimone.")
    try:
        if not settings.produzione and not settings.testimone_chiave.exists():
            firmatario_persistente(settings.testimone_chiave.with_suffix(".pem"))
        return Fiducia([leggi_pubblica(settings.testimone_chiave)])
    except (OSError, ChiaveNonValida) as errore:
        raise ConfigurazioneNonValida(f"AMBITO_TESTIMONE_CHIAVE non è utilizzabile: {errore}") from None
