"""The seal of the audit trail: numbers, chain, signatures, erasure, witness, verification (docs/adr/0012)."""
