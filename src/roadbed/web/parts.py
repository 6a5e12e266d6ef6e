"""Small pieces of HTML that both templates (as tags) and tables (as cells) are made of."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable, Sequence

from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from roadbed.web import formats, icons

TONES = ("", "good", "warn", "bad", "accent", "outline")
BEADS = {"full": "well supported", "some": "partly supported", "none": "nothing yet"}
EMPTY = SafeString("")


def key(value: str, *, url: str = "") -> SafeString:
    """Return a record's key in mono, as a link where there is an address."""
    if url:
        return format_html('<a class="key" href="{}">{}</a>', url, value)
    return format_html('<span class="key">{}</span>', value)


def chip(label: str, *, tone: str = "", icon: str = "", url: str = "") -> SafeString:
    """Return a rounded label. Its tone repeats what the words say, never instead of them."""
    if tone not in TONES:
        raise ValueError(f"{tone} is not a tone of a chip")
    classes = f"chip chip--{tone}" if tone else "chip"
    picture = icons.icon(icon) if icon else EMPTY
    if url:
        return format_html('<a class="{}" href="{}">{}{}</a>', classes, url, picture, label)
    return format_html('<span class="{}">{}{}</span>', classes, picture, label)


def chips(labels: Iterable[str], *, tone: str = "", most: int = 3) -> SafeString:
    """Return the first few labels, and how many more there are."""
    shown = list(labels)
    more = len(shown) - most
    parts = [chip(label, tone=tone) for label in shown[:most]]
    if more > 0:
        parts.append(
            format_html(
                '<span class="chip chip--outline" title="{}">+{}</span>', ", ".join(shown[most:]), more
            )
        )
    return format_html('<span class="cluster cluster--tight">{}</span>', mark_safe(" ".join(parts)))  # noqa: S308 - escaped above


def bead(state: str, *, label: str = "") -> SafeString:
    """Return the dot of an evidence chain, with its meaning in words for screen readers."""
    kind = "" if state == "some" else f" bead--{state}"
    return format_html(
        '<span class="bead{}" role="img" aria-label="{}"></span>', kind, label or BEADS.get(state, state)
    )


def avatar(name: str, *, large: bool = False) -> SafeString:
    """Return a person's initials on a colour of their own."""
    shade = zlib.crc32(name.encode()) % 5
    classes = f"avatar avatar--{shade}" + (" avatar--large" if large else "")
    return format_html('<span class="{}" aria-hidden="true">{}</span>', classes, formats.initials(name))


def person(name: str, *, url: str = "") -> SafeString:
    """Return a face and a name."""
    if not name:
        return format_html('<span class="quiet">{}</span>', "nobody")
    label = format_html('<a href="{}">{}</a>', url, name) if url else format_html("<span>{}</span>", name)
    return format_html('<span class="person">{}{}</span>', avatar(name), label)


def when(value: dt.datetime | dt.date | None, *, style: str = "age") -> SafeString:
    """Return a time element: an age that stays true while the page is open, or a short date."""
    if value is None:
        return format_html('<span class="quiet">{}</span>', "–")
    if not isinstance(value, dt.datetime):
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            value.isoformat(),
            format_date(value, "j F Y"),
            formats.day(value, today=timezone.localdate()),
        )
    local = timezone.localtime(value)
    title = format_date(local, "j F Y, H:i")
    if style == "day":
        text = formats.day(local, today=timezone.localdate())
        return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), title, text)
    text = formats.age(value, now=timezone.now())
    return format_html('<time datetime="{}" title="{}" data-age>{}</time>', value.isoformat(), title, text)


def meter(
    value: float, *, most: float = 1.0, label: str, tone: str = "", text: str = "", low: float | None = None
) -> SafeString:
    """Return a bar. With `low` the part from low to value is paler: that much is uncertain."""
    width = max(0.0, min(100.0, 100.0 * value / most)) if most else 0.0
    classes = f"meter meter--{tone}" if tone else "meter"
    if low is None:
        bars = format_html('<rect width="{}" height="6"/>', f"{width:.1f}")
    else:
        sure = max(0.0, min(width, 100.0 * low / most)) if most else 0.0
        bars = format_html(
            '<rect class="meter__span" width="{}" height="6"/><rect width="{}" height="6"/>',
            f"{width:.1f}",
            f"{sure:.1f}",
        )
    return format_html(
        '<span class="{}"><svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
        "{}</span>",
        classes,
        label,
        bars,
        format_html('<span class="num">{}</span>', text) if text else EMPTY,
    )


def sparkline(values: Sequence[float], *, label: str, wide: bool = False) -> SafeString:
    """Return a small line without axes; the label says in words what it shows."""
    if len(values) < 2:
        return format_html('<span class="quiet">{}</span>', "too few points")
    width, height, inset = 84.0, 20.0, 2.5
    low, high = min(0.0, *values), max(*values, 0.0)
    reach = (high - low) or 1.0
    step = (width - 2 * inset) / (len(values) - 1)
    points = [
        (inset + index * step, height - inset - (value - low) / reach * (height - 2 * inset))
        for index, value in enumerate(values)
    ]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    area = f"{line}L{points[-1][0]:.1f} {height}L{points[0][0]:.1f} {height}Z"
    classes = "sparkline sparkline--wide" if wide else "sparkline"
    # A wide one is stretched, and a stretched circle is an egg: only the small one marks its last point.
    last = (
        EMPTY if wide else format_html('<circle cx="{}" cy="{}" r="2"/>', *(f"{at:.1f}" for at in points[-1]))
    )
    return format_html(
        '<svg class="{}" viewBox="0 0 84 20" preserveAspectRatio="{}" role="img" aria-label="{}">'
        '<path class="sparkline__area" d="{}"/><path d="{}"/>{}</svg>',
        classes,
        "none" if wide else "xMidYMid meet",
        label,
        area,
        line,
        last,
    )


def quiet(text: str) -> SafeString:
    """Return secondary words."""
    return format_html('<span class="quiet">{}</span>', text)


def link(text: str, *, url: str) -> SafeString:
    """Return a link."""
    return format_html('<a href="{}">{}</a>', url, text)


def title(text: str, *, url: str, key_text: str = "", note: str = "") -> SafeString:
    """Return the main cell of a row: key, title as the link, and a quiet note."""
    return format_html(
        '<span class="table__name">{}<span><a class="table__title" href="{}">{}</a>{}</span></span>',
        format_html('<span class="key">{}</span>', key_text) if key_text else EMPTY,
        url,
        text,
        format_html(' <span class="quiet">{}</span>', note) if note else EMPTY,
    )


def excerpt(text: str, *, url: str = "") -> SafeString:
    """Return long words, cut to two lines by the style sheet."""
    if url:
        return format_html('<a class="table__text" href="{}">{}</a>', url, text)
    return format_html('<span class="table__text">{}</span>', text)


def joined(parts: Iterable[SafeString], *, by: str = " ") -> SafeString:
    """Return pieces of HTML one after the other."""
    return format_html_join(by, "{}", ((part,) for part in parts))
