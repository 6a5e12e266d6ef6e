"""The chain from a sentence to a result."""
