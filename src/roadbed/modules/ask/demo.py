"""Its part of the demo workspace."""
