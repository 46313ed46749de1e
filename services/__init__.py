"""Ambito: the open backend of an Italian ambito territoriale sociale."""
