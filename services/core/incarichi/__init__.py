"""Incarichi: ended, covered by a colleague for some days, handed over. They are given elsewhere (`territorio.carico`)."""
