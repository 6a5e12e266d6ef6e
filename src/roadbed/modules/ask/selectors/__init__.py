"""Its reads."""
