"""The witness of the audit trail: a program of its own, with its own key and file, for another machine and another organisation.

It needs no database and no setting of Ambito: `ambito testimone avvia --help`, deploy/README.md.
"""
