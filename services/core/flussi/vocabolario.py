"""The words of the flows that tables, rules and contract share. No I/O."""

from enum import StrEnum


class TipoFlusso(StrEnum):
    """The two kinds of flow of the WaaS contract (INPS, WAAS-SIUSS-Alimentazione 2.0.1)."""

    PS_PSA_SINA = "PS_PSA_SINA"
    SINBA = "SINBA"


class Operazione(StrEnum):
    """`TipoOperazione` of PS_PSA_SINA: there is no update, a correction is C and then, after its outcome, I."""

    INSERIMENTO = "I"
    CANCELLAZIONE = "C"
