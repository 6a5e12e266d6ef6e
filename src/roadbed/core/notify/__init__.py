"""Telling people and machines what changed."""
