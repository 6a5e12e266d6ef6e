"""What asking a flag gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Reason = Literal["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "ERROR"]
ErrorCode = Literal["", "FLAG_NOT_FOUND", "TYPE_MISMATCH", "TARGETING_KEY_MISSING", "PARSE_ERROR", "GENERAL"]
Context = Mapping[str, Any]
KEPT = "kept"
"""Where a context carries what its units keep: `{"user||7": {"experiment__1": "blue"}}`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a flag says. Without `has_value` the caller's code default counts."""

    flag: str
    value: Any = None
    variant: str | None = None
    reason: Reason = "STATIC"
    has_value: bool = False
    rule: str = ""
    experiment: str = ""
    why: str = ""
    error: ErrorCode = ""
    keep: tuple[str, str, str] | None = None
    """For a sticky rule: where, under which name and what the caller is to keep."""


Ask = Callable[[Context], Answer]
RuleAsk = Callable[[Context], Answer | None]
