"""Pages and fragments, by noun."""
