"""Priorities: lenses, figures with their doubt, rankings, portfolios, and what is worth learning next."""
