"""Asking flags: a pure function of the compiled flags and a question.

References
----------
.. [1] GrowthBook, SDK specification 0.8.0: the order in which rules, prerequisites, filters and ranges are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from roadbed_engines.flags.hashing import chosen, fnv_share
from roadbed_engines.flags.model import (
    Answer,
    Assignment,
    Experiment,
    Filter,
    Flag,
    Kept,
    Prerequisite,
    Question,
    Rule,
    Share,
    unit_among,
    unit_of,
)

Flags = Mapping[str, Flag]


def ask(flags: Flags, key: str, question: Question) -> Answer:
    """Return the value of a flag for the question's context, and where it comes from.

    Rules are looked at in order; the first that answers does. A flag that waits for itself through its prerequisites
    answers nothing, and says so. Nothing is raised for what a context may hold.
    """
    if key in question.under_way:
        return Answer(value=None, source="cyclicPrerequisite")
    if key in question.forced_values:
        return Answer(value=question.forced_values[key], source="override")
    flag = flags.get(key)
    if flag is None:
        return Answer(value=None, source="unknownFeature")
    question.under_way.append(key)
    try:
        for rule in flag.rules:
            found = _ask_rule(flags, flag, rule, question)
            if found is not None:
                return found
        return Answer(value=flag.default, source="defaultValue")
    finally:
        question.under_way.pop()


def _ask_rule(flags: Flags, flag: Flag, rule: Rule, question: Question) -> Answer | None:
    for needed in rule.prerequisites:
        passed = _passes(flags, needed, question)
        if passed is None:
            return Answer(value=None, source="cyclicPrerequisite")
        if not passed:
            return Answer(value=None, source="prerequisite") if needed.is_gate else None
    if rule.filters and not _lets_in(rule.filters, question):
        return None
    if rule.has_value:
        if rule.condition is not None and not rule.condition(question.context):
            return None
        if rule.share is not None and not _falls_into(rule, flag.key, question):
            return None
        return Answer(value=rule.value, source="force", rule=rule.id)
    if rule.experiment is None:
        return None
    assignment = assign(flags, rule.experiment, question)
    if not assignment.is_in or assignment.is_passthrough:
        return None
    return Answer(
        value=assignment.value,
        source="experiment",
        rule=rule.id,
        experiment=rule.experiment,
        assignment=assignment,
    )


def _passes(flags: Flags, needed: Prerequisite, question: Question) -> bool | None:
    """Whether a prerequisite holds; None where flags wait for each other."""
    found = ask(flags, needed.flag, question)
    if found.source == "cyclicPrerequisite":
        return None
    return needed.condition({"value": found.value})


def _lets_in(filters: tuple[Filter, ...], question: Question) -> bool:
    return all(each.lets_in(question.context) for each in filters)


def _falls_into(rule: Rule, key: str, question: Question) -> bool:
    assert rule.share is not None  # noqa: S101 - asked for before; tells the types
    low, high = rule.share
    fallback = rule.fallback if question.kept is not None else ""
    _, unit = unit_among(question.context, rule.attribute, fallback)
    if not unit or low >= high:
        return False
    place = fnv_share(seed=rule.seed or key, unit=unit, version=rule.version)
    return place is not None and low <= place < high


def assign(flags: Flags, experiment: Experiment, question: Question) -> Assignment:
    """Return the variation of a unit; the first one, not taking part, where it has none."""
    if len(experiment.variations) < 2 or not question.is_enabled:
        return _assignment(experiment, question, -1)
    asked = variation_of_url(key=experiment.key, url=question.url, count=len(experiment.variations))
    if asked is not None:
        return _assignment(experiment, question, asked)
    if experiment.key in question.forced_variations:
        return _assignment(experiment, question, question.forced_variations[experiment.key])
    if not experiment.is_active:
        return _assignment(experiment, question, -1)
    keeps = experiment.sticky is not None and question.kept is not None
    _, unit = unit_among(question.context, experiment.attribute, experiment.fallback if keeps else "")
    if not unit:
        return _assignment(experiment, question, -1)
    kept, is_blocked = _kept_variation(experiment, question) if keeps else (-1, False)
    if kept < 0 and not _may_take_part(flags, experiment, question):
        return _assignment(experiment, question, -1)
    place = fnv_share(seed=experiment.seed or experiment.key, unit=unit, version=experiment.version)
    if place is None:
        return _assignment(experiment, question, -1)
    number = kept if kept >= 0 else chosen(place, _ranges(experiment, question))
    if is_blocked:
        return _assignment(experiment, question, -1, is_kept=True)
    if number < 0:
        return _assignment(experiment, question, -1)
    if experiment.forced is not None:
        return _assignment(experiment, question, experiment.forced)
    if question.is_qa:
        return _assignment(experiment, question, -1)
    found = _assignment(experiment, question, number, is_hashed=True, place=place, is_kept=kept >= 0)
    if keeps:
        _keep(experiment, question, found)
    question.assigned.append((experiment, found))
    return found


def _ranges(experiment: Experiment, question: Question) -> tuple[Share, ...]:
    for leaf in experiment.leaves:
        if leaf.condition(question.context):
            return leaf.ranges
    return experiment.ranges


def _may_take_part(flags: Flags, experiment: Experiment, question: Question) -> bool:
    if experiment.filters and not _lets_in(experiment.filters, question):
        return False
    if experiment.condition is not None and not experiment.condition(question.context):
        return False
    return all(_passes(flags, needed, question) for needed in experiment.prerequisites)


def _assignment(
    experiment: Experiment,
    question: Question,
    number: int,
    *,
    is_hashed: bool = False,
    place: float | None = None,
    is_kept: bool = False,
) -> Assignment:
    is_in = 0 <= number < len(experiment.variations)
    number = number if is_in else 0
    keeps = experiment.sticky is not None and question.kept is not None
    attribute, unit = unit_among(question.context, experiment.attribute, experiment.fallback if keeps else "")
    if not experiment.variations:
        return Assignment(key="", variation=0, value=None, is_in=False, attribute=attribute, unit=unit)
    variation = experiment.variations[number]
    return Assignment(
        key=variation.key,
        variation=number,
        value=variation.value,
        is_in=is_in,
        is_hashed=is_hashed,
        attribute=attribute,
        unit=unit,
        place=place,
        is_kept=is_kept,
        name=variation.name,
        is_passthrough=variation.is_passthrough,
    )


# -- what units keep --------------------------------------------------------------------------------


def _kept_of(experiment: Experiment, question: Question) -> dict[str, str]:
    """Return what the unit keeps: its own assignments over those of the identity that it had before."""
    known = question.kept or {}
    found: dict[str, str] = {}
    for attribute in (experiment.fallback, experiment.attribute):
        unit = unit_of(question.context, attribute) if attribute else ""
        if unit:
            own: Kept = known.get((attribute, unit), {})
            found |= own
    return found


def _kept_variation(experiment: Experiment, question: Question) -> tuple[int, bool]:
    """Return the variation that is kept (or -1), and whether an older one shuts the unit out."""
    sticky = experiment.sticky
    assert sticky is not None  # noqa: S101 - asked for before; tells the types
    kept = _kept_of(experiment, question)
    if any(f"{experiment.key}__{older}" in kept for older in range(sticky.least_version)):
        return -1, True
    wanted = kept.get(f"{experiment.key}__{sticky.version}")
    if wanted is None:
        return -1, False
    keys = [variation.key for variation in experiment.variations]
    return (keys.index(wanted), False) if wanted in keys else (-1, False)


def _keep(experiment: Experiment, question: Question, found: Assignment) -> None:
    sticky = experiment.sticky
    assert sticky is not None  # noqa: S101 - as above
    name = f"{experiment.key}__{sticky.version}"
    place = (found.attribute, found.unit)
    if (question.kept or {}).get(place, {}).get(name) != found.key:
        question.to_keep.setdefault(place, {})[name] = found.key


def variation_of_url(*, key: str, url: str, count: int) -> int | None:
    """Return the variation that an address asks for, for people who check: `?my-test=2`.

    >>> variation_of_url(key="my-test", url="https://example.com/?a=1&my-test=1#top", count=2)
    1
    """
    if not url:
        return None
    asked: Any = parse_qs(urlsplit(url).query).get(key)
    if not asked or not asked[0].isdigit():
        return None
    number = int(asked[0])
    return number if number < count else None
