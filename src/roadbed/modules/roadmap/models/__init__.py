"""The plan: a tree of features in two lanes, what they take and wait for, who builds them, and what they are for."""

from roadbed.modules.roadmap.models.baselines import Baseline, FrozenState
from roadbed.modules.roadmap.models.branches import Branch, BranchChange, BranchOutlook
from roadbed.modules.roadmap.models.capacity import Absence, Seat, Skill, SkillNeed, TeamDay, TeamPlan
from roadbed.modules.roadmap.models.dates import TECHNICAL_WORK, Hardness, Size, Work
from roadbed.modules.roadmap.models.deeds import Deed
from roadbed.modules.roadmap.models.dependencies import Dependency, External, Tie
from roadbed.modules.roadmap.models.estimates import Estimate, EstimateRound, Opinion, Origin
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
from roadbed.modules.roadmap.models.forecasts import ForecastRow, PlanForecast
from roadbed.modules.roadmap.models.objectives import CheckIn, Direction, KeyResult, Objective
from roadbed.modules.roadmap.models.records import TeamRecord
from roadbed.modules.roadmap.models.releases import Release
from roadbed.modules.roadmap.models.risks import Risk
from roadbed.modules.roadmap.models.shares import Share

__all__ = [
    "CLOSED",
    "LEVEL_ORDER",
    "STATUS_ORDER",
    "TECHNICAL_WORK",
    "Absence",
    "Baseline",
    "Branch",
    "BranchChange",
    "BranchOutlook",
    "CheckIn",
    "Deed",
    "Dependency",
    "Direction",
    "Estimate",
    "EstimateRound",
    "External",
    "Feature",
    "ForecastRow",
    "FrozenState",
    "Hardness",
    "Horizon",
    "KeyResult",
    "Lane",
    "Level",
    "Objective",
    "Opinion",
    "Origin",
    "PlanForecast",
    "Release",
    "Risk",
    "Seat",
    "Share",
    "Size",
    "Skill",
    "SkillNeed",
    "Status",
    "StatusSpell",
    "TeamDay",
    "TeamPlan",
    "TeamRecord",
    "Tie",
    "Work",
]
