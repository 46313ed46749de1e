"""Piano di Zona: objectives and indicators."""
