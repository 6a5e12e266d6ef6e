"""Trackers: the roadmap’s features and the issues of other people’s trackers, kept the same both ways."""
