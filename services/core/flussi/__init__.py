"""Flows to the State: SIUSS by WaaS."""
