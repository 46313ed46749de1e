"""Ambiti, Comuni, enti, services, competenze and deleghe."""
