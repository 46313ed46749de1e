"""Schemas of the HTTP contract: what comes in, what goes out."""
