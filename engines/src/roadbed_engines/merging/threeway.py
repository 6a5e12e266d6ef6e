"""Three-way reconciliation of two copies, field by field.

Each side is compared with *itself* as it was when the two last agreed, never with the other one: a tracker that trims
blanks, knows fewer statuses, or rewrites Markdown therefore never looks as if somebody had changed it. What only one
side changed travels to the other, what both changed to the same is agreed, and what both changed to different values
is a conflict that a person settles. Sets (labels) are merged member by member and never conflict.

References
----------
.. [1] B. C. Pierce and J. Vouillon (2004), What's in Unison? A formal specification of a file synchronizer,
   MS-CIS-03-36, University of Pennsylvania: never lose a change, and propagate as many as that allows.
.. [2] N. Fraser (2009), Differential synchronization, DocEng '09, 13-20: a shadow for each side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Direction(StrEnum):
    """Which way a field travels."""

    IN = "in"
    OUT = "out"
    BOTH = "both"
    OFF = "off"

    @property
    def comes_in(self) -> bool:
        """Whether theirs may become ours."""
        return self in {Direction.IN, Direction.BOTH}

    @property
    def goes_out(self) -> bool:
        """Whether ours may become theirs."""
        return self in {Direction.OUT, Direction.BOTH}


class Move(StrEnum):
    """What is to be done about a field."""

    NONE = "none"
    """Neither side changed."""
    AGREE = "agree"
    """Both say the same now: only the base moves on."""
    TAKE = "take"
    """Theirs becomes ours."""
    GIVE = "give"
    """Ours becomes theirs."""
    MERGE = "merge"
    """Each side gets what the other added or took away (sets)."""
    HOLD = "hold"
    """They differ, and the direction of the field carries the change nowhere."""
    CONFLICT = "conflict"
    """Both changed, to different values: nothing moves until a person has chosen."""


@dataclass(frozen=True, slots=True)
class Base:
    """A field on each side, as it was when the two last agreed."""

    ours: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Rule:
    """How a field is kept."""

    direction: Direction
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and what each side is to hold afterwards."""

    move: Move
    ours: Any
    theirs: Any


AGREED = frozenset({Move.AGREE, Move.TAKE, Move.GIVE, Move.MERGE})
"""The moves after which the sides agree, so that the base moves on."""
Same = Callable[[Any, Any], bool]


def _equal(ours: Any, theirs: Any) -> bool:
    return bool(ours == theirs)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == () or value == [] or value == frozenset()


def decide(*, rule: Rule, base: Base | None, ours: Any, theirs: Any, same: Same = _equal) -> Decision:
    """Say what is to be done about one field.

    Parameters
    ----------
    base : Base or None
        Both sides when they last agreed; None where they meet for the first time.
    same : callable
        Whether a value of ours and one of theirs mean the same.

    Examples
    --------
    >>> both = Rule(Direction.BOTH)
    >>> decide(rule=both, base=Base("Maps", "Maps"), ours="Maps offline", theirs="Maps").move.value
    'give'
    >>> decide(rule=both, base=Base("Maps", "Maps"), ours="Maps offline", theirs="Atlas").move.value
    'conflict'
    """
    if rule.direction is Direction.OFF:
        return Decision(Move.NONE, ours, theirs)
    if base is None:
        return _meet(rule=rule, ours=ours, theirs=theirs, same=same)
    we_changed, they_changed = ours != base.ours, theirs != base.theirs
    if not we_changed and not they_changed:
        return Decision(Move.NONE, ours, theirs)
    if same(ours, theirs):
        return Decision(Move.AGREE, ours, theirs)
    if rule.is_set:
        return _merge_sets(direction=rule.direction, base=base, ours=ours, theirs=theirs)
    if we_changed and they_changed:
        return Decision(Move.CONFLICT, ours, theirs)
    if we_changed:
        return (
            Decision(Move.GIVE, ours, ours) if rule.direction.goes_out else Decision(Move.HOLD, ours, theirs)
        )
    return (
        Decision(Move.TAKE, theirs, theirs) if rule.direction.comes_in else Decision(Move.HOLD, ours, theirs)
    )


def _meet(*, rule: Rule, ours: Any, theirs: Any, same: Same) -> Decision:
    """Two copies meet for the first time: what one side leaves open is filled in, nothing is emptied."""
    if same(ours, theirs):
        return Decision(Move.AGREE, ours, theirs)
    if rule.is_set:
        empty = Base(frozenset(), frozenset())
        return _merge_sets(direction=rule.direction, base=empty, ours=ours, theirs=theirs)
    if _is_empty(ours):
        return (
            Decision(Move.TAKE, theirs, theirs)
            if rule.direction.comes_in
            else Decision(Move.HOLD, ours, theirs)
        )
    if _is_empty(theirs):
        return (
            Decision(Move.GIVE, ours, ours) if rule.direction.goes_out else Decision(Move.HOLD, ours, theirs)
        )
    if rule.direction is Direction.BOTH:
        return Decision(Move.CONFLICT, ours, theirs)
    return Decision(Move.TAKE, theirs, theirs) if rule.direction.comes_in else Decision(Move.GIVE, ours, ours)


def _merge_sets(*, direction: Direction, base: Base, ours: Any, theirs: Any) -> Decision:
    """Carry over what each side added and took away. Nothing can conflict: only what was there can be taken away."""
    left, right = frozenset(ours), frozenset(theirs)
    was_left, was_right = frozenset(base.ours), frozenset(base.theirs)
    new_left, new_right = left, right
    if direction.comes_in:
        new_left = (left - (was_right - right)) | (right - was_right)
    if direction.goes_out:
        new_right = (right - (was_left - left)) | (left - was_left)
    takes, gives = new_left != left, new_right != right
    if takes and gives:
        move = Move.MERGE
    elif takes:
        move = Move.TAKE
    elif gives:
        move = Move.GIVE
    else:
        carried = (direction.comes_in or right == was_right) and (direction.goes_out or left == was_left)
        move = Move.AGREE if carried else Move.HOLD
    return Decision(move, tuple(sorted(new_left)), tuple(sorted(new_right)))


def reconcile(
    *,
    rules: Mapping[str, Rule],
    base: Mapping[str, Base],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
) -> dict[str, Decision]:
    """Decide every field that has a rule and that both sides can say; the order is that of the rules."""
    return {
        name: decide(rule=rule, base=base.get(name), ours=ours[name], theirs=theirs[name])
        for name, rule in rules.items()
        if name in ours and name in theirs
    }


def applied(*, decision: Decision, base: Base | None) -> Base | None:
    """Return the base once the decision is carried out; the old one where nothing was agreed."""
    return Base(decision.ours, decision.theirs) if decision.move in AGREED else base


def settle(*, keep: str, direction: Direction, ours: Any, theirs: Any) -> Base:
    """Return the base under which the next look carries out what a person chose in a conflict.

    Parameters
    ----------
    keep : {"ours", "theirs"}
        Whose value stands. Where the direction cannot carry it to the other side, both keep their own from then on.
    """
    if keep not in {"ours", "theirs"}:
        raise ValueError("keep ours or theirs")
    carries = direction.goes_out if keep == "ours" else direction.comes_in
    if not carries:
        return Base(ours, theirs)
    return Base(theirs, theirs) if keep == "ours" else Base(ours, ours)
