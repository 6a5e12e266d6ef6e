"""Pages and deeds that every kind of record shares, by noun."""
