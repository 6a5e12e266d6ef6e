"""What a voice counts in a workspace now, and what it counted before."""

from __future__ import annotations

from roadbed.modules.insights.models import Weighting
from roadbed.modules.insights.models.demand import Weights, parse_weights


def weights_of(*, workspace_id: int) -> Weights:
    """Return the weights that hold: the newest edition, or the defaults."""
    newest = Weighting.objects.filter(workspace_id=workspace_id).order_by("-edition").first()
    return parse_weights(newest.weights, edition=newest.edition) if newest else Weights()


def weighted_segments(workspace_id: int) -> frozenset[str]:
    """Return the keys of the segments that have a weight of their own."""
    return frozenset(f"S-{number}" for number in weights_of(workspace_id=workspace_id).segments)


def editions_of(*, workspace_id: int, most: int = 20) -> list[Weighting]:
    """Return the editions, the newest first."""
    rows = Weighting.objects.filter(workspace_id=workspace_id).select_related("created_by")
    return list(rows.order_by("-edition")[:most])
