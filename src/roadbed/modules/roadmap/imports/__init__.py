"""The roadmap from tables and to tables."""

from roadbed.modules.roadmap.imports.exports import FEATURE_SOURCE, RELEASE_SOURCE
from roadbed.modules.roadmap.imports.tree import FEATURES, RELEASES

TARGETS = (RELEASES, FEATURES)
SOURCES = (FEATURE_SOURCE, RELEASE_SOURCE)

__all__ = ["FEATURES", "FEATURE_SOURCE", "RELEASES", "RELEASE_SOURCE", "SOURCES", "TARGETS"]
