"""The words that name metrics at the terminal: NAME=TYPE:COL[/COL], and what goes with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from roadbed.cli.exits import Exit, end

if TYPE_CHECKING:
    from roadbed.analytics.asking import MetricSpec, Winsorise

TYPES = {
    "conversion": "proportion",
    "share": "proportion",
    "average": "mean",
    "sum": "mean",
    "median": "quantile",
}
GRAMMAR = (
    "Write it as NAME=TYPE:COL, with TYPE one of proportion, mean, count, ratio, quantile, retention, funnel."
)
QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Words:
    """What was said about metrics, word by word."""

    metrics: Sequence[str]
    covariates: Sequence[str] = ()
    winsorise: Sequence[str] = ()
    ignore_zeros: bool = False
    primary: str = ""
    guardrails: Sequence[str] = ()
    lower_is_better: Sequence[str] = ()
    matters: float = 0.0


def read_metrics(words: Words, columns: Collection[str]) -> tuple[MetricSpec, ...]:
    """Return the metrics, or end with what is wrong and how to write it."""
    found = [_metric(word, columns) for word in words.metrics]
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            end(Exit.USAGE, f"Two metrics are called {name}.")
    if not found:
        end(Exit.USAGE, "There is no metric to analyse.", fix=GRAMMAR)
    found = _with_covariates(found, words.covariates, columns)
    found = _with_winsorising(found, words)
    return tuple(_with_roles(found, words))


def _metric(word: str, columns: Collection[str]) -> MetricSpec:
    from roadbed.analytics.asking import BadQuestionError, MetricSpec
    from roadbed_engines.stats.readout import Kind

    name, has_name, rest = word.partition("=")
    if not has_name:
        name, rest = "", word
    kind, has_type, target = rest.partition(":")
    kind = kind.strip().casefold()
    if not has_type or not target.strip():
        end(Exit.USAGE, f"“{word}” names no metric.", fix=GRAMMAR)
    level = 0.5 if kind == "median" else 0.0
    if percentile := QUANTILE.fullmatch(kind):
        kind, level = "quantile", float(percentile[1]) / 100.0
    kind = TYPES.get(kind, kind)
    if kind not in set(Kind):
        end(Exit.USAGE, f"“{kind}” is no type of metric.", fix=GRAMMAR)
    if kind == "quantile" and "@" in target and target not in columns:
        target, _, said = target.rpartition("@")
        level = _number(said, f"the level of {word}")
    try:
        return MetricSpec(
            name=name.strip() or target.strip(),
            kind=Kind(kind),
            columns=_columns(target, columns),
            level=level or (0.5 if kind == "quantile" else 0.0),
        )
    except BadQuestionError as error:
        return end(Exit.USAGE, f"{error}.", fix=GRAMMAR)


def _columns(text: str, columns: Collection[str]) -> tuple[str, ...]:
    """Split at slashes, unless a column is called so."""
    if text in columns or text.strip() in columns:
        return (text if text in columns else text.strip(),)
    return tuple(part.strip() for part in text.split("/"))


def _with_covariates(
    found: Sequence[MetricSpec], words: Sequence[str], columns: Collection[str]
) -> list[MetricSpec]:
    names = {one.name for one in found}
    made = list(found)
    for word in words:
        name, has_name, column = word.partition("=")
        own = bool(has_name) and name.strip() in names and word not in columns
        if has_name and not own and word not in columns:
            end(Exit.USAGE, f"“{word}”: there is no metric {name}.", fix=f"There are: {', '.join(names)}.")
        one = _columns(column if own else word, columns)
        if len(one) > 2:
            end(Exit.USAGE, f"“{word}”: a covariate is a column, or two for a ratio.")
        made = [
            replace(metric, covariates=(*metric.covariates, one))
            if not own or metric.name == name.strip()
            else metric
            for metric in made
        ]
    return made


def _with_winsorising(found: Sequence[MetricSpec], words: Words) -> list[MetricSpec]:
    from roadbed_engines.stats.readout import Kind

    amounts = {Kind.MEAN, Kind.COUNT, Kind.RATIO}
    made = list(found)
    for word in words.winsorise:
        name, has_name, said = word.rpartition("=")
        if has_name and name not in {one.name for one in found}:
            end(Exit.USAGE, f"--winsorise: there is no metric {name}.")
        cut = _levels(said, ignore_zeros=words.ignore_zeros)
        made = [
            replace(one, winsorise=cut) if (one.name == name if has_name else one.kind in amounts) else one
            for one in made
        ]
    return made


def _levels(text: str, *, ignore_zeros: bool) -> Winsorise:
    from roadbed.analytics.asking import BadQuestionError, Winsorise

    parts = text.split(",")
    if len(parts) != 2:
        end(Exit.USAGE, f"--winsorise takes LOWER,UPPER such as 0.01,0.99, not “{text}”.")
    low, high = (_number(part, "--winsorise") for part in parts)
    if high > 1:
        low, high = low / 100.0, high / 100.0
    try:
        return Winsorise(lower=low, upper=high, ignore_zeros=ignore_zeros)
    except BadQuestionError as error:
        return end(Exit.USAGE, f"{error}.")


def _with_roles(found: Sequence[MetricSpec], words: Words) -> list[MetricSpec]:
    from roadbed_engines.stats.effects import Direction
    from roadbed_engines.stats.readout import Role

    names = [one.name for one in found]
    margins: dict[str, float] = {}
    for word in words.guardrails:
        name, has_margin, said = word.partition("=")
        margins[name.strip()] = _number(said, f"the margin of {name}") if has_margin else 0.0
    for name in (*margins, *words.lower_is_better, *([words.primary] if words.primary else [])):
        if name not in names:
            end(Exit.USAGE, f"There is no metric {name}.", fix=f"There are: {', '.join(names)}.")
    first = words.primary or next((name for name in names if name not in margins), "")
    made = []
    for one in found:
        role = Role.GUARDRAIL if one.name in margins else Role.SECONDARY
        made.append(
            replace(
                one,
                role=Role.PRIMARY if one.name == first else role,
                wanted=Direction.DOWN if one.name in words.lower_is_better else Direction.UP,
                margin=margins.get(one.name, 0.0),
                matters=words.matters if one.name == first else 0.0,
            )
        )
    return made


def read_shares(text: str) -> dict[str, float]:
    """Return the planned weight of each variant: A=0.5,B=0.5, or A=1,B=2."""
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, has_share, said = part.rpartition("=")
        if not has_share:
            end(Exit.USAGE, f"“{part}” is no share.", fix="Write --expected A=0.5,B=0.5.")
        found[name.strip()] = _number(said, f"the share of {name}")
        if not found[name.strip()] > 0:
            end(Exit.USAGE, f"The share of {name} is not above 0.")
    return found


def read_pair(text: str, what: str) -> tuple[float, float]:
    """Return two numbers with a comma between."""
    parts = text.split(",")
    if len(parts) != 2:
        end(Exit.USAGE, f"{what} takes two numbers with a comma between, not “{text}”.")
    return _number(parts[0], what), _number(parts[1], what)


def _number(text: str, what: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return end(Exit.USAGE, f"{what}: “{text}” is no number.")
    return found
