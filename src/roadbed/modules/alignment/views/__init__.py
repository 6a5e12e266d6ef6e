"""Pages of the module, by noun."""
