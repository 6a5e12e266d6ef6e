"""Reads of the module, by noun."""
