"""Break-glass: a cartella opened for a few hours by the pronto intervento, and what is said of it afterwards."""
