"""Its writes, by noun."""
