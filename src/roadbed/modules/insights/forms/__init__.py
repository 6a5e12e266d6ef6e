"""Forms, by noun."""
