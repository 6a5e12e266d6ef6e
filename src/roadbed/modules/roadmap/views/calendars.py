"""Days as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta

from roadbed.modules.roadmap.selectors.shares import CalendarDay

OCTETS = 75


def _escape(text: str) -> str:
    cleaned = "".join(one for one in text if one >= " " or one == "\n")
    return cleaned.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> str:
    """Return a line in pieces of at most 75 octets, never cutting a character.

    >>> fold("x" * 80).splitlines() == ["x" * 75, " " + "x" * 5]
    True
    """
    pieces: list[str] = []
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += octets
    return "\r\n".join([*pieces, piece])


def calendar(*, name: str, days: Iterable[CalendarDay]) -> str:
    """Return days as a calendar that programs subscribe to, each a whole day."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Roadbed//Roadmap//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escape(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
    ]
    for one in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escape(one.uid)}",
            f"DTSTAMP:{one.changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{one.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{one.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escape(one.title)}",
            f"DESCRIPTION:{_escape(one.note)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "\r\n".join(fold(line) for line in lines) + "\r\n"
