"""Stand-ins of INPS, PDND, an ASST and an OIDC issuer, for demo and tests only."""
