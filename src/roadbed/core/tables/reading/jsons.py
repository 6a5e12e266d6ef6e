"""JSON (a list of objects, bare or under a name) and NDJSON, item by item."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from roadbed.core.tables.reading.rows import Row, UnreadableFileError

CHUNK = 1 << 18
ITEM_LIMIT = 1 << 24
SPACE = re.compile(r"[\s﻿]*")
SHOWN = 300
DECODER = json.JSONDecoder()
FAULTS = "replace"


class _Stream:
    """A text that is decoded piece by piece."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._text = ""
        self._place = 0
        self._ended = False

    def _more(self) -> bool:
        chunk = "" if self._ended else self._file.read(max(CHUNK, len(self._text) - self._place))
        if not chunk:
            self._ended = True
            return False
        self._text = self._text[self._place :] + chunk
        self._place = 0
        return True

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            match = SPACE.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def take(self, wanted: str) -> bool:
        """Step over a character where it is the wanted one."""
        if self.peek() != wanted:
            return False
        self._place += 1
        return True

    def value(self) -> Any:
        """The next JSON value."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._place)
            except (json.JSONDecodeError, RecursionError) as error:
                if (
                    len(self._text) - self._place > ITEM_LIMIT
                    or isinstance(error, RecursionError)
                    or not self._more()
                ):
                    raise
                continue
            # A number at the very end of what was read may go on behind it.
            if end == len(self._text) and not isinstance(value, (dict, list, str)) and self._more():
                continue
            self._place = end
            return value


def _objects(stream: _Stream) -> Iterator[Any]:
    """Yield the members of the list that starts here."""
    stream.take("[")
    if stream.take("]"):
        return
    while True:
        yield stream.value()
        if stream.take(","):
            continue
        if stream.take("]"):
            return
        raise json.JSONDecodeError("a comma or ] is missing between two items", "", 0)


def _find_list(stream: _Stream) -> bool:
    """Move to the first list under a name of the outer object."""
    if not stream.take("{"):
        return False
    while stream.peek() == '"':
        stream.value()
        if not stream.take(":"):
            return False
        if stream.peek() == "[":
            return True
        stream.value()
        if not stream.take(","):
            return False
    return False


def _items(path: Path, encoding: str) -> Iterator[tuple[int, Any, str]]:
    number = 0
    try:
        with path.open(encoding=encoding, errors=FAULTS) as file:
            stream = _Stream(file)
            if stream.peek() != "[" and not _find_list(stream):
                raise UnreadableFileError(
                    "The JSON file holds no list of objects, neither bare nor under a name."
                )
            for item in _objects(stream):
                number += 1
                yield number, item, "" if isinstance(item, dict) else f"Item {number} is not an object."
    except (json.JSONDecodeError, RecursionError) as error:
        # There is no telling where the next item starts: say so once, and keep what was read.
        yield number + 1, {}, f"Item {number + 1} and what follows cannot be read as JSON: {error.args[0]}."


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, Any, str]]:
    with path.open(encoding=encoding, errors=FAULTS) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip("﻿ \t\r\n"):
                continue
            try:
                item = json.loads(line.strip("﻿"))
            except (json.JSONDecodeError, RecursionError):
                yield number, line.rstrip()[:SHOWN], f"Line {number} is not valid JSON."
                continue
            yield number, item, "" if isinstance(item, dict) else f"Line {number} is not an object."


def flatten(item: dict[str, Any], *, before: str = "") -> dict[str, Any]:
    """Return an object without inner objects: ``{"author": {"name": …}}`` becomes ``author.name``.

    >>> flatten({"id": 1, "author": {"name": "Mira", "tags": ["a", "b"]}})
    {'id': 1, 'author.name': 'Mira', 'author.tags': ['a', 'b']}
    """
    flat: dict[str, Any] = {}
    for name, value in item.items():
        if isinstance(value, dict) and before.count(".") < 3:
            flat.update(flatten(value, before=f"{before}{name}."))
        else:
            flat[f"{before}{name}"] = value
    return flat


def read(path: Path, *, encoding: str, columns: Sequence[str], by_line: bool) -> Iterator[Row]:
    """Yield every item as a row under the columns."""
    for number, item, problem in (_lines if by_line else _items)(path, encoding):
        if problem:
            yield Row(
                number,
                [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)[:SHOWN]],
                problem,
            )
            continue
        flat = flatten(item)
        yield Row(number, [flat.get(name) for name in columns])


def find_columns(path: Path, *, encoding: str, by_line: bool, most: int = 5000) -> tuple[str, ...]:
    """Return every name that the first items use, in the order of their first use."""
    names: dict[str, None] = {}
    for count, (_, item, problem) in enumerate((_lines if by_line else _items)(path, encoding)):
        if count >= most:
            break
        if not problem:
            names.update(dict.fromkeys(flatten(item)))
    return tuple(names)
