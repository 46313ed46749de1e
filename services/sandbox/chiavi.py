"""What keeps the sandbox out of production."""


class SandboxVietata(RuntimeError):
    """The sandbox issues credentials to whoever asks: it never runs in production."""


def rifiuta_produzione(produzione: bool) -> None:
    """Stop unless this is development or a test.

    Raises:
        SandboxVietata: `produzione` is true.
    """
    if produzione:
        raise SandboxVietata("La sandbox rilascia credenziali a chiunque: in produzione non si avvia.")
