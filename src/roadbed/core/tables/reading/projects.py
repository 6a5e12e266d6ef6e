"""The XML of Microsoft Project, task by task: outline, dates, durations, work, predecessors and resources.

The file comes from outside, so it is read with a parser that knows no document types: no entity can be declared in it,
none is expanded, and nothing else is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

from roadbed.core.tables.reading.rows import Row, UnreadableFileError

NAMESPACE = b"schemas.microsoft.com/project"
SIZE_MOST = 128 * 1024 * 1024
DEPTH_MOST = 40
TEXT_MOST = 100_000
TASKS_MOST = 200_000
CHUNK = 1 << 16
COLUMNS = (
    "UID",
    "Name",
    "Parent UID",
    "Outline",
    "Level",
    "Status",
    "Start",
    "Finish",
    "Duration (hours)",
    "Work (hours)",
    "Complete (%)",
    "Milestone",
    "Predecessors",
    "Resources",
    "Notes",
)
LINKS = {"0": "FF", "1": "FS", "2": "SF", "3": "SS"}
SPAN = re.compile(r"^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")
WANTED = {
    "Task": {"UID", "Name", "OutlineLevel", "OutlineNumber", "IsNull", "Summary", "Milestone", "PercentComplete",
             "Start", "Finish", "Duration", "Work", "Notes"},
    "PredecessorLink": {"PredecessorUID", "Type", "LinkLag"},
    "Resource": {"UID", "Name", "EmailAddress"},
    "Assignment": {"TaskUID", "ResourceUID"},
}  # fmt: skip


def is_project(head: bytes) -> bool:
    """Whether a file begins as Project writes its XML."""
    return NAMESPACE in head.replace(b"\x00", b"")  # also in UTF-16


class _Reader:
    """Gathers tasks, resources and who works on what."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.resources: dict[str, str] = {}
        self.assigned: dict[str, list[str]] = {}
        self._path: list[str] = []
        self._open: list[tuple[str, dict[str, Any]]] = []
        self._text: list[str] = []
        self._size = 0

    def parse(self, path: Path) -> None:
        """Read the file in pieces."""
        if path.stat().st_size > SIZE_MOST:
            raise UnreadableFileError(f"The file is larger than {SIZE_MOST // 2**20} MB.")
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        try:
            with path.open("rb") as file:
                while piece := file.read(CHUNK):
                    parser.Parse(piece, False)
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise UnreadableFileError(f"The XML cannot be read: {error}.") from error

    @staticmethod
    def _refuse(*_about: Any) -> int:
        raise UnreadableFileError("The XML declares a document type or entities, which Project never does.")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        bare = name.rpartition(" ")[2]
        self._path.append(bare)
        if len(self._path) > DEPTH_MOST:
            raise UnreadableFileError("The XML is nested too deeply.")
        if bare in WANTED:
            self._open.append((bare, {}))
        self._text, self._size = [], 0

    def _data(self, text: str) -> None:
        if self._open and self._size < TEXT_MOST:
            self._text.append(text)
            self._size += len(text)

    def _end(self, _name: str) -> None:
        bare = self._path.pop()
        if not self._open:
            return
        kind, facts = self._open[-1]
        if bare == kind:
            self._open.pop()
            self._keep(kind, facts)
        elif self._path and self._path[-1] == kind and bare in WANTED[kind]:
            facts[bare] = "".join(self._text).replace("\x00", "").strip()
        self._text = []

    def _keep(self, kind: str, facts: dict[str, Any]) -> None:
        if kind == "Task":
            self.tasks.append(facts)
            if len(self.tasks) > TASKS_MOST:
                raise UnreadableFileError(f"The plan has more than {TASKS_MOST:,} tasks.")
        elif kind == "PredecessorLink" and self._open and self._open[-1][0] == "Task":
            self._open[-1][1].setdefault("links", []).append(facts)
        elif kind == "Resource":
            self.resources[facts.get("UID", "")] = facts.get("EmailAddress") or facts.get("Name", "")
        elif kind == "Assignment":
            self.assigned.setdefault(facts.get("TaskUID", ""), []).append(facts.get("ResourceUID", ""))


def hours(span: str) -> float | None:
    """Return a span such as ``PT80H30M0S`` in hours; None where there is none.

    >>> hours("PT80H30M0S"), hours("P1DT2H"), hours("soon")
    (80.5, 26.0, None)
    """
    found = SPAN.match(span or "")
    if found is None or not any(found.groups()):
        return None
    days, whole, minutes, seconds = (float(part or 0) for part in found.groups())
    return round(days * 24 + whole + minutes / 60 + seconds / 3600, 4)


def link_words(link: dict[str, str]) -> str:
    """Return a predecessor as Project writes it in a cell: its number, its type and its lag.

    >>> link_words({"PredecessorUID": "4", "Type": "1", "LinkLag": "4800"})
    '4FS+8h'
    """
    kind = LINKS.get(link.get("Type", "1"), "FS")
    text = link.get("LinkLag", "0")
    lag = int(text) / 600 if text.lstrip("-").isdecimal() and len(text) < 12 else 0  # tenths of a minute
    return f"{link.get('PredecessorUID', '')}{kind}" + (f"{lag:+g}h" if lag else "")


def _level(task: dict[str, Any], depth: int) -> str:
    if task.get("Summary") == "1":
        return "Area" if depth == 1 else "Feature"
    return "Feature" if depth <= 2 else "Story"


def _status(task: dict[str, Any]) -> str:
    complete = task.get("PercentComplete", "0")
    if complete == "100":
        return "Shipped"
    return "In development" if complete.isdecimal() and int(complete) > 0 else "Planned"


def read(path: Path) -> Iterator[Row]:
    """Yield the tasks in their order: what is above stands before what lies under it."""
    reader = _Reader()
    reader.parse(path)
    above: list[str] = []
    number = 0
    for task in reader.tasks:
        uid, text = task.get("UID", ""), task.get("OutlineLevel", "1")
        depth = int(text) if text.isdecimal() and len(text) < 4 else 1
        if task.get("IsNull") == "1" or uid in {"", "0"} or depth == 0:
            continue  # an empty line, or the plan itself
        number += 1
        del above[max(0, depth - 1) :]
        parent = above[-1] if above else ""
        above.append(uid)
        names = [reader.resources.get(each, "") for each in reader.assigned.get(uid, [])]
        yield Row(
            number=number,
            cells=(
                uid,
                task.get("Name", ""),
                parent,
                task.get("OutlineNumber", ""),
                _level(task, depth),
                _status(task),
                task.get("Start", "")[:10],
                task.get("Finish", "")[:10],
                hours(task.get("Duration", "")),
                hours(task.get("Work", "")),
                task.get("PercentComplete", "0"),
                "yes" if task.get("Milestone") == "1" else "no",
                "; ".join(link_words(link) for link in task.get("links", [])),
                "; ".join(name for name in names if name),
                task.get("Notes", ""),
            ),
        )
