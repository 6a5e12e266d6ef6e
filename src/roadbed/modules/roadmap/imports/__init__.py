"""The roadmap from tables and to tables."""

from roadbed.modules.roadmap.imports.dependencies import DEPENDENCIES, DEPENDENCY_SOURCE, EXTERNALS
from roadbed.modules.roadmap.imports.exports import EXTERNAL_SOURCE, FEATURE_SOURCE, RELEASE_SOURCE
from roadbed.modules.roadmap.imports.tree import FEATURES, RELEASES

TARGETS = (RELEASES, FEATURES, EXTERNALS, DEPENDENCIES)
SOURCES = (FEATURE_SOURCE, RELEASE_SOURCE, EXTERNAL_SOURCE, DEPENDENCY_SOURCE)

__all__ = [
    "DEPENDENCIES",
    "DEPENDENCY_SOURCE",
    "EXTERNALS",
    "EXTERNAL_SOURCE",
    "FEATURES",
    "FEATURE_SOURCE",
    "RELEASES",
    "RELEASE_SOURCE",
    "SOURCES",
    "TARGETS",
]
