"""The protocol code of a domanda: by it alone it is named in a graduatoria, as in those that ambiti publish.

Drawn at random and not counted: from a number in sequence one would read how many domande there are that one may not see.
"""

import secrets

ALFABETO = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O: the code is read aloud and copied by hand."""

GRUPPI, LUNGHEZZA = 3, 4
"""31 characters to the twelfth are 59 bits: of a million domande, one chance in a million that two have the same."""


def nuovo() -> str:
    """Draw a code, such as `7KQM-2XHD-RW9T`."""
    return "-".join("".join(secrets.choice(ALFABETO) for _ in range(LUNGHEZZA)) for _ in range(GRUPPI))
