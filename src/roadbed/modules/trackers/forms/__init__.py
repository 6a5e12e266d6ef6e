"""Forms of the trackers module."""
