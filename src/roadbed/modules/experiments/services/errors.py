"""Why a deed on a flag is refused."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError

from roadbed.core.records.services import NotUndoableError
from roadbed.modules.experiments.services.obstacles import Obstacle
from roadbed_engines.flags.definitions import Problem


class FlagRefusedError(ValidationError):
    """The definition cannot be kept or published; each problem has its place in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__({"definition": [str(problem) for problem in problems]})


class DraftConflictError(NotUndoableError):
    """Somebody published, or changed the draft, since it was read."""


class NotApprovedError(NotUndoableError):
    """The environment asks for approvals that are not there yet."""


class WrongStateError(NotUndoableError):
    """The experiment is not in the state that the deed takes."""


class ExperimentRefusedError(ValidationError):
    """The experiment could not be answered; each obstacle says why, and what would mend it."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        self.obstacles = tuple(obstacles)
        super().__init__({"experiment": [one.sentence for one in obstacles]})
