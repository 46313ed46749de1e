"""How the value of an indicator is compared with the expected one."""

from enum import StrEnum


class Verso(StrEnum):
    ALMENO = ">="
    AL_PIU = "<="
    PARI = "="
