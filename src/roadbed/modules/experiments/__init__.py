"""Experiments: flags, and what they let a team find out."""
