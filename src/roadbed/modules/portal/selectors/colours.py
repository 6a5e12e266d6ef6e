"""A board's own colour, in two schemes, so that everything written in it can be read."""

from __future__ import annotations

import colorsys
import hashlib
from dataclasses import dataclass

AA = 4.5
"""The contrast that WCAG 2.2 asks of text (1.4.3)."""
LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#1b1e26"
LIGHT_INK, DARK_INK = "#ffffff", "#12151d"


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(min(1, max(0, channel)) * 255):02x}" for channel in channels)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` as WCAG defines it.

    >>> luminance("#ffffff")
    1.0
    """
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, *, on: str, least: float = AA) -> str:
    """Return the colour, moved in lightness alone until it can be read on a surface."""
    hue, light, saturation = colorsys.rgb_to_hls(*_channels(colour))
    step = -0.01 if luminance(on) > 0.5 else 0.01
    found = colour
    for _ in range(101):
        if contrast(found, on) >= least:
            return found
        light = min(1.0, max(0.0, light + step))
        found = _hex(colorsys.hls_to_rgb(hue, light, saturation))
    return found


def mixed(colour: str, other: str, *, share: float) -> str:
    """Return a mixture with `share` of the first."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    red, green, blue = (one * share + two * (1 - share) for one, two in pairs)
    return _hex((red, green, blue))


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a style sheet needs of one colour on one surface."""

    accent: str
    strong: str
    soft: str
    ink: str


def scheme(accent: str, *, dark: bool) -> Scheme:
    """Return the colour as it is used in one scheme: text in it, text on it, and on its soft ground, reach AA."""
    surface = DARK_SURFACE if dark else LIGHT_SURFACE
    soft = mixed(accent, surface, share=0.18 if dark else 0.09)
    # Against the soft ground too, where chips and chosen things stand.
    used = readable(readable(accent, on=surface), on=soft)
    ink = max((LIGHT_INK, DARK_INK), key=lambda each: contrast(each, used))
    strong = mixed(used, LIGHT_INK if dark else DARK_INK, share=0.84)
    return Scheme(accent=used, strong=strong, soft=soft, ink=ink)


def is_used_as_is(accent: str) -> bool:
    """Whether the colour can be read on white as it is."""
    return scheme(accent, dark=False).accent == accent


def style_sheet(accent: str) -> str:
    """Return the board's own style sheet: five values, each made here, none taken over as text."""
    light, dark = scheme(accent, dark=False), scheme(accent, dark=True)
    pairs = (
        ("accent", light.accent, dark.accent),
        ("accent-strong", light.strong, dark.strong),
        ("accent-soft", light.soft, dark.soft),
        ("on-accent", light.ink, dark.ink),
    )
    lines = "".join(f"  --{name}: light-dark({one}, {other});\n" for name, one, other in pairs)
    return f":root {{\n{lines}}}\n"


def version(accent: str) -> str:
    """Return a short mark of what the style sheet holds, for its address."""
    return hashlib.sha256(style_sheet(accent).encode()).hexdigest()[:10]
