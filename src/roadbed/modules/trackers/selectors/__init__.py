"""Selectors of the trackers module."""
