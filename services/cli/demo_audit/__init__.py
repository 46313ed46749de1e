"""`make demo-audit`: real requests sealed and witnessed, then every way of tampering tried as the tables' owner, and found."""
