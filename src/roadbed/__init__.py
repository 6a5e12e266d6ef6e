"""Roadbed: the evidence under a roadmap."""

__version__ = "0.1.0"
