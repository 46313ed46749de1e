"""Identifiers: UUID version 7 (RFC 9562), so that primary keys grow with time and indexes stay dense."""

from uuid import UUID

from uuid_utils.compat import uuid7


def nuovo_id() -> UUID:
    """Return a new UUIDv7."""
    return uuid7()
