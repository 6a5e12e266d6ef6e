"""How few clusters still give an error."""

LEAST_CLUSTERS = 6
"""Below so many, an error robust within clusters is far too small (Cameron and Miller, 2015)."""
