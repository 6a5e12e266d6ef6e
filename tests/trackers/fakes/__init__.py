"""A local server for each tracker, which answers as its published API does."""
