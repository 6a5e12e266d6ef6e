"""Template tags of the web parts."""
