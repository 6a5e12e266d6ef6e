"""Trackers: issues and features kept the same, against servers on the loopback that behave as the published APIs do."""
