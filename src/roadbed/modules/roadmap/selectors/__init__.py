"""Every read of the roadmap, by noun."""

from roadbed.modules.roadmap.selectors.tree import TREE
from roadbed.modules.roadmap.selectors.words import (
    describe_feature,
    describe_release,
    feature_body,
    release_body,
)

__all__ = ["TREE", "describe_feature", "describe_release", "feature_body", "release_body"]
