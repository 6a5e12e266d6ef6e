"""Definitions from JSON and back. Every mistake is found at once, each with its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from roadbed_engines.flags import definitions as d

T = TypeVar("T")
MOST_RULES = 200
MOST_VARIANTS = 100


class _Reader:
    """Reads an object field by field and collects what is wrong."""

    def __init__(self, given: Any, place: str, problems: list[d.Problem]) -> None:
        self.place, self.problems = place, problems
        if not isinstance(given, Mapping):
            self.problem("", "must be an object")
            given = {}
        self.given: Mapping[str, Any] = given
        self.asked: set[str] = set()

    def problem(self, name: str, message: str) -> None:
        self.problems.append(d.Problem(f"{self.place}.{name}".strip("."), message))

    def take(self, name: str, kind: type | tuple[type, ...], otherwise: Any, what: str) -> Any:
        self.asked.add(name)
        found = self.given.get(name)
        if found is None:
            return otherwise
        wanted = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(found, wanted) or (isinstance(found, bool) and bool not in wanted):
            self.problem(name, f"must be {what}")
            return otherwise
        return found

    def text(self, name: str, otherwise: str = "", *, most: int = 200) -> str:
        found: str = self.take(name, str, otherwise, "a text")
        if len(found) > most:
            self.problem(name, f"has at most {most} characters")
        return found

    def flag(self, name: str, *, otherwise: bool) -> bool:
        return bool(self.take(name, bool, otherwise, "true or false"))

    def whole(self, name: str, otherwise: int = 0) -> int:
        found: int = self.take(name, int, otherwise, "a whole number")
        if found < 0:
            self.problem(name, "cannot be negative")
        return found

    def share(self, name: str, otherwise: float = 1.0) -> float:
        found = float(self.take(name, (int, float), otherwise, "a number from 0 to 1"))
        if not 0 <= found <= 1:  # not a number is caught here, too
            self.problem(name, "must be from 0 to 1")
            return otherwise
        return found

    def choice(self, name: str, choices: tuple[Any, ...], otherwise: Any) -> Any:
        found = self.take(name, str, otherwise, "a text")
        if found not in choices:
            self.problem(name, f"must be one of {', '.join(choices)}")
            return otherwise
        return found

    def moment(self, name: str) -> datetime | None:
        text = self.take(name, str, "", "a moment such as 2027-03-01T09:00:00Z")
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            self.problem(name, "must be a moment such as 2027-03-01T09:00:00Z")
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.take(name, list, [], "a list of texts")
        if not all(isinstance(each, str) for each in found):
            self.problem(name, "must be a list of texts")
            return ()
        return tuple(found)

    def mapping(self, name: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.take(name, dict, {}, "an object")
        return found

    def each(self, name: str, read: Callable[[_Reader], T]) -> tuple[T, ...]:
        found = self.take(name, list, [], "a list")
        return tuple(
            read(_Reader(each, f"{self.place}.{name}.{number}", self.problems))
            for number, each in enumerate(found)
        )

    def done(self) -> None:
        for name in self.given:
            if name not in self.asked:
                self.problem(str(name), "is not known here")


def read_definitions(given: Any) -> d.Definitions:
    """Return the definitions that an object holds.

    Raises
    ------
    DefinitionError
        With every problem of form: types, ranges, names that are not known. What needs the flags together, such as
        cycles, is `compiling.check`'s.

    Examples
    --------
    >>> found = read_definitions({"format": "roadbed-flags/1", "flags": {"map": {
    ...     "type": "boolean", "variants": {"on": True, "off": False}, "default": "off",
    ...     "rules": [{"id": "r1", "condition": {"country": "CA"}, "variant": "on", "share": 0.5}]}}})
    >>> found.flags["map"].rules[0].share
    0.5
    """
    problems: list[d.Problem] = []
    reader = _Reader(given, "", problems)
    if reader.take("format", str, "", "a text") != d.FORMAT:
        reader.problem("format", f"must be {d.FORMAT}")
    flags = {key: read_flag(key, each, problems) for key, each in reader.mapping("flags").items()}
    segments = {}
    for key, each in reader.mapping("segments").items():
        own = _Reader(each, f"segments.{key}", problems)
        segments[key] = d.Segment(key=key, condition=own.mapping("condition"), name=own.text("name"))
        own.done()
    holdouts = {}
    for key, each in reader.mapping("holdouts").items():
        own = _Reader(each, f"holdouts.{key}", problems)
        holdouts[key] = d.Holdout(
            key=key,
            share=own.share("share", 0.0),
            unit=own.text("unit", d.UNIT),
            salt=own.text("salt"),
            is_on=own.flag("on", otherwise=True),
        )
        own.done()
    groups = {}
    for key, values in reader.mapping("groups").items():
        if not isinstance(values, list):
            problems.append(d.Problem(f"groups.{key}", "must be a list"))
            continue
        groups[key] = tuple(values)
    environment = reader.text("environment")
    reader.done()
    if problems:
        raise d.DefinitionError(tuple(problems))
    return d.Definitions(flags, segments, holdouts, groups, environment)


def read_flag(key: str, given: Any, problems: list[d.Problem]) -> d.Flag:
    """Return one flag; what is wrong with it is added to `problems`."""
    reader = _Reader(given, f"flags.{key}", problems)
    if not d.KEY.fullmatch(key):
        reader.problem("", "a key has letters, digits and . _ : - and begins with a letter or a digit")
    kind: d.FlagType = reader.choice("type", d.TYPES, "boolean")
    variants = reader.mapping("variants")
    if not variants and kind == "boolean":
        variants = {"on": True, "off": False}
    if len(variants) > MOST_VARIANTS:
        reader.problem("variants", f"are at most {MOST_VARIANTS}")
    for name, value in variants.items():
        if not d.KEY.fullmatch(name):
            reader.problem(f"variants.{name}", "a name has letters, digits and . _ : -")
        if not d.is_of_type(value, kind) or (isinstance(value, float) and not math.isfinite(value)):
            reader.problem(f"variants.{name}", f"must be of type {kind}")
    if kind == "float":
        variants = {
            name: float(value) if d.is_of_type(value, kind) else value for name, value in variants.items()
        }
    flag = d.Flag(
        key=key,
        type=kind,
        variants=variants,
        default=_variant(reader, "default", variants),
        off=_variant(reader, "off", variants),
        is_on=reader.flag("on", otherwise=True),
        salt=reader.text("salt") or key,
        needs=reader.each("needs", _need),
        holdouts=reader.texts("holdouts"),
        forced=reader.mapping("forced"),
        rules=reader.each("rules", lambda own: _rule(own, variants)),
        schedule=reader.each("schedule", lambda own: _change(own, variants)),
    )
    for unit, name in flag.forced.items():
        if name not in variants:
            reader.problem(f"forced.{unit}", f"there is no variant {name}")
    ids = [rule.id for rule in flag.rules]
    for number, own_id in enumerate(ids):
        if own_id in ids[:number]:
            reader.problem(f"rules.{number}.id", f"{own_id} is another rule's id, too")
    for number, change in enumerate(flag.schedule):
        if change.rule and change.rule not in ids:
            reader.problem(f"schedule.{number}.rule", f"there is no rule {change.rule}")
    if len(ids) > MOST_RULES:
        reader.problem("rules", f"are at most {MOST_RULES}")
    reader.done()
    return flag


def _variant(reader: _Reader, name: str, variants: Mapping[str, Any]) -> str:
    found = reader.text(name)
    if found and found not in variants:
        reader.problem(name, f"there is no variant {found}")
    return found


def _need(reader: _Reader) -> d.Need:
    condition = reader.take("condition", dict, None, "an object")
    found = d.Need(
        flag=reader.text("flag"),
        variants=reader.texts("variants"),
        condition=condition,
        is_gate=reader.flag("gate", otherwise=False),
    )
    if not found.flag:
        reader.problem("flag", "which flag is needed?")
    if not found.variants and condition is None:
        reader.problem("variants", "which of its variants will do?")
    reader.done()
    return found


def _ranges(reader: _Reader) -> tuple[tuple[float, float], ...]:
    pairs = reader.take("ranges", list, [], "a list of pairs")
    found = []
    for number, pair in enumerate(pairs):
        if not _is_pair(pair):
            reader.problem(f"ranges.{number}", "must be two numbers from 0 to 1, the smaller first")
            continue
        found.append((float(pair[0]), float(pair[1])))
    return tuple(found)


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(d.is_of_type(each, "float") for each in pair)
        and 0 <= pair[0] <= pair[1] <= 1.0001
    )


def _slice(reader: _Reader) -> d.Slice:
    found = d.Slice(
        namespace=reader.text("namespace"),
        ranges=_ranges(reader),
        unit=reader.text("unit", d.UNIT),
        hash=reader.choice("hash", d.HASHES, "murmur3"),
    )
    if not found.namespace:
        reader.problem("namespace", "which namespace?")
    reader.done()
    return found


def _rule(reader: _Reader, variants: Mapping[str, Any]) -> d.Rule:
    split = {}
    for name, weight in reader.mapping("split").items():
        if name not in variants:
            reader.problem(f"split.{name}", "there is no such variant")
        elif not d.is_of_type(weight, "float") or not 0 <= weight < math.inf:
            reader.problem(f"split.{name}", "a weight is a number from 0 on")
        else:
            split[name] = float(weight)
    if split and not sum(split.values()):
        reader.problem("split", "somebody must get something: all weights are 0")
    ranges = []
    for number, each in enumerate(reader.take("ranges", list, [], "a list")):
        if not (isinstance(each, list) and len(each) == 3 and each[0] in variants and _is_pair(each[1:])):
            reader.problem(f"ranges.{number}", "must be a variant and two numbers from 0 to 1")
            continue
        ranges.append((each[0], float(each[1]), float(each[2])))
    found = d.Rule(
        id=reader.text("id", most=100),
        name=reader.text("name"),
        is_on=reader.flag("on", otherwise=True),
        condition=reader.mapping("condition"),
        segments=reader.texts("segments"),
        not_segments=reader.texts("not_segments"),
        needs=reader.each("needs", _need),
        slices=reader.each("slices", _slice),
        variant=_variant(reader, "variant", variants),
        split=split,
        ranges=tuple(ranges),
        share=reader.share("share"),
        unit=reader.text("unit", d.UNIT),
        fallback=reader.text("fallback"),
        salt=reader.text("salt"),
        hash=reader.choice("hash", d.HASHES, "murmur3"),
        is_sticky=reader.flag("sticky", otherwise=False),
        version=reader.whole("version"),
        least_version=reader.whole("least_version"),
        experiment=reader.text("experiment"),
        ramp=_ramp(reader),
    )
    if not found.id:
        reader.problem("id", "a rule needs an id")
    gates = any(need.is_gate for need in found.needs)
    if sum(map(bool, (found.variant, found.split, found.ranges))) != (
        0 if gates and not found.variant else 1
    ):
        reader.problem("variant", "a rule gives one variant, or a split of several")
    reader.done()
    return found


def _ramp(reader: _Reader) -> d.Ramp | None:
    given = reader.take("ramp", dict, None, "an object")
    if given is None:
        return None
    own = _Reader(given, f"{reader.place}.ramp", reader.problems)
    steps = own.each("steps", _step)
    shares = [step.share for step in steps]
    if not steps or shares != sorted(shares):
        own.problem("steps", "a ramp has steps, each at least as large as the one before")
    found = d.Ramp(
        steps=steps,
        started_at=own.moment("started_at"),
        approved=dict(_moments(own, "approved")),
        reached=dict(_moments(own, "reached")),
        stopped_at=own.moment("stopped_at"),
        stopped_why=own.text("stopped_why"),
    )
    own.done()
    return found


def _step(reader: _Reader) -> d.Step:
    found = d.Step(
        share=reader.share("share"),
        seconds=reader.whole("seconds"),
        needs_approval=reader.flag("approval", otherwise=False),
        sample=reader.whole("sample"),
    )
    reader.done()
    return found


def _moments(reader: _Reader, name: str) -> Iterator[tuple[int, datetime]]:
    own = _Reader(reader.mapping(name), f"{reader.place}.{name}", reader.problems)
    for number in own.given:
        at = own.moment(number)
        if at is not None and str(number).isdigit():
            yield int(number), at


def _change(reader: _Reader, variants: Mapping[str, Any]) -> d.Change:
    at = reader.moment("at")
    if at is None and not reader.given.get("at"):
        reader.problem("at", "when?")
    given = reader.given
    found = d.Change(
        at=at or datetime.max.replace(tzinfo=UTC),
        rule=reader.text("rule"),
        is_on=reader.flag("on", otherwise=False) if given.get("on") is not None else None,
        share=reader.share("share") if given.get("share") is not None else None,
        default=_variant(reader, "default", variants) if given.get("default") is not None else None,
    )
    reader.asked |= {"on", "share", "default"}
    if (found.is_on, found.share, found.default) == (None, None, None):
        reader.problem("", "what is to change?")
    if (found.rule and found.default is not None) or (not found.rule and found.share is not None):
        reader.problem("", "a rule changes its share, a flag its default")
    reader.done()
    return found
