"""The tree over the leaves of a batch, as in RFC 6962 §2.1: a later proof on one row needs no other row of its batch."""

import hashlib

FOGLIA, NODO = b"\x00", b"\x01"
"""What is hashed before a leaf and before a node, so that the one can never pass for the other."""


class Albero:
    """Takes leaf hashes in order and keeps only the roots of complete subtrees: memory grows with the logarithm."""

    def __init__(self) -> None:
        self._alte: list[tuple[int, bytes]] = []

    def aggiungi(self, foglia: bytes) -> None:
        """Add the next leaf hash."""
        altezza = 0
        while self._alte and self._alte[-1][0] == altezza:
            foglia = _nodo(self._alte.pop()[1], foglia)
            altezza += 1
        self._alte.append((altezza, foglia))

    def radice(self) -> bytes:
        """Return the root of what was added. There is no root of nothing: a batch has at least one row."""
        radice = self._alte[-1][1]
        for _, sinistra in reversed(self._alte[:-1]):
            radice = _nodo(sinistra, radice)
        return radice


def _nodo(sinistra: bytes, destra: bytes) -> bytes:
    return hashlib.sha256(NODO + sinistra + destra).digest()
