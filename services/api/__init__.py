"""The HTTP edge: token, principal, one transaction, answer."""
