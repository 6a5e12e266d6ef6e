"""Services of the trackers module."""
