"""Short questions that every page asks, whose SQL is written once a process instead of once a request.

Django writes the SQL of a queryset anew each time, which costs a page more than the answer does. A question here is
still a queryset, with the walls and filters that all have. It is written once with stand-ins for the numbers it is
about, and asked with the numbers themselves in their places.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

Asked = int | Collection[int]
_STAND_INS = 0x5AFE_0000_0000
_MOST = 200
"""Statements that one question keeps: one for each number of numbers in its lists."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL, and what it is given: `known` where that is always the same, else the place among the asked numbers."""

    sql: str
    known: tuple[Any, ...]
    places: tuple[int | None, ...]

    def given(self, asked: list[int]) -> list[Any]:
        pairs = zip(self.known, self.places, strict=True)
        return [known if place is None else asked[place] for known, place in pairs]


class Question:
    """What a function makes a queryset of: rows by their primary key, asked about numbers and lists of numbers.

    The function is called once for each length of its lists, and may look at nothing but their lengths.
    """

    def __init__(self, queryset: Callable[..., QuerySet[Any, Any]]) -> None:
        self._queryset = queryset
        self._written: dict[tuple[Any, ...], _Statement | None] = {}

    def count(self, **asked: Asked) -> int:
        """Return how many rows there are."""
        rows = self._ask("SELECT COUNT(*) FROM ({}) counted", asked)
        return int(rows[0][0]) if rows else 0

    def numbers(self, **asked: Asked) -> list[int]:
        """Return their primary keys."""
        return [int(row[0]) for row in self._ask("{}", asked)]

    def _ask(self, around: str, asked: dict[str, Asked]) -> list[tuple[Any, ...]]:
        lengths = {name: None if isinstance(each, int) else len(each) for name, each in asked.items()}
        shape = (connection.vendor, *lengths.items())
        if shape not in self._written:
            if len(self._written) >= _MOST:
                self._written.clear()
            self._written[shape] = self._write(lengths)
        statement = self._written[shape]
        if statement is None:
            return []
        numbers = [
            number for each in asked.values() for number in ([each] if isinstance(each, int) else each)
        ]
        with connection.cursor() as cursor:
            cursor.execute(around.format(statement.sql), statement.given(numbers))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _write(self, lengths: dict[str, int | None]) -> _Statement | None:
        """Return the statement for lists of these lengths; None for what nothing can answer, such as an empty list."""
        places: dict[int, int] = {}

        def stand_ins() -> Iterator[int]:
            while True:
                number = _STAND_INS + len(places)
                places[number] = len(places)
                yield number

        source = stand_ins()
        named = {
            name: next(source) if length is None else [next(source) for _ in range(length)]
            for name, length in lengths.items()
        }
        try:
            sql, params = self._queryset(**named).values("pk").query.sql_with_params()
        except EmptyResultSet:
            return None
        found = tuple(places.get(each) if isinstance(each, int) else None for each in params)
        if set(places.values()) - set(found):
            raise ValueError("the question leaves out a number that it is asked about")
        return _Statement(sql, tuple(params), found)
