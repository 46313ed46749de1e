"""From the rows and results of the domain to the schemas of the answers, where the two differ in shape."""
