"""Équipe and multidimensional assessment."""
