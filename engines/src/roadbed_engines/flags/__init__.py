"""Flags: rules compiled once, then asked as a pure function of a context."""
