"""The forms of experiments."""
