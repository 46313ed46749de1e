"""The cartella sociale: one record of the person."""
