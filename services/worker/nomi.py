"""Names that a wake-up may carry besides those of the readers."""

INVII = "invii"
"""Wakes the sender of webhooks."""

PULIZIA = "pulizia"
"""Wakes the removal of what is kept only for a time."""
