"""Signed deliveries to other systems."""
