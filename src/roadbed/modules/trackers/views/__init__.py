"""Views of the trackers module."""
