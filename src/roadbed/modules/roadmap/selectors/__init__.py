"""Every read of the roadmap, by noun."""

from roadbed.modules.roadmap.selectors.features import (
    BOARD_HORIZONS,
    access_feature,
    board_columns,
    children_of,
    filter_features,
    level_of_tree,
    levels_below,
    path_of,
    progress_below,
    sibling_of,
)
from roadbed.modules.roadmap.selectors.releases import (
    access_release,
    features_of,
    filter_releases,
    progress_of,
)
from roadbed.modules.roadmap.selectors.tree import TREE, untrue_trails
from roadbed.modules.roadmap.selectors.words import (
    describe_feature,
    describe_release,
    feature_body,
    release_body,
)

__all__ = [
    "BOARD_HORIZONS",
    "TREE",
    "access_feature",
    "access_release",
    "board_columns",
    "children_of",
    "describe_feature",
    "describe_release",
    "feature_body",
    "features_of",
    "filter_features",
    "filter_releases",
    "level_of_tree",
    "levels_below",
    "path_of",
    "progress_below",
    "progress_of",
    "release_body",
    "sibling_of",
    "untrue_trails",
]
