"""Alignment: where people stand apart, and what they say to each other about it."""
