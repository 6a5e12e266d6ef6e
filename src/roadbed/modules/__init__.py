"""Vertical slices; each meets its siblings only through `facade`."""
