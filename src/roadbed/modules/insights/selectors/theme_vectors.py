"""The vectors of open feedback, as themes are found from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roadbed.core.vectors import selectors as vectors
from roadbed.modules.insights.models import Feedback


@dataclass(frozen=True, slots=True)
class FeedbackVectors:
    """`ids` has shape (n,), `vectors` shape (n, d): rows of length 1. Whose cosine reaches `suggest` is alike."""

    ids: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.float32]
    model: str
    suggest: float


def read(*, workspace_id: int) -> FeedbackVectors:
    """Return the vectors of the feedback that is open and alive and says something."""
    found = vectors.vectors_of(workspace_id=workspace_id, kinds=["feedback"])
    ids = np.array(found.ids, dtype=np.int64)
    open_ = np.fromiter(
        Feedback.objects.in_workspace(workspace_id).values_list("pk", flat=True).iterator(chunk_size=5000),
        dtype=np.int64,
    )
    here = np.isin(ids, open_) & (found.matrix != 0).any(axis=1)
    suggest = vectors.embedder_of(workspace_id=workspace_id).thresholds.suggest
    return FeedbackVectors(ids=ids[here], vectors=found.matrix[here], model=found.model, suggest=suggest)
