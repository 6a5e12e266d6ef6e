"""The map of themes as a drawing: places come from the last run, areas from how many people speak of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roadbed.modules.insights.models import Theme
from roadbed.web import formats
from roadbed_engines.text.layout import HEIGHT, WIDTH, radii

SCALE = 700
MARGIN = 8
LINE = 15.5
CHARACTER = 7.3
MARKS = {"rising": "▲", "falling": "▼", "steady": "", "unclear": "", "": ""}
WORDS = {
    "rising": "rising",
    "falling": "falling",
    "steady": "steady",
    "unclear": "unclear whether it rises",
    "": "too few to see a trend",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in a disc."""

    text: str
    y: float
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class Disc:
    """One theme: where its disc lies, what stands in it and what it says when it is read out."""

    key: str
    url: str
    x: float
    y: float
    radius: float
    tone: str
    label: str
    lines: tuple[Line, ...]
    is_loud: bool


@dataclass(frozen=True, slots=True)
class ThemeMap:
    """Everything that the template draws."""

    discs: tuple[Disc, ...]
    box: str


def _wrapped(title: str, radius: float) -> list[str]:
    """Return a title in lines that fit into a disc; none where not even a few letters do."""
    width = int(radius * 1.6 / CHARACTER)
    most = min(3, int(radius * 1.25 / LINE))
    if width < 7 or most < 1:
        return []
    lines: list[str] = []
    for word in title.replace(",", ", ").split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        elif len(lines) == most:
            lines[-1] = lines[-1].rstrip(",") + "…"
            break
        else:
            lines.append(word if len(word) <= width else f"{word[: width - 1]}…")
    return [line.rstrip(",") if place == len(lines) - 1 else line for place, line in enumerate(lines)]


def _disc(theme: Theme, radius: float, *, url: str, alerts: int) -> Disc:
    tally = getattr(theme, "tally", None)
    people = tally.people if tally else 0
    titles = _wrapped(theme.title, radius)
    count = f"{formats.number(people)} {MARKS[theme.direction]}".strip()
    texts = [*titles, count] if titles or radius > 11 else []
    start = -(len(texts) - 1) * LINE / 2 + LINE * 0.32
    lines = tuple(
        Line(text=text, y=start + place * LINE, is_count=place == len(texts) - 1)
        for place, text in enumerate(texts)
    )
    said = f"{theme.title}: {formats.plural(people, 'person', 'people')}, {WORDS[theme.direction]}"
    if alerts:
        said += f", {formats.plural(alerts, 'alert')}"
    return Disc(
        key=theme.key,
        url=url,
        x=round((theme.x or 0) * SCALE, 1),
        y=round((theme.y or 0) * SCALE, 1),
        radius=round(radius, 1),
        tone=theme.direction or "few",
        label=said,
        lines=lines,
        is_loud=bool(alerts),
    )


def _box(discs: Sequence[Disc]) -> str:
    """Return the part of the field that the discs take, at least half of it, so that few are not blown up."""
    if not discs:
        return f"0 0 {WIDTH * SCALE:.0f} {HEIGHT * SCALE:.0f}"
    left, right = min(one.x - one.radius for one in discs), max(one.x + one.radius for one in discs)
    top, bottom = min(one.y - one.radius for one in discs), max(one.y + one.radius for one in discs)
    wide = max(right - left, WIDTH * SCALE * 0.75)
    left -= (wide - (right - left)) / 2
    return f"{left - MARGIN:.0f} {top - MARGIN:.0f} {wide + 2 * MARGIN:.0f} {bottom - top + 2 * MARGIN:.0f}"


def draw(*, themes: Sequence[Theme], base: str, alerts: dict[int, int]) -> ThemeMap:
    """Return the drawing of these themes; each links to its page below `base`."""
    tallies = [getattr(theme, "tally", None) for theme in themes]
    sizes = radii([float(tally.people) if tally else 0.0 for tally in tallies]) * SCALE
    discs = tuple(
        _disc(theme, float(size), url=f"{base}{theme.number}/", alerts=alerts.get(theme.pk, 0))
        for theme, size in zip(themes, sizes, strict=True)
    )
    return ThemeMap(discs=discs, box=_box(discs))
