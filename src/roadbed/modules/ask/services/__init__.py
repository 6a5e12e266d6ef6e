"""Its writes."""
