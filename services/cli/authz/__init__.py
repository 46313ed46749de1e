"""`ambito authz`: the authorization matrix, executed on an invented world."""
