"""The plan: a tree of features in two lanes, the releases they ship in, and when each status was entered."""

from roadbed.modules.roadmap.models.deeds import Deed
from roadbed.modules.roadmap.models.features import (
    CLOSED,
    LEVEL_ORDER,
    STATUS_ORDER,
    Feature,
    Horizon,
    Lane,
    Level,
    Status,
    StatusSpell,
)
from roadbed.modules.roadmap.models.releases import Release

__all__ = [
    "CLOSED",
    "LEVEL_ORDER",
    "STATUS_ORDER",
    "Deed",
    "Feature",
    "Horizon",
    "Lane",
    "Level",
    "Release",
    "Status",
    "StatusSpell",
]
