"""Who may see what: principals, incarichi, the scope rule, audit."""
