"""Forms of the module, by noun."""
