"""The `ambito` command."""
