"""P.I.P.P.I.: the case of a child and its team."""
