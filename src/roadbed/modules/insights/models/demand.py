"""What a voice counts in the impact score. The formula is in docs/methods/demand.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

from roadbed.modules.insights.models.feedback import Strength

MOST = Decimal(100)
MOST_SEGMENTS = 20
SPOKEN: Mapping[int, Decimal] = {
    Strength.NICE: Decimal(1),
    Strength.USEFUL: Decimal(2),
    Strength.IMPORTANT: Decimal(3),
    Strength.DEAL_BREAKER: Decimal(5),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """What each strength, a vote and each segment counts, and whether revenue does."""

    strengths: Mapping[int, Decimal] = field(default_factory=lambda: dict(SPOKEN))
    vote: Decimal = Decimal(1)
    segments: Mapping[int, Decimal] = field(default_factory=dict)
    """By the number of the segment's key; who is in none counts `elsewhere`."""
    elsewhere: Decimal = Decimal(1)
    money_per_point: Decimal | None = None
    """So much yearly revenue is one point; None leaves revenue out of the score."""
    edition: int = 0
    """0 stands for the defaults, before anybody changed them."""

    def as_json(self) -> dict[str, Any]:
        """The weights as they are kept."""
        return {
            "strengths": {str(level): str(self.strengths[level]) for level in sorted(self.strengths)},
            "vote": str(self.vote),
            "segments": {f"S-{number}": str(self.segments[number]) for number in sorted(self.segments)},
            "elsewhere": str(self.elsewhere),
            "money_per_point": None if self.money_per_point is None else str(self.money_per_point),
        }


def _figure(raw: Any, name: str, *, most: Decimal = MOST) -> Decimal:
    try:
        value = Decimal(str(raw).strip().replace(",", "."))
    except InvalidOperation:
        raise ValidationError({name: f"“{str(raw)[:40]}” is not a number."}) from None
    if not value.is_finite() or not 0 <= value <= most:
        raise ValidationError({name: f"Give a number from 0 to {most}."})
    return value.quantize(Decimal("0.01"))


def _segments(raw: Any) -> dict[int, Decimal]:
    if not isinstance(raw, Mapping):
        raise ValidationError({"segments": "Give an object of segment keys and weights."})
    if len(raw) > MOST_SEGMENTS:
        raise ValidationError({"segments": f"At most {MOST_SEGMENTS} segments can have a weight."})
    found = {}
    for key, value in raw.items():
        head, _, tail = str(key).upper().rpartition("-")
        if head != "S" or not tail.isdecimal() or len(tail) > 9:
            raise ValidationError({"segments": f"“{str(key)[:20]}” is not the key of a segment."})
        found[int(tail)] = _figure(value, "segments")
    return found


def parse_weights(raw: Any, *, edition: int = 0) -> Weights:
    """Return the weights that the JSON spells; what is left out keeps its default.

    Raises
    ------
    ValidationError
        If a weight is no number, is negative or above 100, or a segment's key cannot be read.
    """
    if not isinstance(raw, Mapping):
        raise ValidationError({"weights": "Weights are an object."})
    strengths = raw.get("strengths", {})
    if not isinstance(strengths, Mapping):
        raise ValidationError({"strengths": "Give an object of strengths, 0 to 3, and weights."})
    unknown = [str(level)[:20] for level in strengths if str(level) not in {"0", "1", "2", "3"}]
    if unknown:
        raise ValidationError({"strengths": f"“{unknown[0]}” is not a strength from 0 to 3."})
    spoken = {
        int(level): _figure(strengths.get(str(level), strengths.get(level, default)), "strengths")
        for level, default in SPOKEN.items()
    }
    money = raw.get("money_per_point")
    per_point = None
    if money not in (None, ""):
        per_point = _figure(money, "money_per_point", most=Decimal(10) ** 9)
        if per_point == 0:
            raise ValidationError({"money_per_point": "Give more than nought, or leave it empty."})
    return Weights(
        strengths=spoken,
        vote=_figure(raw.get("vote", 1), "vote"),
        segments=_segments(raw.get("segments", {})),
        elsewhere=_figure(raw.get("elsewhere", 1), "elsewhere"),
        money_per_point=per_point,
        edition=edition,
    )
